"""Previews: every figure that events nobody has recorded would move, before and after.

Positions, records, accounts, marks and links are the rows that the projections themselves would
write; boards are asked twice, with the queries that show them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.accounts import AccountRow, Accounts
from projections.books import Books
from projections.folding import RawEvent, Reading
from projections.leaderboards import Standing, board
from projections.marks import MarkRow
from projections.naming import title_of
from projections.people import LinkRow, People
from projections.pnl import BookDay
from projections.positions import BookKind, PositionRow
from projections.readmodel import Projection, known_at
from projections.shadow import Moved, Shadow, shadow
from projections.windows import Span

FORESEEN: tuple[type[Projection], ...] = (Books, Accounts, People)
"""The read models that figures of people's records come from."""

BEHIND_MOST = 20

Spans = Callable[[Connection[Any]], Sequence[tuple[Span, Sequence[Any]]]]


class Of(StrEnum):
    """What a figure is of, in the order in which people ask."""

    BOARD = "board"
    TRADER = "trader"
    ACCOUNT = "account"
    POSITION = "position"
    MARK = "mark"
    LINK = "link"


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that would be another one; None where there is none before or after.

    `about` is the trader, account or position; `window` the board's. `events` are the places on
    the tape of what the figure rests on, the latest first.
    """

    of: Of
    about: UUID | None
    name: str
    window: str = ""
    figure: str
    before: str | None
    after: str | None
    events: tuple[int, ...] = ()

    @property
    def by(self) -> Decimal | None:
        """By how much, if both are numbers."""
        try:
            return Decimal(self.after or "") - Decimal(self.before or "")
        except ArithmeticError:
            return None


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What would be recorded at the head of the tape and what that would move."""

    head: int
    recorded: tuple[str, ...]
    moves: tuple[Move, ...]


def foreseen(
    connection: Connection[Any],
    reading: Reading,
    events: Callable[[int], Sequence[RawEvent]],
    spans: Sequence[tuple[Span, Sequence[Any]]],
) -> Foreseen:
    """What these events would move; `events` makes them for the head of the tape, `spans` are
    the boards' windows with the sessions of each.

    Raises:
        CannotForesee: a read model stands still, or would.
    """
    with shadow(reading, connection, FORESEEN) as made:
        unrecorded = events(made.head)
        before = _boards(connection, spans)
        moved = made.fold(unrecorded)
        after = _boards(connection, spans)
        behind = _Behind(made, moved)
        names = _names(connection)
        moves = [
            *_of_boards(before, after, behind),
            *(move for one in moved for move in _of_row(one, names, behind)),
            *_of_records(connection, moved, names, behind),
        ]
        recorded = tuple(event.name for event in unrecorded)
        order = list(Of)
        moves.sort(key=lambda move: order.index(move.of))
        return Foreseen(head=made.head, recorded=recorded, moves=tuple(moves))


def largest(moves: Sequence[Move], most: int) -> list[Move]:
    """The moves that people look at first: ranks and money of records, then by their size."""

    def weight(move: Move) -> tuple[bool, bool, Decimal]:
        is_money = move.figure in ("pnl", "rank")
        return not is_money, move.of not in (Of.TRADER, Of.BOARD), -abs(move.by or Decimal(0))

    return sorted(moves, key=weight)[:most]


_Boards = dict[tuple[str, UUID], Standing]


def _boards(connection: Connection[Any], spans: Sequence[tuple[Span, Sequence[Any]]]) -> _Boards:
    """Everybody's standing in every window, in the order that the rules of it ask for."""
    return {
        (span.window.value, standing.trader): standing
        for span, sessions in spans
        for standing in board(connection, span, None, sessions).standings
    }


def _of_boards(before: _Boards, after: _Boards, behind: _Behind) -> Iterator[Move]:
    for place in sorted({*before, *after}, key=str):
        window, trader = place
        was, now = before.get(place), after.get(place)
        one = now or was
        assert one is not None
        for figure, old, new in _differing(_figures_of(was), _figures_of(now)):
            yield Move(
                of=Of.BOARD, about=trader, name=one.name, window=window, figure=figure,
                before=old, after=new, events=behind.record(trader),
            )  # fmt: skip


