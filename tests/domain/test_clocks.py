"""Clocks are sampled, and told to be off when they surely are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.clocks import Clock, ClockAlarmed, ClockDay, Sample, clock_stream
from domain.shared import InvalidInput
from tests.domain.told import names_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


def sample(machine: str | None = "0", tape: str = "0", trip: str = "2") -> Sample:
    return Sample(
        host="desk-1",
        reference="" if machine is None else "time.example.org",
        machine_ms=None if machine is None else Decimal(machine),
        machine_trip_ms=None if machine is None else Decimal(trip),
        tape_ms=Decimal(tape),
        tape_trip_ms=Decimal(1),
    )


def alarms(day: ClockDay) -> list[ClockAlarmed]:
    return [event for event in told_by(day) if isinstance(event, ClockAlarmed)]


def sampled(*samples: Sample) -> ClockDay:
    first, *others = samples
    day = ClockDay.begin(first, at=NOON)
    for minute, one in enumerate(others, start=1):
        day.keep(one, at=NOON + timedelta(minutes=minute))
    return day


def test_a_day_of_right_clocks_is_samples_alone() -> None:
    day = sampled(sample(), sample("12"), sample("-49", tape="0.3"))
    assert day.id == clock_stream(NOON.date())
    assert names_of(told_by(day)) == ["clock.sampled", "clock.sampled_again", "clock.sampled_again"]


def test_a_clock_that_is_off_is_told_once_until_it_is_right_again() -> None:
    day = sampled(sample(), sample("80"), sample("90"), sample("3"))
    assert names_of(told_by(day)) == [
        "clock.sampled",
        # The tape keeps the machine's time, so both are off.
        "clock.sampled_again", "clock.alarmed", "clock.alarmed",
        "clock.sampled_again",
        "clock.sampled_again", "clock.steadied", "clock.steadied",
    ]  # fmt: skip


def test_a_tape_that_is_off_leaves_the_machine_alone() -> None:
    (alarm,) = alarms(sampled(sample(tape="-60")))
    assert (alarm.clock, alarm.offset_ms, alarm.wrong) == (Clock.TAPE, Decimal(-60), False)


def test_errors_of_both_clocks_can_cancel() -> None:
    day = sampled(sample("70", tape="-70"))
    assert [alarm.clock for alarm in alarms(day)] == [Clock.MACHINE]


def test_over_a_second_is_told_as_wrong_also_when_it_was_off_before() -> None:
    told = alarms(sampled(sample("900"), sample("1100"), sample("900")))
    assert [(alarm.clock, alarm.wrong) for alarm in told] == [
        (Clock.MACHINE, False), (Clock.TAPE, False),
        (Clock.MACHINE, True), (Clock.TAPE, True),
        (Clock.MACHINE, False), (Clock.TAPE, False),
    ]  # fmt: skip


def test_what_a_slow_answer_may_have_hidden_raises_no_alarm() -> None:
    assert names_of(told_by(sampled(sample("80", trip="100")))) == ["clock.sampled"]


def test_without_a_reference_the_tape_is_held_against_the_machine() -> None:
    (alarm,) = alarms(sampled(sample(None, tape="2000")))
    assert (alarm.clock, alarm.offset_ms) == (Clock.TAPE, Decimal(2_000))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tape_trip_ms": Decimal(-1)}, "takes some time"),
        ({"machine_trip_ms": Decimal(-1)}, "takes some time"),
        ({"machine_trip_ms": None}, "comes with its round trip"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    fields = {name: getattr(sample(), name) for name in Sample.__struct_fields__}
    with pytest.raises(InvalidInput, match=words):
        ClockDay.begin(Sample(**fields | change), at=NOON)
