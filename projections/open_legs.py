"""Open legs: each leg of what is open in the books, with its Greeks at the last mark.

Quantities and Greeks are float64 here: exposure is measured, nobody is owed it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.market import exchange_day
from projections.positions import BookKind
from projections.readmodel import known_at


class OpenLeg(NamedTuple):
    """A leg of an open position and the Greeks of its instrument: per share, per year, per
    1.00 of volatility, None where `status` says why.

    `units` is quantity x ratio x multiplier, below zero when owed. `whole` names the position as
    a trade of several legs. `position_event` and `mark_event` are the places on the tape of what
    made the position and the Greeks stand like this.
    """

    position: UUID
    kind: BookKind
    book: UUID
    name: str
    whole: str
    is_bought: bool
    underlying: str
    opened_at: datetime
    position_event: int
    symbol: str
    units: float
    expiry: date | None
    status: str
    model: str
    marked_at: datetime | None
    mark_event: int | None
    spot: float | None
    mid: float | None
    rate: float | None
    dividend_yield: float | None
    years: float | None
    vol: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None

    @property
    def is_known(self) -> bool:
        """Whether it has Greeks and its underlying a price."""
        return self.delta is not None and self.spot is not None

    @property
    def raw(self) -> tuple[float | None, ...]:
        """The Greeks in the order of `domain.quant.exposure_units.RAW`."""
        return self.delta, self.gamma, self.theta, self.vega, self.rho


NO_MARK = "never marked"

# A leg that was never marked has no row of Greeks; its symbol says when it expires.
_EXPIRY = r"""coalesce(g.expiry, CASE WHEN l.symbol ~ '^.{6}\d{6}[CP]\d{8}$'
    THEN to_date(substr(l.symbol, 7, 6), 'YYMMDD') END)"""
_GREEKS = ("delta", "gamma", "theta", "vega", "rho")


def open_legs(
    connection: Connection[Any],
    *,
    kind: BookKind | None = None,
    book: UUID | None = None,
    as_of: int | None = None,
) -> list[OpenLeg]:
    """The legs of what is open, in the order of their positions' ids."""
    wanted = {"kind": kind, "book": book}
    only = "".join(f" AND p.{name} = %({name})s" for name, value in wanted.items() if value)
    query = f"""
SELECT p.position, p.kind, p.book, coalesce(t.name, b.name, p.book::text), p.symbol,
    p.quantity > 0, p.underlying, p.opened_at, p.valid_from, l.symbol,
    (p.quantity * l.ratio * coalesce(g.multiplier, p.multiplier))::float8,
    {_EXPIRY}, coalesce(g.status, '{NO_MARK}'), coalesce(g.model, ''), g.marked_at, g.valid_from,
    coalesce(g.underlying_px, (g.bid + g.offer) / 2)::float8, g.mid::float8, g.rate::float8,
    g.dividend_yield::float8, g.years, g.vol, {", ".join(f"g.{name}" for name in _GREEKS)}
FROM read.positions p
JOIN read.position_legs l ON l.position = p.position AND {known_at(as_of, "l")}
LEFT JOIN read.greeks g ON g.symbol = l.symbol AND {known_at(as_of, "g")}
LEFT JOIN read.books b ON b.book = p.book AND {known_at(as_of, "b")}
LEFT JOIN read.trader_profiles t ON t.trader = p.book AND {known_at(as_of, "t")}
WHERE {known_at(as_of, "p")} AND p.quantity <> 0{only}
ORDER BY p.position, l.symbol
"""
    rows = connection.execute(query, {**wanted, "as_of": as_of}, binary=True).fetchall()
    return [OpenLeg(row[0], BookKind(row[1]), *row[2:]) for row in rows]


def day_of_marks(legs: list[OpenLeg]) -> date | None:
    """The exchange's day of the newest mark, else of the newest position: the day from which
    days to expiry are counted, so that what was once known is answered alike for ever.
    """
    moments = [leg.marked_at for leg in legs if leg.marked_at is not None]
    newest = max(moments or [leg.opened_at for leg in legs], default=None)
    return None if newest is None else exchange_day(newest)
