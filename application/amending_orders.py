"""Amending orders: taking back what is left of one, and asking for other terms."""

from __future__ import annotations

from uuid import UUID

from application.access import Member
from application.brokerage import Replacement
from application.desk import Command, Desk, Outcome, Work
from application.guarded import OpenPositions
from application.resizing import make_room
from domain.orders import Order


def cancel_order(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    order: UUID,
    reason: str,
    expected_version: int | None = None,
) -> Outcome:
    """Asks for what is left of an order back; the broker's answer follows as an event.

    Raises:
        Forbidden, NotFound: who asks or what is asked for cannot be.
        Conflict: the order has moved on since the member looked.
        Impossible: the order is over.
    """
    member.require("close_position")

    def decide(work: Work) -> Order:
        found = work.get(Order, order, expected_version=expected_version)
        found.request_cancel(reason, at=command.at)
        return found

    return desk.run(command, decide)


def replace_order(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    order: UUID,
    terms: Replacement,
    reason: str,
    positions: OpenPositions,
    expected_version: int | None = None,
) -> Outcome:
    """Asks for other terms of an order that rests.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
        Conflict: the order has moved on since the member looked.
        Impossible: the order is not at the broker, is over, another request is pending, or it
            would close what other orders close or nobody holds.
    """
    member.require("place_order")

    def decide(work: Work) -> Order:
        found = work.get(Order, order, expected_version=expected_version)
        found.request_replace(
            order_qty=terms.order_qty,
            limit_px=terms.limit_px,
            stop_px=terms.stop_px,
            time_in_force=terms.time_in_force,
            reason=reason,
            at=command.at,
        )
        if terms.order_qty is not None:
            make_room(work, positions, found, terms.order_qty, at=command.at)
        return found

    return desk.run(command, decide)
