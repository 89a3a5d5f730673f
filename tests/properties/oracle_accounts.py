"""The oracle's accounts: every position walked from its first booking, and what it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain import holdings, order_events
from tests.properties.oracle import NIL, Fifo, Figures, Marks, Moves, Told, twelve


def account_figures(
    told: Sequence[Told], marks: Marks
) -> dict[tuple[str, str], tuple[Figures, Moves]]:
    """Row and moves of every position of every account, by account and symbol."""
    book = AccountBook(told)
    return {key: book.walk(key, marks)[:2] for key in book.bookings}


class AccountBook:
    """Everything that was booked, by account and symbol, as (time, position, what, ...)."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.bookings: dict[tuple[str, str], list[tuple[datetime, int, str, Any]]] = {}
        orders: dict[UUID, order_events.OrderRequested] = {}
        for each in told:
            if isinstance(each.event, order_events.OrderRequested):
                orders[each.stream] = each.event
        for each in told:
            event = each.event
            match event:
                case order_events.OrderFilled():
                    order = orders[each.stream]
                    standing = self._standing(told, each)
                    key = (order.account, _symbol(order))
                    self.bookings.setdefault(key, [])
                    if standing is not None:
                        quantity, price = standing
                        fill = (quantity * order.side.sign, price, event.commission)
                        self._book(key, event.transact_time, each.position, "trade", fill)
                case holdings.HoldingExpired():
                    self._book((event.account, event.symbol), event.settled_at, each.position,
                               "trade", (-event.quantity, event.price, NIL))  # fmt: skip
                case holdings.HoldingExercised():
                    self._deliver(event, event.exercised_at, each.position, event.quantity)
                case holdings.HoldingAssigned():
                    self._deliver(event, event.assigned_at, each.position, -event.quantity)
                case holdings.HoldingAdjusted():
                    self._adjust(event, each.position)

    def _book(
        self, key: tuple[str, str], at: datetime, position: int, what: str, given: Any
    ) -> None:
        self.bookings.setdefault(key, []).append((at, position, what, given))

    def _standing(self, told: Sequence[Told], filled: Told) -> tuple[Decimal, Decimal] | None:
        """What a fill counts as after its corrections; None when it was busted."""
        assert isinstance(filled.event, order_events.OrderFilled)
        standing: tuple[Decimal, Decimal] | None = (filled.event.last_qty, filled.event.last_px)
        for event in (each.event for each in told if each.stream == filled.stream):
            match event:
                case order_events.OrderTradeCorrected(exec_id=filled.event.exec_id):
                    standing = (event.last_qty, event.last_px)
                case order_events.OrderTradeCanceled(exec_id=filled.event.exec_id):
                    standing = None
        return standing

    def _deliver(
        self,
        event: holdings.HoldingExercised | holdings.HoldingAssigned,
        at: datetime,
        position: int,
        quantity: Decimal,
    ) -> None:
        key = (event.account, event.symbol)
        self._book(key, at, position, "deliver", quantity)
        if event.symbol.startswith("SPX"):
            return
        strike = Decimal(event.symbol[13:]) / 1000
        hundred = 100 if event.symbol[12] == "C" else -100
        shares = (event.account, event.symbol[:6].strip())
        self._book(shares, at, position, "exchange", (key, strike, hundred))

    def _adjust(self, event: holdings.HoldingAdjusted, position: int) -> None:
        key = (event.account, event.symbol)
        factor = (event.to_quantity, event.from_quantity)
        if event.to_symbol == event.symbol:
            self._book(key, event.effective_at, position, "split", factor)
            return
        self._book(key, event.effective_at, position, "deliver", NIL)
        target = (event.account, event.to_symbol)
        self._book(target, event.effective_at, position, "receive", (key, factor))

    def walk(
        self, key: tuple[str, str], marks: Marks | None
    ) -> tuple[Figures, Moves, dict[int, Any]]:
        """The position's row, its moves, and what each delivery took away."""
        bookings = sorted(self.bookings[key], key=lambda booking: booking[:2])
        facts: list[tuple[datetime, int, int, Any]] = [(b[0], 0, b[1], b) for b in bookings]
        if marks is not None and bookings:
            quotes = marks.of(_legs(key[1]))
            facts += [(q[0], 1, 0, q) for q in quotes if q[0] >= bookings[0][0]]
        facts.sort(key=lambda fact: fact[:3])
        per = Decimal(100 if len(key[1]) > 6 else 1)
        fifo, commission, pnl = Fifo(), NIL, NIL
        quote: tuple[datetime, Decimal, Decimal] | None = None
        gone: dict[int, Any] = {}
        moves: Moves = {}
        for at, kind, _, fact in facts:
            before, paid_before, held_before = pnl, commission, fifo.open
            if kind == 1:
                quote = fact if fifo.open else None
            else:
                commission += self._apply(fifo, fact, per, gone)
                if held_before * fifo.open <= 0:
                    quote = None
            pnl = fifo.realised
            if quote is not None and fifo.open:
                mark = quote[1] if fifo.open > 0 else quote[2]
                pnl += fifo.open * mark * per - fifo.cost
            _, moved, paid = moves.get(at, (NIL, NIL, NIL))
            moves[at] = (NIL, moved + pnl - before, paid + commission - paid_before)
        row = {
            "quantity": fifo.open, "entry_cost": fifo.entered, "cost": fifo.cost,
            "average_cost": fifo.average, "realised": fifo.realised,
            "realised_average": fifo.realised_average, "pnl": pnl, "commission": commission,
            "mark": None if quote is None else quote[1] if fifo.open > 0 else quote[2],
            "marked_at": None if quote is None else quote[0],
            "pnl_ratio": twelve(pnl / fifo.entered) if fifo.entered else NIL,
            "closed_at": bookings[-1][0] if bookings and fifo.open == 0 else None,
        }  # fmt: skip
        if bookings:
            row["opened_at"] = fifo.lots[0][2] if fifo.lots else bookings[0][0]
        return row, moves, gone

    def _apply(
        self, fifo: Fifo, booking: tuple[datetime, int, str, Any], per: Decimal, gone: Any
    ) -> Decimal:
        at, position, what, given = booking
        if what == "trade":
            quantity, price, commission = given
            fifo.trade(quantity, quantity * price * per, quantity * price * per, at)
            return Decimal(commission)
        if what == "deliver":
            held = fifo.open
            wanted = held if given == 0 else given
            taken = NIL if wanted * held <= 0 else min(wanted, held, key=abs)
            gone[position] = (NIL, NIL, []) if taken == 0 else fifo.leave(taken)
        elif what == "split":
            to, of = given
            fifo.lots = [
                (q if to == of else twelve(q * to / of), value, opened)
                for q, value, opened in fifo.lots
            ]
        elif what == "exchange":
            source, strike, hundred = given
            cost, average, lots = self.walk(source, None)[2][position]
            shares = sum((lot[0] for lot in lots), NIL) * hundred
            if shares:
                value = shares * strike * per
                fifo.trade(shares, value + cost, value + average, at)
        else:
            self._receive(fifo, given, position)
        return NIL

    def _receive(self, fifo: Fifo, given: Any, position: int) -> None:
        source, (to, of) = given
        cost, average, lots = self.walk(source, None)[2][position]
        lots = [(q if to == of else twelve(q * to / of), v, opened) for q, v, opened in lots]
        if not lots:
            return
        coming = sum((lot[0] for lot in lots), NIL)
        if fifo.open * coming < 0:
            fifo.trade(coming, cost, average, lots[0][2])
            return
        fifo.lots = sorted([*fifo.lots, *lots], key=lambda lot: lot[2])
        fifo.average += average
        fifo.entered += abs(cost)


def _symbol(order: order_events.OrderRequested) -> str:
    signed = sorted((leg.symbol, leg.side.sign * order.side.sign * leg.ratio) for leg in order.legs)
    if len(signed) == 1 and order.legs[0].ratio == 1:
        return order.legs[0].symbol
    return "|".join(f"{ratio:+d} {symbol}" for symbol, ratio in signed)


def _legs(symbol: str) -> list[tuple[str, int]]:
    if symbol[0] not in "+-":
        return [(symbol, 1)]
    parts = [part.split(" ", 1) for part in symbol.split("|")]
    return [(name, int(ratio)) for ratio, name in parts]
