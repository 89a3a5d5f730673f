"""Changes: which rows moved between two positions of the tape, found by the events there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Connection

from projections.blotter import Blotter, OrderRow
from projections.readmodel import known_at
from projections.shape import Row, Shape
from projections.signal_feed import SignalFeed
from projections.signal_rows import SignalRow

AnyRow = TypeVar("AnyRow", bound=Row)

_SIGNALS = SignalFeed().signals.shape
_ORDERS = Blotter().orders.shape

_SIGNAL_EVENTS = """
SELECT stream FROM tape.events
WHERE position > %(after)s AND position <= %(upto)s AND name LIKE 'signal.%%'
UNION
SELECT o.signal FROM tape.events e JOIN read.blotter o ON o.order_stream = e.stream
WHERE e.position > %(after)s AND e.position <= %(upto)s AND e.name LIKE 'order.%%'
AND o.valid_from <= %(upto)s AND %(upto)s < o.valid_to AND o.signal IS NOT NULL
"""
_POSTED_EVENTS = """
SELECT stream FROM tape.events
WHERE position > %(after)s AND position <= %(upto)s AND name = 'signal.posted'
"""
_ORDER_EVENTS = """
SELECT stream FROM tape.events
WHERE position > %(after)s AND position <= %(upto)s AND name LIKE 'order.%%'
"""


def changed_signals(
    connection: Connection[Any],
    after: int,
    upto: int,
    *,
    posted_only: bool = False,
    signal: UUID | None = None,
    trader: UUID | None = None,
    channel: str | None = None,
) -> list[SignalRow]:
    """The signals that something happened to, as known at `upto`, the last changed last."""
    events = _POSTED_EVENTS if posted_only else _SIGNAL_EVENTS
    wanted = {"signal": signal, "trader": trader, "channel": channel}
    return _changed(connection, _SIGNALS, "signal", events, after, upto, wanted)


def changed_orders(
    connection: Connection[Any], after: int, upto: int, *, account: str | None = None
) -> list[OrderRow]:
    """The orders that something happened to, as known at `upto`, the last changed last."""
    wanted = {"account": account}
    return _changed(connection, _ORDERS, "order_stream", _ORDER_EVENTS, after, upto, wanted)


def _changed(
    connection: Connection[Any],
    shape: Shape[AnyRow],
    key: str,
    events: str,
    after: int,
    upto: int,
    wanted: Mapping[str, Any],
) -> list[AnyRow]:
    asked = {name: value for name, value in wanted.items() if value is not None}
    conditions = [
        f"{key} IN ({events})",
        known_at(upto),
        *(f"{name} = %({name})s" for name in asked),
    ]
    rows = connection.execute(
        f"SELECT {shape.column_list} FROM {shape.view} WHERE {' AND '.join(conditions)}"
        f" ORDER BY valid_from, {key}",
        {**asked, "after": after, "upto": upto, "as_of": upto},
        binary=True,
    )
    return [shape.made_of(row) for row in rows.fetchall()]
