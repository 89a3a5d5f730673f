"""Erasing, after the key is gone: what was made of the words is made anew without them.

The event of an erasure destroys the key; rows that were folded before still hold what it opened.
They are rebuilt, old ones are dropped, and what reactions remember and Redis keeps is thrown away.
Whatever dies in between, the erasure stays unfinished until somebody comes to the end of this.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from application.ports import PortError, Unavailable
from interfaces.compose import House
from interfaces.compose.subjects import FORGOTTEN_S, holds_words
from interfaces.sealing import run_apart
from projections import checkpoints
from projections.checkpoints import Maintained
from projections.models import READ_MODELS
from projections.rebuild import Progress, RebuildFailed

EVERY_S = 20.0
GIVEN_UP = timedelta(seconds=60)
"""Who erased somebody finishes it; after so long without, the worker does."""
DROP_ATTEMPTS = 20

_log = logging.getLogger(__name__)


def affected() -> list[str]:
    """The read models whose rows hold names or words of people."""
    return [model.name for model in READ_MODELS if holds_words(model)]


def clean(house: House, progress: Progress | None = None) -> int:
    """Finishes every erasure that is not; how many these were.

    Raises:
        Unavailable: somebody else rebuilds, reads the old rows without end, or the database did
            not answer: it is not finished.
    """
    waiting = house.subjects.unfinished()
    if not waiting:
        return 0
    youngest = min(erasure.age for erasure in waiting)
    # Until every process has forgotten the keys, one could still open what comes.
    time.sleep(max(0.0, FORGOTTEN_S - youngest.total_seconds()))
    house.subjects.drop_copies(waiting)
    house.announcer.forget()
    try:
        house.projections.rebuild(affected(), progress)
    except (Maintained, RebuildFailed) as error:
        raise Unavailable(f"the old rows are not gone yet: {error}") from error
    _drop_old_rows(house)
    house.subjects.finish(waiting)
    return len(waiting)


def _drop_old_rows(house: House) -> None:
    """Drops the rows of before; who is reading them holds that up for a while."""
    with house.reading.connect() as connection, checkpoints.maintaining(connection, wait=True):
        for _ in range(DROP_ATTEMPTS):
            checkpoints.drop_leftovers(connection)
            if not checkpoints.has_leftovers(connection):
                return
            time.sleep(0.5)
    raise Unavailable("somebody reads the old rows without end: truetape subject clean")


def finish_erasures(
    house: House,
    stop: threading.Event,
    *,
    every_s: float = EVERY_S,
    given_up: timedelta = GIVEN_UP,
) -> None:
    """Finishes what others left unfinished, until told to stop; one process does it."""
    turn = house.turn("erasing")
    try:
        while not stop.wait(every_s):
            try:
                if not turn.is_mine():
                    continue
                left = [each for each in house.subjects.unfinished() if each.age > given_up]
                if left and run_apart(("subject", "clean", "--json"), stop):
                    _log.warning("an erasure is not finished: it is tried again")
            except PortError as error:
                _log.warning("erasing: %s", error)
    finally:
        turn.close()
