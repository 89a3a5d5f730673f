"""What a card does: by its title, its action, its status and its prices, in that order."""

from __future__ import annotations

from domain.grammar.cards import Card
from domain.grammar.labels import Role
from domain.grammar.reading import Action, Kind
from domain.grammar.ticket_lines import is_odd
from domain.grammar.titles import Sense, sense_of
from domain.grammar.tokens import tokens
from domain.grammar.verbs import ENTRIES, EXITS, OPENING, VERBS, Form, Verb

_SURE_PRICES = frozenset({Role.ENTRY, Role.FILL, Role.AVERAGE})
_TOLD = frozenset({"hit", "was", "went", "ran", "now", "unusual", "volume", "sweep", "whale",
                   "flow", "swept", "alerted", "called", "congrats"})  # fmt: skip
_ODD_WORDS_MAX = 2


def verb_of(card: Card) -> tuple[Verb | None, str]:
    """What a card does by its title, its action, its status and its prices, in that order."""
    sense, said = _said_sense(card)
    action = VERBS.get(tuple(card.roles.get(Role.ACTION, "").split()))
    sells = action is not None and action.action in (Action.STO, Action.STC)
    if sense is None or sense.is_weak or sense.verb is None:
        if sense is not None and sense.verb is None:
            return _by_labels(card, said) if sense.kind is Kind.UPDATE else (None, "")
        if action is not None:
            return _of_action(card, action), card.roles[Role.ACTION]
        by_labels, why = _by_labels(card, said)
        weak = sense.verb if sense is not None and not _is_told(card) else None
        return (by_labels, why) if by_labels is not None else (weak, said)
    verb = sense.verb
    if verb.kind is Kind.OPEN and action is not None and sells and not verb.direction:
        return (action if action.direction else VERBS["sto",]), card.roles[Role.ACTION]
    if verb.kind in EXITS and action is not None and action.direction and sells:
        return verb._replace(action=Action.BTC, either_side=False), said
    return verb, said


def _said_sense(card: Card) -> tuple[Sense | None, str]:
    status = card.roles.get(Role.STATUS, "")
    if card.sense is None or card.sense.is_weak or card.sense.kind is Kind.UPDATE:
        of_status = sense_of(status)
        if of_status is not None and of_status.verb is not None and not of_status.is_weak:
            return of_status, status
    return card.sense, card.title


def _of_action(card: Card, action: Verb) -> Verb | None:
    """ "Sell" beside an entry price may write the option or close it: then it is asked for."""
    if action.form is Form.TICKET:
        return action
    opens = not _SURE_PRICES.isdisjoint(card.roles) and Role.EXIT not in card.roles
    if action.kind in EXITS and action.action is Action.STC and opens:
        return None
    if action.kind is Kind.OPEN and Role.EXIT in card.roles:
        return VERBS["btc" if action.action is Action.STO else "stc",]
    return action


def _by_labels(card: Card, said: str) -> tuple[Verb | None, str]:
    """Without a word of what is done: an exit price exits, an entry price beside a contract
    enters, and so does a plain price beside a whole option."""
    if not card.contract:
        return None, ""
    if Role.EXIT in card.roles:
        return VERBS["closing",], card.labels[Role.EXIT]
    if Role.SOLD in card.roles:
        return VERBS["trimming",], card.labels[Role.SOLD]
    if card.sense is not None and card.sense.kind is Kind.UPDATE:
        return None, ""
    if Role.GAIN in card.roles:
        return None, ""
    if not {Role.ENTRY, Role.FILL}.isdisjoint(card.roles):
        return OPENING, said or "Entry"
    is_option = any(token.kind == "strike" for token in card.contract)
    if not (card.is_embed and is_option) or Role.QUOTE in card.roles:
        return None, ""
    if Role.PRICE in card.roles or (_is_bare_ticket(card) and not card.is_talked_over):
        return OPENING, said or "Price"
    return None, ""


def _is_bare_ticket(card: Card) -> bool:
    """Whether an embed holds a contract and its price, and hardly another word."""
    words = [*tokens(card.heading), *tokens(card.prose)]
    priced = any(token.kind in ("at", "money") for token in words)
    few = sum(map(is_odd, words)) <= _ODD_WORDS_MAX
    return priced and few and not card.notes and not _is_told(card)


def _is_told(card: Card) -> bool:
    """Whether the words under a title of no act tell how a contract went, or who else traded."""
    words = [*tokens(card.title), *tokens(card.prose)]
    gains = any(token.kind == "percent" and token.text[0] == "+" for token in words)
    return gains or any(token.low in _TOLD and not token.text.isupper() for token in words)


def is_entry_card(card: Card) -> bool:
    """Whether the card says by its title that it enters: its other words are then the plan."""
    return (
        card.sense is not None
        and card.sense.kind in ENTRIES
        and not card.sense.is_weak
        and not _SURE_PRICES.isdisjoint(card.roles)
    )


def is_strong(card: Card) -> bool:
    """Whether the title itself says what is done, rather than a style or nothing."""
    return card.sense is not None and card.sense.verb is not None and not card.sense.is_weak
