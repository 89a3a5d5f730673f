"""The words that say what is done: tickets, verbs and the nouns that stand for them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from domain.grammar.reading import Action, ExitReason, Kind
from domain.grammar.vocabulary import lengths_by_first_word, second_words


class Form(StrEnum):
    """How a verb is said, which decides what it needs around it."""

    TICKET = "ticket"
    """BTO, STC: the order ticket's own words."""
    NOW = "now"
    PAST = "past"


class Verb(NamedTuple):
    """What an action word says the author does."""

    kind: Kind
    action: Action
    form: Form = Form.NOW
    either_side: bool = False
    reason: ExitReason = ExitReason.EXIT
    whole: bool = False
    """Says that all of it goes: "all out", "full profit"."""
    alone: bool = False
    """May stand alone as a whole message."""
    direction: bool = False
    """LONG and SHORT: said of shares and coins; with an option they may mean the view."""
    strict: bool = False
    """Too common a word to open a trade without a whole contract: "in", "took"."""
    at_hand: bool = False
    """Is only said of the trade being talked about: to de-risk follows an add."""
    of_price: bool = False
    """Is said of prices and companies as well: "SPX closed at 6725", "TSLA sold 400k cars"."""
    even: bool = False
    """Says that the trade ended where it began: scratched."""
    worthless: bool = False
    """Says that nothing was left of it."""
    turns: bool = False
    """A title or a label opens: what brings a credit is sold."""
    bare: bool = False
    """No word at all: a contract and its price stand alone."""
    correct: str = ""
    """The right spelling, where the word was a slip of the finger."""


def _phrases(verb: Verb, *phrases: str) -> dict[tuple[str, ...], Verb]:
    return {tuple(phrase.split()): verb for phrase in phrases}


_BTO, _STC, _STO, _BTC = Action.BTO, Action.STC, Action.STO, Action.BTC
_OPEN, _ADD, _TRIM, _CLOSE = Kind.OPEN, Kind.ADD, Kind.TRIM, Kind.CLOSE
ENTRIES, EXITS = (_OPEN, _ADD), (_TRIM, _CLOSE)
_PAST, _TICKET = Form.PAST, Form.TICKET

_STRICT = Verb(_OPEN, _BTO, strict=True)
_SHORT = Verb(_OPEN, _STO, strict=True, direction=True)
_OUT = Verb(_CLOSE, _STC, _PAST, either_side=True, alone=True)
_CUT = Verb(_CLOSE, _STC, either_side=True, of_price=True)
_FLAT = _OUT._replace(whole=True, of_price=True)
_SCRATCH = Verb(_CLOSE, _STC, _PAST, either_side=True, alone=True, of_price=True, even=True)
_TRIM_WORD = Verb(_TRIM, _STC, either_side=True)
_DERISK = Verb(_TRIM, _STC, either_side=True, at_hand=True)
_SOLD = Verb(_CLOSE, _STC, of_price=True)
_STOPPED = _OUT._replace(reason=ExitReason.STOP)
_STOPPED_AFTER_ALL = _STOPPED._replace(alone=False)
"""Who wishes that it had not happened says that it did."""

_WRITES = Verb(_OPEN, _STO, strict=True)
_HELD_AGAINST = [
    f"{article}{how}"
    for article in ("", "a ", "some ")
    for how in ("cash secured", "cash secure", "covered", "naked")
]
"""How a put or a call is sold to open: "sold cash secured puts"."""

_STOP_NAMES = ("sl", "stop", "stops", "stop loss", "stoploss", "trailing stop", "trail stop")
_STOP_EVENTS = (
    *(
        f"{stop} {hit}"
        for stop in _STOP_NAMES
        for hit in ("hit", "was hit", "got hit", "triggered")
    ),
    *(
        f"hit {whose}{stop}"
        for stop in ("stop", "sl", "stop loss")
        for whose in ("", "my ", "our ")
    ),
)
"""A stop that was hit is an order that was done; of a target that was hit one only knows that."""

