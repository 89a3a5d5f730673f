"""Correcting: a recorded mistake put right by an event on the stream it is about.

An admin requests and applies in one step. What is asked for by a reaction, because an author
edited a message, waits until an admin applies or refuses it.
"""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from uuid import UUID

import msgspec

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from application.ports import Forbidden
from domain.corrections import Correction, Target
from domain.orders import Order
from domain.shared import InvalidInput, Value
from domain.signal_events import ClosedBy, Source
from domain.signals import Signal
from domain.terms import HINDSIGHT, Changed, Terms


class Change(Value, frozen=True, kw_only=True):
    """What is to be put right.

    `part` is the execution's number in a signal, or the fill's ExecID in an order. A signal is
    voided as a whole: then it is empty, and `instead` may say which trade takes its place.
    `message` and `revision` say which words it came of, `changes` how they differ.
    """

    target: Target
    stream: UUID
    part: str = ""
    void: bool = False
    price: Decimal | None = None
    quantity: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    instead: Terms | None = None
    changes: tuple[Changed, ...] = ()
    message: UUID | None = None
    revision: int | None = None
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
        target = _target(work, change, expected_version)
        correction = work.begin(asked(command.id, change, target, member.name, command))
        work.take(correction)
        _put_right(work, target, change, correction, member.name, command)
        return correction

    return desk.run(msgspec.structs.replace(command, correlation=change.stream), decide)


def request(desk: Desk, command: Command, member: Member, change: Change) -> Outcome:
    """Asks for a correction, which an admin applies or refuses; nothing changes by it.

    Raises:
        Forbidden: the member may not ask, or only for their own signals.
        NotFound: there is no such target.
        InvalidInput, Impossible: it is none, or as the target's own rules say by now.
    """
    member.require("request_correction")
    change = msgspec.structs.replace(change, reason=change.reason.strip())

    def decide(work: Work) -> Correction:
        target = _target(work, change, None)
        _require_own(member, target)
        correction = asked(command.id, change, target, member.name, command)
        # What could not be applied now is said to whoever asks, not to whoever applies it.
        _put_right(Work(desk), deepcopy(target), change, deepcopy(correction), member.name, command)
        return work.begin(correction)

    return desk.run(msgspec.structs.replace(command, correlation=change.stream), decide)


def _require_own(member: Member, target: Signal | Order) -> None:
    """Traders ask for corrections of what they said themselves."""
    is_own = isinstance(target, Signal) and str(target.trader) == member.trader
    if not (is_own or member.decides):
        raise Forbidden(
            f"{member.name} may ask for corrections of their own signals only: "
            "others take an approver or admin"
        )


def apply_correction(
    desk: Desk,
    command: Command,
    member: Member,
    correction: UUID,
    *,
    expected_version: int | None = None,
) -> Outcome:
    """Says yes to a requested correction: its target gets the corrective event.

    Raises:
        Forbidden: the member may not correct.
        NotFound, Conflict: no such request, or it changed since the member looked.
        InvalidInput, Impossible: it is decided, or as the target's own rules say.
    """
    member.require("correct")

    def decide(work: Work) -> Correction:
        request = work.get(Correction, correction, expected_version=expected_version)
        request.require_undecided()
        change = _change_of(request)
        target = _target(work, change, None)
        _put_right(work, target, change, request, member.name, command)
        return request

    return desk.run(_about(desk, command, correction), decide)


def refuse_correction(
    desk: Desk,
    command: Command,
    member: Member,
    correction: UUID,
    *,
    reason: str,
    expected_version: int | None = None,
) -> Outcome:
    """Says no to a requested correction, with a reason.

    Raises:
        Forbidden: the member may not correct.
        NotFound, Conflict: no such request, or it changed since the member looked.
        InvalidInput, Impossible: no reason is given, or it is decided.
    """
    member.require("correct")

    def decide(work: Work) -> Correction:
        request = work.get(Correction, correction, expected_version=expected_version)
        request.refuse(by=member.name, reason=reason, at=command.at)
        return request

    return desk.run(_about(desk, command, correction), decide)


