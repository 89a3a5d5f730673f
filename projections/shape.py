"""Shape: what the rows of a read table look like in PostgreSQL, derived from their typed row.

Rows travel to PostgreSQL as CSV that is written by the JSON encoder: a JSON array without its
brackets is a CSV line whose quote is `"`, whose escape is `\\` and whose null is `null`. That
is several times faster than writing rows one by one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain, repeat
from operator import attrgetter
from struct import Struct
from types import NoneType, UnionType
from typing import Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

CURRENT = 9223372036854775807
"""`valid_to` of a row's newest version."""


class Row(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Base of versioned rows: true from position `valid_from` until before `valid_to`.

    Fields hold single values only: text, numbers, Decimal, times, ids, members of a StrEnum.
    """

    valid_from: int = 0
    valid_to: int = CURRENT


class Line(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Base of rows that are only ever added; they carry their position themselves."""


AnyRow = TypeVar("AnyRow", bound=Row | Line)


class Index(NamedTuple):
    """An index over `columns` (as SQL writes them), of current rows unless told otherwise."""

    columns: str
    every_version: bool = False
    where: str = ""


class Private(NamedTuple):
    """Rows that the database does not show to every reader.

    `column` says the account that they are about, by its name or id: they are for its owner, and
    for everybody while it has none. With `beside`, it is a column that another table of the
    projection, declared before, has too: a row is shown if one there is. Without a column, they
    are for no reader.
    """

    column: str = ""
    beside: str = ""


class Column(NamedTuple):
    """A column and how its values come back."""

    name: str
    sql_type: str
    nullable: bool
    enum: type[StrEnum] | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether each value takes as much room as any other."""
        return self.sql_type not in ("text", "numeric")

    @property
    def declaration(self) -> str:
        return f'"{self.name}" {self.sql_type}' + ("" if self.nullable else " NOT NULL")


_SQL_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "bigint",
    str: "text",
    float: "double precision",
    Decimal: "numeric",
    datetime: "timestamptz",
    date: "date",
    UUID: "uuid",
}


def column(name: str, annotation: Any) -> Column:
    """The column for a field.

    Raises:
        TypeError: the annotation is no single value.
    """
    choices = get_args(annotation) if _is_union(annotation) else (annotation,)
    kinds = [choice for choice in choices if choice is not NoneType]
    nullable = len(kinds) < len(choices)
    kind = kinds[0] if len(kinds) == 1 else None
    if get_origin(kind) is Literal:
        kind = str
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Column(name, "text", nullable, kind)
    if kind not in _SQL_TYPES:
        raise TypeError(f"{name}: a read table has no column for {annotation}")
    return Column(name, _SQL_TYPES[kind], nullable)


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


class Shape(Generic[AnyRow]):
    """Name, columns, key and indexes of a read table; versioned if its rows are `Row`s."""

    def __init__(
        self,
        name: str,
        row: type[AnyRow],
        key: Sequence[str],
        indexes: Sequence[Index] = (),
        private: Private | None = None,
    ) -> None:
        hints = {field.name: field.type for field in msgspec.structs.fields(row)}
        self.name = name
        self.row = row
        self.key = tuple(key)
        self.indexes = tuple(indexes)
        self._private = private
        self.columns = [column(field, hints[field]) for field in row.__struct_fields__]
        self.column_list = ", ".join(f'"{column.name}"' for column in self.columns)
        self.versioned = issubclass(row, Row)
        self.key_of: Callable[[AnyRow], Any] = attrgetter(*self.key)
        is_fixed = all(c.sql_type in ("uuid", "bigint") for c in self.columns)
        self._binary = Binary(self.columns) if is_fixed else None
        self._enums = [(at, c.enum) for at, c in enumerate(self.columns) if c.enum is not None]

    def sql_type(self, name: str) -> str:
        return next(column.sql_type for column in self.columns if column.name == name)

    def table(self, build: int) -> str:
        """The full name of the table that holds this build's rows."""
        return f"read.{self.name}_b{build}"

    @property
    def is_keyed_by_one_uuid(self) -> bool:
        return len(self.key) == 1 and self.sql_type(self.key[0]) == "uuid"

    @property
    def view(self) -> str:
        """The full name under which queries find the live build."""
        return f"read.{self.name}"

    def create_table(self, build: int) -> str:
        """What indexes look at lies first, what has one size before all: to make an index, the
        server goes through each row up to the last column that it needs."""
        said = " ".join([*self.key, *(f"{each.columns} {each.where}" for each in self.indexes)])
        sought = {"valid_from", "valid_to", *re.findall(r"\w+", said)}
        as_stored = sorted(
            self.columns,
            key=lambda column: (column.name not in sought, column.nullable, not column.is_fixed),
        )
        declarations = ", ".join(column.declaration for column in as_stored)
        return f"CREATE TABLE {self.table(build)} ({declarations})"

    def create_current_index(self, build: int) -> str:
        """The index by which a fold finds a row again: a key has one current row."""
        name, current = "key", ""
        if self.versioned:
            name, current = "current", f" WHERE valid_to = {CURRENT}"
        return (
            f"CREATE UNIQUE INDEX IF NOT EXISTS {self.name}_b{build}_{name}"
            f" ON {self.table(build)} ({', '.join(self.key)}){current}"
        )

    def create_indexes(self, build: int) -> Iterator[str]:
        """All indexes, for which a bulk load does not wait."""
        table = self.table(build)
        if self.versioned:
            key = ", ".join((*self.key, "valid_from"))
            yield f"ALTER TABLE {table} ADD PRIMARY KEY ({key})"
        yield from self.create_search_indexes(build)

    def create_search_indexes(self, build: int) -> Iterator[str]:
        """Those by which a fold finds rows again, where they are missing."""
        table = self.table(build)
        yield self.create_current_index(build)
        for number, index in enumerate(self.indexes, start=1):
            conditions = [index.where] if index.where else []
            if self.versioned and not index.every_version:
                conditions.append(f"valid_to = {CURRENT}")
            where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
            yield (
                f"CREATE INDEX IF NOT EXISTS {self.name}_b{build}_{number}"
                f" ON {table} ({index.columns}){where}"
            )

    def create_policies(self, build: int) -> Iterator[str]:
        """Who may see which rows; nothing for a table that is for everybody."""
        if self._private is None:
            return
        table = self.table(build)
        shown = self._shown(self._private, build)
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield (
            f"CREATE POLICY everything ON {table} FOR SELECT"
            " TO truetape_auditor, truetape_owner USING (true)"
        )
        yield f"CREATE POLICY shown ON {table} FOR SELECT TO truetape_reader USING ({shown})"

    def _shown(self, private: Private, build: int) -> str:
        """The condition of the rows that a reader sees, as row-level security asks it."""
        name, beside = private
        if not name:
            return "false"
        if beside:
            other = f"read.{beside}_b{build}"
            return f"EXISTS (SELECT FROM {other} o WHERE o.{name} = {self.name}_b{build}.{name})"
        hidden = "names" if self.sql_type(name) == "text" else "accounts"
        # The set is made once for a query, whatever the number of rows.
        return f"({name} IN (SELECT unnest(tape.hidden_{hidden}()))) IS NOT TRUE"

    @property
    def fingerprint(self) -> str:
        """Changes with whatever would make existing rows unfit for the program."""
        made = (self.create_table(0), *self.create_indexes(0), *self.create_policies(0))
        return hashlib.sha256("\n".join(made).encode()).hexdigest()[:16]

    def find(self, build: int) -> str:
        """The query for the current row of a key; takes the key's columns."""
        conditions = [f"{name} = %s" for name in self.key]
        if self.versioned:
            conditions.append(f"valid_to = {CURRENT}")
        return (
            f"SELECT {self.column_list} FROM {self.table(build)} WHERE {' AND '.join(conditions)}"
        )

    def select(self, build: int, where: str) -> str:
        """The query for the current rows that meet a condition."""
        return (
            f"SELECT {self.column_list} FROM {self.table(build)}"
            f" WHERE valid_to = {CURRENT} AND ({where})"
        )

    def copy_from(self, build: int, *, freeze: bool = False) -> str:
        """The COPY statement that takes what `encoded` makes."""
        form = (
            "FORMAT binary" if self._binary is not None else "FORMAT csv, NULL 'null', ESCAPE '\\'"
        )
        frozen = ", FREEZE" if freeze else ""
        return f"COPY {self.table(build)} ({self.column_list}) FROM STDIN ({form}{frozen})"

    def encoded(self, rows: Sequence[AnyRow]) -> bytes:
        """The rows, at least one, as `copy_from` reads them."""
        return csv(rows) if self._binary is None else self._binary(rows)

    def close_versions(self, build: int) -> str:
        """The statement that ends stored versions; takes lists of key columns, from and to."""
        names = (*self.key, "valid_from", "valid_to")
        arrays = ", ".join(f"%s::{self.sql_type(name)}[]" for name in names)
        match = " AND ".join(f"t.{name} = u.{name}" for name in self.key)
        return (
            f"UPDATE {self.table(build)} t SET valid_to = u.valid_to"
            f" FROM unnest({arrays}) AS u({', '.join(names)})"
            f" WHERE {match} AND t.valid_to = {CURRENT} AND t.valid_from = u.valid_from"
        )

    def made_of(self, values: Sequence[Any]) -> AnyRow:
        """The row of a record whose columns are in the order of `column_list`."""
        if self._enums:
            values = list(values)
            for at, enum in self._enums:
                if values[at] is not None:
                    values[at] = enum(values[at])
        return self.row(**dict(zip(self.row.__struct_fields__, values, strict=True)))


_COPY_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_UUID_SIZE = b"\x00\x00\x00\x10"
_bigint = Struct("!iq").pack


class Binary:
    """Writes rows of nothing but ids and numbers in PostgreSQL's own form, which spares it to
    parse them; for ids that is most of the work."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(attrgetter(c.name), c.sql_type == "uuid") for c in columns]
        self._nullable = any(c.nullable for c in columns)
        formats = ["i16s" if is_id else "iq" for _, is_id in self._columns]
        self._pack = Struct("!h" + "".join(formats)).pack

    def __call__(self, rows: Sequence[Any]) -> bytes:
        lines = self._with_nulls(rows) if self._nullable else self._without_nulls(rows)
        return b"".join((_COPY_BEGIN, *lines, _COPY_END))

    def _without_nulls(self, rows: Sequence[Any]) -> Iterator[bytes]:
        fields: list[Iterable[int | bytes]] = [repeat(len(self._columns))]
        for value_of, is_id in self._columns:
            values = map(value_of, rows)
            if is_id:
                fields += (repeat(16), [value.int.to_bytes(16, "big") for value in values])
            else:
                fields += (repeat(8), values)
        return map(self._pack, *fields)

    def _with_nulls(self, rows: Sequence[Any]) -> Iterator[bytes]:
        fields: list[Iterable[bytes]] = [repeat(len(self._columns).to_bytes(2, "big"))]
        for value_of, is_id in self._columns:
            values = map(value_of, rows)
            if is_id:
                fields.append(
                    [_NULL if v is None else _UUID_SIZE + v.int.to_bytes(16, "big") for v in values]
                )
            else:
                fields.append([_NULL if v is None else _bigint(8, v) for v in values])
        return chain.from_iterable(zip(*fields, strict=False))


# Numbers without quotes are shorter, and PostgreSQL need not look for where they end; it reads
# ids without hyphens as well.
_encode_lines = msgspec.json.Encoder(decimal_format="number", uuid_format="hex").encode_lines
_ESCAPED = re.compile(rb"\\(?:u([0-9a-f]{4})|(.))")
_CONTROL = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


ENCODED_AT_ONCE = 512
"""So many rows, and what they become is still in the processor's cache when it is cut."""


def csv(rows: Sequence[Row | Line]) -> bytes:
    """The rows as the CSV that `Shape.copy_from` reads; at least one row."""
    found: list[bytes] = []
    for begin in range(0, len(rows), ENCODED_AT_ONCE):
        # Control characters are escaped: a line has no other end than the encoder's.
        lines = _encode_lines(rows[begin : begin + ENCODED_AT_ONCE]).splitlines()
        found += [line[1:-1] for line in lines]
    # Looking for one byte is so much faster than for three that it pays for every slice.
    text = b"\n".join(found)
    # CSV knows no escapes but those of the quote and of the escape itself.
    return _ESCAPED.sub(_spelled_out, text) if b"\\" in text else text


def _spelled_out(found: re.Match[bytes]) -> bytes:
    code, letter = found.groups()
    if code is None:
        return _CONTROL.get(letter, found[0])
    # PostgreSQL keeps every character but NUL.
    return chr(int(code, 16) or 0xFFFD).encode()
