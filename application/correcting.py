"""Correcting: a recorded mistake put right by an event on the stream it is about.

One person asks, another one approves; what is asked for by the program itself, because an author
edited a message or a better reader read it, takes one person. Approval, corrective event and the
end of the request are stored together.
"""

from __future__ import annotations

from copy import deepcopy
from uuid import UUID

import msgspec

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from application.ports import Forbidden
from application.putting_right import (
    Change,
    Record,
    described,
    post_instead,
    put_record_right,
    record_of,
)
from domain.corrections import Correction
from domain.signals import Signal

__all__ = [
    "Change", "apply_correction", "asked", "decided", "post_instead", "put_right",
    "refuse_correction", "rehearsed", "rehearsed_approval", "request_correction",
]  # fmt: skip


def request_correction(
    desk: Desk,
    command: Command,
    member: Member,
    change: Change,
    *,
    expected_version: int | None = None,
) -> Outcome:
    """Asks for a correction, which another person approves or refuses; nothing changes by it.

    Raises:
        Forbidden: the member may not ask, or only for their own signals.
        NotFound, Conflict: no such target, or it changed since the member looked.
        InvalidInput, Impossible: it is none, or as the target's own rules say by now.
    """
    member.require("request_correction")
    change = msgspec.structs.replace(change, reason=change.reason.strip())

    def decide(work: Work) -> Correction:
        record = record_of(work, change.target, change.stream, expected_version)
        _require_own(member, record)
        correction = asked(command.id, change, record, member.name, member.person, command)
        # What could not be applied now is said to whoever asks, not to whoever approves it.
        trial, copy = Work(desk), deepcopy(record)
        put_record_right(trial, copy, change, correction.id, member.name, command)
        return work.begin(correction)

    return desk.run(msgspec.structs.replace(command, correlation=change.stream), decide)


def _require_own(member: Member, record: Record) -> None:
    """Traders ask for corrections of what they said themselves."""
    is_own = isinstance(record, Signal) and str(record.trader) == member.trader
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
    expected_target: int | None = None,
) -> Outcome:
    """Says yes to what somebody else asked for: its target gets the corrective event.

    The versions are those of the request and of its target that the member saw.

    Raises:
        Forbidden: the member may not correct.
        OwnRequestRefused: they asked for it themselves.
        NotFound, Conflict: no such request, or it or its target changed since the member looked.
        InvalidInput, Impossible: it is decided, or as the target's own rules say.
    """
    member.require("correct")

    def decide(work: Work) -> Correction:
        request = work.get(Correction, correction, expected_version=expected_version)
        decided(work, request, member.name, member.person, command, expected_target)
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
    """Says no to a requested correction, with a reason; who asked for it may take it back so.

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
    member: Member,
    command: Command,
    *,
    asker: str,
    closes: bool = True,
) -> None:
    """Says yes to what the program asks for, as part of a greater command; without `closes` a
    trade of which nothing is left open is the caller's to close.

    Raises:
        NotFound: there is no such target.
        InvalidInput, Impossible: as the target's own rules say.
    """
    record = record_of(work, change.target, change.stream)
    work.take(record)
    request = work.begin(asked(correction, change, record, asker, f"program:{asker}", command))
    work.take(request)
    decided(work, request, member.name, member.person, command, closes=closes)
    work.take(request)


def asked(
    correction: UUID, change: Change, record: Record, by: str, person: str, command: Command
) -> Correction:
    """The request for a change.

    Raises:
        InvalidInput: no reason, or what is asked for puts nothing right.
    """
    return Correction.request(
        id=correction,
        target=change.target,
        target_stream=change.stream,
        target_version=record.version,
        wanted=described(record, change).wanted,
        reason=change.reason,
        by=by,
        person=person,
        at=command.at,
    )


def decided(
    work: Work,
    request: Correction,
    by: str,
    person: str,
    command: Command,
    expected_target: int | None = None,
    *,
    closes: bool = True,
) -> None:
    """Has a request approved and applied.

    Raises:
        OwnRequestRefused: who approves asked for it.
        NotFound, Conflict: there is no such target, or it is at another version by now.
        InvalidInput, Impossible: it is decided, or as the target's own rules say.
    """
    request.agree(by=by, person=person, at=command.at)
    change = change_of(request)
    record = record_of(work, change.target, change.stream, expected_target)
    work.take(request)
    put_record_right(work, record, change, request.id, by, command, closes=closes)
    request.apply_to_target(by=by, at=command.at)


def rehearsed(desk: Desk, command: Command, change: Change, by: str) -> Work:
    """What would be on the record if the change were asked for and approved; nobody stores it.

    Raises:
        NotFound: there is no such target.
        InvalidInput, Impossible: it is none, or as the target's own rules say.
    """
    work = Work(desk)
    record = record_of(work, change.target, change.stream)
    request = work.begin(asked(command.id, change, record, by, "asker", command))
    work.take(request)
    decided(work, request, f"whoever approves after {by}", "approver", command)
    return work


def rehearsed_approval(desk: Desk, command: Command, correction: UUID) -> Work:
    """What would be on the record if a request were approved now; nobody stores it.

    Raises:
        NotFound: there is no such request or target.
        InvalidInput, Impossible: it is decided, or as the target's own rules say.
    """
    work = Work(desk)
    request = work.get(Correction, correction)
    decided(work, request, f"whoever approves after {request.by}", "approver", command)
    return work


def require_may_foresee(desk: Desk, member: Member, what: Change | UUID) -> None:
    """Lets the member see what a change or a correction that is asked for would move, if they
    may ask for it: figures of other people's accounts may be among it.

    Raises:
        Forbidden: the member may not ask, or only for their own signals.
        NotFound: there is no such request or target.
    """
    member.require("request_correction")
    work = Work(desk)
    change = change_of(work.get(Correction, what)) if isinstance(what, UUID) else what
    _require_own(member, record_of(work, change.target, change.stream))


def change_of(request: Correction) -> Change:
    """What was asked for."""
    return Change(
        target=request.target,
        stream=request.target_stream,
        reason=request.reason,
        **request.wanted.as_fields(),
    )


def _about(desk: Desk, command: Command, correction: UUID) -> Command:
    """The command, correlated with what the correction is about."""
    known = desk.load([correction]).get(correction)
    about = known.target_stream if isinstance(known, Correction) else correction
    return msgspec.structs.replace(command, correlation=about)
