"""Timekeeping: holds the house's clocks against a reference each minute and records it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from application.desk import Command, Desk, Outcome, Work, derived_id
from application.ports import Unavailable
from domain.clocks import ClockDay, Sample, clock_stream

ACTOR = "clock"
TRIES = 3
"""The shortest of so many round trips says the most."""

STEP = Decimal("0.001")


class Offset(NamedTuple):
    """How far a clock is ahead of another, in seconds, and how long the asking took."""

    ahead_s: float
    round_trip_s: float


class OtherClock(Protocol):
    """A clock beside the machine's."""

    name: str

    def compare(self) -> Offset:
        """How far the other clock is ahead of the machine's.

        Raises:
            Unavailable: it did not answer.
        """


class Timekeeper:
    """Samples the clocks. A reference that does not answer leaves the sample without it."""

    def __init__(
        self, desk: Desk, tape: OtherClock, references: tuple[OtherClock, ...], host: str
    ) -> None:
        self._desk = desk
        self._tape = tape
        self._references = references
        self._host = host

    def step(self, now: datetime) -> Outcome:
        """Records a sample; one for each minute, however often it is asked for.

        Raises:
            Unavailable: the tape did not answer.
        """
        minute = now.astimezone(UTC).replace(second=0, microsecond=0)
        sample = self.sample()
        command = Command.given(
            derived_id("clock", minute.isoformat()), minute, actor=ACTOR, at=now
        )

        def decide(work: Work) -> ClockDay:
            day = work.find(ClockDay, clock_stream(now.astimezone(UTC).date()))
            if day is None:
                return work.begin(ClockDay.begin(sample, at=now))
            day.keep(sample, at=now)
            return day

        return self._desk.run(command, decide)

    def sample(self) -> Sample:
        """The clocks as they are.

        Raises:
            Unavailable: the tape did not answer.
        """
        tape = min((self._tape.compare() for _ in range(TRIES)), key=lambda one: one.round_trip_s)
        name, offset = self._asked_around()
        return Sample(
            host=self._host,
            reference=name,
            # The reference ahead of the machine is the machine behind the reference.
            machine_ms=None if offset is None else _milliseconds(-offset.ahead_s),
            machine_trip_ms=None if offset is None else _milliseconds(offset.round_trip_s),
            tape_ms=_milliseconds(tape.ahead_s),
            tape_trip_ms=_milliseconds(tape.round_trip_s),
        )

    def _asked_around(self) -> tuple[str, Offset | None]:
        """The middle one of what the references say: one that lies moves it little."""
        answers = []
        for reference in self._references:
            try:
                answers.append((reference.compare(), reference.name))
            except Unavailable:
                continue
        if not answers:
            return "", None
        answers.sort()
        offset, name = answers[(len(answers) - 1) // 2]
        return name, offset


def _milliseconds(seconds: float) -> Decimal:
    return (Decimal(seconds) * 1_000).quantize(STEP)
