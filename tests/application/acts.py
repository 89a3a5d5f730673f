"""What people and the market do in these tests, a line each, and what lies on the tape then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

from eventsourcing.domain import BaseAggregate

from adapters.reaction_runner import Step
from application.access import Member
from application.assessing import Assessor
from application.correcting import Change, apply_correction, request_correction
from application.desk import Command, Desk, Outcome, Work
from domain.approvals import Role
from domain.corrections import Target
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.orders import Order
from domain.shared import Event
from domain.signal_events import ClosedBy, Source
from domain.signals import Signal
from domain.traders import trader_stream
from tests.application.conftest import NOON, ShownBooks, ShownMarket

A = TypeVar("A", bound=BaseAggregate[UUID])
E = TypeVar("E", bound=Event)

TSLA = "TSLA  261120C00250000"
"""A call that expires on the Friday after the noon of these tests, a Wednesday."""

TSLA_HIGHER = "TSLA  261120C00260000"

VERTICAL = (Leg(symbol=TSLA, side=Side.BUY), Leg(symbol=TSLA_HIGHER, side=Side.SELL))

NORA = trader_stream("discord", "77")


def member(name: str, *roles: Role, trader: UUID | None = None) -> Member:
    return Member(name=name, roles=frozenset(roles), trader="" if trader is None else str(trader))


BLIND = Assessor(ShownMarket(), ShownBooks())
"""An assessor without quotes and without books."""

ADA = member("ada", Role.ADMIN)
BEA = member("bea", Role.ADMIN)
DANA = member("dana", Role.APPROVER)
ROB = member("rob", Role.READER)


def command(
    *given: Any, key: UUID | None = None, actor: str = "member:test", at: datetime = NOON
) -> Command:
    """A command with an id of its own, unless `key` says which."""
    return Command.given(key or uuid4(), *given, actor=actor, at=at)


def change(desk: Desk, kind: type[A], stream: UUID, act: Callable[[A], object]) -> Outcome:
    """Loads an aggregate, lets it act and saves it."""

    def decide(work: Work) -> A:
        found = work.get(kind, stream)
        act(found)
        return found

    return desk.run(command(), decide)


def begin(desk: Desk, aggregate: BaseAggregate[UUID]) -> UUID:
    """Saves a new aggregate and returns its stream."""
    return desk.run(command(), lambda work: work.begin(aggregate)).stream


def new_signal(
    *,
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = (Leg(symbol=TSLA, side=Side.BUY),),
    quantity: str = "2",
    price: str = "5.50",
    valid_until: datetime | None = None,
    at: datetime = NOON,
) -> Signal:
    """A signal of Nora's that is not on the tape yet."""
    return Signal.post(
        place=0,
        origin="trader",
        trader=NORA,
        source=Source(platform="discord", channel="room", message=uuid4()),
        side=side,
        legs=legs,
        quantity=Decimal(quantity),
        price=Decimal(price),
        price_to=None,
        stop=None,
        targets=(),
        valid_until=valid_until,
        parser="test",
        rules=(),
        posted_at=at,
        at=at,
    )


def post(desk: Desk, **said: Any) -> UUID:
    """Nora posts a signal; see `new_signal`."""
    return begin(desk, new_signal(**said))


def call_exit(desk: Desk, signal: UUID, quantity: str, price: str | None = None) -> None:
    """Nora closes some of it."""
    claimed = None if price is None else Decimal(price)
    change(
        desk,
        Signal,
        signal,
        lambda found: found.call_exit(
            quantity=Decimal(quantity),
            price=claimed,
            reason=ClosedBy.EXIT,
            message=uuid4(),
            rules=(),
            posted_at=NOON,
            at=NOON,
        ),
    )


def filled_order(
    desk: Desk, *fills: tuple[str, str, str], quantity: str = "10", at: datetime = NOON
) -> UUID:
    """An order with its fills of noon: ExecID, quantity and price."""
    order = Order.request(
        cl_ord_id=uuid4().hex,
        account="paper",
        signal=None,
        side=Side.BUY,
        position_effect=PositionEffect.OPEN,
        legs=(Leg(symbol=TSLA, side=Side.BUY),),
        order_qty=Decimal(quantity),
        ord_type=OrdType.MARKET,
        limit_px=None,
        time_in_force=TimeInForce.DAY,
        at=at,
    )
    order.submit("paper", at=at)
    for exec_id, last_qty, last_px in fills:
        order.fill(
            exec_id=exec_id,
            last_qty=Decimal(last_qty),
            last_px=Decimal(last_px),
            commission=Decimal(0),
            transact_time=NOON,
            at=at,
        )
    return begin(desk, order)


def put_right(
    desk: Desk,
    wanted: Change,
    *,
    asks: Member = BEA,
    agrees: Member = ADA,
    asked: Command | None = None,
    version: int | None = None,
    at: datetime = NOON,
) -> Outcome:
    """One person asks for a correction, another one approves it."""
    given = asked or command(wanted, actor=asks.actor, at=at)
    request = request_correction(desk, given, asks, wanted, expected_version=version)
    return apply_correction(desk, command(actor=agrees.actor, at=at), agrees, request.stream)


def of_signal(
    stream: UUID,
    part: str = "1",
    *,
    price: str | None = None,
    quantity: str | None = None,
    void: bool = False,
    reason: str = "a typo",
    target: Target = Target.SIGNAL,
) -> Change:
    return Change(
        target=target,
        stream=stream,
        part=part,
        void=void,
        price=None if price is None else Decimal(price),
        quantity=None if quantity is None else Decimal(quantity),
        reason=reason,
    )


def of_order(
    stream: UUID,
    part: str = "a",
    *,
    price: str | None = None,
    quantity: str | None = None,
    void: bool = False,
    reason: str = "a bust",
) -> Change:
    return of_signal(
        stream,
        part,
        price=price,
        quantity=quantity,
        void=void,
        reason=reason,
        target=Target.ORDER,
    )


class Follower(Protocol):
    """Whoever follows the tape a step at a time."""

    def step(self) -> Step: ...


def catch_up(*runners: Follower) -> None:
    """Lets reactions follow the tape to its head."""
    while Step.WORKED in [runner.step() for runner in runners]:
        continue


def head(desk: Desk) -> int:
    """The last position on the tape."""
    return desk.recorder.max_notification_id() or 0


def events(desk: Desk, after: int = 0) -> list[Event]:
    """All that is recorded after a position, in order."""
    log = desk.recorder.select_notifications(start=after, limit=1000, inclusive_of_start=False)
    found = [desk.mapper.to_domain_event(each) for each in log]
    assert all(isinstance(event, Event) for event in found)
    return found  # type: ignore[return-value]


def names(desk: Desk, after: int = 0) -> list[str]:
    """What the events after a position are called."""
    return [event.TOPIC for event in events(desk, after)]


def last(desk: Desk, kind: type[E]) -> E:
    """The latest event of a kind."""
    return [event for event in events(desk) if isinstance(event, kind)][-1]