def put_right(
    work: Work,
    correction: UUID,
    change: Change,
    by: str,
    command: Command,
    *,
    closes: bool = True,
) -> None:
    """Requests and applies a correction as part of a greater command; without `closes` a trade
    of which nothing is left open is the caller's to close.

    Raises:
        NotFound: there is no such target.
        InvalidInput, Impossible: as the target's own rules say.
    """
    target = _target(work, change, None)
    work.take(target)
    request = work.begin(asked(correction, change, target, by, command))
    work.take(request)
    _put_right(work, target, change, request, by, command, closes=closes)
    work.take(request)


def asked(
    correction: UUID, change: Change, target: Signal | Order, by: str, command: Command
) -> Correction:
    """The request for a change.

    Raises:
        InvalidInput: no reason, or neither a void nor a changed figure, or both.
    """
    return Correction.request(
        id=correction,
        target=change.target,
        target_stream=change.stream,
        target_version=target.version,
        part=change.part,
        void=change.void,
        price=change.price,
        quantity=change.quantity,
        stop=change.stop,
        targets=change.targets,
        instead=change.instead,
        changes=change.changes,
        message=change.message,
        revision=change.revision,
        reason=change.reason,
        by=by,
        at=command.at,
    )


def _about(desk: Desk, command: Command, correction: UUID) -> Command:
    """The command, correlated with what the correction is about."""
    known = desk.load([correction]).get(correction)
    about = known.target_stream if isinstance(known, Correction) else correction
    return msgspec.structs.replace(command, correlation=about)


def _change_of(request: Correction) -> Change:
    return Change(
        target=request.target,
        stream=request.target_stream,
        part=request.part,
        void=request.void,
        price=request.price,
        quantity=request.quantity,
        stop=request.stop,
        targets=request.targets,
        instead=request.instead,
        message=request.message,
        revision=request.revision,
        reason=request.reason,
    )


def _target(work: Work, change: Change, expected_version: int | None) -> Signal | Order:
    if change.target is Target.SIGNAL:
        return work.get(Signal, change.stream, expected_version=expected_version)
    return work.get(Order, change.stream, expected_version=expected_version)


def _put_right(
    work: Work,
    target: Signal | Order,
    change: Change,
    correction: Correction,
    by: str,
    command: Command,
    *,
    closes: bool = True,
) -> None:
    if isinstance(target, Signal):
        _correct_signal(target, change, correction.id, by, command)
        if closes and target.open_quantity == 0 and not (target.closed or target.voided):
            target.close(reason=ClosedBy.EXIT, closed_at=command.at, at=command.at)
        if change.instead is not None:
            work.take(target)
            posted = post_instead(
                target.trader, change.instead, reason=change.reason, by=by, command=command
            )
            work.take(work.begin(posted))
    else:
        _correct_order(target, change, correction.id, by, command)
    work.take(target)
    correction.apply_to_target(by=by, at=command.at)


def post_instead(trader: UUID, terms: Terms, *, reason: str, by: str, command: Command) -> Signal:
    """The trade that takes another one's place, or that was missed.

    Raises:
        InvalidInput: there is no such trade.
    """
    signal = Signal.post(
        place=terms.place,
        origin=terms.origin,
        trader=trader,
        source=Source(
            platform=terms.platform,
            channel=terms.channel,
            message=terms.message,
            revision=terms.revision,
        ),
        side=terms.side,
        legs=terms.legs,
        quantity=terms.quantity,
        price=terms.price,
        price_to=terms.price_to,
        stop=terms.stop,
        targets=terms.targets,
        valid_until=terms.valid_until,
        parser=terms.parser,
        rules=terms.rules,
        posted_at=terms.posted_at,
        at=command.at,
    )
    signal.note_late((1,), parser=terms.parser, reason=reason, by=by, at=command.at)
    if terms.origin == HINDSIGHT:
        # With hindsight nobody may have it traded: its time for approval was then.
        signal.expire(at=command.at)
    return signal


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
    if change.price is not None or change.quantity is not None:
        _correct_figures(signal, change, correction, by, command)
    if change.stop is not None or change.targets:
        signal.move_levels(
            stop=change.stop,
            targets=change.targets,
            message=change.message or correction,
            posted_at=command.at,
            at=command.at,
        )


def _correct_figures(
    signal: Signal, change: Change, correction: UUID, by: str, command: Command
) -> None:
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
