"""Execution: a numbered part of a trade, what its price rests on, and what a fact moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.shared import Value, ratio


class Evidence(StrEnum):
    """What the price of an execution rests on."""

    POSTED = "posted"
    CHECKED = "checked"
    ASSUMED = "assumed"


class Execution(Value, frozen=True, kw_only=True):
    """A numbered part of a trade. `quantity` is positive when it opens, negative when it closes.

    Prices are per share: `claimed` by the trader, `checked` by the quote of that moment,
    `corrected` by whoever answers for it; `assumed` is for show, and set where there is none.
    """

    number: int
    at: datetime
    quantity: Decimal
    claimed: Decimal | None = None
    checked: Decimal | None = None
    attainable: bool = True
    corrected: Decimal | None = None
    assumed: Decimal | None = None
    quoted: int | None = None
    """How much stood at the quote when it was entered; None where nobody told."""
    reason: str = ""

    @property
    def price(self) -> Decimal | None:
        if self.corrected is not None:
            return self.corrected
        return self.claimed if self.checked is None else self.checked

    @property
    def evidence(self) -> Evidence:
        if self.corrected is None and self.checked is not None:
            return Evidence.CHECKED
        return Evidence.ASSUMED if self.price is None else Evidence.POSTED

    @property
    def is_unattainable(self) -> bool:
        return not self.attainable and self.corrected is None

    @property
    def is_too_large(self) -> bool:
        """Whether more was entered than stood at the quote; a size of zero tells nothing."""
        return bool(self.quoted) and self.quantity > (self.quoted or 0)


def counted_share(executions: Iterable[Execution]) -> Decimal | None:
    """The share of a trade's dollars that counts, None for all of them.

    The whole trade counts at the largest size at which each of its entries fits what stood at
    the quote then; so its return, which is per unit, stays what it is.
    """
    shares = [
        ratio(Decimal(execution.quoted) / execution.quantity)
        for execution in executions
        if execution.quoted and execution.is_too_large
    ]
    return min(shares) if shares else None


class Contribution(NamedTuple):
    """What a fact at a moment moved: a trade's ratio, P&L and commission in USD."""

    at: datetime
    ratio: Decimal
    pnl: Decimal
    commission: Decimal = Decimal(0)


Path = Mapping[datetime, tuple[Decimal, ...]]
"""What each moment contributed: ratio, P&L, and commission where there is any."""


def difference(before: Path, after: Path) -> tuple[Contribution, ...]:
    """What moved from one path to the other, in the order of time."""
    nothing = (Decimal(0),) * 3
    moved = []
    for at in sorted(before.keys() | after.keys()):
        was, now = before.get(at, nothing), after.get(at, nothing)
        change = [new - old for old, new in zip(was, now, strict=False)]
        if any(change):
            moved.append(Contribution(at, *change))
    return tuple(moved)
