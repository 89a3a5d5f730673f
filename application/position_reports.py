"""What the position monitor is told, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.exit_changes import Concern
from domain.shared import Value
from domain.valuation import Valued


class Terms(Value, frozen=True, kw_only=True):
    """What the monitor is told: shares are parts of one, days are calendar days."""

    publish_share: Decimal = Decimal("0.05")
    """P&L is told again when it moved by this part of what was told last ..."""
    publish_floor: Decimal = Decimal("0.01")
    """... and by this part of the cost, or a P&L near zero would be told all the time."""
    blind_cycles: int = 20
    """For so many looks in a row a quote may be unusable before it is told."""
    expiry_days: int = 2
    theta_share: Decimal = Decimal("0.10")
    """A day's theta above this part of the value is told."""
    trail_step: Decimal = Decimal("0.25")
    near_share: Decimal = Decimal("0.05")
    """An exit price so near to a stop or a target, as a part of that, is told."""
    warnings_most: int = 100
    """So many warnings are recorded in one look; what is left, in the next ones."""


class Warned(Value, frozen=True, kw_only=True):
    """A holding that somebody should look at, and why."""

    plan: UUID
    account: str
    trade: UUID
    concern: Concern
    words: str
    at: datetime


class Marked(Value, frozen=True, kw_only=True):
    """A holding whose P&L moved. Greeks in share units (per share x contracts x multiplier), None
    where they are not known: theta per day, vega per vol point.
    """

    plan: UUID
    account: str
    trade: UUID
    held: Decimal
    valued: Valued
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    quote_time: datetime
    source: str


class Told(Protocol):
    """Where changes and warnings go; losing them loses liveness only."""

    def moved(self, marks: Sequence[Marked]) -> None:
        """P&L that moved."""
        ...

    def warned(self, warnings: Sequence[Warned]) -> None:
        """What somebody should look at."""
        ...


class Looked(NamedTuple):
    """What one look came to. `acted` counts plans that an exit, a renewal or a best price was
    recorded for; `unusable` counts holdings by why they could not be looked at.
    """

    holdings: int
    acted: int
    published: int
    warned: int
    unusable: Mapping[str, int]
    ms: float
