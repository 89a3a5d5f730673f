"""Unbooked: why a message is in nobody's book, said to its author in plain words."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.grammar.reading import Kind
from interfaces.discord.members import called
from interfaces.discord.slash.answers import plain, short
from interfaces.wording import amount, moment, price
from projections.messages import MessageRow, fixes_of
from projections.messages import message as message_row
from projections.signal_feed import executions_said
from projections.signal_feed import signal as signal_row
from projections.signal_rows import ExecutionRow
from projections.timeline import timeline

EDITED = "edited"
"""The kind of what an edit would have booked, had it been said first."""

WHY_MAX = 600

_PURSUED = frozenset(
    {*(kind.value for kind in (Kind.OPEN, Kind.ADD, Kind.TRIM, Kind.CLOSE, Kind.UPDATE,
                               Kind.CORRECTION)), EDITED}
)  # fmt: skip
"""What people say to have it booked. Conditions, ideas, recaps and talk are nobody's slip, and
what is called off needs no booking."""

_HARMLESS = ("it repeats the entry of", "it says how a trade stands", "nothing is done in it")
"""How reasons begin for which nothing is lost: it is booked already, or there is nothing to."""

_MISSING = {
    "action": "what was done: BTO or STO opens, STC or BTC closes",
    "symbol": "the ticker, as the market lists it",
    "strike": "the strike, such as 250c",
    "right": "whether it is a call or a put, such as 250c or 250p",
    "expiry": "the expiry, such as 11/20",
    "price": "the price per share, such as @ 2.30",
    "stop": "the stop as a price",
    "quantity": "how many",
    "legs": "each contract of it, with its strike and expiry",
    "strategy": "one order for each contract, or the name of the spread",
    "contract": "the contract, with strike and expiry, or that it is shares",
    "open position": "something open that it could close: nothing of yours fits it in this channel",
    "which position": "which of your open positions it is about: name the contract",
    "confirmation": "plain words of an order, so that nobody takes it for talk",
}


class Reply(NamedTuple):
    """What the author of a message is told, and whether they can still put it right."""

    words: str
    fixable: bool = False


def reply_of(connection: Connection[Any], message: UUID) -> Reply | None:
    """What is to be said of a message by now; None if there is nothing to say."""
    row = message_row(connection, message)
    if row is None:
        return None
    if row.deleted_at is not None:
        return Reply("The message is gone. Nothing of it was booked here.")
    fixes = fixes_of(connection, message)
    for fix in fixes:
        if said := booked_of(connection, fix.message):
            not_had = _not_had(connection, fix.message)
            return Reply(f"**Booked** after a fix at {moment(fix.posted_at)} UTC: {said}.{not_had}")
    own = executions_said(connection, message)
    if is_told(row):
        said = "A part of this was **not booked**" if own else "This was **not booked**"
        latest = fixes[0] if fixes and fixes[0].unbooked_kind else None
        return Reply(f"{said}{_why(row)}{_in_vain(latest)}{_advice(row)}", fixable=True)
    not_had = _not_had(connection, message).strip()
    return Reply(not_had) if not_had else None


def is_told(row: MessageRow) -> bool:
    """Whether the author of a message that is not booked wants to know."""
    if row.unbooked_kind not in _PURSUED:
        return False
    return not row.unbooked_why.startswith(_HARMLESS)


def booked_by(connection: Connection[Any], message: UUID) -> MessageRow | None:
    """What put a message right already."""
    return next(
        (fix for fix in fixes_of(connection, message) if booked_of(connection, fix.message)), None
    )


def lacking(missing: str) -> list[str]:
    """What a message lacks, each in words that say how to give it."""
    return [_MISSING.get(slot, slot) for slot in missing.split(", ") if slot]


def became_of(connection: Connection[Any], message: UUID) -> str:
    """What was booked of a message, or why nothing was; empty before it is read."""
    if booked := booked_of(connection, message):
        return f"Booked: {booked}."
    row = message_row(connection, message)
    if row is None or not row.unbooked_kind:
        return ""
    return f"Not booked either{_why(row)}"


def _why(row: MessageRow) -> str:
    why = plain(called(row.unbooked_why), WHY_MAX)
    lacks = "".join(f"\n- {words}" for words in lacking(row.unbooked_missing))
    reason = f": {why}." if why else "."
    return f"{reason}\nIt needs:{lacks}" if lacks else reason


def _in_vain(fix: MessageRow | None) -> str:
    return (
        "" if fix is None else f"\nThe fix of {moment(fix.posted_at)} UTC was not either{_why(fix)}"
    )


def _advice(row: MessageRow) -> str:
    if row.unbooked_kind == Kind.CORRECTION.value:
        return (
            "\nTo put an earlier message right, edit that one: an admin decides what becomes of "
            "its trade. Or press **Fix** and say the whole order."
        )
    if row.unbooked_kind == EDITED:
        return (
            "\nWhat was said first counts, so an edit books nothing. Press **Fix** to say it as a "
            "new message, which counts from then on."
        )
    return "\nPress **Fix** to say it again; it counts from then on."


def booked_of(connection: Connection[Any], message: UUID) -> str:
    """What was booked of a message, in a few words for each trade; empty if nothing was."""
    said = []
    for one in executions_said(connection, message):
        at = "" if one.claimed_px is None else f" at {price(one.claimed_px)}"
        of = _named(connection, one.signal)
        said.append(f"{one.kind.value} {amount(one.quantity)}{of}{at}, signal {short(one.signal)}")
    if said:
        return "; ".join(said)
    for event in timeline(connection, message):
        if event.name == "signal.levels_moved":
            of = _named(connection, event.stream)
            return f"stop or targets{of} moved, signal {short(event.stream)}"
    return ""


def _named(connection: Connection[Any], signal: UUID) -> str:
    row = signal_row(connection, signal)
    return "" if row is None else f" of {row.title}"


def _not_had(connection: Connection[Any], message: UUID) -> str:
    """Prices out of the market's range, each on a line, and what that means."""
    found = executions_said(connection, message)
    return "".join(f"\n{_beyond(one)}" for one in found if one.attainable is False)


def _beyond(one: ExecutionRow) -> str:
    quoted = f"bid {price(one.bid)}, offer {price(one.offer)}"
    if one.quote_time is not None:
        quoted += f" at {one.quote_time:%H:%M:%S} UTC"
    is_scored = one.number != 1
    meant = f"it counts at {price(one.price)}" if is_scored else "the trade is not scored"
    return (
        f"Booked, but **out of the market's range**: {price(one.claimed_px)} could not be had "
        f"({quoted}), so {meant}. If it was a slip, edit the message: an admin decides."
    )
