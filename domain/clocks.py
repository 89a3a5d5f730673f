"""Clocks: how far the house's clocks were off, sampled each minute, and since when one was wrong.

Two clocks give the record its times: the machine's gives the moments commands were made at, the
tape's (the database server's) gives `recorded_at`. Both are held against a reference, and the
tape's at least against the machine's where no reference is set.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, InvalidInput, Value, stream_id

ALARM_MS = Decimal(50)
"""By so much may a business clock be off (FINRA Rule 4590)."""

WRONG_MS = Decimal(1_000)
"""What is recorded while a clock is off by more is marked: also trading by voice may not be off by
more (Commission Delegated Regulation (EU) 2017/574, known as RTS 25)."""


def clock_stream(day: date) -> UUID:
    """The stream of a day's samples, in UTC."""
    return stream_id("clock", day.isoformat())


class Clock(StrEnum):
    """Whose time it is."""

    MACHINE = "machine"
    TAPE = "tape"


class Sample(Value, frozen=True, kw_only=True):
    """The clocks at one moment, in milliseconds; ahead is positive.

    `machine_ms` is the machine's clock less the reference, None where nothing was asked or
    nothing answered; `tape_ms` is the tape's less the machine's. Each is known to half of its
    round trip.
    """

    host: str
    reference: str = ""
    machine_ms: Decimal | None = None
    machine_trip_ms: Decimal | None = None
    tape_ms: Decimal
    tape_trip_ms: Decimal

    def offset(self, clock: Clock) -> Decimal:
        """How far a clock is off, against the best that there is to hold it against."""
        machine = self.machine_ms or Decimal(0)
        return machine if clock is Clock.MACHINE else machine + self.tape_ms

    def surely_off(self, clock: Clock) -> Decimal:
        """How far it is off at least, whatever the round trips hid."""
        hidden = (self.machine_trip_ms or Decimal(0)) / 2
        if clock is Clock.TAPE:
            hidden += self.tape_trip_ms / 2
        return max(abs(self.offset(clock)) - hidden, Decimal(0))


class ClockSampled(Created, frozen=True, kw_only=True):
    """The first sample of a day."""

    TOPIC: ClassVar[str] = "clock.sampled"

    sample: Sample


class ClockSampledAgain(Event, frozen=True, kw_only=True):
    """A later sample of the day."""

    TOPIC: ClassVar[str] = "clock.sampled_again"

    sample: Sample

    def apply(self, aggregate: ClockDay) -> None:
        aggregate.sample = self.sample


class ClockAlarmed(Event, frozen=True, kw_only=True):
    """A clock is off by more than it may be: somebody has to set it."""

    TOPIC: ClassVar[str] = "clock.alarmed"

    clock: Clock
    host: str
    offset_ms: Decimal
    wrong: bool
    """Off by so much that what is recorded is marked."""

    def apply(self, aggregate: ClockDay) -> None:
        aggregate.alarms[self.clock] = self.wrong


class ClockSteadied(Event, frozen=True, kw_only=True):
    """A clock that was off is right again."""

    TOPIC: ClassVar[str] = "clock.steadied"

    clock: Clock
    host: str
    offset_ms: Decimal

    def apply(self, aggregate: ClockDay) -> None:
        aggregate.alarms.pop(self.clock, None)


class ClockDay(BaseAggregate[UUID]):
    """The clocks on one day."""

    TOPIC: ClassVar[str] = "clock"

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.alarms: dict[Clock, bool] = {}
        """The clocks that are off, and whether by so much that records are marked."""

    @classmethod
    def begin(cls, sample: Sample, *, at: datetime) -> ClockDay:
        """Keeps the first sample of the day that `at` is in.

        Raises:
            InvalidInput: a round trip that took less than no time.
        """
        _require_sane(sample)
        stream = clock_stream(at.astimezone(UTC).date())
        day = cls._create(ClockSampled, id=stream, sample=sample, timestamp=at)
        day._tell(at)
        return day

    def keep(self, sample: Sample, *, at: datetime) -> None:
        """Keeps another sample, and tells when a clock comes to be off or right again.

        Raises:
            InvalidInput: a round trip that took less than no time.
        """
        _require_sane(sample)
        self.trigger_event(ClockSampledAgain, sample=sample, timestamp=at)
        self._tell(at)

    def _tell(self, at: datetime) -> None:
        sample = self.sample
        for clock in Clock:
            off = sample.surely_off(clock)
            offset = sample.offset(clock)
            was = self.alarms.get(clock)
            if off > ALARM_MS and was is not (off > WRONG_MS):
                self.trigger_event(
                    ClockAlarmed,
                    clock=clock,
                    host=sample.host,
                    offset_ms=offset,
                    wrong=off > WRONG_MS,
                    timestamp=at,
                )
            elif off <= ALARM_MS and was is not None:
                self.trigger_event(
                    ClockSteadied,
                    clock=clock,
                    host=sample.host,
                    offset_ms=offset,
                    timestamp=at,
                )


def _require_sane(sample: Sample) -> None:
    for trip in (sample.machine_trip_ms, sample.tape_trip_ms):
        if trip is not None and trip < 0:
            raise InvalidInput(f"a round trip takes some time, not {trip} ms")
    if (sample.machine_ms is None) is not (sample.machine_trip_ms is None):
        raise InvalidInput("an offset from the reference comes with its round trip")
