"""Position: what one account holds of one instrument, from its bookings and the marks between.

Bookings are fills, expiries, deliveries (exercise, assignment, corporate actions) and splits.
P&L is what was realised first in first out, plus market value less cost of what is open;
without a mark since it was opened, the open part is valued at cost. Commission is kept beside
the P&L. An exercised or assigned option leaves at what it cost, and that cost moves into the
shares it brought: nothing is realised until they are sold (IRS publication 550).
"""

from __future__ import annotations

from bisect import insort
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
    """A quantity (signed as it was held) leaves at what it cost."""
    RECEIPT = "receipt"
    """Lots come in from another position; `brought` says which, at what cost."""
    EXCHANGE = "exchange"
    """Shares come in or go out at a strike, with the cost of the option that brought them."""
    SPLIT = "split"
    """`quantity` for each `price`: each `price` units become `quantity` units, at equal cost."""


class Booking(Value, frozen=True, kw_only=True):
    """Something that changed a position. `event` is its place on the tape, to break ties."""

    id: str
    at: datetime
    event: int
    kind: Kind = Kind.TRADE
    quantity: Decimal
    price: Decimal = ZERO
    commission: Decimal = ZERO
    brought: Lots | None = None


class Held(NamedTuple):
    """A position after some of its bookings and marks. Money in USD."""

    lots: Lots = Lots()
    quote: tuple[Decimal, Decimal] | None = None
    entry_cost: Decimal = ZERO
    pnl: Decimal = ZERO
    commission: Decimal = ZERO

    def mark(self) -> Decimal | None:
        """What closing one unit brings or costs per share: the bid if long, else the offer."""
        if self.quote is None:
            return None
        return self.quote[0] if self.lots.open > 0 else self.quote[1]


_Fact = tuple[datetime, int, int]


