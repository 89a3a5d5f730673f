"""Scenarios: every leg valued anew, against a formula worked out here, and nothing guessed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import NormalDist

import pytest

from domain.fix import Side
from domain.legs import Leg
from domain.shared import InvalidInput
from projections.exposure_views import Group
from projections.open_legs import open_legs
from projections.scenarios import Axes, Scenario, ScenarioLine, scenario
from tests.projections.record import CALL, Record, record_on
from tests.projections.tape import Tape

TODAY = date(2026, 11, 16)
LONG = (Leg(symbol=CALL, side=Side.BUY),)
SHARES = (Leg(symbol="AMD", side=Side.BUY),)
FEW = Axes((-0.2, 0.0, 0.1), (-0.3, 0.0, 0.3), (TODAY, TODAY + timedelta(days=10)))


@pytest.fixture
def record(tape: Tape) -> Iterator[Record]:
    with record_on(tape) as record:
        yield record


@pytest.fixture
def marked(record: Record) -> Record:
    """Nora holds three calls, Max fifty shares; TSLA stands at 250, AMD at 100."""
    record.marks(CALL, "11-16 21:00", "11.90", "12.10", underlying="250")
    record.marks("AMD", "11-16 21:00", "99", "101")
    record.opens(record.trader("Nora"), "11-16 15:00", quantity="3", legs=LONG)
    record.opens(record.trader("Max"), "11-16 15:00", "100", quantity="50", legs=SHARES)
    record.follow()
    return record


def found_on(record: Record, axes: Axes = FEW, by: Group = Group.TOTAL) -> Scenario:
    record.follow()
    return scenario(record.tape.connection, axes, by=by)


def grid_of(line: ScenarioLine | None) -> Sequence[Sequence[Sequence[float]]]:
    assert line is not None
    assert line.pnl_usd is not None
    return line.pnl_usd


def line_of(found: Scenario, group: str) -> ScenarioLine:
    return next(line for line in found.lines if line.group == group)


def call_worth(spot: float, years: float, vol: float) -> float:
    """Black and Scholes at 4 %: without dividends nobody exercises a call early."""
    if years <= 0:
        return max(spot - 250, 0.0)
    root = vol * math.sqrt(years)
    d1 = (math.log(spot / 250) + 0.04 * years) / root + root / 2
    normal = NormalDist()
    return spot * normal.cdf(d1) - 250 * math.exp(-0.04 * years) * normal.cdf(d1 - root)


def vol_of(record: Record) -> float:
    legs = {leg.symbol: leg for leg in open_legs(record.tape.connection)}
    vol = legs[CALL].vol
    assert vol is not None
    return vol


def test_every_point_is_a_full_revaluation(marked: Record) -> None:
    found = found_on(marked, by=Group.UNDERLYING)
    tesla, amd = (grid_of(line_of(found, name)) for name in ("TSLA", "AMD"))
    vol = vol_of(marked)
    for day, days in enumerate((0, 10)):
        for at_vol, moved_vol in enumerate(FEW.vol_moves):
            for at_spot, moved in enumerate(FEW.spot_moves):
                worth = call_worth(250 * (1 + moved), (32 - days) / 365, vol * (1 + moved_vol))
                made = tesla[day][at_vol][at_spot]
                assert made == pytest.approx(300 * (worth - 12.00), abs=0.01)
                assert amd[day][at_vol][at_spot] == pytest.approx(50 * 100 * moved, abs=1e-9)


def test_groups_add_up_to_the_total(marked: Record) -> None:
    found = found_on(marked, by=Group.TRADER)
    assert [line.group for line in found.lines] == ["Max", "Nora"]
    total, parts = grid_of(found.total), [grid_of(line) for line in found.lines]
    for day in range(2):
        for vol in range(3):
            for spot in range(3):
                added = sum(part[day][vol][spot] for part in parts)
                assert total[day][vol][spot] == pytest.approx(added)


def test_what_has_expired_by_then_is_worth_its_payoff(marked: Record) -> None:
    later = FEW._replace(dates=(date(2026, 12, 20),))
    (grid,) = grid_of(line_of(found_on(marked, later, Group.TRADER), "Nora"))
    payoff = [300 * (max(250 * (1 + move) - 250, 0) - 12) for move in later.spot_moves]
    for row in grid:
        assert row == pytest.approx(payoff, abs=1e-6)


def test_the_worst_and_the_best_point_are_named(marked: Record) -> None:
    nora = line_of(found_on(marked, by=Group.TRADER), "Nora")
    assert nora.worst is not None
    assert nora.best is not None
    assert (nora.worst.spot_move, nora.worst.vol_move) == (-0.2, -0.3)
    assert nora.worst.date == TODAY + timedelta(days=10)
    assert nora.best.pnl_usd == max(max(max(row) for row in day) for day in grid_of(nora))


def test_what_has_no_quote_counts_for_nothing_and_is_named(marked: Record) -> None:
    before = found_on(marked)
    unquoted = (Leg(symbol="AAPL  261218C00200000", side=Side.BUY),)
    marked.opens(marked.trader("Lou"), "11-16 15:00", legs=unquoted)
    after = found_on(marked)
    assert before.total is not None
    assert after.total is not None
    assert before.total.coverage == "all legs valued"
    assert after.total.coverage == "1 of 3 legs have no value"
    assert [leg.symbol for leg in after.missing] == ["AAPL  261218C00200000"]
    assert after.total.pnl_usd == before.total.pnl_usd
    assert line_of(found_on(marked, by=Group.TRADER), "Lou").pnl_usd is None


def test_a_scenario_starts_on_the_day_of_the_newest_mark(marked: Record) -> None:
    assert found_on(marked, FEW._replace(dates=())).axes.dates == (TODAY,)
    with pytest.raises(InvalidInput, match="from 2026-11-16 on"):
        found_on(marked, FEW._replace(dates=(TODAY - timedelta(days=1),)))


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        (FEW._replace(spot_moves=(-1.0,)), "spot moves are shares above -1"),
        (FEW._replace(vol_moves=()), "vol moves are shares above -1"),
        (FEW._replace(vol_moves=(math.nan,)), "vol moves are shares above -1"),
        (FEW._replace(spot_moves=(0.0,) * 2_000), "5000 points at most, not 12000"),
    ],
)
def test_what_is_no_scenario_is_refused(marked: Record, axes: Axes, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        found_on(marked, axes)


def test_nothing_open_is_no_scenario(record: Record) -> None:
    found = found_on(record)
    assert (found.total, found.day, list(found.lines)) == (None, None, [])


def test_as_it_was_known_then(marked: Record) -> None:
    known = marked.marks("MSFT", "11-16 21:00", "1", "2")
    before = found_on(marked).total
    marked.marks(CALL, "11-16 21:30", "20.00", "20.40", underlying="262")
    marked.follow()
    now = found_on(marked).total
    then = scenario(marked.tape.connection, FEW, as_of=known).total
    assert grid_of(then) == grid_of(before) != grid_of(now)
