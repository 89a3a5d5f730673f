"""Figures: numbers with all that it takes to compare them: unit, n, ddof, rates, definition."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.shared import InvalidInput, Value, cents, ratio

Floats: TypeAlias = NDArray[np.float64]


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
        risk_free=ratio(Decimal(terms.risk_free)) if definition.over_risk_free else None,
        annualisation=terms.per_year if definition.yearly else None,
    )


def _exact(value: float, unit: Unit) -> Decimal:
    exact = Decimal(min(max(value, -BELIEVED_MAX), BELIEVED_MAX))
    if unit is Unit.USD:
        return cents(exact)
    whole = exact.to_integral_value()
    return whole if whole == exact else ratio(exact)


def series(name: str, values: ArrayLike, *, gaps: bool = False) -> Floats:
    """Values as one contiguous row of float64; NaN only where there may be gaps.

    Raises:
        InvalidInput: they are no numbers, of more than one dimension, or not finite.
    """
    try:
        found = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"{name} has to be numbers: {wrong}") from wrong
    if found.ndim != 1:
        raise InvalidInput(f"{name} has to be one row of numbers, not of shape {found.shape}")
    if not gaps and not np.isfinite(found).all():
        at = int(np.flatnonzero(~np.isfinite(found))[0])
        raise InvalidInput(f"{name} has to be finite, not {found[at]} at {at}: leave it out")
    return found


def whole(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers as one contiguous row of int64.

    Raises:
        InvalidInput: one of them is not whole.
    """
    found = series(name, values)
    if (found != np.floor(found)).any():
        raise InvalidInput(f"{name} has to be whole numbers")
    return found.astype(np.int64)


def pair(name: str, values: ArrayLike, other_name: str, other: ArrayLike) -> tuple[Floats, Floats]:
    """Two series of the same length.

    Raises:
        InvalidInput: one is no series, or their lengths differ.
    """
    one, two = series(name, values), series(other_name, other)
    if one.size != two.size:
        raise InvalidInput(f"{name} has {one.size} numbers and {other_name} {two.size}: align them")
    return one, two


def mean(values: Floats) -> float:
    """The mean, rounded once, so that it is the same in every order."""
    return math.fsum(values.tolist()) / values.size


def deviation(values: Floats, ddof: int = 1) -> float:
    """The standard deviation; exactly 0 where all values are the same but for rounding."""
    centre = mean(values)
    away = values - centre
    spread = math.sqrt(math.fsum((away * away).tolist()) / (values.size - ddof))
    return spread if spread > 1e-14 * float(np.abs(values).max()) else 0.0
