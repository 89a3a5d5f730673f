"""At a prompt: who is one person, what deserves a second look, and a board that is frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.embedded import Servers
from tests.conftest import NewDatabase
from tests.interfaces.shell import Shell

THEN = (datetime.now(UTC) - timedelta(days=4)).replace(hour=16, minute=0, second=0, microsecond=0)
DAY = f"{THEN:%Y-%m-%d}"
EXPIRY = (THEN + timedelta(days=45)).date()
CALL = f"TSLA{EXPIRY:%y%m%d}C00250000"


def chat(folder: Path) -> Path:
    """Nora buys calls, of which more than are offered; Zed buys puts meanwhile."""
    told = [
        ("77", "Nora", 0, f"BTO 50 TSLA {EXPIRY:%m/%d/%y} 250c @ 2.30"),
        ("78", "Zed", 1, f"BTO 2 TSLA {EXPIRY:%m/%d/%y} 240p @ 1.10"),
        ("77", "Nora", 9, f"STC 50 TSLA {EXPIRY:%m/%d/%y} 250c @ 3.30"),
    ]
    messages = [
        {
            "id": str(1000 + number),
            "type": "Default",
            "timestamp": (THEN + timedelta(minutes=minutes)).isoformat(),
            "content": words,
            "author": {"id": author, "name": name.lower(), "nickname": name},
            "embeds": [],
        }
        for number, (author, name, minutes, words) in enumerate(told)
    ]
    file = folder / "options.json"
    file.write_text(json.dumps({"channel": {"id": "5", "name": "options"}, "messages": messages}))
    return file


@pytest.fixture(scope="module")
def shell(
    new_database: NewDatabase, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("cli")
    with new_database() as url:
        shell = Shell(folder, TRUETAPE_DATABASE_URL=url, TRUETAPE_REDIS_URL=servers.redis_url)
        quotes = folder / "quotes.csv"
        lines = [
            f"{CALL},{(THEN + timedelta(minutes=minutes)).isoformat()},{bid},{offer},9,9"
            for minutes, bid, offer in ((0, "2.25", "2.30"), (9, "3.30", "3.35"))
        ]
        quotes.write_text("\n".join(["symbol,time,bid,offer,bid_size,offer_size", *lines]))
        assert shell("import", "market", str(quotes)).code == 0
        assert shell("import", "chat", str(chat(folder))).code == 0
        yield shell


def test_more_than_was_offered_is_flagged_and_counts_in_dollars_as_far_as_it_was(
    shell: Shell,
) -> None:
    (flag,) = shell("flags", "--json").json
    assert (flag["name"], flag["kind"], flag["posted"], flag["quoted"]) == (
        "Nora", "size", "50", "9",
    )  # fmt: skip
    assert "its dollars count up to that" in " ".join(shell("flags").out.split())
    board = shell("leaderboard", "--json").json["standings"]
    assert {row["name"]: float(row["pnl"]) for row in board}["Nora"] == 900
    assert shell("flags", "--kind", "opposite").out.strip() == "nothing deserves a second look"


def test_who_is_linked_is_one_line_with_a_mark_until_unlinked(shell: Shell) -> None:
    why = ("--reason", "one phone")
    said = shell("link", "zed", "--to", "nora", *why, "--evidence", "ip", "--json")
    assert said.code == 0
    (linked,) = shell("people", "--json").json["links"]
    assert (linked["name"], linked["to"], linked["by"]) == ("Zed", "Nora", "olga")
    assert "one phone" in shell("people").out
    assert [row["kind"] for row in shell("flags", "--trader", "zed", "--json").json] == ["opposite"]
    board = shell("leaderboard", COLUMNS="160").out
    assert "⚑2" in board
    assert "Zed" not in board
    assert "⚑: trades that deserve a second look" in board
    page = shell("trader", "nora", "--json").json
    assert {flag["kind"] for flag in page["flags"]} == {"size", "opposite"}
    assert "of the same person" in " ".join(shell("trader", "nora").out.split())
    assert "linked already" in shell.refused("link", "zed", "--to", "nora", *why)
    assert shell("unlink", "zed", "--reason", "brothers").code == 0
    assert shell("people").out.startswith("no traders are linked")


def test_an_account_is_somebody_s_or_nobody_s(shell: Shell) -> None:
    assert "say whose it is" in shell.refused("owner", "paper", "--reason", "so")
    assert shell("owner", "paper", "--trader", "nora", "--reason", "her name").code == 0
    (owned,) = shell("people", "--json").json["accounts"]
    assert (owned["name"], owned["owner_name"]) == ("paper", "Nora")
    assert "her name" in shell("people").out
    assert shell("owner", "paper", "--nobody", "--reason", "sold").code == 0


def test_a_board_is_frozen_and_shown_as_it_was(shell: Shell) -> None:
    wanted = ("leaderboard", "--window", "day", "--by", "pnl", "--at", DAY)
    assert shell("leaderboard", "--frozen").out.startswith("no board is frozen")
    assert shell(*wanted, "--freeze").code == 0
    assert "is frozen already" in shell.refused(*wanted, "--freeze")
    assert "can be frozen on the day after" in shell.refused(
        "leaderboard", "--window", "day", "--freeze"
    )
    (listed,) = shell("leaderboard", "--frozen", "--json").json
    assert (listed["window"], listed["ordered_by"], listed["first_day"]) == ("day", "pnl", DAY)
    found = shell("leaderboard", "--frozen", listed["board"][:8], "--json").json
    assert (found["is_whole"], found["is_same"]) == (True, True)
    assert [row["name"] for row in found["standings"]] == ["Nora", "Zed"]
    text = json.dumps(found["standings"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == listed["sha256"]
    shown = shell("leaderboard", "--frozen", listed["board"][:8]).out
    assert f"day {DAY} to {DAY}, by pnl" in shown
    assert "computed anew they are the same" in " ".join(shown.split())
    assert shell("leaderboard", "abcd").code == 2
    assert "there is no frozen board" in shell.refused("leaderboard", "--frozen", "abcd1234")
