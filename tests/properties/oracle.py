"""An oracle for money: every figure worked out anew from all events, naively and slowly.

It shares no code with the folds or with the domain's accounting. Nothing is kept from one
event to the next: what was known at a position is what the events up to it say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from domain import holdings, market, order_events, signal_events
from domain.shared import Event

NEW_YORK = ZoneInfo("America/New_York")
NIL = Decimal(0)
TWELVE = Decimal("1e-12")


class Told(NamedTuple):
    """An event and where it lies."""

    position: int
    stream: UUID
    event: Event


def twelve(value: Decimal) -> Decimal:
    return value.quantize(TWELVE, ROUND_HALF_EVEN, Context(prec=80))


def local_day(at: datetime) -> date:
    return at.astimezone(NEW_YORK).date()


class Marks:
    """Quotes by symbol and moment."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.by_symbol: dict[str, dict[datetime, tuple[Decimal, Decimal]]] = {}
        for each in told:
            if isinstance(each.event, market.MarkRecorded):
                mark = each.event
                self.by_symbol.setdefault(mark.symbol, {})[mark.marked_at] = (mark.bid, mark.offer)

    def of(self, legs: Sequence[tuple[str, int]]) -> list[tuple[datetime, Decimal, Decimal]]:
        """Bid and offer of (symbol, signed ratio) legs when all of them were marked at once."""
        moments = [set(self.by_symbol.get(symbol, ())) for symbol, _ in legs]
        found = []
        for at in sorted(set.intersection(*moments)):
            bid = offer = NIL
            for symbol, ratio in legs:
                low, high = self.by_symbol[symbol][at]
                bid += ratio * (low if ratio > 0 else high)
                offer += ratio * (high if ratio > 0 else low)
            found.append((at, bid, offer))
        return found


class Fifo:
    """Open lots as [quantity, value] lists, and what was realised, by both methods."""

    def __init__(self) -> None:
        self.lots: list[tuple[Decimal, Decimal, datetime]] = []
        self.average = self.realised = self.realised_average = self.entered = NIL

    @property
    def open(self) -> Decimal:
        return sum((lot[0] for lot in self.lots), NIL)

    @property
    def cost(self) -> Decimal:
        return sum((lot[1] for lot in self.lots), NIL)

    def trade(self, quantity: Decimal, value: Decimal, average: Decimal, at: datetime) -> None:
        held = self.open
        if held * quantity >= 0:
            self.lots.append((quantity, value, at))
            self.average += average
            self.entered += abs(value)
            return
        closing = min(abs(held), abs(quantity)).copy_sign(quantity)
        share = value if closing == quantity else twelve(value * closing / quantity)
        share_average = average if closing == quantity else twelve(average * closing / quantity)
        cost, cost_average, _ = self.leave(-closing)
        self.realised += -share - cost
        self.realised_average += -share_average - cost_average
        if closing != quantity:
            self.trade(quantity - closing, value - share, average - share_average, at)

    def leave(
        self, quantity: Decimal
    ) -> tuple[Decimal, Decimal, list[tuple[Decimal, Decimal, datetime]]]:
        """Takes the oldest units out at cost."""
        held, left = self.open, quantity
        cost_average = self.average if quantity == held else twelve(self.average * quantity / held)
        self.average -= cost_average
        gone = []
        while left != 0:
            lot_quantity, value, at = self.lots.pop(0)
            if abs(lot_quantity) > abs(left):
                part = twelve(value * left / lot_quantity)
                self.lots.insert(0, (lot_quantity - left, value - part, at))
                lot_quantity, value = left, part
            gone.append((lot_quantity, value, at))
            left -= lot_quantity
        return sum((lot[1] for lot in gone), NIL), cost_average, gone


Figures = dict[str, Any]
Moves = dict[datetime, tuple[Decimal, Decimal, Decimal]]


