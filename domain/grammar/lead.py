"""Whether an action word is in command position, and whether it acts on something sold or held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.grammar.reading import Action, Kind
from domain.grammar.roots import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.vocabulary import (
    ABOUT_TO,
    AT_HAND,
    DETERMINERS,
    FIRST_PERSON,
    FIRST_WORDS,
    FRACTIONS,
    JOINING,
    LABELS_BEFORE_VERB,
    LEADING,
    LEVEL_LEADS,
    LEVEL_MOVES,
    NO_ROOTS,
    PARTIALS,
    PRICE_WORDS,
    REMAINDER,
    RIGHTS,
    SIZES,
    SPOKEN_OF,
    TAKE,
    VERBS,
    WHOLES,
    Form,
    Verb,
)

CONTRACT_KINDS = frozenset(
    {"osi", "pair", "slash", "strike", "joined", "cash", "iso", "dte", "daymon", "monday"}
)
_NUMBER_KINDS = frozenset({"at", "money", "percent"})
_PASSABLE = {"amp", "num", "qty", "percent", "at", "money", "time"} | CONTRACT_KINDS
_PROFITS = frozenset({"profit", "profits", "gains"})
_OFF = frozenset({"off", "here", "profit", "profits", "more", "at", "for", "of", "into", "out"})
_STATES = frozenset({"is", "was", "are", "were"})
_TO_MY = frozenset({"to", "on", "my", "the", "this", "these", "our", "those"})
_HELD = AT_HAND | SIZES | {"calls", "puts", "positions", "longs", "shorts"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an action word stands: tokens from `start` up to `end`."""

    start: int
    end: int
    verb: Verb
    said: str
    inherent: bool = False
    share: Decimal | None = None


def spots(tokens: Sequence[Token]) -> Iterator[Spot]:
    """Every action word or phrase, the longest phrase first."""
    at = 0
    while at < len(tokens):
        spot = _spot(tokens, at)
        if spot is not None:
            yield spot
        at = spot.end if spot is not None else at + 1


def _spot(tokens: Sequence[Token], at: int) -> Spot | None:
    token = tokens[at]
    if token.kind != "word":
        return None
    if token.low in TAKE:
        taken = _take_profit(tokens, at)
        if taken is not None or _is_share(tokens, at + 1):
            return taken
    if token.low == "btc" and at and (tokens[at - 1].low,) in VERBS:
        return None
    for phrase in FIRST_WORDS.get(token.low, ()):
        end = at + len(phrase)
        if tuple(t.low for t in tokens[at:end]) != phrase:
            continue
        verb = VERBS[phrase]
        if not verb.strict or _names_contract(tokens[end : end + 4]):
            return Spot(at, end, verb, " ".join(t.text for t in tokens[at:end]))
    return None


def _names_contract(tokens: Sequence[Token]) -> bool:
    return any(token.kind in CONTRACT_KINDS or is_ticker_word(token.text) for token in tokens)


def _take_profit(tokens: Sequence[Token], at: int) -> Spot | None:
    """Reads "taking full profit", "take my last trim", "taking some here"."""
    end = at + 1
    while end < len(tokens) and tokens[end].low in ("my", "the", "a", "our", "another", "last"):
        end += 1
    low = tokens[end].low if end < len(tokens) else ""
    ahead = tokens[end + 1] if end + 1 < len(tokens) else None
    said = " ".join(token.text for token in tokens[at : end + 1])
    trim = Verb(Kind.TRIM, Action.STC, either_side=True)
    if low in ("full", "all", "max") and ahead is not None and ahead.low in _PROFITS:
        close = Verb(Kind.CLOSE, Action.STC, either_side=True, whole=True)
        return Spot(at, end + 2, close, f"{said} {ahead.text}", inherent=True)
    if low in _PROFITS or low in ("trim", "trims", "partial", "partials"):
        return Spot(at, end + 1, trim, said, inherent=True)
    sells = ahead is None or ahead.low in _OFF or ahead.kind in ("at", "money", "num")
    if (low in PARTIALS and sells) or (_is_share(tokens, end) and ahead and ahead.low == "off"):
        return Spot(at, end, trim, said, inherent=True)
    return None


