"""Trade sums: what rankings need of a trader's closed trades, as sums of all days up to each.

A window is the difference of two rows. Every sum is exact, so that a trade which is put right
or voided later is taken out as it was put in, and the order in which things were heard leaves
no trace.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from domain.lots import ZERO
from domain.shared import RATIO_STEP, WIDE
from domain.stakes import ONE, Measured
from projections.shape import Private, Row
from projections.table import Table

_add, _times = WIDE.add, WIDE.multiply


class SumsRow(Row, frozen=True, kw_only=True):
    """Sums over a trader's scored trades that were closed on a day or before.

    A trade's return is its P&L over what its first entry tied up, to six places. `total` to
    `fourths` are of its powers (each to 12 places), `losses` of the losing returns alone, made
    positive. `worst` sums the most that each trade could have lost, over the same.
    """

    book: UUID
    day: date
    trades: int = 0
    wins: int = 0
    total: Decimal = ZERO
    squares: Decimal = ZERO
    cubes: Decimal = ZERO
    fourths: Decimal = ZERO
    losses: Decimal = ZERO
    worst: Decimal = ZERO
    worst_squares: Decimal = ZERO


class Terms(NamedTuple):
    """What trades add to the sums, in the order of the row's columns."""

    trades: int = 0
    wins: int = 0
    total: Decimal = ZERO
    squares: Decimal = ZERO
    cubes: Decimal = ZERO
    fourths: Decimal = ZERO
    losses: Decimal = ZERO
    worst: Decimal = ZERO
    worst_squares: Decimal = ZERO

    def plus(self, other: Terms) -> Terms:
        """Both together, exactly."""
        return Terms(
            self.trades + other.trades,
            self.wins + other.wins,
            _add(self.total, other.total),
            _add(self.squares, other.squares),
            _add(self.cubes, other.cubes),
            _add(self.fourths, other.fourths),
            _add(self.losses, other.losses),
            _add(self.worst, other.worst),
            _add(self.worst_squares, other.worst_squares),
        )

    def negated(self) -> Terms:
        """What takes them out again."""
        trades, wins, *sums = self
        return Terms(-trades, -wins, *(one.copy_negate() for one in sums))


NOTHING = Terms()


def terms_of(trade: Measured) -> Terms:
    """What one trade adds."""
    returned, worst = trade
    square = _times(returned, returned)
    return Terms(
        1,
        1 if returned > 0 else 0,
        returned,
        square,
        _times(square, returned).quantize(RATIO_STEP, None, WIDE),
        _times(square, square).quantize(RATIO_STEP, None, WIDE),
        -returned if returned < 0 else ZERO,
        worst,
        # Most trades can lose what they cost and no more.
        worst if worst is ONE else _times(worst, worst),
    )


class Counted(NamedTuple):
    """A closed trade as it is in the sums: the day it was closed on, and what it adds."""

    day: date
    terms: Terms


class _Move(NamedTuple):
    """What a trade of a book changes in its sums."""

    book: UUID
    was: Counted | None
    now: Counted | None
    position: int


class _Days:
    """The last day of a book that has a row, and its sums; all days once one of them changes."""

    __slots__ = ("days", "last", "last_day")

    def __init__(self, days: list[date] | None, last_day: date, last: Terms) -> None:
        self.days = days
        self.last_day = last_day
        self.last = last


class RecordSums:
    """The sums of all traders."""

    def __init__(self) -> None:
        self.table = Table(
            "trade_sums", SumsRow, ["book", "day"], private=Private("book"), rows_in_memory=2_048
        )
        self._books: dict[int, _Days] = {}
        """By the number in the book's id."""
        self._waiting: list[_Move] = []

    def move(self, book: UUID, was: Counted | None, now: Counted | None, position: int) -> None:
        """Takes a trade out as it was, and puts it in as it is; of a book that is not in memory,
        when the batch is finished."""
        if book.int in self._books or self.table.began_empty:
            self._move(book, was, now, position)
        else:
            self._waiting.append(_Move(book, was, now, position))

    def finish_batch(self) -> None:
        """Looks for all books that were not in memory at once, and makes the moves in them."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            found = self.table.select_last({move.book for move in waiting})
            for row in found:
                self._books[row.book.int] = _Days(None, row.day, _sums_in(row))
            for move in waiting:
                self._move(*move)

    def _move(self, book: UUID, was: Counted | None, now: Counted | None, position: int) -> None:
        if was is not None and now is not None and was.day == now.day:
            self._shift(book, now.day, now.terms.plus(was.terms.negated()), position)
            return
        if was is not None:
            self._shift(book, was.day, was.terms.negated(), position)
        if now is not None:
            self._shift(book, now.day, now.terms, position)

    def _shift(self, book: UUID, day: date, by: Terms, position: int) -> None:
        """Adds to the sums of a day and of all after it; few have any after it."""
        known = self._known(book)
        if day > known.last_day:
            if known.days is not None:
                known.days.append(day)
            known.last_day, known.last = day, known.last.plus(by)
            self.table.insert(_row(book, day, known.last), position)
            return
        if day < known.last_day:
            if known.days is None:
                stored = self.table.select_current("book = %s", (book,))
                fresh = (row for row in self.table.in_memory() if row.book == book)
                known.days = sorted({row.day for rows in (stored, fresh) for row in rows})
            self._shift_before(book, known.days, day, by, position)
        known.last = known.last.plus(by)
        self.table.put(_row(book, known.last_day, known.last), position)

    def _shift_before(
        self, book: UUID, days: list[date], day: date, by: Terms, position: int
    ) -> None:
        """Adds to the sums of a day and of those after it but for the last."""
        place = bisect_left(days, day)
        if days[place] != day:
            before = self._sums(book, days[place - 1]) if place else NOTHING
            days.insert(place, day)
            self.table.insert(_row(book, day, before.plus(by)), position)
            place += 1
        for later in days[place:-1]:
            self.table.put(_row(book, later, self._sums(book, later).plus(by)), position)

    def _sums(self, book: UUID, day: date) -> Terms:
        row = self.table.current((book, day))
        assert row is not None
        return _sums_in(row)

    def _known(self, book: UUID) -> _Days:
        known = self._books.get(book.int)
        if known is None:
            known = self._books[book.int] = _Days([], date.min, NOTHING)
        return known


def _sums_in(row: SumsRow) -> Terms:
    return Terms(row.trades, row.wins, row.total, row.squares, row.cubes, row.fourths,
                 row.losses, row.worst, row.worst_squares)  # fmt: skip


def _row(book: UUID, day: date, sums: Terms) -> SumsRow:
    trades, wins, total, squares, cubes, fourths, losses, worst, worst_squares = sums
    return SumsRow(book=book, day=day, trades=trades, wins=wins, total=total, squares=squares,
                   cubes=cubes, fourths=fourths, losses=losses, worst=worst,
                   worst_squares=worst_squares)  # fmt: skip
