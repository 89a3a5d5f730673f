"""What a signal remembers of its past, and what that allows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.approvals import AlreadyDecided
from domain.fix import Side
from domain.legs import Leg
from domain.shared import Impossible, InvalidInput, require_nonnegative
from domain.signal_events import Decision, Source


class SignalState(BaseAggregate[UUID]):
    """A signal as it stands: `book` holds what each numbered execution added (+) or closed (-).

    `messages` says which message each execution came of; a settlement came of none. `edited` and
    `deleted` are those that their author changed or took away afterwards.
    """

    def __init__(
        self,
        trader: UUID,
        source: Source,
        side: Side,
        legs: tuple[Leg, ...],
        quantity: Decimal,
        price: Decimal,
        posted_at: datetime,
        stop: Decimal | None = None,
        targets: tuple[Decimal, ...] = (),
        valid_until: datetime | None = None,
    ) -> None:
        self.trader = trader
        self.source = source
        self.price = price
        self.side = side
        self.legs = legs
        self.stop = stop
        self.targets = targets
        self.valid_until = valid_until
        self.posted_at = posted_at
        self.book = {1: quantity}
        self.entry_prices = {1: price}
        self.messages = {1: source.message}
        self.checked: frozenset[int] = frozenset()
        self.decision = Decision.PENDING
        self.decided = ""
        self.edited: tuple[UUID, ...] = ()
        self.deleted: frozenset[UUID] = frozenset()
        self.closed = False
        self.voided = False

    @property
    def open_quantity(self) -> Decimal:
        return sum(self.book.values(), Decimal(0))

    @property
    def entry_quantity(self) -> Decimal:
        """All that was ever bought (or sold short) of the trade."""
        return sum((self.book[number] for number in self.entry_prices), Decimal(0))

    @property
    def average_entry(self) -> Decimal:
        """The claimed price of the entries per share, weighted by quantity."""
        cost = sum(self.book[n] * price for n, price in self.entry_prices.items())
        return cost / self.entry_quantity

    def _require_undecided(self) -> None:
        if self.decision is not Decision.PENDING:
            raise AlreadyDecided(f"the signal was {self.decision.value} by {self.decided}")

    def _require_open(self) -> None:
        if self.voided:
            raise Impossible("the signal is voided")
        if self.closed or self.open_quantity <= 0:
            raise Impossible("the trade is closed")

    def _require_quantity_fits(self, number: int, quantity: Decimal) -> None:
        require_nonnegative(quantity=quantity)
        if quantity == 0 and number == 1:
            raise InvalidInput("a trade without its first entry is none: void the signal")
        sign = 1 if number in self.entry_prices else -1
        if self.open_quantity - self.book[number] + sign * quantity < 0:
            raise Impossible("more would be closed than was opened: correct the entry first")
