"""Strip and Register: read tables whose rows are added once and never change.

A strip is only written; the rows of a register are found again by their key, which is one
UUID. Neither has versions: a row that has a place in time carries its position itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from projections.recollection import Recollection
from projections.shape import Index, Line, Private, Shape
from projections.table import Source, Writes

L = TypeVar("L", bound=Line)

LINES_IN_MEMORY = 16_384
LINES_PER_COPY = 8_192
"""They are short: more of them wait than of a table's rows."""


class Strip(Generic[L]):
    """Rows that are added."""

    def __init__(
        self,
        name: str,
        row: type[L],
        key: Sequence[str],
        indexes: Sequence[Index] = (),
        *,
        private: Private | None = None,
    ) -> None:
        self.shape = Shape(name, row, key, indexes, private)
        self._rows: list[L] = []

    def append(self, row: L) -> None:
        """Adds a row."""
        self._rows.append(row)

    def in_memory(self) -> Sequence[L]:
        """The rows that are not stored yet; all there are while unattached."""
        return self._rows

    def take(self, *, everything: bool) -> Writes | None:
        """What is to be written now; without `everything` only if it is worth a COPY."""
        if not self._rows or (not everything and len(self._rows) < LINES_PER_COPY):
            return None
        rows, self._rows = self._rows, []
        return Writes(self.shape, [], rows)


class Register(Strip[L]):
    """Rows that are added and found again; the newest are kept in memory."""

    def __init__(self, name: str, row: type[L], key: str, indexes: Sequence[Index] = ()) -> None:
        super().__init__(name, row, [key], indexes)
        if not self.shape.is_keyed_by_one_uuid:
            raise TypeError(f"{name}: the key of a register is one UUID")
        self._number_of = attrgetter(f"{key}.int")
        self._recent: dict[int, L] = {}
        self.attach(None, 0, complete=True)

    def attach(self, source: Source | None, build: int, *, complete: bool) -> None:
        """Forgets everything and continues on the stored rows of a build; see `Table.attach`."""
        self._source = source
        self._build = build
        self._handed_over = Recollection() if complete else None
        self._rows = []
        self._recent.clear()

    def append(self, row: L) -> None:
        """Adds a row whose key has none."""
        self._rows.append(row)
        self._recent[self._number_of(row)] = row

    def find(self, key: UUID) -> L | None:
        """The row of a key."""
        row = self._recent.get(key.int)
        return row if row is not None else self._stored(key)

    def take(self, *, everything: bool) -> Writes | None:
        """What is to be written now; see `Strip.take`."""
        writes = super().take(everything=everything)
        if writes is not None and len(self._recent) > LINES_IN_MEMORY:
            self._forget(len(self._recent) - LINES_IN_MEMORY // 2)
        return writes

    def _forget(self, surplus: int) -> None:
        if self._handed_over is not None:
            self._handed_over.add(list(islice(self._recent, surplus)))
        self._recent = dict(islice(self._recent.items(), surplus, None))

    def _stored(self, key: UUID) -> L | None:
        if self._source is None:
            return None
        if self._handed_over is not None and key.int not in self._handed_over:
            return None
        found: list[Any] = self._source.find(self.shape, self._build, (key,))
        if not found:
            return None
        row = self._recent[key.int] = self.shape.made_of(found[0])
        return row
