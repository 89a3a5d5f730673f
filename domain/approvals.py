"""Who may approve a signal: named policy functions, each refusing in words.

A policy looks at the application for approval and raises a `Refused`; the signal runs them
in order, so the first reason is the one the person hears.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from domain.shared import DomainError, Refused, Value


class Role(StrEnum):
    """What a member may do; roles do not include each other, except that admins may all."""

    READER = "reader"
    TRADER = "trader"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"


class NotAnApprover(Refused):
    """The member's role does not let them decide on signals."""

    code = "not_an_approver"


class SelfApprovalRefused(Refused):
    """Nobody approves their own signal."""

    code = "self_approval"


class SignalLapsed(Refused):
    """The time in which the signal could be approved is over."""

    code = "signal_lapsed"


class AlreadyDecided(DomainError):
    """Somebody was faster; the text says who and when."""

    code = "already_decided"


class Approver(Value, frozen=True, kw_only=True):
    """Who decides: a member name, the roles held now, and the trader they are, if any."""

    name: str
    roles: frozenset[Role]
    trader: str = ""


class ApprovalRequest(Value, frozen=True, kw_only=True):
    """What the policies look at."""

    approver: Approver
    trader: str
    valid_until: datetime | None
    at: datetime


Policy = Callable[[ApprovalRequest], None]


def holds_the_role(request: ApprovalRequest) -> None:
    if not request.approver.roles & {Role.APPROVER, Role.ADMIN}:
        raise NotAnApprover(f"{request.approver.name} is no approver: ask an admin for the role")


def is_not_the_trader(request: ApprovalRequest) -> None:
    if request.approver.trader and request.approver.trader == request.trader:
        raise SelfApprovalRefused(f"{request.approver.name} posted this signal: somebody else "
                                  "has to approve it")  # fmt: skip


def is_still_valid(request: ApprovalRequest) -> None:
    if request.valid_until is not None and request.at > request.valid_until:
        until = f"{request.valid_until:%Y-%m-%d %H:%M:%S} UTC"
        raise SignalLapsed(f"this signal could be approved until {until}")


TO_APPROVE: tuple[Policy, ...] = (holds_the_role, is_not_the_trader, is_still_valid)
TO_REJECT: tuple[Policy, ...] = (holds_the_role,)


def check(policies: tuple[Policy, ...], request: ApprovalRequest) -> None:
    """Runs the policies in order.

    Raises:
        Refused: the first policy that says no.
    """
    for policy in policies:
        policy(request)
