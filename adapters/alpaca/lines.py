"""Lines of orders: what we know under one ClOrdID is at Alpaca a first order and those that
replaced it, each with an id and a client order id of its own.

An order that replaces another starts to count its fills at zero again, so what a line has traded
is the sum over its orders. Alpaca names the exits of a bracket itself; here they are called
after the entry, `<ClOrdID>.tp` and `<ClOrdID>.sl`.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec

from adapters.alpaca.rest import AlpacaRest, SaidNo
from adapters.alpaca.tickets import CL_ORD_ID_MAX
from adapters.alpaca.wire import NOTHING, RawOrder
from adapters.alpaca.words import (
    OVER,
    average_of,
    legs_of,
    order_type,
    side_of,
    status_of,
    time_in_force,
)
from application.brokerage import BrokerOrder, OrderTicket
from domain.fix import Side

KNOWN_MAX = 50_000
"""Orders whose names are remembered; who is forgotten is asked about again."""
CHAIN_MAX = 200
PAGE = 500
TAKE_PROFIT, STOP_LOSS = ".tp", ".sl"

Kept = TypeVar("Kept")

_REPLACEMENT = re.compile(r"(.+)\.r\d+", re.DOTALL)
_NESTED = frozenset({"mleg", "bracket", "oto", "oco"})


class Line(msgspec.Struct, frozen=True):
    """An order as we know it: the orders at Alpaca that it was, the last one in force.

    `side` is the side in our terms.
    """

    name: str
    side: Side
    orders: tuple[RawOrder, ...]

    @property
    def first(self) -> RawOrder:
        return self.orders[0]

    @property
    def head(self) -> RawOrder:
        return self.orders[-1]

    @property
    def cum_qty(self) -> Decimal:
        return sum((order.filled for order in self.orders), NOTHING)

    @property
    def order_qty(self) -> Decimal:
        return self.total_with(self.head)

    @property
    def is_over(self) -> bool:
        return self.head.status in OVER

    def carried_into(self, order: RawOrder) -> Decimal:
        """What the orders before one of the line had traded."""
        before = []
        for each in self.orders:
            if each.id == order.id:
                break
            before.append(each.filled)
        return sum(before, NOTHING)

    def total_with(self, order: RawOrder) -> Decimal:
        """The quantity of the whole, by the terms of one order of the line."""
        return self.carried_into(order) + (order.qty or NOTHING)

    def price(self, figure: Decimal | None) -> Decimal | None:
        """A price of Alpaca's in our terms: of several legs theirs is below zero for a credit."""
        if figure is None or not self.head.is_multi_leg:
            return figure
        return figure * self.side.sign + 0

    def next_name(self) -> str:
        """The client order id of the next order of the line; empty lets Alpaca choose."""
        name = f"{self.name}.r{len(self.orders)}"
        return name if len(name) <= CL_ORD_ID_MAX else ""

    def as_broker_order(self) -> BrokerOrder:
        head, cum_qty = self.head, self.cum_qty
        paid = sum((each.filled * (average_of(each) or NOTHING) for each in self.orders), NOTHING)
        average = self.price(paid / cum_qty) if cum_qty else NOTHING
        return BrokerOrder(
            cl_ord_id=self.name,
            order_id=head.id,
            status=status_of(head, cum_qty),
            side=self.side,
            legs=legs_of(head),
            order_qty=self.order_qty,
            cum_qty=cum_qty,
            avg_px=average or NOTHING,
            ord_type=order_type(head.type),
            limit_px=self.price(head.limit_price),
            stop_px=head.stop_price,
            time_in_force=time_in_force(head.time_in_force),
            updated_at=head.changed_at,
        )


class _Known(NamedTuple):
    """What an order at Alpaca is to us."""

    name: str
    is_leg: bool = False
    """Whether it is one leg of several that trade as one; `name` is then that of the whole."""
    is_replacement: bool = False


