"""Figures: numbers with all that it takes to compare them: unit, n, ddof, rates, definition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from domain.shared import Value, cents, ratio


class Status(StrEnum):
    """Whether a figure could be made, or why there is none."""

    OK = "ok"
    TOO_FEW = "too few"
    """Fewer observations than the figure needs; its definition says how many."""
    NO_VARIATION = "no variation"
    """All observations are the same, so that there is nothing to divide by."""
    NO_LOSSES = "no losses"
    NO_WINS = "no wins"
    NO_DRAWDOWN = "no drawdown"
    NOT_RECOVERED = "not recovered"
    RUINED = "ruined"
    """The index came to nothing."""
    NO_BENCHMARK = "no benchmark"
    """The record has too few prices of the benchmark on the same sessions."""
    NO_RATE = "no rate"
    """No yearly rate makes the flows worth nothing."""
    SEVERAL_RATES = "several rates"
    NO_STOPS = "no stops"
    """No trade was posted with a stop."""
    NEVER = "never"
    """No length of record would do."""
    BEYOND = "beyond"
    """So large that it says nothing but that the record is short, or a price mistyped."""


BELIEVED_MAX = 1e15

Outcome: TypeAlias = float | Status
"""A number, or why there is none (never `Status.OK`)."""


class Unit(StrEnum):
    """What a figure is counted in."""

    RATIO = "ratio"
    """A fraction: 0.05 is 5 %."""
    SHARE = "share"
    """A part of a whole, from 0 to 1."""
    NUMBER = "number"
    INDEX = "index"
    PROBABILITY = "probability"
    USD = "USD"
    HOURS = "hours"
    SESSIONS = "sessions"
    TRADES = "trades"
    R = "R"


class Definition(NamedTuple):
    """What a figure means, once and for all.

    `of` is what n counts; `least` the n below which there is no figure. `ddof` is what is taken
    off n in a standard deviation. A figure that is `yearly` is brought to a year by the number
    of sessions in it; one that is `over_risk_free` depends on the risk-free rate.
    """

    name: str
    unit: Unit
    of: str
    least: int
    meaning: str
    formula: str
    source: str
    ddof: int | None = None
    yearly: bool = False
    over_risk_free: bool = False

    @property
    def text(self) -> str:
        """The definition in one piece, as it is shown beside the figure."""
        return f"{self.meaning}: {self.formula}"


class Figure(Value, frozen=True, kw_only=True):
    """A number as it is published. `low` and `high` enclose it in 95 of 100 cases."""

    name: str
    value: Decimal | None
    status: Status
    unit: Unit
    n: int
    of: str
    period: str
    definition: str
    low: Decimal | None = None
    high: Decimal | None = None
    ddof: int | None = None
    risk_free: Decimal | None = None
    annualisation: int | None = None


class Terms(NamedTuple):
    """On what terms figures are made: the days, the risk-free rate a year, sessions a year."""

    first: date
    last: date
    risk_free: float
    per_year: int


def published(
    definition: Definition,
    terms: Terms,
    outcome: Outcome,
    n: int,
    *,
    interval: tuple[float, float] | None = None,
    period: tuple[date, date] | None = None,
) -> Figure:
    """The figure of an outcome: money to the cent, everything else to 12 places."""
    if not isinstance(outcome, Status) and not abs(outcome) < BELIEVED_MAX:
        outcome = Status.BEYOND
    status = outcome if isinstance(outcome, Status) else Status.OK
    low, high = interval if interval is not None and status is Status.OK else (None, None)
    first, last = period or (terms.first, terms.last)
    return Figure(
        name=definition.name,
        value=None if isinstance(outcome, Status) else _exact(outcome, definition.unit),
        status=status,
        unit=definition.unit,
        n=n,
        of=definition.of,
        period=f"{first}/{last}",
        definition=definition.text,
        low=None if low is None else _exact(low, definition.unit),
        high=None if high is None else _exact(high, definition.unit),
        ddof=definition.ddof,
        risk_free=_exact(terms.risk_free, Unit.RATIO) if definition.over_risk_free else None,
        annualisation=terms.per_year if definition.yearly else None,
    )


def _exact(value: float, unit: Unit) -> Decimal:
    exact = Decimal(min(max(value, -BELIEVED_MAX), BELIEVED_MAX))
    if unit is Unit.USD:
        return cents(exact)
    whole = exact.to_integral_value()
    return whole if whole == exact else ratio(exact)
