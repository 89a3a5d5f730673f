"""Corrections: what somebody or an edited message asks to put right, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.corrections import CorrectionApplied, CorrectionRefused, CorrectionRequested, Target
from projections.pages import Past, select_one, select_page
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class CorrectionState(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPLIED = "applied"
    REFUSED = "refused"


class CorrectionRow(Row, frozen=True, kw_only=True):
    """A request to put a record right. `changes` says field by field what differs."""

    correction: UUID
    version: int
    target: Target
    target_stream: UUID
    part: str
    void: bool
    price: Decimal | None
    quantity: Decimal | None
    changes: str = ""
    message: UUID | None = None
    revision: int | None = None
    """The message that it came of and its revision; 0 is what was said first."""
    reason: str
    by: str
    requested_at: datetime
    state: CorrectionState = CorrectionState.PENDING
    decided_by: str = ""
    decided_at: datetime | None = None
    refusal: str = ""


class Corrections(Projection):
    """Folds the life of corrections."""

    name = "corrections"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table(
            "corrections",
            CorrectionRow,
            ["correction"],
            [
                Index("requested_at, correction"),
                Index("requested_at, correction", where="state = 'pending'"),
                Index("target_stream"),
            ],
        )
        self.tables = (self.rows,)

    @when(CorrectionRequested)
    def requested(self, event: CorrectionRequested, seen: Seen) -> None:
        row = CorrectionRow(
            correction=seen.stream,
            version=seen.version,
            target=event.target,
            target_stream=event.target_stream,
            part=event.part,
            void=event.void,
            price=event.price,
            quantity=event.quantity,
            changes="; ".join(map(str, event.changes)),
            message=event.message,
            revision=event.revision,
            reason=event.reason,
            by=event.by,
            requested_at=event.timestamp,
        )
        self.rows.insert(row, seen.position)

    @when(CorrectionApplied)
    def applied(self, event: CorrectionApplied, seen: Seen) -> None:
        self._decide(seen, CorrectionState.APPLIED, event.by, event.timestamp)

    @when(CorrectionRefused)
    def refused(self, event: CorrectionRefused, seen: Seen) -> None:
        self._decide(seen, CorrectionState.REFUSED, event.by, event.timestamp, event.reason)

    def _decide(
        self, seen: Seen, state: CorrectionState, by: str, at: datetime, refusal: str = ""
    ) -> None:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"the correction {seen.stream} was never requested")
        decided = replace(
            row, version=seen.version, state=state, decided_by=by, decided_at=at, refusal=refusal
        )
        self.rows.put(decided, seen.position)


_CORRECTIONS = Corrections().rows.shape


def corrections(
    connection: Connection[Any],
    *,
    state: CorrectionState | None = None,
    target_stream: UUID | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CorrectionRow]:
    """Requests, the newest first; `after` is (requested_at, correction) of the last one seen."""
    return select_page(
        connection, _CORRECTIONS, where={"state": state, "target_stream": target_stream},
        order=["requested_at", "correction"], past=Past(), as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def correction(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> CorrectionRow | None:
    """One request."""
    return select_one(connection, _CORRECTIONS, {"correction": stream}, as_of)
