"""Table: a versioned read table as a fold sees it. (Tables that only grow: `projections.strip`.)

A fold asks for the current row of a key and puts the next one; the table keeps what changed in
memory and hands it over set-wise, so that an event costs no query. Every event that changes a
row makes a version, whatever the size of the batch, so following live and rebuilding from the
start give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from msgspec.structs import force_setattr

from projections.recollection import Recollection
from projections.shape import CURRENT, Index, Private, Row, Shape

R = TypeVar("R", bound=Row)

ROWS_IN_MEMORY = 4_096
ROWS_PER_COPY = 4_096
"""For each COPY the server makes a place for a thousand rows: with few of them, that is most of
its work."""


class Source(Protocol):
    """Where stored rows come from while a batch is folded: all that was handed over before."""

    def find(self, shape: Shape[Any], build: int, key: Sequence[Any]) -> list[Any]:
        """The current row of a key, if there is one."""
        ...

    def select(
        self, shape: Shape[Any], build: int, where: str, parameters: Sequence[Any]
    ) -> list[Any]:
        """The current rows that meet an SQL condition."""
        ...


class Writes(NamedTuple):
    """What one table has to write: versions that end, then versions that are new."""

    shape: Shape[Any]
    ended: list[tuple[Any, ...]]
    """Key columns, valid_from and valid_to of stored versions that were superseded."""
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
        private: Private | None = None,
        rows_in_memory: int = ROWS_IN_MEMORY,
    ) -> None:
        self.shape = Shape(name, row, key, indexes, private)
        # The number in a UUID is hashed several times faster than the UUID itself.
        self._by_number = self.shape.is_keyed_by_one_uuid
        self._begins_with_id = self.shape.sql_type(key[0]) == "uuid"
        first = f"{key[0]}.int" if self._begins_with_id else key[0]
        self._key_of: Callable[[R], Any] = attrgetter(first, *key[1:])
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
        self._handed_over = Recollection() if complete else None
        for kept in (self._fresh, self._known, self._closed, self._ended):
            kept.clear()

    @property
    def began_empty(self) -> bool:
        """Whether every row there is was put by this object."""
        return self._handed_over is not None

    def current(self, key: Any) -> R | None:
        """The row as it is now: the key's one value, or a tuple of its values in order."""
        if self._by_number:
            key = key.int
        elif self._begins_with_id:
            key = (key[0].int, *key[1:])
        row = self._fresh.get(key)
        return row if row is not None else self._stored(key)

    def put(self, row: R, position: int, was: R | None = None) -> None:
        """Makes the row current from this position on; of two at one position the last counts.

        The row must be a new one (`msgspec.structs.replace` of the old): it is the table's
        from here on. Who has the key's row until now hands it in as `was`: it is not looked for.
        """
        key = self._key_of(row)
        before = self._fresh.pop(key, None)
        if before is None:
            before = self._stored(key) if was is None else was
            if before is not None:
                self._ended.append((key, before.valid_from, position))
            self._known.pop(key, None)
        elif before.valid_from != position:
            force_setattr(before, "valid_to", position)
            self._closed.append(before)
        if before is row:
            raise ValueError(f"{self.shape.name}: put a new row, not the current one changed")
        force_setattr(row, "valid_from", position)
        self._fresh[key] = row

    def insert(self, row: R, position: int) -> None:
        """Like `put` for a key that never had a row: spares looking for one."""
        force_setattr(row, "valid_from", position)
        self._fresh[self._key_of(row)] = row

    def remove(self, key: Any, position: int) -> None:
        """Ends the row; nothing happens when there is none."""
        if self._by_number:
            key = key.int
        elif self._begins_with_id:
            key = (key[0].int, *key[1:])
        before = self._fresh.pop(key, None)
        if before is None:
            before = self._stored(key)
            if before is not None:
                self._ended.append((key, before.valid_from, position))
        elif before.valid_from != position:
            force_setattr(before, "valid_to", position)
            self._closed.append(before)
        self._known[key] = None

    def select_current(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[R]:
        """Stored current rows that meet an SQL condition; what was put since may stand instead of
        them. They are known from here on: `current` asks for none of them again."""
        if self._source is None:
            return []
        return self._selected(self._source, where, parameters)

    def _selected(self, source: Source, where: str, parameters: Sequence[Any]) -> list[R]:
        selected = source.select(self.shape, self._build, where, parameters)
        found = [self.shape.made_of(row) for row in selected]
        for row in found:
            key = self._key_of(row)
            if key not in self._fresh:
                self._known.setdefault(key, row)
        return found

    def prefetch(self, ids: Iterable[UUID]) -> None:
        """Looks for many rows of a table that is keyed by one id in a single query, so that
        `current` need not ask for each."""
        if self.began_empty:
            # It asks for few, and a load makes no more indexes for that than it has to.
            return
        missing = [i for i in ids if i.int not in self._fresh and i.int not in self._known]
        if missing:
            self.select_current(f"{self.shape.key[0]} = ANY(%s)", (missing,))
            for sought in missing:
                self._known.setdefault(sought.int, None)

    def select_last(self, firsts: Collection[Any]) -> list[R]:
        """Of the stored current rows whose keys begin with each of these, that with the highest
        second part; before the first event of a batch about them."""
        if self._source is None:
            return []
        one, other = self.shape.key
        where = (
            f"({one}, {other}) IN (SELECT first, (SELECT max({other}) FROM"
            f" {self.shape.table(self._build)} WHERE {one} = first AND valid_to = {CURRENT})"
            " FROM unnest(%s) first)"
        )
        return self._selected(self._source, where, (list(firsts),))

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
        too_many = len(self._fresh) > self._rows_in_memory
        if not everything and not too_many and len(self._closed) < ROWS_PER_COPY:
            return None
        ended, rows = self._ended, self._closed
        self._ended, self._closed = [], []
        if everything:
            rows.extend(self._fresh.values())
            self._known.update(self._fresh)
            self._fresh = {}
        elif too_many:
            rows.extend(self._oldest())
        if len(self._known) > self._rows_in_memory:
            surplus = len(self._known) - self._rows_in_memory // 2
            for key in list(islice(self._known, surplus)):
                del self._known[key]
        if not ended and not rows:
            return None
        return Writes(self.shape, [(*self._values(key), *span) for key, *span in ended], rows)

    def _oldest(self) -> list[R]:
        surplus = len(self._fresh) - self._rows_in_memory // 2
        keys = list(islice(self._fresh, surplus))
        if self._handed_over is not None:
            self._handed_over.add(keys)
        if self._known:
            for key in keys:
                self._known.pop(key, None)
        return list(map(self._fresh.pop, keys))

    def _stored(self, key: Hashable) -> R | None:
        known = self._known
        if key in known:
            return known[key]
        if self._source is None:
            return None
        if self._handed_over is not None and key not in self._handed_over:
            return None
        found = self._source.find(self.shape, self._build, self._values(key))
        row = known[key] = self.shape.made_of(found[0]) if found else None
        return row

    def _values(self, key: Any) -> Sequence[Any]:
        """The columns of a key."""
        if self._by_number:
            return (UUID(int=key),)
        if self._begins_with_id:
            return (UUID(int=key[0]), *key[1:])
        return key if isinstance(key, tuple) else (key,)
