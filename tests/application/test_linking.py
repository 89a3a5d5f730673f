"""Admins say which authors are one person, and whose money an account trades."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from application.desk import Desk, Work
from application.linking import link_traders, name_owner, unlink_trader
from application.ports import Conflict, Forbidden, NotFound
from domain.accounts import Account, AccountOwnerNamed, account_stream
from domain.approvals import Role
from domain.shared import Impossible, InvalidInput
from domain.traders import Trader, TraderLinked, TraderUnlinked
from tests.application.acts import ADA, command, last, member, names
from tests.application.conftest import NOON


def known(desk: Desk, *authors: str) -> list[UUID]:
    work = Work(desk)
    made = [
        work.begin(Trader.register(platform="discord", author_id=author, name=author, at=NOON))
        for author in authors
    ]
    work.begin(Account.open(name="own", broker="paper", cash=Decimal(1000), at=NOON))
    work.save(command())
    work.commit()
    return [trader.id for trader in made]


def link(desk: Desk, trader: UUID, to: UUID, *, version: int | None = None) -> None:
    link_traders(
        desk, command(trader, to), ADA, trader=trader, to=to, reason="one phone",
        expected_version=version,
    )  # fmt: skip


def test_an_admin_links_two_traders_and_takes_it_back(desk: Desk) -> None:
    nora, other = known(desk, "nora", "other")
    link_traders(
        desk, command(other, nora), ADA, trader=other, to=nora, reason="one phone",
        evidence=("their words",), expected_version=1,
    )  # fmt: skip
    told = last(desk, TraderLinked)
    assert (told.to, told.reason, told.evidence, told.by) == (
        nora, "one phone", ("their words",), "ada",
    )  # fmt: skip
    unlink_trader(desk, command(other), ADA, trader=other, reason="a shared phone")
    assert last(desk, TraderUnlinked).to == nora
    link(desk, other, nora)


def test_links_lead_nowhere_twice(desk: Desk) -> None:
    a, b, c = known(desk, "a", "b", "c")
    link(desk, a, b)
    link(desk, b, c)
    with pytest.raises(Impossible, match="one person already"):
        link(desk, c, a)
    with pytest.raises(Impossible, match="linked already"):
        link(desk, a, c)
    with pytest.raises(InvalidInput, match="to themselves"):
        link(desk, c, c)


def test_links_are_between_traders_there_are_at_the_version_that_was_seen(desk: Desk) -> None:
    a, b = known(desk, "a", "b")
    with pytest.raises(NotFound, match="there is no trader"):
        link(desk, a, UUID(int=9))
    with pytest.raises(NotFound, match="there is no trader"):
        link(desk, UUID(int=9), a)
    with pytest.raises(Conflict, match="look again"):
        link(desk, a, b, version=2)
    with pytest.raises(Impossible, match="linked to nobody"):
        unlink_trader(desk, command(a), ADA, trader=a, reason="none")


def test_an_account_is_told_whose_it_is(desk: Desk) -> None:
    (nora,) = known(desk, "nora")
    name_owner(desk, command(nora), ADA, account="own", owner=nora, reason="their name on it")
    told = last(desk, AccountOwnerNamed)
    assert (told.account, told.owner, told.by) == ("own", nora, "ada")
    assert told.originator_id == account_stream("own")
    with pytest.raises(NotFound, match="there is no account"):
        name_owner(desk, command(), ADA, account="none", owner=nora, reason="so")
    with pytest.raises(NotFound, match="there is no trader"):
        name_owner(desk, command(), ADA, account="own", owner=UUID(int=9), reason="so")


def test_only_admins_say_who_is_who(desk: Desk) -> None:
    nora, other = known(desk, "nora", "other")
    who = member("rob", Role.APPROVER, Role.TRADER)
    before = names(desk)
    with pytest.raises(Forbidden, match="may not administer"):
        link_traders(desk, command(), who, trader=other, to=nora, reason="so")
    with pytest.raises(Forbidden, match="may not administer"):
        unlink_trader(desk, command(), who, trader=other, reason="so")
    with pytest.raises(Forbidden, match="may not administer"):
        name_owner(desk, command(), who, account="own", owner=nora, reason="so")
    assert names(desk) == before
