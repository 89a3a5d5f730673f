"""Timelines: a page of a subject's story, its filters, and the way to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from interfaces.pages.asked import HAPPENED, OLDEST, RECORDED
from interfaces.pages.events import EventShown, known_ids, told
from interfaces.pages.visiting import Look
from projections.clocks import Clocks
from projections.corrections import Corrections
from projections.messages import Messages
from projections.timeline import Timeline
from projections.trail import Sought, trail

PAGE = 50

KINDS = (
    "message", "signal", "order", "exit_plan", "holding", "correction", "trader", "account",
    "stray", "risk",
)  # fmt: skip
"""What a filter offers: the first words of the events' names."""


class TimelineShown(NamedTuple):
    """A page of a story. `further` leads on, `first` back to its beginning."""

    subject: UUID
    events: Sequence[EventShown]
    known: frozenset[str]
    further: str
    first: str
    filters: dict[str, Any]


def timeline_of(look: Look, subject: UUID) -> TimelineShown:
    """The part of a subject's story that the address asks for."""
    asked = look.visit.asked
    database = look.of(Timeline, Messages, Clocks, Corrections)
    after = asked.number("after")
    rows = trail(
        database,
        subject,
        asked.sought,
        as_of=asked.as_of,
        after=after,
        limit=PAGE + 1,
        descending=asked.is_descending,
    )
    events = told(database, rows[:PAGE], as_of=asked.as_of)
    return TimelineShown(
        subject=subject,
        events=events,
        known=known_ids(database, events),
        further=asked.link(after=rows[PAGE - 1].position) if len(rows) > PAGE else "",
        first="" if after is None else asked.link(after=None),
        filters=_filters(look, asked.sought),
    )


def _filters(look: Look, sought: Sought) -> dict[str, Any]:
    asked = look.visit.asked
    others = [kind for kind in sought.kinds if kind not in KINDS]
    return {
        "kinds": [*KINDS, *others],
        "chosen": sought.kinds,
        "actor": sought.actor,
        "since": asked.text("since"),
        "before": asked.text("before"),
        "by": RECORDED if asked.text("by") == RECORDED else HAPPENED,
        "order": asked.text("order") if asked.text("order") == OLDEST else "",
        "active": bool(sought.looks_inside or sought.after or sought.until),
        "without": asked.link(
            kind=None, actor=None, since=None, before=None, by=None, order=None, after=None
        ),
    }
