"""Subjects: whose words are kept for legal matters, and who was erased; none is named."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.subjects import SubjectErased, SubjectHoldLifted, SubjectHoldPlaced, SubjectOpened
from projections.pages import select_all, select_one
from projections.readmodel import Projection, Row, Seen, Table, when


class SubjectRow(Row, frozen=True, kw_only=True):
    """A person, known by the id of their key. `matters` are those of the holds, one a line."""

    subject: UUID
    opened_at: datetime
    matters: str = ""
    erased_at: datetime | None = None
    reason: str = ""
    """Why they were erased, or the last hold was lifted."""
    by: str = ""
    """Who did the last of this."""

    @property
    def holds(self) -> list[str]:
        """The matters for which their words are kept."""
        return self.matters.splitlines()


class Subjects(Projection):
    """Folds holds and erasures; both are few."""

    name = "subjects"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table("subjects", SubjectRow, ["subject"])
        self.tables = (self.rows,)

    @when(SubjectOpened)
    def opened(self, event: SubjectOpened, seen: Seen) -> None:
        self.rows.insert(SubjectRow(subject=seen.stream, opened_at=event.timestamp), seen.position)

    @when(SubjectHoldPlaced)
    def hold_placed(self, event: SubjectHoldPlaced, seen: Seen) -> None:
        row = self._row(seen)
        matters = "\n".join([*row.holds, event.matter])
        self.rows.put(replace(row, matters=matters, by=event.by), seen.position)

    @when(SubjectHoldLifted)
    def hold_lifted(self, event: SubjectHoldLifted, seen: Seen) -> None:
        row = self._row(seen)
        matters = "\n".join(each for each in row.holds if each != event.matter)
        after = replace(row, matters=matters, reason=event.reason, by=event.by)
        self.rows.put(after, seen.position)

    @when(SubjectErased)
    def erased(self, event: SubjectErased, seen: Seen) -> None:
        after = replace(
            self._row(seen), erased_at=event.timestamp, reason=event.reason, by=event.by
        )
        self.rows.put(after, seen.position)

    def _row(self, seen: Seen) -> SubjectRow:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"the subject {seen.stream} was never opened")
        return row


_SUBJECTS = Subjects().rows.shape


def subjects(connection: Connection[Any], *, as_of: int | None = None) -> list[SubjectRow]:
    """All who are held or were erased, the first one first."""
    return select_all(connection, _SUBJECTS, {}, as_of, "opened_at, subject")


def subject(
    connection: Connection[Any], key_id: UUID, *, as_of: int | None = None
) -> SubjectRow | None:
    """One of them."""
    return select_one(connection, _SUBJECTS, {"subject": key_id}, as_of)
