"""Alpaca's market data: the contract, and what is its own: feeds, plans, and streams that break."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from adapters.market.access import AlpacaDataAccess
from adapters.market.alpaca_data import AlpacaFeed
from application.market_data import Interval
from application.ports import PortRefused, Unavailable
from domain.shared import InvalidInput
from tests.adapters.market.contract import (
    CALL,
    MINUTE,
    NOW,
    SECOND,
    FeedContract,
    SetClock,
    fail,
    gaps,
    heard,
    streaming,
)
from tests.adapters.market.fake_alpaca import SECRET, FakeAlpacaMarket
from tests.adapters.market.loopback import Json, Shown, Traded


class AlpacaSource:
    """The adapter and the fake it is connected to; waiting costs no time."""

    def __init__(self, fake: FakeAlpacaMarket) -> None:
        self.fake = fake
        self.clock = SetClock()
        self.paused: list[float] = []
        self.feed = self.with_access(fake.access)

    def with_access(self, access: AlpacaDataAccess) -> AlpacaFeed:
        return AlpacaFeed(
            access, self.clock, pause=self.paused.append, chance=lambda: 0.0, first_wait_s=0.01
        )

    def show(self, shown: Shown) -> None:
        self.fake.show(shown)

    def trade(self, bar: Traded) -> None:
        self.fake.market.traded.append(bar)

    def know(self, symbol: str, greeks: Json) -> None:
        told = {"impliedVolatility": greeks["implied_volatility"], "greeks": greeks["greeks"]}
        self.fake.market.greeks[symbol] = {**told, "greeks": {**told["greeks"], "rho": 0.1}}

    def wait_for(self, *symbols: str) -> None:
        self.fake.sockets.wait_for(*(symbol.replace(" ", "") for symbol in symbols))

    def wait_without(self, symbol: str) -> None:
        self.fake.sockets.wait_without(symbol.replace(" ", ""))


@pytest.fixture
def source() -> Iterator[AlpacaSource]:
    fake = FakeAlpacaMarket(NOW)
    fake.start()
    try:
        yield AlpacaSource(fake)
        assert fake.breaches == []
    finally:
        fake.stop()


class TestContract(FeedContract):
    """Alpaca keeps the contract of all sources."""


class TestFeeds:
    def test_which_feed_a_quote_is_from_is_said(self, source: AlpacaSource) -> None:
        for symbol in ("AAPL", CALL):
            source.show(Shown(symbol, "1", "2", NOW))
        found = source.feed.snapshots(["AAPL", CALL])
        assert {quote.source for quote in found.values()} == {"alpaca iex", "alpaca indicative"}

    def test_the_bar_of_a_day_is_of_all_exchanges(self, source: AlpacaSource) -> None:
        source.clock.at = source.fake.market.now = NOW.replace(hour=21, minute=20)
        midnight = NOW.replace(hour=5)
        source.trade(Traded("AAPL", "day", midnight, "188", "191", "187.5", "189.95", 70_000_000))
        (bar,) = source.feed.bars("AAPL", Interval.DAY, midnight, midnight + timedelta(days=1))
        assert (bar.close, bar.source) == (Decimal("189.95"), "alpaca sip")

    def test_bars_of_now_are_of_the_feed_of_the_plan(self, source: AlpacaSource) -> None:
        source.trade(Traded("AAPL", "minute", NOW - MINUTE, "1", "2", "1", "2", 9))
        (bar,) = source.feed.bars("AAPL", Interval.MINUTE, NOW - MINUTE, NOW)
        assert bar.source == "alpaca iex"

    def test_options_have_bars_too(self, source: AlpacaSource) -> None:
        source.trade(Traded(CALL, "minute", NOW - MINUTE, "1", "2", "1", "2", 9))
        (bar,) = source.feed.bars(CALL, Interval.MINUTE, NOW - MINUTE, NOW)
        assert (bar.symbol, bar.high) == (CALL, Decimal(2))

    def test_options_have_no_quotes_of_the_past(self, source: AlpacaSource) -> None:
        with pytest.raises(PortRefused, match="keeps no past quotes of options"):
            list(source.feed.quotes(CALL, NOW, NOW + MINUTE))

    def test_what_is_neither_stock_nor_option_is_refused(self, source: AlpacaSource) -> None:
        with pytest.raises(PortRefused, match="neither a stock nor an option"):
            source.feed.bars("BTC/USD", Interval.DAY, NOW, NOW + MINUTE)
        assert source.feed.snapshots(["BTC/USD"]) == {}


class TestRefusals:
    def test_a_plan_without_a_feed_says_what_to_set(self, source: AlpacaSource) -> None:
        dear = source.with_access(msgspec.structs.replace(source.fake.access, stocks_feed="sip"))
        with pytest.raises(PortRefused, match="set TRUETAPE_ALPACA_STOCKS_FEED=iex"):
            dear.snapshots(["AAPL"])

    def test_a_key_that_is_refused_says_what_to_set(self, source: AlpacaSource) -> None:
        source.fake.market.key = "another"
        with pytest.raises(PortRefused, match="refuses the key") as refused:
            source.feed.snapshots(["AAPL"])
        assert SECRET not in str(refused.value)
        with pytest.raises(PortRefused, match="refuses the key"):
            source.feed.chain("TSLA")

    def test_what_alpaca_answers_later_is_asked_again(self, source: AlpacaSource) -> None:
        source.show(Shown("AAPL", "1", "2", NOW))
        source.fake.market.faults.extend([(500, {}), (429, {"Retry-After": "7"})])
        assert source.feed.snapshots(["AAPL"])["AAPL"].bid == 1
        assert source.paused == [0.125, 7.0]

    def test_but_not_for_ever(self, source: AlpacaSource) -> None:
        source.fake.market.faults.extend([(502, {})] * 9)
        with pytest.raises(Unavailable):
            source.feed.snapshots(["AAPL"])


class TestStream:
    def test_a_cut_is_told_with_its_beginning_and_end(self, source: AlpacaSource) -> None:
        with streaming(source, "AAPL", CALL) as stream:
            source.clock.at = NOW + SECOND
            source.show(Shown(CALL, "5.4", "5.5", NOW + SECOND))
            assert heard(stream)[0].bid == Decimal("5.4")
            source.clock.at = NOW + 60 * SECOND
            source.fake.cut()
            told = {each.symbols: each for each in gaps(stream, 2)}
            assert told[(CALL,)].since == NOW + SECOND
            assert all(each.until == NOW + 60 * SECOND for each in told.values())

    def test_a_refused_key_is_refused(self, source: AlpacaSource) -> None:
        source.fake.market.key = "another"
        stream = source.feed.stream()
        stream.watch(["AAPL"])
        with pytest.raises(PortRefused, match="refuses the key for its stream"):
            fail(stream)
        stream.close()

    def test_a_plan_without_the_feed_says_what_to_set(self, source: AlpacaSource) -> None:
        access = msgspec.structs.replace(source.fake.access, stocks_feed="sip")
        stream = source.with_access(access).stream()
        stream.watch(["AAPL"])
        with pytest.raises(PortRefused, match="does not include the feed sip"):
            fail(stream)
        stream.close()

    @pytest.mark.parametrize(
        ("code", "words", "failure"),
        [
            (405, "symbol limit exceeded", PortRefused),
            (406, "connection limit exceeded", Unavailable),
            (407, "slow client", Unavailable),
        ],
    )
    def test_what_alpaca_gives_up_for_is_told(
        self, source: AlpacaSource, code: int, words: str, failure: type[Exception]
    ) -> None:
        with streaming(source, "AAPL") as stream:
            source.fake.sockets.lets_in = False
            source.fake.say(code, words)
            with pytest.raises(failure):
                fail(stream)


class TestAccess:
    def test_it_is_read_from_the_surroundings(self) -> None:
        assert AlpacaDataAccess.from_environment({}) is None
        words = {"KEY": "k", "SECRET": "s", "FEED": "opra", "STOCKS_FEED": "sip"}
        found = AlpacaDataAccess.from_environment(
            {f"TRUETAPE_ALPACA_{name}": word for name, word in words.items()}
        )
        assert found is not None
        assert (found.options_feed, found.stocks_feed) == ("opra", "sip")

    @pytest.mark.parametrize(
        "given",
        [{"SECRET": ""}, {"FEED": "best"}, {"STOCKS_FEED": "opra"}, {"DATA_URL": "http://a.b"}],
    )
    def test_what_cannot_be_asked_is_refused(self, given: dict[str, str]) -> None:
        words = {"KEY": "k", "SECRET": "s", **given}
        with pytest.raises(InvalidInput):
            AlpacaDataAccess.from_environment(
                {f"TRUETAPE_ALPACA_{name}": word for name, word in words.items()}
            )

    def test_the_key_is_never_shown(self, source: AlpacaSource) -> None:
        access = AlpacaDataAccess(key="very-secret", secret="most-secret")
        feed = source.with_access(access)
        shown = repr([access, feed, feed._rest, feed._broker])
        assert "very-secret" not in shown
        assert "most-secret" not in shown
