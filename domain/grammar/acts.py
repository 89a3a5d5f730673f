"""Finds what the author does: action words said as done, each with the words that belong to it.

An action word counts only in command position: at the start of a phrase, or behind words that
lead into it ("I just", "personally going to"). Everything else around it ("make sure to trim",
"a perfect trim", "he sold") leaves it a word like any other, and is named as the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from domain.grammar.frames import Frame, heading
from domain.grammar.lead import REACHED, objection
from domain.grammar.marks import TICKER, marked
from domain.grammar.option_marks import MAY_MARK, OPTION_MARKS, option_mark
from domain.grammar.pieces import Piece, pieces
from domain.grammar.reading import Kind
from domain.grammar.spots import CONTRACT_KINDS, NAMES, STARTS, Spot, spots
from domain.grammar.strategies import SIGNS, Sign
from domain.grammar.surroundings import PRICE_KINDS, kind_of_refusal, veto
from domain.grammar.tokens import Token, kept_token, marks_in
from domain.grammar.verbs import ENTRIES, EXITS, VERBS, Form, Verb
from domain.grammar.vocabulary import (
    AT_ENTRY,
    AVERAGES,
    CONDITIONS,
    EXPIRY_WORDS,
    FRACTION_PARTS,
    FRACTIONS,
    INTENTIONS,
    KEPT_BY,
    OPTION_WORDS,
    PARTIALS,
    PRICE_WORDS,
    REMAINDER,
    RIGHTS,
    STOPS,
    TARGETS,
)

_OPEN, _TRIM = Kind.OPEN, Kind.TRIM
_TICKET, _NOW = Form.TICKET, Form.NOW
_BARE_MAX = 5
_PARTS = frozenset(FRACTIONS) | frozenset(FRACTION_PARTS) | REMAINDER | PARTIALS | AT_ENTRY
SPOTS_MAX = 40
"""Action words looked at in one text; a message with more is no alert, whatever it says."""

_PARTLY = frozenset({"partial", "partial out", "partials out"})
_MOSTLY = FRACTIONS.keys() | {"mostly"}
_COMMA = Token("comma", ",", ",")
_COUNTS = ("num", "qty")
_SLOT_KINDS = CONTRACT_KINDS | {"joined", "percent", "at", "money", "qty", "index", "num"}
_TELLING = TICKER | marked(
    REMAINDER | RIGHTS.keys() | FRACTIONS.keys(), kinds=_SLOT_KINDS - {"num"}
)
_SLOT = TICKER | marked(
    STOPS | TARGETS | PRICE_WORDS | EXPIRY_WORDS | OPTION_WORDS | REMAINDER | FRACTIONS.keys()
    | RIGHTS.keys() | AVERAGES | {"exp", "new", "set"},
    kinds=_SLOT_KINDS,
)  # fmt: skip
_SPEAKING = TICKER | marked(_PARTS | OPTION_MARKS | RIGHTS.keys(), kinds=_SLOT_KINDS)
_NAMING = NAMES | marked(kinds=("joined",))
_CONDITIONAL = marked(CONDITIONS)
_INTENDED = marked(INTENTIONS)
_TARGETED = marked(TARGETS, kinds=("index",))
_PERCENT = marked(kinds=("percent",))


class Act(msgspec.Struct, gc=False):
    """An action word in command position and the words that fill its slots."""

    verb: Verb
    said: str
    tokens: list[Token]
    verb_at: int
    sentence: int
    beside: str = ""
    """A word of an option in the text that is not part of this act."""
    inherent: bool = False
    """The phrase itself says what is sold: "full profit", "my last trim"."""

    @property
    def object(self) -> str:
        """The word right behind the action."""
        return self.tokens[self.verb_at].text if self.verb_at < len(self.tokens) else ""


class Refusal(msgspec.Struct, gc=False):
    """An action word that is not an act, and why not."""

    kind: Kind
    why: str
    verb: Verb
    sentence: int


class Found(msgspec.Struct, gc=False):
    """What one text holds."""

    acts: list[Act] = []
    refusals: list[Refusal] = []
    free: list[Piece] = []
    """Pieces that belong to no act; they may still move levels."""
    heading: Frame | None = None
    """What a line at the top makes of all that stands under it."""


def find(tokens: Sequence[Token]) -> Found:
    """All acts and refused action words of a text."""
    found = Found()
    parts = pieces(tokens)
    for place, piece in enumerate(parts):
        if len(found.acts) + len(found.refusals) > SPOTS_MAX:
            return Found()
        act = found.acts[-1] if found.acts else None
        before = len(found.acts)
        refused = piece.marks & STARTS > 0 and _act_on(piece, parts, place, found)
        if len(found.acts) > before:
            continue
        if act is not None and not refused and _continues(piece):
            act.tokens += [_COMMA, *piece.tokens]
        else:
            found.free.append(piece)
            if not refused and found.heading is None:
                found.heading = heading(piece.tokens, piece.marks)
    if found.acts and any(piece.marks & MAY_MARK for piece in found.free):
        mark = option_mark(token for piece in found.free for token in piece.tokens)
        for act in found.acts:
            act.beside = act.beside or mark
    return found


def _continues(piece: Piece) -> bool:
    """Whether a piece without a verb goes on with the ticket before it."""
    head = piece.tokens[0]
    if piece.question or piece.marks & _CONDITIONAL:
        return False
    if head.low in KEPT_BY and len(piece.tokens) <= _BARE_MAX:
        return True
    if piece.marks & _INTENDED:
        return False
    return head.marks & _SLOT > 0 or (
        piece.marks & _PERCENT > 0
        and any(t.kind == "percent" and t.text[0] in "+-" for t in piece.tokens)
    )


def _act_on(piece: Piece, parts: list[Piece], place: int, found: Found) -> bool:
    """Adds the acts of a piece; says whether an action word in it was refused."""
    taken: list[Spot] = []
    refused: list[Spot] = []
    words = _with_next(parts, place)
    for spot in islice(spots(piece.tokens), SPOTS_MAX):
        if taken and _goes_with(taken[-1], spot, piece.tokens):
            continue
        why = objection(
            words,
            spot,
            since=taken[-1].end if taken else 0,
            after_refused=bool(refused and not taken),
        )
        if not why and spot.end == len(words) and _is_word_of_many(spot, parts):
            why = f"'{spot.said}' of what is not said"
        held_back = None if why else veto(spot, parts, place, found.heading)
        if held_back is not None:
            why = held_back.why
        elif not why and _goes_on_with_refused(piece, found):
            why = f"'{spot.said}' goes on with what was not done"
        if why:
            refused.append(spot)
            if _is_about_a_trade(spot, piece):
                kind = (
                    held_back.kind
                    if held_back is not None
                    else kind_of_refusal(spot, parts, place, found.heading)
                )
                found.refusals.append(Refusal(kind, why, spot.verb, piece.sentence))
        else:
            taken.append(spot)
    if len(taken) == 1 and not refused:
        found.acts.append(_act(parts, place, taken[0], len(piece.tokens), is_first=True))
        return False
    for index, spot in enumerate(taken):
        following = [s.start for s in (*taken[index + 1 :], *refused) if s.start > spot.start]
        until = min(following, default=len(piece.tokens))
        first = index == 0 and not any(s.start < spot.start for s in refused)
        found.acts.append(_act(parts, place, spot, until, is_first=first))
    if len(taken) > 1:
        found.acts[-len(taken) :] = _legs_joined(found.acts[-len(taken) :])
    return bool(refused)


def _legs_joined(acts: list[Act]) -> list[Act]:
    """In "BTO AAPL 240C / STO AAPL 250C @ 4.60 debit" two tickets are the legs of one spread.

    Without the word for what it costs the legs alone are left, and the price is asked for.
    """
    joined: list[Act] = []
    for act in acts:
        last = joined[-1] if joined else None
        if last is None or not _is_other_leg(last, act):
            joined.append(act)
            continue
        sign = next((SIGNS[token.low] for token in act.tokens if token.low in SIGNS), None)
        if sign is not None:
            last.tokens += [*act.tokens, kept_token("word", "spread")]
            last.verb = VERBS["bto",] if sign is Sign.DEBIT else VERBS["sto",]
    return joined


def _is_other_leg(act: Act, other: Act) -> bool:
    tickets = act.verb.form is _TICKET and other.verb.form is _TICKET
    opens = act.verb.kind is _OPEN and other.verb.kind is _OPEN
    sided = opens and act.verb.action is not other.verb.action
    return tickets and sided and bool(act.tokens) and act.tokens[-1].kind == "amp"


def _goes_with(act: Spot, spot: Spot, tokens: Sequence[Token]) -> bool:
    """Whether an action word only fills the act before it: the size of an exit, or a target."""
    if act.verb.kind in EXITS:
        return _says_how_much(spot, tokens)
    ahead = tokens[spot.end] if spot.end < len(tokens) else None
    profits = tokens[spot.start].low == "take" and tokens[spot.end - 1].low.startswith("profit")
    return profits and ahead is not None and ahead.kind in ("num", "money", "at", "colon")


def _says_how_much(spot: Spot, tokens: Sequence[Token]) -> bool:
    """Whether a word behind an exit only tells its size: "STC ... @ 2.52 partial, half out"."""
    if any(token.marks & NAMES for token in tokens[spot.end :]):
        return False
    if spot.said.lower() in _PARTLY:
        return True
    return spot.said.lower() == "out" and tokens[spot.start - 1].low in _MOSTLY


def _is_word_of_many(spot: Spot, parts: list[Piece]) -> bool:
    """ "Exit" says enough as a whole message; at the head of a report it is a headline."""
    verb = spot.verb
    loose = verb.of_price and verb.form is _NOW and spot.start == 0 and not spot.inherent
    return loose and sum(len(part.tokens) for part in parts[:_BARE_MAX]) > _BARE_MAX


def _with_next(parts: list[Piece], place: int) -> list[Token]:
    """The words of a piece, with those that go on behind a comma: "added, avg 2.05", "sold 2,
    holding 1 runner"."""
    words = parts[place].tokens
    if place + 1 < len(parts):
        ahead = parts[place + 1]
        head = ahead.tokens[0]
        goes_on = head.kind in PRICE_KINDS or (words[-1].kind == "num" and head.low in KEPT_BY)
        if goes_on and ahead.sentence == parts[place].sentence:
            return [*words, *ahead.tokens]
    return words


