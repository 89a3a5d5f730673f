"""A broker that does what a test says, and a desk in memory that refuses what comes too late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

import msgspec

from application.brokerage import (
    Activity,
    BrokerAccount,
    BrokerOrder,
    BrokerPosition,
    ChainQuote,
    OrderTicket,
    Replacement,
)
from application.dispatching import Dispatcher
from application.ports import Appended, Batch, Conflict, Envelope, Unavailable
from application.reconciling import Reconciler
from application.sending import Sending
from domain.accounts import Account
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.orders import Order, order_stream
from domain.reports import ExecType, ExecutionReport
from domain.shared import Event
from tests.application.acts import TSLA
from tests.application.conftest import NOON
from tests.properties.memory_desk import Follower, MemoryDesk

ACCOUNT = "main"
D = Decimal


class StrictDesk(MemoryDesk):
    """Takes each command id once, and only what fits the version that a stream is at."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[UUID, Appended] = {}
        self.overtakers: list[Order] = []
        self.is_lost = False
        self.before_append: Callable[[], None] = lambda: None

    def append(self, batches: Sequence[Batch]) -> Sequence[Appended | Conflict]:  # type: ignore[override]
        if self.is_lost:
            raise Unavailable("the database is gone")
        self.before_append()
        while self.overtakers:
            self._store(self.overtakers.pop())
        return [self._append(batch) for batch in batches]

    def _append(self, batch: Batch) -> Appended | Conflict:
        command = cast("Envelope | None", batch.envelope)
        if command is not None and command.command_id in self._known:
            return msgspec.structs.replace(self._known[command.command_id], repeated=True)
        first: dict[UUID, int] = {}
        for event in cast(Sequence[Event], batch.events):
            first.setdefault(event.originator_id, event.originator_version)
        if any(version != self._next(stream) for stream, version in first.items()):
            return Conflict("somebody was faster")
        (stored,) = super().append([batch])
        if command is not None:
            self._known[command.command_id] = stored
        return stored

    def _next(self, stream: UUID) -> int:
        return len(self._streams.get(stream, ())) + 1

    def _store(self, order: Order) -> None:
        for event in order.collect_events():
            assert isinstance(event, Event)
            self.log.append(event)
            self._streams.setdefault(event.originator_id, []).append(event)

    def names(self, after: int = 0) -> list[str]:
        """What the events after a position are called."""
        return [event.TOPIC for event in self.log[after:]]

    def order(self, name: str) -> Order:
        return self.get(Order, order_stream(name))


class ScriptedBroker:
    """Takes orders and waits for the test to say what becomes of them.

    `silent` holds which questions get no answer; an order is taken all the same unless
    `deaf` too. `on_submit` looks at each ticket when it comes.
    """

    name = "scripted"

    def __init__(self) -> None:
        self.is_connected = True
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.tickets: dict[str, OrderTicket] = {}
        self.told: dict[str, list[ExecutionReport]] = {}
        self.news: deque[ExecutionReport] = deque()
        self.open: dict[str, BrokerOrder] = {}
        self.ended: dict[str, BrokerOrder] = {}
        self.held: dict[str, Decimal] = {}
        self.noted: list[Activity] = []
        self.cash = D(100_000)

    def submit(self, ticket: OrderTicket) -> Sequence[ExecutionReport]:
        name = ticket.cl_ord_id
        self._ask("submit", name)
        if name not in self.tickets:
            self.tickets[name] = ticket
            self.told[name] = [report(name, ExecType.NEW)]
        self._answer("submit")
        return self.told[name]

    def cancel(self, cl_ord_id: str, *, at: datetime) -> Sequence[ExecutionReport]:
        self._ask("cancel", cl_ord_id)
        kind = ExecType.CANCELED if cl_ord_id in self.tickets else ExecType.CANCEL_REJECTED
        said = report(cl_ord_id, kind, at=at)
        if kind is ExecType.CANCELED:
            self.told[cl_ord_id].append(said)
            self.open.pop(cl_ord_id, None)
        self._answer("cancel")
        return [said]

    def replace(
        self, cl_ord_id: str, terms: Replacement, *, at: datetime
    ) -> Sequence[ExecutionReport]:
        self._ask("replace", cl_ord_id)
        self._answer("replace")
        return [
            report(cl_ord_id, ExecType.REPLACED, at=at, limit_px=terms.limit_px,
                   order_qty=terms.order_qty)
        ]  # fmt: skip

    def reports(self, timeout_s: float) -> Sequence[ExecutionReport]:
        self._answer("reports")
        found = list(self.news)
        self.news.clear()
        return found

    def order(self, cl_ord_id: str) -> BrokerOrder | None:
        self._ask("order", cl_ord_id)
        self._answer("order")
        return self.open.get(cl_ord_id) or self.ended.get(cl_ord_id)

    def history(self, cl_ord_id: str) -> Sequence[ExecutionReport]:
        self._ask("history", cl_ord_id)
        self._answer("history")
        return self.told.get(cl_ord_id, ())

    def open_orders(self) -> Sequence[BrokerOrder]:
        return list(self.open.values())

    def positions(self) -> Sequence[BrokerPosition]:
        return [
            BrokerPosition(symbol=symbol, quantity=quantity, avg_px=D(5))
            for symbol, quantity in self.held.items()
        ]

    def account(self) -> BrokerAccount:
        return BrokerAccount(cash=self.cash, equity=self.cash, buying_power=self.cash)

    def activities(self, since: datetime) -> Sequence[Activity]:
        return [each for each in self.noted if each.happened_at >= since]

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        return ()

    def _ask(self, what: str, name: str) -> None:
        self.asked.append((what, name))
        if what in self.deaf:
            raise Unavailable("nobody is there")

    def _answer(self, what: str) -> None:
        if what in self.silent:
            raise Unavailable("no answer in 5 s")


