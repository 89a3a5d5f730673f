"""Read models in a process of their own, beside a worker's.

One thread of Python runs at a time, and keeping all read models in step takes so much of it that
orders would wait for it again and again on their way to a broker.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from application.ports import PortError
from interfaces.clock import SystemClock
from interfaces.compose import House

LOOK_S = 0.5
END_S = 10.0

_log = logging.getLogger(__name__)


def follow_apart(house: House, stop: threading.Event) -> None:
    """Keeps the read models in step from another process until told to stop; should that one
    end before, it is begun again.
    """
    house.are_read_models_elsewhere = True
    while not stop.is_set():
        with _follower(house) as follower:
            while follower.poll() is None and not stop.wait(LOOK_S):
                continue
            code = follower.poll()
        if code is not None:
            _log.warning("the process of the read models ended with %s: here is another", code)
            stop.wait(LOOK_S)


@contextmanager
def _follower(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """The other process. It ends when its input does, so it outlives nobody."""
    urls = {"TRUETAPE_DATABASE_URL": house.database_url, "TRUETAPE_REDIS_URL": house.redis_url}
    if house.subjects.master_key is not None:
        urls["TRUETAPE_MASTER_KEY"] = str(house.subjects.master_key)
    # Keys and tokens are among our settings, and it needs one of them: to read what is said.
    others = {name: word for name, word in os.environ.items() if not name.startswith("TRUETAPE_")}
    follower = subprocess.Popen(
        [sys.executable, "-P", "-m", "interfaces.read_models"],
        stdin=subprocess.PIPE,
        env=others | urls,
    )
    try:
        yield follower
    finally:
        assert follower.stdin is not None
        follower.stdin.close()
        try:
            follower.wait(END_S)
        except subprocess.TimeoutExpired:
            follower.kill()
            follower.wait()


def main() -> None:
    """Follows the tape until the input ends."""
    # Ctrl-C is sent to both processes, and the worker is the one to say when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    urls = os.environ["TRUETAPE_DATABASE_URL"], os.environ["TRUETAPE_REDIS_URL"]
    key = os.environ.get("TRUETAPE_MASTER_KEY")
    master_key = Path(key) if key else None
    with closing(House(*urls, SystemClock(), master_key=master_key)) as house:
        threading.Thread(target=_end_with_input, args=(house, stop), daemon=True).start()
        house.projections.run(stop)


def _end_with_input(house: House, stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        continue
    stop.set()
    with suppress(PortError):
        house.wake()


if __name__ == "__main__":
    main()
