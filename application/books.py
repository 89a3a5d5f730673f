"""Books: what each account has in cash and holds for each trade, as sizing needs to know.

This is the trading reaction's own memory, exact to its place on the tape; the positions that
people see are a projection of the same fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

import msgspec

from application.reaction import Memory
from domain.accounts import Standing
from domain.fix import PositionEffect, Side
from domain.legs import Leg, multiplier_of, strategy_symbol
from domain.order_events import OrderFilled, OrderTradeCanceled, OrderTradeCorrected
from domain.orders import Order
from domain.shared import learned

DAY_TRADES_KEPT = 64


class Book(msgspec.Struct):
    """An account: cash, what its open trades cost, and what working orders may yet take, in USD.

    `trades` counts what was opened on the exchange day `day`, `day_trades` holds the days of
    trades that were opened and closed on one. What a broker outside says it has goes before our
    own count, less what was `promised` since it said so.
    """

    cash: Decimal
    invested: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    positions: int = 0
    day: date | None = None
    trades: int = 0
    day_trades: tuple[date, ...] = ()
    standing: Standing | None = None
    promised: Decimal = Decimal(0)

    @property
    def equity(self) -> Decimal:
        return self.cash + self.invested if self.standing is None else self.standing.equity

    @property
    def buying_power(self) -> Decimal:
        if self.standing is None:
            return self.cash - self.reserved
        return self.standing.buying_power - self.promised

    def size(self, at_risk: Decimal, multiplier: int, share: Decimal) -> Decimal:
        """Whole units that a share of the equity carries; a tenth of 50,000 at 5.50 gives 9
        contracts.
        """
        if at_risk <= 0:
            return Decimal(0)
        units = self.equity * share / (at_risk * multiplier)
        return units.quantize(Decimal(1), rounding=ROUND_DOWN)

    def trades_on(self, day: date) -> int:
        """How many trades were opened on an exchange day."""
        return self.trades if self.day == day else 0

    def day_trades_since(self, first: date) -> int:
        """How many trades were opened and closed on one day, from that day on; what the broker
        counts of its last five sessions if that is more.
        """
        counted = 0 if self.standing is None else self.standing.day_trades or 0
        return max(counted, sum(day >= first for day in self.day_trades))

    def count_trade(self, day: date) -> None:
        """One more trade was opened."""
        self.trades = self.trades_on(day) + 1
        self.day = day

    def count_day_trade(self, day: date) -> None:
        """One more trade was closed on the day it was opened; only the latest count for ever."""
        self.day_trades = (*self.day_trades, day)[-DAY_TRADES_KEPT:]


HELD_PREFIX = "held:"


def book_key(account: str) -> str:
    """Under which key an account's book is remembered."""
    return f"book:{account}"


def remembered_book(value: bytes) -> Book:
    """A book as it was remembered."""
    return msgspec.json.decode(value, type=learned(Book))


class Held(msgspec.Struct):
    """What an account holds for one trade, at its average price per share."""

    account: str
    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal
    price: Decimal
    opened_on: date | None = None
    day_traded: bool = False

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.price * multiplier_of(self.legs) * self.side.sign

    def share(self, closed: Decimal, open_before: Decimal) -> Decimal:
        """How much follows when `closed` of `open_before` is closed: the same part, at
        least one unit."""
        if closed >= open_before:
            return self.quantity
        part = (self.quantity * closed / open_before).quantize(Decimal(1), rounding=ROUND_DOWN)
        return min(max(part, Decimal(1)), self.quantity)


class Working(msgspec.Struct):
    """What an order that opens something may yet take of an account's cash."""

    account: str
    quantity: Decimal
    unit: Decimal


class Noted(msgspec.Struct):
    """How many facts of a holding count already although they were not read from the tape."""

    times: int


