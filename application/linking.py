"""Linking: which authors are one person, and whose money an account trades."""

from __future__ import annotations

from uuid import UUID

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from application.putting_right import leads_to
from domain.accounts import Account, account_stream
from domain.shared import Impossible
from domain.traders import Trader


def link_traders(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    trader: UUID,
    to: UUID,
    reason: str,
    evidence: tuple[str, ...] = (),
    expected_version: int | None = None,
) -> Outcome:
    """Records that a trader is the same person as another; boards count both as one.

    Raises:
        Forbidden, NotFound, InvalidInput, Conflict: who asks or what is asked for cannot be.
        Impossible: the trader is linked already, or they are one person already.
    """
    member.require("administer")

    def decide(work: Work) -> Trader:
        author = work.get(Trader, trader, expected_version=expected_version)
        other = work.get(Trader, to)
        if to != trader and author.linked_to is None and leads_to(work, other, author):
            raise Impossible(f"{author.name} and {other.name} are one person already")
        author.link(to, reason=reason, evidence=evidence, by=member.name, at=command.at)
        return author

    return desk.run(command, decide)


def unlink_trader(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    trader: UUID,
    reason: str,
    evidence: tuple[str, ...] = (),
    expected_version: int | None = None,
) -> Outcome:
    """Takes a trader's link to another back; both count for themselves again.

    Raises:
        Forbidden, NotFound, InvalidInput, Conflict: who asks or what is asked for cannot be.
        Impossible: the trader is linked to nobody.
    """
    member.require("administer")

    def decide(work: Work) -> Trader:
        author = work.get(Trader, trader, expected_version=expected_version)
        author.unlink(reason=reason, evidence=evidence, by=member.name, at=command.at)
        return author

    return desk.run(command, decide)


def name_owner(
    desk: Desk,
    command: Command,
    member: Member,
    *,
    account: str,
    owner: UUID | None,
    reason: str,
    expected_version: int | None = None,
) -> Outcome:
    """Records whose money an account trades: a trader's, or None for nobody who posts.

    Raises:
        Forbidden, NotFound, InvalidInput, Conflict: who asks or what is asked for cannot be.
        Impossible: that is on record already.
    """
    member.require("administer")

    def decide(work: Work) -> Account:
        if owner is not None:
            work.get(Trader, owner)
        book = work.get(Account, account_stream(account), expected_version=expected_version)
        book.name_owner(owner, reason=reason, by=member.name, at=command.at)
        return book

    return desk.run(command, decide)