def trade_figures(told: Sequence[Told], stream: UUID, marks: Marks) -> tuple[Figures, Moves]:
    """The row of a signal's trade, and what each moment contributed (ratio, P&L, nothing)."""
    own = [each.event for each in told if each.stream == stream]
    posted = own[0]
    assert isinstance(posted, signal_events.SignalPosted)
    executions: dict[int, Figures] = {
        1: {"at": posted.posted_at, "quantity": posted.quantity, "price": posted.price,
            "basis": "posted", "ok": True, "corrected": False}
    }  # fmt: skip
    voided = False
    for event in own[1:]:
        match event:
            case signal_events.SignalAdded():
                executions[event.number] = {"at": event.posted_at, "quantity": event.quantity,
                                            "price": event.price, "basis": "posted", "ok": True,
                                            "corrected": False}  # fmt: skip
            case signal_events.SignalExitCalled():
                basis = "assumed" if event.price is None else "posted"
                executions[event.number] = {"at": event.posted_at, "quantity": -event.quantity,
                                            "price": event.price, "basis": basis, "ok": True,
                                            "corrected": False}  # fmt: skip
            case signal_events.SignalSettled():
                executions[event.number] = {
                    "at": event.settled_at, "quantity": -event.quantity, "ok": True,
                    "price": None if event.assumed else event.price, "corrected": False,
                    "basis": "assumed" if event.assumed else "checked",
                }  # fmt: skip
            case signal_events.SignalPriceChecked():
                part = executions[event.number]
                part["ok"] = event.attainable
                if not part["corrected"]:
                    part.update(price=event.price, basis="checked")
            case signal_events.SignalCorrected():
                part = executions[event.number]
                if event.price is not None:
                    part.update(price=event.price, basis="posted", corrected=True)
                if event.quantity is not None:
                    part["quantity"] = event.quantity.copy_sign(part["quantity"])
            case signal_events.SignalVoided():
                voided = True
    order = [executions[n] for n in sorted(executions, key=lambda n: (executions[n]["at"], n))]
    filled = any(
        isinstance(each.event, order_events.OrderFilled) and _signal_of(told, each) == stream
        for each in told
    )
    entry = executions[1]
    had = entry["ok"] or entry["corrected"]
    scored = not voided and had and entry["price"] != 0
    sign = posted.side.sign
    per = Decimal(100 if len(posted.legs[0].symbol) > 6 else 1)
    walked = _walk_trade(order, sign, per, _trade_marks(posted, marks, order[0]["at"]))
    closed = sum((part["quantity"] for part in order), NIL) == 0
    final: Figures = {"at": None, **_nothing()} if voided else dict(walked[-1])
    del final["at"]
    if voided:
        badge = "void"
    elif not scored:
        badge = "unattainable"
    else:
        bases = {part["basis"] for part in order}
        best = "filled" if filled else "checked"
        badge = "assumed" if "assumed" in bases else "posted" if "posted" in bases else best
    row = {
        **final, "badge": badge, "scored": scored, "book": posted.trader,
        "unattainable": any(not part["ok"] and not part["corrected"] for part in order),
        "opened_at": order[0]["at"], "closed_at": order[-1]["at"] if closed else None,
    }  # fmt: skip
    moves: Moves = {}
    before = _nothing()
    for step in walked if scored else ():
        ratio, pnl, _ = moves.get(step["at"], (NIL, NIL, NIL))
        moves[step["at"]] = (ratio + step["pnl_ratio"] - before["pnl_ratio"],
                             pnl + step["pnl"] - before["pnl"], NIL)  # fmt: skip
        before = step
    return row, moves


def _signal_of(told: Sequence[Told], filled: Told) -> UUID | None:
    for each in told:
        if each.stream == filled.stream and isinstance(each.event, order_events.OrderRequested):
            return each.event.signal
    return None


def _trade_marks(
    posted: signal_events.SignalPosted, marks: Marks, since: datetime
) -> list[tuple[datetime, Decimal]]:
    """What closing one unit brought, or cost when the trade was sold."""
    sign = posted.side.sign
    legs = [(leg.symbol, leg.ratio * leg.side.sign * sign) for leg in posted.legs]
    return [(at, bid if sign > 0 else offer) for at, bid, offer in marks.of(legs) if at >= since]


def _nothing() -> Figures:
    return {
        "quantity": NIL, "entry_cost": NIL, "cost": NIL, "average_cost": NIL, "realised": NIL,
        "realised_average": NIL, "pnl": NIL, "pnl_ratio": NIL, "mark": None, "marked_at": None,
    }  # fmt: skip


def _walk_trade(
    order: list[Figures], sign: int, per: Decimal, marks: list[tuple[datetime, Decimal]]
) -> list[Figures]:
    """The trade's figures after each execution and each mark, in the order of time."""
    facts: list[tuple[datetime, int, Any]] = [(part["at"], 0, part) for part in order]
    facts += [(at, 1, price) for at, price in marks]
    facts.sort(key=lambda fact: fact[:2])
    ends = order[-1]["at"] if sum((part["quantity"] for part in order), NIL) == 0 else None
    book, entered, paid = Fifo(), NIL, NIL
    mark: Decimal | None = None
    marked_at: datetime | None = None
    worst = NIL
    steps = []
    for at, kind, fact in facts:
        if kind == 1:
            if ends is not None and at >= ends:
                continue
            mark, marked_at, worst = fact, at, max(worst, fact)
        else:
            quantity, price = fact["quantity"], fact["price"]
            if price is None:
                price = NIL
                if sign < 0 and entered:
                    price = max(twelve(paid / (entered * per) * 2), worst)
            value = quantity * sign * price * per
            book.trade(quantity * sign, value, value, at)
            if quantity > 0:
                entered += quantity
                paid += abs(value)
        pnl = book.realised
        if mark is not None and book.open != 0:
            pnl += book.open * mark * per - book.cost
        share = twelve(pnl / paid) if paid else NIL
        share = max(min(share, Decimal(1_000_000)), Decimal(-1_000_000))
        steps.append({
            "at": at, "quantity": book.open, "entry_cost": paid, "cost": book.cost,
            "average_cost": book.average, "realised": book.realised,
            "realised_average": book.realised_average, "pnl": pnl, "pnl_ratio": share,
            "mark": mark if book.open else None, "marked_at": marked_at if book.open else None,
        })  # fmt: skip
    return steps


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
