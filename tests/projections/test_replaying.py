"""A replay makes rows from the events alone and says which stored ones are something else."""

from __future__ import annotations

import pytest

from projections.replaying import Compared, NotReached
from projections.runner import Runner
from tests.projections.models import POISON, Log, Talk
from tests.projections.tape import Tape, reading


@pytest.fixture
def follower(tape: Tape) -> Runner:
    """Two read models of thirty messages by four authors."""
    for number in range(30):
        tape.say(f"author{number % 4}", f"words {number}")
    started = Runner(reading(tape.url), [Talk, Log])
    started.start()
    started.catch_up()
    return started


def wrong(found: list[Compared]) -> list[tuple[str, int, int, tuple[str, ...]]]:
    return [(one.table, *one[2:]) for one in found if not one.agrees]


def test_at_every_position_the_versions_are_what_the_events_make(follower: Runner) -> None:
    for until in range(31):
        found = follower.replay(until)
        assert wrong(found) == []
        assert [one.rows for one in found] == [min(until, 4), until]


def test_what_comes_later_changes_no_earlier_answer(follower: Runner, tape: Tape) -> None:
    tape.say("author1", "more", "and more")
    follower.catch_up()
    assert wrong(follower.replay(17)) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE read.talk SET said = said + 1 WHERE author = 'author2' AND valid_to > 1000",
            ("talk", 1, 1, ("author2",)),
        ),
        (
            "DELETE FROM read.talk WHERE author = 'author3'",
            ("talk", 1, 0, ("author3",)),
        ),
        (
            "UPDATE read.log SET content = 'never said' WHERE position = 7",
            ("log", 1, 1, ("7",)),
        ),
        ("DELETE FROM read.log WHERE position = 9", ("log", 1, 0, ("9",))),
    ],
)
def test_a_row_that_somebody_changed_is_named(
    follower: Runner, tape: Tape, change: str, found: tuple[str, int, int, tuple[str, ...]]
) -> None:
    tape.connection.execute(change)
    assert wrong(follower.replay(30)) == [found]


def test_only_the_read_models_that_are_named_are_replayed(follower: Runner) -> None:
    assert [one.table for one in follower.replay(30, ["log"])] == ["log"]
    with pytest.raises(KeyError):
        follower.replay(30, ["gossip"])


def test_a_position_that_is_not_reached_is_refused(follower: Runner, tape: Tape) -> None:
    tape.say("author1", "unheard")
    with pytest.raises(NotReached, match="has come to position 30 only"):
        follower.replay(31)


def test_nothing_is_left_behind_and_nothing_moves(follower: Runner, tape: Tape) -> None:
    before = tape.tables(), tape.versions("talk"), tape.versions("checkpoints")
    follower.replay(12)
    assert (tape.tables(), tape.versions("talk"), tape.versions("checkpoints")) == before


def test_what_was_parked_is_left_out_again(follower: Runner, tape: Tape) -> None:
    tape.say("author1", POISON)
    tape.say("author1", "and on")
    follower.catch_up()
    assert wrong(follower.replay(32)) == []


def test_progress_is_told(follower: Runner) -> None:
    seen: list[tuple[int, int]] = []
    follower.replay(20, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20)
