"""Settings of rooms as TOML: how they are read, and what they ask of approvals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from domain.approvals import ApprovalRules
from domain.shared import InvalidInput
from interfaces.room_files import Place, Wanted, read_rooms, read_settings

SPX = """
[rooms.spx]
default_root = "SPX"

[rooms.spx.approvals]
window_s = 3600
second_approver_above = 5000
price_move_limit = 0.05

[rooms.spx.authors.nora]
default_expiry = "weekly"

[rooms.spx.authors.max.approvals]
window_s = 60

[rooms.plain]
"""


def settings(folder: Path, text: str) -> dict[Place, Wanted]:
    file = folder / "rooms.toml"
    file.write_text(text)
    return read_settings(file)


def test_a_room_says_what_it_asks_of_approvals(tmp_path: Path) -> None:
    found = settings(tmp_path, SPX)
    assert found["spx", ""].approvals == ApprovalRules(
        window_s=3600, second_approver_above=Decimal(5000), price_move_limit=Decimal("0.05")
    )
    assert found["spx", ""].room.default_root == "SPX"


def test_a_room_that_says_nothing_of_approvals_keeps_its_rules(tmp_path: Path) -> None:
    assert settings(tmp_path, SPX)["plain", ""].approvals is None


def test_of_the_approvals_an_author_has_only_the_time(tmp_path: Path) -> None:
    found = settings(tmp_path, SPX)
    assert found["spx", "nora"].approvals == ApprovalRules(window_s=3600)
    assert found["spx", "max"].approvals == ApprovalRules(window_s=60)
    assert (found["spx", "nora"].room.default_expiry, found["spx", "nora"].room.default_root) == (
        "weekly", "SPX",
    )  # fmt: skip


def test_reading_needs_no_approvals(tmp_path: Path) -> None:
    found = settings(tmp_path, SPX)
    assert read_rooms(tmp_path / "rooms.toml") == {p: each.room for p, each in found.items()}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[rooms.spx]\napprovals = 3", "rooms.spx.approvals is a table"),
        ("[rooms.spx.approvals]\nsecond = 3", "rooms.spx.approvals: there is no setting 'second'"),
        ("[rooms.spx.approvals]\nwindow_s = 0", "rooms.spx.approvals: the approval window"),
        ("[rooms.spx.approvals]\nsecond_approver_above = -1", "rooms.spx.approvals: a second"),
        ('[rooms.spx.approvals]\nprice_move_limit = "far"', "rooms.spx.approvals: "),
        (
            "[rooms.spx.authors.nora.approvals]\nsecond_approver_above = 1",
            "rooms.spx.authors.nora.approvals: only window_s may be an author's own",
        ),
    ],
)
def test_rules_that_mean_nothing_are_refused_with_their_place(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        settings(tmp_path, text)
    assert told in str(refusal.value)
