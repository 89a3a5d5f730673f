"""What the paper broker holds, in the words of the broker port."""

from __future__ import annotations

from application.brokerage import Activity, ActivityKind, BrokerOrder, BrokerPosition
from domain.matching.book import Entry, Position
from domain.matching.orders import EngineOrder


def broker_order(order: EngineOrder) -> BrokerOrder:
    """An order as the broker sees it."""
    return BrokerOrder(
        cl_ord_id=order.cl_ord_id,
        order_id=order.order_id,
        status=order.status,
        side=order.side,
        legs=order.legs,
        order_qty=order.order_qty,
        cum_qty=order.cum_qty,
        avg_px=order.avg_px,
        ord_type=order.ord_type,
        limit_px=order.limit_px,
        stop_px=order.stop_px,
        time_in_force=order.time_in_force,
        updated_at=order.updated_at,
    )


def broker_position(position: Position) -> BrokerPosition:
    """What is held of one instrument."""
    return BrokerPosition(
        symbol=position.symbol, quantity=position.quantity, avg_px=position.avg_px
    )


def activity(account: str, entry: Entry, raw: str) -> Activity:
    """One movement of cash or of a position; the commission is part of the amount."""
    return Activity(
        activity_id=f"{account}-{entry.number}",
        kind=ActivityKind(entry.kind.value),
        happened_at=entry.happened_at,
        symbol=entry.symbol,
        quantity=entry.quantity,
        price=entry.price,
        amount=entry.amount - entry.commission,
        cl_ord_id=entry.cl_ord_id,
        order_id=f"paper-{entry.cl_ord_id}" if entry.cl_ord_id else "",
        cum_qty=entry.cum_qty,
        raw=raw,
    )
