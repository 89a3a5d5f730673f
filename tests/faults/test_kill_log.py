"""PostgreSQL and whoever works around the log are killed while four write: nothing that was
acknowledged is lost, and the log, the checkpoints and the read models are what the events make.

Moments at which somebody is killed: 5, one of each kind, or as many as TRUETAPE_KILL_MOMENTS says.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

import psutil
import psycopg
import pytest

from adapters.embedded import embedded_servers
from adapters.embedded.place import settle
from domain.transparency.leaf import event_hashes
from domain.transparency.proofs import consistency_proof, verify_consistency
from domain.transparency.tree import Frontier, root_at
from interfaces.compose import House, open_house
from interfaces.settings import Settings
from projections.log_checkpoints import all_checkpoints
from tests.faults import log_crowd
from tests.faults.log_crowd import WITNESS, WRITERS, Place
from tests.forking import PROCESSES
from tests.patience import PATIENCE_S, wait_until

KINDS = ("PostgreSQL", "a writer", "the read models", "the sealer", "the witness")
MOMENTS = int(os.environ.get("TRUETAPE_KILL_MOMENTS", "5"))
BETWEEN_S = 0.6
ACKNOWLEDGED_BETWEEN = 30
EVENTS_AT_ONCE = 10_000

_log = logging.getLogger(__name__)

_TAPE = """
SELECT count(*) = max(position), count(*) = count(DISTINCT (stream, version)),
    bool_and(version = before + 1)
FROM (
    SELECT position, stream, version,
        coalesce(lag(version) OVER (PARTITION BY stream ORDER BY position), 0) AS before
    FROM tape.events
) e
"""
_COMMANDS = """
SELECT command_id, min(position), max(position) FROM tape.events
WHERE command_id = ANY(%s) GROUP BY command_id
"""


class Crowd:
    """The processes, which are begun again as soon as they are killed."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self._place = place
        self._chance = chance
        self._acts: dict[str, Callable[[], BaseProcess]] = {
            "the read models": partial(self._begun, log_crowd.keep_read_models),
            "the sealer": partial(self._begun, log_crowd.seal),
            "the witness": partial(self._begun, log_crowd.witness),
        }
        for number in range(WRITERS):
            self._acts[f"writer {number}"] = partial(self._begun, log_crowd.write, number)
        self._running = {who: begin() for who, begin in self._acts.items()}
        self._sealed = 0

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
            process.join()

    def _begun(self, act: Callable[..., None], *given: int) -> BaseProcess:
        process = PROCESSES.Process(target=act, args=(self._place, *given), daemon=True)
        process.start()
        return process

    def kill(self, kind: str) -> None:
        """Kills one of a kind, and begins another one; a sealer not before it has sealed."""
        if kind == "the sealer":
            wait_until(lambda: self.sealed() > self._sealed, "nothing is sealed")
            time.sleep(self._chance.uniform(0, log_crowd.SEALING_S))
            self._sealed = self.sealed()
        who = f"writer {self._chance.randrange(WRITERS)}" if kind == "a writer" else kind
        self.end(who)
        self._running[who] = self._acts[who]()

    def end(self, who: str) -> None:
        """Kills somebody for good."""
        process = self._running.pop(who)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"{who} died of its own accord"

    def let_writers_end(self) -> None:
        """Has everybody who writes end after what they are at."""
        (self._place.folder / "over").touch()
        for who in [who for who in self._running if who.startswith("writer")]:
            process = self._running.pop(who)
            process.join(PATIENCE_S)
            assert process.exitcode == 0, f"{who} did not come to its end"

    def check_all_live(self) -> None:
        """Nobody ends but by being killed."""
        ended = [who for who, process in self._running.items() if not process.is_alive()]
        assert not ended

    def acknowledged(self) -> int:
        return sum(len(self._place.told(f"writer-{number}")) for number in range(WRITERS))

    def sealed(self) -> int:
        return len(self._place.told("sealer"))


@pytest.mark.slow
def test_what_was_acknowledged_and_signed_survives_kill_9(home: Path, tmp_path: Path) -> None:
    chance = random.Random(20261121)
    with embedded_servers(home) as servers:
        settings = Settings(
            home=tmp_path, database_url=servers.database_url, redis_url=servers.redis_url
        )
        with open_house(settings):
            place = Place(servers.database_url, servers.redis_url, tmp_path, free_port())
        place = place._replace(witness_keys=log_crowd.found(place))
        with Crowd(place, chance) as crowd:
            for kind in moments(chance):
                wait_for_more(crowd)
                time.sleep(chance.uniform(0, BETWEEN_S))
                if kind == "PostgreSQL":
                    kill_postgres(home)
                    with embedded_servers(home):
                        pass
                else:
                    crowd.kill(kind)
            wait_for_more(crowd)
            crowd.let_writers_end()
            for who in ("the sealer", "the read models"):
                crowd.end(who)
            with closing(place.house()) as house:
                check(house, place)