class Lines:
    """Finds the line of an order, by our name or by Alpaca's id. Several threads may ask."""

    def __init__(self, rest: AlpacaRest) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._sides: OrderedDict[str, Side] = OrderedDict()
        self._replaced: OrderedDict[str, RawOrder] = OrderedDict()
        """Orders that were replaced: nothing changes of them any more."""

    def sent(self, ticket: OrderTicket) -> None:
        """Remembers the side of an order: of several legs Alpaca does not keep it."""
        with self._lock:
            self._sides[ticket.cl_ord_id] = ticket.side
            _shorten(self._sides)

    def learn(self, order: RawOrder, name: str) -> None:
        """Remembers what an order and its legs are called here."""
        with self._lock:
            self._known[order.id] = _Known(name, order.is_leg_of_strategy, bool(order.replaces))
            for leg in order.legs or ():
                self._known[leg.id] = _named_leg(order, leg, name)
            _shorten(self._known)

    def of_name(self, name: str) -> Line | None:
        """The line that we know under a ClOrdID, or None if Alpaca has no such order.

        Raises:
            Unavailable: no answer.
        """
        for suffix in (TAKE_PROFIT, STOP_LOSS):
            entry = name.removesuffix(suffix)
            if entry != name and (parent := self._named(entry)) is not None:
                return self._exit_of(parent, entry, suffix)
        first = self._named(name)
        return None if first is None else self._line(name, [first])

    def of_order(self, order: RawOrder) -> Line:
        """The line that an order at Alpaca belongs to.

        Raises:
            Unavailable: no answer.
        """
        chain = [order]
        while (before := chain[0].replaces) and len(chain) < CHAIN_MAX:
            found = self._by_id(before)
            if found is None:
                break
            chain.insert(0, found)
        return self._line(self.name_of(order).name, chain)

    def of_message(self, order: RawOrder) -> Line:
        """The line as a message of the stream needs it: the order, and those that it replaced.

        Raises:
            Unavailable: no answer.
        """
        if order.replaces:
            return self.of_order(order)
        return self._of_known_side(self.name_of(order).name, [order])

    def of_id(self, order_id: str) -> Line | None:
        """The line of an order by Alpaca's id.

        Raises:
            Unavailable: no answer.
        """
        found = self._by_id(order_id)
        return None if found is None else self.of_order(found)

    def name_of(self, order: RawOrder) -> _Known:
        """What an order is called here.

        Raises:
            Unavailable: no answer.
        """
        known = self.known(order.id)
        if known is not None:
            return known
        found = _REPLACEMENT.fullmatch(order.client_order_id)
        if found:
            self.learn(order, found[1])
        elif order.replaces:
            before = self._by_id(order.replaces)
            name = order.client_order_id if before is None else self.name_of(before).name
            self.learn(order, name)
        elif order.order_class in _NESTED and not order.is_multi_leg:
            self._learn_family(order)
        if self.known(order.id) is None:
            self.learn(order, order.client_order_id)
        return self._known[order.id]

    def known(self, order_id: str) -> _Known | None:
        with self._lock:
            return self._known.get(order_id)

    def listed(self, *, status: str, after: datetime | None = None) -> Iterator[RawOrder]:
        """Orders at Alpaca with their legs, oldest first.

        Raises:
            Unavailable: no answer.
        """
        params = {"status": status, "limit": PAGE, "direction": "asc", "nested": "true"}
        more: dict[str, str] = {} if after is None else {"after": rfc3339(after)}
        while True:
            page = self._rest.read("/orders", list[RawOrder], params | more)
            for order in page:
                if self.known(order.id) is None and _names_itself(order):
                    self.learn(order, order.client_order_id)
                yield order
            more, before = {"after_order_id": page[-1].id} if page else {}, more
            if len(page) < PAGE or more == before:
                return

    def _learn_family(self, order: RawOrder) -> None:
        """Finds whose leg an order is: Alpaca tells it only from above."""
        after = order.sent_at - timedelta(seconds=2)
        for each in self.listed(status="all", after=after):
            if order.id in (each.id, *(leg.id for leg in each.legs or ())):
                return

    def _line(self, name: str, chain: list[RawOrder]) -> Line:
        # Until it is replaced an order is in force, whatever is on its way to replace it.
        while chain[-1].status == "replaced" and len(chain) < CHAIN_MAX:
            found = self._by_id(chain[-1].replaced_by or "")
            if found is None or found.status == "rejected":
                break
            chain.append(found)
        for order in chain:
            self.learn(order, name)
        return self._of_known_side(name, chain)

    def _of_known_side(self, name: str, chain: list[RawOrder]) -> Line:
        with self._lock:
            side = self._sides.get(name)
        return Line(name, side or side_of(chain[0]), tuple(chain))

    def _exit_of(self, parent: RawOrder, entry: str, suffix: str) -> Line | None:
        for leg in parent.legs or ():
            name = _named_leg(parent, leg, entry).name
            if name == entry + suffix:
                return self._line(name, [leg])
        return None

    def _named(self, name: str) -> RawOrder | None:
        if not name or len(name) > CL_ORD_ID_MAX:
            return None
        params = {"client_order_id": name}
        try:
            found = self._rest.read("/orders:by_client_order_id", RawOrder, params)
        except SaidNo as no:
            _expect_nothing(no)
            return None
        # Only by its id is an order told with its legs.
        return self._by_id(found.id) if found.order_class in _NESTED else found

    def _by_id(self, order_id: str) -> RawOrder | None:
        if not order_id:
            return None
        with self._lock:
            kept = self._replaced.get(order_id)
        if kept is not None:
            return kept
        try:
            found = self._rest.read(f"/orders/{order_id}", RawOrder, {"nested": "true"})
        except SaidNo as no:
            _expect_nothing(no)
            return None
        if found.status == "replaced":
            with self._lock:
                self._replaced[order_id] = found
                _shorten(self._replaced)
        return found


def rfc3339(moment: datetime) -> str:
    """A moment as Alpaca reads it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _expect_nothing(no: SaidNo) -> None:
    """Only 404 (and 422 for what can be no id) says that there is nothing.

    Raises:
        SaidNo: it says something else.
    """
    if no.status not in (404, 422):
        raise no


def _names_itself(order: RawOrder) -> bool:
    """Whether an order goes by its own client order id: an exit of a bracket that is listed
    without its entry does not, nor what replaced another."""
    is_alone = order.order_class not in _NESTED
    return not order.replaces and (is_alone or order.is_multi_leg or bool(order.legs))


def _named_leg(order: RawOrder, leg: RawOrder, name: str) -> _Known:
    if order.order_class == "mleg":
        return _Known(name, is_leg=True)
    return _Known(name + (TAKE_PROFIT if leg.stop_price is None else STOP_LOSS))


def _shorten(kept: OrderedDict[str, Kept]) -> None:
    while len(kept) > KNOWN_MAX:
        kept.popitem(last=False)
