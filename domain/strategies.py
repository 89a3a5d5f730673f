"""Strategies: how the legs of a position lie to one another, in the trade's words.

A single leg is long or short of a call, a put or shares. Of several, the name says the shape
alone, with "long" or "short" where both its legs are on that side. What fits no shape is told by
the number of its legs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from domain.instruments import Option, Right, instrument
from domain.legs import legs_of

_RIGHTS = {Right.CALL: "call", Right.PUT: "put"}


class _Held(NamedTuple):
    """An option of a position: `held` is below zero when it is owed."""

    named: Option
    held: int


@lru_cache(maxsize=65_536)
def strategy_of(symbol: str, is_bought: bool) -> str:
    """The strategy of a position by its name (`domain.legs.strategy_symbol`) and its side."""
    sign = 1 if is_bought else -1
    held = [(instrument(leg.symbol), sign * leg.side.sign * leg.ratio) for leg in legs_of(symbol)]
    options = [_Held(named, ratio) for named, ratio in held if isinstance(named, Option)]
    if len(held) == 1:
        kind = _RIGHTS[options[0].named.right] if options else "shares"
        return f"{_side(held[0][1])} {kind}"
    if len(options) < len(held):
        return f"{len(held)} legs"
    options.sort(key=lambda one: (one.named.strike, one.named.expiry, one.named.right))
    shape = {2: _of_two, 3: _of_three, 4: _of_four}.get(len(options), lambda _: "")(options)
    return shape or f"{len(options)} legs"


def _side(held: int) -> str:
    return "long" if held > 0 else "short"


def _of_two(legs: list[_Held]) -> str:
    (low, first), (high, second) = legs
    if low.right is not high.right:
        if low.expiry != high.expiry or abs(first) != abs(second):
            return ""
        if first != second:
            return "risk reversal" if low.strike != high.strike else "synthetic shares"
        return f"{_side(first)} {'straddle' if low.strike == high.strike else 'strangle'}"
    kind = _RIGHTS[low.right]
    if first * second > 0:
        return ""
    if abs(first) != abs(second):
        return f"{kind} ratio spread" if low.expiry == high.expiry else ""
    if low.expiry != high.expiry:
        return f"{kind} {'calendar' if low.strike == high.strike else 'diagonal'}"
    return f"{kind} vertical"


def _of_three(legs: list[_Held]) -> str:
    """One on each wing, and two on the other side between."""
    rights = {leg.named.right for leg in legs}
    low, body, high = (leg.held for leg in legs)
    if not _is_of_one_day(legs) or len(rights) > 1 or not low == high == -body / 2:
        return ""
    return f"{_RIGHTS[rights.pop()]} butterfly"


def _of_four(legs: list[_Held]) -> str:
    """Two verticals that turn their backs on each other."""
    low, lower, upper, high = (leg.held for leg in legs)
    if not _is_of_one_day(legs) or not low == high == -lower == -upper:
        return ""
    rights = "".join(leg.named.right.value for leg in legs)
    if rights in ("CCCC", "PPPP"):
        return f"{_RIGHTS[legs[0].named.right]} condor"
    if legs[1].named.strike == legs[2].named.strike and rights in ("PPCC", "PCPC"):
        return "iron butterfly"
    return "iron condor" if rights == "PPCC" else ""


def _is_of_one_day(legs: list[_Held]) -> bool:
    return len({leg.named.expiry for leg in legs}) == 1
