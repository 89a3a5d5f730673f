"""Account: a book at a broker in which approved signals are traded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, InvalidInput, stream_id


def account_stream(name: str) -> UUID:
    """The stream of an account, known from its name."""
    return stream_id("account", name)


class AccountOpened(Created, frozen=True, kw_only=True):
    """A book begins with its cash; orders may follow."""

    TOPIC: ClassVar[str] = "account.opened"

    name: str
    broker: str
    cash: Decimal
    currency: str = "USD"


class Account(BaseAggregate[UUID]):
    """A book at a broker."""

    TOPIC: ClassVar[str] = "account"

    def __init__(self, name: str, broker: str, cash: Decimal) -> None:
        self.name = name
        self.broker = broker
        self.cash = cash

    @classmethod
    def open(cls, *, name: str, broker: str, cash: Decimal, at: datetime) -> Account:
        """Opens a book.

        Raises:
            InvalidInput: no name, or cash not above zero.
        """
        if not name.strip():
            raise InvalidInput("an account needs a name")
        if cash <= 0:
            raise InvalidInput(f"an account opens with cash above zero, not {cash}")
        return cls._create(
            AccountOpened,
            id=account_stream(name),
            name=name,
            broker=broker,
            cash=cash,
            timestamp=at,
        )
