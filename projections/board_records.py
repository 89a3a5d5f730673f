"""Board records: everybody's figures in a window and the sums of their trades, as they are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.ranking import Rules
from projections.board_figures import BookFigures, figures_of, of_one_person, turns_of
from projections.people import people
from projections.skill import Ranked, ranked
from projections.window_sums import NO_SUMS, Sums, sums_of
from projections.windows import Span

if TYPE_CHECKING:
    from domain.quant.ranking_sums import TradeSums


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


class Asked(NamedTuple):
    """What is asked for, with which everything is read: of all books, or of some."""

    connection: Connection[Any]
    span: Span
    rules: Rules
    as_of: int | None

    def figures(self, books: Collection[UUID] | None = None) -> dict[UUID, BookFigures]:
        """The figures of traders."""
        return figures_of(self.connection, self.span, self._fraction, self.as_of, books)

    def sums(self, books: Collection[UUID] | None = None) -> dict[UUID, Sums]:
        """The sums of their trades, where the rules have a score."""
        if self.rules.score is None:
            return {}
        return sums_of(self.connection, self.span, self.as_of, books)

    def turns(self, books: Collection[UUID] | None = None) -> dict[UUID, datetime]:
        """When time alone changes whose figures."""
        if self.span.since is None:
            return {}
        return turns_of(self.connection, self.span, books)

    def people(self) -> dict[UUID, UUID]:
        """Who is one person with another."""
        return people(self.connection, self.as_of)

    def together(self, parts: list[BookFigures], person: UUID) -> BookFigures:
        """The figures of a person of several accounts."""
        named = next((part for part in parts if part.book == person), parts[0])
        return of_one_person(self.connection, named, parts, self.span, self._fraction, self.as_of)

    @property
    def key(self) -> tuple[Any, ...]:
        """What one kept board is for; hours move on, but not as they were once known."""
        stretch: tuple[Any, ...] = (self.span.first, self.span.last)
        if self.span.since is not None:
            stretch = () if self.as_of is None else (self.span.at,)
        return self.span.window, stretch, self._fraction, self.rules.score is None, self.as_of

    @property
    def _fraction(self) -> Decimal:
        return self.rules.nav_fraction


def read_record(
    connection: Connection[Any], span: Span, rules: Rules, as_of: int | None
) -> BoardRecord:
    """Reads the whole board."""
    asked = Asked(connection, span, rules, as_of)
    return assembled(asked, asked.figures(), asked.sums(), asked.people())


def record_of(
    connection: Connection[Any],
    span: Span,
    rules: Rules,
    as_of: int | None,
    books: Collection[UUID],
) -> BoardRecord:
    """Reads the figures of one person alone, whose accounts these are; they have no ranks."""
    asked = Asked(connection, span, rules, as_of)
    found = asked.figures(books)
    parts = [found[book] for book in sorted(found)]
    rows = [asked.together(parts, min(books))] if len(parts) > 1 else parts
    return BoardRecord(rows, dict.fromkeys(found, 0), None)


def assembled(
    asked: Asked,
    figures: Mapping[UUID, BookFigures],
    sums: Mapping[UUID, Sums],
    linked: Mapping[UUID, UUID],
) -> BoardRecord:
    """The record, from what was read of its traders."""
    entries = [
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
        entries.append((person, books, row, own))
    entries.sort(key=lambda entry: entry[0].int)
    places = {book: place for place, (_, books, _, _) in enumerate(entries) for book in books}
    rows, numbers = [entry[2] for entry in entries], [entry[3] for entry in entries]
    return BoardRecord(rows, places, _columns(numbers, asked.rules))


def _columns(numbers: list[Sums], rules: Rules) -> TradeSums | None:
    if rules.score is None:
        return None
    from domain.quant.ranking_sums import sums_of as columns_of

    return columns_of(numbers)
