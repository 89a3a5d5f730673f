"""The log's checkpoints and checks, as they were issued and done."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.transparency.indexed import LogIndexRecorded
from domain.transparency.issued import CheckpointCosigned, CheckpointIssued, Fault, LogChecked
from domain.transparency.notes import parse_note, parse_signatures
from projections.pages import Past, select_all, select_page
from projections.readmodel import Index, Projection, Row, Seen, Table, known_at, when


class CheckpointRow(Row, frozen=True, kw_only=True):
    """A checkpoint with all signatures under it so far; `root` is hex, `position` its event's,
    `witnesses` the names of who signed, with commas.
    """

    checkpoint: UUID
    origin: str
    size: int
    root: str
    note: str
    issued_at: datetime
    position: int
    witnesses: str = ""


class LogCheckRow(Row, frozen=True, kw_only=True):
    """A check of the whole log; it was sound when there are no faults, which have a line each."""

    log_check: UUID
    checked_at: datetime
    size: int
    root: str
    checkpoints: int
    faults: str
    more: int


class LogIndexRow(Row, frozen=True, kw_only=True):
    """An index of the traders' events up to the position `until`; `position` is its event's."""

    log_index: UUID
    recorded_at: datetime
    until: int
    traders: int
    root: str
    rules: int
    position: int


class LogCheckpoints(Projection):
    """Folds what the log said of itself."""

    name = "log_checkpoints"
    kind = "feed"

    def __init__(self) -> None:
        self.checkpoints = Table(
            "log_checkpoints", CheckpointRow, ["checkpoint"], [Index("position")]
        )
        self.checks = Table("log_checks", LogCheckRow, ["log_check"], [Index("checked_at")])
        self.indexes = Table("log_indexes", LogIndexRow, ["log_index"], [Index("position")])
        self.tables = (self.checkpoints, self.checks, self.indexes)

    @when(CheckpointIssued)
    def issued(self, event: CheckpointIssued, seen: Seen) -> None:
        row = CheckpointRow(
            checkpoint=seen.stream,
            origin=event.origin,
            size=event.size,
            root=event.root,
            note=event.note,
            issued_at=event.timestamp,
            position=seen.position,
        )
        self.checkpoints.put(row, seen.position)

    @when(CheckpointCosigned)
    def cosigned(self, event: CheckpointCosigned, seen: Seen) -> None:
        row = self.checkpoints.current(seen.stream)
        if row is None:
            raise LookupError(f"the checkpoint {seen.stream} was never issued")
        note = parse_note(row.note.encode()).with_signatures(*parse_signatures(event.lines))
        signed = replace(
            row, note=str(note), witnesses=", ".join(filter(None, (row.witnesses, event.witness)))
        )
        self.checkpoints.put(signed, seen.position)

    @when(LogChecked)
    def checked(self, event: LogChecked, seen: Seen) -> None:
        row = LogCheckRow(
            log_check=seen.stream,
            checked_at=event.timestamp,
            size=event.size,
            root=event.root,
            checkpoints=event.checkpoints,
            faults="\n".join(map(_told, event.faults)),
            more=event.more,
        )
        self.checks.put(row, seen.position)

    @when(LogIndexRecorded)
    def indexed(self, event: LogIndexRecorded, seen: Seen) -> None:
        row = LogIndexRow(
            log_index=seen.stream,
            recorded_at=event.timestamp,
            until=event.until,
            traders=event.traders,
            root=event.root,
            rules=event.rules,
            position=seen.position,
        )
        self.indexes.put(row, seen.position)


def _told(fault: Fault) -> str:
    return f"{fault.position}: {fault.words}" if fault.position else fault.words


_CHECKPOINTS, _CHECKS, _INDEXES = (table.shape for table in LogCheckpoints().tables)


def last_checkpoint(
    connection: Connection[Any], *, covers: int = 0, as_of: int | None = None
) -> CheckpointRow | None:
    """The checkpoint that was issued last, if it covers so many events."""
    query = f"""
SELECT {_CHECKPOINTS.column_list} FROM read.log_checkpoints
WHERE {known_at(as_of)} ORDER BY position DESC LIMIT 1
"""
    row = connection.execute(query, {"as_of": as_of}, binary=True).fetchone()
    found = None if row is None else _CHECKPOINTS.made_of(row)
    return found if found is not None and found.size >= covers else None


def recent_checkpoints(
    connection: Connection[Any], limit: int, *, as_of: int | None = None
) -> list[CheckpointRow]:
    """The checkpoints that were issued last, the newest first."""
    return select_page(
        connection, _CHECKPOINTS, where={}, order=["position"], past=Past(), as_of=as_of,
        after=None, limit=limit,
    )  # fmt: skip


def issued_after(connection: Connection[Any], position: int) -> int:
    """How many checkpoints were issued after a place on the tape."""
    row = connection.execute(
        f"SELECT count(*) FROM read.log_checkpoints WHERE {known_at(None)}"
        " AND position > %(position)s",
        {"position": position},
    ).fetchone()
    return 0 if row is None else int(row[0])


def all_checkpoints(connection: Connection[Any]) -> list[CheckpointRow]:
    """Every checkpoint, in the order in which they were issued."""
    return select_all(connection, _CHECKPOINTS, {}, None, "position")


def last_check(connection: Connection[Any], *, as_of: int | None = None) -> LogCheckRow | None:
    """The last check of the log."""
    query = f"""
SELECT {_CHECKS.column_list} FROM read.log_checks
WHERE {known_at(as_of)} ORDER BY checked_at DESC LIMIT 1
"""
    row = connection.execute(query, {"as_of": as_of}, binary=True).fetchone()
    return None if row is None else _CHECKS.made_of(row)


def last_index(connection: Connection[Any], *, as_of: int | None = None) -> LogIndexRow | None:
    """The last index of the traders' events."""
    query = f"""
SELECT {_INDEXES.column_list} FROM read.log_indexes
WHERE {known_at(as_of)} ORDER BY position DESC LIMIT 1
"""
    row = connection.execute(query, {"as_of": as_of}, binary=True).fetchone()
    return None if row is None else _INDEXES.made_of(row)
