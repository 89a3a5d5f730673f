"""Kill -9 of the process that folds: rows and checkpoint stay in step, and it goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from projections import checkpoints
from projections.runner import Runner
from tests.benchmarks.history import write_history
from tests.projections.tape import Tape, reading
from tests.projections.test_versions import FEEDS, all_rows

ROUNDS = 5
EVENTS = 12_000

WORKER = """
import sys, threading
from projections.runner import Runner
from tests.projections.tape import reading
from tests.projections.test_versions import FEEDS

Runner(reading(sys.argv[1]), FEEDS, batch_max=200).run(threading.Event())
"""


def started_worker(url: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", WORKER, url], cwd=root)


def positions(tape: Tape) -> set[int]:
    return {status.position for status in checkpoints.status(tape.connection)}


def wait_for_progress(tape: Tape) -> None:
    before = positions(tape)
    deadline = time.monotonic() + 20
    while positions(tape) == before:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.slow
def test_a_killed_worker_leaves_what_the_next_one_goes_on_from(database_url: str) -> None:
    chance = random.Random(11)
    write_history(database_url, EVENTS, traders=30, days=20)
    tape = Tape(database_url)
    runner = Runner(reading(database_url), FEEDS)
    runner.start()
    for _ in range(ROUNDS):
        worker = started_worker(database_url)
        wait_for_progress(tape)
        time.sleep(chance.random() * 0.1)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert len(positions(tape)) == 1
    stopped_at = positions(tape).pop()
    assert 0 < stopped_at < EVENTS
    deadline = time.monotonic() + 60
    while positions(tape) != {EVENTS}:
        # The session of the last one killed may hold the lead for a moment.
        runner.catch_up()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    followed = all_rows(tape)
    runner.rebuild()
    assert all_rows(tape) == followed
    tape.connection.close()
