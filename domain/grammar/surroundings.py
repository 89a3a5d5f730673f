"""What the words around an action do to it: questions, conditions, frames and memories."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from domain.grammar.frames import Frame, around
from domain.grammar.marks import marked
from domain.grammar.pieces import Piece
from domain.grammar.reading import Kind
from domain.grammar.spots import Spot
from domain.grammar.tokens import Token
from domain.grammar.verbs import Form
from domain.grammar.vocabulary import (
    BEYOND,
    CONDITION_STARTS,
    CONDITIONS,
    INTENTIONS,
    LONG_AGO,
    NEGATIONS,
)

_PAST = Form.PAST
_AROUND = 6
"""So many pieces of a sentence on either side are looked at for what frames an action."""
_COMMA = Token("comma", ",", ",")
_LATER = frozenset(
    {"add", "adding", "average", "averaging", "trim", "trimming", "stop", "cut", "out"}
)
"""Behind a price they begin what is done with the trade later: "@ 2.30 adding if it dips"."""
PRICE_KINDS = frozenset({"at", "money", "num", "percent"})
_SETS = marked(CONDITIONS)
_BEGINS = marked(CONDITION_STARTS | BEYOND | {start.split()[0] for start in CONDITION_STARTS})
_INTENDED = marked(INTENTIONS)
_BEFORE_NOW = marked(LONG_AGO | {"this", "too", "tad", "bit", "last"})
_FROM = marked({"from"})


class Veto(NamedTuple):
    """What an action word turns out to be where it stands, and why nothing is done by it."""

    kind: Kind
    why: str


def veto(spot: Spot, parts: Sequence[Piece], place: int, heading: Frame | None) -> Veto | None:
    """Why the surroundings keep a verb in command position from being done."""
    piece = parts[place]
    if piece.question:
        return Veto(Kind.CHAT, f"'{spot.said}' is part of a question")
    if condition := _condition(spot, piece, parts, place):
        return Veto(Kind.CONDITIONAL, f"'{condition}' makes '{spot.said}' a condition")
    if frame := heading or _framed(spot, parts, place):
        return Veto(frame.kind, frame.why)
    is_past = spot.verb.form is _PAST
    if is_past and (past := _long_ago(piece)):
        return Veto(Kind.RECAP, f"'{past}' makes '{spot.said}' a memory")
    after = piece.tokens[spot.end :]
    if piece.marks & _FROM and spot.verb.strict and not is_past and _stands_from(after):
        return Veto(Kind.RECAP, f"'{spot.said} ... from' tells how it stands")
    if after and after[0].low in NEGATIONS and spot.verb.kind in (Kind.OPEN, Kind.ADD):
        return Veto(Kind.RECAP if is_past else Kind.CHAT, f"'{after[0].text}' behind '{spot.said}'")
    return None


def _stands_from(after: Sequence[Token]) -> bool:
    """In "long TSLA 250c from 2.30" the trade was opened before."""
    return any(
        token.low == "from" and ahead.kind in PRICE_KINDS for token, ahead in pairwise(after)
    )


def kind_of_refusal(spot: Spot, parts: Sequence[Piece], place: int, heading: Frame | None) -> Kind:
    """What an action word is that is not in command position."""
    found = veto(spot, parts, place, heading)
    if found is not None:
        return found.kind
    if spot.verb.form is _PAST:
        return Kind.RECAP
    return Kind.CONDITIONAL if parts[place].marks & _INTENDED else Kind.CHAT


def _framed(spot: Spot, parts: Sequence[Piece], place: int) -> Frame | None:
    """What the rest of the sentence makes of the verb."""
    piece = parts[place]
    before: list[Token] = []
    for other in () if piece.turns else parts[max(place - _AROUND, 0) : place]:
        if other.sentence == piece.sentence:
            before += [*other.tokens, _COMMA]
    after = list(piece.tokens[spot.end :])
    for other in parts[place + 1 : place + _AROUND]:
        if other.sentence == piece.sentence:
            after += [_COMMA, *other.tokens]
    return around([*before, *piece.tokens[: spot.start]], after, spot.verb.form)


def _condition(spot: Spot, piece: Piece, parts: Sequence[Piece], place: int) -> str:
    """The word that makes this conditional, in the piece, before it or right behind it."""
    if piece.marks & _SETS and (own := _own_condition(piece.tokens, spot)):
        return own
    for other in parts[:place] if place else ():
        if other.sentence == piece.sentence and (start := _starts_condition(other)):
            return start
    follower = parts[place + 1] if place + 1 < len(parts) else None
    if follower is not None and follower.sentence == piece.sentence:
        start = _starts_condition(follower)
        if start and not follower.marks & _INTENDED:
            return start
    return ""


def _own_condition(tokens: Sequence[Token], spot: Spot) -> str:
    priced = planned = False
    for place, token in enumerate(tokens):
        behind = place >= spot.end
        priced = priced or (behind and token.kind in PRICE_KINDS)
        planned = planned or (priced and (token.low in INTENTIONS or token.low in _LATER))
        if token.low not in CONDITIONS or planned:
            continue
        if place and tokens[place - 1].low in ("see", "sure", "wonder", "wondering"):
            continue
        return token.text
    return ""


def _starts_condition(piece: Piece) -> str:
    """A piece that begins with "if", or with a level to be broken: "over 250, buying"."""
    if not piece.marks & _BEGINS:
        return ""
    heads = [token for token in piece.tokens[:4] if token.low not in ("and", "only", "so")]
    if not heads:
        return ""
    two = " ".join(token.low for token in heads[:2])
    if heads[0].low in CONDITION_STARTS or two in CONDITION_STARTS:
        return heads[0].text
    if heads[0].low in BEYOND and len(heads) > 1 and heads[1].kind in PRICE_KINDS:
        return f"{heads[0].text} {heads[1].text}"
    return ""


def _long_ago(piece: Piece) -> str:
    if not piece.marks & _BEFORE_NOW:
        return ""
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
