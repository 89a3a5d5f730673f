"""What brokers and traders do to orders and plans in these tests, a line each."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from application.desk import Desk, Work
from domain.exit_terms import Levels
from domain.exits import ExitPlan, exit_plan_stream
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_events import OrderRequested
from domain.orders import Order, entry_name, order_stream
from domain.signals import Signal
from tests.application.acts import TSLA, begin, change, events, new_signal
from tests.application.conftest import NOON

CALL = (Leg(symbol=TSLA, side=Side.BUY),)


def signal_with(desk: Desk, stop: str | None = None, *targets: str, quantity: str = "2") -> UUID:
    """Nora posts a signal with its levels."""
    signal = new_signal(quantity=quantity)
    stream = begin(desk, signal)
    if stop is not None or targets:
        move(desk, stream, stop, *targets)
    return stream


def move(desk: Desk, signal: UUID, stop: str | None, *targets: str) -> None:
    """Nora moves the levels."""
    change(
        desk,
        Signal,
        signal,
        lambda found: found.move_levels(
            stop=None if stop is None else Decimal(stop),
            targets=tuple(map(Decimal, targets)),
            message=uuid4(),
            posted_at=NOON,
            at=NOON,
        ),
    )


def order(
    desk: Desk,
    name: str,
    quantity: str,
    *,
    signal: UUID | None = None,
    side: Side = Side.BUY,
    effect: PositionEffect = PositionEffect.OPEN,
    legs: tuple[Leg, ...] = CALL,
    at: datetime = NOON,
) -> str:
    """An order that was sent."""
    new = Order.request(
        cl_ord_id=name,
        account="paper",
        signal=signal,
        side=side,
        position_effect=effect,
        legs=legs,
        order_qty=Decimal(quantity),
        ord_type=OrdType.MARKET,
        limit_px=None,
        time_in_force=TimeInForce.DAY,
        at=at,
    )
    new.clear(at=at)
    new.submit("paper", at=at)
    begin(desk, new)
    return name


def enter(desk: Desk, signal: UUID, quantity: str = "9", px: str = "5.52") -> str:
    """The account buys what a signal says, and all of it is filled."""
    name = order(desk, entry_name(signal), quantity, signal=signal)
    fill(desk, name, quantity, px, commission=str(Decimal(quantity) * Decimal("0.70")))
    return name


def sell_by_hand(desk: Desk, quantity: str) -> str:
    """A person sells."""
    legs = (Leg(symbol=TSLA, side=Side.SELL),)
    effect = PositionEffect.CLOSE
    return order(desk, uuid4().hex, quantity, side=Side.SELL, effect=effect, legs=legs)


def accept(desk: Desk, name: str) -> None:
    """The broker takes an order that was cleared."""

    def act(found: Order) -> None:
        if not found.submitted:
            found.submit("paper", at=NOON)
        found.accept("b-1", transact_time=NOON, at=NOON)

    change(desk, Order, order_stream(name), act)


def fill(desk: Desk, name: str, quantity: str, px: str = "5.00", commission: str = "0") -> None:
    """The broker fills some of an order."""

    def act(found: Order) -> None:
        if not found.submitted:
            found.submit("paper", at=NOON)
        found.fill(
            exec_id=uuid4().hex,
            last_qty=Decimal(quantity),
            last_px=Decimal(px),
            commission=Decimal(commission),
            transact_time=NOON,
            at=NOON,
        )

    change(desk, Order, order_stream(name), act)


def cancel(desk: Desk, name: str) -> None:
    """The broker gives back what is left of an order."""
    change(desk, Order, order_stream(name), lambda found: found.cancel(transact_time=NOON, at=NOON))


def reject(desk: Desk, name: str, why: str = "no", at: datetime = NOON) -> None:
    """The broker refuses an order."""

    def act(found: Order) -> None:
        if not found.submitted:
            found.submit("paper", at=at)
        found.reject(why, transact_time=at, at=at)

    change(desk, Order, order_stream(name), act)


def settle(desk: Desk, name: str, status: OrdStatus, cum_qty: str) -> None:
    """The broker was asked how an order stands."""
    change(
        desk,
        Order,
        order_stream(name),
        lambda found: found.reconcile(status, Decimal(cum_qty), as_of=NOON, at=NOON),
    )


def plan_of(desk: Desk, trade: UUID) -> ExitPlan:
    """How what is held for a trade is guarded."""
    return Work(desk).get(ExitPlan, exit_plan_stream("paper", trade))


def guard(desk: Desk, trade: UUID, levels: Levels) -> None:
    """An admin changes the levels."""
    change(
        desk,
        ExitPlan,
        exit_plan_stream("paper", trade),
        lambda found: found.change(levels, by="ada", at=NOON),
    )


def status(desk: Desk, name: str) -> str:
    """Where an order stands."""
    return Work(desk).get(Order, order_stream(name)).status.value


def asked(desk: Desk) -> list[tuple[str, Decimal, Decimal | None]]:
    """The closing orders that were asked for: name, quantity and limit."""
    return [
        (event.cl_ord_id[21:], event.order_qty, event.limit_px)
        for event in events(desk)
        if isinstance(event, OrderRequested)
        and event.position_effect is PositionEffect.CLOSE
        and event.cl_ord_id[20:22] == "-x"
    ]
