"""The market of now: fresh or nothing, asked for once, and on record before it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from psycopg_pool import ConnectionPool

from adapters.market.keeping import MarketRecord
from adapters.market.live import AGAIN_AFTER, DOWN_FOR, FRESH_FOR, LiveMarket
from adapters.postgres import Connection, open_pool
from adapters.recorded_market import RecordedMarket
from application.brokerage import ChainQuote
from application.market_data import Bar, FeedGap, Interval, QuoteStream
from application.ports import PortRefused, QuoteRequest, Unavailable
from domain.market import Quote
from tests.adapters.market.contract import CALL, NOW, SECOND, SetClock

D = Decimal
DAY = date(2026, 11, 17)


class ScriptedFeed:
    """A feed that tells what a test puts into it, and counts how often it is asked."""

    name = "scripted"

    def __init__(self) -> None:
        self.now: dict[str, Quote] = {}
        self.days: dict[str, Bar] = {}
        self.failure: Exception | None = None
        self.asked: list[list[str]] = []

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        self.asked.append(sorted(symbols))
        if self.failure is not None:
            raise self.failure
        return {symbol: self.now[symbol] for symbol in symbols if symbol in self.now}

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        return []

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        self.asked.append([symbol])
        if self.failure is not None:
            raise self.failure
        found = self.days.get(symbol)
        return [found] if found is not None and since <= found.start < until else []

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        return iter(())

    def stream(self) -> QuoteStream:
        raise PortRefused("there is none")


class Live:
    """A live market over a record of its own."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self.pool = pool
        self.clock = SetClock()
        self.feed = ScriptedFeed()
        self.record = MarketRecord(pool)
        self.market = LiveMarket(RecordedMarket(pool), self.feed, self.record, self.clock)

    def tells(self, symbol: str = "AAPL", bid: str = "1", offer: str = "2", ago: int = 0) -> None:
        self.feed.now[symbol] = quote(symbol, bid, offer, self.clock.at - ago * SECOND)

    def at(self, at: datetime, symbol: str = "AAPL") -> Quote | None:
        (found,) = self.market.quotes_at([QuoteRequest(symbol, at)])
        return found

    def recorded(self) -> list[tuple[str, Decimal, int | None, str]]:
        with self.pool.connection() as connection:
            return connection.execute(
                "SELECT symbol, bid, bid_size, source FROM market.quotes ORDER BY symbol"
            ).fetchall()


def quote(symbol: str, bid: str, offer: str, at: datetime) -> Quote:
    return Quote(
        symbol=symbol, bid=D(bid), offer=D(offer), time=at, source="scripted",
        bid_size=3, offer_size=4,
    )  # fmt: skip


@pytest.fixture
def live(database_url: str) -> Iterator[Live]:
    with open_pool(database_url) as pool:
        yield Live(pool)


class TestNow:
    def test_what_the_record_knows_freshly_is_not_asked_for(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW - FRESH_FOR)])
        found = live.at(NOW)
        assert found is not None
        assert found.bid == 1
        assert live.feed.asked == []

    def test_what_it_does_not_is_asked_for_at_once_and_recorded(self, live: Live) -> None:
        live.record.keep([quote("MSFT", "5", "6", NOW)])
        live.tells("AAPL", "1.05", "1.10")
        live.tells(CALL, "5.4", "5.5", ago=30)
        asked = [QuoteRequest(symbol, NOW) for symbol in ("AAPL", "MSFT", CALL, "AAPL", "NVDA")]
        found = live.market.quotes_at(asked)
        assert [None if each is None else each.bid for each in found] == [
            D("1.05"), D(5), D("5.4"), D("1.05"), None,
        ]  # fmt: skip
        assert live.feed.asked == [["AAPL", "NVDA", CALL]]
        assert live.recorded() == [
            ("AAPL", D("1.05"), 3, "scripted"),
            ("MSFT", D(5), 3, "scripted"),
            (CALL, D("5.4"), 3, "scripted"),
        ]

    def test_what_stood_a_while_ago_is_asked_for_again(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW - FRESH_FOR - SECOND)])
        live.tells("AAPL", "1.5", "1.6", ago=40)
        found = live.at(NOW)
        assert found is not None
        assert found.bid == D("1.5")

    def test_the_answer_can_be_found_on_record_afterwards(self, live: Live) -> None:
        live.tells("AAPL", "1.05", "1.10")
        found = live.at(NOW)
        assert RecordedMarket(live.pool).quotes_at([QuoteRequest("AAPL", NOW)]) == [found]

    def test_one_answer_serves_who_asks_within_a_second(self, live: Live) -> None:
        live.tells(ago=0)
        live.at(NOW, "NVDA")
        live.at(NOW, "NVDA")
        live.clock.at = NOW + AGAIN_AFTER + SECOND
        live.at(live.clock.at, "NVDA")
        assert live.feed.asked == [["NVDA"], ["NVDA"]]

    def test_an_old_record_never_stands_in_for_a_feed_that_is_down(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW - FRESH_FOR - SECOND)])
        live.feed.failure = Unavailable("scripted does not answer")
        assert live.at(NOW) is None
        assert live.market.why_none("AAPL") == "scripted does not answer"

    def test_a_feed_that_is_down_is_left_alone_for_a_while(self, live: Live) -> None:
        live.feed.failure = Unavailable("down")
        for _ in range(3):
            assert live.at(NOW) is None
        assert len(live.feed.asked) == 1
        live.feed.failure = None
        live.clock.at = NOW + DOWN_FOR
        live.tells()
        assert live.at(live.clock.at) is not None
        assert live.market.why_none("AAPL") == ""

    def test_one_that_refuses_is_left_alone_longer(self, live: Live) -> None:
        live.feed.failure = PortRefused("the plan does not include it")
        live.at(NOW)
        live.clock.at = NOW + DOWN_FOR
        assert live.at(live.clock.at) is None
        assert len(live.feed.asked) == 1
        assert live.market.why_none("AAPL") == "the plan does not include it"

    @pytest.mark.parametrize(
        ("bid", "offer", "ago", "why"),
        [
            ("1", "2", 900, "it is 900 s old, 840 s over the 60 s allowed"),
            ("3", "2", 0, "it is crossed: 3 x 2"),
            ("0", "0", 0, "nothing is offered"),
            ("1", "2", -30, "nothing was heard at that moment, and the quote of now is 0:00:30"),
        ],
    )
    def test_what_the_feed_tells_is_refused_in_words_and_kept_as_told(
        self, live: Live, bid: str, offer: str, ago: int, why: str
    ) -> None:
        live.tells("AAPL", bid, offer, ago)
        assert live.at(NOW) is None
        assert live.market.why_none("AAPL").startswith(why)
        assert [row[1] for row in live.recorded()] == [D(bid)]

    def test_what_the_feed_does_not_know_is_said_to_be_unknown(self, live: Live) -> None:
        assert live.at(NOW) is None
        assert live.market.why_none("AAPL") == "scripted has no quote of it"

    def test_a_bar_is_too_coarse_for_now(self, live: Live) -> None:
        with live.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.bars VALUES ('AAPL', %s, 1, 9, 1, 5, 900, 'file')", (NOW,)
            )
        assert live.at(NOW) is None
        live.clock.at = NOW + 2 * SECOND
        live.tells("AAPL", "4.9", "5.1")
        found = live.at(live.clock.at)
        assert found is not None
        assert found.bid == D("4.9")


