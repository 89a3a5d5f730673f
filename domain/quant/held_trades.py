"""Held trades: the trades of a record as columns, taken as a database packs them.

A thousand trades come as a few rows of bytes, big-endian as PostgreSQL sends its types, and are
worked on at once. Moments are microseconds and days are days, both since 1 January 2000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.quant.series import Floats
from domain.shared import InvalidInput

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HOUR_US = 3_600_000_000.0
_FIRST = EPOCH.date().toordinal()


class Packed(NamedTuple):
    """Columns as bytes: 16 of each trade's id; moments (int64) and exchange days (int32) of the
    first entry and the last exit; and in float64 P&L in USD, its ratio to what was tied up, what
    the entries cost, their average price, 1 if bought and -1 if sold, and 1 if it is one purchase
    and one sale. A trade that is still open is closed at infinity, the greatest number."""

    trades: bytes
    opened: bytes
    closed: bytes
    opened_days: bytes
    closed_days: bytes
    pnl: bytes
    ratio: bytes
    entry_cost: bytes
    average_entry: bytes
    sign: bytes
    simple: bytes


class Held(NamedTuple):
    """The same as arrays (n,), the ids as (n, 2), in the order in which trades were closed."""

    ids: NDArray[np.uint64]
    opened: NDArray[np.int64]
    closed: NDArray[np.int64]
    opened_days: NDArray[np.int64]
    closed_days: NDArray[np.int64]
    pnl: Floats
    ratio: Floats
    entry_cost: Floats
    average_entry: Floats
    sign: Floats
    simple: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_]) -> Held:
        """Only these trades."""
        return Held._make(column[chosen] for column in self)

    def between(self, after: datetime, until: datetime) -> Held:
        """The trades that were closed after one moment and up to another."""
        return self.where((self.closed > moment_of(after)) & (self.closed <= moment_of(until)))

    @property
    def begun(self) -> datetime | None:
        """When the first of them was opened; None of none."""
        if self.opened.size == 0:
            return None
        return EPOCH + timedelta(microseconds=int(self.opened.min()))

    @property
    def wins(self) -> int:
        """How many made more than nothing."""
        return int(np.count_nonzero(self.pnl > 0.0))

    @property
    def names(self) -> list[bytes]:
        """The 16 bytes of each id."""
        names = self.ids.astype(">u8").tobytes()
        return [names[at : at + 16] for at in range(0, len(names), 16)]

    @property
    def hours(self) -> Floats:
        """From the first entry to the last exit of each, of closed ones."""
        hours: Floats = (self.closed - self.opened) / _HOUR_US
        return hours

    def risked(self, stops: Mapping[bytes, float]) -> Floats:
        """USD from the entry to the stop (by id) of each; 0 where there is none, or where it
        would fire at once or lies beyond what the trade ties up, as one that was meant for the
        underlying."""
        found = np.array([stops.get(name, np.nan) for name in self.names])
        known = np.isfinite(found) & (self.average_entry > 0)
        entry = np.where(known, self.average_entry, 1.0)
        risked = np.where(known, self.sign * (1.0 - found / entry) * self.entry_cost, 0.0)
        tied = np.divide(self.pnl, self.ratio, out=np.full(risked.size, np.inf),
                         where=self.ratio != 0.0)  # fmt: skip
        return np.where((risked > 0.0) & (risked <= tied), risked, 0.0)

    def active(self, days: Sequence[date]) -> Floats:
        """1.0 for each of the days (m,), in order, on which a trade was open, else 0.0."""
        numbers = np.array([day.toordinal() - _FIRST for day in days], dtype=np.int64)
        size = numbers.size + 1
        begun = np.bincount(np.searchsorted(numbers, self.opened_days), minlength=size)
        ended = np.bincount(np.searchsorted(numbers, self.closed_days, "right"), minlength=size)
        return np.cumsum(begun - ended)[:-1].astype(np.float64).clip(0.0, 1.0)

    def flows(self) -> tuple[Floats, Floats]:
        """What purchases with one sale took and gave back, as (days, flows)."""
        mine = self.where(self.simple)
        days = np.concatenate((mine.opened_days, mine.closed_days)).astype(np.float64)
        return days, np.concatenate((-mine.entry_cost, mine.entry_cost + mine.pnl))


def unpacked(packed: Packed) -> Held:
    """The columns as arrays.

    Raises:
        InvalidInput: they are not of one length.
    """
    ids = np.frombuffer(packed.trades, dtype=">u8").astype(np.uint64).reshape(-1, 2)
    moments = [np.frombuffer(one, ">i8").astype(np.int64) for one in packed[1:3]]
    days = [np.frombuffer(one, ">i4").astype(np.int64) for one in packed[3:5]]
    numbers = [np.frombuffer(one, ">f8").astype(np.float64) for one in packed[5:]]
    sizes = {len(column) for column in (ids, *moments, *days, *numbers)}
    if len(sizes) > 1:
        raise InvalidInput(f"columns of {sorted(sizes)} rows: they have to be of one length")
    order = np.lexsort((ids[:, 1], ids[:, 0], moments[1]))
    *numbers, simple = numbers
    columns = (ids, *moments, *days, *numbers, simple > 0.0)
    return Held._make(column[order] for column in columns)


def moment_of(at: datetime) -> int:
    """A moment as columns have it."""
    return (at - EPOCH) // timedelta(microseconds=1)
