"""Which words led to a reading: each word is taken out, and what changes hung on it.

This asks the grammar itself instead of describing it, so the answer holds for every way a
message can be read. It costs a reading per word: it is for one message, not for a room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from domain.grammar.reading import Kind, MessageText, Reading, Room
from domain.grammar.weighing import read
from domain.shared import Value

WORDS_MAX = 400
"""Words that are tried; the rest of a longer message is left unexplained."""

_WORD = re.compile(r"\S+")
_TRADE_SLOTS = ("action", "quantity", "fraction", "price", "price_to", "gain", "average")
_ACTS = frozenset({Kind.OPEN, Kind.ADD, Kind.CLOSE})
"""A trim is a close without the part that is sold, and no other act."""
_LEG_SLOTS = ("root", "strike", "right", "expiry")


class Word(Value, frozen=True, kw_only=True):
    """A word of the message and the slots that would change without it."""

    part: int
    """Which text of the message: 0 is its content, then those of its embeds in order."""
    start: int
    end: int
    text: str
    slots: tuple[str, ...]


def explain(text: MessageText, room: Room) -> tuple[Word, ...]:
    """The words that something hangs on, in their order."""
    whole = read(text, room)
    found: list[Word] = []
    for place, (part, start, end, said) in enumerate(_words(text)):
        if place >= WORDS_MAX:
            break
        without = read(_without(text, part, start, end), room)
        slots = tuple(_lost(whole, without))
        if slots:
            found.append(Word(part=part, start=start, end=end, text=said, slots=slots))
    return tuple(found)


def parts_of(text: MessageText) -> tuple[str, ...]:
    """The texts of a message: the content, then title, description and fields of each embed."""
    parts = [text.content]
    for embed in text.embeds:
        parts += [embed.title, embed.description]
        parts += [said for field in embed.fields for said in (field.name, field.value)]
    return tuple(parts)


def _words(text: MessageText) -> Iterator[tuple[int, int, int, str]]:
    for part, said in enumerate(parts_of(text)):
        for found in _WORD.finditer(said):
            yield part, found.start(), found.end(), found[0]


def _without(text: MessageText, part: int, start: int, end: int) -> MessageText:
    parts = list(parts_of(text))
    parts[part] = parts[part][:start] + parts[part][end:]
    texts = iter(parts[1:])
    embeds = []
    for embed in text.embeds:
        title, description = next(texts), next(texts)
        fields = tuple(
            msgspec.structs.replace(field, name=next(texts), value=next(texts))
            for field in embed.fields
        )
        embeds.append(
            msgspec.structs.replace(embed, title=title, description=description, fields=fields)
        )
    return msgspec.structs.replace(text, content=parts[0], embeds=tuple(embeds))


def _lost(whole: Reading, without: Reading) -> Iterator[str]:
    """The slots in which two readings differ; a trade that is gone names what it then lacks."""
    if whole.kind is not without.kind and {whole.kind, without.kind} <= _ACTS:
        # Of "-1 SPY 600c 1.80" an entry is left that lacks its expiry.
        yield "action"
        return
    if len(whole.trades) != len(without.trades):
        lacking = [slot for slot in without.missing if slot not in whole.missing]
        yield from lacking or ["action"]
        return
    if whole.kind is not without.kind:
        yield "kind"
    yield from _changed_slots(whole, without)
    if whole.stop != without.stop or whole.stop_at_entry != without.stop_at_entry:
        yield "stop"
    if whole.targets != without.targets:
        yield "targets"


def _changed_slots(whole: Reading, without: Reading) -> Iterator[str]:
    slots: dict[str, None] = {}
    for had, has in zip(whole.trades, without.trades, strict=True):
        for slot in _TRADE_SLOTS:
            if getattr(had, slot) != getattr(has, slot):
                slots[slot] = None
        if had.bare != has.bare:
            # Without its verb a ticket may be read all the same, but less surely.
            slots["action"] = None
        if len(had.legs) != len(has.legs):
            slots["legs" if has.legs and had.legs else "symbol"] = None
            continue
        for leg, other in zip(had.legs, has.legs, strict=True):
            for slot in _LEG_SLOTS:
                if getattr(leg, slot) != getattr(other, slot):
                    slots["symbol" if slot == "root" else slot] = None
    yield from slots
