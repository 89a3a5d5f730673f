"""Two sources are compared by the minute, and what is not good is said in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from application.hours import Session
from application.market_check import MINUTE, Bounds, Compared, QuoteSource, compare
from domain.market import Quote

D = Decimal
OPENS = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
SESSION = Session(date(2026, 11, 18), OPENS, OPENS + 10 * MINUTE)
SECOND = timedelta(seconds=1)


def quote(minute: int, bid: str = "100.00", offer: str = "100.10", second: int = 59) -> Quote:
    at = OPENS + minute * MINUTE + second * SECOND
    return Quote(symbol="AAPL", bid=D(bid), offer=D(offer), time=at, source="test")


def source(name: str, quotes: Sequence[Quote]) -> QuoteSource:
    def ask(symbol: str, since: datetime, until: datetime) -> Iterable[Quote]:
        return [each for each in quotes if each.symbol == symbol and since <= each.time < until]

    return QuoteSource(name, ask)


def compared(
    one: Sequence[Quote],
    other: Sequence[Quote],
    *,
    since: datetime = OPENS,
    until: datetime = SESSION.closes_at,
    bounds: Bounds = Bounds(),  # noqa: B008 - a value
) -> Compared:
    (found,) = compare(
        source("record", one), source("polygon", other), ["AAPL"], [SESSION], since, until, bounds
    )
    return found


EVERY = [quote(minute) for minute in range(10)]


def test_two_sources_that_agree_are_good() -> None:
    found = compared(EVERY, EVERY)
    assert found.is_good
    assert (found.minutes, found.both) == (10, 10)
    assert found.most_bps == 0
    assert (found.first.missing, found.first.stale, found.second.missing) == (0, 0, 0)


def test_minutes_in_which_only_the_other_one_told_something_are_missing() -> None:
    found = compared([*EVERY[:3], *EVERY[5:]], EVERY)
    assert (found.first.missing, found.first.stale, found.second.missing) == (2, 2, 0)
    assert found.beyond == (
        "record: 2 of 10 minutes are missing (20.0%, at most 2.0%)",
        "record: 2 of 10 minutes are stale (20.0%, at most 5.0%)",
    )


def test_minutes_in_which_nobody_told_anything_are_stale_and_not_missing() -> None:
    found = compared(EVERY[:9], EVERY[:9])
    assert (found.first.missing, found.first.stale) == (0, 1)


def test_how_old_is_stale_can_be_said() -> None:
    quiet = [quote(0), quote(5)]
    assert compared(quiet, quiet).first.stale == 8
    longer = Bounds(max_age=timedelta(minutes=3))
    assert compared(quiet, quiet, bounds=longer).first.stale == 4


def test_middles_are_compared_where_both_have_one() -> None:
    other = [quote(minute, "100.50", "100.60") for minute in range(9)]
    found = compared(EVERY, other)
    assert (found.both, found.median_bps, found.p95_bps) == (9, D("49.9"), D("49.9"))
    assert "the middles are 49.9 basis points apart" in found.beyond[-1]
    assert compared(EVERY, other[:1] + EVERY[1:]).median_bps == 0


def test_the_last_quote_of_a_minute_counts() -> None:
    moved = [quote(0, "90", "91", second=1), *EVERY]
    assert compared(moved, EVERY).most_bps == 0


def test_crossed_quotes_and_quotes_without_a_bid_are_counted() -> None:
    odd = [quote(0, "100.20", "100.10", second=2), quote(0, "0", "100.10", second=3), *EVERY]
    found = compared(odd, EVERY)
    assert (found.first.quotes, found.first.crossed, found.first.zero_bids) == (12, 1, 1)
    assert found.beyond == (
        "record: 1 of 12 quotes are crossed (8.3%, at most 0.1%)",
        "record: 1 of 12 quotes have no bid (8.3%, at most 5.0%)",
    )


def test_nothing_at_all_is_not_good() -> None:
    assert compared([], []).beyond == ("neither source has a quote",)


def test_only_whole_minutes_of_the_session_within_the_stretch_count() -> None:
    outside = [quote(-5, "1", "2"), *EVERY, quote(12, "1", "2")]
    found = compared(
        outside, EVERY, since=OPENS - 10 * MINUTE, until=OPENS + 4 * MINUTE + 30 * SECOND
    )
    assert (found.minutes, found.first.quotes) == (4, 4)
    assert found.is_good


def test_without_a_session_there_is_nothing_to_compare() -> None:
    found = compared(EVERY, EVERY, since=SESSION.closes_at, until=SESSION.closes_at + MINUTE)
    assert found.minutes == 0
    assert not found.is_good
