"""P&L by day: for each book and exchange day what it made, and sums of all days up to it.

Because each row carries the sums from the book's first day on, what a book did between two
days is the difference of two rows, however long the record is. When an older day changes, the
rows after it get new versions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.executions import Contribution
from domain.lots import ZERO
from domain.market import exchange_day
from domain.ranking import Rules
from domain.shared import WIDE, ratio
from domain.standings import ONE, day_return, grown
from projections.positions import BookKind, PositionRow
from projections.ranking_rules import row_of, rules_of, rules_table
from projections.readmodel import Seen
from projections.shape import CURRENT, Index, Line, Private, Row
from projections.strip import Strip
from projections.table import Table

_A_DAY = timedelta(days=1)

COUNTS = ("opened", "closed", "wins", "posted", "checked", "filled", "assumed", "unattainable")


class BookRow(Row, frozen=True, kw_only=True):
    """A book: a trader's record, or an account, which has a name and begins with its cash.

    `since` is when the first thing in it was posted or traded.
    """

    book: UUID
    kind: BookKind
    name: str = ""
    since: datetime | None = None
    cash: Decimal | None = None


class BookDay(Row, frozen=True, kw_only=True):
    """One exchange day of a book. Money in USD.

    Of the day: `contribution` (ratios of its scored trades moved), `r` (the day's return), `pnl`
    and `commission`. At its end: `nav`, the index that began at 1. Of all days up to this one:
    `sum_r` and `sum_r2` (squares), `days` (with a return), `cum_pnl`, `cum_commission`, and
    counts of trades: `opened` and `closed` are scored ones, `wins` to `assumed` are of those
    closed, `unattainable` are by the day of their entry. `first_day` is the day of the first
    scored trade.
    """

    book: UUID
    day: date
    contribution: Decimal = ZERO
    r: Decimal = ZERO
    pnl: Decimal = ZERO
    commission: Decimal = ZERO
    nav: Decimal = ONE
    sum_r: Decimal = ZERO
    sum_r2: Decimal = ZERO
    days: int = 0
    cum_pnl: Decimal = ZERO
    cum_commission: Decimal = ZERO
    opened: int = 0
    closed: int = 0
    wins: int = 0
    posted: int = 0
    checked: int = 0
    filled: int = 0
    assumed: int = 0
    unattainable: int = 0
    first_day: date | None = None


class ContributionLine(Line, frozen=True, kw_only=True):
    """What an event moved of a position, and at which moment of its path.

    `ratio` is the trade's own: the day's return is the ranking rules' fraction of it. An event
    that changes the past has a line for every moment it moved; `time` counts up when it moves a
    position more than once.
    """

    event: int
    position: UUID
    time: int
    at: datetime
    book: UUID
    cause: str
    ratio: Decimal
    pnl: Decimal
    commission: Decimal


class Shift(msgspec.Struct):
    """By how much the figures of one day move; `counts` by the name of the count."""

    contribution: Decimal = ZERO
    pnl: Decimal = ZERO
    commission: Decimal = ZERO
    counts: dict[str, int] | None = None


def day_of(at: datetime) -> date:
    """The exchange's day; New York is four or five hours behind UTC all year."""
    hour = at.hour
    if hour >= 5:
        return at.date()
    return exchange_day(at) if hour == 4 else at.date() - _A_DAY


class Record:
    """A book in memory: the days that have a row, and its last two rows."""

    __slots__ = ("before", "book", "days", "last", "row")

    def __init__(self, row: BookRow) -> None:
        self.row = row
        self.book = row.book
        self.days: list[date] = []
        self.last: BookDay | None = None
        self.before: BookDay | None = None


class Records:
    """All books and their days."""

    def __init__(self) -> None:
        self.books = Table("books", BookRow, ["book"], private=Private("book"))
        self.days = Table(
            "book_days",
            BookDay,
            ["book", "day"],
            [Index("valid_from")],
            private=Private("book"),
            rows_in_memory=8_000,
        )
        self.rules = rules_table()
        self.contributions = Strip(
            "contributions",
            ContributionLine,
            ["event", "position", "time", "at"],
            [Index("book, at"), Index("position, event")],
            private=Private("book"),
        )
        self.tables = (self.books, self.days, self.rules, self.contributions)
        self._records: dict[int, Record] = {}
        """By the number in the book's id, which is hashed faster than the id."""
        self._rules: list[tuple[date, Rules]] = [(date.min, Rules())]
        self._event = 0
        self._times: dict[int, int] = {}
        """How often the last event moved a position, by the number in its id."""

    def load(self) -> None:
        """Restores the rules; books come back when they are asked for."""
        for row in sorted(self.rules.select_current(), key=lambda row: row.version):
            self._rules.append((row.effective, rules_of(row)))

    def record(self, book: UUID, kind: BookKind, position: int) -> Record:
        """The book, begun if it is new."""
        record = self._records.get(book.int)
        if record is None:
            record = self._known(book)
            if record is None:
                row = BookRow(book=book, kind=kind)
                self.books.insert(row, position)
                record = self._records[book.int] = Record(row)
        return record

    def change(self, record: Record, position: int, row: BookRow) -> None:
        """Gives the book another name, cash or beginning."""
        cash_changed = row.cash != record.row.cash
        record.row = row
        self.books.put(row, position)
        if cash_changed and record.days:
            self._rewrite(record, record.days[0], {}, position)

    def contribute(self, row: PositionRow, moves: Sequence[Contribution], seen: Seen) -> None:
        """Writes down what an event moved of a position."""
        event, number, append = seen.position, row.position.int, self.contributions.append
        if event != self._event:
            self._event = event
            self._times.clear()
        time = self._times[number] = self._times.get(number, 0) + 1
        for at, share, pnl, commission in moves:
            append(
                ContributionLine(event=event, position=row.position, time=time, at=at,
                                 book=row.book, cause=seen.name, ratio=share, pnl=pnl,
                                 commission=commission)
            )  # fmt: skip

    def publish(self, rules: Rules, effective: date, position: int) -> None:
        """Lets rules hold from a day on; days before it stay as they were."""
        self.rules.put(row_of(rules, effective), position)
        self._rules.append((effective, rules))
        found = {row.book for row in self.days.select_current("day >= %s", (effective,))}
        found.update(row.book for row in self.days.in_memory() if row.day >= effective)
        for book in sorted(found):
            record = self.record(book, BookKind.TRADER, position)
            if record.row.kind is BookKind.ACCOUNT:
                continue
            first = next(day for day in record.days if day >= effective)
            self._rewrite(record, first, {}, position)

    def shift(self, record: Record, shifts: Mapping[date, Shift], position: int) -> None:
        """Moves the figures of days; every later row follows."""
        if len(shifts) == 1:
            (day, shift), *_ = shifts.items()
            self.shift_day(record, day, shift, position)
        else:
            self._rewrite(record, min(shifts), shifts, position)

    def shift_day(self, record: Record, day: date, shift: Shift, position: int) -> None:
        """Moves the figures of one day, which is cheap when no day has come after it."""
        last = record.last
        if last is None or day > last.day:
            row = self._made(record, day, last, last, None, shift)
            record.days.append(day)
            record.before, record.last = last, row
            self.days.insert(row, position)
        elif day == last.day:
            record.last = row = self._moved(record, last, shift)
            self.days.put(row, position)
        else:
            self._rewrite(record, day, {day: shift}, position)

    def _rewrite(
        self, record: Record, first: date, shifts: Mapping[date, Shift], position: int
    ) -> None:
        days = record.days
        for day in shifts:
            place = bisect_left(days, day)
            if place == len(days) or days[place] != day:
                insort(days, day)
        place = bisect_left(days, first)
        was = now = self._row(record, days[place - 1]) if place else None
        nothing = Shift()
        for day in days[place:]:
            old = self._row(record, day)
            before, now = now, self._made(record, day, now, was, old, shifts.get(day, nothing))
            record.before, record.last = before, now
            self.days.put(now, position)
            was = was if old is None else old

    def _row(self, record: Record, day: date) -> BookDay | None:
        return self.days.current((record.book, day))

    def _moved(self, record: Record, was: BookDay, shift: Shift) -> BookDay:
        """The last day's row after its figures moved; the rows before it did not."""
        changes: dict[str, Any] = {}
        before = record.before or _EMPTY
        if shift.counts:
            for name, by in shift.counts.items():
                changes[name] = getattr(was, name) + by
            if "opened" in changes:
                begins = was.day if changes["opened"] else None
                changes["first_day"] = before.first_day or begins
        if shift.contribution:
            changes["contribution"] = contribution = was.contribution + shift.contribution
            changes["r"] = r = day_return(self._rules_for(was.day).nav_fraction, contribution)
            changes["nav"] = grown(before.nav, r)
            changes["sum_r"] = before.sum_r + r
            changes["sum_r2"] = WIDE.add(before.sum_r2, WIDE.multiply(r, r))
            changes["days"] = before.days + (1 if r else 0)
        if shift.pnl or shift.commission:
            changes["pnl"] = was.pnl + shift.pnl
            changes["commission"] = was.commission + shift.commission
            changes["cum_pnl"] = cum_pnl = was.cum_pnl + shift.pnl
            changes["cum_commission"] = cum_commission = was.cum_commission + shift.commission
            if record.row.cash is not None:
                earned = cum_pnl - cum_commission
                r, changes["nav"] = _equity_return(record.row.cash, earned, before.nav)
                changes["r"] = r
                changes["sum_r"] = before.sum_r + r
                changes["sum_r2"] = WIDE.add(before.sum_r2, WIDE.multiply(r, r))
                changes["days"] = before.days + (1 if r else 0)
        return replace(was, **changes)

    def _made(
        self,
        record: Record,
        day: date,
        before: BookDay | None,
        before_was: BookDay | None,
        was: BookDay | None,
        shift: Shift,
    ) -> BookDay:
        """The day's row, given the row before it, and what both were until now."""
        empty = _EMPTY
        before = empty if before is None else before
        before_was = empty if before_was is None else before_was
        # A day's own counts are the difference of its row and the one before it.
        own = before_was if was is None else was
        contribution, pnl, commission = shift.contribution, shift.pnl, shift.commission
        if was is not None:
            contribution += was.contribution
            pnl += was.pnl
            commission += was.commission
        cum_pnl = before.cum_pnl + pnl
        cum_commission = before.cum_commission + commission
        if record.row.kind is BookKind.TRADER:
            r = ZERO
            if contribution:
                r = day_return(self._rules_for(day).nav_fraction, contribution)
            nav = grown(before.nav, r) if r else before.nav
        else:
            r, nav = _equity_return(record.row.cash, cum_pnl - cum_commission, before.nav)
        if own is before_was:
            counts = {name: getattr(before, name) for name in shift.counts or ()}
        else:
            counts = {
                name: getattr(before, name) + getattr(own, name) - getattr(before_was, name)
                for name in COUNTS
            }
        for name, by in (shift.counts or {}).items():
            counts[name] += by
        first_day = before.first_day
        if first_day is None and counts.get("opened", before.opened):
            first_day = day
        return replace(
            before,
            valid_from=0, valid_to=CURRENT, book=record.book, day=day,
            contribution=contribution, r=r, pnl=pnl, commission=commission, nav=nav,
            sum_r=before.sum_r + r,
            sum_r2=WIDE.add(before.sum_r2, WIDE.multiply(r, r)),
            days=before.days + (1 if r else 0),
            cum_pnl=cum_pnl,
            cum_commission=cum_commission,
            first_day=first_day,
            **counts,
        )  # fmt: skip

    def _rules_for(self, day: date) -> Rules:
        effective, rules = self._rules[-1]
        if effective <= day:
            return rules
        return next(rules for effective, rules in reversed(self._rules) if effective <= day)

    def _known(self, book: UUID) -> Record | None:
        """The book from its stored rows."""
        row = self.books.current(book)
        if row is None:
            return None
        record = self._records[book.int] = Record(row)
        stored: Sequence[BookDay] = ()
        if not self.days.began_empty:
            stored = self.days.select_current("book = %s", (book,))
        record.days = sorted(day.day for day in stored)
        if record.days:
            record.last = self._row(record, record.days[-1])
        if len(record.days) > 1:
            record.before = self._row(record, record.days[-2])
        return record


_EMPTY = BookDay(book=UUID(int=0), day=date.min)


def _equity_return(
    cash: Decimal | None, earned: Decimal, nav_before: Decimal
) -> tuple[Decimal, Decimal]:
    """An account's index is its equity over the cash it began with."""
    if cash is None:
        return ZERO, nav_before
    nav = max(ratio(ONE + earned / cash), ZERO)
    return (ratio(nav / nav_before - ONE) if nav_before else ZERO), nav
