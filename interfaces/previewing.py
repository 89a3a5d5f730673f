"""Previewing: what a correction would move, found out without storing anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from application.correcting import Change, rehearsed, rehearsed_approval
from application.desk import Command, Work
from application.ports import ApplicationError, Conflict
from domain.shared import DomainError
from interfaces.compose import House
from projections.previews import Foreseen, Move, foreseen, largest
from projections.shadow import CannotForesee, Unrecorded
from projections.windows import Span, Window, span_of

FIRST_SESSION = date(2015, 1, 1)


def preview(house: House, what: Change | UUID, by: str) -> Foreseen:
    """What a change that somebody would ask for, or the correction that is asked for under an
    id, would move.

    Raises:
        NotFound, InvalidInput, Impossible: there is no such record, or the correction is none.
        Conflict: a read model stands still, so that nothing can be told.
    """
    now = house.clock.now()
    command = Command.given(uuid4(), actor=f"member:{by}", at=now)
    if isinstance(what, UUID):
        work = rehearsed_approval(house.desk, command, what)
    else:
        work = rehearsed(house.desk, command, what, by)
    spans = [span_of(window, now) for window in Window]
    with house.scratch() as connection:
        try:
            return foreseen(
                connection,
                house.reading,
                lambda head: _events(work, command, head),
                [(span, _sessions(house, span)) for span in spans],
            )
        except CannotForesee as error:
            raise Conflict(str(error)) from error


def told(move: Move) -> str:
    """`Nora 30d rank: 3 -> 1`."""
    words = " ".join(filter(None, (move.name, move.window, move.figure.replace("_", " "))))
    return f"{words}: {tidy(move.before)} -> {tidy(move.after)}"


def tidy(figure: str | None) -> str:
    """A figure without the zeros that its precision adds."""
    if figure is None:
        return "none"
    try:
        value = Decimal(figure)
    except ArithmeticError:
        return figure
    return f"{value.normalize():f}" if "." in figure else figure


def largest_told(house: House, correction: UUID, most: int = 5) -> list[str]:
    """What people look at first of what a correction that was asked for would move; or why that
    cannot be told.

    Raises:
        Unavailable: the database did not answer.
    """
    try:
        moves = preview(house, correction, "whoever approves").moves
    except (DomainError, ApplicationError) as error:
        return [str(error)]
    lines = [told(move) for move in largest(moves, most)]
    more = len(moves) - len(lines)
    return [*lines, f"and {more} more"] if more else lines or ["no figure moves"]


def _events(work: Work, command: Command, head: int) -> Sequence[Unrecorded]:
    """What was decided as it would lie behind the head of the tape."""
    work.save(command)
    events = [event for batch in work.hand_over() for event in batch.events]
    return [
        Unrecorded(
            position=head + place,
            stream=UUID(str(one.originator_id)),
            version=one.originator_version,
            name=one.topic,
            body=one.state,
        )
        for place, one in enumerate(events, start=1)
    ]


def _sessions(house: House, span: Span) -> Sequence[date]:
    return tuple(house.calendar.session_dates(max(span.first, FIRST_SESSION), span.last))
