"""Tickets without a verb: a whole contract and its price on a line, and nothing that says
otherwise.

`SPY 600c 1/16 1.20` opens where that is a room's way to write, and `-1 SPY 600c 1.80` sells; the
same words with "hit", "now" or "from" are a report. So every word up to the price has to be one
that a ticket has a place for, and what stands around the ticket must not look back, watch, ask or
wish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from domain.grammar import stance
from domain.grammar.acts import Act, Found
from domain.grammar.figures import PRICE_TIMES
from domain.grammar.frames import around, heading
from domain.grammar.lead import ROLE
from domain.grammar.marks import marked
from domain.grammar.pieces import Piece
from domain.grammar.reading import Action, Kind
from domain.grammar.slot_words import RATINGS
from domain.grammar.spots import WHOLE_KINDS
from domain.grammar.strategies import BIASES, IRON, SIGNS, STRATEGIES
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token, marks_in
from domain.grammar.verbs import Form, Verb
from domain.grammar.vocabulary import (
    CONDITIONS,
    INTENTIONS,
    NEGATIONS,
    OPTION_WORDS,
    RIGHTS,
    SIZES,
    STOPS,
    TARGETS,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TICKETS_MAX = 3
_DONE = re.compile(
    "[0-9] ?x ?[0-9]*[.][0-9]"
    "|[\u2705\u2714\u2611\u2b06\u2b07\U0001f4b0\U0001f911\U0001f4c8\U0001f4c9]"
)
"""A quote ("2.85 x 2.90"), and pictures of what came of a trade."""
_PIECES_MAX = 24
_AFTER_WORDS_MAX = 12
_ENTERS = Verb(Kind.OPEN, Action.BTO, strict=True, bare=True)
_LEAVES = Verb(Kind.CLOSE, Action.STC, strict=True, bare=True)
_LEAVES_WORDS = 3
_STACKED_MIN, _BESIDE_MAX = 3, 3
_SIZE_SOLD = re.compile(r"-[0-9]{1,4}(?: ?x)?")
"""As a position shrinks by it: "-1 SPY 600c 1.80"."""
_LISTED_SIZE = re.compile(r"^ ?-[ (]+[0-9]", re.MULTILINE)
"""The dash may begin a line of a list, or say that so many are sold."""

_SLOT_KINDS = WHOLE_KINDS | {
    "slash", "dashed", "iso", "dte", "daymon", "monday", "at", "money", "num", "qty", "cash",
    "comma", "colon", "index", "adjusted", "dotted", "quote",
}  # fmt: skip
_LABELS = _set(
    """
    alert alerts entry new trade trades lotto lottos swing swings swinging scalp scalping daytrade
    day yolo risky high low risk small tiny light heavy half full quarter size sized sizing sz
    starter position play earnings er hedge overnight intraday runner for at the a of order fill
    filled avg average price cost limit lim cmp paid per con each only here everyone team guys
    under below loss profit mental hard soft lt dt rth smaller fun
    """
)
_TICKET_WORDS = (
    _LABELS | RIGHTS.keys() | OPTION_WORDS | SIZES | STOPS | TARGETS | RATINGS
    | STRATEGIES.keys() | SIGNS.keys() | BIASES.keys() | {IRON}
    | {"today", "tomorrow", "tmrw", "tmr", "friday", "fri", "next", "this", "week", "eod", "eow",
       "opex"}
)  # fmt: skip
_REPORTING = _set(
    """
    now currently still already finally was were is are hit hits ran running runs went goes going
    up down from to since high highs low lows hod lod ath hitting touched reached trading traded
    flat green red nice beautiful wow boom bang easy missed miss called alerted gave gives paying
    paid printing print prints printed he she they his her their someone somebody you your u
    banger winner winners congrats ripping ripped rip bleeding dead expired worthless closed sold
    bought made took left done gone got wish hope hopefully almost nearly should've could've
    over above breaks break through looks look seems feels cheap expensive lfg lol lmao insane
    bid ask mid offer volume vol oi iv delta sweep flow unusual mark last open close chart level
    """
)
"""Behind the price, or on another line, they tell how something stands or stood."""


_NOTES = _TICKET_WORDS | _set(
    """
    cheap super level expect hero or zero can set your own round rolling profits please not very be
    careful
    """
)
"""What is shouted under a ticket: "CHEAP LOTTO PLAY, HERO OR ZERO"."""
_LATER = _set("add average avg trim sell scale hold cut close exit update keep manage swing stop")
"""What is done with a trade that is open, behind "will"."""


def act_barely(found: Found, text: str) -> None:
    """Adds the acts of a text in which no word acts or was refused."""
    if found.acts or found.refusals or found.heading is not None or not found.free:
        return
    if not any(piece.marks & _NAMING_OR_AT for piece in found.free):
        return
    if len(found.free) > _PIECES_MAX:
        return
    if ("x" in text or not text.isascii()) and _DONE.search(text):
        return
    if "-" in text and _LISTED_SIZE.search(text):
        return
    if any(piece.question for piece in found.free):
        return
    if left := _left(found.free):
        found.acts, found.free = [left], []
        return
    if _is_stacked(found.free):
        for piece in found.free:
            piece.sentence = 0
    sentences = [list(group) for _, group in groupby(found.free, key=lambda piece: piece.sentence)]
    said = [[one for one in _joined(pieces) if not _is_role(one)] for pieces in sentences]
    are_tickets = list(map(_is_ticket, said))
    if not any(are_tickets):
        return
    acts: list[Act] = []
    rest: list[Piece] = []
    for pieces, words, is_ticket in zip(sentences, said, are_tickets, strict=True):
        if is_ticket:
            end = _ticket_end(words)
            verb = _LEAVES if words[0].text.startswith("-") else _ENTERS
            acts.append(Act(verb, _said(words), words[:end], 0, pieces[0].sentence))
        elif acts and _goes_on(words):
            acts[-1].tokens += [_END, *words]
        elif acts and _is_note(words):
            for piece in pieces:
                acts[-1].tokens += [_END, *piece.tokens] if _goes_on(piece.tokens) else []
        elif _speaks_otherwise(words) or heading(words, marks_in(words)) is not None:
            return
        else:
            rest += pieces
    if acts and len(acts) <= TICKETS_MAX and all(_is_priced(act.tokens) for act in acts):
        found.acts, found.free = acts, rest


_COMMA = Token("comma", ",", ",")
_LEVELS = STOPS | TARGETS | {"loss", "profit"}
_SHARED = STOPS | TARGETS | RATINGS
_SPELLINGS = RIGHTS.keys() | STRATEGIES.keys()
_NAMING = marked(_SPELLINGS, kinds=WHOLE_KINDS)
"""Without one of these no contract stands in a piece."""
_NAMING_OR_AT = _NAMING | marked(kinds=("at",))
_BEHIND_ROOT = WHOLE_KINDS | {"slash", "dte"}
_END = Token("end", "\n", "\n")


def _joined(pieces: Sequence[Piece]) -> Iterator[Token]:
    for place, piece in enumerate(pieces):
        if place:
            yield _COMMA
        yield from piece.tokens


def _left(pieces: Sequence[Piece]) -> Act | None:
    """The act of "-2 IWM @ lim0.16": so many of what is open are gone."""
    if len(pieces) != 1 or len(pieces[0].tokens) != _LEAVES_WORDS:
        return None
    size, root, price = pieces[0].tokens
    named = root.kind == "cash" or is_ticker_word(root.text)
    if not (named and price.kind == "at" and _SIZE_SOLD.fullmatch(size.low)):
        return None
    return Act(_LEAVES, root.text, [*pieces[0].tokens], 0, pieces[0].sentence)


def _is_stacked(pieces: Sequence[Piece]) -> bool:
    """Whether the ticket is typed from top to bottom: the root, the strike, the day, the price."""
    single = sum(len(piece.tokens) == 1 for piece in pieces)
    return single >= _STACKED_MIN and all(len(piece.tokens) <= _BESIDE_MAX for piece in pieces)


def _is_role(token: Token) -> bool:
    return token.kind == "someone" and ROLE.search(token.low) is not None


def _said(words: Sequence[Token]) -> str:
    """The strike, or the word that is its right or shape."""
    spelled = (token.text for token in words if token.low in _SPELLINGS)
    return next((token.text for token in words if token.kind in WHOLE_KINDS), next(spelled, ""))


def _is_ticket(words: Sequence[Token]) -> bool:
    """Whether a sentence is one contract, said in ticket words until its price is said."""
    end = _ticket_end(words)
    head = words[:end]
    if not any(map(_is_contract, head)) and not _is_spelled(head):
        return False
    if any(map(_tells_market, pairwise(head))):
        return False
    behind = _without_later(words[end:])
    if len(behind) > _AFTER_WORDS_MAX or _speaks_otherwise(behind):
        return False
    roots = {token.low.lstrip("$") for token in head if _is_root(token)}
    if head[0].text.startswith("-") and _SIZE_SOLD.fullmatch(head[0].low) is None:
        return False
    reached = any(token.kind == "arrow" for token in words)
    return len(roots) <= 1 and not reached and around([], words, Form.NOW) is None


def _without_later(behind: Sequence[Token]) -> Sequence[Token]:
    """Cuts what is to be done with the trade later on: "swing, will add lower"."""
    for place, (token, ahead) in enumerate(pairwise(behind)):
        if token.low in INTENTIONS and ahead.low in _LATER:
            return behind[:place]
    return behind


def _tells_market(pair: tuple[Token, Token]) -> bool:
    """A high, a low, an average, or millions that were paid: "high 4.10", "$1.2M"."""
    token, ahead = pair
    reached = token.low in ("high", "low", "avg", "average") and ahead.kind in (
        "num",
        "money",
        "at",
    )
    return reached or (ahead.kind == "money" and ahead.low[-1] in "kmb")


def _ticket_end(words: Sequence[Token]) -> int:
    """The place of the first word that a ticket has no place for."""
    for place, token in enumerate(words):
        if token.kind == "word" and not (
            token.low in _TICKET_WORDS or is_ticker_word(token.text) or _is_before(words, place)
        ):
            return place
        known = token.kind in _SLOT_KINDS or _is_priced_size(token) or _is_share(words, place)
        if token.kind != "word" and not known:
            return place
    return len(words)


def _is_priced_size(token: Token) -> bool:
    return token.kind == "mix" and PRICE_TIMES.fullmatch(token.low) is not None


def _is_contract(token: Token) -> bool:
    return token.kind in WHOLE_KINDS


def _is_spelled(words: Sequence[Token]) -> bool:
    """250 call, 650/645 put spread."""
    said = {token.low for token in words}
    numbered = any(token.kind in ("num", "money", "slash") for token in words)
    return numbered and not said.isdisjoint(_SPELLINGS)


def _is_root(token: Token) -> bool:
    return token.kind == "cash" or (token.kind == "word" and is_ticker_word(token.text)
                                    and token.low not in _NOTES)  # fmt: skip


def _is_before(words: Sequence[Token], place: int) -> bool:
    """A root in small letters stands right before its strike or expiry."""
    ahead = words[place + 1] if place + 1 < len(words) else _END
    return len(words[place].text) <= 5 and ahead.kind in _BEHIND_ROOT


def _is_share(words: Sequence[Token], place: int) -> bool:
    """A percentage of a stop, a target or a size; any other is a gain."""
    around_it = [token.low for token in words[max(place - 3, 0) : place + 2]]
    return words[place].kind == "percent" and not _SHARED.isdisjoint(around_it)


def _is_note(words: Sequence[Token]) -> bool:
    """Whether a line under a ticket is shouted, and tells how it is dared."""
    said = [token for token in words if token.kind == "word"]
    return all(token.text.isupper() and token.low in _NOTES for token in said) and not any(
        token.kind in ("percent", "arrow", "strike", "osi", "joined") for token in words
    )


def _goes_on(words: Sequence[Token]) -> bool:
    """A line of prices, sizes and levels under the contract."""
    return _ticket_end(words) == len(words) and not any(map(_is_root, words))


def _is_priced(words: Sequence[Token]) -> bool:
    """Whether a number stands there that can be a price, and is no stop or target."""
    label = ""
    for token in words:
        number = token.kind in ("at", "money") or (token.kind == "num" and "." in token.text)
        if (number or _is_priced_size(token)) and label not in _LEVELS:
            return True
        label = token.low if token.kind in ("word", "index") else label
    return False


def _speaks_otherwise(words: Sequence[Token]) -> bool:
    """Whether words watch, report, wish, or are said of somebody else."""
    lows = [token.low for token in words if token.kind == "word"]
    if any(token.kind in ("arrow", "percent", "someone", "handle") for token in words):
        return True
    for signs in (_REPORTING, CONDITIONS, INTENTIONS, NEGATIONS):
        if not signs.isdisjoint(lows):
            return True
    return stance.kind_of(" ".join(lows)) is not Kind.CHAT or any(map(_is_contract, words))
