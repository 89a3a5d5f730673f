"""Group commit: many threads, one connection, and connections that break."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from adapters.appender import Appender
from adapters.postgres import connect
from application.ports import Appended, Batch, Conflict, PortRefused, Unavailable
from tests.adapters.lossy_proxy import lossy_proxy
from tests.adapters.notes import (
    append,
    as_owner,
    batch,
    on_tape,
    outcome_words,
    versions_on_tape,
)
from tests.patience import wait_until

TAPE_LOCK = 7310306190861


@pytest.fixture
def appender(database_url: str) -> Iterator[Appender]:
    appender = Appender(database_url)
    yield appender
    appender.close()


def in_threads(number: int, work: Callable[[int], object]) -> None:
    """Runs the work in so many threads at once; the first error is raised."""
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(work, range(number)))


def test_one_event_takes_the_short_way_to_the_same_outcomes(appender: Appender) -> None:
    stream, command = uuid4(), uuid4()

    def words(*batches: Batch) -> list[str]:
        return outcome_words(appender.append(batches))

    assert words(batch(stream, 1, command=command)) == ["stored"]
    assert words(batch(stream, 1, command=command)) == ["repeated"]
    assert words(batch(stream, 1, command=command, said="other")) == ["refused"]
    assert words(batch(stream, 1)) == ["refused"]
    assert words(batch(stream, 3)) == ["refused"]
    assert words(batch(stream, 2)) == ["stored"]


def test_threads_get_gapless_positions_and_every_event_is_in(
    appender: Appender, database_url: str
) -> None:
    streams = [uuid4() for _ in range(8)]
    places: list[int] = []

    def write(number: int) -> None:
        for version in range(1, 101):
            (outcome,) = appender.append([batch(streams[number], version)])
            assert isinstance(outcome, Appended)
            places.append(outcome.first_position)

    in_threads(8, write)

    assert sorted(places) == list(range(1, 801))
    assert [event.position for event in on_tape(database_url)] == list(range(1, 801))
    assert versions_on_tape(database_url, streams[3]) == list(range(1, 101))


def test_of_threads_that_race_for_a_version_one_wins(appender: Appender, database_url: str) -> None:
    stream = uuid4()
    wins: list[tuple[int, int]] = []

    def race(number: int) -> None:
        for version in range(1, 31):
            (outcome,) = appender.append([batch(stream, version)])
            if isinstance(outcome, Appended):
                wins.append((version, number))
            while len(wins) < version:
                time.sleep(0.0001)

    in_threads(6, race)

    assert sorted(version for version, _ in wins) == list(range(1, 31))
    assert versions_on_tape(database_url, stream) == list(range(1, 31))


def test_the_same_command_sent_by_many_threads_is_stored_once(
    appender: Appender, database_url: str
) -> None:
    stream, command = uuid4(), uuid4()
    words: list[str] = []

    def send(_: int) -> None:
        words.extend(outcome_words(appender.append([batch(stream, 1, command=command)])))

    in_threads(12, send)

    assert sorted(words) == ["repeated"] * 11 + ["stored"]
    assert versions_on_tape(database_url, stream) == [1]


def test_a_duplicate_or_a_poisoned_request_does_not_fail_the_others_of_its_group(
    appender: Appender, database_url: str
) -> None:
    taken, known = uuid4(), uuid4()
    append(database_url, batch(taken, 1, command=known))
    words: list[str] = []

    def send(number: int) -> None:
        match number % 4:
            case 0:
                words.extend(outcome_words(appender.append([batch(taken, 1, command=known)])))
            case 1:
                words.extend(outcome_words(appender.append([batch(taken, 1)])))
            case 2:
                with pytest.raises(PortRefused):
                    appender.append([batch(uuid4(), 1, actor="nul\0byte")])
                words.append("poisoned")
            case _:
                words.extend(outcome_words(appender.append([batch(uuid4(), 1)])))

    # While somebody holds the tape's lock the requests pile up, so they end up in groups.
    with held_tape(database_url):
        waiting = threading.Thread(target=in_threads, args=(16, send))
        waiting.start()
        time.sleep(0.3)
    waiting.join()

    assert sorted(words) == sorted(["repeated", "refused", "poisoned", "stored"] * 4)
    assert len(on_tape(database_url)) == 5


def test_a_connection_lost_between_appends_is_not_noticed(
    appender: Appender, database_url: str
) -> None:
    appender.append([batch(uuid4(), 1)])
    end_sessions(database_url)

    assert appender.append([batch(uuid4(), 1)]) == [Appended(2, 2)]


def test_a_connection_lost_before_the_commit_stores_the_event_once(
    appender: Appender, database_url: str
) -> None:
    stream = uuid4()
    outcomes: list[Appended | Conflict] = []
    with held_tape(database_url):
        waiting = threading.Thread(
            target=lambda: outcomes.extend(appender.append([batch(stream, 1)]))
        )
        waiting.start()
        wait_until(lambda: end_sessions(database_url) == 1)
    waiting.join()

    assert outcomes == [Appended(1, 1)]
    assert versions_on_tape(database_url, stream) == [1]


@pytest.mark.parametrize("versions", [(1,), (1, 2, 3)])
def test_an_answer_lost_after_the_commit_is_looked_up(
    database_url: str, versions: tuple[int, ...]
) -> None:
    stream = uuid4()
    with lossy_proxy(database_url) as (proxy, url):
        appender = Appender(url)
        appender.append([batch(uuid4(), 1)])
        proxy.lose_next_answer()

        (outcome,) = appender.append([batch(stream, *versions)])

        appender.close()
        assert proxy.cuts == 1
    assert outcome == Appended(2, 1 + len(versions), repeated=True)
    assert versions_on_tape(database_url, stream) == list(versions)


def test_ctrl_c_stops_one_thread_and_not_those_behind_it(
    appender: Appender, database_url: str
) -> None:
    """The interrupted thread waits in the middle of the line and still wakes the next one."""
    outcomes: list[Appended | Conflict] = []

    def send(_: int) -> None:
        outcomes.extend(appender.append([batch(uuid4(), 1)]))

    tape = held_tape(database_url)
    tape.__enter__()
    first, behind = (threading.Thread(target=in_threads, args=(3, send)) for _ in range(2))
    first.start()
    main_thread = threading.get_ident()

    def interrupt() -> None:
        time.sleep(0.2)
        behind.start()
        time.sleep(0.2)
        signal.pthread_kill(main_thread, signal.SIGINT)
        time.sleep(0.2)
        tape.__exit__()

    time.sleep(0.2)
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        appender.append([batch(uuid4(), 1)])
    first.join()
    behind.join()

    assert outcome_words(outcomes) == ["stored"] * 6
    assert len(on_tape(database_url)) == 7, "what was sent before the interrupt is stored"


def test_ctrl_c_while_writing_leaves_the_others_able_to_go_on(
    appender: Appender, database_url: str
) -> None:
    main_thread = threading.get_ident()
    interrupt = threading.Timer(0.3, signal.pthread_kill, (main_thread, signal.SIGINT))
    with held_tape(database_url):
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            appender.append([batch(uuid4(), 1)])

    assert appender.append([batch(uuid4(), 1)]) == [Appended(1, 1)]


def test_a_server_that_stays_away_is_unavailable() -> None:
    appender = Appender("postgresql://nobody@127.0.0.1:1/none", patience_s=0.2)

    with pytest.raises(Unavailable, match="did not answer"):
        appender.append([batch(uuid4(), 1)])


def test_a_closed_appender_says_so(appender: Appender) -> None:
    appender.append([batch(uuid4(), 1)])
    appender.close()

    with pytest.raises(Unavailable, match="closed"):
        appender.append([batch(uuid4(), 1)])


class held_tape:  # noqa: N801 - reads as a context
    """Holds the tape's lock, so that appends wait."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url, autocommit=False)

    def __enter__(self) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (TAPE_LOCK,))

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def end_sessions(url: str) -> int:
    """Ends the appenders' sessions, as a crashed server process would, and says how many."""
    with as_owner(url) as connection:
        return len(
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND query LIKE '%tape.append%'"
            ).fetchall()
        )
