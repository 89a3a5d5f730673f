"""A second opinion on what a message is, from labelled messages instead of rules.

A linear model over words, their senses and the shapes of numbers, whose weights lie beside this
module as plain data (see docs/intent-model.md). To ask it costs a few sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import chain
from math import exp, sqrt
from sys import intern
from typing import NamedTuple

import msgspec

from domain.grammar.keeping import kept
from domain.grammar.normalise import clean, cleaned
from domain.grammar.reading import MessageText
from domain.grammar.senses import SENSE_OF
from domain.grammar.tickers import is_ticker_word
from domain.shared import Value, learned

MODEL = "intent_model.json"

LENGTH_MAX = 400
"""Characters that are weighed: what a message is shows at its beginning."""


Feature = str | tuple[str, str]
"""A word, a sense, or two parts: which sense follows which, and how many pieces there are."""


class Leaning(StrEnum):
    """What a message is, as coarsely as it can be told from its words alone."""

    ORDER = "order"
    LEVELS = "levels"
    PLAN = "plan"
    RECAP = "recap"
    CHAT = "chat"


_ORDER = Leaning.ORDER


class Opinion(NamedTuple):
    """The likeliest leaning with its probability, and the probability of an order."""

    leaning: Leaning
    probability: float
    order: float


class OpinionModel(Value, frozen=True, kw_only=True):
    """The weights, what they were learned from, and how far they are to be trusted."""

    version: str = ""
    messages: int = 0
    rooms: int = 0
    sha256: str = ""
    """Of the labelled messages that the weights were learned from."""
    orders_held_out: float = 0.0
    """How many messages of unseen rooms were told to be orders or not,"""
    leanings_held_out: float = 0.0
    """and how many got exactly the leaning that a person gave them."""
    veto_below: float = 0.0
    """An order in prose is vetoed when it is less probable than this,"""
    veto_ticket_below: float = 0.0
    """and one that is written as a ticket when it is less probable than this."""
    leanings: tuple[Leaning, ...]
    intercepts: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]
    """For each feature its weight for every leaning."""

    def probabilities(self, features: Iterable[str]) -> list[float]:
        """How probable each leaning is; features are those of `features_of`, without repeats."""
        return _shares(self._scores(features))

    def weigh(self, features: Iterable[str]) -> Opinion:
        """What a message with these features looks like."""
        return self._opinion(self.probabilities(features))

    def _scores(self, features: Iterable[str]) -> list[float]:
        known = [*filter(None, map(self.weights.get, features))]
        if not known:
            return [*self.intercepts]
        length = sqrt(len(known))
        sums = map(sum, zip(*known, strict=True))
        return [score + said / length for score, said in zip(self.intercepts, sums, strict=True)]

    def _opinion(self, found: list[float]) -> Opinion:
        most = found.index(max(found))
        order = found[self.leanings.index(_ORDER)]
        return Opinion(self.leanings[most], found[most], order)


def _shares(scores: list[float]) -> list[float]:
    highest = max(scores)
    shares = [exp(score - highest) for score in scores]
    whole = sum(shares)
    return [share / whole for share in shares]


@cache
def model() -> OpinionModel:
    """The model that was shipped, read when it is first asked."""
    told = files("domain.grammar").joinpath(MODEL).read_bytes()
    return msgspec.json.decode(told, type=learned(OpinionModel))


_LEAD = " \t,;.'\"()&+/-"
_WORD = r"[^\W\d_]++(?>(?:'[^\W\d_]++)*)"
_SHAPES = (
    ("mention", r"@[^\W\d_]\w*"),
    ("strike", r"\$?[0-9]{1,5}(?:\.[0-9]{1,3})? ?[cCpP]\b"),
    ("date", r"[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?\b"),
    ("date", r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"),
    ("date", r"[0-9] ?[dD][tT][eE]\b"),
    ("percent", r"[0-9]{1,5}(?:\.[0-9]{1,3})? ?%"),
    ("at", r"@ ?\$?[0-9.][0-9.,]*"),
    ("money", r"\$ ?[0-9.][0-9.,]*"),
    ("cash", r"\$[A-Za-z]{1,5}\b"),
    ("many", r"[0-9]{1,3}(?:,[0-9]{3})+"),
    ("many", r"[0-9]{1,9}(?:\.[0-9]{1,6})?[kKmM]\b"),
    ("year", r"20[12][0-9]\b"),
    ("times", r"[0-9]{1,9} ?[xX]\b"),
    ("price", r"[0-9]{1,9}\.[0-9]{1,9}"),
    ("clock", r"[0-9]{1,2}:[0-9]{2}"),
    ("number", r"[0-9]+"),
    ("question", r"\?+"),
    ("shout", r"!+"),
    ("colon", r":"),
    ("line", r"\n+"),
    ("arrow", r">"),
    ("sign", r"[^\x00-\x7f]"),
)
_PIECE = re.compile(
    rf"[{_LEAD}]{{0,3}}+(?:({_WORD})"
    # An empty group behind a shape tells which it is; one around it would take longer.
    rf"|{'|'.join(f'{shape}()' for _, shape in _SHAPES)})"
)
_PIECES = ("", "", *(f"<{kind}>" for kind, _ in _SHAPES))
_PARTING = re.compile(r" (?<![0-9] (?=[cCpPdDxX%]))(?<![@$] (?=[0-9.$]))")
"""A blank, unless it stands within a strike, a count or a price: 250 c, 5 x, @ 2.30."""
_TOGETHER = re.compile(r"[0-9@$] (?:(?<=[0-9] )[cCpPdDxX%]|(?<=[@$] )[0-9.$])")
"""Such a strike, count or price; where there is none, every blank parts."""
_WORDS, _SIGN = 1, len(_PIECES) - 1
_TICKER = "<ticker>"
_START = "<start>"
_SENSED = {word: (sense, f"={word}") for word, sense in SENSE_OF.items()}
"""A word that has a sense is a feature beside it."""


def features_of(text: MessageText) -> list[str]:
    """The features of a message, each once.

    They are its words; their senses, and which sense follows which; and its length.
    """
    return [*map(name_of, parts_of(text))]


def name_of(feature: Feature) -> str:
    """What a feature is called in the model."""
    return feature if isinstance(feature, str) else " ".join(feature)


def feature_named(name: str) -> Feature:
    """The feature that is called so, of strings that are the same objects each time."""
    first, blank, second = name.partition(" ")
    return (intern(first), intern(second)) if blank else intern(name)


def parts_of(text: MessageText) -> dict[Feature, None]:
    """The features of a message in their order, not put into one word each."""
    found: dict[Feature, None] = {}
    before = _START
    pieces = _pieces(_words(text))
    for sense, own in pieces:
        found[own] = found[sense] = found[before, sense] = None
        before = sense
    found[before, "<end>"] = found[_length(len(pieces)), "pieces>"] = None
    return found


def _words(text: MessageText) -> str:
    """The words of a message, as many of them as are weighed."""
    said = clean(text.content)
    if not text.embeds:
        return said[:LENGTH_MAX]
    for embed in text.embeds:
        said = f"{said}\n{clean(embed.title)}\n{clean(embed.description)}"
        for field in embed.fields:
            if len(said) >= LENGTH_MAX:
                return said[:LENGTH_MAX]
            said = f"{said}\n{cleaned(f'{field.name}: {field.value}')}"
    return said[:LENGTH_MAX]


_Sensed = tuple[str, str]
"""What a piece is called, and for a word that has a sense also the feature beside that."""


def _pieces(said: str) -> list[_Sensed]:
    """Words in lower case; numbers and tickers by what they are, not which."""
    parts = _PARTING.split(said) if _TOGETHER.search(said) else said.split(" ")
    return [*chain.from_iterable(map(_pieces_of, parts))]


@kept()
def _pieces_of(said: str) -> tuple[_Sensed, ...]:
    """The pieces of what stands between two blanks; most of it comes again and again."""
    found: list[str] = []
    for match in _PIECE.finditer(said):
        kind = match.lastindex or 0
        if kind == _WORDS:
            found.append(_word(match[1]))
        else:
            found.append(match[0][-1] if kind == _SIGN else _PIECES[kind])
    return tuple([_SENSED.get(piece) or (intern(piece),) * 2 for piece in found])


def _word(said: str) -> str:
    return _TICKER if is_ticker_word(said) else said.lower()


def _length(pieces: int) -> str:
    for most in (2, 4, 8, 16, 32, 64):
        if pieces <= most:
            return f"<{most}"
    return "<more"
