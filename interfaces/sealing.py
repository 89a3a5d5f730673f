"""Sealing: a thread of the worker that keeps the log at the tape's end and has it checked."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from application.ports import ApplicationError, PortError, Unavailable
from application.sealing import Sealer
from domain.shared import DomainError
from interfaces.compose import House
from interfaces.compose.log import LogHouse

EVERY_S = 1.0
RETRY_S = 30.0
CHECKED_AT_HOUR = 3
"""UTC: no exchange that is traded here is open."""
CHECK_AGAIN = timedelta(hours=20)

FAILURES = (DomainError, ApplicationError, PortError)

_log = logging.getLogger(__name__)


def seal(house: House, stop: threading.Event) -> None:
    """Seals until told to stop; one process does it, and what fails is tried again."""
    turn = house.turn("log")
    sealer: Sealer | None = None
    wait = 0.0
    try:
        while not stop.wait(wait):
            wait = EVERY_S
            try:
                if not turn.is_mine():
                    sealer = None
                    continue
                if sealer is None:
                    sealer = house.log.sealer()
                now = datetime.now(UTC)
                sealer.step(now)
                if is_index_due(house.log, now) and run_apart(("log", "index", "--json"), stop):
                    _log.warning("the traders' events could not be counted: it is tried again")
                    wait = RETRY_S
                if is_check_due(house.log, now) and run_apart(("fsck", "--json"), stop):
                    _log.error("the log is not as it was recorded: see truetape status")
            except FAILURES as error:
                _log.warning("the log: %s", error)
                wait = RETRY_S
    finally:
        turn.close()


def is_check_due(log: LogHouse, now: datetime) -> bool:
    """Whether the night's check is still to be done."""
    if now.hour != CHECKED_AT_HOUR:
        return False
    last = log.last_check()
    return last is None or now - last.checked_at > CHECK_AGAIN


def is_index_due(log: LogHouse, now: datetime) -> bool:
    """Whether there are events of the days before that no index has counted yet."""
    last = log.last_index()
    if last is not None:
        return last.recorded_at.date() < now.date()
    first = log.tree.events(0, 1)
    return bool(first) and first[0].recorded_at.date() < now.date()


def run_apart(words: Sequence[str], stop: threading.Event) -> int:
    """Runs a command in a process of its own, for it takes a processor for as long as it lasts.

    What it finds it records itself; 0 if it went well, or was told to stop.

    Raises:
        Unavailable: something outside failed it; it is tried again.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "interfaces.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    while process.poll() is None:
        if stop.wait(EVERY_S):
            process.terminate()
            process.wait()
            return 0
    if process.returncode not in (0, 1):
        raise Unavailable(f"truetape {' '.join(words)} failed, and is tried again")
    return process.returncode
