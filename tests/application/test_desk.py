"""A command is decided once, on what is there, and leaves who, why and when beside its events."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.desk import ATTEMPTS, Command, Desk, Outcome, Work, derived_id
from application.ports import Appended, Conflict, NotFound
from domain.accounts import Account
from domain.shared import Impossible
from domain.traders import Trader, TraderRegistered, TraderRenamed
from tests.adapters.notes import as_owner, on_tape
from tests.application.acts import begin, change, command, events, head, names
from tests.application.conftest import NOON, desk_on

SEVERAL_AT_ONCE = 6


def trader(name: str = "Nora") -> Trader:
    return Trader.register(platform="discord", author_id=uuid4().hex, name=name, at=NOON)


def rename(desk: Desk, stream: UUID, name: str, given_id: UUID | None = None) -> Outcome:
    """Renames a trader by a command that was given just that."""
    return desk.run(command(stream, name, key=given_id), to_be_called(stream, name))


def to_be_called(stream: UUID, name: str) -> Callable[[Work], Trader]:
    def decide(work: Work) -> Trader:
        found = work.get(Trader, stream)
        found.rename(name, at=NOON)
        return found

    return decide


def after(act: Callable[[], object], decide: Callable[[Work], Trader]) -> Callable[[Work], Trader]:
    """Decides on what is there, but somebody else acts before it is saved."""

    def late(work: Work) -> Trader:
        found = decide(work)
        act()
        return found

    return late


def only_once(act: Callable[[], object]) -> Callable[[], None]:
    acts = [act]

    def once() -> None:
        if acts:
            acts.pop()()

    return once


class TestTheSameCommandAgain:
    def test_the_answer_says_where_its_events_are(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        assert rename(desk, stream, "Eleanor") == Outcome(stream=stream, version=2, position=2)

    def test_the_same_id_and_input_answers_as_the_first_time(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        first = rename(desk, stream, "Eleanor", key)
        assert rename(desk, stream, "Eleanor", key) == first
        assert names(desk) == ["trader.registered", "trader.profile_changed"]

    def test_the_first_answer_holds_whatever_happened_since(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        first = rename(desk, stream, "Eleanor", key)
        rename(desk, stream, "Nell")
        assert rename(desk, stream, "Eleanor", key) == first
        assert head(desk) == 3

    def test_another_process_knows_the_answer_too(self, desk: Desk, database_url: str) -> None:
        stream, key = begin(desk, trader()), uuid4()
        first = rename(desk, stream, "Eleanor", key)
        with desk_on(database_url) as other:
            assert rename(other, stream, "Eleanor", key) == first

    def test_the_same_id_with_other_input_is_refused(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        rename(desk, stream, "Eleanor", key)
        with pytest.raises(Conflict, match=f"{key} was used for other input"):
            rename(desk, stream, "Nell", key)
        assert head(desk) == 2

    def test_sent_several_times_at_once_it_is_decided_once(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        with ThreadPoolExecutor(SEVERAL_AT_ONCE) as threads:
            sent = [
                threads.submit(rename, desk, stream, "Eleanor", key) for _ in range(SEVERAL_AT_ONCE)
            ]
        assert {each.result() for each in sent} == {Outcome(stream=stream, version=2, position=2)}
        assert head(desk) == 2

    def test_its_twin_may_get_in_between_the_look_and_the_decision(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        twin = only_once(lambda: rename(desk, stream, "Eleanor", key))

        def decide(work: Work) -> Trader:
            twin()
            return to_be_called(stream, "Eleanor")(work)

        answer = desk.run(command(stream, "Eleanor", key=key), decide)
        assert answer == Outcome(stream=stream, version=2, position=2)

    def test_its_twin_may_get_in_between_the_decision_and_the_tape(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        twin = only_once(lambda: rename(desk, stream, "Eleanor", key))
        decide = after(twin, to_be_called(stream, "Eleanor"))
        answer = desk.run(command(stream, "Eleanor", key=key), decide)
        assert answer == Outcome(stream=stream, version=2, position=2)

    def test_an_id_that_is_taken_meanwhile_is_said_to_be_taken(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        other = only_once(lambda: rename(desk, stream, "Nell", key))
        decide = after(other, to_be_called(stream, "Eleanor"))
        with pytest.raises(Conflict, match="was used for other input"):
            desk.run(command(stream, "Eleanor", key=key), decide)

    def test_what_was_refused_left_its_id_free(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        with pytest.raises(Impossible):
            rename(desk, stream, "Nora", key)
        assert names(desk) == ["trader.registered"]
        assert rename(desk, stream, "Eleanor", key).version == 2

    def test_where_nothing_was_to_decide_there_is_no_position(self, desk: Desk) -> None:
        stream, key = begin(desk, trader()), uuid4()
        looked = desk.run(command(key=key), lambda work: work.get(Trader, stream))
        assert looked == Outcome(stream=stream, version=1, position=0)
        assert rename(desk, stream, "Eleanor", key).position == 2

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=12))
    def test_whatever_is_sent_each_id_means_what_it_meant_first(
        self, desk: Desk, sent: list[tuple[int, str]]
    ) -> None:
        stream = begin(desk, trader())
        keys = [uuid4() for _ in range(3)]
        meant: dict[int, tuple[str, Outcome]] = {}
        called = "Nora"
        for number, name in sent:
            if number in meant and meant[number][0] != name:
                with pytest.raises(Conflict):
                    rename(desk, stream, name, keys[number])
            elif number in meant:
                assert rename(desk, stream, name, keys[number]) == meant[number][1]
            elif name == called:
                with pytest.raises(Impossible):
                    rename(desk, stream, name, keys[number])
            else:
                meant[number] = name, rename(desk, stream, name, keys[number])
                called = name
        assert [outcome.version for _, outcome in meant.values()] == [*range(2, len(meant) + 2)]


class TestSomebodyElseWasFaster:
    def test_who_looked_at_an_older_version_has_to_look_again(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        rename(desk, stream, "Eleanor")
        with pytest.raises(Conflict, match="at version 2 by now, not 1: look again"):
            desk.run(command(), lambda work: work.get(Trader, stream, expected_version=1))

    def test_who_saw_the_newest_version_decides(self, desk: Desk) -> None:
        stream = begin(desk, trader())

        def decide(work: Work) -> Trader:
            found = work.get(Trader, stream, expected_version=1)
            found.rename("Eleanor", at=NOON)
            return found

        assert desk.run(command(), decide).version == 2

    def test_who_expected_no_version_decides_anew_on_the_newer_state(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        faster = only_once(lambda: rename(desk, stream, "Nell"))
        answer = desk.run(command(), after(faster, to_be_called(stream, "Eleanor")))
        assert answer == Outcome(stream=stream, version=3, position=3)
        found = [event for event in events(desk) if isinstance(event, TraderRenamed)]
        assert [event.name for event in found] == ["Nell", "Eleanor"]

    def test_a_decision_that_is_impossible_by_then_is_refused(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        faster = only_once(lambda: rename(desk, stream, "Eleanor"))
        with pytest.raises(Impossible, match="already goes by that name"):
            desk.run(command(), after(faster, to_be_called(stream, "Eleanor")))

    def test_who_is_always_overtaken_is_told_so_in_the_end(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        decide = after(
            lambda: rename(desk, stream, uuid4().hex), to_be_called(stream, "never recorded")
        )
        with pytest.raises(Conflict, match="try once more"):
            desk.run(command(), decide)
        assert head(desk) == 1 + ATTEMPTS

    def test_of_two_who_begin_the_same_stream_one_is_refused(self, desk: Desk) -> None:
        first, second = trader(), trader()
        begin(desk, first)
        other = Trader.register(platform="discord", author_id=first.author_id, name="x", at=NOON)
        work = Work(desk)
        work.begin(other)
        work.save(command())
        work.begin(second)
        work.save(command())
        refused, stored = work.commit()
        assert isinstance(refused, Conflict)
        assert stored == Appended(2, 2)


class TestWhatIsNotThere:
    def test_a_stream_that_does_not_exist_is_named(self, desk: Desk) -> None:
        nobody = uuid4()
        with pytest.raises(NotFound, match=f"there is no trader {nobody}"):
            rename(desk, nobody, "Eleanor")

    def test_a_stream_of_another_kind_is_not_taken_for_it(self, desk: Desk) -> None:
        stream = begin(desk, trader())
        with pytest.raises(NotFound, match="is no account"):
            change(desk, Account, stream, lambda account: account)

    def test_looking_for_it_finds_nothing(self, desk: Desk) -> None:
        assert Work(desk).find(Trader, uuid4()) is None

    def test_many_are_loaded_without_those_that_do_not_exist(self, desk: Desk) -> None:
        streams = {begin(desk, trader()), begin(desk, trader())}
        assert desk.load([*streams, uuid4()]).keys() == streams


class TestOneWork:
    def test_what_was_decided_earlier_in_it_is_seen_though_nothing_is_stored(
        self, desk: Desk
    ) -> None:
        stream = begin(desk, trader())
        work = Work(desk)
        work.get(Trader, stream).rename("Eleanor", at=NOON)
        work.save(command())
        assert work.get(Trader, stream).name == "Eleanor"
        assert head(desk) == 1

    def test_the_events_of_a_command_lie_in_the_order_they_were_taken(self, desk: Desk) -> None:
        first, second = trader("first"), trader("second")
        work = Work(desk)
        work.begin(first)
        work.take(work.begin(second))
        work.save(command())
        (stored,) = work.commit()
        assert stored == Appended(1, 2)
        found = [event for event in events(desk) if isinstance(event, TraderRegistered)]
        assert [event.name for event in found] == ["second", "first"]

    def test_without_a_decision_there_is_nothing_to_store(self, desk: Desk) -> None:
        work = Work(desk)
        assert not work.save(command())
        assert work.commit() == ()


class TestBesideTheEvents:
    def test_who_did_it_and_what_it_belongs_to(self, desk: Desk, database_url: str) -> None:
        signal, stream = uuid4(), begin(desk, trader())
        sent = Command.given(
            uuid4(), actor="reaction:booking", at=NOON, correlation=signal, causation=1
        )
        desk.run(sent, to_be_called(stream, "Eleanor"))
        (event,) = on_tape(database_url)[1:]
        assert event.actor == "reaction:booking"
        assert (event.correlation, event.causation) == (signal, 1)

    def test_a_person_who_begins_something_was_caused_by_nothing(
        self, desk: Desk, database_url: str
    ) -> None:
        desk.run(command(actor="member:dana"), lambda work: work.begin(trader()))
        (event,) = on_tape(database_url)
        assert (event.actor, event.correlation, event.causation) == ("member:dana", None, None)

    def test_the_command_is_named_on_each_of_its_events(
        self, desk: Desk, database_url: str
    ) -> None:
        sent = command()

        def decide(work: Work) -> Trader:
            found = work.begin(trader())
            found.rename("Eleanor", at=NOON)
            return found

        desk.run(sent, decide)
        with as_owner(database_url) as connection:
            rows = connection.execute("SELECT command_id FROM tape.events").fetchall()
        assert rows == [(sent.id,), (sent.id,)]


words = st.lists(st.text(st.characters(exclude_characters="\x1f", codec="utf-8")), min_size=1)


class TestIds:
    @given(words, words)
    def test_a_derived_id_follows_from_its_words_alone(
        self, first: list[str], second: list[str]
    ) -> None:
        assert (derived_id(*first) == derived_id(*second)) == (first == second)

    @given(words, words)
    def test_a_command_is_known_by_all_that_it_was_given(
        self, first: list[str], second: list[str]
    ) -> None:
        known, other = command(*first).input_hash, command(*second).input_hash
        assert (known == other) == (first == second)

    def test_who_asks_and_when_is_not_part_of_what_was_asked(self) -> None:
        key = uuid4()
        early = Command.given(key, "x", actor="member:dana", at=NOON)
        late = Command.given(key, "x", actor="member:ada", at=NOON.replace(hour=18))
        assert early.input_hash == late.input_hash