_WORDS: dict[tuple[str, ...], Verb] = {
    **_phrases(Verb(_OPEN, _BTO, _TICKET), "bto", "buy to open", "bought to open"),
    **_phrases(Verb(_CLOSE, _STC, _TICKET), "stc", "sell to close", "sold to close"),
    **_phrases(Verb(_OPEN, _STO, _TICKET), "sto", "sell to open", "sold to open"),
    **_phrases(Verb(_CLOSE, _BTC, _TICKET), "btc", "buy to close", "bought to close"),
    **_phrases(Verb(_OPEN, _BTO, strict=True), "buying to open"),
    **_phrases(Verb(_CLOSE, _STC), "selling to close", "sell alert"),
    **_phrases(Verb(_OPEN, _STO, strict=True), "selling to open"),
    **_phrases(Verb(_CLOSE, _BTC), "buying to close"),
    **_phrases(
        _WRITES,
        *(f"{verb} {how}" for verb in ("sell", "selling") for how in _HELD_AGAINST),
    ),
    **_phrases(_WRITES._replace(form=_PAST), *(f"sold {how}" for how in _HELD_AGAINST)),
    **_phrases(Verb(_OPEN, _BTO), "buy", "buying", "entering", "enter", "grabbing", "grab"),
    **_phrases(Verb(_OPEN, _BTO), "picking up", "scooping", "snagging", "nabbing"),
    **_phrases(Verb(_OPEN, _BTO, _PAST), "bought", "entered", "grabbed", "picked up", "scooped"),
    **_phrases(Verb(_OPEN, _BTO, _PAST), "snagged", "nabbed", "re entered", "reentered"),
    **_phrases(Verb(_OPEN, _BTO, _PAST), "rebought", "re bought", "reloaded"),
    **_phrases(_STRICT, "reentry", "re entry", "re entering", "reentering", "reloading"),
    **_phrases(_STRICT, "in", "taking", "opening", "starting", "loading", "loading up", "entry"),
    **_phrases(_STRICT._replace(direction=True), "long", "going long"),
    **_phrases(_STRICT._replace(direction=True, form=_PAST), "went long"),
    **_phrases(_STRICT._replace(form=_PAST), "took", "opened", "started", "loaded", "loaded up"),
    **_phrases(_STRICT._replace(form=_PAST), "bot", "initiated", "averaged into"),
    **_phrases(_STRICT, "initiating", "going with", "let's go with", "rolling with"),
    **_phrases(Verb(_OPEN, _BTO), "reentering", "re entering", "nibbling", "nibbling on"),
    **_phrases(Verb(_OPEN, _BTO, _PAST), "nibbled", "nibbled on", "nibbled at"),
    **_phrases(_STRICT._replace(form=_PAST), "loaded the boat", "loaded the boat on", "got filled"),
    **_phrases(_STRICT._replace(form=_PAST), "got filled on", "started a starter in"),
    **_phrases(_STRICT._replace(form=_PAST), "got", "jumped in", "jumped into", "hopped in"),
    **_phrases(_SHORT, "short", "shorting", "going short"),
    **_phrases(_SHORT._replace(form=_PAST), "shorted", "went short"),
    **_phrases(Verb(_ADD, _BTO), "add", "avg down", "averaging in", "scaling in", "scaling into"),
    **_phrases(Verb(_ADD, _BTO, alone=True), "adding", "averaging down", "avging down"),
    **_phrases(Verb(_ADD, _BTO, alone=True), "doubling down", "doubling up"),
    **_phrases(Verb(_ADD, _BTO, _PAST, alone=True), "added", "averaged down", "doubled down"),
    **_phrases(Verb(_ADD, _BTO, _PAST), "avg'd down", "avged down"),
    **_phrases(Verb(_ADD, _BTO, _PAST, alone=True), "doubled up", "averaged in", "scaled in"),
    **_phrases(_TRIM_WORD._replace(alone=True), "trim", "trimming", "scaling out"),
    **_phrases(_TRIM_WORD, "scale out", "reducing", "reduce", "peeling", "peeling off", "paring"),
    **_phrases(_TRIM_WORD, "trim alert"),
    **_phrases(_TRIM_WORD._replace(alone=True), "sizing down"),
    **_phrases(_DERISK, "de risking", "derisking", "de risk", "derisk"),
    **_phrases(_DERISK._replace(form=_PAST), "de risked", "derisked"),
    **_phrases(_TRIM_WORD._replace(form=_PAST, alone=True), "trimmed", "scaled out", "sized down"),
    **_phrases(_TRIM_WORD._replace(form=_PAST), "scaled"),
    **_phrases(_TRIM_WORD._replace(form=_PAST), "reduced", "peeled", "peeled off", "pared"),
    **_phrases(_TRIM_WORD._replace(form=_PAST), "partial out", "partials out", "partial close"),
    **_phrases(_TRIM_WORD._replace(form=_PAST), "partial exit", "partial sell", "partial"),
    **_phrases(_CUT, "close", "close out", "closing out", "dump", "dumping", "unloading"),
    **_phrases(_CUT, "close alert", "exit alert"),
    **_phrases(_CUT, "cashing out", "bailing on", "letting go of"),
    **_phrases(_CUT, "cutting losses", "cutting the loss", "cutting my losses"),
    **_phrases(_CUT._replace(alone=True), "closing", "exit", "exiting", "cut", "cutting"),
    **_phrases(_CUT._replace(form=_PAST), "closed out", "dumped", "cashed out", "unloaded"),
    **_phrases(_CUT._replace(form=_PAST), "liquidated", "bailed on", "let go of", "cut losses"),
    **_phrases(_CUT._replace(form=_PAST, alone=True), "closed", "exited"),
    **_phrases(_OUT, "out", "am out", "got out", "outta here"),
    **_phrases(_OUT._replace(whole=True), "all out", "fully out", "completely out"),
    **_phrases(_FLAT, "flat", "all flat", "going flat", "flattened", "flattening", "all cash"),
    **_phrases(_SCRATCH, "scratch", "scratched", "scratching", "be exit", "b/e exit"),
    **_phrases(_SCRATCH, "breakeven exit", "break even exit"),
    **_phrases(_OUT._replace(worthless=True), "expired worthless", "expires worthless"),
    **_phrases(_OUT._replace(worthless=True), "expiring worthless", "went to zero", "went to 0"),
    **_phrases(_OUT._replace(at_hand=True, of_price=True), "done with"),
    **_phrases(_CUT._replace(whole=True), "consider this a close", "consider this closed"),
    **_phrases(_STOPPED, "sl out", "sl'd out"),
    **_phrases(_STOPPED, "stopped out", "got stopped out", "got stopped", "stopped"),
    **_phrases(_STOPPED, *_STOP_EVENTS),
    **_phrases(_STOPPED._replace(form=Form.NOW), "stop out", "stopping out"),
    **_phrases(
        _STOPPED_AFTER_ALL, "wish i didn't get stopped out", "wish i hadn't got stopped out"
    ),
    **_phrases(_SOLD, "sell", "selling"),
    **_phrases(_SOLD._replace(form=_PAST, alone=True), "sold"),
    **_phrases(Verb(_CLOSE, _BTC), "covering", "buying back", "buy back"),
    **_phrases(Verb(_CLOSE, _BTC, _PAST), "covered", "bought back"),
}


