"""The state of the fake Alpaca: orders, holdings, cash, and fills by the quotes one sets.

It trusts nobody: what the real one refuses, it refuses (refusals.py). Its clock stands still
but for a millisecond with each thing that happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.adapters.alpaca.book import (
    Json,
    Order,
    Position,
    Quote,
    multiplier,
    named,
    order_json,
    stamp,
    text,
)
from tests.adapters.alpaca.making import new_order, successor
from tests.adapters.alpaca.refusals import (
    NOT_FOUND,
    Refusal,
    check_form,
    check_means,
    worst_cost,
    wrong,
)

OPENING = datetime(2026, 11, 18, 15, tzinfo=UTC)
D = Decimal
OPENING_CASH = D(100_000)


class Exchange:
    """One account. `publish` is called with every message of the stream."""

    def __init__(self, cash: Decimal = OPENING_CASH) -> None:
        self.cash = cash
        self.now = OPENING
        self.is_open = True
        self.orders: dict[str, Order] = {}
        self.positions: dict[str, Position] = {}
        self.quotes: dict[str, Quote] = {}
        self.activities: list[Json] = []
        self.publish: Callable[[Json], None] = lambda _: None
        self.names: dict[str, str] = {}
        self.replacements_to_lose = 0
        self.executions = 0

    def tick(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def is_known(self, client_order_id: str | None) -> bool:
        return client_order_id in self.names

    def held(self, symbol: str) -> Decimal:
        return self.positions[symbol].quantity if symbol in self.positions else D(0)

    def promised(self, symbol: str, *, apart_from: str | None = None) -> Decimal:
        """What open orders to sell have set aside: the exits of one bracket share it."""
        held = D(0)
        for order in self.open_parts():
            closes = order.side == "sell" and order.position_intent != "sell_to_open"
            mine = apart_from in (order.id, order.parent)
            if order.symbol == symbol and closes and not mine and order.status != "held":
                held += order.left
        return held

    @property
    def buying_power(self) -> Decimal:
        return self.cash - sum(map(self.cost_of, self.open_orders()), D(0))

    @property
    def equity(self) -> Decimal:
        return self.cash + sum(map(self.value_of, self.positions.values()), D(0))

    def value_of(self, position: Position) -> Decimal:
        quote = self.quotes.get(position.symbol)
        price = position.average if quote is None else quote.bid
        return position.quantity * price * multiplier(position.symbol)

    def cost_of(self, order: Order) -> Decimal:
        price = order.limit_price if order.limit_price is not None else self.net_price(order)
        return worst_cost(order, price or order.stop_price or D(0))

    def open_orders(self) -> Iterator[Order]:
        return (order for order in list(self.orders.values()) if order.is_open)

    def open_parts(self) -> Iterator[Order]:
        """Open orders, with the legs of strategies instead of the whole."""
        for order in self.open_orders():
            yield from order.legs if order.is_strategy else [order]

    # What is asked of it

    def submit(self, body: Json) -> Json:
        """Takes an order; the answer is its first state, whatever happens to it afterwards."""
        check_form(self, body)
        order = new_order(body, len(self.orders), self.tick())
        check_means(self, order)
        self._enter(order)
        answer = order_json(order)
        self._route(order)
        self.match()
        return answer

    def cancel(self, order_id: str) -> None:
        order = self.found(order_id)
        if not order.is_open:
            raise wrong(f'order is already in "{order.status}" state')
        self._change(order, "pending_cancel", "pending_cancel")
        self._end(order, "canceled")

    def replace(self, order_id: str, body: Json) -> Json:
        """A new order takes the place of one; without a quantity it is for the whole of it
        again, whatever had filled."""
        old = self.found(order_id)
        if old.status not in ("new", "partially_filled", "held"):
            raise wrong(f'cannot replace order in "{old.status}" state')
        name = body.get("client_order_id")
        if self.is_known(name):
            raise wrong("client_order_id must be unique")
        order = successor(old, body, len(self.orders), self.tick())
        check_means(self, order)
        self._enter(order)
        answer = order_json(order)
        if self.replacements_to_lose:
            self.replacements_to_lose -= 1
            self._change(order, "rejected", "rejected", "failed_at")
            return answer
        old.replaced_by = order.id
        self._change(old, "replaced", "replaced", "replaced_at")
        self._change(order, "new", "new")
        self.match()
        return answer

    def found(self, order_id: str) -> Order:
        for order in self.orders.values():
            for each in (order, *order.legs):
                if each.id == order_id:
                    return each
        raise Refusal(404, NOT_FOUND, f"order not found for {order_id}")

    def by_name(self, client_order_id: str) -> Order:
        if client_order_id not in self.names:
            raise Refusal(404, NOT_FOUND, f"order not found for {client_order_id}")
        return self.found(self.names[client_order_id])

    # What happens in the market

    def show(self, symbol: str, quote: Quote) -> None:
        self.quotes[symbol.replace(" ", "")] = quote
        self.match()

    def open_market(self) -> None:
        self.is_open = True
        for order in self.open_orders():
            if order.status == "accepted":
                self._change(order, "new", "new")
        self.match()

    def end_day(self) -> None:
        """The session ends: orders of the day are over."""
        self.is_open = False
        for order in self.open_orders():
            if order.time_in_force == "day":
                self._end(order, "expired")

    def match(self) -> None:
        if self.is_open:
            for order in self.open_orders():
                self._try(order)

    def _try(self, order: Order) -> None:
        if order.status not in ("new", "partially_filled"):
            return
        price = self.net_price(order)
        if price is None or not self._is_due(order, price):
            return
        quantity = min([order.left, *self._sizes(order)])
        if quantity > 0:
            self._fill(order, quantity)

    def _is_due(self, order: Order, price: Decimal) -> bool:
        sign = -1 if order.side == "sell" else 1
        if order.stop_price is not None and not order.is_triggered:
            if (price - order.stop_price) * sign < 0:
                return False
            order.is_triggered = True
        return order.limit_price is None or (order.limit_price - price) * sign >= 0

    def net_price(self, order: Order) -> Decimal | None:
        """What the far sides ask for one of it: below zero if it brings money."""
        if not order.is_strategy:
            quote = self.quotes.get(order.symbol)
            return None if quote is None else quote.price(order.side)
        net = D(0)
        for leg in order.legs:
            quote = self.quotes.get(leg.symbol)
            if quote is None:
                return None
            sign = 1 if leg.side == "buy" else -1
            net += sign * quote.price(leg.side) * (leg.ratio_qty or 1)
        return net

    def _sizes(self, order: Order) -> Iterator[Decimal]:
        for each in order.legs if order.is_strategy else [order]:
            left = self.quotes[each.symbol].left(each.side)
            if left is not None:
                yield left // (each.ratio_qty or 1)

    def _fill(self, order: Order, quantity: Decimal) -> None:
        price = self.net_price(order)
        assert price is not None
        if not order.is_strategy:
            self._execute(order, quantity)
            return
        order.traded(quantity, price)
        event = self._after_fill(order)
        self.say(order, event, named(order.id, order.filled_qty), quantity, price)
        for leg in order.legs:
            self._execute(leg, quantity * (leg.ratio_qty or 1))

    def _execute(self, order: Order, quantity: Decimal) -> None:
        """One execution of one instrument: it moves the holding and the cash."""
        quote = self.quotes[order.symbol]
        price, sign = quote.price(order.side), 1 if order.side == "buy" else -1
        quote.use(order.side, quantity)
        order.traded(quantity, price)
        event = self._after_fill(order)
        self.hold(order.symbol, quantity * sign, price)
        self.cash -= quantity * sign * price * multiplier(order.symbol)
        self.executions += 1
        execution = named("execution", self.executions)
        self.note(
            "FILL", id=execution, transaction_time=stamp(self.now), type=event,
            price=text(price), qty=text(quantity), side=order.side, symbol=order.symbol,
            order_id=order.id, cum_qty=text(order.filled_qty), leaves_qty=text(order.left),
            order_status=order.status,
        )  # fmt: skip
        self.say(order, event, execution, quantity, price)
        self._after_exit(order)

    def _after_fill(self, order: Order) -> str:
        order.updated_at = self.tick()
        if order.left:
            order.status = "partially_filled"
            return "partial_fill"
        order.status = "filled"
        order.moments["filled_at"] = self.now
        return "fill"

    def _after_exit(self, order: Order) -> None:
        """A bracket's entry wakes its exits, and an exit cancels the other."""
        if order.status != "filled" or order.order_class not in ("bracket", "oto"):
            return
        if order.parent is None:
            for leg in order.legs:
                self._change(leg, "new", "new")
            return
        for other in self.found(order.parent).legs:
            if other.is_open:
                self._end(other, "canceled")

    # How orders begin and end

    def _enter(self, order: Order) -> None:
        order.status = "pending_new" if self.is_open else "accepted"
        for leg in order.legs if order.is_strategy else ():
            leg.status = order.status
        self.orders[order.id] = order
        self.names[order.client_order_id] = order.id
        for leg in order.legs:
            self.names[leg.client_order_id] = leg.id
            if not order.is_strategy:
                self.orders[leg.id] = leg
        self.say(order, order.status)

    def _route(self, order: Order) -> None:
        if self.is_open:
            self._change(order, "new", "new")

    def _end(self, order: Order, status: str) -> None:
        self._change(order, status, status, f"{status}_at")
        for leg in order.legs:
            if leg.is_open:
                self._end(leg, status)

    def _change(self, order: Order, status: str, event: str, moment: str = "") -> None:
        order.status = status
        order.updated_at = self.tick()
        if moment:
            order.moments[moment] = self.now
        for leg in order.legs if order.is_strategy and status != "filled" else ():
            leg.status = status
        self.say(order, event)

    # What it tells

    def hold(self, symbol: str, quantity: Decimal, price: Decimal) -> None:
        position = self.positions.setdefault(symbol, Position(symbol))
        position.trade(quantity, price)
        if not position.quantity:
            del self.positions[symbol]

    def note(self, kind: str, **fields: object) -> None:
        """Adds an activity; its id begins with its moment, as Alpaca's do."""
        moment = f"{self.now:%Y%m%d%H%M%S}{self.now.microsecond // 1000:03d}"
        tail = fields.pop("id", None) or named("activity", len(self.activities))
        told = {name: value for name, value in fields.items() if value is not None}
        self.activities.append({"id": f"{moment}::{tail}", "activity_type": kind, **told})

    def say(
        self,
        order: Order,
        event: str,
        execution: str = "",
        quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Puts a message on the stream; legs are not told with the whole there."""
        self.publish(
            {
                "event": event,
                "execution_id": execution or named(order.id, event, stamp(self.now)),
                "order": order_json(order, nested=False),
                "price": text(price),
                "qty": text(quantity),
                "position_qty": None if price is None else text(self.held(order.symbol)),
                "timestamp": stamp(self.now),
            }
        )
