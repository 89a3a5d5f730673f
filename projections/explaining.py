"""Explaining: a figure made again from the events behind it, step by step.

What the events moved is summed anew and held against the figure that is shown: a trade's P&L is
the sum of what each event moved of it, a record's the sum over its trades; a return is made day
by day from what the scored trades moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.executions import counted_share
from domain.ranking import Rules
from domain.shared import cents, learned
from domain.standings import ONE, day_return, grown, window_return
from projections.opening import opened, opened_actor
from projections.pnl import BookDay, ContributionLine, day_of
from projections.position_pages import book_days, position
from projections.positions import executions_of
from projections.ranking_rules import rules_on

ZERO = Decimal(0)
TWO_DAYS = timedelta(days=2)


class Cause(NamedTuple):
    """An event on the tape: what, by whom, when, and the message that it came of."""

    position: int
    name: str
    actor: str
    recorded_at: datetime
    message: UUID | None
    words: str | None
    """What the message said when it was posted."""


class Step(NamedTuple):
    """What an event moved of a trade, in USD, and the sum up to it. `at` is when it counts."""

    cause: Cause
    trade: UUID
    at: datetime
    moved: Decimal
    ratio: Decimal
    total: Decimal


class DayStep(NamedTuple):
    """A day of a return: what the scored trades moved, the share of NAV that each was given, what
    that made, and the NAV index after it."""

    day: date
    contribution: Decimal
    nav_fraction: Decimal
    day_return: Decimal
    nav: Decimal


class Explained(NamedTuple):
    """A figure as it is shown, and as its steps make it."""

    figure: str
    shown: Decimal
    made: Decimal
    steps: Sequence[Step]
    days: Sequence[DayStep] = ()
    share: Decimal | None = None
    """How much of a trade's dollars counts, where less stood at the quotes of its entries than was
    posted; None for all of them."""

    @property
    def agrees(self) -> bool:
        """Whether the steps make what is shown."""
        return self.shown == self.made


def explain_trade(
    connection: Connection[Any], trade: UUID, *, as_of: int | None = None
) -> Explained | None:
    """The P&L of a trade, without commission; None if there is no such trade."""
    row = position(connection, trade, as_of=as_of)
    if row is None:
        return None
    share = counted_share(executions_of(row.executions))
    shown = row.pnl if share is None else cents(row.pnl * share)
    lines = _lines(connection, "c.position = %(trade)s", {"trade": trade}, as_of)
    return Explained("pnl", shown, *_summed(connection, lines), share=share)


def explain_pnl(
    connection: Connection[Any], book: UUID, first: date, last: date, *, as_of: int | None = None
) -> Explained:
    """The P&L of a record over some days, without commission."""
    days = book_days(connection, book, first, last, as_of=as_of)
    lines = _lines_of_days(connection, book, first, last, as_of)
    made, steps = _summed(connection, lines)
    return Explained("pnl", sum((day.pnl for day in days), ZERO), made, steps)


def sum_record(
    connection: Connection[Any], book: UUID, *, as_of: int | None = None
) -> tuple[Explained, int]:
    """The P&L of a whole record, without its steps, and how many those are."""
    days = book_days(connection, book, date.min, date.max, as_of=as_of)
    known = "" if as_of is None else " AND event <= %(as_of)s"
    row = connection.execute(
        "SELECT coalesce(sum(pnl), 0), count(*) FROM read.contributions"
        f" WHERE book = %(book)s{known}",
        {"book": book, "as_of": as_of},
    ).fetchone()
    made, count = (ZERO, 0) if row is None else row
    return Explained("pnl", sum((day.pnl for day in days), ZERO), made, ()), count


def moved_between(
    connection: Connection[Any],
    *,
    after: int,
    until: int,
    book: UUID | None = None,
    trade: UUID | None = None,
) -> list[Step]:
    """What the events after a position and up to another moved of a record, or of a trade."""
    where = "c.book = %(book)s" if trade is None else "c.position = %(trade)s"
    given = {"book": book, "trade": trade, "after": after}
    lines = _lines(connection, f"{where} AND c.event > %(after)s", given, until)
    _, steps = _summed(connection, lines)
    return steps


def explain_return(
    connection: Connection[Any], book: UUID, first: date, last: date, *, as_of: int | None = None
) -> Explained:
    """The return of a trader's record over some days: the NAV index at the end over its start,
    less 1, made from what the scored trades moved on each day."""
    days = book_days(connection, book, date.min, last, as_of=as_of)
    before = [day for day in days if day.day < first]
    within = [day for day in days if day.day >= first]
    begin = before[-1].nav if before else ONE
    lines = _lines_of_days(connection, book, first, last, as_of)
    _, steps = _summed(connection, lines)
    made_days = list(_days(lines, begin, lambda day: rules_on(connection, day, as_of)))
    made = window_return(begin, made_days[-1].nav if made_days else begin)
    shown = window_return(begin, _last_nav(within, begin))
    return Explained("return", shown, made, steps, made_days)


def _last_nav(days: Sequence[BookDay], begin: Decimal) -> Decimal:
    return days[-1].nav if days else begin


def _days(
    lines: Iterable[ContributionLine], begin: Decimal, rules: Callable[[date], Rules]
) -> Iterable[DayStep]:
    """The days on which something moved, in order, each made from its events."""
    nav = begin
    ordered = sorted(lines, key=lambda line: day_of(line.at))
    for day, moved in groupby(ordered, key=lambda line: day_of(line.at)):
        contribution = sum((line.ratio for line in moved), ZERO)
        if not contribution:
            continue
        fraction = rules(day).nav_fraction
        made = day_return(fraction, contribution)
        nav = grown(nav, made)
        yield DayStep(day, contribution, fraction, made, nav)


def _lines_of_days(
    connection: Connection[Any], book: UUID, first: date, last: date, as_of: int | None
) -> list[ContributionLine]:
    # An exchange's day ends up to five hours after the UTC day of the same date.
    given = {"book": book, "from": first, "to": min(last, date.max - TWO_DAYS) + TWO_DAYS}
    where = "c.book = %(book)s AND c.at >= %(from)s AND c.at < %(to)s"
    found = _lines(connection, where, given, as_of)
    return [line for line in found if first <= day_of(line.at) <= last]


def _lines(
    connection: Connection[Any], where: str, given: Mapping[str, Any], as_of: int | None
) -> list[ContributionLine]:
    known = "" if as_of is None else " AND c.event <= %(as_of)s"
    rows = connection.execute(
        f"""
