"""What can happen to a signal: the events of its stream, each with when it is recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from domain.approvals import Attempt, PriceStand, Yes, moment
from domain.fix import Side
from domain.legs import Leg
from domain.shared import Created, Event, Value
from domain.terms import Changed

if TYPE_CHECKING:
    from domain.signals import Signal


class Decision(StrEnum):
    """Where the signal stands with its approvers."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ClosedBy(StrEnum):
    """What ended the trade."""

    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    EXPIRY = "expiry"


class Source(Value, frozen=True, kw_only=True):
    """Where the words stand: the platform, its channel, the message's stream and revision."""

    platform: str
    channel: str
    message: UUID
    revision: int = 0


class PriceEvidence(Value, frozen=True, kw_only=True):
    """What the market quoted when a price was claimed, and the price that counts.

    Sizes are in units of the trade, None where nobody told them.
    """

    claimed: Decimal | None
    bid: Decimal
    offer: Decimal
    bid_size: int | None = None
    offer_size: int | None = None
    quote_time: datetime
    source: str
    attainable: bool
    price: Decimal


class SignalPosted(Created, frozen=True, kw_only=True):
    """A trader (or the engine) opened a trade in words; approval and price check follow."""

    TOPIC: ClassVar[str] = "signal.posted"
    class_version: ClassVar[int] = 3

    origin: str
    trader: UUID
    source: Source
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
    late: bool = False
    """Its message was not heard live: nothing but a person may approve it."""
    confidence: Decimal | None = None
    """How sure the reading was, up to 1; None where that was not kept, or a person said it."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first nobody asked how long a message had taken."""
        body.setdefault("late", False)

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        """Then how sure the reading was went unsaid."""
        body.setdefault("confidence", None)


class SignalAdded(Event, frozen=True, kw_only=True):
    """The trader added to the open trade."""

    TOPIC: ClassVar[str] = "signal.added"

    number: int
    quantity: Decimal
    price: Decimal
    message: UUID
    rules: tuple[str, ...] = ()
    posted_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.book[self.number] = self.quantity
        aggregate.entry_prices[self.number] = self.price
        aggregate.messages[self.number] = self.message
        aggregate.look_again(self, f"the trader added {self.quantity}")


class SignalExitCalled(Event, frozen=True, kw_only=True):
    """The trader closed some or all; without a price it is booked as assumed."""

    TOPIC: ClassVar[str] = "signal.exit_called"

    number: int
    quantity: Decimal
    price: Decimal | None = None
    reason: ClosedBy
    message: UUID
    rules: tuple[str, ...] = ()
    posted_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.book[self.number] = -self.quantity
        aggregate.exit_prices[self.number] = self.price
        aggregate.messages[self.number] = self.message
        aggregate.look_again(self, f"the trader closed {self.quantity}")


class SignalSettled(Event, frozen=True, kw_only=True):
    """What was still open at expiry was settled, at intrinsic value or by assumption."""

    TOPIC: ClassVar[str] = "signal.settled"

    number: int
    quantity: Decimal
    price: Decimal
    underlying_px: Decimal | None = None
    assumed: bool = False
    settled_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.book[self.number] = -self.quantity
        aggregate.exit_prices[self.number] = self.price
        aggregate.look_again(self, f"{self.quantity} were settled at {self.price}")


class SignalClosed(Event, frozen=True, kw_only=True):
    """Nothing of the trade is open any more."""

    TOPIC: ClassVar[str] = "signal.closed"

    reason: ClosedBy
    closed_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.closed = True
        aggregate.ended = f"{self.reason.value} at {moment(self.closed_at)}"
        aggregate.look_again(self, f"the trade was closed ({self.reason.value})")


class SignalLevelsMoved(Event, frozen=True, kw_only=True):
    """The trader moved stop or targets."""

    TOPIC: ClassVar[str] = "signal.levels_moved"

    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    message: UUID
    posted_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.stop = self.stop if self.stop is not None else aggregate.stop
        aggregate.targets = self.targets or aggregate.targets
        aggregate.look_again(self, "the trader moved stop or targets")


class SignalPriceChecked(Event, frozen=True, kw_only=True):
    """What the market quoted when an execution was posted, and the price it counts at."""

    TOPIC: ClassVar[str] = "signal.price_checked"
    class_version: ClassVar[int] = 2

    number: int
    claimed: Decimal | None
    bid: Decimal
    offer: Decimal
    quote_time: datetime
    source: str
    attainable: bool
    price: Decimal
    bid_size: int | None = None
    """How many units of the trade stood there; None where nobody told."""
    offer_size: int | None = None

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first nobody asked how much stood at a quote."""
        body.setdefault("bid_size", None)

    def apply(self, aggregate: Signal) -> None:
        aggregate.checked = aggregate.checked | {self.number}


class SignalApprovalGiven(Event, frozen=True, kw_only=True):
    """An approver said yes, and so much money is at risk that another one has to as well."""

    TOPIC: ClassVar[str] = "signal.approval_given"

    by: str
    via: str
    account: str
    at_risk: Decimal | None = None
    """What the order would put at risk in USD when this was said."""
    above: Decimal
    """The amount above which the channel asks for two approvers."""
    price_stand: PriceStand
    market_px: Decimal | None = None
    accepted_px: Decimal | None = None

    def apply(self, aggregate: Signal) -> None:
        yes = Yes(by=self.by, account=self.account, at=self.timestamp)
        aggregate.given = (*aggregate.given, yes)

    @property
    def still_needed(self) -> str:
        """What the approver is told."""
        at_risk = (
            "an amount that cannot be told" if self.at_risk is None else f"{self.at_risk:,} USD"
        )
        return f"one more approver is needed: {at_risk} would be at risk, over {self.above:,} USD"


class SignalApproved(Event, frozen=True, kw_only=True):
    """An approver said yes (the last one, where two are needed); an order follows."""

    TOPIC: ClassVar[str] = "signal.approved"
    class_version: ClassVar[int] = 2

    by: str
    via: str
    account: str
    at_risk: Decimal | None = None
    """What the order would put at risk in USD when this was said."""
    price_stand: PriceStand
    market_px: Decimal | None = None
    """The far side of the market: the offer for a buy, the bid for a sale."""
    accepted_px: Decimal | None = None
    """The worst price that the approver would take, if they said one."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first nobody looked at the market when saying yes."""
        body["price_stand"] = PriceStand.UNCHECKED.value

    def apply(self, aggregate: Signal) -> None:
        others = [yes.by for yes in aggregate.given if yes.account == self.account]
        aggregate.note_decision(Decision.APPROVED, *others, self.by, at=self.timestamp)


