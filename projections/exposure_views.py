"""Exposure of what is open: the stored Greeks, summed by book, underlying or expiry.

A position's Greek is quantity x ratio x multiplier x Greek. A leg without a usable quote counts
for nothing and is told in the coverage.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from projections.readmodel import known_at


class Group(StrEnum):
    """What exposure is summed by."""

    BOOK = "book"
    UNDERLYING = "underlying"
    EXPIRY = "expiry"
    TOTAL = "total"


class ExposureLine(NamedTuple):
    """Summed Greeks in share units: delta in shares, gamma in shares per dollar, vega per 1.00
    of volatility, theta per year, rho per 1.00 of the rate; `dollar_delta` in USD.

    `quoted` of `legs` open legs have Greeks: the rest counts for nothing here.
    """

    group: str
    legs: int
    quoted: int
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float
    dollar_delta: float

    @property
    def coverage(self) -> str:
        """The part that is missing, in words."""
        missing = self.legs - self.quoted
        return f"{missing} of {self.legs} legs have no quote" if missing else "all legs quoted"


# A leg that was never marked has no row of Greeks; its symbol says when it expires.
_EXPIRY = r"""coalesce(g.expiry, CASE WHEN l.symbol ~ '^.{6}\d{6}[CP]\d{8}$'
    THEN to_date(substr(l.symbol, 7, 6), 'YYMMDD') END)"""

_GROUPS = {
    Group.BOOK: "coalesce(t.name, b.name, p.book::text)",
    Group.UNDERLYING: "p.underlying",
    Group.EXPIRY: f"coalesce({_EXPIRY}::text, 'none')",
    Group.TOTAL: "'total'",
}


def exposure(
    connection: Connection[Any],
    by: Group,
    *,
    kind: str | None = None,
    book: UUID | None = None,
    as_of: int | None = None,
) -> list[ExposureLine]:
    """Exposure of what is open, of traders' books or accounts', summed by a group."""
    wanted = {"kind": kind, "book": book}
    only = "".join(f" AND p.{name} = %({name})s" for name, value in wanted.items() if value)
    units = "p.quantity * l.ratio * coalesce(g.multiplier, p.multiplier)"
    sums = ", ".join(
        f"coalesce(sum({units} * g.{name}), 0)::float8 AS {name}"
        for name in ("delta", "gamma", "vega", "theta", "rho")
    )
    query = f"""
SELECT {_GROUPS[by]} AS "group", count(*) AS legs, count(g.delta) AS quoted, {sums},
    coalesce(sum({units} * g.delta * coalesce(g.underlying_px, (g.bid + g.offer) / 2)), 0)::float8
        AS dollar_delta
FROM read.positions p
JOIN read.position_legs l ON l.position = p.position AND {known_at(as_of, "l")}
LEFT JOIN read.greeks g ON g.symbol = l.symbol AND {known_at(as_of, "g")}
LEFT JOIN read.books b ON b.book = p.book AND {known_at(as_of, "b")}
LEFT JOIN read.trader_profiles t ON t.trader = p.book AND {known_at(as_of, "t")}
WHERE {known_at(as_of, "p")} AND p.quantity <> 0{only}
GROUP BY 1 ORDER BY 1
"""
    with connection.cursor(row_factory=class_row(ExposureLine)) as cursor:
        return cursor.execute(query, {**wanted, "as_of": as_of}).fetchall()