def _is_share(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "percent"


def objection(tokens: Sequence[Token], spot: Spot, *, after_refused: bool) -> str:
    """Why the word is not in command position or acts on nothing; empty when all is well."""
    return (
        _lead_objection(tokens, spot, after_refused=after_refused)
        or _object_objection(tokens[spot.end :], spot, is_alone=spot.start == 0)
        or _statement_objection(tokens[spot.end : spot.end + 6], spot)
    )


def _lead_objection(tokens: Sequence[Token], spot: Spot, *, after_refused: bool) -> str:
    """Walks back from the verb over words that lead into it."""
    at = spot.start - 1
    while at >= 0:
        token = tokens[at]
        before = tokens[at - 1] if at else None
        if token.low in FIRST_PERSON:
            if before is not None and before.low in SPOKEN_OF:
                return f"'{before.text}' before '{token.text} {spot.said}'"
            return ""
        if is_ticker_word(token.text) and _names_another(tokens[spot.end :]):
            return f"'{token.text}' before '{spot.said}' may be a name"
        if token.low in JOINING:
            return f"'{spot.said}' goes on with what was not done" if after_refused else ""
        if token.kind == "colon":
            return _label_objection(before, spot)
        if token.low == "to" and _is_about_to(before, spot):
            at -= 2
        elif _leads(tokens, at, spot):
            at -= 1
        else:
            return _unled(token, spot)
    return ""


def _names_another(after: Sequence[Token]) -> bool:
    return any(token.kind == "cash" or is_ticker_word(token.text) for token in after[:3])


def _unled(token: Token, spot: Spot) -> str:
    if token.kind == "quote":
        return f"'{spot.said}' is quoted"
    if token.kind in ("someone", "handle"):
        return f"'{spot.said}' may be the trade of {token.text}"
    return f"'{token.text}' before '{spot.said}'"


def level_objection(tokens: Sequence[Token], at: int) -> str:
    """Why a stop or target at a place is not the author's to move: "JPM raises TSLA PT"."""
    moved = False
    for token in reversed(tokens[:at]):
        if token.low in LEVEL_MOVES:
            moved = True
        elif token.low in FIRST_PERSON:
            return ""
        elif is_ticker_word(token.text) or token.kind in CONTRACT_KINDS:
            if moved:
                return f"'{token.text}' before '{tokens[at].text}'"
        elif not (token.low in LEVEL_LEADS or token.kind in ("amp", "colon", "num")):
            return f"'{token.text}' before '{tokens[at].text}'"
    return ""


def _label_objection(before: Token | None, spot: Spot) -> str:
    if before is None or before.low in LABELS_BEFORE_VERB:
        return ""
    return f"'{before.text}:' before '{spot.said}' names somebody else's words"


def _is_about_to(before: Token | None, spot: Spot) -> bool:
    return (
        before is not None and before.low in ABOUT_TO and spot.verb.kind in (Kind.TRIM, Kind.CLOSE)
    )


def _leads(tokens: Sequence[Token], at: int, spot: Spot) -> bool:
    token = tokens[at]
    is_exit = spot.verb.kind in (Kind.TRIM, Kind.CLOSE)
    if token.low in LEADING or (token.low == "gonna" and is_exit):
        return True
    if spot.verb.form is Form.TICKET and token.kind == "someone":
        return True
    may_follow_contract = spot.verb.form is Form.TICKET or (
        is_exit and (spot.verb.alone or any(t.kind in CONTRACT_KINDS for t in tokens[: spot.start]))
    )
    if token.kind == "num" and at == 0:
        return True
    speaks = token.kind in _PASSABLE or is_ticker_word(token.text) or token.low in RIGHTS
    return may_follow_contract and speaks


def _statement_objection(after: Sequence[Token], spot: Spot) -> str:
    """To say that "closing this is the play" speaks about closing; it does not close."""
    if not spot.said.lower().endswith("ing"):
        return ""
    for token in after:
        if token.kind in CONTRACT_KINDS or token.kind in _NUMBER_KINDS:
            return ""
        if token.low in _STATES:
            return f"'{spot.said} ... {token.text}' is a statement"
    return ""


def _object_objection(after: Sequence[Token], spot: Spot, *, is_alone: bool) -> str:
    verb = spot.verb
    if spot.inherent or verb.kind is Kind.OPEN:
        return ""
    if verb.form is Form.TICKET:
        return _ticket_objection(after, spot)
    if not after:
        fits = verb.alone or verb.whole or not is_alone
        return "" if fits and verb.alone else f"'{spot.said}' of what is not said"
    if verb.kind is Kind.ADD:
        return "" if _adds_to(after) else f"'{spot.said} {after[0].text}' adds to no trade"
    if _exits(after, spot):
        return ""
    return f"'{spot.said} {after[0].text}' sells nothing"


def _ticket_objection(after: Sequence[Token], spot: Spot) -> str:
    """A ticket's exit needs something to leave; BTC is a coin unless a contract follows."""
    contract = any(t.kind in CONTRACT_KINDS for t in after)
    priced = any(t.kind in _NUMBER_KINDS or "." in t.text for t in after)
    if spot.verb.action is Action.BTC:
        fine = contract or (priced and any(is_ticker_word(t.text) for t in after[:3]))
    else:
        fine = contract or _exits(after, spot) or (priced and bool(after) and len(after) < 8)
    return "" if fine else f"'{spot.said}' of what is not said"


def _adds_to(after: Sequence[Token]) -> bool:
    for token in after[:4]:
        if token.kind in CONTRACT_KINDS or token.kind in ("num", "qty", "at"):
            return True
        if is_ticker_word(token.text) or token.low in _HELD or token.low == "more":
            return True
        if token.low not in _TO_MY:
            return False
    return False


def _exits(after: Sequence[Token], spot: Spot) -> bool:
    """Whether the first word that counts behind an exit word is something one can sell."""
    said = spot.said.lower()
    for place, token in enumerate(after[:5]):
        ahead = after[place + 1] if place + 1 < len(after) else None
        if token.kind in CONTRACT_KINDS or token.kind in _NUMBER_KINDS or token.kind == "qty":
            return True
        if token.kind == "num":
            counted = spot.verb.kind is Kind.TRIM or (ahead is not None and ahead.low == "of")
            return counted or "." in token.text or (ahead is not None and _is_held(ahead, said))
        if token.low in PRICE_WORDS and ahead is not None:
            return ahead.kind in ("money", "percent") or "." in ahead.text
        if token.kind == "amp" or token.low in DETERMINERS:
            continue
        return _is_held(token, said) or _is_root(token, ahead)
    return False


def _is_root(token: Token, ahead: Token | None) -> bool:
    if is_ticker_word(token.text):
        return True
    contract = ahead is not None and ahead.kind in CONTRACT_KINDS
    return contract and token.kind == "word" and token.low not in NO_ROOTS


def _is_held(token: Token, said: str) -> bool:
    low = token.low
    if said == "out":
        return low in REMAINDER or low in ("these", "them", "last", "half", "all", "everything")
    if low in ("calls", "puts"):
        return said != "close"
    if low in ("avg", "average"):
        return "risk" in said
    return (
        low in AT_HAND or low in PARTIALS or low in FRACTIONS or low in WHOLES
        or low in ("shares", "position", "positions")
        or is_ticker_word(token.text)
    )  # fmt: skip
