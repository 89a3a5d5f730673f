"""Exporting: has the traders' events counted and the log signed as needed, and writes a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from application.indexing import record_index as record_entries
from application.ports import NotFound
from application.sealing import OWN_EVENTS
from domain.transparency.indexed import TraderEntry, index_frontier, trader_entries
from domain.transparency.notes import Note, parse_note
from interfaces.compose import House
from projections.log_checkpoints import (
    CheckpointRow,
    LogIndexRow,
    all_checkpoints,
    last_checkpoint,
    last_index,
)
from projections.trader_index import RULES, stories, story

NOTES_MAX = 2_000
"""So many checkpoints go into an export of everything; more are thinned out evenly."""

Progress = Callable[[int], None]


class Exported(NamedTuple):
    """What was written: how many events, and how many the log had when it was signed."""

    events: int
    size: int


def record_index(house: House) -> LogIndexRow:
    """Counts every trader's events up to where the read models are, and records it.

    Raises:
        Unavailable: the database did not answer.
    """
    house.catch_up()
    until = house.read_until()
    with house.reader.connection() as connection:
        entries = trader_entries(stories(connection, until))
    record_entries(house.desk, entries, until=until, rules=RULES, now=datetime.now(UTC))
    house.catch_up()
    with house.reader.connection() as connection:
        found = last_index(connection)
    if found is None:
        raise NotFound("the index was recorded, and its read model is stopped")
    return found


def export(house: House, trader: UUID | None, folder: Path, progress: Progress) -> Exported:
    """Writes a trader's story, or everything, into a folder that is not there yet.

    Raises:
        InvalidInput, PortRefused: the folder cannot be written, the keys cannot be used, or the
            tape is not what was signed of it.
        Unavailable: the database did not answer.
    """
    house.catch_up()
    index, entries = _index(house, trader)
    last = _checkpoint(house, index.position, trader)
    with house.reader.connection() as connection:
        notes = _notes(all_checkpoints(connection), last, is_thin=trader is not None)
        positions: Sequence[int] = range(1, last.size + 1)
        if trader is not None:
            positions = story(connection, trader, last.size)
    house.log.export(
        folder,
        trader,
        notes,
        (index.position, entries),
        positions,
        progress,
        house.subjects.said,
        house.subjects.named,
    )
    return Exported(len(positions), last.size)


def _index(house: House, trader: UUID | None) -> tuple[LogIndexRow, Sequence[TraderEntry]]:
    """The last index, with its entries; a new one where it does not have all of the story."""
    with house.reader.connection() as connection:
        row = last_index(connection)
        if row is not None and (trader is None or _is_counted(connection, trader, row.until)):
            entries = trader_entries(stories(connection, row.until))
            # Other rules, of another version of the program, make other stories.
            if index_frontier(entries).root.hex() == row.root:
                return row, entries
    row = record_index(house)
    with house.reader.connection() as connection:
        return row, trader_entries(stories(connection, row.until))


def _is_counted(connection: Connection[Any], trader: UUID, until: int) -> bool:
    """Whether a trader's story has nothing that is newer than a position."""
    newest = story(connection, trader, 2**63 - 1)[-1:]
    return not newest or newest[0] <= until


def _checkpoint(house: House, index: int, trader: UUID | None) -> CheckpointRow:
    """The last checkpoint, if it covers the index and what is exported; else a new one."""
    with house.reader.connection() as connection:
        last = last_checkpoint(connection, covers=index)
    # The story ends before the index, and everything before what the house says of itself.
    if last is not None and (
        trader is not None or not house.log.tree.has_other_than(OWN_EVENTS, last.size)
    ):
        return last
    sealer = house.log.sealer()
    sealer.seal(sealer.integrate(), datetime.now(UTC))
    house.catch_up()
    with house.reader.connection() as connection:
        last = last_checkpoint(connection, covers=index)
    if last is None:
        raise NotFound("a checkpoint was issued, and its read model is stopped")
    return last


def _notes(issued: Sequence[CheckpointRow], last: CheckpointRow, *, is_thin: bool) -> list[Note]:
    """The checkpoints that go along, by their sizes: the first and the last, or more of them."""
    rows = {row.size: row for row in issued if row.origin == last.origin and row.size < last.size}
    sizes = sorted(rows)
    step = len(sizes) // NOTES_MAX + 1
    chosen = sizes[:1] if is_thin else sizes[::step]
    return [parse_note(row.note.encode()) for row in (*(rows[size] for size in chosen), last)]
