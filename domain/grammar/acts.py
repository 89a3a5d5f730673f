"""Finds what the author does: action words said as done, each with the words that belong to it.

An action word counts only in command position: at the start of a phrase, or behind words that
lead into it ("I just", "personally going to"). Everything else around it ("make sure to trim",
"a perfect trim", "he sold") leaves it a word like any other, and is named as the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from domain.grammar.frames import Frame, around, heading
from domain.grammar.lead import CONTRACT_KINDS, Spot, objection, spots
from domain.grammar.reading import Kind
from domain.grammar.roots import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.vocabulary import (
    BEYOND,
    CONDITION_STARTS,
    CONDITIONS,
    EXPIRY_WORDS,
    FRACTIONS,
    INTENTIONS,
    LONG_AGO,
    NEGATIONS,
    OPTION_WORDS,
    PRICE_WORDS,
    QUESTION_WORDS,
    REMAINDER,
    RIGHTS,
    STOPS,
    TARGETS,
    Form,
    Verb,
)

SPOTS_MAX = 40
"""Action words looked at in one text; a message with more is no alert, whatever it says."""

_AROUND = 6
"""So many pieces of a sentence on either side are looked at for what frames an action."""

_COMMA = Token("comma", ",", ",")
_SLOT_KINDS = CONTRACT_KINDS | {"joined", "percent", "at", "money", "qty", "index", "num"}
_PRICE_KINDS = frozenset({"at", "money", "num", "percent"})
_SLOT_WORDS = (
    STOPS | TARGETS | PRICE_WORDS | EXPIRY_WORDS | OPTION_WORDS | REMAINDER | FRACTIONS.keys()
    | RIGHTS.keys() | {"exp", "new", "avg", "set"}
)  # fmt: skip


@dataclass(slots=True)
class Piece:
    """A stretch of words between commas; several make a sentence."""

    tokens: list[Token]
    sentence: int
    question: bool = False

    @property
    def words(self) -> Iterator[str]:
        return (token.low for token in self.tokens if token.kind == "word")

    @property
    def first(self) -> str:
        return self.tokens[0].low


@dataclass(slots=True)
class Act:
    """An action word in command position and the words that fill its slots."""

    verb: Verb
    said: str
    tokens: list[Token]
    verb_at: int
    sentence: int
    beside: str = ""
    """A contract in the same sentence that is not part of this act."""
    inherent: bool = False
    """The phrase itself says what is sold: "full profit", "my last trim"."""


@dataclass(slots=True)
class Refusal:
    """An action word that is not an act, and why not."""

    kind: Kind
    why: str
    verb: Verb
    sentence: int


@dataclass(slots=True)
class Found:
    """What one text holds."""

    acts: list[Act] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    free: list[Piece] = field(default_factory=list)
    """Pieces that belong to no act; they may still move levels."""
    heading: Frame | None = None
    """What a line at the top makes of all that stands under it."""


def pieces(tokens: Sequence[Token]) -> list[Piece]:
    """Cuts at sentence ends, commas, brackets and "but"."""
    found: list[Piece] = []
    current: list[Token] = []
    sentence = 0
    for token in tokens:
        if token.kind in ("end", "comma") or token.low == "but":
            if current:
                found.append(Piece(current, sentence))
                current = []
            if token.kind == "end":
                if "?" in token.text:
                    _ask([piece for piece in found if piece.sentence == sentence])
                sentence += 1
        else:
            current.append(token)
    if current:
        found.append(Piece(current, sentence))
    return found


def _ask(sentence: list[Piece]) -> None:
    """Marks a question; one that is only tagged on ("..., who else?") leaves the rest alone."""
    tagged = len(sentence) > 1 and sentence[-1].first in QUESTION_WORDS
    for piece in sentence[-1:] if tagged else sentence:
        piece.question = True


def find(tokens: Sequence[Token]) -> Found:
    """All acts and refused action words of a text."""
    found = Found()
    parts = pieces(tokens)
    for place, piece in enumerate(parts):
        if len(found.acts) + len(found.refusals) > SPOTS_MAX:
            return Found()
        act = found.acts[-1] if found.acts else None
        before = len(found.acts)
        refused = _act_on(piece, parts, place, found)
        if len(found.acts) > before:
            continue
        if act is not None and not refused and _continues(piece):
            act.tokens += [_COMMA, *piece.tokens]
        else:
            found.free.append(piece)
            if not refused and found.heading is None:
                found.heading = heading(piece.tokens)
            if act is not None and act.sentence == piece.sentence:
                act.beside = act.beside or _contract_in(piece)
    return found


def _contract_in(piece: Piece) -> str:
    return next((token.text for token in piece.tokens if _may_be_contract(token)), "")


def _may_be_contract(token: Token) -> bool:
    broken = token.kind == "mix" and not {"c", "p"}.isdisjoint(token.low)
    return broken or token.kind in ("strike", "osi", "joined", "slash")


def _continues(piece: Piece) -> bool:
    """Whether a piece without a verb goes on with the ticket before it."""
    head = piece.tokens[0]
    if piece.question or not CONDITIONS.isdisjoint(piece.words):
        return False
    return INTENTIONS.isdisjoint(piece.words) and (
        head.kind in _SLOT_KINDS
        or head.low in _SLOT_WORDS
        or is_ticker_word(head.text)
        or any(t.kind == "percent" and t.text[0] in "+-" for t in piece.tokens)
    )


def _act_on(piece: Piece, parts: list[Piece], place: int, found: Found) -> bool:
    """Adds the acts of a piece; says whether an action word in it was refused."""
    taken: list[Spot] = []
    refused: list[Spot] = []
    for spot in islice(spots(piece.tokens), SPOTS_MAX):
        why = objection(piece.tokens, spot, after_refused=bool(refused and not taken))
        why = why or _veto(spot, piece, parts, place, found)
        if why:
            refused.append(spot)
            if _is_about_a_trade(spot, piece):
                kind = _kind_of_refusal(spot, piece, parts, place, found)
                found.refusals.append(Refusal(kind, why, spot.verb, piece.sentence))
        else:
            taken.append(spot)
    for index, spot in enumerate(taken):
        following = [s.start for s in (*taken[index + 1 :], *refused) if s.start > spot.start]
        until = min(following, default=len(piece.tokens))
        found.acts.append(_act(piece, spot, until, is_first=index == 0))
    return bool(refused)


def _is_about_a_trade(spot: Spot, piece: Piece) -> bool:
    """Whether it is worth saying that the word was refused: "heading out" is not."""
    return (
        spot.verb.kind is Kind.TRIM
        or spot.verb.form is Form.TICKET
        or any(
            token.kind in _SLOT_KINDS - {"num"}
            or is_ticker_word(token.text)
            or token.low in REMAINDER
            or token.low in RIGHTS
            or token.low in FRACTIONS
            for token in piece.tokens
        )
    )


def _act(piece: Piece, spot: Spot, until: int, *, is_first: bool) -> Act:
    before = _contract_before(piece.tokens[: spot.start]) if is_first else []
    after = _without_plans(piece.tokens[spot.end : until])
    tokens = [*before, *after]
    return Act(spot.verb, spot.said, tokens, len(before), piece.sentence, inherent=spot.inherent)


def _contract_before(tokens: list[Token]) -> list[Token]:
    """In "TSLA 250c out @ 3.10" the contract stands before the verb."""
    speaks = any(t.kind in _SLOT_KINDS or is_ticker_word(t.text) for t in tokens)
    return [*tokens, _COMMA] if speaks else []


def _without_plans(tokens: list[Token]) -> list[Token]:
    """Cuts what the author means to do later: "@ 2.30 will add at 2.00"."""
    priced = False
    for place, token in enumerate(tokens):
        priced = priced or token.kind in _PRICE_KINDS
        if priced and token.low in INTENTIONS:
            return tokens[:place]
    return tokens


def _goes_on_with_refused(piece: Piece, found: Found) -> bool:
    """In "Recap: BTO TSLA 250c @ 2, STC @ 4" the exit is of the entry that was refused."""
    own = any(t.kind in CONTRACT_KINDS or is_ticker_word(t.text) for t in piece.tokens)
    entries = (Kind.OPEN, Kind.ADD)
    return not own and any(
        refusal.verb.kind in entries and refusal.sentence == piece.sentence
        for refusal in found.refusals
    )


def _veto(spot: Spot, piece: Piece, parts: list[Piece], place: int, found: Found) -> str:
    """Why the surroundings keep a verb in command position from being done."""
    if piece.question:
        return f"'{spot.said}' is part of a question"
    condition = _condition(spot, piece, parts, place)
    if condition:
        return f"'{condition}' makes '{spot.said}' a condition"
    if found.heading is not None:
        return found.heading.why
    if framed := _framed(spot, piece, parts, place):
        return framed.why
    after = piece.tokens[spot.end :]
    if _goes_on_with_refused(piece, found):
        return f"'{spot.said}' goes on with what was not done"
    if spot.verb.form is Form.PAST and (past := _long_ago(piece)):
        return f"'{past}' makes '{spot.said}' a memory"
    if spot.verb.kind in (Kind.OPEN, Kind.ADD) and after and after[0].low in NEGATIONS:
        return f"'{after[0].text}' behind '{spot.said}'"
    return ""


def _framed(spot: Spot, piece: Piece, parts: list[Piece], place: int) -> Frame | None:
    """What the rest of the sentence makes of the verb."""
    before: list[Token] = []
    after: list[Token] = list(piece.tokens[spot.end :])
    for other, side in ((parts[max(place - _AROUND, 0) : place], before),
                        (parts[place + 1 : place + _AROUND], after)):  # fmt: skip
        for part in other:
            if part.sentence == piece.sentence:
                side += [*part.tokens, _COMMA]
    return around([*before, *piece.tokens[: spot.start]], after, spot.verb.form)


def _kind_of_refusal(
    spot: Spot, piece: Piece, parts: list[Piece], place: int, found: Found
) -> Kind:
    if piece.question:
        return Kind.CHAT
    if frame := found.heading or _framed(spot, piece, parts, place):
        return frame.kind
    if spot.verb.form is Form.PAST:
        return Kind.RECAP
    if _condition(spot, piece, parts, place) or not INTENTIONS.isdisjoint(piece.words):
        return Kind.CONDITIONAL
    return Kind.CHAT


def _condition(spot: Spot, piece: Piece, parts: list[Piece], place: int) -> str:
    """The word that makes this conditional, in the piece, before it or right behind it."""
    own = _own_condition(piece.tokens, spot)
    if own:
        return own
    for other in parts[:place]:
        if other.sentence == piece.sentence and (start := _starts_condition(other)):
            return start
    follower = parts[place + 1] if place + 1 < len(parts) else None
    if follower is not None and follower.sentence == piece.sentence:
        start = _starts_condition(follower)
        if start and INTENTIONS.isdisjoint(follower.words):
            return start
    return ""


def _own_condition(tokens: Sequence[Token], spot: Spot) -> str:
    priced = planned = False
    for place, token in enumerate(tokens):
        behind = place >= spot.end
        priced = priced or (behind and token.kind in _PRICE_KINDS)
        planned = planned or (priced and token.low in INTENTIONS)
        if token.low not in CONDITIONS or planned:
            continue
        if place and tokens[place - 1].low in ("see", "sure", "wonder", "wondering"):
            continue
        return token.text
    return ""


def _starts_condition(piece: Piece) -> str:
    """A piece that begins with "if", or with a level to be broken: "over 250, buying"."""
    heads = [token for token in piece.tokens[:4] if token.low not in ("and", "only", "so")]
    if not heads:
        return ""
    two = " ".join(token.low for token in heads[:2])
    if heads[0].low in CONDITION_STARTS or two in CONDITION_STARTS:
        return heads[0].text
    if heads[0].low in BEYOND and len(heads) > 1 and heads[1].kind in _PRICE_KINDS:
        return f"{heads[0].text} {heads[1].text}"
    return ""


def _long_ago(piece: Piece) -> str:
    words = list(piece.words)
    for place, word in enumerate(words):
        later = words[place + 1] if place + 1 < len(words) else ""
        if word in LONG_AGO:
            return word
        if (word, later) == ("this", "morning") or (
            word in ("too", "tad", "bit") and later in ("early", "soon", "late")
        ):
            return f"{word} {later}"
        if word == "last" and later in ("week", "month", "year", "night", "friday", "monday"):
            return f"{word} {later}"
    return ""
