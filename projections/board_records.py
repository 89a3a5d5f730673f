"""Board records: everybody's figures in a window, read whole, or kept and brought up to date.

Reading goes over two rows of every trader. Who shows a board again and again keeps what was
read; then only those are read again for whom something happened since, or left a window of
hours, and the answer is the same to the last digit. What was once known is read once, and is
what is known now if nothing was told since.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.ranking import Rules
from projections.board_figures import BookFigures, figures_of, of_one_person, turns_of
from projections.people import people
from projections.readmodel import known_at
from projections.skill import Ranked, ranked
from projections.window_sums import NO_SUMS, Sums, sums_of
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.ranking_sums import TradeSums

KEPT_MAX = 8
PAST_KEPT_MAX = 4
REREAD_FROM = 0.3
"""With such a part of a board changed it is quicker to read all of it."""

_FOLLOWED = ("books", "people", "trader_profiles")


class BoardRecord:
    """People's figures in the order of their ids, and the sums of their trades; `places` are
    those of all traders, also of who is one person with another. Without a score there are no
    sums."""

    def __init__(
        self, rows: list[BookFigures], places: Mapping[UUID, int], sums: TradeSums | None
    ) -> None:
        self.rows = rows
        self.places = places
        self.sums = sums
        self._ranked: Ranked | None = None

    def ranked(self, rules: Rules) -> Ranked | None:
        """What the rules make of everybody; worked out once, in whichever order it is shown."""
        if self.sums is None:
            return None
        if self._ranked is None or self._ranked.rules != rules:
            self._ranked = ranked(self.sums, [row.accounts for row in self.rows], rules)
        return self._ranked

    def place_of(self, trader: UUID) -> int | None:
        """Where a trader's figures are, if there are any."""
        return self.places.get(trader)


class _Asked(NamedTuple):
    """What is asked for, with which everything is read."""

    connection: Connection[Any]
    span: Span
    rules: Rules
    as_of: int | None

    def figures(self, books: Collection[UUID] | None = None) -> dict[UUID, BookFigures]:
        return figures_of(self.connection, self.span, self._fraction, self.as_of, books)

    def sums(self, books: Collection[UUID] | None = None) -> dict[UUID, Sums]:
        if self.rules.score is None:
            return {}
        return sums_of(self.connection, self.span, self.as_of, books)

    def turns(self, books: Collection[UUID] | None = None) -> dict[UUID, datetime]:
        if self.span.since is None:
            return {}
        return turns_of(self.connection, self.span, books)

    def people(self) -> dict[UUID, UUID]:
        return people(self.connection, self.as_of)

    def together(self, parts: list[BookFigures], person: UUID) -> BookFigures:
        """The figures of a person of several accounts."""
        named = next((part for part in parts if part.book == person), parts[0])
        return of_one_person(self.connection, named, parts, self.span, self._fraction, self.as_of)

    @property
    def key(self) -> tuple[Any, ...]:
        """What one kept board is for; hours move on."""
        days = (self.span.first, self.span.last) if self.span.since is None else ()
        return self.span.window, days, self._fraction, self.rules.score is None

    @property
    def _fraction(self) -> Decimal:
        return self.rules.nav_fraction


def read_record(
    connection: Connection[Any], span: Span, rules: Rules, as_of: int | None
) -> BoardRecord:
    """Reads the whole board."""
    asked = _Asked(connection, span, rules, as_of)
    return _assembled(asked, asked.figures(), asked.sums(), asked.people())


def record_of(
    connection: Connection[Any],
    span: Span,
    rules: Rules,
    as_of: int | None,
    books: Collection[UUID],
) -> BoardRecord:
    """Reads the figures of one person alone, whose accounts these are; they have no ranks."""
    asked = _Asked(connection, span, rules, as_of)
    found = asked.figures(books)
    parts = [found[book] for book in sorted(found)]
    rows = [asked.together(parts, min(books))] if len(parts) > 1 else parts
    return BoardRecord(rows, dict.fromkeys(found, 0), None)


def _assembled(
    asked: _Asked,
    figures: Mapping[UUID, BookFigures],
    sums: Mapping[UUID, Sums],
    linked: Mapping[UUID, UUID],
) -> BoardRecord:
    people = [
        (book, [book], row, sums.get(book, NO_SUMS))
        for book, row in figures.items()
        if book not in linked
    ]
    groups: dict[UUID, list[UUID]] = {}
    for book in sorted(linked.keys() & figures.keys()):
        groups.setdefault(linked[book], []).append(book)
    for person, books in groups.items():
        row, own = figures[books[0]], sums.get(books[0], NO_SUMS)
        if len(books) > 1:
            row = asked.together([figures[book] for book in books], person)
            each = (sums.get(book, NO_SUMS) for book in books)
            own = tuple(map(sum, zip(*each, strict=True)))
        people.append((person, books, row, own))
    people.sort(key=lambda entry: entry[0].int)
    places = {book: place for place, (_, books, _, _) in enumerate(people) for book in books}
    rows, numbers = [entry[2] for entry in people], [entry[3] for entry in people]
    return BoardRecord(rows, places, _columns(numbers, asked.rules))


def _columns(numbers: list[Sums], rules: Rules) -> TradeSums | None:
    if rules.score is None:
        return None
    from domain.quant.ranking_sums import sums_of as columns_of

    return columns_of(numbers)


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
        asked = _Asked(connection, span, rules, as_of)
        if as_of is None:
            return self._now(asked)
        if _is_unchanged(asked, as_of):
            record = self._now(asked._replace(as_of=None))
            if _is_unchanged(asked, as_of):
                return record
        return self._once_known(asked, as_of)

    def _once_known(self, asked: _Asked, as_of: int) -> BoardRecord:
        """What was once known stays so until read models are made anew: without somebody."""
        positions = _positions(asked.connection)
        builds = {name: build for name, (_, build) in positions.items()}
        key = (*asked.key, asked.span.at, as_of)
        before, found = self._past.get(key, (None, None))
        if found is not None and before == builds:
            return found
        record = read_record(asked.connection, asked.span, asked.rules, as_of)
        if all(as_of <= position for position, _ in positions.values()):
            with self._one_at_a_time:
                self._past[key] = builds, record
                if len(self._past) > PAST_KEPT_MAX:
                    self._past.popitem(last=False)
        return record

    def _now(self, asked: _Asked) -> BoardRecord:
        with self._one_at_a_time:
            # Asked before anything is read: what happens meanwhile is read again next time.
            positions = _positions(asked.connection)
            before = self._kept.pop(asked.key, None)
            now = None
            if before is not None:
                now = _followed_up(asked, before, positions, self._reread_from)
            if now is None:
                figures, sums, linked = asked.figures(), asked.sums(), asked.people()
                record = _assembled(asked, figures, sums, linked)
                turns = asked.turns()
                now = _Kept(asked.span.at, positions, figures, sums, turns, linked, record)
            self._kept[asked.key] = now
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
            return now.record


def _followed_up(
    asked: _Asked, kept: _Kept, positions: Mapping[str, tuple[int, int]], reread_from: float
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
    now_kept = kept._replace(at=asked.span.at, positions=positions, linked=linked)
    if not books and linked == kept.linked:
        return now_kept
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
        record = _assembled(asked, kept.figures, kept.sums, linked)
    return now_kept._replace(record=record)


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


def _is_unchanged(asked: _Asked, as_of: int) -> bool:
    """Whether everything was told by then that is known now."""
    positions = _positions(asked.connection)
    if not all(name in positions and as_of <= positions[name][0] for name in _FOLLOWED):
        return False
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
