"""Clocks: how far off they are now, and when one was off by so much that records are marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from psycopg import Connection

from domain.clocks import ALARM_MS, WRONG_MS, Clock, ClockSampled, ClockSampledAgain, Sample
from projections.pages import select_all
from projections.readmodel import Projection, Row, Seen, Table, when

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""A clock that was never seen right was wrong from the beginning."""


class ClockRow(Row, frozen=True, kw_only=True):
    """A clock at its latest sample. `offset_ms` is against the reference, or against the
    machine's clock where there is none; ahead is positive.

    `alarming` and `wrong` say that it is surely off by more than it may be, and by so much that
    records are marked; `right_at` is the last sample at which it was not wrong.
    """

    clock: Clock
    host: str
    reference: str
    offset_ms: Decimal
    sampled_at: datetime
    alarming: bool
    wrong: bool
    right_at: datetime | None

    @property
    def in_words(self) -> str:
        """How far it is off, against what."""
        against = self.reference or ("nothing" if self.clock is Clock.MACHINE else "the machine")
        off = f"{self.offset_ms:+.1f} ms against {against}"
        marked = "; what is recorded is marked" if self.wrong else ""
        return f"The {self.clock} clock of {self.host} is off by {off}{marked}"


class ClockSpanRow(Row, frozen=True, kw_only=True):
    """A time in which a clock was wrong: from the last sample at which it was not, to the first
    one again."""

    clock: Clock
    began_at: datetime
    ended_at: datetime | None = None
    host: str
    worst_ms: Decimal


class Clocks(Projection):
    """Folds the samples."""

    name = "clocks"
    kind = "feed"

    def __init__(self) -> None:
        self.clocks = Table("clocks", ClockRow, ["clock"])
        self.spans = Table("clock_spans", ClockSpanRow, ["clock", "began_at"])
        self.tables = (self.clocks, self.spans)

    @when(ClockSampled, ClockSampledAgain)
    def sampled(self, event: ClockSampled | ClockSampledAgain, seen: Seen) -> None:
        for clock in Clock:
            self._sampled(clock, event.sample, event.timestamp, seen)

    def _sampled(self, clock: Clock, sample: Sample, at: datetime, seen: Seen) -> None:
        off = sample.surely_off(clock)
        before = self.clocks.current(clock)
        last_right = None if before is None else before.right_at
        row = ClockRow(
            clock=clock,
            host=sample.host,
            reference=sample.reference,
            offset_ms=sample.offset(clock),
            sampled_at=at,
            alarming=off > ALARM_MS,
            wrong=off > WRONG_MS,
            right_at=last_right if off > WRONG_MS else at,
        )
        self.clocks.put(row, seen.position)
        span = None
        if before is not None and before.wrong:
            span = self.spans.current((clock, before.right_at or _EVER))
        if span is not None:
            worst = max(span.worst_ms, row.offset_ms, key=abs)
            ended = None if row.wrong else at
            self.spans.put(replace(span, worst_ms=worst, ended_at=ended), seen.position)
        elif row.wrong:
            begun = ClockSpanRow(
                clock=clock,
                began_at=last_right or _EVER,
                host=sample.host,
                worst_ms=row.offset_ms,
            )
            self.spans.put(begun, seen.position)


_CLOCKS, _SPANS = (table.shape for table in Clocks().tables)


def clocks(connection: Connection[Any], *, as_of: int | None = None) -> list[ClockRow]:
    """Each clock at its latest sample."""
    return select_all(connection, _CLOCKS, {}, as_of, "clock")


class WrongTimes:
    """Says how far a clock was off that is known to have been wrong when something was recorded."""

    def __init__(self, spans: Sequence[ClockSpanRow]) -> None:
        self._spans = spans

    def off_ms(self, recorded_at: datetime) -> Decimal | None:
        """The most that a clock was off in that time, in ms; None if none was wrong."""
        found = [
            span.worst_ms
            for span in self._spans
            if span.began_at <= recorded_at
            and (span.ended_at is None or recorded_at <= span.ended_at)
        ]
        return max(found, key=abs, default=None)


def wrong_times(connection: Connection[Any], *, as_of: int | None = None) -> WrongTimes:
    """The times in which records are marked."""
    return WrongTimes(wrong_spans(connection, as_of=as_of))


def wrong_spans(connection: Connection[Any], *, as_of: int | None = None) -> list[ClockSpanRow]:
    """The times in which a clock was wrong, the latest first; there are few."""
    return select_all(connection, _SPANS, {}, as_of, "began_at DESC")
