"""Closed trades: a trader's trades of a window, with what they took, gave back and risked.

The figures of a record are made from these rows; numbers are float64 here, for there they are
no longer what someone is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.executions import Execution
from domain.fix import Side
from domain.legs import SoldRisk, legs_of, sold_risk
from domain.market import EXCHANGE_ZONE
from projections.pnl import day_of
from projections.position_pages import versions_at
from projections.positions import executions_of
from projections.readmodel import known_at
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.excursions import Moved

_EARLIEST = date(1900, 1, 1)
_INSTANT = timedelta(microseconds=1)


class Closing(NamedTuple):
    """The moments of a window: after the one, up to the other."""

    after: datetime
    until: datetime

    def is_in(self, row: TradeRow) -> bool:
        """Whether the trade was closed in the window."""
        return row.closed_at is not None and self.after < row.closed_at <= self.until


class TradeRow(NamedTuple):
    """A scored trade: P&L in USD, its ratio to what was tied up, hours from entry to exit, USD
    risked to the stop (0 without one).

    `steps` are (day, quantity, price and what is tied up per unit), days as ordinals; `last` is
    the day and price at which what is open is valued.
    """

    position: UUID
    opened_at: datetime
    closed_at: datetime | None
    pnl: float
    ratio: float
    hours: float
    risked: float
    sign: int
    steps: list[tuple[float, float, float, float]]
    last: tuple[float, float] | None


def closing_of(span: Span) -> Closing:
    """The moments of a window of days or hours."""
    if span.since is not None:
        return Closing(span.since, span.at)
    first = datetime.combine(max(span.first, _EARLIEST), time(), EXCHANGE_ZONE)
    after_last = datetime.combine(span.last + timedelta(days=1), time(), EXCHANGE_ZONE)
    return Closing(first.astimezone(UTC) - _INSTANT, after_last.astimezone(UTC) - _INSTANT)


_COLUMNS = (
    "v.position, v.opened_at, v.closed_at, v.pnl::float8, v.pnl_ratio::float8, v.side, v.symbol,"
    " v.multiplier, v.entry_cost::float8, v.average_entry::float8, v.mark::float8, v.marked_at,"
    " v.executions, s.stop::float8"
)
# What a trade was posted with stays in the first version of its row, wherever it was moved to.
_STOP = (
    "LEFT JOIN LATERAL (SELECT stop FROM read.signal_feed f WHERE f.signal = v.position"
    " ORDER BY f.valid_from LIMIT 1) s ON true"
)


def trades_of(
    connection: Connection[Any], book: UUID, closing: Closing, as_of: int | None
) -> list[TradeRow]:
    """A trader's scored trades that were open in the window, as they were closed; the open ones
    at the end."""
    source, known = "read.positions v", known_at(None, "v")
    if as_of is not None:
        source, known = versions_at(of_one_book=True), "true"
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM {source} {_STOP} WHERE v.book = %(book)s AND {known} AND v.scored"
        " AND v.opened_at <= %(until)s AND (v.closed_at > %(after)s OR v.quantity <> 0)"
        " ORDER BY v.closed_at, v.position",
        {"book": book, "as_of": as_of, **closing._asdict()},
        binary=True,
        prepare=True,
    )
    return [_row(*row) for row in found]


def moved_of(
    connection: Connection[Any],
    book: UUID,
    trades: Sequence[TradeRow],
    closing: Closing,
    as_of: int | None,
) -> Moved:
    """What moved the book's ratios while these trades were open, packed by the database: row
    by row it would take longer than all the figures."""
    from domain.quant.excursions import Moved

    if not trades:
        return Moved(b"", b"", b"")
    known = "" if as_of is None else "AND event <= %(as_of)s"
    row = connection.execute(
        "SELECT string_agg(uuid_send(position), ''::bytea),"
        " string_agg(timestamptz_send(at), ''::bytea),"
        " string_agg(float8send(ratio::float8), ''::bytea)"
        " FROM read.contributions"
        f" WHERE book = %(book)s AND at >= %(first)s AND at <= %(until)s {known}",
        {
            "book": book,
            "first": min(trade.opened_at for trade in trades),
            "until": closing.until,
            "as_of": as_of,
        },
        binary=True,
        prepare=True,
    ).fetchone()
    return Moved(*(column or b"" for column in row or (b"", b"", b"")))


def _row(
    position: UUID, opened_at: datetime, closed_at: datetime | None, pnl: float, ratio: float,
    side: str, symbol: str, multiplier: int, entry_cost: float, average_entry: float | None,
    mark: float | None, marked_at: datetime | None, executions: str, stop: float | None,
) -> TradeRow:  # fmt: skip
    steps = [_step(one, side, symbol, multiplier) for one in executions_of(executions)]
    tied = sum(quantity * ties for _, quantity, _, ties in steps if quantity > 0)
    sign = Side(side).sign
    hours = 0.0
    if closed_at is not None:
        hours = (closed_at - opened_at).total_seconds() / 3600
    last = None
    if closed_at is None and mark is not None and marked_at is not None:
        last = (float(day_of(marked_at).toordinal()), mark * multiplier)
    return TradeRow(
        position, opened_at, closed_at, pnl, ratio, hours,
        _risked(sign, entry_cost, average_entry, stop, tied), sign, steps, last,
    )  # fmt: skip


def _step(
    execution: Execution, side: str, symbol: str, multiplier: int
) -> tuple[float, float, float, float]:
    price = execution.price
    if price is None:
        price = execution.assumed or Decimal(0)
    ties = price if side == Side.BUY else _risk_of(symbol).at(price)
    day = float(day_of(execution.at).toordinal())
    quantity = float(execution.quantity)
    return day, quantity, float(price) * multiplier, float(ties) * multiplier


def _risked(
    sign: int, entry_cost: float, average_entry: float | None, stop: float | None, tied: float
) -> float:
    """What would be lost from the entry to the stop; nothing known where the stop would fire at
    once or lies beyond what the trade ties up, as one that was meant for the underlying."""
    if stop is None or not average_entry:
        return 0.0
    risked = sign * (1.0 - stop / average_entry) * entry_cost
    return risked if 0.0 < risked <= tied else 0.0


@lru_cache(maxsize=4_096)
def _risk_of(symbol: str) -> SoldRisk:
    """What a sold trade of that name ties up."""
    legs = legs_of(symbol)
    return sold_risk(tuple(replace(leg, side=leg.side.opposite) for leg in legs))