class SignalApprovalRefused(Event, frozen=True, kw_only=True):
    """Somebody tried to decide and was told that they cannot; nothing else changes."""

    TOPIC: ClassVar[str] = "signal.approval_refused"
    class_version: ClassVar[int] = 2
    PEOPLE: ClassVar[tuple[str, ...]] = ("by", "others")
    TELLS: ClassVar[tuple[str, ...]] = ("reason",)

    by: str
    others: tuple[str, ...] = ()
    """Who else is named in the reason, such as who was faster."""
    via: str
    attempt: Attempt
    code: str
    reason: str

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        body.setdefault("others", [])


class SignalRejected(Event, frozen=True, kw_only=True):
    """An approver said no."""

    TOPIC: ClassVar[str] = "signal.rejected"

    by: str
    via: str
    reason: str

    def apply(self, aggregate: Signal) -> None:
        aggregate.note_decision(Decision.REJECTED, self.by, at=self.timestamp)


class SignalExpired(Event, frozen=True, kw_only=True):
    """Nobody decided in time."""

    TOPIC: ClassVar[str] = "signal.expired"

    def apply(self, aggregate: Signal) -> None:
        aggregate.decision = Decision.EXPIRED
        aggregate.decided = f"nobody by {moment(self.timestamp)}"


class SignalCorrected(Event, frozen=True, kw_only=True):
    """An execution of the signal counts with other figures from here on; the old ones stay.

    A quantity of 0 crosses an add, exit or settlement out.
    """

    TOPIC: ClassVar[str] = "signal.corrected"

    correction: UUID
    number: int
    price: Decimal | None = None
    quantity: Decimal | None = None
    reason: str
    by: str

    def apply(self, aggregate: Signal) -> None:
        if self.quantity is not None:
            sign = 1 if self.number in aggregate.entry_prices else -1
            aggregate.book[self.number] = sign * self.quantity
            aggregate.closed = aggregate.closed and aggregate.open_quantity == 0
        if self.price is not None:
            aggregate.prices_of(self.number)[self.number] = self.price
        aggregate.corrected[self.number] = self.correction
        # Who said yes before said it to other figures.
        aggregate.given = ()
        aggregate.look_again(self, f"{self.by} corrected execution {self.number}")
        aggregate.note_people(self.by)


class SignalVoided(Event, frozen=True, kw_only=True):
    """The signal counts for nothing from here on; it stays visible."""

    TOPIC: ClassVar[str] = "signal.voided"

    correction: UUID
    reason: str
    by: str

    def apply(self, aggregate: Signal) -> None:
        aggregate.voided = True
        aggregate.ended = f"by {self.by} at {moment(self.timestamp)}: {self.reason}"
        aggregate.look_again(self, f"{self.by} voided the signal")
        aggregate.note_people(self.by)


class SignalSourceEdited(Event, frozen=True, kw_only=True):
    """The author changed the message so that it tells another trade; what was said first counts."""

    TOPIC: ClassVar[str] = "signal.source_edited"

    message: UUID
    revision: int
    edited_at: datetime
    changes: tuple[Changed, ...]
    parser: str

    def apply(self, aggregate: Signal) -> None:
        aggregate.edited = (*aggregate.edited, self.message)
        aggregate.look_again(self, "its author edited the message")
        aggregate.look_again(self, "the author edited the message")


class SignalSourceDeleted(Event, frozen=True, kw_only=True):
    """The author deleted a message of the trade, which goes on and is scored all the same."""

    TOPIC: ClassVar[str] = "signal.source_deleted"

    message: UUID
    noticed_at: datetime

    def apply(self, aggregate: Signal) -> None:
        aggregate.deleted = aggregate.deleted | {self.message}
        aggregate.look_again(self, "its author deleted the message")
        aggregate.look_again(self, "the author deleted the message")


class SignalBookedLate(Event, frozen=True, kw_only=True):
    """Executions of the signal were booked long after they were said, by a later reading."""

    TOPIC: ClassVar[str] = "signal.booked_late"

    numbers: tuple[int, ...]
    parser: str
    reason: str
    by: str
