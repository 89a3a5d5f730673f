"""Limiting: what accounts may do, and stopping all of it at once.

Limits and sectors are set by an admin; other parts read them with `limits_of` and `sectors_of`
inside their own work, so that what they decide rests on the limits of that very moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from domain.accounts import Account, account_stream
from domain.limits import AccountLimits, Limits, limits_stream
from domain.risk import AccountRisk
from domain.risk_events import HaltCause, risk_stream
from domain.sectors import SECTORS_STREAM, Classified, Sectors, SectorTable
from domain.shared import Impossible, InvalidInput


def limits_of(work: Work, account: str) -> Limits:
    """The limits of an account: its own, or those that everybody begins with."""
    own = work.find(AccountLimits, limits_stream(account))
    return Limits() if own is None else own.limits


def sectors_of(work: Work) -> Sectors:
    """Which sector each underlying is in."""
    own = work.find(SectorTable, SECTORS_STREAM)
    return Sectors(None if own is None else own.own)


def risk_of(work: Work, account: str) -> AccountRisk | None:
    """What is known of an account's risk; None while nothing ever was."""
    return work.find(AccountRisk, risk_stream(account))


def set_limits(
    desk: Desk, command: Command, member: Member, *, account: str, limits: Limits
) -> Outcome:
    """Gives an account its limits, or other ones.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
    """
    return _limit(desk, command, member, account, lambda _: limits)


def change_limits(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    changes: Mapping[str, object],
    expected_version: int | None = None,
) -> Outcome:
    """Changes some limits of an account, by their names; the others stay what they are.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
        Conflict: the limits were changed since the member looked; none were ever set at 0.
    """
    unknown = sorted(set(changes) - set(Limits.__struct_fields__))
    if unknown:
        raise InvalidInput(f"there is no limit {' or '.join(unknown)}")

    def changed(known: Limits) -> Limits:
        return msgspec.structs.replace(known, **changes)

    return _limit(desk, command, member, account, changed, expected_version)


def _limit(
    desk: Desk,
    command: Command,
    member: Member,
    account: str,
    wanted: Callable[[Limits], Limits],
    expected_version: int | None = None,
) -> Outcome:
    member.require("administer")

    def decide(work: Work) -> AccountLimits:
        work.get(Account, account_stream(account))
        known = work.expect(AccountLimits, limits_stream(account), expected_version)
        if known is None:
            limits = wanted(Limits())
            return work.begin(
                AccountLimits.set(account=account, limits=limits, by=member.name, at=command.at)
            )
        known.change(wanted(known.limits), by=member.name, at=command.at)
        return known

    return desk.run(command, decide)


def set_sectors(
    desk: Desk, command: Command, member: Member, *, classified: Sequence[Classified]
) -> Outcome:
    """Says which sectors underlyings are in; what is not named stays as it is.

    Raises:
        Forbidden, InvalidInput: who asks or what is asked for cannot be.
    """
    member.require("administer")

    def decide(work: Work) -> SectorTable:
        known = work.find(SectorTable, SECTORS_STREAM)
        if known is None:
            return work.begin(SectorTable.set(classified, by=member.name, at=command.at))
        known.change(classified, by=member.name, at=command.at)
        return known

    return desk.run(command, decide)


def halt_trading(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    reason: str,
    expected_version: int | None = None,
) -> Outcome:
    """Stops an account from opening anything; open orders that would are asked back, exits go on.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
        Conflict: its risk has moved on since the member looked; nobody has looked at it at 0.
        Impossible: it is halted already.
    """
    member.require("administer")

    def decide(work: Work) -> AccountRisk:
        work.get(Account, account_stream(account))
        work.expect(AccountRisk, risk_stream(account), expected_version)
        watched = watched_risk(work, command, account)
        watched.halt(HaltCause.ADMIN, reason, by=member.name, at=command.at)
        return watched

    return desk.run(command, decide)


def resume_trading(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    reason: str,
    expected_version: int | None = None,
) -> Outcome:
    """Lets an account open positions again; the loss that halts counts from here anew.

    Raises:
        Forbidden, NotFound, InvalidInput: who asks or what is asked for cannot be.
        Conflict: its risk has moved on since the member looked.
        Impossible: it is not halted.
    """
    member.require("administer")

    def decide(work: Work) -> AccountRisk:
        work.get(Account, account_stream(account))
        watched = work.expect(AccountRisk, risk_stream(account), expected_version)
        if watched is None:
            raise Impossible(f"trading of {account} is not halted")
        watched.resume(reason, by=member.name, at=command.at)
        return watched

    return desk.run(command, decide)


def watched_risk(work: Work, command: Command, account: str) -> AccountRisk:
    """The risk of an account, which is watched from now on if it was not."""
    known = risk_of(work, account)
    return known or work.begin(AccountRisk.watch(account, at=command.at))
