"""Rebuilding: the same rows, made beside the live ones, shown all at once or not at all."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from adapters.postgres import PROJECTOR_ROLE, connect
from domain.messages import MessageCaptured
from projections import checkpoints
from projections.checkpoints import Maintained
from projections.readmodel import Index, Projection, Seen, Table, when
from projections.rebuild import RebuildFailed
from projections.runner import Runner
from tests.patience import PATIENCE_S, wait_until
from tests.projections.models import POISON, Log, Talk, TalkRow, Till
from tests.projections.tape import Tape, reading


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def interrupt(position: int, head: int) -> None:
    raise Interrupted


def runner(tape: Tape, *projections: type[Projection]) -> Runner:
    started = Runner(reading(tape.url), projections)
    started.start()
    return started


def build_of(tape: Tape, name: str) -> int:
    return checkpoints.read_checkpoints(tape.connection, [name])[name].build


def say_much(tape: Tape, times: int = 40) -> None:
    for number in range(times):
        tape.say(f"author{number % 5}", f"words {number}")


def test_a_rebuild_gives_the_rows_that_following_gave(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk, Log)
    follower.catch_up()
    before = tape.versions("talk"), tape.versions("log")
    follower.rebuild()
    assert (tape.versions("talk"), tape.versions("log")) == before
    assert build_of(tape, "talk") == 2


def test_a_load_may_pause_for_longer_than_a_session_may_idle(tape: Tape) -> None:
    def connect_impatiently() -> Connection[Any]:
        connection = connect(tape.url, role=PROJECTOR_ROLE)
        connection.execute("SET idle_in_transaction_session_timeout = '100ms'")
        return connection

    say_much(tape)
    runner(tape, Talk).catch_up()
    impatient = replace(reading(tape.url), connect=connect_impatiently)
    Runner(impatient, [Talk]).rebuild(progress=lambda _position, _head: time.sleep(0.4))
    assert build_of(tape, "talk") == 2


def test_only_the_named_read_models_are_rebuilt(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk, Log)
    follower.catch_up()
    follower.rebuild(["log"])
    assert (build_of(tape, "talk"), build_of(tape, "log")) == (1, 2)
    with pytest.raises(KeyError):
        follower.rebuild(["gossip"])


def test_old_rows_are_dropped_after_the_swap(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk)
    follower.catch_up()
    follower.rebuild()
    assert tape.tables() == {"talk_b2"}


def test_following_goes_on_in_the_new_rows(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk)
    follower.catch_up()
    follower.rebuild()
    tape.say("author1", "after")
    assert follower.catch_up() == 1
    assert tape.current("talk", "author, said, last")[1] == ("author1", 9, "after")
    follower.rebuild()
    assert tape.current("talk", "author, said, last")[1] == ("author1", 9, "after")


def test_events_that_come_during_a_rebuild_are_in_both_rows(tape: Tape) -> None:
    say_much(tape)
    stop = threading.Event()
    worker = threading.Thread(target=runner(tape, Talk, Log).run, args=(stop,))
    worker.start()
    appended: list[int] = []

    def meanwhile(position: int, head: int) -> None:
        if len(appended) < 20:
            appended.append(tape.say("author1", "meanwhile"))

    try:
        for _ in range(3):
            Runner(reading(tape.url), [Talk, Log]).rebuild(progress=meanwhile)
        tape.say("author1", "last")
    finally:
        stop.set()
        worker.join(PATIENCE_S)
    follower = runner(tape, Talk, Log)
    follower.catch_up()
    live = tape.versions("talk"), tape.versions("log")
    assert len(live[1]) == 40 + len(appended) + 1
    follower.rebuild()
    assert (tape.versions("talk"), tape.versions("log")) == live


def test_readers_see_the_old_rows_or_the_new_ones(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Log)
    follower.catch_up()
    seen: set[int] = set()
    stop = threading.Event()

    def look() -> None:
        with reading(tape.url).connect() as connection:
            while not stop.is_set():
                row = connection.execute("SELECT count(*) FROM read.log").fetchone()
                assert row is not None
                seen.add(row[0])

    reader = threading.Thread(target=look)
    reader.start()
    wait_until(lambda: bool(seen))
    for _ in range(5):
        follower.rebuild()
    stop.set()
    reader.join(PATIENCE_S)
    assert seen == {40}


def test_an_interrupted_rebuild_changes_nothing(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk)
    follower.catch_up()
    before = tape.versions("talk")
    with pytest.raises(Interrupted):
        follower.rebuild(progress=interrupt)
    assert tape.versions("talk") == before
    assert build_of(tape, "talk") == 1
    tape.say("author1", "on it goes")
    assert follower.catch_up() == 1


def test_what_an_interrupted_rebuild_leaves_is_dropped_at_the_next_start(tape: Tape) -> None:
    say_much(tape)
    runner(tape, Talk).catch_up()
    tape.connection.execute("CREATE TABLE read.talk_b2 (half text)")
    runner(tape, Talk)
    assert tape.tables() == {"talk_b1"}
    runner(tape, Talk).rebuild()
    assert tape.tables() == {"talk_b2"}


def test_a_fold_finds_the_rows_it_had_to_give_away(tape: Tape) -> None:
    # Talk keeps two rows in memory; each chunk of a rebuild sends the others away.
    say_much(tape, 60)
    follower = runner(tape, Talk)
    follower.catch_up()
    before = tape.versions("talk")
    Runner(reading(tape.url), [Talk], batch_max=7).rebuild()
    assert tape.versions("talk") == before


def test_money_that_cannot_be_folded_fails_the_rebuild(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    follower = runner(tape, Till)
    follower.catch_up()
    with pytest.raises(RebuildFailed, match=r"till: position 2 .* cannot be folded"):
        follower.rebuild()
    assert tape.current("till", "author, said") == [("ann", 1)]
    assert tape.tables() == {"till_b1"}


def test_a_feed_is_rebuilt_without_what_cannot_be_folded(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three", POISON, "five")
    follower = runner(tape, Talk, Log)
    follower.catch_up()
    before = tape.versions("talk")
    follower.rebuild()
    assert tape.versions("talk") == before
    talk = next(s for s in checkpoints.status(tape.connection) if s.projection == "talk")
    assert (talk.state, talk.parked) == ("parked", 2)


def test_a_rebuild_of_mended_code_forgets_what_was_parked(tape: Tape) -> None:
    class Mended(Talk):
        @when(MessageCaptured)
        def captured(self, event: MessageCaptured, seen: Seen) -> None:
            row = TalkRow(author=event.author_id, said=1, last=event.content)
            self.rows.put(row, seen.position)

    tape.say("ann", "one", POISON, "three")
    follower = runner(tape, Talk)
    follower.catch_up()
    follower.close()
    runner(tape, Mended).rebuild()
    talk = next(s for s in checkpoints.status(tape.connection) if s.projection == "talk")
    assert (talk.state, talk.parked, talk.reason) == ("running", 0, "")


def test_a_stopped_worker_goes_on_once_somebody_rebuilt(tape: Tape) -> None:
    class Mended(Till):
        @when(MessageCaptured)
        def captured(self, event: MessageCaptured, seen: Seen) -> None:
            row = TalkRow(author=event.author_id, said=1, last=event.content)
            self.rows.put(row, seen.position)

    tape.say("ann", "one", POISON)
    worker = runner(tape, Till)
    worker.catch_up()
    runner(tape, Mended).rebuild()
    tape.say("ann", "three")
    time.sleep(1.1)
    assert worker.catch_up() == 1


def test_two_rebuilds_do_not_meet(tape: Tape) -> None:
    follower = runner(tape, Talk)
    with (
        checkpoints.maintaining(tape.connection, wait=True),
        pytest.raises(Maintained, match="another process"),
    ):
        follower.rebuild()


def test_rows_of_another_shape_are_rebuilt_at_the_start(tape: Tape) -> None:
    class Indexed(Talk):
        def __init__(self) -> None:
            self.rows = Table("talk", TalkRow, ["author"], [Index("last")])
            self.tables = (self.rows,)

    class Edited(Talk):
        edition = 2

    say_much(tape)
    first = runner(tape, Talk)
    first.catch_up()
    first.close()
    before = tape.versions("talk")
    runner(tape, Indexed)
    assert build_of(tape, "talk") == 2
    runner(tape, Indexed)
    assert build_of(tape, "talk") == 2
    runner(tape, Edited)
    assert build_of(tape, "talk") == 3
    assert tape.versions("talk") == before


@contextmanager
def long_report(tape: Tape) -> Iterator[None]:
    """Somebody who reads rows in a transaction that lasts."""
    with reading(tape.url).connect() as connection, connection.transaction():
        connection.execute("SELECT count(*) FROM read.talk")
        yield


def test_a_swap_waits_for_long_reports_and_lets_followers_work(tape: Tape) -> None:
    say_much(tape)
    follower = runner(tape, Talk)
    follower.catch_up()
    failures: list[BaseException] = []

    def rebuild() -> None:
        try:
            Runner(reading(tape.url), [Talk]).rebuild()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)

    rebuilding = threading.Thread(target=rebuild)
    with long_report(tape):
        rebuilding.start()
        rebuilding.join(1.5)
        assert rebuilding.is_alive()
        tape.say("author1", "meanwhile")
        assert follower.catch_up() >= 1
    rebuilding.join(PATIENCE_S)
    assert failures == []
    assert build_of(tape, "talk") == 2
    with pytest.raises(psycopg.errors.UndefinedTable):
        tape.connection.execute("SELECT * FROM read.talk_b1")


def test_two_processes_make_the_rows_that_one_makes(tape: Tape) -> None:
    say_much(tape)
    follower = Runner(reading(tape.url), [Talk, Log], split_from=1)
    follower.start()
    follower.catch_up()
    before = tape.versions("talk"), tape.versions("log")
    reached: list[int] = []
    follower.rebuild(progress=lambda position, _: reached.append(position))
    assert (tape.versions("talk"), tape.versions("log")) == before
    assert reached == sorted(reached)
    assert reached[-1] == 40
    assert build_of(tape, "talk") == build_of(tape, "log") == 2


def test_the_other_process_may_be_done_first(tape: Tape) -> None:
    say_much(tape)
    follower = Runner(reading(tape.url), [Talk, Log], split_from=1, batch_max=7)
    follower.start()

    def wait_for_the_other(_position: int, _head: int) -> None:
        while multiprocessing.active_children():
            time.sleep(0.01)

    follower.rebuild(progress=wait_for_the_other)
    assert build_of(tape, "talk") == build_of(tape, "log") == 2


class HeavyTill(Till):
    """The heaviest goes to the other process."""

    weight = 5


def test_what_the_other_process_cannot_fold_is_told_as_here(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    runner(tape, Log, HeavyTill).catch_up()
    follower = Runner(reading(tape.url), [Log, HeavyTill], split_from=1)
    with pytest.raises(RebuildFailed, match=r"till: position 2 .* cannot be folded"):
        follower.rebuild()
    assert tape.tables() == {"log_b1", "till_b1"}


def test_a_feed_is_rebuilt_by_two_without_what_cannot_be_folded(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    runner(tape, Talk, Log).catch_up()
    before = tape.versions("talk")
    Runner(reading(tape.url), [Talk, Log], split_from=1).rebuild()
    assert tape.versions("talk") == before


def test_an_interruption_ends_the_other_process_too(tape: Tape) -> None:
    say_much(tape)
    follower = Runner(reading(tape.url), [Talk, Log], split_from=1)
    follower.start()
    with pytest.raises(Interrupted):
        follower.rebuild(progress=interrupt)
    assert multiprocessing.active_children() == []
    assert build_of(tape, "talk") == 1
