"""What one card does: the acts in its words, completed and checked by its title and labels."""

from __future__ import annotations

from collections.abc import Sequence

from domain.grammar.acts import Act, Found
from domain.grammar.card_tickets import hedge_of, price_of, ticket_of
from domain.grammar.card_verbs import is_entry_card, is_strong, verb_of
from domain.grammar.cards import Card
from domain.grammar.labels import Role
from domain.grammar.merging import merged_exits
from domain.grammar.reading import Kind, LegReading
from domain.grammar.tickets import Setting, Ticket, judge
from domain.grammar.tokens import Token
from domain.grammar.verbs import ENTRIES, EXITS, FIRST_WORDS, OPENING, Form, Verb
from domain.grammar.vocabulary import (
    CONDITIONS,
    FIRST_PERSON,
    INTENTIONS,
    NEGATIONS,
    STOPS,
    TARGETS,
)

_ENTERING = frozenset({"enter", "entering", "entry", "in", "buy", "buying", "grab", "only"})
_CLAUSES = (
    FIRST_WORDS.keys() | FIRST_PERSON | STOPS | TARGETS | NEGATIONS | INTENTIONS | {"you"}
) - {"we", "long", "short", "in", "out", "close", "open", "hold", "holding"}
"""Words of a main clause: what follows from the condition is then something else."""

_TALK = CONDITIONS | INTENTIONS | NEGATIONS

Whys = list[tuple[Kind, str]]


def deal(
    card: Card, found: Sequence[Found], tickets: list[Ticket], setting: Setting
) -> tuple[list[Ticket], Whys]:
    """The tickets of a card from those of its words, and why it does not do more."""
    whys: Whys = []
    if not card.is_embed and not card.names_contract:
        return tickets, whys
    verb, said = verb_of(card)
    if verb is not None and card.contract:
        tickets = _as_titled(card, verb, tickets, found, whys)
    if setting.contract:
        tickets = merged_exits(tickets)
    trades = [ticket for ticket in tickets if ticket.is_trade]
    if len(trades) == 1 and trades[0].missing == ["price"] and price_of(card, trades[0].kind)[0]:
        verb, trades, tickets = verb or OPENING, [], []
    if not trades:
        return [*tickets, *_by_title(card, verb, said, found, setting, whys)], whys
    if len(trades) == 1 and trades[0].kind in EXITS and setting.contract:
        labelled = _by_title(card, verb, said, found, setting, [])
        labelled = [ticket for ticket in labelled if ticket.kind in EXITS and ticket.trades]
        return merged_exits([*trades, *labelled]), whys
    return tickets, whys


def _as_titled(
    card: Card, verb: Verb, tickets: list[Ticket], found: Sequence[Found], whys: Whys
) -> list[Ticket]:
    """What the words of a card do against its title is a plan, or a memory.

    Exits on a card that enters are meant for later ("Notes: trim at 3.50"); an entry on a card
    that exits tells how the trade began.
    """
    against = EXITS if verb.kind in ENTRIES else ENTRIES
    acts = [act for part in found for act in part.acts]
    sure = is_entry_card(card) if verb.kind in ENTRIES else is_strong(card)
    left: list[Ticket] = []
    for ticket in tickets:
        kinds = [act for act in acts if act.verb.kind in against]
        told = ticket.kind in against and (
            sure or (Role.ENTRY in card.roles and all(a.verb.form is not Form.PAST for a in kinds))
        )
        if told:
            whys.append(
                (Kind.CONDITIONAL, f"'{kinds[0].said if kinds else card.title}' is no act here")
            )
        else:
            left.append(ticket)
    return left


def _by_title(
    card: Card,
    verb: Verb | None,
    said: str,
    found: Sequence[Found],
    setting: Setting,
    whys: Whys,
) -> list[Ticket]:
    """Where no words act, the title and the labels may: an entry card, a "Trim Alert"."""
    if verb is None:
        return []
    words, rule = ticket_of(card, verb, setting.day)
    if verb.kind in ENTRIES and (hedge := hedge_of(card)):
        whys.append((Kind.CONDITIONAL, f"'{hedge}' makes the price of the entry a condition"))
        return []
    talks = _is_talk(words) or _is_talk(card.lines)
    if talks or (verb.kind in ENTRIES and any(map(_conditions_entry, found))):
        whys.append((Kind.CONDITIONAL, f"the words under '{said}' set a condition"))
        return []
    if not setting.contract:
        words += card.lines
    ticket = judge(Act(verb, said, words, 0, 0), setting)
    if rule and ticket.trades:
        ticket.rules.append(rule)
    if verb.kind in ENTRIES and not setting.contract and not _names_option(ticket.named):
        return []
    return [ticket]


def _names_option(named: Sequence[LegReading]) -> bool:
    """Free words under a title open options only: "Market Open: AAPL @ 189" is a quote."""
    return any(leg.strike is not None and leg.right is not None for leg in named)


def _conditions_entry(part: Found) -> bool:
    """Whether the words of a card enter only under a condition: "only if it breaks 245", or a
    sentence that is nothing but a condition: "if we hold 193 into the close"."""
    sentences = [piece.sentence for piece in part.free]
    for piece in part.free:
        words = set(piece.words)
        if not CONDITIONS.isdisjoint(words) and not _ENTERING.isdisjoint(words):
            return True
        alone = sentences.count(piece.sentence) == 1 and piece.first in CONDITIONS
        if alone and _CLAUSES.isdisjoint(words):
            return True
    return False


def _is_talk(words: Sequence[Token]) -> bool:
    """Whether the words of a card are a plan or a question rather than a ticket."""
    for token in words:
        if token.low in _TALK if token.kind == "word" else token.kind == "end" and "?" in token.low:
            return True
    return False
