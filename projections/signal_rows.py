"""Rows of the signal feed: a signal, its executions, and which orders trade it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.fix import Side
from domain.signal_events import ClosedBy, Decision
from projections.naming import title_of
from projections.readmodel import Line, Row


class Badge(StrEnum):
    """What the signal's entry rests on."""

    POSTED = "posted"
    PRICE_CHECKED = "price_checked"
    BROKER_FILLED = "broker_filled"


class TradeState(StrEnum):
    """Whether the trade still runs."""

    OPEN = "open"
    CLOSED = "closed"
    VOIDED = "voided"


class ExecutionKind(StrEnum):
    """What an execution did to the trade."""

    ENTRY = "entry"
    EXIT = "exit"
    SETTLEMENT = "settlement"


class PriceBasis(StrEnum):
    """Why an execution counts at its price."""

    CLAIMED = "claimed"
    CHECKED = "checked"
    CORRECTED = "corrected"
    ASSUMED = "assumed"


class SignalRow(Row, frozen=True, kw_only=True):
    """A signal. Prices in USD per share, entries as they count (evidence, corrections)."""

    signal: UUID
    version: int
    trader: UUID
    platform: str
    channel: str
    message: UUID
    symbol: str
    side: Side
    quantity: Decimal
    open_quantity: Decimal
    claimed_px: Decimal
    """What the trader said of the first entry."""
    entry_value: Decimal
    """Sum over the entries of quantity times price as it counts; the average is this by
    `quantity`."""
    badge: Badge = Badge.POSTED
    unattainable: bool = False
    stop: Decimal | None = None
    targets: str = ""
    """Prices, separated by blanks."""
    valid_until: datetime | None = None
    decision: Decision = Decision.PENDING
    decided_by: str = ""
    decided_via: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    """Why it was rejected or voided."""
    account: str = ""
    state: TradeState = TradeState.OPEN
    closed_by: ClosedBy | None = None
    closed_at: datetime | None = None
    fills: int = 0
    corrections: int = 0
    posted_at: datetime
    late: bool = False
    """Its message was not heard live."""
    hindsight: bool = False
    """It was booked when its end could be known: it is not scored."""
    confidence: Decimal | None = None
    """How sure the reading was, up to 1, where that is on record."""
    edited_at: datetime | None = None
    """When its author last made one of its messages tell another trade."""
    deleted_at: datetime | None = None
    """When it was noticed that its author had taken a message of it away."""

    @property
    def title(self) -> str:
        """The instruments as people write them."""
        return title_of(self.symbol)

    @property
    def average_px(self) -> Decimal:
        """Average entry price as it counts, unrounded."""
        return self.entry_value / self.quantity


class ExecutionRow(Row, frozen=True, kw_only=True):
    """One numbered execution of a signal; `price` is what counts, None if it is assumed."""

    signal: UUID
    number: int
    kind: ExecutionKind
    quantity: Decimal
    claimed_px: Decimal | None
    price: Decimal | None
    basis: PriceBasis
    attainable: bool | None = None
    bid: Decimal | None = None
    offer: Decimal | None = None
    quote_time: datetime | None = None
    quote_source: str = ""
    message: UUID | None = None
    executed_at: datetime


class OrderSignalLine(Line, frozen=True, kw_only=True):
    """Which signal an order trades."""

    order_stream: UUID
    signal: UUID