def _figures_of(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    found = msgspec.structs.asdict(standing)
    skill = found.pop("skill", None)
    own = {name.rstrip("_"): value for name, value in found.items() if name not in _UNTOLD}
    return own if skill is None else own | msgspec.structs.asdict(skill)


_UNTOLD = frozenset({"trader", "name"})
_TOLD: dict[type[Any], tuple[Of, tuple[str, ...]]] = {
    PositionRow: (
        Of.POSITION,
        ("quantity", "average_entry", "mark", "realised", "unrealised", "pnl", "pnl_ratio",
         "commission", "badge", "scored", "opened_at", "closed_at"),
    ),
    AccountRow: (Of.ACCOUNT, ("cash", "paid_in")),
    MarkRow: (Of.MARK, ("bid", "offer")),
    LinkRow: (Of.LINK, ("to_trader",)),
}  # fmt: skip


def _of_row(moved: Moved, names: dict[UUID, str], behind: _Behind) -> Iterator[Move]:
    one = moved.after if moved.after is not None else moved.before
    told = _TOLD.get(type(one))
    if told is None:
        return
    kind, figures = told
    before, after = (
        {} if row is None else {name: getattr(row, name) for name in figures}
        for row in (moved.before, moved.after)
    )
    for figure, old, new in _differing(before, after):
        match one:
            case PositionRow():
                yield Move(of=kind, about=one.position, name=title_of(one.symbol), figure=figure,
                           before=old, after=new, events=behind.position(one.position))  # fmt: skip
            case AccountRow():
                yield Move(of=kind, about=one.account, name=one.name, figure=figure, before=old,
                           after=new, events=behind.record(one.account))  # fmt: skip
            case MarkRow():
                yield Move(of=kind, about=None, name=f"{title_of(one.symbol)} {one.marked_at}",
                           figure=figure, before=old, after=new)  # fmt: skip
            case LinkRow():
                name = names.get(one.trader, str(one.trader))
                yield Move(of=kind, about=one.trader, name=name, figure=figure, before=old,
                           after=new)  # fmt: skip


def _of_records(
    connection: Connection[Any],
    moved: Sequence[Moved],
    names: dict[UUID, str],
    behind: _Behind,
) -> Iterator[Move]:
    """Each book's sums at its last day, which all of its days have gone into; that may be
    another day than before.
    """
    days = [one for one in moved if isinstance(one.after or one.before, BookDay)]
    others = _last_of_others(connection, days)
    was, now = (
        _last_by_book([*others, *filter(None, rows)])
        for rows in ([one.before for one in days], [one.after for one in days])
    )
    for book in {**was, **now}:
        before, after = (_sums_of(found[book]) if book in found else {} for found in (was, now))
        kind = Of.ACCOUNT if behind.kind(book) is BookKind.ACCOUNT else Of.TRADER
        for figure, old, new in _differing(before, after):
            yield Move(of=kind, about=book, name=names.get(book, str(book)), figure=figure,
                       before=old, after=new, events=behind.record(book))  # fmt: skip


def _last_of_others(connection: Connection[Any], moved: Sequence[Moved]) -> list[BookDay]:
    """The last day of each of these books that none of them is."""
    if not moved:
        return []
    shape = moved[0].shape
    keys = [shape.key_of(one.after or one.before) for one in moved]
    found = connection.execute(
        f"SELECT DISTINCT ON (book) {shape.column_list} FROM {shape.view} d"
        f" WHERE {known_at(None)} AND book = ANY(%(books)s) AND NOT EXISTS"
        " (SELECT FROM unnest(%(books)s::uuid[], %(days)s::date[]) AS m(book, day)"
        " WHERE m.book = d.book AND m.day = d.day) ORDER BY book, day DESC",
        {"books": [book for book, _ in keys], "days": [day for _, day in keys]},
        binary=True,
    )
    return [shape.made_of(values) for values in found.fetchall()]


def _last_by_book(days: Iterable[BookDay]) -> dict[UUID, BookDay]:
    return {row.book: row for row in sorted(days, key=lambda row: row.day)}


def _sums_of(row: BookDay) -> dict[str, Any]:
    """A record as a whole; an account's commissions are taken from what it made."""
    return {"pnl": row.cum_pnl, "commission": row.cum_commission, "index": row.nav}


def _differing(
    before: dict[str, Any], after: dict[str, Any]
) -> Iterator[tuple[str, str | None, str | None]]:
    for figure in {**before, **after}:
        was, now = before.get(figure), after.get(figure)
        if was != now:
            yield figure, _words(was), _words(now)


def _words(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        # The database knows no zero below zero.
        return f"{value or abs(value):f}"
    return value.value if isinstance(value, StrEnum) else str(value)


class _Behind:
    """The events that moved positions rest on."""

    def __init__(self, made: Shadow, moved: Sequence[Moved]) -> None:
        rows = [one.after for one in moved if isinstance(one.after, PositionRow)]
        self._books = {row.position: row.book for row in rows}
        self._kinds = {row.book: row.kind for row in rows}
        lines = made.connection.execute(
            "SELECT position, array_agg(DISTINCT event ORDER BY event DESC) FROM"
            " read.contributions WHERE position = ANY(%s) AND event <= %s GROUP BY position",
            (list(self._books), made.head),
        ).fetchall()
        self._events: dict[UUID, tuple[int, ...]] = {
            position: tuple(events[:BEHIND_MOST]) for position, events in lines
        }

    def position(self, position: UUID) -> tuple[int, ...]:
        return self._events.get(position, ())

    def record(self, book: UUID) -> tuple[int, ...]:
        """What the moved positions of a record rest on."""
        found = {
            event
            for position, owner in self._books.items()
            if owner == book
            for event in self.position(position)
        }
        return tuple(sorted(found, reverse=True)[:BEHIND_MOST])

    def kind(self, book: UUID) -> BookKind | None:
        return self._kinds.get(book)


def _names(connection: Connection[Any]) -> dict[UUID, str]:
    """Traders and accounts as they are called."""
    found = connection.execute(
        "SELECT trader, name FROM read.trader_profiles WHERE valid_to = 9223372036854775807"
        " UNION ALL SELECT account, name FROM read.accounts WHERE valid_to = 9223372036854775807"
    ).fetchall()
    return dict(found)