class Books:
    """All accounts. A trade is known by an id: its signal's, or one of its own."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._accounts: dict[str, Book] = {}
        self._held: dict[UUID, Held] = {}
        self._working: dict[UUID, Working] = {}
        self._noted: dict[str, int] = {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Takes up what was remembered."""
        for key, value in state.items():
            kind, _, name = key.partition(":")
            if kind == "book":
                self._accounts[name] = remembered_book(value)
            elif kind == "held":
                self._held[UUID(name)] = msgspec.json.decode(value, type=learned(Held))
            elif kind == "working":
                self._working[UUID(name)] = msgspec.json.decode(value, type=learned(Working))
            elif kind == "noted":
                self._noted[name] = msgspec.json.decode(value, type=learned(Noted)).times

    def account(self, name: str) -> Book | None:
        return self._accounts.get(name)

    def held(self, trade: UUID) -> Held | None:
        return self._held.get(trade)

    def held_for(self, account: str, side: Side, symbol: str, first: UUID) -> list[UUID]:
        """The trades for which an account holds something that it bought or sold: `first`, if it
        is one of them, then the others in the order of their ids.
        """
        found = [
            trade
            for trade, held in self._held.items()
            if held.account == account
            and held.side is side
            and strategy_symbol(held.side, held.legs) == symbol
        ]
        return sorted(found, key=lambda trade: (trade != first, trade))

    def open(self, name: str, cash: Decimal) -> None:
        """Begins the book of an account."""
        self._put_account(name, Book(cash))

    def stand(self, name: str, standing: Standing) -> None:
        """Takes over what the broker says the account has."""
        book = self._accounts[name]
        book.standing, book.promised = standing, Decimal(0)
        self._put_account(name, book)

    def reserve(self, order: Order, unit: Decimal, day: date) -> None:
        """Sets aside what an order that opens something may take: `unit` in USD for each."""
        book = self._accounts[order.account]
        book.reserved += order.order_qty * unit
        book.promised += order.order_qty * unit
        book.count_trade(day)
        self._put_account(order.account, book)
        self._put_working(order.id, Working(order.account, order.order_qty, unit))

    def give_back(self, order: UUID) -> None:
        """Nothing more will be filled of an order."""
        working = self._working.get(order)
        if working is not None:
            self._less_reserved(order, working, working.quantity)

    def enter(self, trade: UUID, order: Order, fill: OrderFilled, day: date) -> None:
        """Books a fill of an opening order."""
        working = self._working.get(order.id)
        if working is not None:
            self._less_reserved(order.id, working, min(fill.last_qty, working.quantity))
        got = Held(order.account, order.side, order.legs, fill.last_qty, fill.last_px, day)
        self.receive(trade, got, paid=fill.last_px, commission=fill.commission)

    def leave(self, trades: Sequence[UUID], fill: OrderFilled, day: date) -> None:
        """Books a fill of a closing order, on one trade after the other."""
        left, commission = fill.last_qty, fill.commission
        for trade in trades:
            held = self._held.get(trade)
            if held is None or not left:
                continue
            closed = min(left, held.quantity)
            if held.opened_on == day and not held.day_traded:
                held.day_traded = True
                book = self._accounts[held.account]
                book.count_day_trade(day)
                self._put_account(held.account, book)
            self.release(trade, closed, fill.last_px, commission)
            left, commission = left - closed, Decimal(0)

    def release(
        self, trade: UUID, quantity: Decimal, price: Decimal, commission: Decimal = Decimal(0)
    ) -> None:
        """Turns some of a holding into cash at a price."""
        held = self._held[trade]
        book = self._accounts[held.account]
        multiplier = multiplier_of(held.legs) * held.side.sign
        book.cash += quantity * price * multiplier - commission
        book.invested -= quantity * held.price * multiplier
        held.quantity -= quantity
        self._put_account(held.account, book)
        self._put_held(trade, held)

    def receive(
        self, trade: UUID, got: Held, *, paid: Decimal, commission: Decimal = Decimal(0)
    ) -> None:
        """Adds to what is held for a trade; the cash moves by the price that was paid for it."""
        held = self._held.get(trade) or Held(
            got.account, got.side, got.legs, Decimal(0), Decimal(0), got.opened_on
        )
        quantity = held.quantity + got.quantity
        held.price = (held.quantity * held.price + got.quantity * got.price) / quantity
        held.quantity = quantity
        book = self._accounts[got.account]
        book.cash -= got.quantity * paid * multiplier_of(got.legs) * got.side.sign + commission
        book.invested += got.cost
        self._put_account(got.account, book)
        self._put_held(trade, held)

    def split(self, trade: UUID, new: Decimal, old: Decimal) -> None:
        """Each `old` units of a holding become `new` ones, at equal cost."""
        held = self._held[trade]
        held.quantity, held.price = held.quantity * new / old, held.price * old / new
        self._put_held(trade, held)

    def rename(self, account: str, symbol: str, to_symbol: str) -> None:
        """What an account holds of an instrument has another symbol from now on."""
        for trade, held in self._held.items():
            if held.account == account and any(leg.symbol == symbol for leg in held.legs):
                held.legs = tuple(
                    msgspec.structs.replace(leg, symbol=to_symbol) if leg.symbol == symbol else leg
                    for leg in held.legs
                )
                self.memory.put(f"{HELD_PREFIX}{trade}", held)

    def move_cash(self, name: str, amount: Decimal) -> None:
        """Cash came or went without a trade."""
        book = self._accounts[name]
        book.cash += amount
        self._put_account(name, book)

    def note(self, what: str) -> None:
        """Remembers that something counts here before it is read from the tape."""
        self._put_noted(what, self._noted.get(what, 0) + 1)

    def is_noted(self, what: str) -> bool:
        """Whether what is read from the tape counts here already; asked once of each."""
        times = self._noted.get(what, 0)
        if times:
            self._put_noted(what, times - 1)
        return times > 0

    def set_aside(self, account: str, symbol: str) -> None:
        """All of an instrument was taken out, and comes back as another quantity."""
        self.note(f"{account} {symbol}")

    def was_set_aside(self, account: str, symbol: str) -> bool:
        """Whether an instrument was taken out to come back; asked once of each time."""
        return self.is_noted(f"{account} {symbol}")

    def recount(
        self, trade: UUID | None, order: Order, change: OrderTradeCorrected | OrderTradeCanceled
    ) -> None:
        """A corrected or busted fill moves the cash and what is held by the difference."""
        book = self._accounts[order.account]
        qty = px = Decimal(0)
        if isinstance(change, OrderTradeCorrected):
            qty, px = change.last_qty, change.last_px
        notional = qty * px - change.was_qty * change.was_px
        book.cash -= notional * multiplier_of(order.legs) * order.side.sign
        held = None if trade is None else self._held.get(trade)
        if held is not None and trade is not None:
            book.invested -= held.cost
            opens = order.position_effect is PositionEffect.OPEN
            held.quantity += (qty - change.was_qty) * (1 if opens else -1)
            if opens and order.cum_qty > 0:
                spent = sum((q * p for q, p in order.fills.values()), Decimal(0))
                held.price = spent / order.cum_qty
            book.invested += held.cost
            self._put_held(trade, held)
        self._put_account(order.account, book)

    def _put_noted(self, what: str, times: int) -> None:
        if times:
            self._noted[what] = times
            self.memory.put(f"noted:{what}", Noted(times))
        else:
            self._noted.pop(what, None)
            self.memory.drop(f"noted:{what}")

    def _less_reserved(self, order: UUID, working: Working, quantity: Decimal) -> None:
        book = self._accounts[working.account]
        book.reserved -= quantity * working.unit
        working.quantity -= quantity
        self._put_account(working.account, book)
        self._put_working(order, working)

    def _put_account(self, name: str, book: Book) -> None:
        self._accounts[name] = book
        self.memory.put(book_key(name), book)

    def _put_held(self, trade: UUID, held: Held) -> None:
        was = trade in self._held
        if held.quantity > 0:
            self._held[trade] = held
            self.memory.put(f"{HELD_PREFIX}{trade}", held)
        else:
            self._held.pop(trade, None)
            self.memory.drop(f"{HELD_PREFIX}{trade}")
        if was != (trade in self._held):
            book = self._accounts[held.account]
            book.positions += 1 if held.quantity > 0 else -1
            self._put_account(held.account, book)

    def _put_working(self, order: UUID, working: Working) -> None:
        if working.quantity > 0:
            self._working[order] = working
            self.memory.put(f"working:{order}", working)
        else:
            self._working.pop(order, None)
            self.memory.drop(f"working:{order}")
