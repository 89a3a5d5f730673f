"""Whatever can be asked can be asked as of then; what cannot is named here with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli.app import COMMANDS, loaded
from interfaces.graphql.schema import SCHEMA
from tests.interfaces.shell import Shell

ACTS = "it records something"
RUNS = "it runs, or keeps the house in order"
MOMENT = "it is about this very moment"
OUTSIDE = "it looks at something other than the record"

COMMANDS_WITHOUT = {
    **dict.fromkeys(
        (
            "link", "unlink", "owner", "approve", "reject", "correct", "order", "cancel", "replace",
            "levels", "halt", "resume", "close-all", "reconcile", "room", "account", "adjust",
            "rules publish", "import chat", "import market", "import account", "market record",
            "log seal", "log index", "token issue", "token revoke", "fsck", "subject hold",
            "subject release", "subject erase", "subject clean",
        ),
        ACTS,
    ),
    **dict.fromkeys(("demo", "serve", "work", "bot", "witness", "rebuild"), RUNS),
    "status": MOMENT,
    "reread": "it reads every message again by the grammar of now",
    "parse": OUTSIDE,
    "market check": OUTSIDE,
    "market chain": OUTSIDE,
    "discord check": OUTSIDE,
    "log keys": "the log has the same keys all along",
    "log prove": "a proof is by the last checkpoint, which covers all that came before",
    "export": "a bundle has a story whole: each event says when it was recorded",
    "replay": "it takes --until",
}  # fmt: skip

FIELDS_WITHOUT = {
    "previewCorrection": "it tells what a correction would move now",
    "positionAt": "it tells which position asOf means",
    "status": MOMENT,
    "proof": "a proof is by the last checkpoint, which covers all that came before",
}


def commands(name: str, command: Any) -> Iterator[tuple[str, set[str]]]:
    """Every command under a name, with its options."""
    below = getattr(command, "commands", {})
    for part, one in below.items():
        yield from commands(f"{name} {part}", one)
    if not below or command.invoke_without_command:
        yield name, {parameter.name for parameter in command.params}


def test_every_command_that_shows_what_is_on_record_takes_as_of() -> None:
    found = [one for name in COMMANDS for one in commands(name, loaded(name))]
    without = {name for name, options in found if "as_of" not in options}
    assert without == COMMANDS_WITHOUT.keys()


def test_every_query_of_the_schema_takes_as_of() -> None:
    query = SCHEMA._schema.query_type
    assert query is not None
    without = {name for name, field in query.fields.items() if "asOf" not in field.args}
    assert without == FIELDS_WITHOUT.keys()


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    urls = {"TRUETAPE_DATABASE_URL": database_url, "TRUETAPE_REDIS_URL": redis_url}
    return Shell(tmp_path, COLUMNS="160", **urls)


def head(shell: Shell) -> str:
    return str(shell("status", "--json").json["head"])


def test_limits_are_shown_as_they_were(shell: Shell) -> None:
    shell("limits", "--set", "daily_trades=5")
    then = head(shell)
    shell("limits", "--set", "daily_trades=7")
    asked: list[tuple[str, ...]] = [("--as-of", "0"), ("--as-of", then), ()]
    found = [shell("limits", "--json", *words).json.get("daily_trades") for words in asked]
    assert found == [None, 5, 7]
    both = shell("limits", "--set", "daily_trades=9", "--as-of", then)
    assert both.code == 2
    assert "--set goes without --as-of" in " ".join(both.err.split())


def test_risk_is_shown_as_it_was_recorded_and_nothing_is_weighed(shell: Shell) -> None:
    shell("risk")
    shell("halt", "paper", "--reason", "a storm")
    then = head(shell)
    shell("resume", "paper", "--reason", "it is over")
    before = head(shell)
    assert "paper halted: a storm" in shell("risk", "--as-of", then).out
    assert "halted" not in shell("risk", "paper", "--as-of", before).out
    (state,) = shell("risk", "--as-of", then, "--json").json["accounts"]
    assert (state["account"], state["halted"]) == ("paper", True)
    assert "nobody watched an account moon then" in shell.refused("risk", "moon", "--as-of", then)
    assert head(shell) == before


def test_what_was_guarded_and_signed_is_shown_as_it_was(shell: Shell) -> None:
    then = head(shell)
    sealed = shell("log", "seal", "--json").json["size"]
    assert shell("exits", "--as-of", then, "--json").json == []
    assert "there is no account paper" in shell.refused("exits", "paper", "--as-of", "0")
    assert shell("log", "status", "--json").json["checkpoint"]["size"] == sealed
    assert shell("log", "status", "--as-of", then, "--json").json["checkpoint"] is None


def test_what_has_not_come_is_refused(shell: Shell) -> None:
    ahead = str(int(head(shell)) + 1)
    assert f"position {ahead} is not reached: the tape ends" in shell.refused(
        "signals", "--as-of", ahead
    )
    assert "2999-01-01 is in the future" in shell.refused("signals", "--as-of", "2999-01-01")
    wrong = shell("signals", "--as-of", "yesterday")
    assert wrong.code == 2
    assert "neither a position of the tape nor a moment" in " ".join(wrong.err.split())
