"""Guarding: an admin gives a holding other levels than its trader did."""

from __future__ import annotations

from uuid import UUID

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from application.selling import guard_by
from domain.exit_terms import Levels
from domain.exits import ExitPlan, exit_plan_stream
from domain.shared import InvalidInput


def change_levels(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    trade: UUID,
    levels: Levels,
    expected_version: int | None = None,
) -> Outcome:
    """Guards what an account holds for a trade by these levels; orders of the old ones are taken
    back. What the trader moves later counts again.

    Raises:
        Forbidden, NotFound: who asks or what is asked for cannot be.
        Conflict: its plan has moved on since the member looked.
        InvalidInput: the levels cannot guard it, or are its levels already.
        Impossible: nothing is held any more.
    """
    member.require("administer")

    def decide(work: Work) -> ExitPlan:
        stream = exit_plan_stream(account, trade)
        plan = work.get(ExitPlan, stream, expected_version=expected_version)
        if not guard_by(work, plan, levels, by=member.name, at=command.at):
            raise InvalidInput("these are the levels already")
        return plan

    return desk.run(command, decide)
