"""`/why`: the events behind a number: of a signal, an order, a holding, an account, a trader.

What an event moved stands beside it, with the sum up to it and the words of its message; the
number that is shown is held against that sum. A trader's return is the sum of what their trades
moved, so it is told trade by trade, each with its events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from discord import app_commands
from psycopg import Connection

from application.ports import ApplicationError, NotFound
from domain.accounts import account_stream
from domain.shared import DomainError, InvalidInput
from interfaces.compose import House
from interfaces.discord.members import called
from interfaces.discord.slash.answers import (
    PAGE_ROWS,
    Answer,
    Question,
    listing,
    packed,
    page_of,
    place,
    place_of,
    plain,
    unpacked,
)
from interfaces.discord.slash.asking import Interaction
from interfaces.discord.slash.choices import subject_choices
from interfaces.discord.slash.pages import look, page
from interfaces.discord.slash.positions import position_line
from interfaces.discord.slash.then import AS_OF, Then
from interfaces.lookups import holding_named, record_named, trader_named
from interfaces.wording import event_told, money, percent
from projections.accounts import accounts
from projections.explaining import (
    Explained,
    Step,
    explain_trade,
    first_words,
    message_of,
    sum_record,
)
from projections.pnl import ContributionLine
from projections.position_pages import contributions, position, positions
from projections.timeline import TimelineEvent, timeline
from projections.trader_profiles import names_of

NOUN = "why"
TRADER, STORY, HOLDING = "t", "s", "h"
FIGURES = ("trade's return", "position", "return", "day")
EVENTS_SHOWN = 6
WORDS_MAX = 100


def why_answer(connection: Connection[Any], subject: str, as_of: int | None = None) -> Answer:
    """The first page of what is behind a subject's numbers.

    Raises:
        NotFound, InvalidInput: nothing, or too much, goes by the words.
    """
    kind, stream = subject_named(connection, subject)
    return _of(connection, kind, stream, (), as_of)


@page(NOUN)
def turned(_: House, connection: Connection[Any], parts: Sequence[str], then: Then) -> Answer:
    """The page that a button asks for."""
    kind, stream, *after = parts
    found = unpacked(stream)
    if found is None:
        raise InvalidInput("this button is of another version: ask again")
    return _of(connection, kind, found, after, then.position)


def subject_named(connection: Connection[Any], text: str) -> tuple[str, UUID]:
    """What a person names: an account, a trader, a holding of an account, a signal or an order.

    Raises:
        NotFound, InvalidInput: nothing, or too much, goes by the words.
    """
    words = text.strip()
    if any(row.name == words for row in accounts(connection)):
        return STORY, account_stream(words)
    try:
        return TRADER, trader_named(connection, words)
    except ApplicationError as error:
        nobody = error
    for kind, named in ((STORY, signal_or_order), (HOLDING, holding_named)):
        try:
            return kind, named(connection, words)
        except (ApplicationError, DomainError):
            continue
    raise nobody


def signal_or_order(connection: Connection[Any], text: str) -> UUID:
    """The signal or order whose id begins with these characters.

    Raises:
        NotFound, InvalidInput: none does, or several do.
    """
    return record_named(connection, text)[1]


def _of(
    connection: Connection[Any], kind: str, stream: UUID, after: Sequence[str], as_of: int | None
) -> Answer:
    match kind:
        case "t":
            return trades_answer(connection, stream, after, as_of)
        case "h":
            return holding_answer(connection, stream, after, as_of)
        case _:
            return story_answer(connection, stream, after, as_of)


def trades_answer(
    connection: Connection[Any], trader: UUID, after: Sequence[str], as_of: int | None = None
) -> Answer:
    """A trader's trades, each with the events that moved it."""
    moment, last = after if len(after) == 2 else ("", "")
    rows, more = page_of(
        positions(
            connection,
            book=trader,
            as_of=as_of,
            after=place_of(moment, last),
            limit=PAGE_ROWS // 2 + 1,
        ),
        PAGE_ROWS // 2,
    )
    lines = []
    if rows and not last:
        record, count = sum_record(connection, trader, as_of=as_of)
        lines.append(_held_against(record, count))
    for row in rows:
        moved = contributions(connection, row.position, as_of=as_of)
        lines.append(f"{position_line(row)}\n{_events(moved)}")
    name = names_of(connection, [trader]).get(trader, "")
    asked = (TRADER, packed(trader))
    return Answer(
        [
            listing(
                f"What {plain(name)}'s figures are made of",
                lines,
                empty="no trades yet",
                note="a day's return is a share of what each scored trade moved that day",
            )
        ],
        FIGURES,
        first=Question(NOUN, (*asked, "", "")) if last else None,
        further=Question(NOUN, (*asked, *place(rows[-1].opened_at, rows[-1].position)))
        if more
        else None,
    )


