"""Who may decide on a signal: each policy alone, and which reason is heard first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approvals import (
    TO_APPROVE,
    TO_REJECT,
    ApprovalRequest,
    Approver,
    NotAnApprover,
    Policy,
    Role,
    SelfApprovalRefused,
    SignalLapsed,
    check,
    holds_the_role,
    is_not_the_trader,
    is_still_valid,
)
from domain.fix import Side
from domain.shared import Refused

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


def request(
    *roles: Role,
    trader: str = "",
    valid_until: datetime | None = NOON,
    at: datetime = NOON,
) -> ApprovalRequest:
    """Olga decides on a signal of Nora's at noon."""
    return ApprovalRequest(
        approver=Approver(name="olga", roles=frozenset(roles), trader=trader),
        trader="nora",
        valid_until=valid_until,
        at=at,
        side=Side.BUY,
        posted_px=Decimal("5.50"),
    )


@pytest.mark.parametrize("role", [Role.APPROVER, Role.ADMIN])
def test_approvers_and_admins_decide(role: Role) -> None:
    check(TO_APPROVE, request(role))
    check(TO_REJECT, request(role))


@pytest.mark.parametrize("policies", [TO_APPROVE, TO_REJECT, (holds_the_role,)])
def test_all_other_roles_together_decide_nothing(policies: tuple[Policy, ...]) -> None:
    others = set(Role) - {Role.APPROVER, Role.ADMIN}
    with pytest.raises(NotAnApprover, match="olga is no approver: ask an admin for the role"):
        check(policies, request(*others))


def test_nobody_approves_their_own_signal_not_even_an_admin() -> None:
    with pytest.raises(SelfApprovalRefused, match="somebody else has to approve it"):
        is_not_the_trader(request(Role.ADMIN, trader="nora"))
    is_not_the_trader(request(Role.ADMIN, trader="max"))


def test_whoever_posted_it_may_turn_it_down_and_at_any_time() -> None:
    late = NOON + timedelta(days=1)
    check(TO_REJECT, request(Role.APPROVER, trader="nora", at=late))


def test_it_is_approved_up_to_its_last_moment() -> None:
    is_still_valid(request())
    is_still_valid(request(valid_until=None, at=NOON + timedelta(days=1000)))
    with pytest.raises(SignalLapsed, match="could be approved until 2026-11-16 17:00:00 UTC"):
        is_still_valid(request(at=NOON + timedelta(microseconds=1)))


def test_the_first_reason_is_the_one_that_is_heard() -> None:
    late = NOON + timedelta(hours=1)
    with pytest.raises(NotAnApprover):
        check(TO_APPROVE, request(trader="nora", at=late))
    with pytest.raises(SelfApprovalRefused):
        check(TO_APPROVE, request(Role.APPROVER, trader="nora", at=late))
    with pytest.raises(SignalLapsed):
        check(TO_APPROVE, request(Role.APPROVER, at=late))


def test_each_refusal_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in (NotAnApprover, SelfApprovalRefused, SignalLapsed, Refused)]
    assert len(set(codes)) == 4


@given(
    st.sets(st.sampled_from(Role)),
    st.sampled_from(["", "nora", "max"]),
    st.none() | st.integers(-60, 60),
)
def test_a_yes_takes_the_role_another_trader_and_time(
    roles: set[Role], trader: str, minutes_left: int | None
) -> None:
    until = None if minutes_left is None else NOON + timedelta(minutes=minutes_left)
    asked = request(*roles, trader=trader, valid_until=until)
    may = bool(roles & {Role.APPROVER, Role.ADMIN})
    fits = trader != "nora" and (minutes_left is None or minutes_left >= 0)
    assert refuses(asked, yes=True) is not (may and fits)
    assert refuses(asked, yes=False) is not may


def refuses(asked: ApprovalRequest, *, yes: bool) -> bool:
    try:
        check(TO_APPROVE if yes else TO_REJECT, asked)
    except Refused:
        return True
    return False