class Position:
    """What an account holds of one instrument. Every change returns what it moved, by time."""

    __slots__ = ("_last", "bookings", "gone", "held", "quotes", "unit")

    held: Held
    gone: dict[str, Lots]
    """What each delivery took away, by the booking's id."""

    def __init__(self, multiplier: int, bookings: list[Booking], quotes: Quotes) -> None:
        self.unit = Decimal(multiplier)
        self.bookings = sorted(bookings, key=_place)
        self.quotes = quotes
        self._last: _Fact | None = None
        self._settle()

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
        if self._last is not None and fact > self._last:
            before = self.held
            self.bookings.append(booking)
            self._last = fact
            self.held = after = self._booked(before, booking, self.gone)
            return _moved(booking.at, before, after)
        return self._rewrite(lambda: insort(self.bookings, booking, key=_place))

    def rebook(self, id: str, booking: Booking | None) -> tuple[Contribution, ...]:  # noqa: A002
        """Puts another booking in the place of one, or none."""

        def exchange() -> None:
            kept = [each for each in self.bookings if each.id != id]
            self.bookings = sorted(kept if booking is None else [*kept, booking], key=_place)

        return self._rewrite(exchange)

    def mark(self, at: datetime, bid: Decimal, offer: Decimal) -> tuple[Contribution, ...]:
        """Values what is open; `quotes` has to know the mark by now."""
        fact = (at, 1, 0)
        if self._last is None:
            return ()
        if fact > self._last:
            self._last = fact
            before = self.held
            if before.lots.open == 0:
                return ()
            self.held = after = self._valued(before._replace(quote=(bid, offer)))
            return _moved(at, before, after)
        if at < self.bookings[0].at:
            return ()
        without = self._path(without=at)
        self._settle()
        return difference(without, self._path())

    def _rewrite(self, change: Callable[[], None]) -> tuple[Contribution, ...]:
        before = self._path()
        change()
        self._settle()
        return difference(before, self._path())

    def _path(self, without: datetime | None = None) -> dict[datetime, tuple[Decimal, ...]]:
        path: dict[datetime, tuple[Decimal, ...]] = {}
        held = Held()
        for fact in self._facts(without):
            after = self._after(held, fact, {})
            at = fact.at if isinstance(fact, Booking) else fact[0]
            _, pnl, commission = path.get(at, (ZERO, ZERO, ZERO))
            pnl += after.pnl - held.pnl
            path[at] = (ZERO, pnl, commission + after.commission - held.commission)
            held = after
        return path

    def _settle(self) -> None:
        held = Held()
        self.gone = {}
        last: _Fact | None = None
        for fact in self._facts():
            held = self._after(held, fact, self.gone)
            last = (fact.at, 0, fact.event) if isinstance(fact, Booking) else (fact[0], 1, 0)
        self.held = held
        self._last = last

    def _facts(self, without: datetime | None = None) -> Iterator[Booking | Quoted]:
        """Bookings and marks in the order of business time."""
        if not self.bookings:
            return
        place = 0
        for quoted in self.quotes(self.bookings[0].at):
            while place < len(self.bookings) and self.bookings[place].at <= quoted[0]:
                yield self.bookings[place]
                place += 1
            if quoted[0] != without:
                yield quoted
        yield from self.bookings[place:]

    def _after(self, held: Held, fact: Booking | Quoted, gone: dict[str, Lots]) -> Held:
        if isinstance(fact, Booking):
            return self._booked(held, fact, gone)
        if held.lots.open == 0:
            return held
        return self._valued(held._replace(quote=fact[1:]))

    def _booked(self, held: Held, booking: Booking, gone: dict[str, Lots]) -> Held:
        was = held.lots
        match booking.kind:
            case Kind.TRADE:
                value = booking.quantity * booking.price * self.unit
                lots = was.traded(booking.quantity, value, booking.at)
            case Kind.DELIVERY:
                lots, gone[booking.id] = was.delivered(_at_most(booking.quantity, was.open))
            case Kind.RECEIPT:
                lots = was if booking.brought is None else was.received(booking.brought)
            case Kind.EXCHANGE:
                value = booking.quantity * booking.price * self.unit
                with_option = booking.brought or Lots()
                lots = was.traded(booking.quantity, value + with_option.cost, booking.at,
                                  value + with_option.average_cost)  # fmt: skip
            case Kind.SPLIT:
                lots = was.scaled(booking.quantity, booking.price)
        quote = held.quote if was.open * lots.open > 0 else None
        entry_cost = held.entry_cost + _entered(was, lots)
        return self._valued(
            Held(lots, quote, entry_cost, commission=held.commission + booking.commission)
        )

    def _valued(self, held: Held) -> Held:
        lots, mark = held.lots, held.mark()
        if mark is None:
            return held._replace(pnl=lots.realised)
        return held._replace(pnl=lots.realised + lots.open * mark * self.unit - lots.cost)


def exchanged(
    contracts: Decimal, multiplier: int, strike: Decimal, *, is_call: bool
) -> tuple[Decimal, Decimal]:
    """Shares (signed) that come of contracts (signed as held) exercised or assigned, and price.

    Held calls bring shares and short ones take them; puts the other way round.
    """
    shares = contracts * multiplier
    return (shares if is_call else -shares), strike


def average_price(held: Lots, unit: Decimal) -> Decimal | None:
    """Average cost per share of what is open, or None when nothing is."""
    return ratio(held.average_cost / (held.open * unit)) if held.open != 0 else None


def _entered(was: Lots, now: Lots) -> Decimal:
    """What was newly paid (or received short) to open, in USD, without sign."""
    if was.open != 0 and now.open != 0 and (was.open > 0) != (now.open > 0):
        return abs(now.cost)
    return max(abs(now.cost) - abs(was.cost), ZERO)


def _at_most(quantity: Decimal, held: Decimal) -> Decimal:
    """What can leave of what is held: a fact about more than that is about what is there."""
    if (quantity > 0) != (held > 0):
        return ZERO
    return min(quantity, held, key=abs)


def _moved(at: datetime, was: Held, now: Held) -> tuple[Contribution, ...]:
    pnl, commission = now.pnl - was.pnl, now.commission - was.commission
    return (Contribution(at, ZERO, pnl, commission),) if pnl or commission else ()


def _place(booking: Booking) -> tuple[datetime, int]:
    return booking.at, booking.event
