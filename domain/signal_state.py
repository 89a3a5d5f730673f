"""What a signal remembers of its past, and what that allows."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.approvals import AlreadyDecided, ChangedSince, TradeOver, Yes, moment
from domain.fix import Side
from domain.legs import Leg
from domain.shared import Event, Impossible, InvalidInput, require_nonnegative
from domain.signal_events import Decision, Source


class SignalState(BaseAggregate[UUID]):
    """A signal as it stands: `book` holds what each numbered execution added (+) or closed (-).

    `messages` says which message each execution came of; a settlement came of none. `edited` and
    `deleted` are those that their author changed or took away afterwards. `given` are the yeses
    of approvers who need another one; `last_change` is what an approver has to have seen.
    `corrected` says by which correction an execution came to be what it is.
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
        self.exit_prices: dict[int, Decimal | None] = {}
        self.corrected: dict[int, UUID] = {}
        self.messages = {1: source.message}
        self.checked: frozenset[int] = frozenset()
        self.decision = Decision.PENDING
        self.decided = ""
        self.given: tuple[Yes, ...] = ()
        self.named: tuple[str, ...] = ()
        """Whose names may be in what those who come later are told."""
        self.last_change: tuple[int, str, datetime] | None = None
        self.edited: tuple[UUID, ...] = ()
        self.deleted: frozenset[UUID] = frozenset()
        self.closed = False
        self.voided = False
        self.ended = ""

    def note_decision(self, decision: Decision, *by: str, at: datetime) -> None:
        """Notes what was decided, by whom."""
        self.decision = decision
        self.decided = f"{' and '.join(by)} at {moment(at)}"
        self.note_people(*by)

    def note_people(self, *names: str) -> None:
        """Notes that somebody decided something of it."""
        self.named = (*self.named, *(name for name in names if name not in self.named))

    def look_again(self, event: Event, words: str) -> None:
        """Notes that the trade is another one than whoever looked before has seen."""
        self.last_change = (event.originator_version, words, event.timestamp)

    def prices_of(self, number: int) -> dict[int, Decimal] | dict[int, Decimal | None]:
        """The prices of entries or of exits, whichever the execution is."""
        return self.entry_prices if number in self.entry_prices else self.exit_prices

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

    def until(self, number: int) -> Self:
        """The trade as it stood before an execution; a copy that nobody stores."""
        before = deepcopy(self)
        before.collect_events()
        before.book = {n: quantity for n, quantity in self.book.items() if n < number}
        before.entry_prices = {n: price for n, price in self.entry_prices.items() if n < number}
        before.messages = {n: said for n, said in self.messages.items() if n < number}
        before.closed = before.voided = False
        return before

    def _require_undecided(self) -> None:
        if self.decision is not Decision.PENDING:
            raise AlreadyDecided(f"the signal was {self.decision.value} by {self.decided}")

    def _require_unchanged(self, seen_version: int | None) -> None:
        """Lets a member decide on what they saw; evidence, refusals and yeses change nothing."""
        if seen_version is None or self.last_change is None:
            return
        version, words, at = self.last_change
        if version > seen_version:
            raise ChangedSince(f"{words} at {moment(at)}, after you looked: look again")

    def _require_open(self) -> None:
        if self.voided:
            raise TradeOver(f"the signal is voided ({self.ended})")
        if self.closed or self.open_quantity <= 0:
            raise TradeOver("the trade is closed" + (f" ({self.ended})" if self.ended else ""))

    def _require_quantity_fits(self, number: int, quantity: Decimal) -> None:
        require_nonnegative(quantity=quantity)
        if quantity == 0 and number == 1:
            raise InvalidInput("a trade without its first entry is none: void the signal")
        sign = 1 if number in self.entry_prices else -1
        if self.open_quantity - self.book[number] + sign * quantity < 0:
            raise Impossible("more would be closed than was opened: correct the entry first")
