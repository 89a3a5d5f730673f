"""Position: what one account holds of one instrument, from its bookings and the marks between.

Bookings are fills, expiries, deliveries (exercise, assignment, corporate actions) and splits.
P&L is what was realised first in first out, plus market value less cost of what is open;
without a mark since it was opened, the open part is valued at cost. Commission is kept beside
the P&L. An exercised or assigned option leaves at what it cost, and that cost moves into the
shares it brought: nothing is realised until they are sold (IRS publication 550).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.executions import Contribution, difference
from domain.lots import ZERO, Lots
from domain.shared import Value, ratio

Quoted = tuple[datetime, Decimal, Decimal]
"""When something was marked, its bid and its offer per share."""

Quotes = Callable[[datetime], Iterable[Quoted]]
"""The marks of an instrument from a moment on, in order."""


class Kind(StrEnum):
    """What a booking does to the position."""

    TRADE = "trade"
    """A quantity changes hands at a price: fills, and expiries at their settlement value."""
    DELIVERY = "delivery"
    """A quantity (signed as it was held; 0 is all of it) leaves at what it cost."""
    RECEIPT = "receipt"
    """Lots `brought` from another position; each `price` units become `quantity` units."""
    EXCHANGE = "exchange"
    """Shares come in or go out at a strike, with the cost of the option that brought them."""
    SPLIT = "split"
    """Each `price` units become `quantity` units, at equal cost."""


class Booking(Value, frozen=True, kw_only=True):
    """Something that changed a position. `event` is its place on the tape, and names it."""

    event: int
    at: datetime
    kind: Kind = Kind.TRADE
    quantity: Decimal
    price: Decimal = ZERO
    commission: Decimal = ZERO
    brought: Lots | None = None


class Held(NamedTuple):
    """A position after some of its bookings and marks. Money in USD."""

    lots: Lots = Lots()
    quote: tuple[Decimal, Decimal] | None = None
    marked_at: datetime | None = None
    entry_cost: Decimal = ZERO
    pnl: Decimal = ZERO
    commission: Decimal = ZERO

    def mark(self) -> Decimal | None:
        """What closing one unit brings or costs per share: the bid if long, else the offer."""
        if self.quote is None:
            return None
        return self.quote[0] if self.lots.open > 0 else self.quote[1]


_Fact = tuple[datetime, int, int]
"""Business time, then bookings before marks of the same moment, then their event."""

NOTHING = (ZERO, ZERO)
SNAPSHOTS = 64
"""So many facts may come in the wrong order without walking the whole path again."""


class Position:
    """What an account holds of one instrument. Every change returns what it moved, by time."""

    __slots__ = ("_snapshots", "bookings", "gone", "held", "quotes", "unit")

    held: Held
    gone: dict[int, Lots]
    """What each delivery took away, by the booking's event."""

    def __init__(self, multiplier: int, bookings: list[Booking], quotes: Quotes) -> None:
        self.unit = Decimal(multiplier)
        self.bookings = sorted(bookings, key=_place)
        self.quotes = quotes
        self.gone = {}
        self._snapshots: list[tuple[_Fact, Held]] = []
        self._walk(None)

    @property
    def opened_at(self) -> datetime:
        """When the oldest lot was opened; of a flat position, its first booking."""
        lots = self.held.lots.lots
        return lots[0].opened_at if lots else self.bookings[0].at

    @property
    def closed_at(self) -> datetime | None:
        return self.bookings[-1].at if self.held.lots.open == 0 and self.bookings else None

    def book(self, booking: Booking) -> tuple[Contribution, ...]:
        """Adds a booking."""
        fact = (booking.at, 0, booking.event)
        before = self.held
        # Marks that passed a flat position by may be later than what opens it again.
        if (self._is_last(fact) or not self.bookings) and (
            before.lots.open or not any(self.quotes(booking.at))
        ):
            self.bookings.append(booking)
            after = self._booked(before, booking, self.gone)
            return self._step(fact, before, after)
        return self._rewrite(fact, lambda: insort(self.bookings, booking, key=_place))

    def rebook(self, event: int, booking: Booking | None) -> tuple[Contribution, ...]:
        """Puts another booking in the place of one, at the same time, or none."""
        place = next(at for at, each in enumerate(self.bookings) if each.event == event)
        fact = (self.bookings[place].at, 0, event)
        return self._rewrite(
            fact, lambda: self.bookings.__setitem__(slice(place, place + 1), _as_list(booking))
        )

    def mark(self, at: datetime, bid: Decimal, offer: Decimal) -> tuple[Contribution, ...]:
        """Values what is open; `quotes` has to know the mark by now."""
        fact = (at, 1, 0)
        if not self.bookings or at < self.bookings[0].at:
            return ()
        before = self.held
        if self._is_last(fact):
            if before.lots.open == 0:
                return ()
            after = self._valued(before, at, bid, offer)
            return self._step(fact, before, after)
        since = self._go_back(fact)
        without = self._path(since, without=at)
        self._walk(since)
        return difference(without, self._path(since))

    @property
    def tally(self) -> None:
        """Holdings are counted nowhere."""
        return None

    def remembered(self) -> Callable[[], tuple[Contribution, ...]]:
        """Remembers the path; the answer says what marks that have changed since then moved."""
        self._snapshots.clear()
        before = self._path(None)

        def moved() -> tuple[Contribution, ...]:
            self._walk(None)
            return difference(before, self._path(None))

        return moved

    def _is_last(self, fact: _Fact) -> bool:
        return bool(self._snapshots) and fact > self._snapshots[-1][0]

    def _step(self, fact: _Fact, before: Held, after: Held) -> tuple[Contribution, ...]:
        self.held = after
        self._snapshots.append((fact, after))
        if len(self._snapshots) > 2 * SNAPSHOTS:
            del self._snapshots[:SNAPSHOTS]
        pnl, commission = after.pnl - before.pnl, after.commission - before.commission
        return (Contribution(fact[0], ZERO, pnl, commission),) if pnl or commission else ()

    def _rewrite(self, fact: _Fact, change: Callable[[], None]) -> tuple[Contribution, ...]:
        """Changes the past from a fact on, and says what that moved."""
        since = self._go_back(fact)
        before = self._path(since)
        change()
        self._walk(since)
        return difference(before, self._path(since))

    def _go_back(self, fact: _Fact) -> tuple[_Fact, Held] | None:
        """The position before a fact if that is remembered, else None: before all facts."""
        if self.gone:
            self._snapshots.clear()
        while self._snapshots and self._snapshots[-1][0] >= fact:
            self._snapshots.pop()
        return self._snapshots[-1] if self._snapshots else None

    def _path(
        self, since: tuple[_Fact, Held] | None, without: datetime | None = None
    ) -> dict[datetime, tuple[Decimal, ...]]:
        path: dict[datetime, tuple[Decimal, ...]] = {}
        held = Held() if since is None else since[1]
        for at, _, fact in self._facts(since, without):
            after = self._after(held, fact, {})
            _, pnl, commission = path.get(at, (ZERO, ZERO, ZERO))
            pnl += after.pnl - held.pnl
            path[at] = (ZERO, pnl, commission + after.commission - held.commission)
            held = after
        return path

    def _walk(self, since: tuple[_Fact, Held] | None) -> None:
        self.held = Held() if since is None else since[1]
        self.gone = {}
        for _, key, fact in self._facts(since):
            self._step(key, self.held, self._after(self.held, fact, self.gone))

    def _facts(
        self, since: tuple[_Fact, Held] | None, without: datetime | None = None
    ) -> Iterator[tuple[datetime, _Fact, Booking | Quoted]]:
        """Bookings and marks after a fact in the order of business time, each with its place."""
        place = 0 if since is None else bisect_right(self.bookings, since[0][::2], key=_place)
        if since is not None and since[0][1] == 1:
            place = bisect_right(self.bookings, since[0][0], key=_time)
        if not self.bookings:
            return
        begin = self.bookings[0].at if since is None else since[0][0]
        for quoted in self.quotes(begin):
            at = quoted[0]
            if since is not None and (at, 1, 0) <= since[0]:
                continue
            while place < len(self.bookings) and self.bookings[place].at <= at:
                yield _placed(self.bookings[place])
                place += 1
            if at != without:
                yield at, (at, 1, 0), quoted
        for booking in self.bookings[place:]:
            yield _placed(booking)

    def _after(self, held: Held, fact: Booking | Quoted, gone: dict[int, Lots]) -> Held:
        if isinstance(fact, Booking):
            return self._booked(held, fact, gone)
        if held.lots.open == 0:
            return held
        return self._valued(held, *fact)

    def _booked(self, held: Held, booking: Booking, gone: dict[int, Lots]) -> Held:
        was = held.lots
        match booking.kind:
            case Kind.TRADE:
                value = booking.quantity * booking.price * self.unit
                lots = was.traded(booking.quantity, value, booking.at)
            case Kind.DELIVERY:
                lots, gone[booking.event] = was.delivered(_at_most(booking.quantity, was.open))
            case Kind.RECEIPT:
                brought = (booking.brought or Lots()).scaled(booking.quantity, booking.price)
                lots = was.received(brought) if brought.open else was
            case Kind.EXCHANGE:
                value = booking.quantity * booking.price * self.unit
                cost, average = NOTHING if booking.brought is None else booking.brought[2:4]
                lots = was
                if booking.quantity != 0:
                    lots = was.traded(booking.quantity, value + cost, booking.at, value + average)
            case Kind.SPLIT:
                lots = was.scaled(booking.quantity, booking.price)
        is_same_side = was.open * lots.open > 0
        quote = held.quote if is_same_side else None
        pnl = lots.realised
        if quote is not None:
            mark = quote[0] if lots.open > 0 else quote[1]
            pnl += lots.open * mark * self.unit - lots.cost
        entered = abs(lots.cost) - abs(was.cost) if is_same_side else abs(lots.cost)
        return Held(lots, quote, held.marked_at, held.entry_cost + max(entered, ZERO), pnl,
                    held.commission + booking.commission)  # fmt: skip

    def _valued(self, held: Held, at: datetime, bid: Decimal, offer: Decimal) -> Held:
        lots = held.lots
        mark = bid if lots.open > 0 else offer
        pnl = lots.realised + lots.open * mark * self.unit - lots.cost
        return Held(lots, (bid, offer), at, held.entry_cost, pnl, held.commission)


def average_price(held: Lots, unit: Decimal) -> Decimal | None:
    """Average cost per share of what is open, or None when nothing is."""
    return ratio(held.average_cost / (held.open * unit)) if held.open != 0 else None


def _at_most(quantity: Decimal, held: Decimal) -> Decimal:
    """What can leave of what is held: a fact about more than that is about what is there."""
    if quantity == 0 or held == 0:
        return held
    if (quantity > 0) != (held > 0):
        return ZERO
    return min(quantity, held, key=abs)


def _as_list(booking: Booking | None) -> list[Booking]:
    return [] if booking is None else [booking]


def _placed(booking: Booking) -> tuple[datetime, _Fact, Booking]:
    return booking.at, (booking.at, 0, booking.event), booking


def _time(booking: Booking) -> datetime:
    return booking.at


def _place(booking: Booking) -> tuple[datetime, int]:
    return booking.at, booking.event
