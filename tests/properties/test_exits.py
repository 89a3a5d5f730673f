"""Whatever market, broker and trader do: nothing is sold twice, and nothing is left unguarded.

The broker of this test fills and gives back as it likes, also what is being canceled; the
reaction lags behind, and the monitor looks at what was true before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from application.exiting import Exiting
from application.guarded import Guarded
from application.monitoring import PositionMonitor
from application.ports import QuoteRequest
from application.position_reports import Marked, Warned
from domain.exit_terms import Levels, Target, Trailing
from domain.exits import ExitPlan, exit_plan_stream
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.market import Quote
from domain.order_events import OrderCleared
from domain.orders import Order, entry_name, order_stream
from domain.shared import DomainError
from domain.signal_events import ClosedBy
from domain.signals import Signal
from projections.exit_plans import ExitPlans
from tests.application.acts import TSLA, new_signal
from tests.application.conftest import NOON
from tests.application.exit_acts import CALL
from tests.projections.given import Story, current
from tests.projections.test_exit_plans import assert_agrees
from tests.properties.memory_desk import Follower, MemoryDesk

D = Decimal
PRICES = st.integers(1, 12).map(Decimal)


class Tape:
    """The last quote, and when it was shown."""

    quote: Quote | None = None

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        return [self.quote if each.symbol == TSLA else None for each in requests]

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        return None


class Rows:
    """What the monitor is shown: the plans as of some moment before."""

    def __init__(self) -> None:
        self.rows: list[Guarded] = []

    def guarded(self) -> list[Guarded]:
        return self.rows

    def moved(self, marks: Sequence[Marked]) -> None:
        """Nobody hears of changes here."""

    def warned(self, warnings: Sequence[Warned]) -> None:
        """Nobody hears of warnings here."""


class Exits(RuleBasedStateMachine):
    """One trade of twelve contracts that are bought bit by bit."""

    @initialize(
        stop=st.none() | st.integers(1, 4).map(Decimal),
        prices=st.lists(st.integers(6, 12).map(Decimal), max_size=3),
        quantity=st.integers(1, 12),
    )
    def begin(self, stop: Decimal | None, prices: list[Decimal], quantity: int) -> None:
        self.now = NOON
        self.desk = MemoryDesk()
        self.market, self.rows = Tape(), Rows()
        self.exiting = Exiting(self.market)
        self.follower = Follower(self.desk, self.exiting)
        self.monitor = PositionMonitor(self.desk.as_desk, self.rows, self.market, self.rows)
        self.signal = self.desk.keep(new_signal(quantity="8", price="5"))
        if stop is not None or prices:
            self._move(stop, prices)
        self.entry = entry_name(self.signal)
        self.bought = self.sold = D(0)
        self.at_broker: dict[str, Decimal] = {}
        self._cleared = 0
        order = Order.request(
            cl_ord_id=self.entry, account="paper", signal=self.signal, side=Side.BUY,
            position_effect=PositionEffect.OPEN, legs=CALL, order_qty=D(12),
            ord_type=OrdType.MARKET, limit_px=None, time_in_force=TimeInForce.DAY, at=NOON,
        )  # fmt: skip
        order.submit("broker", at=NOON)
        self.desk.keep(order)
        self.buy(quantity)
        self.follower.catch_up()

    @rule(quantity=st.integers(1, 6))
    def buy(self, quantity: int) -> None:
        order = self._order(self.entry)
        part = min(D(quantity), order.order_qty - order.cum_qty)
        if part > 0 and order.status.is_open:
            self._fill(self.entry, part)
            self.bought += part

    @rule(bid=st.integers(0, 12), spread=st.integers(-1, 2), age_s=st.sampled_from((0, 0, 0, 7200)))
    def show(self, bid: int, spread: int, age_s: int) -> None:
        self.market.quote = Quote(
            symbol=TSLA, bid=D(bid), offer=D(max(bid + spread, 0)), source="test",
            time=self.now - timedelta(seconds=age_s),
        )  # fmt: skip

    @rule(bid=st.integers(0, 12))
    def beat(self, bid: int) -> None:
        """Nobody lags: a quote, a look, and what follows of it comes to the broker."""
        self.show(bid, 1, 0)
        self.remember()
        self.look()
        self.follower.catch_up()
        self.take()

    @rule(bid=st.integers(1, 4))
    def fall(self, bid: int) -> None:
        self.beat(bid)

    @rule(bid=st.integers(6, 12))
    def rise(self, bid: int) -> None:
        self.beat(bid)

    @rule(data=st.data(), acts=st.lists(st.sampled_from(("sell", "end", "beat")), max_size=6))
    def live(self, data: st.DataObject, acts: list[str]) -> None:
        """The broker acts again and again on what it has."""
        for act in acts:
            if not self.at_broker or act == "beat":
                self.beat(data.draw(st.integers(1, 12)))
            elif act == "sell":
                self.sell(data, data.draw(st.integers(1, 12)))
            else:
                self.give_back(data, False)

    @rule()
    def look(self) -> None:
        self.now += timedelta(seconds=3)
        self.monitor.step(self.now)

    @rule(events=st.integers(1, 20))
    def follow(self, events: int) -> None:
        self.follower.step(events)

    @rule()
    def remember(self) -> None:
        self.rows.rows = self._plans()

    @rule()
    def take(self) -> None:
        """The broker takes what was cleared since."""
        news = self.desk.log[self._cleared :]
        self._cleared = len(self.desk.log)
        for event in news:
            if isinstance(event, OrderCleared):
                order = self.desk.get(Order, event.originator_id)
                if order.status is OrdStatus.PENDING_NEW:
                    self.desk.change(Order, order.id, self._accept)
                    self.at_broker[order.cl_ord_id] = order.order_qty

    @precondition(lambda self: self.at_broker)
    @rule(data=st.data(), quantity=st.integers(1, 12))
    def sell(self, data: st.DataObject, quantity: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.at_broker)))
        part = min(D(quantity), self.at_broker[name])
        self._fill(name, part)
        self.sold += part
        self.at_broker[name] -= part
        if not self.at_broker[name]:
            del self.at_broker[name]

    @precondition(lambda self: self.at_broker)
    @rule(data=st.data(), expires=st.booleans())
    def give_back(self, data: st.DataObject, expires: bool) -> None:
        """The broker ends what rests, asked or not."""
        self._end(data.draw(st.sampled_from(sorted(self.at_broker))), expires)

    @rule()
    def refuse(self) -> None:
        """The broker refuses one that it has not taken."""
        for event in self.desk.log[self._cleared :]:
            if isinstance(event, OrderCleared):
                order = self.desk.get(Order, event.originator_id)
                if order.status is OrdStatus.PENDING_NEW:
                    self.desk.change(Order, order.id, self._reject)
                    return

    @rule(quantity=st.integers(1, 8))
    def call_exit(self, quantity: int) -> None:
        self._try(
            lambda found: found.call_exit(
                quantity=min(D(quantity), found.open_quantity), price=None,
                reason=ClosedBy.EXIT, message=uuid4(), rules=(), posted_at=self.now, at=self.now,
            )
        )  # fmt: skip

    @rule(stop=PRICES, prices=st.lists(PRICES, max_size=3))
    def move(self, stop: Decimal, prices: list[Decimal]) -> None:
        self._move(stop, prices)

    @rule(distance=st.integers(1, 4).map(Decimal), stop=st.none() | st.integers(1, 3).map(Decimal))
    def guard(self, distance: Decimal, stop: Decimal | None) -> None:
        """An admin gives other levels."""
        levels = Levels(
            stop=stop, trailing=Trailing(amount=distance), targets=(Target(price=D(9)),)
        )
        try:
            self.desk.change(
                ExitPlan, self._stream, lambda plan: plan.change(levels, by="ada", at=self.now)
            )
        except (DomainError, KeyError):
            return

    @invariant()
    def never_sells_more_than_is_held(self) -> None:
        if hasattr(self, "at_broker"):
            assert self.sold <= self.bought
            asked = [self._left(event) for event in self._requested()]
            assert sum(asked, D(0)) <= self.bought - self.sold

    @rule()
    def what_is_held_is_guarded(self) -> None:
        """As soon as the reaction has caught up."""
        if not self.bought:
            return
        self.follower.catch_up()
        plan = self.desk.get(ExitPlan, self._stream)
        assert plan.held == self.bought - self.sold
        working = {name: each.left for name, each in plan.working.items()}
        there = {name: left for name in self._requested() if (left := self._left(name)) > 0}
        assert working == there
        assert plan.free >= 0
        if plan.held:
            (row,) = [row for row in self._plans() if row.plan == plan.id]
            assert (row.held, row.stop) == (plan.held, plan.levels.stop)
        self._is_told(plan)

    def teardown(self) -> None:
        """Once the market falls through the stop and stays there, all is sold."""
        if not hasattr(self, "at_broker") or not self.bought:
            return
        self.follower.catch_up()
        plan = self.desk.get(ExitPlan, self._stream)
        if plan.levels.stop is None or not plan.held:
            return
        for _ in range(12):
            self.now += timedelta(minutes=6)
            self.show(1, 1, 0)
            self.remember()
            self.look()
            self.follower.catch_up()
            self.take()
            for name in sorted(self.at_broker):
                order = self._order(name)
                if order.status is OrdStatus.PENDING_CANCEL:
                    self._end(name, expires=False)
                elif order.limit_px is None or order.limit_px <= 1:
                    self._fill(name, self.at_broker[name])
                    self.sold += self.at_broker.pop(name)
            self.follower.catch_up()
        assert self.sold == self.bought
        self._is_told(self.desk.get(ExitPlan, self._stream))

    def _is_told(self, plan: ExitPlan) -> None:
        """The read model says of the plan what the plan knows."""
        model = ExitPlans()
        story = Story(model)
        for event in self.desk.log:
            story.hear(event)
        (row,) = current(model.plans)
        assert_agrees(row, plan)

    @property
    def _stream(self) -> UUID:
        return exit_plan_stream("paper", self.signal)

    def _plans(self) -> list[Guarded]:
        return self.exiting.guarded()

    def _requested(self) -> list[str]:
        """The ClOrdIDs of all closing orders."""
        found = (self.desk.get(Order, e.originator_id) for e in self.desk.log
                 if isinstance(e, OrderCleared))  # fmt: skip
        return [order.cl_ord_id for order in found]

    def _left(self, name: str) -> Decimal:
        """What an order may still sell, on its way or at the broker."""
        order = self._order(name)
        return order.order_qty - order.cum_qty if order.status.is_open else D(0)

    def _order(self, name: str) -> Order:
        return self.desk.get(Order, order_stream(name))

    def _move(self, stop: Decimal | None, prices: list[Decimal]) -> None:
        self._try(
            lambda found: found.move_levels(
                stop=stop, targets=tuple(prices), message=uuid4(), posted_at=self.now,
                at=self.now,
            )
        )  # fmt: skip

    def _try(self, act: object) -> None:
        try:
            self.desk.change(Signal, self.signal, act)  # type: ignore[arg-type]
        except DomainError:
            return

    def _fill(self, name: str, quantity: Decimal) -> None:
        self.desk.change(
            Order, order_stream(name),
            lambda found: found.fill(
                exec_id=uuid4().hex, last_qty=quantity, last_px=D(5), commission=D(0),
                transact_time=self.now, at=self.now,
            ),
        )  # fmt: skip

    def _end(self, name: str, expires: bool) -> None:
        def act(found: Order) -> None:
            end = found.expire if expires else found.cancel
            end(transact_time=self.now, at=self.now)

        self.desk.change(Order, order_stream(name), act)
        del self.at_broker[name]

    def _accept(self, order: Order) -> None:
        order.submit("broker", at=self.now)
        order.accept("b", transact_time=self.now, at=self.now)

    def _reject(self, order: Order) -> None:
        order.submit("broker", at=self.now)
        order.reject("no", transact_time=self.now, at=self.now)


TestNothingIsSoldTwiceAndNothingIsLeftUnguarded = Exits.TestCase
TestNothingIsSoldTwiceAndNothingIsLeftUnguarded.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
