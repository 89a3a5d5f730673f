"""What every source of market data is held to, whatever server or record it stands for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from application.market_data import FeedGap, Heard, Interval, MarketFeed, QuoteStream
from application.ports import PortError
from domain.instruments import Right
from domain.market import Quote
from tests.adapters.market.loopback import Json, Shown, Traded
from tests.patience import PATIENCE_S

D = Decimal
NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CALL, HIGHER, PUT = "TSLA  261120C00250000", "TSLA  261120C00260000", "TSLA  261120P00250000"
LATER = "TSLA  261218C00250000"


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Source(Protocol):
    """A feed under test, and the way to move what it tells of."""

    clock: SetClock

    @property
    def feed(self) -> MarketFeed: ...
    def show(self, shown: Shown) -> None: ...
    def trade(self, bar: Traded) -> None: ...
    def know(self, symbol: str, greeks: Json) -> None: ...
    def wait_for(self, *symbols: str) -> None:
        """Waits until the source streams these."""
        ...

    def wait_without(self, symbol: str) -> None: ...


@contextmanager
def streaming(source: Source, *symbols: str) -> Iterator[QuoteStream]:
    stream = source.feed.stream()
    try:
        stream.watch(symbols)
        source.wait_for(*symbols)
        yield stream
    finally:
        stream.close()


def heard(stream: QuoteStream, count: int = 1) -> list[Quote]:
    """So many quotes of a stream."""
    found: list[Quote] = []
    while len(found) < count:
        told = stream.take(PATIENCE_S)
        assert told != Heard([], []), f"only {found} came"
        found += told.quotes
    return found


def gaps(stream: QuoteStream, count: int = 1) -> list[FeedGap]:
    """So many gaps that a stream tells; that it is down meanwhile is no gap yet."""
    found: list[FeedGap] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found} was told"
        with suppress(PortError):
            found += stream.take(0.05).gaps
    return found


def fail(stream: QuoteStream) -> None:
    """Takes until the stream fails."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        stream.take(0.05)


