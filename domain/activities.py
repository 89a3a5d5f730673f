"""Activity: something that happened in an account at its broker, kept as the broker told it.

Whatever nobody understands is kept too, as unclassified. What fills, expiries, exercises and
assignments do to orders and holdings is decided elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, InvalidInput, Value, stream_id


class ActivityKind(StrEnum):
    """What an account activity is about."""

    FILL = "fill"
    EXPIRY = "expiry"
    EXERCISE = "exercise"
    ASSIGNMENT = "assignment"
    OPTION_TRADE = "option_trade"
    """The shares that an exercise or assignment moves."""
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    JOURNAL = "journal"
    SPLIT = "split"
    UNCLASSIFIED = "unclassified"


class Activity(Value, frozen=True, kw_only=True):
    """One activity as a broker tells it.

    `quantity` is signed by what it does to the position, `amount` by what it does to the cash.
    `raw` is what the broker said, as JSON: nothing is lost of what nobody understood.
    """

    activity_id: str
    kind: ActivityKind
    happened_at: datetime
    symbol: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    cl_ord_id: str = ""
    order_id: str = ""
    cum_qty: Decimal | None = None
    raw: str = ""


def activity_stream(account: str, activity_id: str) -> UUID:
    """The stream of an activity, known from the broker's id of it."""
    return stream_id("activity", account, activity_id)


class ActivityRecorded(Created, frozen=True, kw_only=True):
    """A broker told of an activity."""

    TOPIC: ClassVar[str] = "activity.recorded"

    account: str
    broker: str
    activity: Activity


class RecordedActivity(BaseAggregate[UUID]):
    """One activity of one account."""

    TOPIC: ClassVar[str] = "activity"

    def __init__(self, account: str, broker: str, activity: Activity) -> None:
        self.account = account
        self.broker = broker
        self.activity = activity

    @classmethod
    def record(
        cls, activity: Activity, *, account: str, broker: str, at: datetime
    ) -> RecordedActivity:
        """Keeps what the broker told.

        Raises:
            InvalidInput: it has no id, so telling it twice could not be known.
        """
        if not activity.activity_id:
            raise InvalidInput("an activity without the broker's id cannot be recorded")
        return cls._create(
            ActivityRecorded,
            id=activity_stream(account, activity.activity_id),
            account=account,
            broker=broker,
            activity=activity,
            timestamp=at,
        )
