"""Account: a book at a broker in which approved signals are traded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, Value, stream_id


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


class Standing(Value, frozen=True, kw_only=True):
    """An account's money at its broker. `day_trades` counts those of the last five sessions,
    None where the broker counts none.
    """

    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    day_trades: int | None = None
    pattern_day_trader: bool = False
    trading_blocked: bool = False


class AccountReported(Event, frozen=True, kw_only=True):
    """The broker said what the account has."""

    TOPIC: ClassVar[str] = "account.reported"

    account: str
    standing: Standing

    def apply(self, aggregate: Account) -> None:
        aggregate.standing = self.standing


class Difference(Value, frozen=True, kw_only=True):
    """An instrument of which we count another quantity than the broker."""

    symbol: str
    ours: Decimal
    brokers: Decimal


class AccountDiffered(Event, frozen=True, kw_only=True):
    """Our positions and the broker's are not the same any more, or otherwise than before."""

    TOPIC: ClassVar[str] = "account.differed"

    account: str
    differences: tuple[Difference, ...]

    def apply(self, aggregate: Account) -> None:
        aggregate.differences = self.differences


class AccountAgreed(Event, frozen=True, kw_only=True):
    """Our positions and the broker's are the same again."""

    TOPIC: ClassVar[str] = "account.agreed"

    account: str

    def apply(self, aggregate: Account) -> None:
        aggregate.differences = ()


class CashKind(StrEnum):
    """Why an account's cash moved without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    JOURNAL = "journal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    HISTORY = "history"
    """What was traded before the account was opened here is in its opening cash already."""

    @property
    def is_paid_in(self) -> bool:
        """Whether it is the owner's money, which nobody earned."""
        return self in _PAID_IN


_PAID_IN = frozenset({CashKind.DEPOSIT, CashKind.WITHDRAWAL, CashKind.JOURNAL})


class AccountCashMoved(Event, frozen=True, kw_only=True):
    """Cash came or went without a trade; `activity` is the broker's id of it.

    What was booked wrongly is put right by two more of them: one takes it back, one is right.
    """

    TOPIC: ClassVar[str] = "account.cash_moved"
    class_version: ClassVar[int] = 2

    account: str
    kind: CashKind
    amount: Decimal
    activity: str
    happened_at: datetime
    correction: UUID | None = None
    corrects: str = ""
    """The activity that this one takes back or stands in the place of."""
    reason: str = ""
    by: str = ""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first nobody put cash right."""
        body.setdefault("corrects", "")

    def apply(self, aggregate: Account) -> None:
        if self.kind.is_paid_in:
            aggregate.paid_in += self.amount
        entry = CashEntry(self.kind, self.amount, self.happened_at, self.correction)
        if not self.corrects:
            aggregate.entries[self.activity] = entry
        elif self.activity == taken_back(self.corrects, self.correction):
            del aggregate.entries[self.corrects]
        else:
            aggregate.entries[self.corrects] = entry


class CashEntry(NamedTuple):
    """A movement of cash as it counts, and the correction by which it came to."""

    kind: CashKind
    amount: Decimal
    happened_at: datetime
    correction: UUID | None


def taken_back(activity: str, correction: UUID | None) -> str:
    """The activity under which a movement is taken back."""
    return f"{activity} taken back by {correction}"


class AccountOwnerNamed(Event, frozen=True, kw_only=True):
    """The account trades a trader's money, or that of nobody who posts.

    Its fills are held against what its owner posts.
    """

    TOPIC: ClassVar[str] = "account.owner_named"

    account: str
    owner: UUID | None = None
    reason: str
    by: str

    def apply(self, aggregate: Account) -> None:
        aggregate.owner = self.owner


class Account(BaseAggregate[UUID]):
    """A book at a broker. `paid_in` is its opening cash and what was paid in and out since."""

    TOPIC: ClassVar[str] = "account"

    def __init__(self, name: str, broker: str, cash: Decimal) -> None:
        self.name = name
        self.broker = broker
        self.cash = cash
        self.paid_in = cash
        self.standing: Standing | None = None
        self.differences: tuple[Difference, ...] = ()
        self.owner: UUID | None = None
        self.entries: dict[str, CashEntry] = {}

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

    def report(self, standing: Standing, *, at: datetime) -> None:
        """Keeps what the broker says the account has, if it says something new."""
        if standing != self.standing:
            self.trigger_event(AccountReported, account=self.name, standing=standing, timestamp=at)

    def compare(self, differences: tuple[Difference, ...], *, at: datetime) -> None:
        """Keeps where our positions differ from the broker's, if that is new."""
        if differences == self.differences:
            return
        if differences:
            self.trigger_event(
                AccountDiffered, account=self.name, differences=differences, timestamp=at
            )
        else:
            self.trigger_event(AccountAgreed, account=self.name, timestamp=at)

    def move_cash(
        self, kind: CashKind, amount: Decimal, *, activity: str, happened_at: datetime, at: datetime
    ) -> None:
        """Books cash that came (above zero) or went.

        Raises:
            InvalidInput: no amount.
        """
        if not amount.is_finite() or amount == 0:
            raise InvalidInput(f"cash moves by an amount, not {amount}")
        self.trigger_event(
            AccountCashMoved,
            account=self.name,
            kind=kind,
            amount=amount,
            activity=activity,
            happened_at=happened_at,
            timestamp=at,
        )

    def correct_cash(
        self,
        *,
        correction: UUID,
        activity: str,
        amount: Decimal | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """Takes a movement of cash back and books what was right; without an amount nothing is.

        Raises:
            Impossible: there is no such movement, or it was taken back.
            InvalidInput: the amount cannot be right, or is recorded already.
        """
        was = self.entries.get(activity)
        if was is None:
            raise Impossible(f"the account {self.name} has no movement {activity!r} of cash")
        if amount is not None and (not amount.is_finite() or amount in (0, was.amount)):
            raise InvalidInput(f"the amount {amount} cannot be right, or is recorded already")
        back = taken_back(activity, correction)
        named = f"{activity} by {correction}"
        for moved, called in ((-was.amount, back), (amount, named)):
            if moved is not None:
                self.trigger_event(
                    AccountCashMoved,
                    account=self.name,
                    kind=was.kind,
                    amount=moved,
                    activity=called,
                    happened_at=was.happened_at,
                    correction=correction,
                    corrects=activity,
                    reason=reason,
                    by=by,
                    timestamp=at,
                )

    def name_owner(self, owner: UUID | None, *, reason: str, by: str, at: datetime) -> None:
        """Records which trader the account's money belongs to, None for nobody who posts.

        Raises:
            InvalidInput: no reason.
            Impossible: that is on record already.
        """
        if not reason.strip():
            raise InvalidInput("say how it is known whose account it is")
        if owner == self.owner:
            raise Impossible(f"that is on record already of the account {self.name}")
        self.trigger_event(
            AccountOwnerNamed,
            account=self.name,
            owner=owner,
            reason=reason,
            by=by,
            timestamp=at,
        )
