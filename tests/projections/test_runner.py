"""Following the tape: what is folded, announced, parked and stopped, and who does it."""

from __future__ import annotations

import threading
import time

import pytest

from application.ports import Unavailable
from domain.messages import MessageCaptured
from projections import checkpoints
from projections.checkpoints import ProjectionStatus
from projections.readmodel import Projection, Seen, when
from projections.runner import Runner
from projections.shape import CURRENT, ENCODED_AT_ONCE
from tests.patience import PATIENCE_S, quickest, wait_until
from tests.projections.models import POISON, Lengths, Log, Talk, Till
from tests.projections.tape import Tape, reading


def runner(tape: Tape, *projections: type[Projection], batch_max: int = 5_000) -> Runner:
    started = Runner(reading(tape.url), projections, batch_max=batch_max)
    started.start()
    return started


def status_of(tape: Tape, name: str) -> ProjectionStatus:
    return next(s for s in checkpoints.status(tape.connection) if s.projection == name)


def test_every_event_that_changes_a_row_leaves_a_version(tape: Tape) -> None:
    tape.say("ann", "one", "two")
    runner(tape, Talk).catch_up()
    assert tape.versions("talk") == [
        (1, 2, "ann", 1, "one"),
        (2, CURRENT, "ann", 2, "two"),
    ]


def test_the_checkpoint_is_the_last_event_read(tape: Tape) -> None:
    tape.say("ann", "one", "two", "three")
    runner(tape, Talk).catch_up()
    assert status_of(tape, "talk").position == 3


def test_what_is_committed_is_announced(tape: Tape) -> None:
    told: list[dict[str, int]] = []
    follower = Runner(reading(tape.url), [Talk], announce=lambda moved: told.append(dict(moved)))
    follower.start()
    tape.say("ann", "one")
    follower.catch_up()
    assert told == [{"talk": 1}]


@pytest.mark.parametrize(
    "words",
    [
        'a "quoted" word', "two\nlines\r\n", "a\ttab", "back\\slash", "\\", "\\.", "\\n", '"',
        "null", "NULL", "", " ", "a,b", "]\n[", "\\\\n", "\x01\x1f", "déjà vu 🚀", "[1]", "\u2028",
    ],
)  # fmt: skip
def test_any_words_come_back_as_they_were_said(tape: Tape, words: str) -> None:
    tape.say("ann", words, words)
    runner(tape, Log, Talk).catch_up()
    lines = tape.connection.execute("SELECT content FROM read.log").fetchall()
    assert [line[0] for line in lines] == [words, words]
    assert tape.current("talk", "last") == [(words,)]


def test_many_rows_at_once_come_back_as_they_were_said(tape: Tape) -> None:
    said = [f"line {number}\n" for number in range(2 * ENCODED_AT_ONCE + 1)]
    tape.say("ann", *said)
    runner(tape, Log).catch_up()
    lines = tape.connection.execute("SELECT content FROM read.log ORDER BY position").fetchall()
    assert [line[0] for line in lines] == said


def test_a_character_that_the_database_cannot_keep_is_marked(tape: Tape) -> None:
    tape.say("ann", "zero \x00 byte")
    runner(tape, Talk).catch_up()
    assert tape.current("talk", "last") == [("zero \ufffd byte",)]


