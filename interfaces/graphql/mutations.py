"""Mutations: what members decide. The answer says where the decision is, never what followed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from application.access import Member
from application.administering import OrderTicket, place_order
from application.approving import Answer, approve, reject
from application.correcting import Change, apply_correction, correct, refuse_correction
from application.desk import Command, Desk, Outcome
from application.ports import Conflict
from domain.corrections import Target
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.instruments import instrument
from domain.legs import Leg
from domain.shared import InvalidInput
from interfaces.compose import DEFAULT_ACCOUNT
from interfaces.graphql.entry import ANYBODY
from interfaces.graphql.errors import Unauthenticated
from interfaces.graphql.kinds import (
    BigInt,
    ExpectedVersion,
    IdempotencyKey,
    Info,
    SeenVersion,
    figure,
    kind,
    mutation,
)
from interfaces.graphql.reading import Asking, asking_of

VIA = "graphql"

AcceptPrice = Annotated[
    Decimal | None,
    strawberry.argument(
        description="The worst price in USD per share that you take although the market moved."
    ),
]
LEGS_MAX = 8


_log = logging.getLogger(__name__)


@kind
class Decided:
    """Where a decision is on record: the stream it is about, its version, the tape's position.

    Read models and reactions come to the position by themselves; `status` and the
    subscriptions say when.
    """

    id: UUID
    version: int
    position: BigInt
    still_needed: str = figure("What a yes waits for, such as a second approver; else empty.")


@strawberry.input(description="What is to be put right in the record of a signal or an order.")
class CorrectionInput:
    target: Target
    record: UUID
    part: Annotated[
        str,
        strawberry.argument(
            description="An execution's number in a signal (1 is the entry), or a fill's ExecID."
        ),
    ] = ""
    void: bool = strawberry.field(default=False, description="Let it count for nothing.")
    price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    quantity: Decimal | None = None
    reason: str


@strawberry.input(description="One instrument of an order: ticker, OSI symbol or pair.")
class LegInput:
    symbol: str
    side: Side
    ratio: int = 1


@strawberry.input(description="A manual order. Without a limit price it is a market order.")
class OrderInput:
    account: str = DEFAULT_ACCOUNT
    side: Side
    position_effect: PositionEffect = PositionEffect.OPEN
    legs: list[LegInput]
    quantity: Decimal = strawberry.field(description="Contracts or shares.")
    limit_price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    time_in_force: TimeInForce = TimeInForce.DAY


def _member(asking: Asking) -> Member:
    """Who decides.

    Raises:
        Unauthenticated: whoever may only look.
    """
    if asking.member is None or asking.member is ANYBODY:
        raise Unauthenticated("reading is open to anybody, deciding takes a token")
    return asking.member


def _decide(
    info: Info,
    what: str,
    key: UUID,
    given: tuple[Any, ...],
    act: Callable[[Desk, Command, Member], Outcome],
) -> Decided:
    asking = asking_of(info)
    member = _member(asking)
    command = Command.given(key, what, *given, actor=member.actor, at=asking.house.clock.now())
    outcome = act(asking.house.desk, command, member)
    _log.info("%s by %s: %s at %d", what, member.actor, outcome.stream, outcome.position)
    return Decided(
        id=outcome.stream,
        version=outcome.version,
        position=BigInt(outcome.position),
        still_needed=outcome.still_needed if isinstance(outcome, Answer) else "",
    )


def _ticket(order: OrderInput) -> OrderTicket:
    if not 1 <= len(order.legs) <= LEGS_MAX:
        raise InvalidInput(f"an order has 1 to {LEGS_MAX} legs, not {len(order.legs)}")
    legs = tuple(
        Leg(symbol=instrument(leg.symbol).symbol, side=leg.side, ratio=leg.ratio)
        for leg in order.legs
    )
    return OrderTicket(
        account=order.account,
        side=order.side,
        position_effect=order.position_effect,
        legs=legs,
        order_qty=order.quantity,
        ord_type=OrdType.MARKET if order.limit_price is None else OrdType.LIMIT,
        limit_px=order.limit_price,
        time_in_force=order.time_in_force,
    )


@strawberry.type(description="What members decide; a repeated idempotency key decides once.")
class Mutation:
    @mutation(
        "Say yes to a signal; the account's order follows, once no second approver is needed. "
        "A refusal is on record and answered again to the same key."
    )
    def approve(
        self,
        info: Info,
        signal: UUID,
        idempotency_key: IdempotencyKey,
        account: str = DEFAULT_ACCOUNT,
        accept_price: AcceptPrice = None,
        expected_version: SeenVersion = None,
    ) -> Decided:
        given = (signal, account) if accept_price is None else (signal, account, accept_price)
        assessor = asking_of(info).house.assessor
        return _decide(
            info,
            "approve",
            idempotency_key,
            given,
            lambda desk, command, member: approve(
                desk,
                command,
                member,
                signal=signal,
                account=account,
                via=VIA,
                assessor=assessor,
                accept_price=accept_price,
                expected_version=expected_version,
            ),
        )

    @mutation("Say no to a signal; the trader will read the reason.")
    def reject(
        self,
        info: Info,
        signal: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: SeenVersion = None,
    ) -> Decided:
        return _decide(
            info,
            "reject",
            idempotency_key,
            (signal, reason),
            lambda desk, command, member: reject(
                desk,
                command,
                member,
                signal=signal,
                reason=reason,
                via=VIA,
                expected_version=expected_version,
            ),
        )

    @mutation(
        "Put a recorded mistake right by adding to the record. The id is the "
        "correction's, the expected version that of the record it is about."
    )
    def correct(
        self,
        info: Info,
        correction: CorrectionInput,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        change = Change(
            target=correction.target,
            stream=correction.record,
            part=correction.part,
            void=correction.void,
            price=correction.price,
            quantity=correction.quantity,
            reason=correction.reason,
        )
        return _decide(
            info,
            "correct",
            idempotency_key,
            (change,),
            lambda desk, command, member: correct(
                desk, command, member, change, expected_version=expected_version
            ),
        )

    @mutation("Say yes to a requested correction: its record is put right.")
    def apply_correction(
        self,
        info: Info,
        correction: UUID,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return _decide(
            info,
            "apply_correction",
            idempotency_key,
            (correction,),
            lambda desk, command, member: apply_correction(
                desk, command, member, correction, expected_version=expected_version
            ),
        )

    @mutation("Say no to a requested correction: its record stays as it is.")
    def refuse_correction(
        self,
        info: Info,
        correction: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return _decide(
            info,
            "refuse_correction",
            idempotency_key,
            (correction, reason),
            lambda desk, command, member: refuse_correction(
                desk,
                command,
                member,
                correction,
                reason=reason,
                expected_version=expected_version,
            ),
        )

    @mutation(
        "Ask for a manual order; checks and sending follow. An order that is new has version 0."
    )
    def place_order(
        self,
        info: Info,
        order: OrderInput,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        if expected_version:
            raise Conflict(f"a new order has version 0, not {expected_version}")
        ticket = _ticket(order)
        return _decide(
            info,
            "place_order",
            idempotency_key,
            (ticket,),
            lambda desk, command, member: place_order(desk, command, member, ticket),
        )
