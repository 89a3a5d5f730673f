"""Whether an exit or an add acts on something that one holds: what stands behind its word."""

from __future__ import annotations

from collections.abc import Sequence

from domain.grammar.reading import Action, Kind
from domain.grammar.spots import CONTRACT_KINDS, WHOLE_KINDS, Spot
from domain.grammar.tickers import is_ticker_word
from domain.grammar.tokens import Token
from domain.grammar.verbs import Form
from domain.grammar.vocabulary import (
    AT_ENTRY,
    AT_HAND,
    AVERAGES,
    DETERMINERS,
    FRACTION_PARTS,
    FRACTIONS,
    KEPT_BY,
    NO_ROOTS,
    PARTIALS,
    PRICE_WORDS,
    REMAINDER,
    RIGHTS,
    SIZES,
    STOPS,
    TARGETS,
    WHOLES,
)

_NUMBER_KINDS = frozenset({"at", "money", "percent"})
_FIGURE_KINDS = _NUMBER_KINDS | {"num"}
_STATES = frozenset(
    {"is", "was", "are", "were", "isn't", "never", "always", "means", "costs", "gives"}
    | {"obligates", "requires", "makes", "matters", "keeps", "can"}
)
_SUBJECTS = frozenset(
    {"this", "that", "it", "which", "as", "there", "he", "she", "these", "because", "and"}
    | {"market", "volume"}
)
_TO_MY = frozenset({"to", "on", "my", "the", "this", "these", "our", "those", "back"})
_HELD = AT_HAND | SIZES | {"calls", "puts", "positions", "longs", "shorts"}
_SMALL = frozenset({"a", "an", "small", "tiny", "big", "nice", "quick", "solid", "good", "little",
                    "slight", "decent", "my", "the", "our", "full", "max", "about"})  # fmt: skip
_RESULTS = frozenset({"loss", "profit", "profits", "gain", "gains", "win", "winner", "scratch",
                      "wash"}) | AT_ENTRY | TARGETS | STOPS  # fmt: skip
_EVEN = AT_ENTRY - {"be", "cost", "entry"} | {"flat"}
_OPEN, _ADD, _TRIM = Kind.OPEN, Kind.ADD, Kind.TRIM
_TICKET = Form.TICKET
_STATEMENT_WORDS = 12
_DRIFTS = frozenset({"higher", "lower", "up", "down", "today", "on"})
_NARROW = frozenset({"done with", "flat", "all flat", "going flat", "all cash", "scratch"})
_EVERYDAY = frozenset({"scratch"})
_ALERT = " alert"
"""Of a share it may be a signal of its chart: "Exit alert on PSX, momentum weakening"."""
_CONTRACT_REACH = 5
_BEHIND_COUNT = (KEPT_BY - DETERMINERS) | {"single"}
"""Behind a number they make it how many were sold: "sold 2 leaving 1", "Sold -1 Single MSTR"."""
_ENDS = frozenset({"here", "now", "at", "for", "today"})


def statement_objection(after: Sequence[Token], spot: Spot) -> str:
    """To say that "closing this is the play" speaks about closing; it does not close."""
    if not spot.said.lower().split()[0].endswith("ing"):
        return ""
    for place, token in enumerate(after[:_STATEMENT_WORDS]):
        before = after[place - 1].low if place else ""
        if token.low in _STATES and before not in _SUBJECTS:
            return f"'{spot.said} ... {token.text}' is a statement"
    return ""


def object_objection(after: Sequence[Token], spot: Spot, *, of_contract: bool = False) -> str:
    """Why there is nothing that is sold or added to; entries are judged by their slots.

    Behind a contract ("NVDA 950c sold at 78") a whole number is a price as well.
    """
    verb = spot.verb
    if spot.inherent or verb.kind is _OPEN:
        return ""
    if verb.form is _TICKET:
        return _ticket_objection(after, spot)
    if not after:
        return "" if verb.alone else f"'{spot.said}' of what is not said"
    if verb.kind is _ADD:
        adds = of_contract or _adds_to(after)
        return "" if adds else f"'{spot.said} {after[0].text}' adds to no trade"
    if spot.said.lower().endswith(_ALERT):
        return "" if _begins_contract(after) else f"'{spot.said}' without a contract"
    if _exits(after, spot) or (of_contract and _at_number(after)):
        return ""
    return f"'{spot.said} {after[0].text}' sells nothing"


def _begins_contract(after: Sequence[Token]) -> bool:
    """Whether a contract follows at once: a root, or none, and its strike or right."""
    for place, token in enumerate(after[:_CONTRACT_REACH]):
        if token.kind in WHOLE_KINDS or token.low in RIGHTS:
            return True
        ahead = after[place + 1] if place + 1 < len(after) else None
        if token.kind == "word" and not _is_root(token, ahead):
            return False
    return False


