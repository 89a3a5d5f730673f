"""Relief: which positions to cut, and by how much, so that a passed limit no longer blocks.

A cut is in whole units (all of a position that has less than one). The aim is the figure at
which a breach ends, `EASING` below its limit. Positions are taken in the order of how much of
the figure a dollar of trading takes off; then what turned out to be too much is given back, the
dearest first; and if a single position does it for less, that one is the answer. Each limit is
looked at on its own: a cut for one may move another.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from domain.risk_events import EASING, LimitKind, Line, Scope
from domain.shared import CENT, Value, cents

ONE = Decimal(1)
CUTS_TOLD = 20
"""The most cuts that are told for one limit; whoever has made them asks again."""


class Weight(NamedTuple):
    """A position that can be closed: what one unit of it takes off a figure (`relief`), and what
    that unit is traded for in USD.
    """

    position: str
    symbol: str
    held: Decimal
    relief: Decimal
    turnover: Decimal


class Cut(Value, frozen=True, kw_only=True):
    """To close `quantity` of what is held: the limit's figure before and after, and what is
    traded for it. Cuts of one limit follow on each other.
    """

    limit: LimitKind
    scope: Scope
    subject: str
    position: str
    symbol: str
    quantity: Decimal
    held: Decimal
    before: Decimal
    after: Decimal
    turnover_usd: Decimal

    def __str__(self) -> str:
        return (
            f"close {self.quantity:f} of {self.held:f} {self.symbol}: "
            f"{self.limit.value.replace('_', ' ')} {self.before:f} -> {self.after:f}"
        )


class _Choice(NamedTuple):
    """How many units of a position are closed."""

    of: Weight
    units: Decimal

    @property
    def relief(self) -> Decimal:
        return self.of.relief * self.units

    @property
    def turnover(self) -> Decimal:
        return self.of.turnover * self.units


def cuts_for(line: Line, weights: Sequence[Weight]) -> list[Cut]:
    """The cuts that bring a figure back under its limit; all that help where none suffice, at
    most `CUTS_TOLD`.
    """
    excess = line.used - aim(line)
    usable = [one for one in weights if one.relief > 0]
    if excess <= 0 or not usable:
        return []
    if line.limit is LimitKind.OPEN_POSITIONS:
        return _told(line, _smallest(usable, excess)[:CUTS_TOLD])
    chosen = _greedy(usable, excess)
    single = _single(usable, excess)
    if single is not None and single.turnover < sum(one.turnover for one in chosen):
        chosen = [single]
    return _told(line, chosen[:CUTS_TOLD])


def aim(line: Line) -> Decimal:
    """The highest figure at which the limit blocks nothing."""
    if line.limit.is_count:
        return line.allowed - 1
    step = _step(line)
    return (line.allowed * (1 - EASING)).quantize(step, ROUND_FLOOR) - step


def _greedy(usable: Sequence[Weight], excess: Decimal) -> list[_Choice]:
    ordered = sorted(usable, key=lambda one: (-one.relief / max(one.turnover, CENT), one.position))
    chosen: list[_Choice] = []
    for one in ordered:
        choice = _Choice(one, _units(one, excess))
        chosen.append(choice)
        excess -= choice.relief
        if excess <= 0:
            break
    return _given_back(chosen, -excess)


def _given_back(chosen: Sequence[_Choice], surplus: Decimal) -> list[_Choice]:
    """The choices without the whole units that turned out not to be needed."""
    kept: list[_Choice] = []
    for choice in reversed(chosen):
        spare = Decimal(0)
        if surplus > 0:
            spare = (surplus / choice.of.relief).to_integral_value(ROUND_FLOOR)
        units = choice.units - min(spare, choice.units)
        surplus -= (choice.units - units) * choice.of.relief
        if units:
            kept.append(_Choice(choice.of, units))
    return kept[::-1]


def _single(usable: Sequence[Weight], excess: Decimal) -> _Choice | None:
    """The one position that does it alone for the least."""
    best: _Choice | None = None
    for one in usable:
        choice = _Choice(one, _units(one, excess))
        if choice.relief >= excess and (best is None or choice.turnover < best.turnover):
            best = choice
    return best


def _smallest(usable: Sequence[Weight], excess: Decimal) -> list[_Choice]:
    """Whole positions, those of the least value."""
    ordered = sorted(usable, key=lambda one: (one.turnover * one.held, one.position))
    return [_Choice(one, one.held) for one in ordered[: int(excess)]]


def _units(one: Weight, excess: Decimal) -> Decimal:
    """How many units take the excess off; all there are if they do not suffice."""
    return min((excess / one.relief).to_integral_value(ROUND_CEILING), one.held)


def _told(line: Line, chosen: Sequence[_Choice]) -> list[Cut]:
    step = _step(line)
    told: list[Cut] = []
    before = line.used
    for choice in chosen:
        off = ONE if line.limit.is_count else choice.relief
        after = (before - off).quantize(step)
        told.append(
            Cut(
                limit=line.limit, scope=line.scope, subject=line.subject,
                position=choice.of.position, symbol=choice.of.symbol, quantity=choice.units,
                held=choice.of.held, before=before, after=after,
                turnover_usd=cents(choice.turnover),
            )
        )  # fmt: skip
        before = after
    return told


def _step(line: Line) -> Decimal:
    """To how much the line's figure is rounded."""
    if line.limit.is_count:
        return ONE
    return CONTRACT_STEP if line.limit in _CONTRACTS else CENT


_CONTRACTS = (LimitKind.DELTA, LimitKind.GAMMA, LimitKind.VEGA)
CONTRACT_STEP = Decimal("0.000001")
