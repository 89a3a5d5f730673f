"""Whether an action word is in command position: what stands before it in its piece."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from domain.grammar.objects import object_objection, statement_objection
from domain.grammar.reading import Kind
from domain.grammar.roots import is_root_before_strike
from domain.grammar.spots import CONTRACT_KINDS, WHOLE_KINDS, Spot, is_priced
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.verbs import EXITS, Form
from domain.grammar.vocabulary import (
    ABOUT_TO,
    FIRST_PERSON,
    HELD_SUBJECTS,
    JOINING,
    LABELS_BEFORE_VERB,
    LEADING,
    LEVEL_LEADS,
    LEVEL_MOVES,
    NEGATIONS,
    OTHERS,
    REMAINDER,
    RIGHTS,
    SPOKEN_FAR,
    SPOKEN_OF,
    STILL,
    TARGETS,
    TICKET_LEADS,
)

_OPEN, _ADD = Kind.OPEN, Kind.ADD
_TICKET, _PAST = Form.TICKET, Form.PAST
_PASSABLE = {"amp", "num", "qty", "percent", "at", "money", "time"} | CONTRACT_KINDS
_PEOPLE = frozenset({"guys", "folks", "all", "fam", "team"})
ROLE = re.compile(
    r"alert|trade|trading|member|premium|vip|every|here|room|team|option|swing|scalp|day|lotto"
    r"|signal|call|subs|gang|fam|squad|notif|ping|pro|elite|gold|plus|leap|momentum"
)
"""In the name of a role that is called, which no person has."""
_POINTS = frozenset({"here", "now", "rest", "remaining", "runners", "runner", "half", "most",
                     "some", "all", "for"})  # fmt: skip
_THEIRS = frozenset({"its", "their", "his", "her"})
REACHED = frozenset({"hit", "smashed", "reached", "done", "cleared", "achieved", "met", "filled",
                      "touched", "crushed", "nailed", "destroyed", "secured"})  # fmt: skip
_DATING = frozenset({"expiry", "exp", "expiration", "expiring", "this", "next", "week", "today",
                     "tomorrow", "lotto", "weekly", "for"})  # fmt: skip
"""Say the day of a contract before what is done with it: "COIN calls $225 $2.45 this week
expiry added"."""
_LETTING = frozenset({"gonna", "lets", "let's"})
_SEEMS = frozenset({"look", "looks", "looking", "seems", "is", "was", "makes", "sounds"})
_FORECAST = frozenset({"by", "eoy", "eow", "eod", "eom"})


def objection(
    tokens: Sequence[Token], spot: Spot, *, since: int = 0, after_refused: bool = False
) -> str:
    """Why the word is not in command position or acts on nothing; empty when all is well.

    What stands before `since` belongs to an act before it.
    """
    if why := _lead_objection(tokens, spot, since, after_refused=after_refused):
        return why
    after = tokens[spot.end :]
    of_contract = spot.start > 0 and _names_option(tokens[: spot.start])
    return object_objection(after, spot, of_contract=of_contract) or statement_objection(
        after, spot
    )


def _lead_objection(tokens: Sequence[Token], spot: Spot, since: int, *, after_refused: bool) -> str:
    """Walks back from the verb over words that lead into it."""
    at = spot.start - 1
    while at >= since:
        token = tokens[at]
        before = tokens[at - 1] if at else None
        if token.low in FIRST_PERSON:
            return _person_objection(tokens, at, spot)
        if not since and is_ticker_word(token.text) and _names_another(tokens[spot.end :]):
            return f"'{token.text}' before '{spot.said}' may be a name"
        if token.low in JOINING:
            return _joined_objection(tokens, at, spot, after_refused=after_refused)
        if token.kind == "arrow" and spot.verb.kind in EXITS:
            return ""
        if token.kind == "colon":
            return _label_objection(tokens[:at], spot)
        if token.low in STILL and spot.verb.kind is _OPEN:
            return f"'{token.text}' before '{spot.said}' tells how it stands"
        if token.low == "to" and _is_about_to(before, spot):
            at -= 2
        elif _was_hit(tokens, at) and spot.verb.kind in EXITS:
            at -= 1 if before is not None and before.kind == "index" else 2
        elif _leads(tokens, at, spot):
            at -= 1
        else:
            return _unled(token, spot)
    return ""