SELECT c.event, c.position, c.time, c.at, c.book, c.cause, c.ratio, c.pnl, c.commission
FROM read.contributions c WHERE {where}{known} ORDER BY c.event, c.position, c.time, c.at
""",
        {**given, "as_of": as_of},
        binary=True,
    ).fetchall()
    return [ContributionLine(**dict(zip(_FIELDS, row, strict=True))) for row in rows]


_FIELDS = ("event", "position", "time", "at", "book", "cause", "ratio", "pnl", "commission")


def _summed(
    connection: Connection[Any], lines: Sequence[ContributionLine]
) -> tuple[Decimal, list[Step]]:
    causes = _causes(connection, {line.event for line in lines})
    total, steps = ZERO, []
    for line in lines:
        total += line.pnl
        steps.append(Step(causes[line.event], line.position, line.at, line.pnl, line.ratio, total))
    return total, steps


def _causes(connection: Connection[Any], events: Iterable[int]) -> dict[int, Cause]:
    """The events at these positions; a message is named in the body of what came of it."""
    rows = connection.execute(
        "SELECT position, name, actor, recorded_at, body FROM tape.events"
        " WHERE position = ANY(%(events)s)",
        {"events": sorted(events)},
        binary=True,
    ).fetchall()
    messages = {row[0]: message_of(row[4]) for row in rows}
    said = first_words(
        connection, {message for message in messages.values() if message is not None}
    )
    return {
        at: Cause(
            at,
            name,
            opened_actor(connection, actor),
            recorded_at,
            messages[at],
            said.get(messages[at]),
        )
        for at, name, actor, recorded_at, _ in rows
    }


class _Source(msgspec.Struct):
    message: UUID | None = None


class _Body(msgspec.Struct):
    source: _Source | None = None
    message: UUID | None = None


class _Words(msgspec.Struct):
    content: str = ""


_decode = msgspec.json.Decoder(learned(_Body)).decode
_words_of = msgspec.json.Decoder(learned(_Words)).decode


def message_of(body: bytes) -> UUID | None:
    """The message that an event came of, as its body names it."""
    try:
        found = _decode(body)
    except msgspec.ValidationError:
        # Some events call something else so.
        return None
    return found.message or (found.source.message if found.source else None)


def first_words(connection: Connection[Any], messages: Collection[UUID]) -> dict[UUID | None, str]:
    """What messages said first: the words stay on the tape."""
    rows = connection.execute(
        "SELECT e.name, e.body, e.stream, e.version FROM tape.streams s"
        " JOIN tape.events e ON e.position = s.first_position"
        " WHERE s.stream = ANY(%(messages)s)",
        {"messages": list(messages)},
        binary=True,
    ).fetchall()
    return {row[2]: _words_of(opened(connection, *row)).content for row in rows}