def _goes_on_with_refused(piece: Piece, found: Found) -> bool:
    """In "Recap: BTO TSLA 250c @ 2, STC @ 4" the exit is of the entry that was refused."""
    if piece.marks & NAMES or not found.refusals:
        return False
    return any(
        refusal.verb.kind in ENTRIES and refusal.sentence == piece.sentence
        for refusal in found.refusals
    )


def _is_about_a_trade(spot: Spot, piece: Piece) -> bool:
    """Whether it is worth saying that the word was refused: "heading out" is not."""
    return spot.verb.kind is _TRIM or spot.verb.form is _TICKET or piece.marks & _TELLING > 0


def _act(parts: list[Piece], place: int, spot: Spot, until: int, *, is_first: bool) -> Act:
    piece = parts[place]
    before = _contract_before(piece.tokens[: spot.start]) if is_first else []
    after = piece.tokens[spot.end : until]
    if piece.marks & _INTENDED:
        after = _without_plans(after)
    named = piece.marks & _NAMING > 0 and any(map(_names, (*before, *after)))
    if is_first and not named:
        before = [*_heading_contract(parts, place), *before]
    tokens = [*before, *after]
    verb = _adding(spot.verb) if _is_more(after) else spot.verb
    return Act(verb, spot.said, tokens, len(before), piece.sentence, inherent=spot.inherent)


