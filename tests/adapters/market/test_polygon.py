"""Polygon: the contract, and what is its own: plans, limits, pages, and streams that break."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.market.access import PolygonAccess
from adapters.market.polygon import PolygonFeed
from application.market_data import Interval
from application.ports import PortRefused, Unavailable
from domain.shared import InvalidInput
from tests.adapters.market.contract import (
    CALL,
    HIGHER,
    NOW,
    SECOND,
    FeedContract,
    SetClock,
    fail,
    gaps,
    heard,
    streaming,
)
from tests.adapters.market.fake_polygon import FakePolygon
from tests.adapters.market.loopback import Json, Shown, Traded


class PolygonSource:
    """The adapter and the fake it is connected to; waiting costs no time."""

    def __init__(self, fake: FakePolygon) -> None:
        self.fake = fake
        self.clock = SetClock()
        self.paused: list[float] = []
        self.feed = self.with_access(fake.access)

    def with_access(self, access: PolygonAccess) -> PolygonFeed:
        return PolygonFeed(
            access, self.clock, pause=self.paused.append, chance=lambda: 0.0, first_wait_s=0.01
        )

    def show(self, shown: Shown) -> None:
        self.fake.show(shown)

    def trade(self, bar: Traded) -> None:
        self.fake.market.traded.append(bar)

    def know(self, symbol: str, greeks: Json) -> None:
        self.fake.market.greeks[symbol] = greeks

    def wait_for(self, *symbols: str) -> None:
        self.fake.sockets.wait_for(*map(self.fake.topic, symbols))

    def wait_without(self, symbol: str) -> None:
        self.fake.sockets.wait_without(self.fake.topic(symbol))


@pytest.fixture
def source() -> Iterator[PolygonSource]:
    fake = FakePolygon(NOW)
    fake.start()
    try:
        yield PolygonSource(fake)
    finally:
        fake.stop()


class TestContract(FeedContract):
    """Polygon keeps the contract of all sources."""


class TestAsking:
    def test_hundreds_of_symbols_take_as_few_requests_as_polygon_allows(
        self, source: PolygonSource
    ) -> None:
        source.fake.market.page = 250
        source.feed.snapshots(
            [f"A{a}{b}" for a in "BCDEFGHIJK" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        )
        assert len(source.fake.market.asked) == 2

    def test_pages_are_read_here_whatever_address_they_name(self, source: PolygonSource) -> None:
        for strike in range(100, 110):
            source.show(Shown(f"TSLA  261120C00{strike}000", "1", "2", NOW))
        assert len(source.feed.chain("TSLA")) == 10
        assert len(source.fake.market.asked) == 4

    def test_a_day_is_one_bar_unadjusted(self, source: PolygonSource) -> None:
        midnight = NOW.replace(hour=5)
        source.trade(Traded("AAPL", "day", midnight, "188", "191", "187.5", "189.95", 70_000_000))
        (bar,) = source.feed.bars("AAPL", Interval.DAY, midnight, midnight + timedelta(days=1))
        assert (bar.close, bar.volume, bar.source) == (Decimal("189.95"), 70_000_000, "polygon")

    def test_an_index_is_asked_for_by_its_own_name(self, source: PolygonSource) -> None:
        midnight = NOW.replace(hour=5)
        source.trade(Traded("SPX", "day", midnight, "1", "1", "1", "6800.25", 0))
        (bar,) = source.feed.bars("SPX", Interval.DAY, midnight, midnight + timedelta(days=1))
        assert bar.close == Decimal("6800.25")
        assert "I:SPX" in source.fake.market.asked[0]


class TestRefusals:
    def test_what_polygon_answers_later_is_asked_again(self, source: PolygonSource) -> None:
        source.show(Shown("AAPL", "1", "2", NOW))
        source.fake.market.faults.extend([(500, {}), (429, {"Retry-After": "7"}), (503, {})])
        assert source.feed.snapshots(["AAPL"])["AAPL"].bid == 1
        assert source.paused == [0.125, 7.0, 0.5]

    def test_but_not_for_ever(self, source: PolygonSource) -> None:
        source.fake.market.faults.extend([(502, {})] * 9)
        with pytest.raises(Unavailable, match="Polygon answers 502"):
            source.feed.snapshots(["AAPL"])
        assert len(source.paused) == 3

    def test_who_has_to_wait_for_a_minute_is_not_answered_now(self, source: PolygonSource) -> None:
        source.fake.market.faults.append((429, {"Retry-After": "60"}))
        with pytest.raises(Unavailable, match="the plan allows so many requests a minute"):
            source.feed.snapshots(["AAPL"])
        assert source.paused == []

    def test_a_key_that_is_refused_says_what_to_set(self, source: PolygonSource) -> None:
        source.fake.market.key = "another"
        with pytest.raises(PortRefused, match="set TRUETAPE_POLYGON_KEY") as refused:
            source.feed.snapshots(["AAPL"])
        assert "key-of-the-test" not in str(refused.value)
        assert source.paused == []

    def test_a_plan_without_options_says_so(self, source: PolygonSource) -> None:
        source.show(Shown(CALL, "1", "2", NOW))
        source.show(Shown("AAPL", "1", "2", NOW))
        source.fake.market.refused_plan = "options"
        with pytest.raises(PortRefused, match="choose a plan"):
            source.feed.chain("TSLA")
        with pytest.raises(PortRefused, match="does not include TSLA  261120C00250000"):
            source.feed.snapshots([CALL])
        assert set(source.feed.snapshots([CALL, "AAPL"])) == {"AAPL"}

    def test_a_plan_without_quotes_says_so(self, source: PolygonSource) -> None:
        source.show(Shown(CALL, "1", "2", NOW))
        source.fake.market.refused_plan = "quotes"
        with pytest.raises(PortRefused, match="tells no quotes with its snapshots"):
            source.feed.chain("TSLA")
        assert source.feed.snapshots([CALL]) == {}
        with pytest.raises(PortRefused, match="choose a plan"):
            list(source.feed.quotes(CALL, NOW, NOW + SECOND))

    def test_who_does_not_answer_is_unavailable(self, source: PolygonSource) -> None:
        nobody = source.with_access(PolygonAccess(key="k", url="http://127.0.0.1:9"))
        with pytest.raises(Unavailable, match="Polygon does not answer"):
            nobody.snapshots(["AAPL"])


class TestStream:
    def test_a_cut_is_told_with_its_beginning_and_end(self, source: PolygonSource) -> None:
        with streaming(source, "AAPL") as stream:
            source.clock.at = NOW + SECOND
            source.show(Shown("AAPL", "1", "2", NOW + SECOND))
            heard(stream)
            source.clock.at = NOW + 60 * SECOND
            source.fake.cut()
            (told,) = gaps(stream)
            assert (told.since, told.until) == (NOW + SECOND, NOW + 60 * SECOND)
            assert (told.source, told.symbols) == ("polygon", ("AAPL",))
            source.wait_for("AAPL")
            source.show(Shown("AAPL", "3", "4", NOW + 61 * SECOND))
            assert heard(stream)[0].bid == 3

    def test_while_it_is_down_nothing_is_told(self, source: PolygonSource) -> None:
        with streaming(source, "AAPL") as stream:
            source.fake.sockets.lets_in = False
            source.fake.cut()
            with pytest.raises(Unavailable, match="the stream of polygon is down"):
                fail(stream)
            assert not stream.is_listening

    def test_a_refused_key_is_refused(self, source: PolygonSource) -> None:
        feed = source.with_access(source.fake.access)
        source.fake.market.key = "another"
        stream = feed.stream()
        stream.watch(["AAPL"])
        with pytest.raises(PortRefused, match="refuses the key for its stream"):
            fail(stream)
        stream.close()

    def test_a_plan_without_streams_says_so(self, source: PolygonSource) -> None:
        source.fake.market.refused_plan = "stream"
        stream = source.feed.stream()
        stream.watch(["AAPL"])
        with pytest.raises(PortRefused, match="streamed quotes of stocks"):
            fail(stream)
        stream.close()


class TestAccess:
    def test_it_is_read_from_the_surroundings(self) -> None:
        assert PolygonAccess.from_environment({}) is None
        words = {"TRUETAPE_POLYGON_KEY": " k ", "TRUETAPE_POLYGON_URL": "http://127.0.0.1:1"}
        found = PolygonAccess.from_environment(words)
        assert found is not None
        assert (found.key, found.url) == ("k", "http://127.0.0.1:1")

    def test_the_key_is_never_shown(self, source: PolygonSource) -> None:
        access = PolygonAccess(key="very-secret")
        shown = repr([access, source.with_access(access), source.with_access(access)._rest])
        assert "very-secret" not in shown

    @pytest.mark.parametrize("url", ["http://api.polygon.io", "ftp://x", "api.polygon.io", ""])
    def test_a_key_is_not_sent_in_the_clear(self, url: str) -> None:
        with pytest.raises(InvalidInput):
            PolygonAccess(key="k", url=url)

    def test_nor_to_a_stream(self) -> None:
        with pytest.raises(InvalidInput, match="use wss"):
            PolygonAccess(key="k", stream_url="ws://socket.polygon.io")


def test_greeks_that_are_missing_are_none(source: PolygonSource) -> None:
    source.show(Shown(HIGHER, "1", "2", NOW))
    (found,) = source.feed.chain("TSLA")
    assert (found.delta, found.implied_volatility, found.open_interest) == (None, None, None)
