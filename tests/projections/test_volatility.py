"""Expected move, IV rank and percentile: of what was marked each day, and nothing guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.shared import InvalidInput
from projections.volatility import VolatilityLine, held_underlyings, newest_day, volatility
from tests.projections.record import CALL, SESSIONS, Record, record_on, utc
from tests.projections.tape import Tape

TODAY = date(2026, 11, 16)
CALLS = {strike: f"TSLA  261218C00{strike}000" for strike in (240, 250, 260)}


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


def worth(strike: int, spot: float, days: int, vol: float) -> float:
    """Black and Scholes at 4 %: nobody exercises a call without dividends early."""
    years = days / 365
    root = vol * math.sqrt(years)
    d1 = (math.log(spot / strike) + 0.04 * years) / root + root / 2
    normal = NormalDist()
    return spot * normal.cdf(d1) - strike * math.exp(-0.04 * years) * normal.cdf(d1 - root)


def marks(record: Record, day: date, vol: float, strike: int = 250, spot: float = 250.0) -> int:
    """A call at the close of a day, worth what this volatility makes it."""
    price = f"{worth(strike, spot, (date(2026, 12, 18) - day).days, vol):.9f}"
    # In UTC the close on the expiry day is at 21:00: whole days before it.
    at = f"{day:%m-%d} 21:00"
    return record.marks(CALLS[strike], at, price, price, underlying=str(spot))


def line(record: Record, name: str = "TSLA", **wanted: Any) -> VolatilityLine:
    record.follow()
    (found,) = volatility(record.tape.connection, [name], SESSIONS, TODAY, **wanted)
    return found


def days_before(number: int) -> list[date]:
    return SESSIONS[SESSIONS.index(TODAY) - number : SESSIONS.index(TODAY)]


def test_rank_and_percentile_are_of_the_days_that_have_a_volatility(record: Record) -> None:
    for number, day in enumerate(days_before(24)):
        marks(record, day, 0.20 + number / 100)
    marks(record, TODAY, 0.32)
    found = line(record)
    assert found.vol == pytest.approx(0.32, abs=1e-6)
    assert found.iv_rank == pytest.approx((0.32 - 0.20) / 0.23, abs=1e-5)
    # Twelve of the twenty-four days before were below 0.32; that of the very same is not.
    assert found.iv_percentile in (pytest.approx(12 / 24), pytest.approx(13 / 24))
    assert (found.days, found.why) == (25, "")
    assert found.expected_move_usd == pytest.approx(250 * 0.32 * math.sqrt(30 / 365), rel=1e-5)


def test_too_few_days_make_no_rank_and_say_so(record: Record) -> None:
    for day in days_before(18):
        marks(record, day, 0.30)
    marks(record, TODAY, 0.32)
    found = line(record)
    assert (found.iv_rank, found.iv_percentile, found.days) == (None, None, 19)
    assert found.why == "19 days with a volatility, 20 are needed"
    assert found.vol is not None


def test_a_day_without_a_mark_near_the_money_has_none(record: Record) -> None:
    marks(record, TODAY, 0.32, spot=230.0)
    assert line(record).why == "no option near the money was marked on 2026-11-16"
    marks(record, TODAY + timedelta(days=1), 0.32)
    unmarked = line(record, "AAPL")
    assert (unmarked.vol, unmarked.days) == (None, 0)
    assert unmarked.why == "no option of it was marked on 2026-11-16"


def test_between_two_strikes_the_volatility_is_that_on_the_spot(record: Record) -> None:
    marks(record, TODAY, 0.30, strike=240)
    marks(record, TODAY, 0.40, strike=260)
    share = math.log(250 / 240) / math.log(260 / 240)
    assert line(record).vol == pytest.approx(0.30 + 0.10 * share, abs=1e-6)


def test_expiries_are_told_one_by_one(record: Record) -> None:
    marks(record, TODAY, 0.32)
    (only,) = line(record).expiries
    assert only.expiry == date(2026, 12, 18)
    assert only.days == pytest.approx(32)
    assert only.expected_move_usd == pytest.approx(250 * 0.32 * math.sqrt(32 / 365), rel=1e-5)


def test_the_last_mark_of_a_day_counts(record: Record) -> None:
    day = days_before(1)[0]
    record.marks(CALL, f"{day:%m-%d} 15:00", "20", "20", underlying="250")
    known = marks(record, day, 0.25)
    marks(record, TODAY, 0.32)
    assert line(record).lowest == pytest.approx(0.25, abs=1e-6)
    then = line(record, as_of=known)
    assert (then.days, then.vol) == (1, None)
    assert newest_day(record.tape.connection) == TODAY
    assert newest_day(record.tape.connection, as_of=0) is None


def test_what_is_open_names_the_underlyings(record: Record) -> None:
    record.opens(record.trader("Nora"), "11-16 15:00", legs=(Leg(symbol="AMD", side=Side.BUY),))
    record.opens(record.trader("Max"), "11-16 15:00")
    record.follow()
    assert held_underlyings(record.tape.connection) == ["AMD", "TSLA"]
    assert held_underlyings(record.tape.connection, as_of=0) == []


def test_a_name_that_is_none_is_refused(record: Record) -> None:
    record.follow()
    with pytest.raises(InvalidInput, match="names no instrument"):
        volatility(record.tape.connection, ["not here"], SESSIONS, TODAY)


def test_moments_are_of_the_exchange_s_day(record: Record) -> None:
    """A mark of 1 in the morning in UTC is of the evening before in New York."""
    price = f"{worth(250, 250.0, 32, 0.3):.9f}"
    record.marks(CALL, "11-17 01:00", price, price, underlying="250")
    record.follow()
    assert newest_day(record.tape.connection) == TODAY
    assert utc("11-17 01:00").date() != TODAY