def _contract_before(tokens: list[Token]) -> list[Token]:
    """In "TSLA 250c out @ 3.10" the contract stands before the verb, in "half out" the part."""
    return [*tokens, _COMMA] if marks_in(tokens) & _SPEAKING else []


def _heading_contract(parts: list[Piece], place: int) -> list[Token]:
    """A piece that is nothing but a contract or ticker, right before: "TSLA - all out 3.10"; or
    that says which trade reached its target: "TP1 hit on TSLA 250c, sold half"."""
    tokens = parts[place - 1].tokens if place else []
    if tokens and tokens[0].low in AVERAGES and marks_in(tokens) & NAMES:
        prices = [token for token in tokens if token.kind in PRICE_KINDS]
        named = [token for token in tokens[1:] if token.kind not in PRICE_KINDS]
        return [*named, tokens[0], *prices, _COMMA]
    bare = bool(tokens) and len(tokens) <= _BARE_MAX and any(map(_names, tokens))
    if bare and all(_names(t) or t.low in RIGHTS or t.kind in ("num", "colon") for t in tokens):
        return [*tokens, _COMMA]
    if marks_in(tokens) & _TARGETED and any(token.low in REACHED for token in tokens):
        return [*(token for token in tokens if _names(token) and token.kind != "index"), _COMMA]
    return []


def _names(token: Token) -> bool:
    return token.marks & _NAMING > 0 and token.text not in FRACTION_PARTS


def _is_more(after: Sequence[Token]) -> bool:
    """Whether an entry is one more of what is open: "bought 2 more"."""
    for token in after[:3]:
        if token.kind not in _COUNTS:
            return token.low == "more"
    return False


def _adding(verb: Verb) -> Verb:
    return verb._replace(kind=Kind.ADD, strict=False) if verb.kind is _OPEN else verb


def _without_plans(tokens: list[Token]) -> list[Token]:
    """Cuts what the author means to do later: "@ 2.30 will add at 2.00"."""
    priced = False
    for place, token in enumerate(tokens):
        priced = priced or token.kind in PRICE_KINDS
        if priced and token.low in INTENTIONS:
            return tokens[:place]
    return tokens
