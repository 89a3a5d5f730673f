"""Whether a message looks like an order to the model, at the price of a few sums.

It is asked of every order that the rules read, and agrees with nearly all of them. All weights of
a feature stand in one whole number, each in its lane of bits: those of an order less those of
another leaning. To look up one number and add it costs a fraction of doing so with five.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import sqrt

from domain.grammar.opinion import (
    Feature,
    Leaning,
    Opinion,
    OpinionModel,
    feature_named,
    model,
    name_of,
    parts_of,
)
from domain.grammar.reading import MessageText

_UNITS = 10**5
"""To a weight of one; the model's have five decimals."""
_WIDTH = 40
"""Bits of a lane. The weights of a whole message are far below 2 ** 39 of their units."""
_MIDDLE = 1 << (_WIDTH - 1)
"""Stands for zero, so that no lane borrows from the next."""
_LANE = (1 << _WIDTH) - 1


class Lanes:
    """The weights of a model, side by side."""

    def __init__(self, asked: OpinionModel) -> None:
        order = asked.leanings.index(Leaning.ORDER)
        leads = list(_leads(asked.intercepts, order))
        self._least = [-lead for lead in leads]
        self._zero = _abreast([_MIDDLE] * len(leads))
        self._weight_of = {
            feature_named(name): _abreast([round(lead * _UNITS) for lead in _leads(row, order)])
            for name, row in asked.weights.items()
        }.get

    def see_order(self, features: Iterable[Feature]) -> bool:
        """Whether no other leaning is as likely as an order."""
        known = [*filter(None, map(self._weight_of, features))]
        sums = self._zero + sum(known)
        length = _UNITS * sqrt(len(known) or 1)
        for least in self._least:
            if (sums & _LANE) - _MIDDLE <= least * length:
                return False
            sums >>= _WIDTH
        return True


def _leads(row: Sequence[float], order: int) -> Iterator[float]:
    """By how much an order is ahead of each other leaning."""
    return (row[order] - one for place, one in enumerate(row) if place != order)


def _abreast(numbers: Sequence[int]) -> int:
    return sum(number << (place * _WIDTH) for place, number in enumerate(numbers))


@cache
def _lanes() -> Lanes:
    return Lanes(model())


def doubt(text: MessageText) -> Opinion | None:
    """What the words of a message look like instead of an order; None where of an order."""
    features = parts_of(text)
    # How probable it is needs to be known of no order.
    return None if _lanes().see_order(features) else model().weigh(map(name_of, features))