def check(house: House, place: Place) -> None:
    """Whoever comes next does what was left to do, and everything is as it was acknowledged."""
    house.projections.catch_up()
    # It may have been killed last, and begins in seconds.
    wait_until(partial(is_listening, place.witness_port), "the witness is not back")
    sealer = house.log.sealer()
    sealer.seal(sealer.integrate(), house.clock.now())
    house.projections.catch_up()
    check_acknowledged(place)
    check_log(house)
    checkpoints = check_checkpoints(house, place)
    check_read_models(house)
    _log.info("%d kills, %d events, %d checkpoints", MOMENTS, house.head(), checkpoints)


def is_listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def moments(chance: random.Random) -> Iterator[str]:
    """Whose turn it is to be killed: everybody's, in an order that nobody foresees."""
    kinds: list[str] = []
    for _ in range(MOMENTS):
        kinds = kinds or chance.sample(KINDS, len(KINDS))
        yield kinds.pop()


def free_port() -> int:
    """A port that nobody listens on: a witness that is begun again has the address it had."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def wait_for_more(crowd: Crowd) -> None:
    """Everybody is there, and who writes gets on."""
    before = crowd.acknowledged()

    def is_there() -> bool:
        crowd.check_all_live()
        return crowd.acknowledged() >= before + ACKNOWLEDGED_BETWEEN

    wait_until(is_there, "the writers do not get on")


def kill_postgres(home: Path) -> None:
    """The postmaster and every process of its, no goodbye."""
    pid_file = settle(home).cluster / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        # Who ended with the one before has nothing to be killed any more.
        if process.is_running():
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=PATIENCE_S)


def check_acknowledged(place: Place) -> None:
    """Each command that a writer was told is stored is there, once, where it was told to be; the
    one after the last is not, and the tape has no hole."""
    told: dict[UUID, tuple[int, int]] = {}
    following = []
    for number in range(WRITERS):
        kept = place.told(f"writer-{number}")
        told |= {UUID(command): (int(first), int(last)) for command, first, last in kept}
        assert [command for command, _, _ in kept] == [
            str(log_crowd.command_of(number, part)) for part in range(len(kept))
        ]
        following.append(log_crowd.command_of(number, len(kept)))
    with psycopg.connect(place.database_url) as connection:
        assert connection.execute(_TAPE).fetchone() == (True, True, True)
        stored = connection.execute(_COMMANDS, (list(told),)).fetchall()
        assert {command: (first, last) for command, first, last in stored} == told
        assert connection.execute(_COMMANDS, (following,)).fetchall() == []


def check_log(house: House) -> None:
    """The stored tree is the one that the events make, row by row, and nothing is beyond it."""
    found = house.log.checker().run()
    assert found.faults == ()
    tree, frontier = house.log.tree, Frontier()
    end = tree.frontier()
    while frontier.size < end.size:
        events = tree.events(frontier.size, min(EVENTS_AT_ONCE, end.size - frontier.size))
        growth = frontier.grown(event_hashes(events))
        stored = tree.rows(frontier.size, growth.frontier.size)
        assert [stored[index] for index in sorted(stored)] == growth.rows
        frontier = growth.frontier
    assert frontier == end
    assert tree.rows(end.size, end.size + EVENTS_AT_ONCE) == {}


def check_checkpoints(house: House, place: Place) -> int:
    """Each checkpoint begins the next one, as the stored hashes prove and the events say; and
    what the sealer was told is issued is on record. Says how many there are."""
    with house.reader.connection() as connection:
        issued = all_checkpoints(connection)
    tree = house.log.tree
    assert [row.size for row in issued] == sorted({row.size for row in issued})
    for row in issued:
        assert row.root == root_at(row.size, tree.read).hex()
    for one, next_one in pairwise(issued):
        proof = consistency_proof(one.size, next_one.size, tree.read)
        roots = bytes.fromhex(one.root), bytes.fromhex(next_one.root)
        verify_consistency(one.size, next_one.size, *roots, proof)
    known = {(str(row.size), row.root): row.witnesses for row in issued}
    for size, root, *witnesses in place.told("sealer"):
        assert (size, root) in known
        assert set(witnesses) <= {known[size, root]}
    assert WITNESS in issued[-1].witnesses
    return len(issued)


def check_read_models(house: House) -> None:
    """Every stored row is what the events make, and every read model has come to the head."""
    head = house.head()
    assert {each.position for each in house.projection_statuses()} == {head}
    assert {each.state for each in house.projection_statuses()} == {"running"}
    differing = [each for each in house.projections.replay(head) if not each.agrees]
    assert differing == []
