"""`truetape` at a prompt: each command in a process of its own, with its own surroundings."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.forking import PROCESSES
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
STREAMS = ("given", "out", "err")

KEPT = ("PATH", "HOME", "NUMBA_CACHE_DIR")
"""What a command finds of the surroundings of the tests, compiled kernels among it."""


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which has to be JSON and nothing else."""
        return json.loads(self.out)


class Shell:
    """Runs `truetape` in a folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "TRUETAPE_HOME": str(folder / "home"),
            "USER": "olga",
            "LOGNAME": "olga",
            "COLUMNS": "80",
            **environment,
        }

    def __call__(self, *words: str, given: str = "", **environment: str) -> Said:
        return truetape(words, {**self.environment, **environment}, given)

    def refused(self, *words: str) -> str:
        """The sentence of a refusal, on standard error alone."""
        said = self(*words)
        assert (said.code, said.out) == (1, ""), said
        assert "Traceback" not in said.err
        return " ".join(said.err.split())


def truetape(words: Sequence[str], environment: Mapping[str, str], given: str = "") -> Said:
    """Runs the command line in a process that knows of this environment alone."""
    with tempfile.TemporaryDirectory(prefix="truetape-said-") as folder:
        given_file, out, err = (Path(folder, name) for name in STREAMS)
        given_file.write_text(given)
        process = PROCESSES.Process(target=_run, args=(list(words), dict(environment), folder))
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"{words} does not end: {out.read_text()} {err.read_text()}")
        return Said(process.exitcode, out.read_text(), err.read_text())


def _run(words: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for number, name in enumerate(STREAMS):
        opened = os.open(Path(folder, name), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
    sys.argv = ["truetape", *words]

    from interfaces.cli import main

    main()
