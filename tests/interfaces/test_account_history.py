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
from application.desk import Command, Work
from domain.reports import ExecType, ExecutionReport
from domain.strays import Strays
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
def house_settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)


@pytest.fixture
def shell(house_settings: Settings) -> Shell:
    with open_house(house_settings, SetClock(NOON)) as house:
        _open(house, "main", "elsewhere")
    return Shell(house_settings)


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


def test_what_a_broker_told_is_listed_also_what_nobody_understood(
    shell: Shell, history: Path
) -> None:
    assert "no broker has told of anything yet" in shell("activities", "main").stdout
    shell("import", "account", "main", str(history))
    (row,) = shell.json("activities", "main", "--kind", "unclassified")
    assert (row["kind"], row["amount"], row["account"]) == ("unclassified", "1.50", "main")
    assert "unclassified" in shell("activities").stdout
    assert "+1.50" in shell("activities").stdout
    assert shell("activities", "nobody").exit_code != 0


def test_orders_that_nobody_asked_for_are_listed(shell: Shell, house_settings: Settings) -> None:
    assert "every order that a broker told of was asked for here" in shell("strays").stdout
    with open_house(house_settings, SetClock(NOON)) as house:
        work = Work(house.desk)
        fill = ExecutionReport(
            exec_type=ExecType.TRADE, cl_ord_id="x-1", exec_id="e-1", order_id="b-9",
            transact_time=NOON, last_qty=D(2), last_px=D("5.50"), cum_qty=D(2),
        )  # fmt: skip
        work.begin(Strays.begin(account="main", report=fill, at=NOON))
        work.save(Command.given(uuid4(), actor="test", at=NOON))
        work.commit()
    (row,) = shell.json("strays", "main")
    assert (row["cl_ord_id"], row["filled"], row["fills"]) == ("x-1", "2", 1)
    shown = shell("strays").stdout
    assert "x-1" in shown
    assert "truetape reconcile" in shown


def test_what_is_held_follows_its_contract_to_another_symbol(shell: Shell, history: Path) -> None:
    shell("import", "account", "main", str(history))
    old, new = "TSLA  261120C00250000", "TSLA1 261120C00250000"
    said = shell("adjust", "main", old, "--to", new, "--reason", "a merger")
    assert said.exit_code == 0, said.output
    (held,) = [row for row in shell.json("positions", "--accounts") if D(row["quantity"])]
    assert (held["symbol"], D(held["quantity"])) == (new, D(5))
    (plan,) = shell.json("exits", "main")
    assert (plan["symbol"], plan["held"]) == (new, "5")
    assert "main holds no NVDA" in shell("adjust", "main", "NVDA", "--ratio", "10:1",
                                         "--reason", "split").output  # fmt: skip