def _person_objection(tokens: Sequence[Token], at: int, spot: Spot) -> str:
    """Before "I" stands what makes it a memory, a wish or a plan; "the rest I close" does not."""
    if at and tokens[at - 1].low in REMAINDER:
        return ""
    if at and spot.verb.whole and spot.verb.of_price and tokens[at - 1].low not in JOINING:
        return f"'{tokens[at - 1].text}' before '{tokens[at].text} {spot.said}'"
    for place in range(max(at - 3, 0), at):
        token = tokens[place]
        signs = SPOKEN_OF if place == at - 1 else SPOKEN_FAR
        if token.low in signs or token.low in NEGATIONS:
            return f"'{token.text}' before '{tokens[at].text} {spot.said}'"
    return ""


def _joined_objection(tokens: Sequence[Token], at: int, spot: Spot, *, after_refused: bool) -> str:
    """What "and" joins may be somebody else's: "he got greedy and sold"."""
    token, before = tokens[at], tokens[at - 1] if at else None
    if after_refused:
        return f"'{spot.said}' goes on with what was not done"
    if token.low in _PEOPLE and before is not None and before.low in OTHERS:
        return f"'{before.text} {token.text}' before '{spot.said}'"
    for other in tokens[:at]:
        if other.low in FIRST_PERSON:
            return ""
        if other.low in OTHERS:
            return f"'{other.text}' before '{spot.said}'"
    return ""


def _names_another(after: Sequence[Token]) -> bool:
    return any(token.kind == "cash" or is_ticker_word(token.text) for token in after[:3])


def _unled(token: Token, spot: Spot) -> str:
    if token.kind == "quote":
        return f"'{spot.said}' is quoted"
    if token.kind in ("someone", "handle"):
        return f"'{spot.said}' may be the trade of {token.text}"
    return f"'{token.text}' before '{spot.said}'"


def _label_objection(before: Sequence[Token], spot: Spot) -> str:
    """A label in front is the room's ("Alert:"), the ticker of an exit, what is done with the
    option ("Covered call: STO ..."), or a name."""
    if not before:
        return ""
    label = before[-2] if before[-1].kind == "num" and len(before) > 1 else before[-1]
    names = is_ticker_word(label.text) or label.kind in CONTRACT_KINDS or label.low in RIGHTS
    is_strategy = spot.verb.form is _TICKET and label.low in RIGHTS
    if label.low in LABELS_BEFORE_VERB or is_strategy or (spot.verb.kind is not _OPEN and names):
        return ""
    return f"'{label.text}:' before '{spot.said}' names somebody else's words"


def _is_about_to(before: Token | None, spot: Spot) -> bool:
    return before is not None and before.low in ABOUT_TO and spot.verb.kind in EXITS


def _was_hit(tokens: Sequence[Token], at: int) -> bool:
    """In "PT1 hit closed half" the target's report leads into the exit."""
    if tokens[at].low not in REACHED or at == 0:
        return False
    named = tokens[max(at - 2, 0) : at]
    return named[-1].kind == "index" or any(token.low in TARGETS for token in named)


