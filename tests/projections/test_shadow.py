"""A shadow shows what would be; the live read models know nothing of it and wait for nobody."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.domain import BaseAggregate

from adapters.mapper import TapeMapper
from adapters.postgres import AUDITOR_ROLE, connect
from domain.signals import Signal
from projections import checkpoints
from projections.books import Books
from projections.runner import Runner
from projections.shadow import CannotForesee, Unrecorded, shadow
from tests.application.acts import new_signal
from tests.application.conftest import NOON
from tests.projections.tape import Tape, reading

PRICE = "SELECT position, average_entry FROM read.positions WHERE valid_to = 9223372036854775807"


@pytest.fixture
def tape(database_url: str) -> Tape:
    return Tape(database_url)


@pytest.fixture
def runner(tape: Tape) -> Runner:
    runner = Runner(reading(tape.url), [Books])
    runner.start()
    return runner


def decided(aggregate: BaseAggregate[UUID], head: int) -> list[Unrecorded]:
    """What an aggregate decided, as it would lie behind the head of the tape."""
    stored = map(TapeMapper().to_stored_event, aggregate.collect_events())
    return [
        Unrecorded(head + at, aggregate.id, one.originator_version, one.topic, one.state)
        for at, one in enumerate(stored, start=1)
    ]


def corrected(signal: Signal, price: str) -> Signal:
    signal.correct(
        correction=uuid4(), number=1, price=Decimal(price), quantity=None, reason="x", by="y",
        at=NOON,
    )  # fmt: skip
    return signal


def test_it_shows_what_would_be_and_leaves_nothing(tape: Tape, runner: Runner) -> None:
    signal = new_signal(price="5.00")
    head = tape.save(signal)
    runner.catch_up()
    with connect(tape.url, role=AUDITOR_ROLE) as connection:
        with shadow(reading(tape.url), connection, [Books]) as made:
            moved = made.fold(decided(corrected(signal, "4.00"), head))
            assert {one.shape.name for one in moved} >= {"positions"}
            assert connection.execute(PRICE).fetchall() == [(signal.id, Decimal(4))]
            again = decided(corrected(signal, "3.00"), head + 1)
            (was,) = (m.before for m in made.fold(again) if m.shape.name == "positions")
            assert was.average_entry == Decimal(4)
            assert connection.execute(PRICE).fetchall() == [(signal.id, Decimal(3))]
        assert connection.execute(PRICE).fetchall() == [(signal.id, Decimal(5))]
        left = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname ~ '^(added|ended|shadow)_'"
        ).fetchone()
    assert left == (0,)


def test_it_knows_what_the_live_read_models_have_not_come_to(tape: Tape, runner: Runner) -> None:
    signal = new_signal(price="5.00")
    tape.save(signal)
    assert runner.position() == 0
    with (
        connect(tape.url, role=AUDITOR_ROLE) as connection,
        shadow(reading(tape.url), connection, [Books]),
    ):
        assert connection.execute(PRICE).fetchall() == [(signal.id, Decimal(5))]


def test_nobody_waits_for_it_and_it_for_nobody(tape: Tape, runner: Runner) -> None:
    signal = new_signal(price="5.00")
    head = tape.save(signal)
    runner.catch_up()
    with (
        connect(tape.url, role=AUDITOR_ROLE) as connection,
        shadow(reading(tape.url), connection, [Books]) as made,
    ):
        made.fold(decided(corrected(signal, "4.00"), head))
        other = new_signal(price="7.00")
        tape.save(other)
        runner.catch_up()
        assert set(tape.connection.execute(PRICE)) == {
            (signal.id, Decimal(5)), (other.id, Decimal(7)),
        }  # fmt: skip
        assert connection.execute(PRICE).fetchall() == [(signal.id, Decimal(4))]


def test_it_cannot_write_the_read_models(tape: Tape, runner: Runner) -> None:
    tape.save(new_signal())
    runner.catch_up()
    with (
        connect(tape.url, role=AUDITOR_ROLE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        shadow(reading(tape.url), connection, [Books]),
    ):
        connection.execute("DELETE FROM read.checkpoints")


def test_what_stands_still_foresees_nothing(tape: Tape, runner: Runner) -> None:
    tape.save(new_signal())
    runner.catch_up()
    checkpoints.stop(tape.connection, Books.name, "a poisoned event")
    with (
        connect(tape.url, role=AUDITOR_ROLE) as connection,
        pytest.raises(CannotForesee, match="stands still"),
        shadow(reading(tape.url), connection, [Books]),
    ):
        pass


def test_what_no_read_model_could_fold_is_said(tape: Tape, runner: Runner) -> None:
    head = tape.save(new_signal())
    runner.catch_up()
    unknown = corrected(new_signal(), "4.00")
    _, correction = decided(unknown, head)
    with (
        connect(tape.url, role=AUDITOR_ROLE) as connection,
        shadow(reading(tape.url), connection, [Books]) as made,
        pytest.raises(CannotForesee, match="would stop a read model"),
    ):
        made.fold([correction])