class TestPast:
    def test_it_is_answered_from_the_record_only(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW - timedelta(hours=2))])
        live.tells()
        found = live.at(NOW - timedelta(hours=2) + timedelta(minutes=10))
        assert found is not None
        assert found.bid == 1
        assert live.at(NOW - timedelta(hours=1)) is None
        assert live.feed.asked == []

    def test_half_a_minute_ago_is_not_shown_the_market_of_now(self, live: Live) -> None:
        live.tells()
        assert live.at(NOW - 30 * SECOND) is None
        assert live.at(NOW - 3 * SECOND) is not None


class TestSettlement:
    def closed(self, live: Live, close: str = "189.95") -> None:
        live.feed.days["AAPL"] = Bar(
            symbol="AAPL", start=NOW.replace(day=17, hour=5), open=D(1), high=D(200), low=D(1),
            close=D(close), volume=9, source="scripted",
        )  # fmt: skip

    def test_a_day_settles_at_the_close_of_its_bar_once_and_for_all(self, live: Live) -> None:
        self.closed(live)
        assert live.market.settlement("AAPL", DAY) == D("189.95")
        self.closed(live, "1")
        assert live.market.settlement("AAPL", DAY) == D("189.95")
        assert live.feed.asked == [["AAPL"]]

    def test_a_day_that_is_not_over_has_no_close(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW - SECOND)])
        assert live.market.settlement("AAPL", NOW.date()) is None
        assert live.feed.asked == []

    def test_a_feed_that_is_down_settles_nothing(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW.replace(day=17))])
        live.feed.failure = Unavailable("down")
        assert live.market.settlement("AAPL", DAY) is None

    def test_what_the_feed_does_not_know_settles_from_the_record(self, live: Live) -> None:
        live.record.keep([quote("AAPL", "1", "2", NOW.replace(day=17))])
        assert live.market.settlement("AAPL", DAY) == D("1.5")


class TestRecord:
    def test_many_quotes_are_copied_and_known_ones_are_left(self, live: Live) -> None:
        many = [quote("AAPL", "1", "2", NOW + number * SECOND) for number in range(1200)]
        assert live.record.keep(many[:700]) == 700
        assert live.record.keep(many) == 500
        assert list(live.record.quotes("AAPL", NOW, NOW + timedelta(hours=1))) == many

    def test_sizes_that_nobody_told_stay_unknown(self, live: Live) -> None:
        told = Quote(symbol="EURUSD", bid=D("1.1"), offer=D("1.2"), time=NOW, source="scripted")
        live.record.keep([told])
        assert list(live.record.quotes("EURUSD", NOW, NOW + SECOND)) == [told]

    def test_gaps_are_on_record(self, live: Live) -> None:
        gap = FeedGap("scripted", NOW, NOW + SECOND, "the stream was down", ("AAPL", CALL))
        live.record.keep([], [gap, gap])
        assert list(live.record.gaps(NOW, NOW + SECOND)) == [gap]
        assert list(live.record.gaps(NOW + SECOND, NOW + 2 * SECOND)) == []

    def test_how_far_it_goes_never_goes_back(self, live: Live) -> None:
        assert live.record.heard_until("scripted") is None
        for second in (5, 3):
            live.record.keep([], source="scripted", heard_until=NOW + second * SECOND)
        assert live.record.heard_until("scripted") == NOW + 5 * SECOND

    def test_a_record_that_does_not_answer_is_unavailable(self, live: Live) -> None:
        live.tells()
        live.pool.close()
        with pytest.raises(Unavailable):
            live.at(NOW)
