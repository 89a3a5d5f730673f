"""From the strikes and words of a strategy to its legs, and to the side it is opened on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import msgspec

from domain.fix import Side
from domain.grammar.reading import Action, Kind, LegReading
from domain.grammar.slots import Slots
from domain.grammar.strategies import Shape, Sign
from domain.grammar.verbs import VERBS, Form, Verb

_SHAPES = frozenset(Shape)
_IRON = (Shape.CONDOR, Shape.IRON_FLY)
_STO = VERBS["sto",]
_STRIKES = {
    Shape.VERTICAL: 2, Shape.CONDOR: 4, Shape.FLY: 3, Shape.IRON_FLY: 3, Shape.STRADDLE: 1,
    Shape.STRANGLE: 2, Shape.CALENDAR: 1,
}  # fmt: skip


class LegsRead(msgspec.Struct, gc=False):
    """The legs as far as they were said, and what they lack."""

    legs: tuple[LegReading, ...] = ()
    missing: list[str] = []
    rules: list[str] = []
    why: str = ""
    width: Decimal | None = None
    """Between the strikes of a spread: its price cannot be more."""


def is_spread(slots: Slots) -> bool:
    """Whether the words speak of several legs traded as one."""
    return len(slots.strikes) > 1 or slots.strategy in _SHAPES


def sign_of(slots: Slots) -> Sign | None:
    """Whether it costs or pays, by the words: a bull put spread is sold for a credit."""
    if slots.sign is not None or not slots.bias:
        return slots.sign
    rights = {right for _, right in slots.strikes if right} or {slots.right}
    if rights not in ({"C"}, {"P"}):
        return None
    return Sign.DEBIT if (slots.bias > 0) == (rights == {"C"}) else Sign.CREDIT


def turned(verb: Verb, slots: Slots) -> tuple[Verb, str]:
    """The verb as it is meant of a spread, and why it cannot be told; what brings a credit is
    sold to open, whether its author is "in" it, "opened" it or "sold" it."""
    if not is_spread(slots):
        return verb, ""
    sign = sign_of(slots)
    iron = slots.strategy in _IRON and sign is None
    if verb.kind is Kind.OPEN and verb.action is Action.BTO and (sign is Sign.CREDIT or iron):
        if verb.form is not Form.TICKET or verb.turns:
            return verb._replace(action=Action.STO), ""
        return verb, f"'BTO' of {'an iron' if iron else 'a credit'} {slots.strategy or 'spread'}"
    if verb.action is Action.STO and sign is Sign.DEBIT:
        return verb, f"'STO' of a debit {slots.strategy or 'spread'}"
    sells = verb.kind is Kind.CLOSE and verb.action is Action.STC and not verb.either_side
    opens = sells and verb.form is not Form.TICKET and (sign is Sign.CREDIT or iron)
    return (_STO if opens and slots.price is not None else verb), ""


def read_spread(slots: Slots, side: Side, root: str, expiry: date | None, read: LegsRead) -> None:
    """Fills `read` with the legs; the sides follow from the price: what is bought for a debit is
    long its dearer leg, in whichever order the strikes were said."""
    for name, value in (("symbol", root), ("expiry", expiry)):
        if not value:
            read.missing.append(name)
    strikes = sorted({strike for strike, _ in slots.strikes})
    said = {right for _, right in slots.strikes if right}
    rights = said or ({slots.right} if slots.right else set())
    shape = _shape(slots, strikes, rights)
    if shape is None:
        read.missing.append("strategy")
        spoken = "/".join(f"{strike:f}" for strike in strikes)
        read.why = f"no strategy that is read has the strikes {spoken}"
        return
    if len(strikes) != _STRIKES[shape]:
        read.missing.append("legs")
        read.why = f"a {shape} of {len(strikes)} strikes"
        return
    if shape in (Shape.VERTICAL, Shape.FLY, Shape.CALENDAR) and len(rights) != 1:
        read.missing.append("right")
    right = next(iter(rights)) if len(rights) == 1 else None
    if shape is Shape.CALENDAR:
        _calendar(slots, strikes[0], right, side, root, read)
        return
    parts = _PARTS[shape](strikes, right)
    read.width = _width(shape, strikes)
    read.legs = tuple(
        LegReading(root=root, side=side if ratio > 0 else side.opposite, ratio=abs(ratio),
                   strike=strike, right=own, expiry=expiry)
        for strike, own, ratio in parts
    )  # fmt: skip


def _shape(slots: Slots, strikes: Sequence[Decimal], rights: set[str]) -> Shape | None:
    """The strategy by its word; without one, two strikes said as one are a vertical, and four
    of both rights a condor."""
    said = slots.strategy
    if said == Shape.FLY and (slots.iron or (len(rights) == 0 and sign_of(slots) is Sign.CREDIT)):
        return Shape.IRON_FLY
    if said == Shape.VERTICAL and len(strikes) == 4 and rights == {"C", "P"}:
        return Shape.CONDOR
    if said in set(Shape):
        return Shape(said)
    if said:
        return None
    if len(strikes) == 2 and slots.is_ladder and len(rights) < 2:
        return Shape.VERTICAL
    if slots.sign is not None and len(slots.strikes) == 2 and rights == {"C", "P"}:
        # "640C + 640P @ 8.20 debit": a call and a put under one price.
        if len(strikes) == 1:
            return Shape.STRADDLE
        return Shape.STRANGLE if (strikes[0], "P") in slots.strikes else None
    return Shape.CONDOR if len(strikes) == 4 and rights == {"C", "P"} else None


Parts = list[tuple[Decimal, str | None, int]]
"""Strike, right and how many are bought (sold below zero) when the strategy is bought."""


def _vertical(strikes: Sequence[Decimal], right: str | None) -> Parts:
    low, high = strikes
    dear, cheap = (high, low) if right == "P" else (low, high)
    return [(dear, right, 1), (cheap, right, -1)]


def _condor(strikes: Sequence[Decimal], _right: str | None) -> Parts:
    return list(zip(strikes, "PPCC", (-1, 1, 1, -1), strict=True))


def _fly(strikes: Sequence[Decimal], right: str | None) -> Parts:
    low, middle, high = strikes
    return [(low, right, 1), (middle, right, -2), (high, right, 1)]


def _iron_fly(strikes: Sequence[Decimal], _right: str | None) -> Parts:
    low, middle, high = strikes
    return [(low, "P", -1), (middle, "P", 1), (middle, "C", 1), (high, "C", -1)]


def _straddle(strikes: Sequence[Decimal], _right: str | None) -> Parts:
    return [(strikes[0], "C", 1), (strikes[0], "P", 1)]


def _strangle(strikes: Sequence[Decimal], _right: str | None) -> Parts:
    return [(strikes[0], "P", 1), (strikes[1], "C", 1)]


_PARTS = {
    Shape.VERTICAL: _vertical, Shape.CONDOR: _condor, Shape.FLY: _fly, Shape.IRON_FLY: _iron_fly,
    Shape.STRADDLE: _straddle, Shape.STRANGLE: _strangle,
}  # fmt: skip


def _width(shape: Shape, strikes: Sequence[Decimal]) -> Decimal | None:
    if shape in (Shape.STRADDLE, Shape.STRANGLE):
        return None
    if shape is Shape.CONDOR:
        return max(strikes[1] - strikes[0], strikes[3] - strikes[2])
    return max(high - low for low, high in pairwise(strikes))


def _calendar(
    slots: Slots, strike: Decimal, right: str | None, side: Side, root: str, read: LegsRead
) -> None:
    """The far month is bought and the near one sold for a debit."""
    days = sorted({said.day for said in slots.expiries if said.day is not None})
    if len(days) != 2:
        read.missing.append("legs")
        read.why = f"a calendar of {len(days)} expiries"
        return
    near, far = days
    read.legs = tuple(
        LegReading(root=root, side=leg_side, strike=strike, right=right, expiry=day)
        for day, leg_side in ((far, side), (near, side.opposite))
    )
