"""The page of a signal: how it stands, what it rests on, what was said, and its whole story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from application.ports import NotFound
from domain.corrections import Target
from domain.terms import Changed
from interfaces.lookups import signal_named
from interfaces.pages.events import changed_of, happened_at
from interfaces.pages.timelines import timeline_of
from interfaces.pages.visiting import Look, Page, one_of
from projections.blotter import Blotter, FillRow, OrderRow, fills, orders
from projections.books import Books
from projections.corrections import CorrectionRow, Corrections, corrections
from projections.messages import Messages
from projections.position_pages import position
from projections.signal_answers import SignalAnswers, answers
from projections.signal_feed import SignalFeed, executions, signal
from projections.signal_rows import ExecutionRow, SignalRow
from projections.timeline import Timeline
from projections.trader_profiles import TraderProfiles, names_of
from projections.trail import Sought, trail

_body_of = msgspec.json.Decoder(dict[str, Any]).decode


class OrderShown(NamedTuple):
    """An order and its fills."""

    order: OrderRow
    fills: Sequence[FillRow]


class CorrectionShown(NamedTuple):
    """A correction and what it makes of what."""

    row: CorrectionRow
    changes: Sequence[Changed]


class Revision(NamedTuple):
    """What a message said from a moment on; `words` is None when it was taken away."""

    position: int
    message: UUID
    since: datetime
    words: str | None
    is_edit: bool


of_signal = one_of(
    "signal", lambda visit, key: visit.read(lambda look: signal_named(look.of(SignalFeed), key))
)
"""Of a page of the signal that the path names, if only by the beginning of its id."""


def known_signal(look: Look, stream: UUID) -> SignalRow:
    """The signal as it is or was known.

    Raises:
        NotFound: there was no such signal.
    """
    found = signal(look.of(SignalFeed), stream, as_of=look.as_of)
    if found is None:
        raise NotFound(f"there is no signal {stream}, or there was none then")
    return found


@of_signal
def signal_page(look: Look, stream: UUID) -> Page:
    """How the signal stands, and its story."""
    row, as_of = known_signal(look, stream), look.as_of
    database = look.of(
        SignalFeed, SignalAnswers, Blotter, Books, Corrections, Messages, Timeline,
        TraderProfiles,
    )  # fmt: skip
    booked = executions(database, stream, as_of=as_of)
    return Page(
        "signal.html",
        {
            "signal": row,
            "trader": names_of(database, [row.trader], as_of=as_of).get(row.trader, ""),
            "executions": booked,
            "position": position(database, stream, as_of=as_of),
            "answers": answers(database, stream, as_of=as_of),
            "orders": _orders(database, stream, as_of),
            "corrections": corrections_of(database, stream, as_of),
            "revisions": revisions(database, row, booked, as_of),
            "timeline": timeline_of(look, stream),
            "target": Target.SIGNAL,
        },
    )


def _orders(database: Connection[Any], stream: UUID, as_of: int | None) -> list[OrderShown]:
    found = orders(database, signal=stream, as_of=as_of)
    return [
        OrderShown(row, fills(database, row.order_stream, as_of=as_of)) for row in reversed(found)
    ]


def corrections_of(
    database: Connection[Any], stream: UUID, as_of: int | None
) -> list[CorrectionShown]:
    """What was asked to be put right of a record, the newest first."""
    return [
        CorrectionShown(row, [changed_of(one) for one in row.changes.split("; ") if one])
        for row in corrections(database, target_stream=stream, as_of=as_of)
    ]


def revisions(
    database: Connection[Any],
    row: SignalRow,
    booked: Sequence[ExecutionRow],
    as_of: int | None,
) -> list[Revision]:
    """Everything that the messages of a signal ever said, in the order in which it was known."""
    messages = [row.message, *(one.message for one in booked if one.message is not None)]
    found = []
    for message in dict.fromkeys(messages):
        events = trail(database, message, Sought(kinds=("message",)), as_of=as_of, descending=False)
        for event in events:
            if event.name not in ("message.captured", "message.edited", "message.deleted"):
                continue
            body = _body_of(event.body)
            found.append(
                Revision(
                    event.position,
                    message,
                    happened_at(event, body),
                    body.get("content", "") if event.name != "message.deleted" else None,
                    event.name == "message.edited",
                )
            )
    return sorted(found)
