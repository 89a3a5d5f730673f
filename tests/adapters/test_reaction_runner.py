"""A reaction sees each event exactly once, in order, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import msgspec
import pytest

from adapters.postgres import connect
from adapters.reaction_runner import (
    BATCH,
    ReactionRunner,
    ReactionStatus,
    Step,
    reaction_statuses,
)
from application.desk import Desk, Work
from application.ports import Unavailable
from application.reaction import Happened, Memory, consequence
from domain.shared import Event, Impossible
from tests.adapters.notes import (
    AT,
    Note,
    NoteChanged,
    NoteTaken,
    as_owner,
    drop_connections,
    on_tape,
)
from tests.application.acts import catch_up, change, command, events, head
from tests.application.conftest import OvertakenTape, desk_on


class Count(msgspec.Struct, frozen=True):
    """How many notes it has seen."""

    seen: int


class Numbering:
    """Writes on every note which one it was; it stumbles over `impossible` and `broken`."""

    handles: frozenset[type[Event]] = frozenset({NoteTaken})

    def __init__(self, name: str = "numbering") -> None:
        self.name = name
        self.memory = Memory()
        self.seen = 0
        self.sizes: list[int] = []

    def restore(self, state: Mapping[str, bytes]) -> None:
        self.memory = Memory()
        self.seen = msgspec.json.decode(state["count"], type=Count).seen if state else 0

    def changes(self) -> Mapping[str, bytes | None]:
        return self.memory.take()

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        self.sizes.append(len(happened))
        for cause in happened:
            assert isinstance(cause.event, NoteTaken)
            self.seen += 1
            self.memory.put("count", Count(self.seen))
            if cause.event.text == "impossible":
                raise Impossible("nobody can number that")
            if cause.event.text == "broken":
                raise ZeroDivisionError
            work.get(Note, cause.stream).change(f"number {self.seen}")
            work.save(consequence(self.name, cause))


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with desk_on(database_url) as desk:
        yield desk


@pytest.fixture
def runner(database_url: str, desk: Desk) -> Iterator[ReactionRunner]:
    with closing(ReactionRunner(database_url, desk, Numbering())) as runner:
        yield runner


def take(desk: Desk, *texts: str) -> None:
    """Takes notes, a command each."""
    work = Work(desk)
    for text in texts:
        work.begin(Note.take(text))
        work.save(command())
    work.commit()


def numbers(desk: Desk) -> list[str]:
    """What was written on the notes, in the order of writing."""
    return [event.text for event in events(desk) if isinstance(event, NoteChanged)]


def up_to(count: int) -> list[str]:
    return [f"number {number}" for number in range(1, count + 1)]


def statuses(url: str) -> list[ReactionStatus]:
    with connect(url) as connection:
        return reaction_statuses(connection)


def place(url: str) -> tuple[int, str, str]:
    (status,) = statuses(url)
    return status.position, status.state, status.reason


class TestFollowing:
    def test_each_event_is_reacted_to_once(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a", "b")
        assert runner.step() is Step.WORKED
        assert numbers(desk) == up_to(2)
        assert runner.step() is Step.AT_HEAD
        take(desk, "c")
        catch_up(runner)
        assert numbers(desk) == up_to(3)
        assert place(database_url) == (head(desk), "running", "")

    def test_an_empty_tape_is_followed_to_its_head(
        self, runner: ReactionRunner, database_url: str
    ) -> None:
        assert runner.step() is Step.AT_HEAD
        assert place(database_url) == (0, "running", "")

    def test_events_it_does_not_handle_are_passed_by(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")
        catch_up(runner)
        (note,) = (e.originator_id for e in events(desk) if isinstance(e, NoteTaken))
        change(desk, Note, note, lambda found: found.change("by hand"))
        assert runner.step() is Step.AT_HEAD
        assert place(database_url)[0] == head(desk) == 3

    def test_what_it_decides_names_it_and_the_cause(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")
        catch_up(runner)
        taken, changed = on_tape(database_url)
        assert (changed.actor, changed.causation) == ("reaction:numbering", taken.position)
        assert changed.correlation == taken.stream

    def test_more_than_a_batch_is_reacted_to_in_order(self, desk: Desk, database_url: str) -> None:
        numbering = Numbering()
        take(desk, *("x" for _ in range(BATCH + 20)))
        with closing(ReactionRunner(database_url, desk, numbering)) as runner:
            catch_up(runner)
        assert [size for size in numbering.sizes if size] == [BATCH, 20]
        log = on_tape(database_url)
        taken = [event.stream for event in log if event.name == NoteTaken.TOPIC]
        assert [event.stream for event in log if event.name == NoteChanged.TOPIC] == taken

    def test_each_reaction_has_its_own_place(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")
        catch_up(runner)
        with closing(ReactionRunner(database_url, desk, Numbering("another"))) as other:
            catch_up(other)
        assert numbers(desk) == ["number 1", "number 1"]
        assert [(s.name, s.position) for s in statuses(database_url)] == [
            ("another", 3),
            ("numbering", 2),
        ]


class TestSeveralWorkers:
    def test_the_next_worker_goes_on_with_what_was_remembered(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a", "b")
        catch_up(runner)
        runner.close()
        take(desk, "c")
        with closing(ReactionRunner(database_url, desk, Numbering())) as successor:
            catch_up(successor)
        assert numbers(desk) == up_to(3)

    def test_a_second_worker_stands_by_while_the_first_is_at_work(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")

        class Looking(Numbering):
            def react(self, happened: Sequence[Happened], work: Work) -> None:
                found.append(runner.step())
                super().react(happened, work)

        found: list[Step] = []
        with closing(ReactionRunner(database_url, desk, Looking())) as first:
            assert first.step() is Step.WORKED
        assert found == [Step.STANDING_BY]
        assert numbers(desk) == up_to(1)

    def test_who_dies_at_work_leaves_its_place_to_the_next(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")

        class Dying(Numbering):
            def react(self, happened: Sequence[Happened], work: Work) -> None:
                drop_connections(database_url)

        with closing(ReactionRunner(database_url, desk, Dying())) as first:
            with pytest.raises(Unavailable):
                first.step()
            catch_up(runner)
        assert numbers(desk) == up_to(1)

    def test_what_was_decided_from_a_place_that_has_moved_is_not_stored(
        self, desk: Desk, database_url: str
    ) -> None:
        take(desk, "a")

        class Overtaken(Numbering):
            def react(self, happened: Sequence[Happened], work: Work) -> None:
                super().react(happened, work)
                with as_owner(database_url) as owner:
                    owner.execute("UPDATE tape.reactions SET position = 1")

        with closing(ReactionRunner(database_url, desk, Overtaken())) as runner:
            catch_up(runner)
        assert numbers(desk) == []
        assert place(database_url) == (1, "running", "")

    def test_workers_that_take_turns_remember_what_the_others_did(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        with closing(ReactionRunner(database_url, desk, Numbering())) as other:
            for turn in (runner, other, other, runner, runner, other):
                take(desk, "x")
                catch_up(turn)
        assert numbers(desk) == up_to(6)

    def test_workers_at_the_same_time_react_once_to_each_event(
        self, desk: Desk, database_url: str
    ) -> None:
        def follow(_: int) -> None:
            with closing(ReactionRunner(database_url, desk, Numbering())) as worker:
                while len(numbers(desk)) < 40:
                    worker.step()

        with ThreadPoolExecutor(3) as threads:
            workers = [threads.submit(follow, number) for number in range(2)]
            for _ in range(40):
                take(desk, "x")
            for worker in workers:
                worker.result()
        assert numbers(desk) == up_to(40)


class TestWhatFails:
    def test_an_event_that_is_refused_stops_it_there_and_says_why(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a", "b", "impossible", "d")
        catch_up(runner)
        assert numbers(desk) == up_to(2)
        assert place(database_url) == (2, "stopped", "nobody can number that")

    def test_what_is_stopped_stays_stopped_in_the_next_process_too(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "impossible", "b")
        catch_up(runner)
        assert runner.step() is Step.STOPPED
        runner.close()
        with closing(ReactionRunner(database_url, desk, Numbering())) as successor:
            assert successor.step() is Step.STOPPED
        assert numbers(desk) == []

    def test_others_go_on_when_one_is_stopped(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        class Patient(Numbering):
            def react(self, happened: Sequence[Happened], work: Work) -> None:
                self.seen += len(happened)

        take(desk, "impossible", "b")
        patient = Patient("patient")
        with closing(ReactionRunner(database_url, desk, patient)) as other:
            catch_up(runner, other)
        assert patient.seen == 2

    def test_what_was_tried_in_vain_is_not_remembered(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a", "b", "c", "impossible")
        catch_up(runner)
        with connect(database_url) as connection:
            rows = connection.execute("SELECT key, value FROM tape.reaction_memory").fetchall()
        assert rows == [("count", b'{"seen":3}')]

    def test_an_error_of_ours_is_raised_and_leaves_everything_as_it_was(
        self, desk: Desk, runner: ReactionRunner, database_url: str
    ) -> None:
        take(desk, "a")
        catch_up(runner)
        take(desk, "b", "broken")
        before = place(database_url)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                runner.step()
        assert place(database_url) == before
        assert numbers(desk) == up_to(1)

    def test_who_is_overtaken_decides_again_on_what_is_there(
        self, desk: Desk, database_url: str
    ) -> None:
        take(desk, "a")
        note = events(desk)[0].originator_id

        def by_hand() -> None:
            change(desk, Note, note, lambda found: found.change("by hand"))

        late = Desk(desk.factory, OvertakenTape(desk.tape, by_hand))
        with closing(ReactionRunner(database_url, late, Numbering())) as runner:
            catch_up(runner)
        assert numbers(desk) == ["by hand", "number 1"]

    @pytest.mark.parametrize("act", [ReactionRunner.step, ReactionRunner.start_over])
    def test_a_lost_connection_is_said_and_the_next_step_has_another(
        self,
        desk: Desk,
        runner: ReactionRunner,
        database_url: str,
        act: Callable[[ReactionRunner], object],
    ) -> None:
        take(desk, "a")
        catch_up(runner)
        drop_connections(database_url)
        with pytest.raises(Unavailable):
            act(runner)
        take(desk, "b")
        catch_up(runner)
        assert numbers(desk) == up_to(2)


class TestMemory:
    def test_what_is_forgotten_is_not_stored_any_more(self, desk: Desk, database_url: str) -> None:
        class Fickle(Numbering):
            def react(self, happened: Sequence[Happened], work: Work) -> None:
                for cause in happened:
                    assert isinstance(cause.event, NoteTaken)
                    if cause.event.text == "forget":
                        self.memory.drop("count")
                    else:
                        self.memory.put("count", Count(1))

        with closing(ReactionRunner(database_url, desk, Fickle())) as runner:
            for text, remembered in (("a", 1), ("forget", 0), ("forget", 0), ("b", 1)):
                take(desk, text)
                catch_up(runner)
                with connect(database_url) as connection:
                    rows = connection.execute("SELECT key FROM tape.reaction_memory").fetchall()
                assert len(rows) == remembered

    def test_starting_over_begins_at_the_first_event_even_of_a_stopped_one(
        self, desk: Desk, database_url: str
    ) -> None:
        class Watching(Numbering):
            willing = False

            def react(self, happened: Sequence[Happened], work: Work) -> None:
                if not self.willing and happened:
                    raise Impossible("not today")
                self.sizes.extend(cause.position for cause in happened)

        watching = Watching()
        take(desk, "a", "b")
        with closing(ReactionRunner(database_url, desk, watching)) as runner:
            catch_up(runner)
            assert place(database_url) == (0, "stopped", "not today")
            watching.willing = True
            for _ in range(2):
                runner.start_over()
                catch_up(runner)
        assert watching.sizes == [1, 2, 1, 2]
        assert place(database_url) == (2, "running", "")


def test_its_name_is_that_of_the_reaction(runner: ReactionRunner) -> None:
    assert runner.name == "numbering"


def test_the_time_of_a_decision_is_that_of_its_cause(desk: Desk, runner: ReactionRunner) -> None:
    take(desk, "a")
    catch_up(runner)
    assert events(desk)[-1].timestamp == AT
