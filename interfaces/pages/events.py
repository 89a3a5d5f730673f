"""Events as the pages tell them: in plain words, with both times, the cause and what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.shared import learned
from domain.terms import Changed
from interfaces.pages.bodies import LABELS, Field, about, fields_of, ids_in
from interfaces.wording import event_told
from projections.clocks import WrongTimes, wrong_times
from projections.corrections import correction
from projections.explaining import first_words, message_of
from projections.timeline import TimelineEvent
from projections.trail import HAPPENED, Sought, names_at, streams_among, trail

APART = timedelta(seconds=5)
"""Times that lie closer together are not told apart."""

BRIEF, BRIEF_CHARACTERS = 4, 160

ACTORS = {"member": "person", "reaction": "automatic", "broker": "broker"}

_body_of = msgspec.json.Decoder(dict[str, Any]).decode


class Apart(NamedTuple):
    """How long after it happened an event was recorded, in words."""

    words: str
    is_before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventShown:
    """An event with all that a page says of it."""

    event: TimelineEvent
    title: str
    about: str
    who: str
    kind_of_actor: str
    happened_at: datetime
    apart: Apart | None
    off_ms: Decimal | None
    """How far a clock was off, in ms, that is known to have been wrong when it was recorded."""
    cause: str
    """The name of the event that led to it."""
    summary: str
    fields: Sequence[Field]
    words: str
    """What the message said that it came of."""
    changes: Sequence[Changed]
    """What a correction made of what: old and new."""


def title_of_event(name: str) -> str:
    """The stored name as people say it: `Signal price checked`."""
    return name.replace(".", " ").replace("_", " ").capitalize()


def happened_at(event: TimelineEvent, body: Mapping[str, Any]) -> datetime:
    """When it was true in the world, as the body says it; else when it was recorded."""
    for name in HAPPENED:
        if body.get(name):
            return datetime.fromisoformat(body[name])
    return event.recorded_at


def told(
    connection: Connection[Any], events: Sequence[TimelineEvent], *, as_of: int | None
) -> list[EventShown]:
    """The events of a page, each with what belongs to it, by a few queries for all of them."""
    wrong = wrong_times(connection, as_of=as_of)
    causes = names_at(connection, {e.causation for e in events if e.causation is not None})
    messages = {e.position: message_of(e.body) for e in events if not _is_said(e.name)}
    said = first_words(connection, {message for message in messages.values() if message})
    reworded = {e.position: _reworded(connection, e, as_of) for e in events}
    return [
        _told(
            event,
            wrong,
            "" if event.causation is None else causes.get(event.causation, ""),
            reworded[event.position] or said.get(messages.get(event.position), ""),
            changes_of(connection, event, as_of),
        )
        for event in events
    ]


def _is_said(name: str) -> bool:
    """Whether the event has the words itself."""
    return name in ("message.captured", "message.edited")


class _Revised(msgspec.Struct):
    message: UUID | None = None
    revision: int | None = None


_revised = msgspec.json.Decoder(learned(_Revised)).decode


def _reworded(connection: Connection[Any], event: TimelineEvent, as_of: int | None) -> str:
    """What the message says in the revision that the event came of; empty if it was not edited."""
    try:
        found = _revised(event.body)
    except msgspec.ValidationError:
        # Some events call something else so.
        return ""
    if found.message is None or not found.revision:
        return ""
    edits = trail(
        connection, found.message, Sought(kinds=("message.edited",)), as_of=as_of,
        limit=found.revision, descending=False,
    )  # fmt: skip
    if len(edits) < found.revision:
        return ""
    return str(_body_of(edits[-1].body).get("content", ""))


def brief(fields: Sequence[Field]) -> str:
    """The first plain fields of a body, for events of which nothing else is told."""
    plain = [
        f"{field.label} {field.shown.text}"
        for field in fields
        if field.shown.kind in ("text", "number", "usd", "symbol") and field.name not in LABELS
    ]
    return ", ".join(plain[:BRIEF])[:BRIEF_CHARACTERS]


def _told(
    event: TimelineEvent,
    wrong: WrongTimes,
    cause: str,
    words: str,
    changes: Sequence[Changed],
) -> EventShown:
    body = _body_of(event.body)
    happened = happened_at(event, body)
    prefix, _, name = event.actor.partition(":")
    is_said = _is_said(event.name)
    fields = fields_of(event.name, body)
    return EventShown(
        event=event,
        title=title_of_event(event.name),
        about=about(event.name),
        who=(name if prefix != "reaction" else name.replace("_", " ")) or event.actor,
        kind_of_actor=ACTORS.get(prefix, prefix if name else ""),
        happened_at=happened,
        apart=_apart(happened, event.recorded_at),
        off_ms=wrong.off_ms(event.recorded_at),
        cause=title_of_event(cause) if cause else "",
        summary="" if is_said else event_told(event) or brief(fields),
        fields=fields,
        words=str(body.get("content", "")) if is_said else words,
        changes=changes,
    )


def _apart(happened: datetime, recorded: datetime) -> Apart | None:
    late = recorded - happened
    if abs(late) <= APART:
        return None
    return Apart(lasting(abs(late)), late < timedelta())


def lasting(span: timedelta) -> str:
    """A length of time in its two largest units: `3 d 4 h`, `2 min 5 s`."""
    seconds = int(span.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    first = next((at for at, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count:,} {unit}" for count, unit in units[first : first + 2] if count)


def changes_of(
    connection: Connection[Any], event: TimelineEvent, as_of: int | None
) -> Sequence[Changed]:
    """What a correction, or what came of one, says that was recorded and what it became."""
    own = _own_changes(event.body)
    if own.changes:
        return own.changes
    stream = own.correction or (event.stream if event.name.startswith("correction.") else None)
    row = None if stream is None else correction(connection, stream, as_of=as_of)
    if row is None:
        return ()
    return [changed_of(one) for one in row.changes.split("; ") if one]


def changed_of(text: str) -> Changed:
    """What a row keeps as `price 2.00 -> 2.05`."""
    named, _, now = text.rpartition(" -> ")
    field, _, was = named.partition(" ")
    return Changed(field=field, was="" if was == "none" else was, now="" if now == "none" else now)


class _Changing(msgspec.Struct):
    changes: tuple[Changed, ...] = ()
    correction: UUID | None = None


_changing = msgspec.json.Decoder(learned(_Changing)).decode


def _own_changes(body: bytes) -> _Changing:
    try:
        return _changing(body)
    except msgspec.ValidationError:
        # Some events call something else so.
        return _Changing()


def known_ids(connection: Connection[Any], events: Sequence[EventShown]) -> frozenset[str]:
    """The ids named by these events that are streams of the tape, so that a link leads there."""
    named = {each for shown in events for each in ids_in(shown.fields)}
    named |= {one.event.correlation for one in events if one.event.correlation is not None}
    found = streams_among(connection, named | {one.event.stream for one in events})
    return frozenset(map(str, found))