def test_a_feed_parks_the_event_it_cannot_fold_and_goes_on(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    runner(tape, Talk).catch_up()
    assert tape.current("talk", "author, said, last") == [("ann", 2, "three")]
    parked = status_of(tape, "talk")
    assert (parked.state, parked.parked, parked.position) == ("parked", 1, 3)
    assert parked.reason == (
        "position 2 (message.captured): ValueError: this word cannot be folded"
    )


def test_money_stops_before_the_event_it_cannot_fold(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    runner(tape, Till).catch_up()
    stopped = status_of(tape, "till")
    assert (stopped.state, stopped.position) == ("stopped", 1)
    assert "this word cannot be folded" in stopped.reason
    assert tape.current("till", "author, said, last") == [("ann", 1, "one")]


def test_the_others_go_on_beside_the_one_that_stops(tape: Tape) -> None:
    tape.say("ann", "one", POISON, "three")
    runner(tape, Till, Log).catch_up()
    assert status_of(tape, "log").position == 3
    assert status_of(tape, "log").state == "running"
    assert len(tape.versions("log")) == 3


def test_each_of_several_poisoned_events_is_found(tape: Tape) -> None:
    tape.say("ann", *(POISON if number % 7 == 0 else "fine" for number in range(50)))
    runner(tape, Talk, Log).catch_up()
    assert status_of(tape, "talk").parked == 8
    assert tape.current("talk", "said") == [(42,)]
    assert len(tape.versions("log")) == 50


def test_a_row_that_the_database_refuses_is_traced_to_its_event(tape: Tape) -> None:
    tape.say("ann", *"abcde", "", *"fgh")
    runner(tape, Lengths, Log).catch_up()
    refused = status_of(tape, "lengths")
    assert (refused.state, refused.parked, refused.position) == ("parked", 1, 9)
    assert "position 6" in refused.reason
    assert len(tape.versions("lengths")) == 8


def test_an_event_that_no_one_can_read_stops_only_who_wants_it(tape: Tape) -> None:
    tape.say("ann", "one")
    tape.connection.execute("SET ROLE NONE")
    tape.connection.execute("SET session_replication_role = replica")
    tape.connection.execute("UPDATE tape.events SET body = 'no json'")
    runner(tape, Till).catch_up()
    assert status_of(tape, "till").state == "stopped"


def test_a_new_start_tries_the_event_that_stopped_it(tape: Tape) -> None:
    class Mended(Till):
        @when(MessageCaptured)
        def captured(self, event: MessageCaptured, seen: Seen) -> None:
            if event.content != POISON:
                super().captured(event, seen)

    tape.say("ann", "one", POISON, "three")
    first = runner(tape, Till)
    first.catch_up()
    first.close()
    runner(tape, Mended).catch_up()
    mended = status_of(tape, "till")
    assert (mended.state, mended.position, mended.reason) == ("running", 3, "")


def test_the_second_worker_stands_by_and_takes_over(tape: Tape) -> None:
    first, second = runner(tape, Talk), runner(tape, Talk)
    tape.say("ann", "one")
    assert first.catch_up() == 1
    tape.say("ann", "two")
    assert second.catch_up() == 0
    first.close()
    time.sleep(1.1)
    assert second.catch_up() == 1
    assert tape.current("talk", "author, said, last") == [("ann", 2, "two")]


def test_a_worker_cut_off_from_its_session_writes_nothing_twice(tape: Tape) -> None:
    first, second = runner(tape, Talk), runner(tape, Talk)
    tape.say("ann", "one")
    first.catch_up()
    tape.connection.execute("SET ROLE NONE")
    tape.connection.execute(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory'"
        " AND l.classid = %s AND l.pid <> pg_backend_pid()",
        (checkpoints.LEAD,),
    )
    time.sleep(0.1)
    second.catch_up()
    tape.say("ann", "two")
    assert second.catch_up() == 1
    with pytest.raises(Unavailable):
        first.step()
    assert tape.current("talk", "author, said") == [("ann", 2)]


def test_a_read_model_that_is_new_catches_up_with_the_others(tape: Tape) -> None:
    tape.say("ann", "one", "two")
    first = runner(tape, Talk)
    first.catch_up()
    first.close()
    tape.say("ann", "three")
    runner(tape, Talk, Log).catch_up()
    assert status_of(tape, "log").position == status_of(tape, "talk").position == 3
    assert len(tape.versions("log")) == 3
    assert len(tape.versions("talk")) == 3


def test_an_append_wakes_the_worker(tape: Tape) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=runner(tape, Talk).run, args=(stop,))
    worker.start()
    try:
        wait_until(lambda: status_of(tape, "talk").position == 0)

        def takes() -> float:
            time.sleep(0.05)
            appended = time.monotonic()
            position = tape.say("ann", "hello")
            wait_until(lambda: status_of(tape, "talk").position == position)
            return time.monotonic() - appended

        # The poll alone would take a second, as it begins anew after each.
        takes()
        assert quickest(takes, under=0.5) < 0.5
    finally:
        stop.set()
        worker.join(PATIENCE_S)
    assert not worker.is_alive()


def test_the_worker_outlives_a_lost_connection(tape: Tape) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=runner(tape, Talk).run, args=(stop,))
    worker.start()
    try:
        tape.say("ann", "one")
        wait_until(lambda: status_of(tape, "talk").position == 1)
        tape.connection.execute("SET ROLE NONE")
        tape.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tape.say("ann", "two")
        wait_until(lambda: status_of(tape, "talk").position == 2)
    finally:
        stop.set()
        worker.join(PATIENCE_S)
    assert tape.current("talk", "said") == [(2,)]
