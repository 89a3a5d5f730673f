"""Kept records: the boards that were asked for last, brought up to date.

Reading a board goes over two rows of every trader. Who shows it again and again keeps what was
read; then only those are read again for whom something happened since, or left a window of
hours, and the answer is the same to the last digit. What was once known is read once, and is
what is known now if nothing was told since.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.ranking import Rules
from projections.board_figures import BookFigures
from projections.board_records import Asked, BoardRecord, assembled, read_record
from projections.readmodel import known_at
from projections.window_sums import NO_SUMS, Sums
from projections.windows import Span

KEPT_MAX = 8
PAST_KEPT_MAX = 4
REREAD_FROM = 0.3
"""With such a part of a board changed it is quicker to read all of it."""

_FOLLOWED = ("books", "people", "trader_profiles")


class _Kept(NamedTuple):
    """A board that was read, and what it was read at."""

    at: datetime
    positions: Mapping[str, tuple[int, int]]
    """Position and build of the read models behind it."""
    figures: dict[UUID, BookFigures]
    sums: dict[UUID, Sums]
    turns: dict[UUID, datetime]
    """When time alone changes the figures of whom."""
    linked: dict[UUID, UUID]
    record: BoardRecord


class KeptRecords:
    """The boards that were asked for last, as they stood then.

    Of those that move on, one is read whole again when more than such a part of it changed.
    """

    def __init__(self, *, reread_from: float = REREAD_FROM) -> None:
        self._reread_from = reread_from
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
        self._past: OrderedDict[tuple[Any, ...], tuple[Mapping[str, int], BoardRecord]]
        self._past = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def record(
        self, connection: Connection[Any], span: Span, rules: Rules, as_of: int | None
    ) -> BoardRecord:
        """The board as it stands now, or as it was once known."""
        asked = Asked(connection, span, rules, as_of)
        return self._now(asked) if as_of is None else self._once_known(asked, as_of)

    def _once_known(self, asked: Asked, as_of: int) -> BoardRecord:
        """What was once known stays so until read models are made anew: without somebody."""
        positions = _positions(asked.connection)
        builds = {name: build for name, (_, build) in positions.items()}
        before, found = self._past.get(asked.key, (None, None))
        if found is not None and before == builds:
            return found
        is_told = all(name in positions and as_of <= positions[name][0] for name in _FOLLOWED)
        if is_told and _is_as_now(asked, as_of):
            record = self._now(asked._replace(as_of=None))
            # Something may have been told while it was read.
            if _is_as_now(asked, as_of):
                return record
        record = read_record(asked.connection, asked.span, asked.rules, as_of)
        if is_told:
            with self._one_at_a_time:
                self._past[asked.key] = builds, record
                if len(self._past) > PAST_KEPT_MAX:
                    self._past.popitem(last=False)
        return record

    def _now(self, asked: Asked) -> BoardRecord:
        with self._one_at_a_time:
            # Asked before anything is read: what happens meanwhile is read again next time.
            positions = _positions(asked.connection)
            before = self._kept.pop(asked.key, None)
            now = None
            if before is not None:
                now = _followed_up(asked, before, positions, self._reread_from)
            if now is None:
                figures, sums, linked = asked.figures(), asked.sums(), asked.people()
                record = assembled(asked, figures, sums, linked)
                turns = asked.turns()
                now = _Kept(asked.span.at, positions, figures, sums, turns, linked, record)
            self._kept[asked.key] = now
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
            return now.record


def _followed_up(
    asked: Asked, kept: _Kept, positions: Mapping[str, tuple[int, int]], reread_from: float
) -> _Kept | None:
    """The board with those read again for whom something happened; None if all have to be."""
    for name, (position, build) in kept.positions.items():
        now = positions.get(name)
        if now is None or now[1] != build or now[0] < position:
            return None
    if asked.span.since is not None and asked.span.at < kept.at:
        return None
    books = [book for book, turn in kept.turns.items() if turn <= asked.span.at]
    if positions != kept.positions:
        since = {name: position for name, (position, _) in kept.positions.items()}
        books = sorted({*books, *_changed(asked.connection, since)})
    elif not books:
        return kept
    linked = asked.people()
    moved_on = kept._replace(at=asked.span.at, positions=positions, linked=linked)
    if not books and linked == kept.linked:
        return moved_on
    if len(books) > reread_from * max(len(kept.figures), 1):
        return None
    figures, sums, turns = asked.figures(books), asked.sums(books), asked.turns(books)
    is_in_place = linked == kept.linked and all(
        (book in kept.figures) == (book in figures) and book not in linked for book in books
    )
    for book in books:
        for known in (kept.figures, kept.sums, kept.turns):
            known.pop(book, None)
    kept.figures.update(figures)
    kept.sums.update(sums)
    kept.turns.update(turns)
    if is_in_place:
        record = _with(kept.record, figures, sums)
    else:
        record = assembled(asked, kept.figures, kept.sums, linked)
    return moved_on._replace(record=record)


def _with(
    record: BoardRecord, figures: Mapping[UUID, BookFigures], sums: Mapping[UUID, Sums]
) -> BoardRecord:
    """The record with other figures of some who were in it already."""
    from domain.quant.ranking_sums import replaced

    rows, columns = list(record.rows), record.sums
    places = [record.places[book] for book in figures]
    for place, row in zip(places, figures.values(), strict=True):
        rows[place] = row
    if columns is not None and places:
        columns = replaced(columns, places, [sums.get(book, NO_SUMS) for book in figures])
    return BoardRecord(rows, record.places, columns)


def _positions(connection: Connection[Any]) -> dict[str, tuple[int, int]]:
    found = connection.execute(
        "SELECT projection, position, build FROM read.checkpoints WHERE projection = ANY(%s)",
        (list(_FOLLOWED),),
        prepare=True,
    ).fetchall()
    return {name: (position, build) for name, position, build in found}


def _is_as_now(asked: Asked, as_of: int) -> bool:
    """Whether nothing was told since of what is known now."""
    newest = asked.connection.execute(_NEWEST, prepare=True).fetchone()
    is_older = newest is not None and all((at or 0) <= as_of for at in newest)
    return is_older and asked.people() == asked._replace(as_of=None).people()


_NEWEST = (
    f"SELECT (SELECT max(valid_from) FROM read.book_days WHERE {known_at(None)}),"
    f" (SELECT max(valid_from) FROM read.trader_profiles WHERE {known_at(None)})"
)


def _changed(connection: Connection[Any], since: Mapping[str, int]) -> list[UUID]:
    """Traders with another name than at these positions, or with other days: those have a new
    version whenever anything moves within them."""
    found = connection.execute(
        f"SELECT book FROM read.book_days WHERE valid_from > %(books)s AND {known_at(None)}"
        " UNION SELECT trader FROM read.trader_profiles"
        f" WHERE valid_from > %(trader_profiles)s AND {known_at(None)}",
        since,
        prepare=True,
        binary=True,
    ).fetchall()
    return sorted(book for (book,) in found)
