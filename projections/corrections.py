"""Corrections: what somebody or an edited message asks to put right, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.corrections import (
    CorrectionApplied,
    CorrectionApproved,
    CorrectionRefused,
    CorrectionRequested,
    ReasonCode,
    Target,
)
from projections.pages import Past, select_one, select_page
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class CorrectionState(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPLIED = "applied"
    REFUSED = "refused"


class CorrectionRow(Row, frozen=True, kw_only=True):
    """A request to put a record right. `changes` says field by field what differs.

    `corrects` is the correction of the same part that came before, `corrected_by` the one after.
    """

    correction: UUID
    version: int
    target: Target
    target_stream: UUID
    part: str
    void: bool
    price: Decimal | None
    quantity: Decimal | None
    bid: Decimal | None = None
    offer: Decimal | None = None
    amount: Decimal | None = None
    linked_to: UUID | None = None
    changes: str = ""
    message: UUID | None = None
    revision: int | None = None
    """The message that it came of and its revision; 0 is what was said first."""
    corrects: UUID | None = None
    corrected_by: UUID | None = None
    code: ReasonCode = ReasonCode.OTHER
    reason: str
    evidence: str = ""
    by: str
    requested_at: datetime
    state: CorrectionState = CorrectionState.PENDING
    decided_by: str = ""
    decided_at: datetime | None = None
    refusal: str = ""


class CorrectorRow(Row, frozen=True, kw_only=True):
    """How often somebody had to do with corrections, by the name they went by then."""

    name: str
    requested: int = 0
    applied: int = 0
    """Of what they asked for, how much came to be on record."""
    approved: int = 0
    refused: int = 0
    """Of what others asked for."""


class Corrections(Projection):
    """Folds the life of corrections, and who asked for and decided how many."""

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
                Index("by, requested_at"),
            ],
        )
        self.correctors = Table("correctors", CorrectorRow, ["name"])
        self.tables = (self.rows, self.correctors)

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
            bid=event.bid,
            offer=event.offer,
            amount=event.amount,
            linked_to=event.linked_to,
            changes="; ".join(map(str, event.changes)),
            message=event.message,
            revision=event.revision,
            corrects=event.corrects,
            code=event.code,
            reason=event.reason,
            evidence=event.evidence,
            by=event.by,
            requested_at=event.timestamp,
        )
        self.rows.insert(row, seen.position)
        self._count(event.by, seen, requested=1)

    @when(CorrectionApproved)
    def approved(self, event: CorrectionApproved, seen: Seen) -> None:
        self._count(event.by, seen, approved=1)

    @when(CorrectionApplied)
    def applied(self, event: CorrectionApplied, seen: Seen) -> None:
        row = self._decide(seen, CorrectionState.APPLIED, event.by, event.timestamp)
        self._count(row.by, seen, applied=1)
        before = None if row.corrects is None else self.rows.current(row.corrects)
        if before is not None:
            self.rows.put(replace(before, corrected_by=row.correction), seen.position)

    @when(CorrectionRefused)
    def refused(self, event: CorrectionRefused, seen: Seen) -> None:
        self._decide(seen, CorrectionState.REFUSED, event.by, event.timestamp, event.reason)
        self._count(event.by, seen, refused=1)

    def _count(self, name: str, seen: Seen, **more: int) -> None:
        row = self.correctors.current(name) or CorrectorRow(name=name)
        counts = {what: getattr(row, what) + by for what, by in more.items()}
        self.correctors.put(replace(row, **counts), seen.position)

    def _decide(
        self, seen: Seen, state: CorrectionState, by: str, at: datetime, refusal: str = ""
    ) -> CorrectionRow:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"the correction {seen.stream} was never requested")
        decided = replace(
            row, version=seen.version, state=state, decided_by=by, decided_at=at, refusal=refusal
        )
        self.rows.put(decided, seen.position)
        return decided


_CORRECTIONS = Corrections().rows.shape
_CORRECTORS = Corrections().correctors.shape


def corrections(
    connection: Connection[Any],
    *,
    state: CorrectionState | None = None,
    target_stream: UUID | None = None,
    by: str | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CorrectionRow]:
    """Requests, the newest first; `after` is (requested_at, correction) of the last one seen."""
    return select_page(
        connection, _CORRECTIONS, where={"state": state, "target_stream": target_stream, "by": by},
        order=["requested_at", "correction"], past=Past(), as_of=as_of, after=after, limit=limit,
    )  # fmt: skip


def correctors(
    connection: Connection[Any], *, name: str | None = None, as_of: int | None = None
) -> list[CorrectorRow]:
    """Who had to do with corrections, by name."""
    return select_page(
        connection, _CORRECTORS, where={"name": name}, order=["name"], past=Past(), as_of=as_of,
        after=None, limit=1_000,
    )  # fmt: skip


def correction(
    connection: Connection[Any], stream: UUID, *, as_of: int | None = None
) -> CorrectionRow | None:
    """One request."""
    return select_one(connection, _CORRECTIONS, {"correction": stream}, as_of)
