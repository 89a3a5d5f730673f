"""Reads a message by the rules, and asks a second opinion before anything is booked.

The rules alone decide what a trade is. The opinion is asked only where they would book one; it
may take the trades out of the reading or lower its confidence, and it never makes or changes one.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from domain.grammar import reader
from domain.grammar.lanes import doubt
from domain.grammar.opinion import Leaning, Opinion, OpinionModel, model
from domain.grammar.reading import Kind, MessageText, Reading, Room

CONFIRMATION = "confirmation"
"""What a vetoed order lacks, so that it is reported as left unbooked and not passed over."""

DOUBTED = Decimal("0.6")
"""The confidence of a trade that the second opinion takes for something else."""

_KINDS = {
    Leaning.LEVELS: (Kind.UPDATE, "a change of levels"),
    Leaning.PLAN: (Kind.CONDITIONAL, "a plan"),
    Leaning.RECAP: (Kind.RECAP, "a recap"),
    Leaning.CHAT: (Kind.CHAT, "talk"),
}


def read(text: MessageText, room: Room) -> Reading:
    """The reading of a message as it is booked. Never raises, like the rules'."""
    reading = reader.read(text, room)
    if not reading.trades:
        return reading
    opinion = doubt(text)
    return reading if opinion is None else weighed(reading, opinion, model())


def weighed(reading: Reading, opinion: Opinion, asked: OpinionModel) -> Reading:
    """A reading that books, after a model's opinion on its words."""
    if opinion.leaning is Leaning.ORDER:
        return reading
    kind, said = _KINDS[opinion.leaning]
    why = f"the second opinion reads this as {said} ({opinion.probability:.2f})"
    least = asked.veto_ticket_below if is_ticket(reading) else asked.veto_below
    if opinion.order >= least:
        return msgspec.structs.replace(
            reading, confidence=min(reading.confidence, DOUBTED), rules=(*reading.rules, why)
        )
    # Levels and announcements go with the trades: they belong to what is not believed.
    return Reading(
        kind=kind,
        confidence=Decimal(f"{opinion.probability:.2f}"),
        named=reading.named,
        missing=(CONFIRMATION,),
        rules=reading.rules,
        why=why,
    )


def is_ticket(reading: Reading) -> bool:
    """Whether the trades stand in an order ticket's own words (BTO, STC ...) and name what for."""
    return reading.confidence == 1
