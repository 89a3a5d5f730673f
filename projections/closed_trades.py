"""Closed trades: a trader's trades of a window, with what they took, gave back and risked.

The figures of a record are made from these columns; numbers are float64 here, for there they
are no longer what someone is owed. The database packs them: row by row it would take longer
than all the figures.
"""

from __future__ import annotations

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
from domain.shared import learned
from projections.pnl import day_of
from projections.readmodel import known_at
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.excursions import Moved
    from domain.quant.held_trades import Held
    from domain.quant.series import Floats

_EARLIEST = date(1900, 1, 1)
_INSTANT = timedelta(microseconds=1)
_FIRST_DAY = date(2000, 1, 1)
"""Day 0 of packed days."""


class Closing(NamedTuple):
    """The moments of a window: after the one, up to the other."""

    after: datetime
    until: datetime


class Followed(NamedTuple):
    """A trader's scored trades that were open in a window, and the money of those that were
    closed in it or still are open: what they took and gave back, as days and flows."""

    held: Held
    days: Floats
    flows: Floats


def closing_of(span: Span) -> Closing:
    """The moments of a window of days or hours."""
    if span.since is not None:
        return Closing(span.since, span.at)
    first = datetime.combine(max(span.first, _EARLIEST), time(), EXCHANGE_ZONE)
    after_last = datetime.combine(span.last + timedelta(days=1), time(), EXCHANGE_ZONE)
    return Closing(first.astimezone(UTC) - _INSTANT, after_last.astimezone(UTC) - _INSTANT)


def _day(moment: str) -> str:
    return f"(({moment} AT TIME ZONE '{EXCHANGE_ZONE.key}')::date - DATE '{_FIRST_DAY}')"


_CLOSED = "coalesce(v.closed_at, 'infinity')"
_CLOSED_DAY = f"CASE WHEN v.closed_at IS NULL THEN {2**31 - 1} ELSE {_day('v.closed_at')} END"
# One purchase and one sale are told by their sums; others need each of their executions.
_SIMPLE = (
    "(v.side = 'buy' AND v.closed_at IS NOT NULL AND strpos(v.executions, '''number'':3') = 0)"
)
_COLUMNS = (
    "uuid_send(v.position)",
    "timestamptz_send(v.opened_at)",
    f"timestamptz_send({_CLOSED})",
    f"int4send({_day('v.opened_at')})",
    f"int4send({_CLOSED_DAY})",
    "float8send(v.pnl::float8)",
    "float8send(v.pnl_ratio::float8)",
    "float8send(v.entry_cost::float8)",
    "float8send(coalesce(v.average_entry, 0)::float8)",
    "float8send(CASE WHEN v.side = 'buy' THEN 1 ELSE -1 END)",
    f"float8send({_SIMPLE}::int)",
)
_PACKED = ", ".join(f"string_agg({column}, ''::bytea)" for column in _COLUMNS)
_WRITTEN = (
    "string_agg(concat('{''executions'':', v.executions, ',''side'':''', v.side,"
    " ''',''symbol'':''', v.symbol, ''',''unit'':', v.multiplier,"
    " ',''mark'':', coalesce(v.mark::text, 'null'),"
    f" ',''day'':', coalesce({_day('v.marked_at')}::text, 'null'),"
    " ',''closed'':', (v.closed_at IS NOT NULL)::text, '}'), ',')"
    f" FILTER (WHERE NOT {_SIMPLE} AND (v.closed_at IS NULL OR v.closed_at <= %(until)s))"
)
# A closed trade hardly ever changes: most of what was known then is the row of now, and only for
# the others an older version is looked up, which takes ten times as long for each.
_READ = (
    "position, book, side, symbol, multiplier, scored, opened_at, closed_at, quantity, executions,"
    " average_entry, entry_cost, pnl, pnl_ratio, mark, marked_at"
)
_VERSIONS_THEN = (
    f"(SELECT {_READ} FROM read.positions WHERE book = %(book)s AND {known_at(None)}"
    " AND valid_from <= %(as_of)s"
    " UNION ALL SELECT o.* FROM read.positions c CROSS JOIN LATERAL"
    f" (SELECT {_READ} FROM read.positions o WHERE o.position = c.position"
    " AND o.valid_from <= %(as_of)s ORDER BY o.valid_from DESC LIMIT 1) o"
    f" WHERE c.book = %(book)s AND {known_at(None, 'c')}"
    " AND c.valid_from > %(as_of)s AND c.began <= %(as_of)s) v"
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
) -> Followed:
    """A trader's scored trades that were open in the window."""
    from domain.quant.held_trades import Packed, unpacked
    from domain.quant.series import joined

    source, known = "read.positions v", known_at(None, "v")
    if as_of is not None:
        source, known = _VERSIONS_THEN, "true"
    row = connection.execute(
        f"SELECT {_PACKED}, {_WRITTEN} FROM {source} WHERE v.book = %(book)s AND v.scored"
        f" AND {known} AND v.opened_at <= %(until)s"
        " AND (v.closed_at > %(after)s OR v.quantity <> 0)",
        {"book": book, "as_of": as_of, **closing._asdict()},
        binary=True,
        prepare=True,
    ).fetchone()
    *packed, written = row or (None,) * (len(_COLUMNS) + 1)
    held = unpacked(Packed(*(column or b"" for column in packed)))
    days, flows = held.between(*closing).flows()
    more_days, more_flows = _flows_of(_written_of(f"[{written or ''}]".replace("'", '"')))
    return Followed(held, joined(days, more_days), joined(flows, more_flows))


