"""Correcting: a recorded mistake put right by an event on the stream it is about."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from domain.corrections import Correction, Target
from domain.orders import Order
from domain.shared import InvalidInput, Value
from domain.signal_events import ClosedBy
from domain.signals import Signal


class Change(Value, frozen=True, kw_only=True):
    """What is to be put right.

    `part` is the execution's number in a signal, or the fill's ExecID in an order. A signal is
    voided as a whole: then it is empty.
    """

    target: Target
    stream: UUID
    part: str = ""
    void: bool = False
    price: Decimal | None = None
    quantity: Decimal | None = None
    reason: str


def correct(
    desk: Desk,
    command: Command,
    member: Member,
    change: Change,
    *,
    expected_version: int | None = None,
) -> Outcome:
    """Requests and applies a correction; both events and the corrective one are stored together.

    Raises:
        Forbidden: the member may not correct.
        NotFound, Conflict: no such target, or it changed since the member looked.
        InvalidInput, Impossible: as the target's own rules say.
    """
    member.require("correct")
    change = msgspec.structs.replace(change, reason=change.reason.strip())

    def decide(work: Work) -> Correction:
        target: Signal | Order
        if change.target is Target.SIGNAL:
            target = work.get(Signal, change.stream, expected_version=expected_version)
        else:
            target = work.get(Order, change.stream, expected_version=expected_version)
        correction = work.begin(
            Correction.request(
                id=command.id,
                target=change.target,
                target_stream=change.stream,
                target_version=target.version,
                part=change.part,
                void=change.void,
                price=change.price,
                quantity=change.quantity,
                reason=change.reason,
                by=member.name,
                at=command.at,
            )
        )
        work.take(correction)
        if isinstance(target, Signal):
            _correct_signal(target, change, correction.id, member.name, command)
        else:
            _correct_order(target, change, correction.id, member.name, command)
        work.take(target)
        correction.apply_to_target(by=member.name, at=command.at)
        return correction

    return desk.run(msgspec.structs.replace(command, correlation=change.stream), decide)


def _correct_signal(
    signal: Signal, change: Change, correction: UUID, by: str, command: Command
) -> None:
    if change.void:
        if change.part:
            raise InvalidInput(
                "a signal is voided as a whole: leave out the execution, or correct its figures"
            )
        signal.void(correction=correction, reason=change.reason, by=by, at=command.at)
        return
    if not change.part.isdecimal():
        raise InvalidInput(
            "name the execution to correct by its number: 1 is the entry, see the timeline"
        )
    signal.correct(
        correction=correction,
        number=int(change.part),
        price=change.price,
        quantity=change.quantity,
        reason=change.reason,
        by=by,
        at=command.at,
    )
    if signal.open_quantity == 0 and not signal.closed:
        signal.close(reason=ClosedBy.EXIT, closed_at=command.at, at=command.at)


def _correct_order(
    order: Order, change: Change, correction: UUID, by: str, command: Command
) -> None:
    if not change.part:
        raise InvalidInput("name the fill to correct by its ExecID, see the timeline")
    if change.void:
        order.cancel_trade(
            correction=correction,
            exec_id=change.part,
            reason=change.reason,
            by=by,
            at=command.at,
        )
        return
    order.correct_trade(
        correction=correction,
        exec_id=change.part,
        last_qty=change.quantity,
        last_px=change.price,
        reason=change.reason,
        by=by,
        at=command.at,
    )
