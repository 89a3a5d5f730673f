"""Approving: yes or no to a signal, and the end of the time for either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.access import Member
from application.desk import Command, Desk, Outcome, Work, derived_id
from application.ports import Appended
from domain.signal_events import Decision
from domain.signals import Signal


def approve(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    signal: UUID,
    account: str,
    via: str,
    expected_version: int | None = None,
) -> Outcome:
    """Says yes; the order for the account follows by reaction.

    Raises:
        NotFound, Conflict: no such signal, or it changed since the member looked.
        AlreadyDecided, Refused, Impossible: as the signal's policies say.
    """

    def decide(work: Work) -> Signal:
        found = work.get(Signal, signal, expected_version=expected_version)
        found.approve(member.approver, via=via, account=account, at=command.at)
        return found

    return desk.run(command, decide)


def reject(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    signal: UUID,
    reason: str,
    via: str,
    expected_version: int | None = None,
) -> Outcome:
    """Says no, with a reason.

    Raises:
        NotFound, Conflict: no such signal, or it changed since the member looked.
        AlreadyDecided, Refused, InvalidInput: as the signal's policies say.
    """

    def decide(work: Work) -> Signal:
        found = work.get(Signal, signal, expected_version=expected_version)
        found.reject(member.approver, reason=reason, via=via, at=command.at)
        return found

    return desk.run(command, decide)


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
