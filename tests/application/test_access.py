"""Which roles may give which command; roles do not include each other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.access import LOCAL_OPERATOR, MAY, Member
from application.ports import Forbidden
from domain.approvals import TO_APPROVE, TO_REJECT, ApprovalRequest, Role, check
from domain.fix import Side
from domain.shared import Refused
from tests.application.acts import NORA, member
from tests.application.conftest import NOON

EVERYBODY = frozenset(Role)
DECIDING = frozenset({Role.APPROVER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

WRITTEN_OUT = {
    "read": EVERYBODY,
    "capture": ADMINS,
    "approve": DECIDING,
    "reject": DECIDING,
    "place_order": ADMINS,
    "close_position": DECIDING,
    "request_correction": frozenset({Role.TRADER, Role.APPROVER, Role.ADMIN}),
    "correct": ADMINS,
    "mark": ADMINS,
    "administer": ADMINS,
    "audit": frozenset({Role.AUDITOR, Role.ADMIN}),
}

commands = st.sampled_from(sorted(MAY))
roles = st.frozensets(st.sampled_from(Role))


def may(who: Member, command: str) -> bool:
    try:
        who.require(command)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize("command", sorted(MAY))
def test_each_command_is_for_the_roles_that_are_written_out(command: str) -> None:
    assert {role for role in Role if may(member("x", role), command)} == WRITTEN_OUT[command]


def test_no_command_is_left_out() -> None:
    assert MAY.keys() == WRITTEN_OUT.keys()


@given(roles, commands)
def test_who_has_several_roles_may_what_any_of_them_may(
    held: frozenset[Role], command: str
) -> None:
    each = [may(member("x", role), command) for role in held]
    assert may(member("x", *held), command) == any(each)


@pytest.mark.parametrize("command", sorted(MAY))
def test_who_has_no_role_may_nothing(command: str) -> None:
    assert not may(member("x"), command)


def test_a_refusal_says_who_may_not_what_and_which_role_it_takes() -> None:
    with pytest.raises(Forbidden) as refusal:
        member("rob", Role.READER).require("place_order")
    assert str(refusal.value) == "rob may not place order: that takes admin"
    with pytest.raises(Forbidden, match="that takes admin or approver"):
        member("rob", Role.READER).require("approve")
    assert refusal.value.code == "forbidden"


@given(roles, st.sampled_from([("approve", TO_APPROVE), ("reject", TO_REJECT)]))
def test_the_policies_of_a_signal_let_the_same_roles_decide(
    held: frozenset[Role], how: tuple[str, tuple]
) -> None:
    command, policies = how
    who = member("x", *held)
    request = ApprovalRequest(
        approver=who.approver,
        trader=str(NORA),
        valid_until=None,
        at=NOON,
        side=Side.BUY,
        posted_px=Decimal(1),
    )
    if may(who, command):
        check(policies, request)
    else:
        with pytest.raises(Refused):
            check(policies, request)


def test_events_name_a_member_apart_from_what_the_house_does_itself() -> None:
    assert member("dana", Role.APPROVER).actor == "member:dana"


def test_an_approver_is_the_member_with_the_trader_they_are() -> None:
    approver = member("nora", Role.TRADER, Role.APPROVER, trader=NORA).approver
    assert approver.name == "nora"
    assert approver.roles == {Role.TRADER, Role.APPROVER}
    assert approver.trader == str(NORA)


def test_whoever_can_start_the_program_may_everything() -> None:
    assert all(may(LOCAL_OPERATOR, command) for command in MAY)
