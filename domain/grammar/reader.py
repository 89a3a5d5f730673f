"""Reads one message: from its words to a reading, or to the reason why nothing is booked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec

from domain.grammar import stance, tos
from domain.grammar.acts import Found, find
from domain.grammar.alerts import read_block
from domain.grammar.amending import amends
from domain.grammar.bare import act_barely
from domain.grammar.card_contracts import contract_of
from domain.grammar.card_tickets import entry_of, levels_of
from domain.grammar.card_verbs import is_entry_card
from domain.grammar.cards import Card, cards, texts
from domain.grammar.dates import message_day
from domain.grammar.day_order import in_month_order
from domain.grammar.dealing import deal
from domain.grammar.filling import fill
from domain.grammar.followups import read_followup
from domain.grammar.lead import level_objection
from domain.grammar.legs import is_instrument, named_legs
from domain.grammar.marks import marked
from domain.grammar.merging import once
from domain.grammar.normalise import clean
from domain.grammar.option_marks import option_mark
from domain.grammar.pieces import Piece
from domain.grammar.reading import (
    ExitReason,
    Kind,
    LegReading,
    MessageText,
    Reading,
    Room,
)
from domain.grammar.retelling import round_trips, told_once
from domain.grammar.roots import is_pair
from domain.grammar.slots import Slots
from domain.grammar.spots import WHOLE_KINDS
from domain.grammar.tickets import Setting, Ticket, judge
from domain.grammar.titles import is_silent
from domain.grammar.tokens import Token, tokens
from domain.grammar.vocabulary import (
    CONDITIONS,
    INTENTIONS,
    NEGATIONS,
    RIGHTS,
    STOPS,
    TARGETS,
)

_CHAT = Kind.CHAT
_SIGN_OF_CONTRACT = re.compile(r"[0-9]\+? ?-?[cpCP]|\b[cpCP]\$?[0-9]{2}")
"""Stands in every contract that is whole."""
_TELLING = marked(STOPS | TARGETS | RIGHTS.keys(), kinds=WHOLE_KINDS | {"slash", "index"})
"""Of these a piece without an act names a contract or moves a level."""


_T = TypeVar("_T")


class _Gathered(msgspec.Struct, gc=False):
    """What the parts of a message have given so far."""

    groups: list[list[Ticket]] = []
    """The tickets of each part."""
    named: list[LegReading] = []
    whys: list[tuple[Kind, str]] = []
    stop: Decimal | None = None
    stop_at_entry: bool = False
    targets: tuple[Decimal, ...] = ()


def read(text: MessageText, room: Room) -> Reading:
    """Reads a message by itself; what depends on open positions is left to resolving.

    Never raises, whatever the words. `posted_at` has to be aware and of an ordinary year.
    """
    if room.day_first:
        text = in_month_order(text)
    block = read_block(text, room)
    if block is not None and block.trades and _is_of_option(block, clean(text.content)):
        block = None
    if (said := block or read_followup(text)) is not None:
        return said
    parts = cards(text, room)
    whole = parts[0].words if len(parts) == 1 else "\n".join([card.words for card in parts])
    amended = None if text.embeds else amends(text.content, whole)
    if not (amended or any(card.roles for card in parts) or stance.may_act(whole)):
        return Reading(kind=_CHAT, why="no word of a trade in it")
    day = message_day(text.posted_at)
    if amended is not None and amended[0] is Kind.CORRECTION:
        named = named_legs(fill(tokens(whole), day))
        return Reading(kind=Kind.CORRECTION, named=named, why=amended[1])
    reason = ExitReason.TARGET if stance.target_was_hit(whole) else None
    gathered = _Gathered(whys=[amended] if amended else [])
    alone = len(parts) == 1 and not parts[0].is_embed
    for card in parts:
        setting = Setting(room, day, reason, alone=alone)
        if card.is_embed or card.roles:
            card.contract = setting.contract = tokens(contract_of(card, day))
            setting.entry = tokens(entry) if (entry := entry_of(card)) else ()
        _read_card(card, setting, gathered)
    return _reading(gathered, whole, day)


def _is_of_option(reading: Reading, words: str) -> bool:
    """Whether words of an option stand where shares were read, or a contract where a pair was."""
    if _opens_shares(reading):
        return bool(option_mark(tokens(words)))
    if _SIGN_OF_CONTRACT.search(words) is None:
        return False
    return any(token.kind in WHOLE_KINDS for token in tokens(words))


def _opens_shares(reading: Reading) -> bool:
    legs = [leg for trade in reading.trades for leg in trade.legs]
    shares = [leg.root for leg in legs if leg.strike is None and is_instrument(leg.root)]
    return not all(map(is_pair, shares))


def _read_card(card: Card, setting: Setting, gathered: _Gathered) -> None:
    if setting.contract:
        gathered.named += named_legs(fill(setting.contract, setting.day))
    if card.sense is not None and is_silent(card.sense.kind):
        gathered.whys.append((card.sense.kind, f"the title says '{card.title}'"))
        return
    if card.flow and not is_entry_card(card):
        gathered.whys.append((_CHAT, f"'{card.flow}' is what a scanner reports"))
        return
    found, tickets = _told(card, setting)
    if len(tickets) > 1:
        tickets = _without_round_trips(tickets, found, gathered)
    for part in found:
        for refusal in part.refusals:
            gathered.whys.append((refusal.kind, refusal.why))
        for piece in part.free:
            if piece.marks & _TELLING:
                _read_free(piece, setting.day, gathered)
    tickets, whys = deal(card, found, tickets, setting)
    gathered.whys += whys
    trades = [ticket for ticket in tickets if ticket.is_trade]
    if not trades and setting.contract:
        _take_levels(gathered, fill(tokens(levels_of(card)), setting.day))
    gathered.groups.append(trades)


def _told(card: Card, setting: Setting) -> tuple[list[Found], list[Ticket]]:
    """What the words of a card hold, and the tickets of all their acts."""
    found: list[Found] = []
    tickets: list[Ticket] = []
    said = texts(card)
    marked = [tos.marked(part) for part in said]
    pasted: dict[str, re.Match[str]] = {}
    for _, orders in marked:
        pasted |= orders
    for place, (words, _) in enumerate(marked):
        part = find(tokens(words))
        if setting.alone:
            act_barely(part, said[place])
        found.append(part)
        for act in part.acts:
            order = pasted.get(act.object) if pasted else None
            tickets.append(tos.ticket_of(order, setting.day) if order else judge(act, setting))
    return found, tickets


def _without_round_trips(
    tickets: list[Ticket], found: Sequence[Found], gathered: _Gathered
) -> list[Ticket]:
    """A trade that is over when it is told ("bought at 2.30 and sold at 3.40") is not booked."""
    acts = [act for part in found for act in part.acts]
    told: set[int] = set()
    for entry, leaving in round_trips(acts, tickets):
        told |= {entry, leaving}
        said = f"'{acts[entry].said}' and '{acts[leaving].said}' in one breath"
        gathered.whys.append((Kind.RECAP, said))
        gathered.named += tickets[entry].named
    own = [place for place in range(len(tickets)) if place not in told]
    return told_once([acts[place] for place in own], [tickets[place] for place in own])


def _read_free(piece: Piece, day: date, gathered: _Gathered) -> None:
    """Words outside of any act: they may move levels, or name a contract."""
    slots = fill(piece.tokens, day)
    if slots.strikes or slots.contracts:
        gathered.named += named_legs(slots)
    if not slots.levels or piece.question or piece.conditional or slots.beyond:
        return
    words = set(piece.words)
    for hindrances in (CONDITIONS, INTENTIONS, NEGATIONS):
        if hindrance := words & hindrances:
            gathered.whys.append((Kind.CONDITIONAL, f"'{min(hindrance)}' with a level"))
            return
    label = next((at for at, token in enumerate(piece.tokens) if _is_level(token)), 0)
    if why := level_objection(piece.tokens, label):
        gathered.whys.append((_CHAT, why))
        return
    gathered.named += [leg for leg in named_legs(slots) if leg not in gathered.named]
    _take_levels(gathered, slots)


def _is_level(token: Token) -> bool:
    return token.low in STOPS or token.low in TARGETS or token.kind == "index"


def _take_levels(gathered: _Gathered, said: Slots | Ticket) -> None:
    gathered.stop = said.stop if gathered.stop is None else gathered.stop
    gathered.stop_at_entry = gathered.stop_at_entry or said.stop_at_entry
    if said.targets:
        gathered.targets = _once_each([*gathered.targets, *said.targets])


def _reading(gathered: _Gathered, whole: str, day: date) -> Reading:
    """Puts together what the parts gave."""
    tickets = once(gathered.groups)
    if not tickets:
        return _without_trade(gathered, _once_each(gathered.named), whole, day)
    if len(tickets) == 1:
        _take_levels(gathered, tickets[0])
    said = tickets[0] if len(tickets) == 1 else _said_together(tickets)
    trades = _once_each(said.trades)
    return Reading(
        kind=said.kind,
        confidence=said.confidence,
        trades=trades,
        named=_once_each([*said.named, *gathered.named]),
        spoken_of=stance.tickers(whole) if any(not trade.legs for trade in trades) else (),
        stop=gathered.stop,
        stop_at_entry=gathered.stop_at_entry,
        targets=gathered.targets,
        missing=_once_each(said.missing),
        rules=_once_each(said.rules),
        why=said.why,
    )


def _said_together(tickets: Sequence[Ticket]) -> Ticket:
    """Several tickets of a message as one, without levels: of which trade they are is not read."""
    lead = next((ticket for ticket in tickets if ticket.trades), tickets[0])
    rules = list(dict.fromkeys(rule for ticket in tickets for rule in ticket.rules))
    if any(ticket.stop or ticket.targets for ticket in tickets):
        rules.append("stops and targets of several trades in one message are not read")
    return Ticket(
        kind=lead.kind,
        trades=tuple(trade for ticket in tickets for trade in ticket.trades),
        missing=[part for ticket in tickets for part in ticket.missing],
        rules=rules,
        why="; ".join(dict.fromkeys(ticket.why for ticket in tickets if ticket.why)),
        named=tuple(leg for ticket in tickets for leg in ticket.named),
        confidence=min(ticket.confidence for ticket in tickets),
    )


def _once_each(said: Sequence[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(said)) if len(said) > 1 else tuple(said)


def _without_trade(
    gathered: _Gathered, named: tuple[LegReading, ...], whole: str, day: date
) -> Reading:
    # Of a ticker alone it is not known which contract is meant, if any.
    is_clear = "%" in whole and (bool(named) or not stance.names_ticker(whole))
    gain = stance.stated_gain(whole) if is_clear else None
    if gathered.stop is not None or gathered.stop_at_entry or gathered.targets:
        if stance.speaks_of_entry(whole):
            missing = ("action",) if named else ("symbol",)
            why = "an entry with levels, in a form that is not read yet"
            return Reading(kind=Kind.OPEN, named=named, missing=missing, why=why)
        return Reading(
            kind=Kind.UPDATE,
            confidence=Decimal("0.9"),
            named=named,
            gain=gain,
            stop=gathered.stop,
            stop_at_entry=gathered.stop_at_entry,
            targets=gathered.targets,
        )
    kind = stance.kind_of(whole)
    if gain is not None and not gathered.whys:
        return Reading(kind=kind, named=named, gain=gain, why="it says how a trade stands")
    if gathered.whys:
        said, why = gathered.whys[0]
        return Reading(kind=said if said is not _CHAT else kind, named=named, why=why)
    lacking = _lacking(named, whole, day) if kind is _CHAT else ()
    why = "a contract, but no word that says what is done" if lacking else "nothing is done in it"
    return Reading(kind=kind, named=named, missing=lacking, why=why)


def _lacking(named: tuple[LegReading, ...], whole: str, day: date) -> tuple[str, ...]:
    """What a contract that merely stands there lacks to be a trade."""
    if named:
        return ("action",)
    low = whole.lower()
    if "call" not in low and "put" not in low:
        return ()
    slots = fill(tokens(whole), day)
    if slots.right and slots.root and slots.price is not None:
        return ("action", "strike", "expiry")
    return ()
