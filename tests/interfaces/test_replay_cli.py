"""Time travel at the command line: by position, by moment, and from the events alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.postgres import PROJECTOR_ROLE, connect
from tests.interfaces.shell import Shell


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, TRUETAPE_DATABASE_URL=database_url, TRUETAPE_REDIS_URL=redis_url)


def test_a_replay_agrees_and_ends_with_0(shell: Shell) -> None:
    replayed = shell("replay", "--json")
    assert (replayed.code, replayed.json["agrees"]) == (0, True)
    assert {"positions", "book_days", "timeline"} <= {t["table"] for t in replayed.json["tables"]}
    assert "replayed to position" in shell("replay", "accounts").out


def test_a_stored_row_that_is_something_else_ends_with_1(shell: Shell, database_url: str) -> None:
    assert shell("replay", "accounts").code == 0
    with connect(database_url, role=PROJECTOR_ROLE) as connection:
        connection.execute("UPDATE read.accounts SET name = 'another'")
    replayed = shell("replay", "accounts")
    assert replayed.code == 1
    assert "not what the events make: accounts" in replayed.err


def test_a_moment_stands_for_the_last_position_before_it(shell: Shell) -> None:
    head = shell("status", "--json").json["head"]
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat()
    assert shell("account", "second", "--cash", "1000").code == 0
    assert shell("replay", "--until", moment, "accounts", "--json").json["until"] == head
    assert shell("replay", "accounts", "--json").json["until"] > head
    assert shell("replay", "--until", "2020-01-01", "accounts", "--json").json["until"] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("replay", "--until", "yesterday"), "neither a position of the tape nor a moment"),
        (("replay", "gossip"), "no read model is called gossip"),
    ],
)
def test_what_is_no_place_or_model_is_told(shell: Shell, words: tuple[str, ...], told: str) -> None:
    said = shell(*words)
    assert said.code == 2
    assert told in " ".join(said.err.replace("│", " ").split())


def test_a_position_that_is_not_there_is_refused(shell: Shell) -> None:
    assert "position 100000 is not reached" in shell.refused("replay", "--until", "100000")