def story_answer(
    connection: Connection[Any], stream: UUID, after: Sequence[str], as_of: int | None = None
) -> Answer:
    """The events of a signal, an order or an account, the first ones first, with what each moved.

    Raises:
        NotFound: nothing happened to it.
    """
    last = int(after[0]) if after and after[0] else None
    events, more = page_of(
        timeline(connection, stream, as_of=as_of, after=last, limit=PAGE_ROWS + 1, descending=False)
    )
    if not events and last is None:
        then = "" if as_of is None else f" at position {as_of} of the tape"
        raise NotFound(f"nothing was on record of {stream}{then}")
    held, explained, head = position(connection, stream, as_of=as_of), None, []
    if held is not None:
        explained = explain_trade(connection, stream, as_of=as_of)
    moved: dict[int, list[Step]] = {}
    for step in () if explained is None else explained.steps:
        moved.setdefault(step.cause.position, []).append(step)
    if held is not None and explained is not None and last is None:
        head = [position_line(held), _held_against(explained, len(explained.steps)), ""]
    words = _words_of(connection, events)
    return Answer(
        [
            listing(
                f"Why: {str(stream)[:8]}",
                [
                    *head,
                    *(
                        _event_line(event, words[event.position], moved.get(event.position, ()))
                        for event in events
                    ),
                ],
                empty="nothing further",
                note="numbers are positions on the tape; all times are UTC",
            )
        ],
        FIGURES if moved else (),
        first=Question(NOUN, (STORY, packed(stream), "")) if last is not None else None,
        further=Question(NOUN, (STORY, packed(stream), str(events[-1].position))) if more else None,
    )


def holding_answer(
    connection: Connection[Any], stream: UUID, after: Sequence[str], as_of: int | None = None
) -> Answer:
    """What each event moved of an account's holding.

    Raises:
        NotFound: there is no such holding.
    """
    held = position(connection, stream, as_of=as_of)
    explained = explain_trade(connection, stream, as_of=as_of)
    if held is None or explained is None:
        then = "" if as_of is None else f" at position {as_of} of the tape"
        raise NotFound(f"there was no position {stream}{then}")
    begin = int(after[0]) if after and after[0] else 0
    moved = explained.steps
    lines = [_step_line(step) for step in moved[begin : begin + PAGE_ROWS]]
    asked = (HOLDING, packed(stream))
    rest = begin + PAGE_ROWS
    return Answer(
        [
            listing(
                f"Why: {str(stream)[:8]}",
                [position_line(held), _held_against(explained, len(moved)), "", *lines],
                empty="nothing moved it",
                note="numbers are positions on the tape; all times are UTC",
            )
        ],
        FIGURES,
        first=Question(NOUN, (*asked, "")) if begin else None,
        further=Question(NOUN, (*asked, str(rest))) if rest < len(moved) else None,
    )


def _held_against(found: Explained, count: int) -> str:
    """Whether the events make the P&L that is shown."""
    shown, made = money(found.shown, sign=True), money(found.made, sign=True)
    steps = f"{count:,} {'step' if count == 1 else 'steps'}"
    if not found.agrees:
        return f"⚠ {steps} make P&L **{made}**, and {shown} is shown: see `truetape replay`"
    counted = "" if found.share is None else f" ({percent(found.share)} of the dollars count)"
    return f"P&L **{shown}**{counted}: made again from {steps}, and the same"


def _words_of(connection: Connection[Any], events: Sequence[TimelineEvent]) -> dict[int, str]:
    """What was said in the message of each of these events; empty where it came of none."""
    messages = {event.position: message_of(event.body) for event in events}
    said = first_words(connection, {one for one in messages.values() if one is not None})
    return {at: said.get(message, "") for at, message in messages.items()}


def _event_line(event: TimelineEvent, words: str, moved: Sequence[Step]) -> str:
    by = plain(called(event.actor))
    line = f"`{event.position}` {event.recorded_at:%m-%d %H:%M:%S} **{event.name}** by {by}"
    said = [f'"{plain(words, WORDS_MAX)}"'] if words else []
    parts = (line, plain(event_told(event), 160), *said, *map(_moved, moved))
    return " · ".join(filter(None, parts))


def _step_line(step: Step) -> str:
    cause = step.cause
    said = f' · "{plain(cause.words, WORDS_MAX)}"' if cause.words else ""
    return (
        f"`{cause.position}` {step.at:%m-%d %H:%M} **{cause.name}** {_moved(step)} · "
        f"by {plain(called(cause.actor))}{said}"
    )


def _moved(step: Step) -> str:
    moved, total = money(step.moved, sign=True), money(step.total, sign=True)
    # What an account holds has no ratio: its return is of the whole account.
    ratio = "" if step.moved and not step.ratio else f" ({percent(step.ratio)})"
    return f"P&L {moved}{ratio}, sum {total}"


def _events(moved: Sequence[ContributionLine]) -> str:
    """The events of a trade in a line: the last ones, and how many there are before."""
    if not moved:
        return "no event moved it yet"
    told = ", ".join(
        f"`{line.event}` {money(line.pnl, sign=True)}" for line in moved[-EVENTS_SHOWN:]
    )
    before = len(moved) - EVENTS_SHOWN
    return f"by events {told}" + (f" and {before} before" if before > 0 else "")


@app_commands.command(name=NOUN, description="The events behind a number")
@app_commands.describe(
    what="A trader, or the first characters of a signal's, position's or order's id", as_of=AS_OF
)
@app_commands.autocomplete(what=subject_choices)
@app_commands.guild_only()
async def why(interaction: Interaction, what: str, as_of: str = "") -> None:
    """Answers `/why`."""
    await look(interaction, as_of, lambda _, c, then: why_answer(c, what, then.position))
