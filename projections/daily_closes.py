"""Daily closes: the last price of an underlying on each exchange day, from the marks on record.

On a day without a mark of its own the price that its options' marks were taken at stands in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from psycopg import Connection

from domain.market import EXCHANGE_ZONE
from projections.exposure import EVERY_MARK
from projections.readmodel import known_at

BENCHMARK = "SPY"
"""What beta is measured against, and a record held against unless something else is asked."""

SESSIONS_MAX = 252
RETURNS_LEAST = 20
"""Fewer returns on the same days make no beta."""
_REACH = timedelta(days=400)
"""252 sessions are within so many days."""

Closes = Mapping[date, float]


class Beta(NamedTuple):
    """How an underlying moves with the benchmark: the slope over `n` returns of the days from
    `first` to `last`."""

    underlying: str
    beta: float
    n: int
    first: date
    last: date


def daily_closes(
    connection: Connection[Any],
    symbols: Collection[str],
    first: date,
    last: date,
    *,
    as_of: int | None = None,
) -> dict[str, dict[date, float]]:
    """The closes of each symbol by day, both ends included."""
    known = "true" if as_of is None else "valid_from <= %(as_of)s"
    day = f"(marked_at AT TIME ZONE '{EXCHANGE_ZONE.key}')::date"
    rows = connection.execute(
        f"""
SELECT DISTINCT ON (symbol, {day}) symbol, {day}, price::float8 FROM (
    SELECT symbol, marked_at, (bid + offer) / 2 AS price, 0 AS place FROM read.marks
    WHERE symbol = ANY(%(symbols)s) AND {known_at(as_of)}
    UNION ALL
    SELECT underlying, marked_at, underlying_px, 1 FROM {EVERY_MARK} g
    WHERE symbol IN (SELECT symbol FROM read.greeks
        WHERE underlying = ANY(%(symbols)s) AND {known_at(None)})
    AND underlying_px IS NOT NULL AND {known}
) m WHERE price > 0 AND {day} BETWEEN %(first)s AND %(last)s
ORDER BY symbol, {day}, place, marked_at DESC
""",
        {"symbols": list(symbols), "as_of": as_of, "first": first, "last": last},
        binary=True,
    ).fetchall()
    found: dict[str, dict[date, float]] = {}
    for symbol, on, price in rows:
        found.setdefault(symbol, {})[on] = price
    return found


def betas(
    connection: Connection[Any],
    underlyings: Collection[str],
    last: date,
    *,
    as_of: int | None = None,
) -> dict[str, Beta]:
    """The betas to the benchmark of those underlyings that have one, from returns of the last
    252 days on which both have a close; the benchmark's own is 1.
    """
    wanted = sorted({*underlyings, BENCHMARK})
    closes = daily_closes(connection, wanted, last - _REACH, last, as_of=as_of)
    market = closes.get(BENCHMARK, {})
    found = {name: beta_of(name, closes.get(name, {}), market) for name in sorted(underlyings)}
    return {name: beta for name, beta in found.items() if beta is not None}


def beta_of(underlying: str, closes: Closes, market: Closes) -> Beta | None:
    """The slope of the simple returns between days of both on the market's, least squares."""
    # Numbers take a tenth of a second to load, and only who asks for betas waits for them.
    from domain.quant.benchmark import Fit, fit
    from domain.quant.series import series

    days = sorted(closes.keys() & market.keys())[-SESSIONS_MAX - 1 :]
    if underlying == BENCHMARK:
        return Beta(underlying, 1.0, max(len(days) - 1, 0), *_ends(days))
    if len(days) <= RETURNS_LEAST:
        return None
    steps = list(pairwise(days))
    ours, theirs = (
        series("returns", [on[day] / on[before] - 1.0 for before, day in steps])
        for on in (closes, market)
    )
    line = fit(ours, theirs, SESSIONS_MAX)
    return Beta(underlying, line.beta, len(ours), *_ends(days)) if isinstance(line, Fit) else None


def _ends(days: list[date]) -> tuple[date, date]:
    return (days[0], days[-1]) if days else (date.min, date.min)
