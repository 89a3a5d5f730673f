"""The account at the engine: cash, positions, and an entry for everything that moved them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from domain.fix import Side
from domain.instruments import instrument
from domain.legs import Leg
from domain.matching.fees import charged
from domain.matching.margin import Holding, tied_up
from domain.shared import Value, cents

NOTHING = Decimal(0)


class EntryKind(StrEnum):
    """What moved cash or a position, in the words of a broker's account activities."""

    FILL = "fill"
    EXPIRY = "expiry"
    EXERCISE = "exercise"
    ASSIGNMENT = "assignment"
    OPTION_TRADE = "option_trade"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    FEE = "fee"


class Entry(Value, frozen=True, kw_only=True):
    """One movement: what it does to a position, and to the cash in whole cents."""

    number: int
    kind: EntryKind
    happened_at: datetime
    symbol: str = ""
    quantity: Decimal = NOTHING
    price: Decimal = NOTHING
    amount: Decimal = NOTHING
    commission: Decimal = NOTHING
    cl_ord_id: str = ""
    cum_qty: Decimal | None = None
    text: str = ""


class Position(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is held of one instrument; a negative quantity is short.

    `opened_on` is the day on which it was last added to: who closes it that day has day-traded.
    """

    symbol: str
    quantity: Decimal
    avg_px: Decimal
    opened_on: date


class Book:
    """An account's money and positions. Every movement is in `entries` until it is drained."""

    def __init__(
        self,
        *,
        cash: Decimal = NOTHING,
        positions: Iterable[Position] = (),
        numbered: int = 0,
        accrued: Mapping[str, Decimal] | None = None,
        day_trades: Mapping[date, frozenset[str]] | None = None,
    ) -> None:
        self.cash = cash
        self.positions = {position.symbol: position for position in positions}
        self.numbered = numbered
        self.accrued: dict[str, Decimal] = dict(accrued or {})
        self.day_trades: dict[date, frozenset[str]] = dict(day_trades or {})
        self.held_back = NOTHING
        self.entries: list[Entry] = []
        self.moved: set[str] = set()
        self._groups: dict[str, set[str]] = {}
        self._tied: dict[str, Decimal] = {}
        for symbol in self.positions:
            self._regroup(symbol)

    def quantity(self, symbol: str) -> Decimal:
        held = self.positions.get(symbol)
        return NOTHING if held is None else held.quantity

    @property
    def buying_power(self) -> Decimal:
        """What is free to be spent: cash without what resting orders hold back, what short
        positions tie up, and the day's fees that are not charged yet.
        """
        return self.cash - self.held_back - self.tied_up - self.fees_due

    @property
    def tied_up(self) -> Decimal:
        return sum(self._tied.values(), NOTHING)

    @property
    def fees_due(self) -> Decimal:
        return sum((charged(amount) for amount in self.accrued.values()), NOTHING)

    def equity(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Cash and what everything held is worth; what has no mark counts at what it cost."""
        worth = NOTHING
        for held in self.positions.values():
            px = marks.get(held.symbol, held.avg_px)
            worth += held.quantity * px * instrument(held.symbol).multiplier
        return self.cash + cents(worth) - self.fees_due

    def needed(self, legs: tuple[Leg, ...], quantity: Decimal, prices: Mapping[str, Decimal],
               commission: Decimal) -> Decimal:  # fmt: skip
        """How much less there would be to spend after a trade at these prices; below zero if
        it sets something free.
        """
        cost, groups = commission, dict[str, dict[str, Holding]]()
        for leg in legs:
            named, signed = instrument(leg.symbol), leg.side.sign * leg.ratio * quantity
            cost += signed * prices[leg.symbol] * named.multiplier
            group = groups.setdefault(named.underlying, self._holdings(named.underlying))
            held = group.get(leg.symbol)
            group[leg.symbol] = _after(held, leg.symbol, signed, prices[leg.symbol])
        for underlying, group in groups.items():
            cost += tied_up(group.values()) - self._tied.get(underlying, NOTHING)
        return cents(cost)

    def enter(
        self,
        kind: EntryKind,
        at: datetime,
        day: date,
        *,
        symbol: str = "",
        quantity: Decimal = NOTHING,
        price: Decimal = NOTHING,
        amount: Decimal = NOTHING,
        commission: Decimal = NOTHING,
        cl_ord_id: str = "",
        cum_qty: Decimal | None = None,
        text: str = "",
    ) -> Entry:
        """Books one movement."""
        self.numbered += 1
        entry = Entry(
            number=self.numbered,
            kind=kind,
            happened_at=at,
            symbol=symbol,
            quantity=quantity,
            price=price,
            amount=amount,
            commission=commission,
            cl_ord_id=cl_ord_id,
            cum_qty=cum_qty,
            text=text,
        )
        self.cash += amount - commission
        self.entries.append(entry)
        if quantity:
            self._move(symbol, quantity, price, day, cl_ord_id)
        return entry

    def trade(
        self,
        leg: Leg,
        quantity: Decimal,
        price: Decimal,
        at: datetime,
        day: date,
        *,
        commission: Decimal = NOTHING,
        cl_ord_id: str = "",
        cum_qty: Decimal | None = None,
        kind: EntryKind = EntryKind.FILL,
    ) -> Entry:
        """Books a purchase or sale of `quantity` of the leg's instrument."""
        signed = quantity if leg.side is Side.BUY else -quantity
        amount = cents(-signed * price * instrument(leg.symbol).multiplier)
        return self.enter(
            kind, at, day, symbol=leg.symbol, quantity=signed, price=price, amount=amount,
            commission=commission, cl_ord_id=cl_ord_id, cum_qty=cum_qty,
        )  # fmt: skip

    def accrue(self, fees: Mapping[str, Decimal]) -> None:
        """Notes fees that are charged at the end of the day."""
        for name, amount in fees.items():
            self.accrued[name] = self.accrued.get(name, NOTHING) + amount

    def charge_fees(self, at: datetime, day: date) -> None:
        """Charges the fees of the day, each kind rounded up to the cent."""
        accrued, self.accrued = self.accrued, {}
        for name, amount in sorted(accrued.items()):
            if amount:
                self.enter(EntryKind.FEE, at, day, amount=-charged(amount), text=name)

    def _move(
        self, symbol: str, signed: Decimal, price: Decimal, day: date, cl_ord_id: str
    ) -> None:
        held = self.positions.get(symbol)
        self.moved.add(symbol)
        if held is not None and cl_ord_id and held.quantity * signed < 0 and held.opened_on == day:
            self.day_trades[day] = self.day_trades.get(day, frozenset()) | {cl_ord_id}
        before = None if held is None else Holding(symbol, held.quantity, held.avg_px)
        after = _after(before, symbol, signed, price)
        if not after.quantity:
            del self.positions[symbol]
        else:
            adds = after.quantity * signed > 0
            opened = day if held is None or adds else held.opened_on
            self.positions[symbol] = Position(
                symbol=symbol, quantity=after.quantity, avg_px=after.avg_px, opened_on=opened
            )
        self._regroup(symbol)

    def _regroup(self, symbol: str) -> None:
        underlying = instrument(symbol).underlying
        group = self._groups.setdefault(underlying, set())
        if symbol in self.positions:
            group.add(symbol)
        else:
            group.discard(symbol)
        amount = tied_up(self._holdings(underlying).values())
        if amount:
            self._tied[underlying] = amount
        else:
            self._tied.pop(underlying, None)

    def _holdings(self, underlying: str) -> dict[str, Holding]:
        held = (self.positions[symbol] for symbol in self._groups.get(underlying, ()))
        return {one.symbol: Holding(one.symbol, one.quantity, one.avg_px) for one in held}


def _after(held: Holding | None, symbol: str, signed: Decimal, price: Decimal) -> Holding:
    """The holding after a trade. What is left of a reduced one keeps its price; one that turns
    round has the price of the trade.
    """
    if held is None or not held.quantity:
        return Holding(symbol, signed, price)
    quantity = held.quantity + signed
    if held.quantity * signed > 0:
        cost = held.quantity * held.avg_px + signed * price
        return Holding(symbol, quantity, cost / quantity)
    if quantity * held.quantity < 0:
        return Holding(symbol, quantity, price)
    return Holding(symbol, quantity, held.avg_px)
