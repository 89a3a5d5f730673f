"""What a trade would be by other words, and how that differs from what is recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.fix import Side
from domain.legs import Leg
from domain.shared import Value

TRADER = "trader"
"""Origin of a signal that was booked when it was said."""

HINDSIGHT = "hindsight"
"""Origin of a signal that was booked with hindsight: it is shown, and counts for nothing."""


class Changed(Value, frozen=True, kw_only=True):
    """One field of a trade, in words: what is recorded, and what it would be."""

    field: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.field} {self.was or 'none'} -> {self.now or 'none'}"


class Terms(Value, frozen=True, kw_only=True):
    """A trade that stands instead of one that is voided, or that was missed.

    `place` tells it from other trades of the same message; `revision` counts the message's
    edits.
    """

    origin: str
    platform: str
    channel: str
    message: UUID
    revision: int = 0
    place: str
    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal
    price: Decimal
    price_to: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    valid_until: datetime | None = None
    parser: str
    rules: tuple[str, ...] = ()
    posted_at: datetime