class FeedContract:
    """Derive from this with a fixture `source`."""

    has_quotes_of_the_past = True
    has_greeks = True

    def test_a_snapshot_has_prices_sizes_time_and_source(self, source: Source) -> None:
        at = NOW - SECOND + timedelta(microseconds=123456)
        source.show(Shown("AAPL", "189.10", "189.1234", at, 3, 7))
        source.show(Shown(CALL, "5.4", "5.50", NOW, 11, 12))
        found = source.feed.snapshots(["AAPL", CALL])
        assert found["AAPL"] == Quote(
            symbol="AAPL", bid=D("189.1"), offer=D("189.1234"), time=at,
            source=found["AAPL"].source, bid_size=3, offer_size=7,
        )  # fmt: skip
        assert found["AAPL"].source.startswith(source.feed.name)
        assert (found[CALL].symbol, found[CALL].offer, found[CALL].bid_size) == (CALL, D("5.5"), 11)

    def test_what_is_not_known_has_no_quote(self, source: Source) -> None:
        source.show(Shown("AAPL", "1", "2", NOW))
        assert set(source.feed.snapshots(["AAPL", "MSFT", PUT, "no symbol"])) == {"AAPL"}
        assert source.feed.snapshots([]) == {}

    def test_the_last_quote_counts(self, source: Source) -> None:
        for second, bid in ((2, "3"), (1, "2"), (3, "1")):
            source.show(Shown("AAPL", bid, "9", NOW - second * SECOND))
        assert source.feed.snapshots(["AAPL"])["AAPL"].bid == 2

    def test_many_symbols_are_answered_as_one(self, source: Source) -> None:
        names = [f"A{one}{two}" for one in "BCDEFGHIJKLMNOPQ" for two in "ABCDEFGHIJKLMNOPQRST"]
        for name in names:
            source.show(Shown(name, "1", "2", NOW))
        assert sorted(source.feed.snapshots(names)) == sorted(names)

    def test_a_chain_is_in_order_with_its_greeks(self, source: Source) -> None:
        for symbol in (LATER, PUT, HIGHER, CALL, "AAPL"):
            source.show(Shown(symbol, "5.40", "5.50", NOW, 4, 5))
        source.know(
            HIGHER,
            {"greeks": {"delta": 0.7521304109871954, "gamma": 0.06, "theta": -0.28, "vega": 0.04},
             "implied_volatility": 0.3372405712050441},
        )  # fmt: skip
        chain = source.feed.chain("TSLA")
        assert [each.symbol for each in chain] == [CALL, PUT, HIGHER, LATER]
        higher = chain[2]
        assert (higher.right, higher.strike, higher.expiry) == (
            Right.CALL, D(260), date(2026, 11, 20),
        )  # fmt: skip
        assert (higher.bid, higher.offer, higher.bid_size, higher.offer_size) == (
            D("5.4"), D("5.5"), 4, 5,
        )  # fmt: skip
        assert higher.time == NOW
        if self.has_greeks:
            assert higher.delta == D("0.7521304109871954")
            assert higher.implied_volatility == D("0.3372405712050441")
            assert chain[0].delta is None

    def test_one_expiry_of_a_chain(self, source: Source) -> None:
        for symbol in (LATER, CALL):
            source.show(Shown(symbol, "5.40", "5.50", NOW))
        (found,) = source.feed.chain("TSLA", expiry=date(2026, 12, 18))
        assert found.symbol == LATER
        assert list(source.feed.chain("AAPL")) == []

    def test_bars_from_one_moment_on_and_before_another(self, source: Source) -> None:
        for number in range(8):
            source.trade(
                Traded("AAPL", "minute", NOW + number * MINUTE, "1.10", "1.4", "1.05",
                       f"1.{number + 1}5", 900 + number)
            )  # fmt: skip
        found = source.feed.bars("AAPL", Interval.MINUTE, NOW + MINUTE, NOW + 6 * MINUTE)
        assert [bar.start for bar in found] == [NOW + number * MINUTE for number in range(1, 6)]
        first = found[0]
        assert (first.open, first.high, first.low, first.close, first.volume) == (
            D("1.1"), D("1.4"), D("1.05"), D("1.25"), 901,
        )  # fmt: skip
        assert list(source.feed.bars("MSFT", Interval.MINUTE, NOW, NOW + MINUTE)) == []

    def test_every_quote_of_a_stretch_page_after_page(self, source: Source) -> None:
        if not self.has_quotes_of_the_past:
            pytest.skip("this source keeps none")
        for number in range(9):
            source.show(Shown("AAPL", str(number + 1), "99", NOW - MINUTE + number * SECOND))
        found = source.feed.quotes("AAPL", NOW - MINUTE + SECOND, NOW - MINUTE + 8 * SECOND)
        assert [quote.bid for quote in found] == [D(number) for number in range(2, 9)]

    def test_a_stream_tells_the_watched_symbols_and_no_others(self, source: Source) -> None:
        with streaming(source, "AAPL", CALL) as stream:
            source.clock.at = NOW + SECOND
            source.show(Shown("MSFT", "1", "2", NOW + SECOND))
            source.show(Shown("AAPL", "189.1", "189.2", NOW + SECOND, 3, 7))
            source.show(Shown(CALL, "5.4", "5.5", NOW + SECOND, 3, 7))
            found = {quote.symbol: quote for quote in heard(stream, 2)}
            assert set(found) == {"AAPL", CALL}
            assert found[CALL].offer == D("5.5")
            assert (found["AAPL"].time, found["AAPL"].bid_size) == (NOW + SECOND, 3)
            assert stream.is_listening

    def test_other_symbols_can_be_watched_meanwhile(self, source: Source) -> None:
        with streaming(source, "AAPL") as stream:
            stream.watch(["MSFT"])
            source.wait_for("MSFT")
            source.wait_without("AAPL")
            source.clock.at = NOW + SECOND
            source.show(Shown("AAPL", "1", "2", NOW + SECOND))
            source.show(Shown("MSFT", "1", "2", NOW + SECOND))
            assert [quote.symbol for quote in heard(stream)] == ["MSFT"]

    def test_a_stream_waits_no_longer_than_it_is_told(self, source: Source) -> None:
        with streaming(source, "AAPL") as stream:
            assert stream.take(0.01) == Heard([], [])