def stops_of(connection: Connection[Any], book: UUID, closing: Closing) -> dict[bytes, float]:
    """The stops that trades were posted with, by the bytes of the trade's id."""
    found = connection.execute(
        _STOPS, {"book": book, "until": closing.until}, binary=True, prepare=True
    ).fetchall()
    return {signal.bytes: stop for signal, stop in found if stop is not None}


def moved_of(
    connection: Connection[Any], book: UUID, since: datetime, until: datetime, as_of: int | None
) -> Moved:
    """What moved the ratios of the book's trades between two moments."""
    from domain.quant.excursions import Moved

    known = "" if as_of is None else "AND event <= %(as_of)s"
    row = connection.execute(
        "SELECT string_agg(uuid_send(position), ''::bytea),"
        " string_agg(timestamptz_send(at), ''::bytea),"
        " string_agg(float8send(ratio::float8), ''::bytea)"
        " FROM read.contributions"
        f" WHERE book = %(book)s AND at >= %(since)s AND at <= %(until)s {known}",
        {"book": book, "since": since, "until": until, "as_of": as_of},
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


class _Written(msgspec.Struct):
    """A trade with its executions, and the mark that what is open of it is valued at."""

    executions: list[_Execution]
    side: str
    symbol: str
    unit: float
    mark: float | None
    day: int | None
    closed: bool


_written_of = msgspec.json.Decoder(learned(list[_Written]), strict=False).decode


def _flows_of(trades: list[_Written]) -> tuple[Floats, Floats]:
    """What trades took and gave back, execution by execution, as (days, flows)."""
    from domain.quant.cash_flows import Holdings, Steps, trade_flows
    from domain.quant.series import series, whole

    steps: list[tuple[float, float, float, float]] = []
    held: list[tuple[int, float, float, float]] = []
    for trade in trades:
        unit = trade.unit
        risk = None if trade.side == Side.BUY else _risk_of(trade.symbol)
        for one in trade.executions:
            price = one.claimed if one.checked is None else one.checked
            if one.corrected is not None:
                price = one.corrected
            price = (one.assumed or 0.0) if price is None else price
            tied = price if risk is None else risk.at(price)
            day = (day_of(one.at) - _FIRST_DAY).days
            steps.append((day, one.quantity, price * unit, tied * unit))
        last = nan, nan
        if not trade.closed and trade.mark is not None and trade.day is not None:
            last = trade.day, trade.mark * unit
        held.append((len(steps), 1.0 if risk is None else -1.0, *last))
    if not held:
        return series("days", ()), series("flows", ())
    ends, *rest = zip(*held, strict=True)
    return trade_flows(
        Steps(*(series("steps", column) for column in zip(*steps, strict=True))),
        Holdings(whole("ends", ends), *(series("holdings", column, gaps=True) for column in rest)),
    )


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
