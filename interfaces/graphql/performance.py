"""Performance: a trader's figures, each with what it takes to compare it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.quant.figures import Figure, Status
from interfaces.graphql.boards import sessions_of
from interfaces.graphql.kinds import figure, kind, shown
from interfaces.graphql.reading import Asking
from projections.performance import BENCHMARK, performance
from projections.windows import Window, span_of

# A server loads the compiled kernels when it starts, not while somebody waits for figures.
import_module("domain.quant.performance")

Benchmark = Annotated[
    str,
    strawberry.argument(description="The instrument to hold it against, such as SPY or BTC/USD."),
]
RiskFree = Annotated[
    Decimal, strawberry.argument(description="The risk-free rate a year: 0.04 is 4 %.")
]

__all__ = ["BENCHMARK", "Benchmark", "PerformanceFigure", "RiskFree", "performance_of"]


@kind
class PerformanceFigure:
    """A figure of a trader's record in a window; docs/figures.md has all definitions."""

    name: str
    value: Decimal | None = figure("None unless the status is OK; ratios are fractions of 1.")
    low: Decimal | None = figure("The lower end of its 95 % interval, where it has one.")
    high: Decimal | None
    status: Status = figure("Whether there is a value, or why there is none.")
    unit: str
    n: int
    n_of: str = figure("What n counts.")
    ddof: int | None = figure("What is taken off n in its standard deviation.")
    period: str = figure("First and last day; of a drawdown, its own.")
    risk_free: Decimal | None = figure("The risk-free rate a year, where it matters.")
    annualisation: int | None = figure("Sessions a year, where it is brought to one.")
    definition: str


def performance_of(
    asking: Asking,
    database: Database[Any],
    trader: UUID,
    window: Window,
    at: datetime,
    *,
    benchmark: str,
    risk_free: Decimal,
    as_of: int | None,
) -> list[PerformanceFigure]:
    """All figures of a window that ends at a moment.

    Raises:
        InvalidInput: the benchmark is no instrument, or the rate none.
    """
    span = span_of(window, at)
    found = performance(
        database, trader, span, sessions_of(asking, span),
        benchmark=benchmark, risk_free=risk_free, as_of=as_of,
    )  # fmt: skip
    return [_shown(one) for one in found]


def _shown(found: Figure) -> PerformanceFigure:
    return shown(PerformanceFigure, found, n_of=found.of, unit=found.unit.value)
