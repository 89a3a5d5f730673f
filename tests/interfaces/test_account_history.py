"""`truetape import account`: the history of an account comes in, and again, and is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Command
from interfaces.cli.app import app
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.settings import Settings

D = Decimal
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
ROWS = """id,time,type,symbol,side,quantity,price,amount,commission,order_id
1,2026-03-02T15:00:00Z,fill,TSLA261120C00250000,buy,9,5.52,,6.30,b-1
2,2026-03-03T15:00:00Z,fill,TSLA261120C00250000,sell,4,7.25,,2.80,b-2
3,2026-03-04T15:00:00Z,something new,,,,,1.50,,
"""


class Shell:
    """The command line on a house of the test's own."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            "TRUETAPE_HOME": str(settings.home),
            "TRUETAPE_DATABASE_URL": settings.database_url,
            "TRUETAPE_REDIS_URL": settings.redis_url,
            "COLUMNS": "140",
        }

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, words, env=self._environment)

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, SetClock(NOON)) as house:
        _open(house, "main", "elsewhere")
    return Shell(settings)


def _open(house: House, name: str, broker: str) -> None:
    open_account(
        house.desk, Command.given(uuid4(), actor="member:test", at=NOON), LOCAL_OPERATOR,
        name=name, broker=broker, cash=D(50_000),
    )  # fmt: skip


@pytest.fixture
def history(tmp_path: Path) -> Path:
    file = tmp_path / "history.csv"
    file.write_text(ROWS)
    return file


def test_positions_and_gains_follow_from_the_history(shell: Shell, history: Path) -> None:
    said = shell("import", "account", "main", str(history))
    assert said.exit_code == 0, said.output
    assert "main: 2 fills of 2 new orders, 1 other activities, 0 known already" in said.stdout
    (held,) = shell.json("positions", "--accounts")
    assert (D(held["quantity"]), D(held["average_entry"])) == (D(5), D("5.52"))
    assert (D(held["realised"]), D(held["commission"])) == (D(4) * 173, D("9.10"))


def test_the_same_file_twice_adds_nothing(shell: Shell, history: Path) -> None:
    shell("import", "account", "main", str(history))
    found = shell.json("import", "account", "main", str(history))
    assert found["imported"] == {"orders": 0, "fills": 0, "facts": 0, "known": 3}


def test_bad_rows_are_told_and_the_others_come_in(shell: Shell, history: Path) -> None:
    history.write_text(f"{ROWS}4,2026-03-05,fill,TSLA,hold,1,250,,,\n")
    said = shell("import", "account", "main", str(history))
    assert said.exit_code == 1
    assert "2 fills" in said.stdout
    assert "history.csv:5: left out: 'hold' is no side" in said.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("main",), "give a file, or --from-broker"),
        (("main", "none.csv"), "none.csv cannot be read"),
        (("nobody", "FILE"), "there is no account nobody"),
        (("main", "--from-broker"), "the broker of main is not set up here"),
    ],
)
def test_what_cannot_be_imported_is_told(
    shell: Shell, history: Path, words: tuple[str, ...], why: str
) -> None:
    given = [str(history) if word == "FILE" else word for word in words]
    said = shell("import", "account", *given)
    assert said.exit_code == 1
    assert why in " ".join(said.output.split())


def test_a_broker_tells_its_own_history(shell: Shell) -> None:
    found = shell.json("import", "account", "paper", "--from-broker", "--since", "2026-01-01")
    assert found["imported"] == {"orders": 0, "fills": 0, "facts": 1, "known": 0}
