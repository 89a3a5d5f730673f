"""What a message tells twice, or tells when it is over: one exit in two words, round trips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from domain.grammar.acts import Act
from domain.grammar.merging import merged_exits
from domain.grammar.reading import Kind, TradeReading
from domain.grammar.tickets import Ticket, closes
from domain.grammar.verbs import EXITS
from domain.grammar.vocabulary import WHOLES


def round_trips(acts: Sequence[Act], tickets: Sequence[Ticket]) -> list[tuple[int, int]]:
    """Places of an entry and its exit told in one breath: "bought at 2.30 and sold at 3.40"."""
    return [
        (place, place + 1)
        for place, (act, after) in enumerate(pairwise(acts))
        if act.verb.kind is Kind.OPEN
        and after.verb.kind in EXITS
        and act.sentence == after.sentence
        and not tickets[place + 1].named
    ]


def told_once(acts: Sequence[Act], tickets: Sequence[Ticket]) -> list[Ticket]:
    """Joins exits that are one: "SL hit, out -30%" closes once, at the stop and with a loss."""
    for (act, ticket), (later, told) in pairwise(zip(acts, tickets, strict=True)):
        if act.sentence == later.sentence and _is_named_by(ticket, told):
            ticket.trades = (msgspec.structs.replace(ticket.trades[0], legs=told.named),)
    kept: list[Ticket] = []
    whole = False
    for act, ticket in zip(acts, tickets, strict=True):
        said = len(kept)
        if kept and _is_how_much(kept[-1], ticket):
            # Of all that is sold "securing profits" takes nothing back.
            kept[-1] = kept[-1] if whole else _in_part(kept[-1], ticket)
        elif kept and _retells(kept[-1], ticket):
            kept[-1:] = merged_exits([kept[-1], _of_the_same(ticket, kept[-1])])
        else:
            kept.append(ticket)
        is_whole = act.verb.whole or any(token.low in WHOLES for token in act.tokens)
        whole = is_whole or (whole and len(kept) == said)
    return kept


def _is_named_by(bare: Ticket, told: Ticket) -> bool:
    """In "SL hit - 20% cut APP" the second half names what the first one closes."""
    closed = len(bare.trades) == 1 and closes(bare.trades[0]) and not bare.trades[0].legs
    return closed and told.kind in EXITS and not told.trades and len(told.named) == 1


def _is_how_much(first: Ticket, second: Ticket) -> bool:
    """Whether a bare trim tells the size of the exit before it: "STC TSLA 250c @ 3. Half out"."""
    if len(first.trades) != 1 or len(second.trades) != 1:
        return False
    one, other = first.trades[0], second.trades[0]
    if not (closes(one) and closes(other) and one.legs and one.price is not None):
        return False
    is_bare = not other.legs and other.price is None
    return is_bare and other.partial and not (_is_sized(one) and _is_sized(other))


def _in_part(first: Ticket, second: Ticket) -> Ticket:
    one, other = first.trades[0], second.trades[0]
    if _is_sized(one):
        return first
    first.kind = Kind.TRIM
    first.trades = (
        msgspec.structs.replace(
            one,
            partial=True,
            fraction=other.fraction,
            quantity=other.quantity if other.fraction is None else None,
            keeps=other.keeps,
        ),
    )
    return first


def _retells(first: Ticket, second: Ticket) -> bool:
    if len(first.trades) != 1 or len(second.trades) != 1:
        return False
    one, other = first.trades[0], second.trades[0]
    if not (closes(one) and closes(other)):
        return False
    if one.legs and other.legs not in ((), one.legs):
        return False
    prices = {one.price, other.price} - {None}
    if one.legs and other.legs and len(prices) > 1:
        return False
    if one.partial:
        return other.partial and not _is_sized(one)
    return not _is_sized(one) and not other.partial


def _is_sized(trade: TradeReading) -> bool:
    return trade.quantity is not None or trade.fraction is not None or trade.keeps is not None


def _of_the_same(ticket: Ticket, first: Ticket) -> Ticket:
    legs = first.trades[0].legs or ticket.trades[0].legs
    first.trades = (msgspec.structs.replace(first.trades[0], legs=legs),)
    ticket.trades = (msgspec.structs.replace(ticket.trades[0], legs=legs),)
    return ticket
