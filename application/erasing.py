"""Erasing: a person's words are kept for a legal matter, or never read again.

A subject is a person on a platform, known here by the id of the key that their words are sealed
under. Who that is stays with whoever asks: no event says it.
"""

from __future__ import annotations

from uuid import UUID

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from domain.subjects import Subject


def place_hold(
    desk: Desk, command: Command, member: Member, *, subject: UUID, matter: str
) -> Outcome:
    """Keeps what a person said for a legal matter, whoever asks for its erasure.

    Raises:
        Forbidden, InvalidInput, Conflict: who asks or what is asked for cannot be.
        Impossible: it is kept for that matter already, or the person was erased.
    """
    member.require("administer")

    def decide(work: Work) -> Subject:
        found = _opened(work, subject, command)
        found.place_hold(matter, by=member.name, at=command.at)
        return found

    return desk.run(command, decide)


def lift_hold(
    desk: Desk, command: Command, member: Member, *, subject: UUID, matter: str, reason: str
) -> Outcome:
    """Says that a legal matter needs a person's words no more.

    Raises:
        Forbidden, InvalidInput, NotFound, Conflict: who asks or what is asked for cannot be.
        Impossible: there is no such hold.
    """
    member.require("administer")

    def decide(work: Work) -> Subject:
        found = work.get(Subject, subject)
        found.lift_hold(matter, reason=reason, by=member.name, at=command.at)
        return found

    return desk.run(command, decide)


def erase(desk: Desk, command: Command, member: Member, *, subject: UUID, reason: str) -> Outcome:
    """Destroys a person's key with the event that says so: nobody reads their words again.

    What was made of them stays until it is made anew; that is for whoever calls this.

    Raises:
        Forbidden, InvalidInput, Conflict: who asks or what is asked for cannot be.
        UnderHold: a legal matter needs them.
        Impossible: the person was erased already.
        PortRefused: the database sees a hold, or no key, that this program did not.
    """
    member.require("administer")

    def decide(work: Work) -> Subject:
        found = _opened(work, subject, command)
        found.erase(reason=reason, by=member.name, at=command.at)
        return found

    return desk.run(command, decide)


def _opened(work: Work, subject: UUID, command: Command) -> Subject:
    return work.find(Subject, subject) or work.begin(Subject.open(subject, at=command.at))
