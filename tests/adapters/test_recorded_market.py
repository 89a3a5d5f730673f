"""The recorded market answers with what was known at a moment, and with nothing stale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import ConnectionPool

from adapters.postgres import Connection, open_pool
from adapters.recorded_market import MAX_AGE, RecordedMarket
from application.ports import QuoteRequest, Unavailable
from domain.market import Quote

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
DAY = date(2026, 11, 18)
OPEN = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
SYMBOLS = count(1)


class Recorded:
    """What a test puts on record, and the market that is made of it."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self.pool = pool
        self.market = RecordedMarket(pool)

    def quote(self, at: datetime, bid: str, offer: str, symbol: str = "AAPL") -> None:
        with self.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, 5, 7, 'nyse')",
                (symbol, at, D(bid), D(offer)),
            )

    def bar(self, at: datetime, low: str, high: str, close: str, symbol: str = "AAPL") -> None:
        with self.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.bars VALUES (%s, %s, %s, %s, %s, %s, 900, 'nyse')",
                (symbol, at, D(low), D(high), D(low), D(close)),
            )

    def at(self, at: datetime, symbol: str = "AAPL") -> Quote | None:
        (found,) = self.market.quotes_at([QuoteRequest(symbol, at)])
        return found

    def bid_at(self, at: datetime) -> Decimal | None:
        found = self.at(at)
        return None if found is None else found.bid


@pytest.fixture
def recorded(database_url: str) -> Iterator[Recorded]:
    with open_pool(database_url) as pool:
        yield Recorded(pool)


