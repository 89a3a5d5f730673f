"""Nothing approves a signal but a member: no reaction, timer, adapter or late booking can."""

from __future__ import annotations

import ast

from domain.approvals import Role
from tests.architecture.source import PACKAGES, modules


def called(tree: ast.AST) -> set[str]:
    """What is called in a module, by the last part of its name, and what its imports name."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            of = node.func
            names.add(of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", ""))
    return names


def imported(tree: ast.AST) -> set[str]:
    return {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_a_yes_is_recorded_in_one_place() -> None:
    naming = {
        name
        for name, tree in modules(*PACKAGES)
        if "domain.signal_events.SignalApproved" in imported(tree)
        and not name.startswith("projections/")
    }
    # Trading follows what was approved; the aggregate records it.
    assert naming == {
        "application/checks.py",
        "application/trading.py",
        "domain/signal_decisions.py",
    }


def test_only_the_command_of_a_member_says_it() -> None:
    saying = {
        name for name, tree in modules("application", "adapters") if "approve" in called(tree)
    }
    assert saying == {"application/approving.py"}


def test_no_reaction_or_timer_gives_the_command() -> None:
    giving = {
        name
        for name, tree in modules(*PACKAGES)
        if "application.approving.approve" in imported(tree)
    }
    assert all(name.startswith("interfaces/") for name in giving), giving
    assert not giving & {"interfaces/timers.py", "interfaces/compose/house.py"}


def test_a_role_to_approve_is_held_by_people_and_by_whoever_runs_the_program() -> None:
    made = {
        name
        for name, tree in modules(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Role"
        and node.attr in (Role.APPROVER.name, Role.ADMIN.name)
        and name.startswith(("application/", "adapters/"))
    }
    assert made == {"application/access.py"}