class KeptDues:
    """The memory of the sending reaction, kept in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        return {key: self.kept[key] for key in sorted(self.kept) if key.startswith(prefix)}

    def cross_off(self, key: str, value: bytes) -> bool:
        return self.kept.get(key) == value and bool(self.kept.pop(key))

    def keep(self, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


class HandClock:
    """A clock by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class ShownHoldings:
    """What a test says is held and works."""

    def __init__(self) -> None:
        self.held: dict[str, Decimal] = {}
        self.at_work: list[UUID] = []
        self.is_behind = False

    def is_up_to_date(self) -> bool:
        return not self.is_behind

    def holdings(self, account: str) -> Mapping[str, Decimal]:
        return self.held

    def working(self, account: str) -> Sequence[UUID]:
        return self.at_work


class Office:
    """A dispatcher and a reconciler with all that they work with."""

    def __init__(self) -> None:
        self.desk = StrictDesk()
        self.broker = ScriptedBroker()
        self.dues = KeptDues()
        self.clock = HandClock()
        self.holdings = ShownHoldings()
        self._sending = Sending()
        self._follower = Follower(self.desk, _Kept(self._sending, self.dues))
        self.desk.keep(Account.open(name=ACCOUNT, broker="scripted", cash=D(100_000), at=NOON))
        self.begin_anew()

    def begin_anew(self) -> None:
        """As after a crash: what was only in memory is gone."""
        desk, clock = self.desk.as_desk, self.clock
        self.dispatcher = Dispatcher(desk, self.dues, self.broker, account=ACCOUNT, clock=clock)
        self.reconciler = Reconciler(desk, self.holdings, self.broker, account=ACCOUNT, clock=clock)

    def step(self) -> bool:
        """The dispatcher looks once at what is due."""
        self.mark()
        return self.dispatcher.step()

    def mark(self) -> None:
        """The reaction marks what is due."""
        self._follower.catch_up()

    def hear(self, *reports: ExecutionReport) -> bool:
        """The broker reports by itself."""
        self.broker.news.extend(reports)
        return self.dispatcher.listen(0)

    def later(self, minutes: float) -> None:
        self.clock.at += timedelta(minutes=minutes)

    def clear(
        self, name: str, quantity: str = "2", *, effect: PositionEffect = PositionEffect.OPEN
    ) -> str:
        """An order that passed our checks now."""
        order = new_order(name, quantity, effect, self.clock.at)
        order.clear(at=self.clock.at)
        self.desk.keep(order)
        return name

    def change(self, name: str, act: str, *args: object, **more: object) -> None:
        """Lets an order do something: `change("o-1", "request_cancel", "why", at=NOON)`."""
        self.desk.change(
            Order, order_stream(name), lambda order: getattr(order, act)(*args, **more)
        )

    def ask_back(self, name: str) -> None:
        self.change(name, "request_cancel", "the trader left", at=self.clock.at)

    def status(self, name: str) -> str:
        return self.desk.order(name).status.value

    def at_work(self, *names: str) -> None:
        """These orders went to the broker and are not over."""
        self.holdings.at_work = [order_stream(name) for name in names]


class _Kept:
    """A reaction whose memory is stored after each step."""

    def __init__(self, reaction: Sending, dues: KeptDues) -> None:
        self.name = reaction.name
        self.handles = reaction.handles
        self.restore = reaction.restore
        self.react = reaction.react
        self._reaction = reaction
        self._dues = dues

    def changes(self) -> Mapping[str, bytes | None]:
        changes = self._reaction.changes()
        self._dues.keep(changes)
        return changes


def new_order(name: str, quantity: str, effect: PositionEffect, at: datetime) -> Order:
    side = Side.BUY if effect is PositionEffect.OPEN else Side.SELL
    return Order.request(
        cl_ord_id=name,
        account=ACCOUNT,
        signal=None,
        side=side,
        position_effect=effect,
        legs=(Leg(symbol=TSLA, side=side),),
        order_qty=D(quantity),
        ord_type=OrdType.LIMIT,
        limit_px=D("5.55"),
        time_in_force=TimeInForce.DAY,
        at=at,
    )


def report(
    name: str, kind: ExecType, *, at: datetime = NOON, exec_id: str = "", **said: object
) -> ExecutionReport:
    given = {
        "exec_type": kind,
        "cl_ord_id": name,
        "exec_id": exec_id or f"{name}-{kind.value}",
        "order_id": f"b-{name}",
        "transact_time": at,
    }
    return msgspec.convert(given | said, ExecutionReport)


def trade(
    name: str, exec_id: str, quantity: str, cum_qty: str, *, at: datetime = NOON, px: str = "5.50"
) -> ExecutionReport:
    """A fill."""
    return report(
        name,
        ExecType.TRADE,
        at=at,
        exec_id=exec_id,
        last_qty=D(quantity),
        last_px=D(px),
        cum_qty=D(cum_qty),
    )


def listed(
    name: str, status: OrdStatus = OrdStatus.NEW, cum_qty: str = "0", quantity: str = "2"
) -> BrokerOrder:
    """An order as the broker lists it."""
    return BrokerOrder(
        cl_ord_id=name,
        order_id=f"b-{name}",
        status=status,
        side=Side.BUY,
        legs=(Leg(symbol=TSLA, side=Side.BUY),),
        order_qty=D(quantity),
        cum_qty=D(cum_qty),
        avg_px=D("5.50"),
        ord_type=OrdType.LIMIT,
        limit_px=D("5.55"),
        updated_at=NOON,
    )
