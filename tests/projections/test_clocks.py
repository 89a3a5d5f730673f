"""What was recorded while a clock was wrong is marked, from the last right sample to the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from domain.clocks import Clock, ClockDay, Sample
from projections.clocks import Clocks, ClockSpanRow, WrongTimes
from tests.projections import desk
from tests.projections.given import Story, current, fields


def at(minute: int) -> datetime:
    return desk.NOON + timedelta(minutes=minute)


def told(*machine_ms: int) -> Clocks:
    """A sample each minute, of the day that begins at noon."""
    model = Clocks()
    story = Story(model)
    day: ClockDay | None = None
    for minute, offset in enumerate(machine_ms):
        sample = Sample(
            host="desk-1",
            reference="time.example.org",
            machine_ms=Decimal(offset),
            machine_trip_ms=Decimal(1),
            tape_ms=Decimal(0),
            tape_trip_ms=Decimal(1),
        )
        if day is None:
            day = ClockDay.begin(sample, at=at(minute))
        else:
            day.keep(sample, at=at(minute))
        story.tell(day)
    return model


def spans_of(model: Clocks) -> list[ClockSpanRow]:
    return [row for row in current(model.spans) if row.clock is Clock.MACHINE]


def test_a_clock_that_is_a_little_off_marks_nothing() -> None:
    model = told(0, 80, 900)
    row = next(row for row in current(model.clocks) if row.clock is Clock.MACHINE)
    assert fields(row, "offset_ms", "alarming", "wrong") == (Decimal(900), True, False)
    assert spans_of(model) == []
    assert "+900.0 ms against time.example.org" in row.in_words


def test_a_wrong_time_runs_from_the_last_right_sample_to_the_next() -> None:
    (span,) = spans_of(told(0, 0, 1_500, -2_500, 1_100, 20, 0))
    assert fields(span, "began_at", "ended_at", "worst_ms") == (at(1), at(5), Decimal(-2_500))


def test_a_time_that_is_not_over_marks_all_that_comes() -> None:
    (span,) = spans_of(told(0, 1_500))
    wrong = WrongTimes([span])
    assert wrong.off_ms(at(0) - timedelta(seconds=1)) is None
    assert wrong.off_ms(at(10_000)) == Decimal(1_500)


def test_two_wrong_times_are_two_spans() -> None:
    first, second = spans_of(told(0, 1_500, 0, 0, 1_700, 0))
    assert (first.began_at, first.ended_at) == (at(0), at(2))
    assert (second.began_at, second.ended_at) == (at(3), at(5))
    wrong = WrongTimes([first, second])
    assert [wrong.off_ms(at(minute) + timedelta(seconds=30)) for minute in range(5)] == [
        Decimal(1_500), Decimal(1_500), None, Decimal(1_700), Decimal(1_700),
    ]  # fmt: skip


def test_a_clock_that_was_never_right_makes_all_before_doubtful() -> None:
    (span,) = spans_of(told(1_500, 0))
    assert WrongTimes([span]).off_ms(at(-1_000_000)) == Decimal(1_500)
