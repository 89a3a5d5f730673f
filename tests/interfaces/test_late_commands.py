"""Commands are loaded when they are given; until then the command line knows enough of them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from interfaces.cli.app import COMMANDS, app
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_told_of_a_command_is_what_it_says_itself(name: str) -> None:
    module, _, attribute = COMMANDS[name].place.partition(":")
    found = getattr(import_module(f"interfaces.cli.{module}"), attribute)
    said = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert said is not None
    assert " ".join(said.split("\n\n")[0].split()) == COMMANDS[name].told


@pytest.mark.parametrize("words", [[name] for name in COMMANDS] + [["import", "chat"]])
def test_every_command_tells_how_it_is_given(words: list[str]) -> None:
    told = CliRunner().invoke(app, [*words, "--help"], prog_name="truetape")
    assert told.exit_code == 0
    assert f"Usage: truetape {' '.join(words)} " in told.output


def test_a_slip_is_recognised() -> None:
    told = CliRunner().invoke(app, ["aprove", "1"])
    assert told.exit_code == 2
    assert "Did you mean 'approve'?" in told.output


def test_help_waits_for_nothing_that_commands_need() -> None:
    script = (
        "import sys\n"
        "from interfaces.cli.app import main\n"
        "sys.argv = ['truetape', '--help']\n"
        "try: main()\n"
        "finally: print({name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
        timeout=PATIENCE_S,
    )  # fmt: skip
    assert "close-all" in done.stdout
    loaded = set(done.stderr.replace("'", "").strip("{}\n").split(", "))
    assert loaded & {"psycopg", "redis", "numpy", "domain", "application", "adapters"} == set()