def _positions(verb: Verb, said: str, *kinds: str) -> dict[tuple[str, ...], Verb]:
    """Entries said at length: "opened a small swing in", "taken a starter position on"."""
    return _phrases(
        verb,
        *(
            f"{one} a {size}{what} {into}"
            for one in said.split()
            for size in ("", "small ", "new ", "starter ", "quick ", "swing ")
            for what in kinds
            for into in ("in", "on")
        ),
    )


_ENTERED, _ENTERS = "opened started took taken entered", "opening starting taking entering"
_TRADES = ("swing", "trade", "day trade", "lotto", "scalp", "starter")
_WORDS |= _positions(_STRICT._replace(form=_PAST), _ENTERED, *_TRADES)
_WORDS |= _positions(_STRICT, _ENTERS, *_TRADES)
_WORDS |= _positions(Verb(_OPEN, _BTO, _PAST), _ENTERED, "position")
_WORDS |= _positions(Verb(_OPEN, _BTO), _ENTERS, "position")

_KEYS_BESIDE = {
    "a": "qswz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc",
    "g": "ftyhbv", "h": "gyujnb", "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop",
    "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa", "r": "edft", "s": "awedxz",
    "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu", "z": "asx",
}  # fmt: skip
_SLIPPERY = ("trimming", "trimmed", "closing", "adding", "stopped out", "bought")
_REAL_WORDS = {"brimming", "padding", "nought"}


def _slips() -> dict[tuple[str, ...], Verb]:
    """The spellings one slip to a neighbouring key away, for words that have no such double."""
    found: dict[tuple[str, ...], Verb] = {}
    for phrase in _SLIPPERY:
        head, *tail = phrase.split()
        verb = _WORDS[head, *tail]._replace(correct=phrase)
        for place, letter in enumerate(head):
            for slip in _KEYS_BESIDE[letter]:
                wrong = head[:place] + slip + head[place + 1 :]
                if wrong not in _REAL_WORDS:
                    found[wrong, *tail] = verb
    return found


VERBS: dict[tuple[str, ...], Verb] = {**_slips(), **_WORDS}

OPENING = VERBS["bto",]._replace(turns=True)
FIRST_WORDS = lengths_by_first_word(VERBS)
SECOND_WORDS = second_words(VERBS)
