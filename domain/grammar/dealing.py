"""What one card does: the acts in its words, completed and checked by its title and labels."""

from __future__ import annotations

from collections.abc import Sequence

from domain.grammar.acts import Act, Found
from domain.grammar.card_tickets import ENTRIES, EXITS, is_entry_card, ticket_of, verb_of
from domain.grammar.cards import Card
from domain.grammar.labels import Role
from domain.grammar.merging import merged_exits
from domain.grammar.reading import Kind, LegReading
from domain.grammar.roots import is_ticker_word
from domain.grammar.tickets import Setting, Ticket, judge
from domain.grammar.tokens import Token, tokens
from domain.grammar.vocabulary import (
    CONDITIONS,
    EXPIRY_WORDS,
    INTENTIONS,
    LEADING,
    LEVEL_FILLERS,
    NEGATIONS,
    OPTION_WORDS,
    PRICE_WORDS,
    RIGHTS,
    SIZES,
    SPREADS,
    STOPS,
    TARGETS,
    Form,
)

_ENTERING = frozenset({"enter", "entering", "entry", "in", "buy", "buying", "grab", "only"})
_TICKET_WORDS = (
    RIGHTS.keys() | PRICE_WORDS | OPTION_WORDS | STOPS | TARGETS | EXPIRY_WORDS | LEVEL_FILLERS
    | SIZES | SPREADS.keys() | LEADING | {"avg", "average", "half", "full", "size", "light"}
)  # fmt: skip
_CONTRACT_KINDS = frozenset({"strike", "osi", "joined", "cash", "pair"})
_SLOT_KINDS = _CONTRACT_KINDS | {"slash", "iso", "dte", "daymon", "monday", "at", "money", "num"}
_ODD_WORDS_MAX = 3
_EXIT_FIGURES = frozenset({Role.EXIT, Role.SOLD, Role.GAIN, Role.QUANTITY, Role.FILL, Role.PRICE})

Whys = list[tuple[Kind, str]]


def deal(
    card: Card, found: Sequence[Found], tickets: list[Ticket], setting: Setting
) -> tuple[list[Ticket], Whys]:
    """The tickets of a card from those of its words, and why it does not do more."""
    whys: Whys = []
    if not card.is_embed and not card.names_contract:
        return tickets, whys
    tickets = _without_plans(card, tickets, found, whys)
    if setting.contract:
        tickets = merged_exits(tickets)
    trades = [ticket for ticket in tickets if ticket.is_trade]
    if not trades:
        return [*tickets, *_by_title(card, found, setting, whys)], whys
    exits = all(ticket.kind in EXITS for ticket in trades)
    if exits and len(trades) == 1 and setting.contract and _has_figures(card):
        labelled = [t for t in _by_title(card, found, setting, []) if t.kind in EXITS and t.trades]
        tickets = merged_exits([*trades, *labelled])
    return tickets, whys


def _has_figures(card: Card) -> bool:
    return not _EXIT_FIGURES.isdisjoint(card.roles)


def _without_plans(
    card: Card, tickets: list[Ticket], found: Sequence[Found], whys: Whys
) -> list[Ticket]:
    """Exits on a card that enters are what the author means to do: "Notes: trim at 3.50"."""
    verb, _ = verb_of(card)
    if verb is None or verb.kind not in ENTRIES or not card.names_contract:
        return tickets
    acts = [act for part in found for act in part.acts]
    planned = [
        act.said
        for act in acts
        if act.verb.kind in EXITS and (is_entry_card(card) or act.verb.form is not Form.PAST)
    ]
    if not planned or Role.ENTRY not in card.roles:
        return tickets
    whys.append((Kind.CONDITIONAL, f"'{planned[0]}' on a card that enters is a plan"))
    return [ticket for ticket in tickets if ticket.kind not in EXITS]


def _by_title(card: Card, found: Sequence[Found], setting: Setting, whys: Whys) -> list[Ticket]:
    """Where no words act, the title and the labels may: an entry card, a "Trim Alert"."""
    verb, said = verb_of(card)
    if verb is None:
        return []
    line, rule = ticket_of(card, verb, " ".join(t.text for t in setting.contract), setting.day)
    words = tokens(line)
    if not setting.contract:
        words += _ticket_lines(card.prose)
    if _is_talk(words) or (verb.kind in ENTRIES and any(map(_conditions_entry, found))):
        whys.append((Kind.CONDITIONAL, f"the words under '{said}' set a condition"))
        return []
    ticket = judge(Act(verb, said, words, 0, 0), setting)
    if rule and ticket.trades:
        ticket.rules.append(rule)
    if verb.kind in ENTRIES and not setting.contract and not _names_option(ticket.named):
        return []
    return [ticket]


def _names_option(named: Sequence[LegReading]) -> bool:
    """Free words under a title open options only: "Market Open: AAPL @ 189" is a quote."""
    return any(leg.strike is not None and leg.right is not None for leg in named)


def _ticket_lines(prose: str) -> list[Token]:
    """The lines of a card's prose that read like a ticket rather than like talk.

    Behind the price of a line its author may go on talking; a condition there still counts.
    """
    kept: list[Token] = []
    for line in prose.split("\n"):
        words = tokens(line)
        if not any(token.kind in _SLOT_KINDS for token in words):
            continue
        cut = _cut(words)
        odd = sum(_is_odd(token) for token in cut)
        if odd <= _ODD_WORDS_MAX or any(token.kind in _CONTRACT_KINDS for token in cut):
            kept += [*cut, Token("end", "\n", "\n")]
    return kept


def _cut(words: list[Token]) -> list[Token]:
    """The words up to the first that says nothing of a ticket, once contract and price stand."""
    contract = priced = False
    for place, token in enumerate(words):
        contract = contract or token.kind in _CONTRACT_KINDS
        priced = priced or token.kind in ("at", "money") or "." in token.text
        rest = words[place:]
        if contract and priced and _is_odd(token):
            hedged = any(later.low in CONDITIONS for later in rest)
            return words if hedged else words[:place]
    return words


def _is_odd(token: Token) -> bool:
    return (
        token.kind == "word" and token.low not in _TICKET_WORDS and not is_ticker_word(token.text)
    )


def _conditions_entry(part: Found) -> bool:
    """Whether the words of a card enter only under a condition: "only if it breaks 245"."""
    return any(
        not CONDITIONS.isdisjoint(words) and not _ENTERING.isdisjoint(words)
        for words in (set(piece.words) for piece in part.free)
    )


def _is_talk(words: Sequence[Token]) -> bool:
    """Whether the words of a card are a plan or a question rather than a ticket."""
    lows = {token.low for token in words if token.kind == "word"}
    asks = any(token.kind == "end" and "?" in token.text for token in words)
    return asks or not lows.isdisjoint(CONDITIONS | INTENTIONS | NEGATIONS)
