"""Trading: what members decide about orders, levels and limits."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from application.administering import OrderTicket, place_order
from application.amending_orders import cancel_order, replace_order
from application.brokerage import Replacement
from application.guarding import change_levels
from application.limiting import change_limits
from application.ports import Conflict
from domain.exit_terms import Levels, Target, TimeStop, Trailing
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.instruments import instrument
from domain.legs import Leg
from domain.shared import InvalidInput
from interfaces.compose import DEFAULT_ACCOUNT
from interfaces.graphql.deciding import Decided, carry_out, decide
from interfaces.graphql.kinds import ExpectedVersion, IdempotencyKey, Info, mutation
from interfaces.graphql.reading import asking_of

LEGS_MAX = 8
TARGETS_MAX = 20


@strawberry.input(description="One instrument of an order: ticker, OSI symbol or pair.")
class LegInput:
    symbol: str
    side: Side
    ratio: int = 1


@strawberry.input(
    description="A manual order: at the market without prices, limit, stop, or stop and limit."
)
class OrderInput:
    account: str = DEFAULT_ACCOUNT
    side: Side
    position_effect: PositionEffect = PositionEffect.OPEN
    legs: list[LegInput]
    quantity: Decimal = strawberry.field(description="Contracts or shares.")
    limit_price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    stop_price: Decimal | None = strawberry.field(
        default=None, description="USD per share, from which on it is sent to the market."
    )
    time_in_force: TimeInForce = TimeInForce.DAY


@strawberry.input(description="Other terms of an order that rests; what is left out stays.")
class OrderTermsInput:
    quantity: Decimal | None = None
    limit_price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    stop_price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    time_in_force: TimeInForce | None = None


@strawberry.input(description="A price at which some is closed.")
class TargetInput:
    price: Decimal = strawberry.field(description="USD per share.")
    quantity: Decimal | None = strawberry.field(
        default=None, description="How much; without it an equal part."
    )


@strawberry.input(description="A stop that follows the best price: by an amount, or by a share.")
class TrailingInput:
    amount: Decimal | None = strawberry.field(default=None, description="USD per share.")
    share: Decimal | None = strawberry.field(default=None, description="0.20 is 20 % of the best.")


@strawberry.input(description="When a holding is closed whatever its price; the earlier of two.")
class TimeStopInput:
    days_left: int | None = strawberry.field(
        default=None, description="Calendar days before expiry; 0 on the day itself."
    )
    at: datetime | None = None


@strawberry.input(description="All levels of a holding; what is left out guards it no more.")
class LevelsInput:
    stop: Decimal | None = strawberry.field(default=None, description="USD per share.")
    targets: list[TargetInput] = strawberry.field(default_factory=list)
    trailing: TrailingInput | None = None
    time_stop: TimeStopInput | None = None


@strawberry.input(
    description="Limits to change; those left out stay. Shares are parts of equity (0.10 is "
    "10 %), money is USD, Greeks are in contract units; null means no limit."
)
class LimitsInput:
    trade_share: strawberry.Maybe[Decimal]
    drift: strawberry.Maybe[Decimal]
    daily_trades: strawberry.Maybe[int]
    open_positions: strawberry.Maybe[int]
    blocked_symbols: strawberry.Maybe[list[str]]
    blocked_sectors: strawberry.Maybe[list[str]]
    quote_age_s: strawberry.Maybe[int]
    through_ticks: strawberry.Maybe[int]
    short_allowed: strawberry.Maybe[bool]
    regular_hours: strawberry.Maybe[bool]
    pattern_equity: strawberry.Maybe[Decimal | None]
    delta: strawberry.Maybe[Decimal]
    gamma: strawberry.Maybe[Decimal]
    vega: strawberry.Maybe[Decimal]
    delta_usd: strawberry.Maybe[Decimal | None]
    gamma_usd: strawberry.Maybe[Decimal | None]
    vega_usd: strawberry.Maybe[Decimal | None]
    theta_usd: strawberry.Maybe[Decimal | None]
    symbol_share: strawberry.Maybe[Decimal]
    sector_share: strawberry.Maybe[Decimal]
    warn_at: strawberry.Maybe[Decimal]
    drawdown_halt: strawberry.Maybe[Decimal | None]


def _type_of(order: OrderInput) -> OrdType:
    if order.stop_price is None:
        return OrdType.MARKET if order.limit_price is None else OrdType.LIMIT
    return OrdType.STOP if order.limit_price is None else OrdType.STOP_LIMIT


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
        ord_type=_type_of(order),
        limit_px=order.limit_price,
        stop_px=order.stop_price,
        time_in_force=order.time_in_force,
    )


def _levels(given: LevelsInput) -> Levels:
    if len(given.targets) > TARGETS_MAX:
        raise InvalidInput(f"a holding has at most {TARGETS_MAX} targets")
    trailing, ends = given.trailing, given.time_stop
    if ends is not None and ends.at is not None and ends.at.tzinfo is None:
        raise InvalidInput(f"say in which zone {ends.at.isoformat()} is, such as by a final Z")
    return Levels(
        stop=given.stop,
        targets=tuple(Target(price=each.price, quantity=each.quantity) for each in given.targets),
        trailing=None
        if trailing is None
        else Trailing(amount=trailing.amount, share=trailing.share),
        time_stop=None if ends is None else TimeStop(days_left=ends.days_left, at=ends.at),
    )


def _changes(given: LimitsInput) -> dict[str, Any]:
    """The limits that were named, by their names.

    Raises:
        InvalidInput: none was.
    """
    found: dict[str, Any] = {}
    for field in fields(given):
        said = getattr(given, field.name)
        if said is not None:
            found[field.name] = tuple(said.value) if isinstance(said.value, list) else said.value
    if not found:
        raise InvalidInput("no limit is named that is to change")
    return found


@strawberry.type
class TradingMutations:
    """What members decide about trading."""

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
        return carry_out(info, idempotency_key, place_order, ticket)

    @mutation("Ask for what is left of an order back; the broker's answer follows.")
    def cancel_order(
        self,
        info: Info,
        order: UUID,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        return carry_out(
            info,
            idempotency_key,
            cancel_order,
            order=order,
            reason=reason,
            expected_version=expected_version,
        )

    @mutation("Ask for other terms of an order that rests; the broker's answer follows.")
    def replace_order(
        self,
        info: Info,
        order: UUID,
        terms: OrderTermsInput,
        reason: str,
        idempotency_key: IdempotencyKey,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        wanted = Replacement(
            order_qty=terms.quantity,
            limit_px=terms.limit_price,
            stop_px=terms.stop_price,
            time_in_force=terms.time_in_force,
        )
        positions = asking_of(info).house.books
        return decide(
            info,
            "replace_order",
            idempotency_key,
            (order, wanted, reason),
            lambda desk, command, member: replace_order(
                desk,
                command,
                member,
                order=order,
                terms=wanted,
                reason=reason,
                positions=positions,
                expected_version=expected_version,
            ),
        )

    @mutation(
        "Guard what an account holds for a trade by these levels and no others; orders of the old "
        "ones are taken back. The version is the exit plan's."
    )
    def change_levels(
        self,
        info: Info,
        trade: UUID,
        levels: LevelsInput,
        idempotency_key: IdempotencyKey,
        account: str = DEFAULT_ACCOUNT,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        wanted = _levels(levels)
        return carry_out(
            info,
            idempotency_key,
            change_levels,
            account=account,
            trade=trade,
            levels=wanted,
            expected_version=expected_version,
        )

    @mutation("Change limits of an account; limits that nobody ever set have version 0.")
    def set_limits(
        self,
        info: Info,
        limits: LimitsInput,
        idempotency_key: IdempotencyKey,
        account: str = DEFAULT_ACCOUNT,
        expected_version: ExpectedVersion = None,
    ) -> Decided:
        changes = _changes(limits)
        return decide(
            info,
            "set_limits",
            idempotency_key,
            (account, changes),
            lambda desk, command, member: change_limits(
                desk,
                command,
                member,
                account=account,
                changes=changes,
                expected_version=expected_version,
            ),
        )
