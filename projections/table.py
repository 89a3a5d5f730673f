"""Table: a versioned read table as a fold sees it; and Strip, a table that only grows.

A fold asks for the current row of a key and puts the next one; the table keeps what changed in
memory and hands it over set-wise, so that an event costs no query. Every event that changes a
row makes a version, whatever the size of the batch, so following live and rebuilding from the
start give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from msgspec.structs import force_setattr

from projections.shape import CURRENT, Index, Line, Row, Shape

R = TypeVar("R", bound=Row)
L = TypeVar("L", bound=Line)

ROWS_IN_MEMORY = 8_192


class Source(Protocol):
    """Where stored rows come from while a batch is folded."""

    def fetch(self, query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]: ...


class Writes(NamedTuple):
    """What one table has to write: versions that end, then versions that are new."""

    shape: Shape[Any]
    ended: list[tuple[Any, int, int]]
    """Key, valid_from and valid_to of stored versions that were superseded."""
    rows: list[Any]


class Table(Generic[R]):
    """The versioned rows of one read table.

    Until `attach` tells it where its rows are stored, it keeps everything in memory; folds can
    be tried that way without a database.
    """

    def __init__(
        self,
        name: str,
        row: type[R],
        key: Sequence[str],
        indexes: Sequence[Index] = (),
        *,
        rows_in_memory: int = ROWS_IN_MEMORY,
    ) -> None:
        self.shape = Shape(name, row, key, indexes)
        self._key_of: Callable[[R], Hashable] = self.shape.key_of
        self._rows_in_memory = rows_in_memory
        self._fresh: dict[Any, R] = {}
        """Current rows that are not stored yet, the longest unchanged first."""
        self._known: dict[Any, R | None] = {}
        """Current rows as they are stored; None for a key that has no current row."""
        self._closed: list[R] = []
        self._ended: list[tuple[Any, int, int]] = []
        self.attach(None, 0, complete=True)

    def attach(self, source: Source | None, build: int, *, complete: bool) -> None:
        """Forgets everything and continues on the stored rows of a build.

        `complete` says that nothing is stored yet: then only a row that this table itself
        has handed over is ever looked up.
        """
        self._source = source
        self._build = build
        self._handed_over: set[int] | None = set() if complete else None
        for kept in (self._fresh, self._known, self._closed, self._ended):
            kept.clear()

    def current(self, key: Hashable) -> R | None:
        """The row as it is now: the key's one value, or a tuple of its values in order."""
        row = self._fresh.get(key)
        return row if row is not None else self._stored(key)

    def put(self, row: R, position: int) -> None:
        """Makes the row current from this position on; of two at one position the last counts.

        The row must be a new one (`msgspec.structs.replace` of the old): it is the table's
        from here on.
        """
        key = self._key_of(row)
        before = self._end(key, position)
        if before is row:
            raise ValueError(f"{self.shape.name}: put a new row, not the current one changed")
        self._known.pop(key, None)
        force_setattr(row, "valid_from", position)
        self._fresh[key] = row

    def insert(self, row: R, position: int) -> None:
        """Like `put` for a key that never had a row: spares looking for one."""
        force_setattr(row, "valid_from", position)
        self._fresh[self._key_of(row)] = row

    def remove(self, key: Hashable, position: int) -> None:
        """Ends the row; nothing happens when there is none."""
        self._end(key, position)
        self._known[key] = None

    def select_current(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[R]:
        """Stored current rows that meet an SQL condition: for `load`, before the first event."""
        if self._source is None:
            return []
        query = (
            f"SELECT {self.shape.column_list} FROM {self.shape.table(self._build)}"
            f" WHERE valid_to = {CURRENT} AND ({where})"
        )
        return [self.shape.made_of(found) for found in self._source.fetch(query, parameters)]

    def in_memory(self) -> Iterable[R]:
        """The current rows that are not stored yet; all there are while unattached."""
        return self._fresh.values()

    def closed(self) -> Sequence[R]:
        """The ended versions that are not stored yet; all there are while unattached."""
        return self._closed

    def take(self, *, everything: bool) -> Writes | None:
        """What is to be written now; the caller stores it or throws the table's memory away.

        With `everything` no row stays unstored. Otherwise current rows wait in memory, and
        only those go that were unchanged the longest when they are too many.
        """
        if not everything and len(self._fresh) + len(self._closed) < self._rows_in_memory:
            return None
        ended, rows = self._ended, self._closed
        self._ended, self._closed = [], []
        if everything:
            rows.extend(self._fresh.values())
            self._known.update(self._fresh)
            self._fresh = {}
        elif len(self._fresh) > self._rows_in_memory:
            rows.extend(self._oldest())
        if len(self._known) > self._rows_in_memory:
            surplus = len(self._known) - self._rows_in_memory // 2
            for key in list(islice(self._known, surplus)):
                del self._known[key]
        return Writes(self.shape, ended, rows) if ended or rows else None

    def _end(self, key: Hashable, position: int) -> R | None:
        """Ends the current version, unless it began at this very position."""
        before = self._fresh.pop(key, None)
        if before is None:
            before = self._stored(key)
            if before is not None:
                self._ended.append((key, before.valid_from, position))
        elif before.valid_from != position:
            force_setattr(before, "valid_to", position)
            self._closed.append(before)
        return before

    def _oldest(self) -> list[R]:
        surplus = len(self._fresh) - self._rows_in_memory // 2
        keys = list(islice(self._fresh, surplus))
        if self._handed_over is not None:
            self._handed_over.update(map(hash, keys))
        for key in keys:
            self._known.pop(key, None)
        return [self._fresh.pop(key) for key in keys]

    def _stored(self, key: Hashable) -> R | None:
        known = self._known
        if key in known:
            return known[key]
        if self._source is None or (
            self._handed_over is not None and hash(key) not in self._handed_over
        ):
            return None
        values = key if isinstance(key, tuple) else (key,)
        where = " AND ".join(f"{name} = %s" for name in self.shape.key)
        found = self.select_current(where, values)
        row = known[key] = found[0] if found else None
        return row


class Strip(Generic[L]):
    """A table whose rows are added and never change; each names the position it came with."""

    def __init__(
        self, name: str, row: type[L], key: Sequence[str], indexes: Sequence[Index] = ()
    ) -> None:
        self.shape = Shape(name, row, key, indexes)
        self._rows: list[L] = []

    def append(self, row: L) -> None:
        """Adds a row."""
        self._rows.append(row)

    def in_memory(self) -> Sequence[L]:
        """The rows that are not stored yet; all there are while unattached."""
        return self._rows

    def take(self, *, everything: bool) -> Writes | None:
        """What is to be written now; without `everything` only if it is worth a COPY."""
        if not self._rows or (not everything and len(self._rows) < ROWS_IN_MEMORY):
            return None
        rows, self._rows = self._rows, []
        return Writes(self.shape, [], rows)
