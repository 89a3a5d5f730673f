"""Closed trades: a trader's trades of a window, with what they took, gave back and risked.

The figures of a record are made from these rows; numbers are float64 here, for there they are
no longer what someone is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import inf, nan
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import Connection

from domain.fix import Side
from domain.legs import legs_of, sold_risk
from domain.market import EXCHANGE_ZONE
from projections.pnl import day_of
from projections.position_pages import versions_at
from projections.readmodel import known_at
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.excursions import Moved
    from domain.quant.series import Floats

_EARLIEST = date(1900, 1, 1)
_INSTANT = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Closing(NamedTuple):
    """The moments of a window: after the one, up to the other."""

    after: datetime
    until: datetime

    def is_in(self, row: TradeRow) -> bool:
        """Whether the trade was closed in the window."""
        return row.closed_at is not None and self.after < row.closed_at <= self.until


class TradeRow(NamedTuple):
    """A scored trade that was open in the window, and what it takes to follow its money."""

    position: UUID
    opened_at: datetime
    closed_at: datetime | None
    pnl: float
    ratio: float
    side: str
    symbol: str
    multiplier: int
    entry_cost: float
    average_entry: float | None
    mark: float | None
    marked_at: datetime | None
    executions: str
    stop: float | None

    @property
    def hours(self) -> float:
        """From the first entry to the last exit."""
        if self.closed_at is None:
            return 0.0
        return (self.closed_at - self.opened_at).total_seconds() / 3600

    @property
    def risked(self) -> float:
        """USD from the entry to the stop; 0 where there is none, or where it would fire at once
        or lies beyond what the trade ties up, as one that was meant for the underlying."""
        if self.stop is None or not self.average_entry:
            return 0.0
        sign = 1.0 if self.side == Side.BUY else -1.0
        risked = sign * (1.0 - self.stop / self.average_entry) * self.entry_cost
        is_beyond = self.ratio != 0.0 and risked > self.pnl / self.ratio
        return 0.0 if risked <= 0.0 or is_beyond else risked


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
    " v.executions"
)
# What a trade was posted with stays in the first version of its row, wherever it was moved to;
# a stop that was once there is never taken away.
_STOPS = (
    "SELECT f.signal, (SELECT o.stop::float8 FROM read.signal_feed o WHERE o.signal = f.signal"
    " ORDER BY o.valid_from LIMIT 1) FROM read.signal_feed f WHERE f.trader = %(book)s"
    f" AND f.stop IS NOT NULL AND f.posted_at <= %(until)s AND {known_at(None, 'f')}"
)


def trades_of(
    connection: Connection[Any], book: UUID, closing: Closing, as_of: int | None
) -> list[TradeRow]:
    """A trader's scored trades that were open in the window, as they were closed; the open ones
    at the end."""
    given = {"book": book, "as_of": as_of, **closing._asdict()}
    source, known = "read.positions v", known_at(None, "v")
    if as_of is not None:
        source, known = versions_at(of_one_book=True), "true"
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM {source} WHERE v.book = %(book)s AND v.scored AND {known}"
        " AND v.opened_at <= %(until)s AND (v.closed_at > %(after)s OR v.quantity <> 0)",
        given, binary=True, prepare=True,
    ).fetchall()  # fmt: skip
    stops = dict(connection.execute(_STOPS, given, binary=True, prepare=True).fetchall())
    rows = [TradeRow._make((*row, stops.get(row[0]))) for row in found]
    rows.sort(key=lambda row: (row.closed_at or _NEVER, row.position.int))
    return rows


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


class _Execution(msgspec.Struct):
    """An execution as the figures need it, in float64."""

    at: datetime
    quantity: float
    claimed: float | None = None
    checked: float | None = None
    corrected: float | None = None
    assumed: float | None = None


_executions_of = msgspec.json.Decoder(list[_Execution], strict=False).decode


def flows_of(trades: Sequence[TradeRow]) -> tuple[Floats, Floats]:
    """What trades took and gave back, as (days, flows); days are ordinals of the exchange's."""
    from domain.quant.cash_flows import Holdings, Steps, trade_flows
    from domain.quant.series import series, whole

    steps: list[tuple[float, float, float, float]] = []
    held: list[tuple[int, float, float, float]] = []
    for trade in trades:
        unit = float(trade.multiplier)
        risk = None if trade.side == Side.BUY else _risk_of(trade.symbol)
        for one in _executions_of(trade.executions.replace("'", '"')):
            price = one.claimed if one.checked is None else one.checked
            if one.corrected is not None:
                price = one.corrected
            price = (one.assumed or 0.0) if price is None else price
            tied = price if risk is None else risk.at(price)
            steps.append((_ordinal(one.at), one.quantity, price * unit, tied * unit))
        last = nan, nan
        if trade.closed_at is None and trade.mark is not None and trade.marked_at is not None:
            last = _ordinal(trade.marked_at), trade.mark * unit
        held.append((len(steps), 1.0 if risk is None else -1.0, *last))
    if not held:
        return series("days", ()), series("flows", ())
    ends, *rest = zip(*held, strict=True)
    return trade_flows(
        Steps(*(series("steps", column) for column in zip(*steps, strict=True))),
        Holdings(whole("ends", ends), *(series("holdings", column, gaps=True) for column in rest)),
    )


def _ordinal(at: datetime) -> int:
    """The number of the exchange's day."""
    return at.toordinal() if at.hour >= 5 else day_of(at).toordinal()


class _Risk(NamedTuple):
    """`SoldRisk` in float64; without a bound it is infinite."""

    margin: float | None
    worst: float

    def at(self, price: float) -> float:
        """The capital at risk when one unit brings `price`."""
        if self.margin is None:
            return price
        return max(min(self.margin, self.worst - price), price)


@lru_cache(maxsize=4_096)
def _risk_of(symbol: str) -> _Risk:
    """What a sold trade of that name ties up."""
    sold = tuple(replace(leg, side=leg.side.opposite) for leg in legs_of(symbol))
    margin, worst = sold_risk(sold)
    return _Risk(None if margin is None else float(margin), inf if worst is None else float(worst))