def _leads(tokens: Sequence[Token], at: int, spot: Spot) -> bool:
    token = tokens[at]
    is_exit = spot.verb.kind in EXITS
    if token.low in LEADING or (token.low in _LETTING and is_exit) or token.low in ("+", "-"):
        return True
    if spot.verb.form is _TICKET and token.kind == "someone":
        return ROLE.search(token.low) is not None
    if spot.verb.form is _TICKET and token.low in TICKET_LEADS:
        return at < spot.start - 1 or token.low not in ("the", "my", "our")
    if token.kind == "index" or (token.low in TARGETS and is_exit):
        return is_exit
    if token.kind == "num" and at == 0:
        return True
    if is_exit and (token.low in HELD_SUBJECTS or token.kind == "percent"):
        return True
    if spot.inherent and token.low == "at" and tokens[at + 1].kind in ("money", "num"):
        return True
    if spot.verb.kind is _ADD and token.low in _DATING:
        return _may_follow_contract(tokens, spot)
    if is_exit and token.low in ("was", "were", "are"):
        return at > 0 and tokens[at - 1].low in HELD_SUBJECTS
    speaks = (
        token.kind in _PASSABLE
        or is_ticker_word(token.text)
        or token.low in RIGHTS
        or (is_exit and is_root_before_strike(tokens, at))
    )
    return speaks and _may_follow_contract(tokens, spot)


def _may_follow_contract(tokens: Sequence[Token], spot: Spot) -> bool:
    """Whether an exit may be said of what stands before it: "TSLA 250c sold"."""
    if spot.verb.form is _TICKET:
        return True
    if spot.verb.kind is _ADD:
        before = tokens[: spot.start]
        priced = any(one.kind in ("at", "money") for one in (*before, *tokens[spot.end :][:3]))
        named = priced and _names_option(before)
        return spot.verb.form is _PAST and (named or _stands_whole_before_price(tokens, spot))
    if spot.verb.kind not in EXITS:
        return _stands_whole_before_price(tokens, spot)
    if any(token.kind in CONTRACT_KINDS for token in tokens[: spot.start]):
        return True
    if not (spot.verb.of_price or spot.inherent):
        return spot.verb.alone
    if any(token.low in REMAINDER or token.low in RIGHTS for token in tokens[: spot.start]):
        return True
    after = tokens[spot.end : spot.end + 2]
    theirs = any(token.low in _THEIRS for token in after)
    points = bool(after) and (after[0].low in _POINTS or after[0].kind == "percent")
    return (points or spot.inherent) and not theirs and spot.said.lower() != "flat"


def _stands_whole(before: Sequence[Token]) -> bool:
    return any(token.kind in WHOLE_KINDS for token in before)


def _stands_whole_before_price(tokens: Sequence[Token], spot: Spot) -> bool:
    """In "TSLA 430c 11/14 bought at 3.15" the contract comes first."""
    before = tokens[: spot.start]
    if before[0].kind == "num":
        return False
    after = tokens[spot.end :]
    if spot.verb.form is not _PAST:
        said = not any(token.low in _SEEMS for token in after)
        return said and is_priced(after) and _names_option(before)
    priced = any(token.kind in ("at", "money", "num") for token in after[:2])
    return priced and any(one.kind == "strike" for one in before)


def _names_option(tokens: Sequence[Token]) -> bool:
    """Whether a strike with its right is named, in one word or in two: "450 Call", "calls $50"."""
    numbered = ("num", "money")
    return _stands_whole(tokens) or any(
        (token.low in RIGHTS and before.kind in numbered)
        or (before.low in RIGHTS and token.kind in numbered)
        for before, token in pairwise(tokens)
    )


def level_objection(tokens: Sequence[Token], at: int) -> str:
    """Why a stop or target at a place is not the author's to move: "JPM raises TSLA PT"."""
    for place, token in enumerate(tokens[at + 1 : at + 6]):
        if token.low in REACHED:
            return f"'{tokens[at].text} ... {token.text}' reports a level and moves none"
        if token.low in _FORECAST and place:
            return f"'{token.text}' makes it a forecast"
    moved = False
    for token in reversed(tokens[:at]):
        if token.low in LEVEL_MOVES:
            moved = True
        elif token.low in FIRST_PERSON or token.kind == "colon":
            return ""
        elif is_ticker_word(token.text) or token.kind in CONTRACT_KINDS:
            if moved:
                return f"'{token.text}' before '{tokens[at].text}'"
        elif not (token.low in LEVEL_LEADS or token.kind in ("amp", "colon", "num")):
            return f"'{token.text}' before '{tokens[at].text}'"
    return ""
