"""Limits: what an account may do, given and changed by an admin, and what cannot be a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.limits import AccountLimits, Limits, LimitsChanged, LimitsSet, limits_stream
from domain.risk_events import LimitKind, Line, State
from domain.shared import InvalidInput
from tests.domain.told import replayed, state_of, told_by

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def given(**figures: Any) -> AccountLimits:
    return AccountLimits.set(account="paper", limits=Limits(**figures), by="ada", at=NOON)


def test_limits_begin_as_the_house_has_them() -> None:
    limits = Limits()
    limits.check()
    assert (limits.trade_share, limits.symbol_share, limits.sector_share) == (
        D("0.10"), D("0.25"), D("0.75"),
    )  # fmt: skip
    assert (limits.delta, limits.gamma, limits.vega) == (D(100), D(50), D(500))
    assert (limits.daily_trades, limits.warn_at, limits.drawdown_halt) == (20, D("0.90"), None)


def test_an_account_has_one_stream_of_limits_and_later_others() -> None:
    limits = given(delta=D(40))
    limits.change(Limits(delta=D(60)), by="max", at=NOON)
    told = told_by(limits)
    assert [type(event) for event in told] == [LimitsSet, LimitsChanged]
    assert limits.id == limits_stream("paper") != limits_stream("swing")
    assert limits.limits.delta == 60
    assert state_of(replayed(told)) == state_of(limits)


def test_what_changes_nothing_is_refused() -> None:
    limits = given()
    with pytest.raises(InvalidInput, match="these are the limits already"):
        limits.change(Limits(), by="ada", at=NOON)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"trade_share": D(0)}, "the trade share has to be above zero"),
    ({"symbol_share": D("1.01")}, "symbol share is a part of one, not 1.01: 0.10 is 10 %"),
    ({"sector_share": D(75)}, "sector share is a part of one"),
    ({"warn_at": D(90)}, "warn at is a part of one"),
    ({"drawdown_halt": D(20)}, "drawdown halt is a part of one"),
    ({"drawdown_halt": D(0)}, "drawdown halt has to be above zero"),
    ({"delta": D(0)}, "the delta has to be above zero"),
    ({"gamma": D("-1")}, "the gamma has to be above zero"),
    ({"vega": D("NaN")}, "the vega has to be above zero, not NaN"),
    ({"delta_usd": D(0)}, "has to be above zero"),
    ({"theta_usd": D(-5)}, "has to be above zero"),
    ({"drift": D("-0.1")}, "the drift -0.1 is below zero"),
    ({"daily_trades": 0}, "the daily trades cannot be below one, as 0 is"),
    ({"open_positions": 0}, "the open positions cannot be below one"),
    ({"quote_age_s": 0}, "the age of a quote cannot be below one"),
    ({"through_ticks": -1}, "zero ticks or more through, not -1"),
]


@pytest.mark.parametrize(("figures", "why"), WRONG)
def test_what_cannot_be_a_limit_is_refused(figures: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        given(**figures)
    limits = given()
    with pytest.raises(InvalidInput, match=why):
        limits.change(Limits(**figures), by="ada", at=NOON)


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_every_figure_of_a_limit_has_a_unit(name: str) -> None:
    value = getattr(Limits(), name)
    is_figure = not isinstance(value, bool | tuple)
    assert bool(Limits.unit_of(name)) is is_figure


@pytest.mark.parametrize("kind", LimitKind)
def test_what_is_told_of_a_limit_has_its_unit(kind: LimitKind) -> None:
    line = Line(limit=kind, figure=D(-2), used=D(2), allowed=D(4), share=D("0.5"), state=State.OK)
    assert str(line) == f"{kind.value.replace('_', ' ')}: 2 of 4 {kind.unit} allowed"
