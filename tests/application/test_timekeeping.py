"""The clocks are sampled once a minute, whoever answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from application.desk import Desk
from application.ports import Unavailable
from application.timekeeping import Offset, Timekeeper
from domain.clocks import ClockDay, Sample, clock_stream
from tests.application.conftest import NOON


class ShownClock:
    """A clock that says what a test has it say, one answer after the other."""

    def __init__(self, name: str, *answers: tuple[float, float]) -> None:
        self.name = name
        self._answers = [Offset(*answer) for answer in answers]

    def compare(self) -> Offset:
        if not self._answers:
            raise Unavailable(f"{self.name} does not answer")
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def timekeeper(desk: Desk, *references: ShownClock, tape: ShownClock | None = None) -> Timekeeper:
    return Timekeeper(desk, tape or ShownClock("tape", (0.0, 0.001)), references, "desk-1")


def sampled(desk: Desk) -> Sample:
    day = desk.load([clock_stream(NOON.date())])[clock_stream(NOON.date())]
    assert isinstance(day, ClockDay)
    return day.sample


def test_the_shortest_of_three_trips_to_the_tape_counts(desk: Desk) -> None:
    tape = ShownClock("tape", (0.3, 0.2), (0.004, 0.001), (0.1, 0.1))
    timekeeper(desk, tape=tape).step(NOON)
    assert (sampled(desk).tape_ms, sampled(desk).tape_trip_ms) == (Decimal(4), Decimal(1))


def test_the_middle_reference_counts_whatever_one_of_them_says(desk: Desk) -> None:
    references = (
        ShownClock("liar", (-3600.0, 0.01)),
        ShownClock("far", (0.012, 0.08)),
        ShownClock("near", (0.010, 0.02)),
    )
    timekeeper(desk, *references).step(NOON)
    found = sampled(desk)
    # A reference that is ahead finds the machine behind.
    assert (found.reference, found.machine_ms) == ("near", Decimal(-10))


def test_a_reference_that_does_not_answer_is_left_out(desk: Desk) -> None:
    timekeeper(desk, ShownClock("gone"), ShownClock("near", (0.5, 0.02))).step(NOON)
    assert sampled(desk).reference == "near"
    timekeeper(desk, ShownClock("gone")).step(NOON + timedelta(minutes=1))
    assert (sampled(desk).reference, sampled(desk).machine_ms) == ("", None)


def test_a_minute_is_sampled_once(desk: Desk) -> None:
    keeper = timekeeper(desk)
    first = keeper.step(NOON)
    assert keeper.step(NOON + timedelta(seconds=40)) == first
    assert keeper.step(NOON + timedelta(seconds=70)).version == 2


def test_each_day_has_a_stream_of_its_own(desk: Desk) -> None:
    keeper = timekeeper(desk)
    streams = {keeper.step(NOON + timedelta(days=day)).stream for day in range(3)}
    assert streams == {clock_stream((NOON + timedelta(days=day)).date()) for day in range(3)}