def _at_number(after: Sequence[Token]) -> bool:
    place = 1 if after[0].low in PRICE_WORDS else 0
    return place < len(after) and after[place].kind == "num"


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
        if token.kind in CONTRACT_KINDS or token.kind in ("num", "qty", "at", "money"):
            return True
        if is_ticker_word(token.text) or token.low in _HELD or token.low == "more":
            return True
        if token.low in AVERAGES or token.low in ("new", "again"):
            return True
        if token.low in ("at", "for", "down"):
            continue
        if token.low not in _TO_MY:
            return False
    return False


def _exits(after: Sequence[Token], spot: Spot) -> bool:
    """Whether the first word that counts behind an exit word is something one can sell."""
    said = spot.said.lower()
    if said in _NARROW:
        return _exits_narrowly(after, said)
    for place, token in enumerate(after[:5]):
        ahead = after[place + 1] if place + 1 < len(after) else None
        if token.kind in CONTRACT_KINDS or token.kind in _NUMBER_KINDS or token.kind == "qty":
            return token.kind != "percent" or ahead is None or ahead.low not in _DRIFTS
        if token.kind == "num":
            counted = spot.verb.kind is _TRIM or (ahead is not None and ahead.low == "of")
            priced = ahead is not None and ahead.kind == "at"
            held = ahead is not None and _is_held(ahead, said)
            kept = ahead is not None and ahead.low in _BEHIND_COUNT
            return counted or priced or held or kept or "." in token.text
        if _tells_result(after, place):
            return True
        if token.low in PRICE_WORDS and ahead is not None:
            priced = "." in ahead.text or "," in ahead.text
            return priced or ahead.kind in ("money", "percent")
        if token.kind == "amp" or token.low in DETERMINERS or token.low in ("with", "by", "little"):
            continue
        if token.low in ("here", "now") and said.endswith("out"):
            return _ends(after[place + 1 :])
        if token.low == "now" and said == "selling" and ahead is not None:
            continue
        return _is_held(token, said) or _is_root(token, ahead)
    return spot.verb.kind is _TRIM and after[-1].low == "more"


def _exits_narrowly(after: Sequence[Token], said: str) -> bool:
    """Words of everyday talk exit only where nothing but the trade is said: "flat here"."""
    for place, token in enumerate(after[:4]):
        if is_ticker_word(token.text) or token.kind in CONTRACT_KINDS:
            return _ends(after[place + 1 :])
        if token.kind in _NUMBER_KINDS or (token.kind == "num" and "." in token.text):
            return said not in _EVERYDAY
        if token.low in ("here", "now", "it", "this", "these", "them"):
            rest = after[place + 1 :]
            return _ends(rest) or rest[0].low in ("one", "trade", "position", "here")
        if token.low not in ("on", "my", "at", "the"):
            return False
    return False


def _ends(rest: Sequence[Token]) -> bool:
    """Whether nothing more is said than a price or a place in time."""
    if not rest:
        return True
    head = rest[0]
    if head.low == "for" and len(rest) > 1:
        return rest[1].kind in _FIGURE_KINDS or rest[1].low in _SMALL
    return (
        head.low in _ENDS
        or head.kind in _FIGURE_KINDS
        or head.kind == "amp"
        or is_ticker_word(head.text)
    )


def _tells_result(after: Sequence[Token], place: int) -> bool:
    """Reads "for a small loss", "with a win", "at BE", "b/e", "flat", "at target"."""
    token = after[place]
    if token.low in ("for", "at", "@", "near", "with"):
        place += 1
        while place < len(after) and after[place].low in _SMALL:
            place += 1
        return place < len(after) and after[place].low in _RESULTS
    if token.low in _EVEN:
        return True
    return token.low == "be" and (token.text == "BE" or place + 1 == len(after))


def _is_root(token: Token, ahead: Token | None) -> bool:
    if is_ticker_word(token.text):
        return True
    contract = ahead is not None and ahead.kind in CONTRACT_KINDS
    return contract and token.kind == "word" and token.low not in NO_ROOTS


def _is_held(token: Token, said: str) -> bool:
    low = token.low
    if said == "out":
        return (
            low in REMAINDER or low in FRACTIONS or low in PARTIALS or low == "full"
            or token.text in FRACTION_PARTS
            or low in ("these", "them", "this", "it", "last", "all", "everything", "some")
        )  # fmt: skip
    if low in ("calls", "puts"):
        return said != "close"
    if low in ("avg", "average"):
        return "risk" in said
    return (
        low in AT_HAND or low in PARTIALS or low in FRACTIONS or low in WHOLES
        or low in ("shares", "position", "positions", "mine")
        or is_ticker_word(token.text)
    )  # fmt: skip
