"""Approving: yes or no to a signal, and the end of the time for either.

Nothing is ever approved but by a member, here. An attempt that is refused is recorded on the
signal, once per command, and raised; repeating the command raises it again from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.access import Member
from application.assessing import Assessor
from application.desk import Command, Desk, Outcome, Work, derived_id
from application.ports import Appended, Conflict
from domain.approvals import RECORDED, AlreadyDecided, AlreadyExecuted, Attempt, refusal
from domain.orders import Order, entry_name, order_stream
from domain.shared import DomainError
from domain.signal_events import (
    Decision,
    SignalApprovalGiven,
    SignalApprovalRefused,
)
from domain.signals import Signal


class Answer(Outcome, frozen=True, kw_only=True):
    """What became of a yes or no; `still_needed` says what a yes waits for, if it does."""

    still_needed: str = ""


def approve(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    signal: UUID,
    account: str,
    via: str,
    assessor: Assessor,
    accept_price: Decimal | None = None,
    expected_version: int | None = None,
) -> Answer:
    """Says yes; with the last yes that is needed, the order for the account follows by reaction.

    `accept_price` is the worst price that the approver takes although the market moved;
    `expected_version` is the version of the signal that they looked at.

    Raises:
        NotFound, Conflict: there is no such signal, or not that version of it.
        AlreadyDecided, Refused, Impossible: as the signal's policies say, on record by now.
        InvalidInput: the accepted price cannot be one.
        Unavailable: store, market or books did not answer.
    """

    def say_yes(work: Work, found: Signal) -> None:
        found.approve(
            member.approver,
            via=via,
            account=account,
            assessed=assessor.assess(
                work, found, account=account, accept_price=accept_price, at=command.at
            ),
            seen_version=expected_version,
            at=command.at,
        )

    return _decide(desk, command, member, Attempt.APPROVE, signal, via, expected_version, say_yes)


def reject(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    signal: UUID,
    reason: str,
    via: str,
    expected_version: int | None = None,
) -> Answer:
    """Says no, with a reason.

    Raises:
        NotFound, Conflict: there is no such signal, or not that version of it.
        AlreadyDecided, Refused: as the signal's policies say, on record by now.
        InvalidInput: there is no reason.
    """

    def say_no(work: Work, found: Signal) -> None:  # noqa: ARG001
        found.reject(
            member.approver, reason=reason, via=via, seen_version=expected_version, at=command.at
        )

    return _decide(desk, command, member, Attempt.REJECT, signal, via, expected_version, say_no)


def _decide(
    desk: Desk,
    command: Command,
    member: Member,
    attempt: Attempt,
    signal: UUID,
    via: str,
    expected_version: int | None,
    act: Callable[[Work, Signal], None],
) -> Answer:
    """Lets a member decide, or puts on record why they cannot."""

    def decide(work: Work) -> Signal:
        found = work.get(Signal, signal)
        if expected_version is not None and expected_version > found.version:
            raise Conflict(
                f"the signal is at version {found.version} by now, not {expected_version}"
            )
        try:
            act(work, found)
        except RECORDED as why:
            why_not = _with_its_order(work, found, why)
            found.refuse(member.approver, attempt, why_not, via=via, at=command.at)
        return found

    outcome = desk.run(command, decide)
    # What is on the tape counts: the same command may have been decided before, or elsewhere.
    event = desk.event_at(outcome.position)
    if isinstance(event, SignalApprovalRefused):
        raise refusal(event.code, event.reason)
    still_needed = event.still_needed if isinstance(event, SignalApprovalGiven) else ""
    return Answer(
        stream=outcome.stream,
        version=outcome.version,
        position=outcome.position,
        still_needed=still_needed,
    )


def _with_its_order(work: Work, signal: Signal, why: DomainError) -> DomainError:
    """The refusal; if the signal was approved, with what its order has traded."""
    if not isinstance(why, AlreadyDecided) or signal.decision is not Decision.APPROVED:
        return why
    order = work.find(Order, order_stream(entry_name(signal.id)))
    if order is None or order.cum_qty == 0:
        return why
    return AlreadyExecuted(
        f"{why}, and its order is filled: {order.side.value} {order.cum_qty} at {order.avg_px}"
    )


def expire_due(desk: Desk, signals: Sequence[UUID], *, at: datetime) -> int:
    """Ends the time for approval of those signals whose time it is; returns how many.

    Raises:
        NotFound: there is no such signal.
        Unavailable: the store did not answer; nothing of this call is half-written.
    """
    work = Work(desk)
    work.prefetch(signals)
    for stream in signals:
        signal = work.get(Signal, stream)
        if signal.decision is not Decision.PENDING:
            continue
        if signal.valid_until is None or at <= signal.valid_until:
            continue
        signal.expire(at=at)
        work.save(
            Command.given(
                derived_id("expire", str(stream)),
                stream,
                actor="timer:approvals",
                at=at,
                correlation=stream,
            )
        )
    return sum(isinstance(result, Appended) and not result.repeated for result in work.commit())