class TestQuotes:
    def test_a_quote_is_answered_with_its_own_time_and_source(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "189.00", "189.20")
        assert recorded.at(NOON + SECOND) == Quote(
            symbol="AAPL",
            bid=D("189"),
            offer=D("189.2"),
            time=NOON,
            source="nyse",
            bid_size=5,
            offer_size=7,
        )

    def test_the_last_one_up_to_the_moment_counts_and_none_after_it(
        self, recorded: Recorded
    ) -> None:
        for number in range(3):
            recorded.quote(NOON + number * SECOND, str(number + 1), "9")
        assert recorded.bid_at(NOON - TICK) is None
        assert recorded.bid_at(NOON) == 1
        assert recorded.bid_at(NOON + SECOND - TICK) == 1
        assert recorded.bid_at(NOON + SECOND) == 2
        assert recorded.bid_at(NOON + timedelta(minutes=1)) == 3

    def test_an_old_quote_proves_nothing(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        assert recorded.bid_at(NOON + MAX_AGE) == 1
        assert recorded.bid_at(NOON + MAX_AGE + TICK) is None

    def test_how_old_is_too_old_can_be_said(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        hasty = RecordedMarket(recorded.pool, max_age=SECOND)
        asked = [QuoteRequest("AAPL", NOON + age) for age in (SECOND, SECOND + TICK)]
        first, second = hasty.quotes_at(asked)
        assert first is not None
        assert second is None

    @pytest.mark.parametrize(("bid", "offer"), [("0", "0"), ("3", "2")])
    def test_a_quote_that_proves_nothing_does_not_hide_the_one_before(
        self, recorded: Recorded, bid: str, offer: str
    ) -> None:
        recorded.quote(NOON, "1", "2")
        recorded.quote(NOON + SECOND, bid, offer)
        assert recorded.bid_at(NOON + 2 * SECOND) == 1

    def test_an_offer_without_a_bid_is_a_quote(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "0", "0.05")
        assert recorded.bid_at(NOON) == 0

    def test_answers_come_in_the_order_of_the_questions(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "9", "AAPL")
        recorded.quote(NOON, "2", "9", "MSFT")
        asked = [
            QuoteRequest(symbol, at)
            for symbol, at in (("MSFT", NOON), ("NVDA", NOON), ("AAPL", NOON), ("MSFT", NOON),
                               ("AAPL", NOON - SECOND))
        ]  # fmt: skip
        found = recorded.market.quotes_at(asked)
        told = [None if quote is None else f"{quote.symbol} {quote.bid}" for quote in found]
        assert told == ["MSFT 2", None, "AAPL 1", "MSFT 2", None]

    def test_no_question_has_no_answer(self, recorded: Recorded) -> None:
        assert recorded.market.quotes_at([]) == ()

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.dictionaries(st.integers(0, 3600), st.integers(0, 3), max_size=12),
        st.lists(st.integers(-60, 5400), min_size=1, max_size=12),
    )
    def test_it_answers_as_somebody_would_who_looks_through_all_of_it(
        self, recorded: Recorded, quotes: dict[int, int], moments: list[int]
    ) -> None:
        """Seconds after noon, with the offer of that second; an offer of zero is none."""
        symbol = f"S{next(SYMBOLS)}"
        for second, offer in quotes.items():
            recorded.quote(NOON + second * SECOND, "0", str(offer), symbol)
        asked = [QuoteRequest(symbol, NOON + moment * SECOND) for moment in moments]
        for moment, found in zip(moments, recorded.market.quotes_at(asked), strict=True):
            fresh = [
                second
                for second, offer in quotes.items()
                if offer and 0 <= moment - second <= MAX_AGE.total_seconds()
            ]
            if not fresh:
                assert found is None
            else:
                assert found is not None
                assert found.time == NOON + max(fresh) * SECOND
                assert found.offer == quotes[max(fresh)]


class TestGaps:
    def gap(self, recorded: Recorded, source: str, first: int, last: int, *symbols: str) -> None:
        """The source was not heard from one second after noon to another."""
        with recorded.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.gaps VALUES (%s, %s, %s, 'the stream was down', %s)",
                (source, NOON + first * SECOND, NOON + last * SECOND, list(symbols)),
            )

    def test_a_quote_before_a_gap_says_nothing_of_a_moment_in_it(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        self.gap(recorded, "nyse", 10, 60)
        assert recorded.bid_at(NOON + 9 * SECOND) == 1
        assert recorded.bid_at(NOON + 30 * SECOND) is None

    def test_nor_after_it_until_there_is_a_new_one(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        self.gap(recorded, "nyse", 10, 60)
        recorded.quote(NOON + 65 * SECOND, "3", "4")
        assert recorded.bid_at(NOON + 64 * SECOND) is None
        assert recorded.bid_at(NOON + 70 * SECOND) == 3

    def test_what_was_asked_for_in_a_gap_counts(self, recorded: Recorded) -> None:
        self.gap(recorded, "nyse", 10, 60)
        recorded.quote(NOON + 20 * SECOND, "3", "4")
        assert recorded.bid_at(NOON + 30 * SECOND) == 3

    def test_gaps_of_others_do_not_matter(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        self.gap(recorded, "iex", 10, 60)
        self.gap(recorded, "nyse", 10, 60, "MSFT")
        assert recorded.bid_at(NOON + 30 * SECOND) == 1
        self.gap(recorded, "nyse", 20, 60, "AAPL")
        assert recorded.bid_at(NOON + 30 * SECOND) is None


class TestBars:
    def test_a_bar_stands_in_at_its_worst_prices_and_says_so(self, recorded: Recorded) -> None:
        recorded.bar(NOON, "188.5", "189.5", "189")
        assert recorded.at(NOON + SECOND) == Quote(
            symbol="AAPL", bid=D("188.5"), offer=D("189.5"), time=NOON, source="nyse bar"
        )

    def test_a_quote_is_better_than_a_newer_bar(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        recorded.bar(NOON + timedelta(minutes=1), "5", "6", "5.5")
        assert recorded.bid_at(NOON + timedelta(minutes=2)) == 1

    def test_but_not_when_it_is_too_old(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "2")
        recorded.bar(NOON + timedelta(minutes=10), "5", "6", "5.5")
        assert recorded.bid_at(NOON + timedelta(minutes=16)) == 5
        assert recorded.bid_at(NOON + timedelta(minutes=26)) is None

    def test_a_bar_that_begins_later_is_not_known_yet(self, recorded: Recorded) -> None:
        recorded.bar(NOON, "5", "6", "5.5")
        assert recorded.bid_at(NOON - TICK) is None


class TestBetween:
    def between(self, recorded: Recorded, first: int, last: int, *symbols: str) -> list[str]:
        """What was quoted after one second past noon and up to another."""
        found = recorded.market.quotes_between(
            symbols or ("AAPL",), NOON + first * SECOND, NOON + last * SECOND
        )
        return [f"{quote.symbol} {quote.bid} at {(quote.time - NOON).seconds}" for quote in found]

    def test_every_quote_after_one_moment_and_up_to_another(self, recorded: Recorded) -> None:
        for number in range(5):
            recorded.quote(NOON + number * SECOND, str(number + 1), "9")
        assert self.between(recorded, 1, 3) == ["AAPL 3 at 2", "AAPL 4 at 3"]

    def test_instruments_come_in_the_order_of_time(self, recorded: Recorded) -> None:
        recorded.quote(NOON + 2 * SECOND, "1", "9", "MSFT")
        recorded.quote(NOON + SECOND, "2", "9")
        recorded.quote(NOON + SECOND, "3", "9", "NVDA")
        assert self.between(recorded, 0, 9, "MSFT", "AAPL") == ["AAPL 2 at 1", "MSFT 1 at 2"]

    @pytest.mark.parametrize(("bid", "offer"), [("0", "0"), ("3", "2")])
    def test_what_proves_nothing_is_left_out(
        self, recorded: Recorded, bid: str, offer: str
    ) -> None:
        recorded.quote(NOON + SECOND, bid, offer)
        assert self.between(recorded, 0, 9) == []

    def test_bars_stand_in_where_there_is_no_quote(self, recorded: Recorded) -> None:
        recorded.bar(NOON + SECOND, "188.5", "189.5", "189")
        recorded.quote(NOON + 2 * SECOND, "7", "9")
        recorded.bar(NOON + 3 * SECOND, "188.5", "189.5", "189")
        assert self.between(recorded, 0, 9) == ["AAPL 188.5 at 1", "AAPL 7 at 2"]


class TestSettlement:
    def test_the_last_bar_of_the_session_closes_it(self, recorded: Recorded) -> None:
        for minutes, close in ((2, "188"), (1, "189")):
            recorded.bar(CLOSE - timedelta(minutes=minutes), "180", "190", close)
        assert recorded.market.settlement("AAPL", DAY) == 189

    def test_so_does_the_middle_of_the_last_quote(self, recorded: Recorded) -> None:
        recorded.bar(CLOSE - timedelta(minutes=1), "180", "190", "189")
        recorded.quote(CLOSE, "189.10", "189.30")
        assert recorded.market.settlement("AAPL", DAY) == D("189.2")

    def test_whichever_is_later(self, recorded: Recorded) -> None:
        recorded.quote(CLOSE - timedelta(minutes=2), "189.10", "189.30")
        recorded.bar(CLOSE - timedelta(minutes=1), "180", "190", "188.75")
        assert recorded.market.settlement("AAPL", DAY) == D("188.75")

    def test_what_is_traded_before_and_after_the_session_does_not_count(
        self, recorded: Recorded
    ) -> None:
        recorded.quote(OPEN - TICK, "1", "1")
        recorded.bar(CLOSE, "2", "2", "2")
        recorded.quote(CLOSE + TICK, "3", "3")
        assert recorded.market.settlement("AAPL", DAY) is None
        recorded.bar(OPEN, "4", "4", "4")
        assert recorded.market.settlement("AAPL", DAY) == 4

    @pytest.mark.parametrize(("bid", "offer"), [("0", "0"), ("0", "400"), ("190", "189")])
    def test_a_quote_without_a_price_is_no_close(
        self, recorded: Recorded, bid: str, offer: str
    ) -> None:
        recorded.bar(CLOSE - timedelta(minutes=1), "180", "190", "189")
        recorded.quote(CLOSE, bid, offer)
        assert recorded.market.settlement("AAPL", DAY) == 189

    def test_the_session_is_new_yorks_in_summer_too(self, recorded: Recorded) -> None:
        recorded.quote(datetime(2026, 7, 1, 20, 0, tzinfo=UTC), "5", "5")
        recorded.quote(datetime(2026, 7, 1, 20, 30, tzinfo=UTC), "6", "6")
        assert recorded.market.settlement("AAPL", date(2026, 7, 1)) == 5

    def test_another_day_and_another_symbol_say_nothing(self, recorded: Recorded) -> None:
        recorded.quote(NOON, "1", "1")
        assert recorded.market.settlement("AAPL", DAY - timedelta(days=1)) is None
        assert recorded.market.settlement("MSFT", DAY) is None


def test_a_database_that_does_not_answer_is_unavailable(recorded: Recorded) -> None:
    recorded.pool.close()
    with pytest.raises(Unavailable):
        recorded.at(NOON)
    with pytest.raises(Unavailable):
        recorded.market.settlement("AAPL", DAY)
