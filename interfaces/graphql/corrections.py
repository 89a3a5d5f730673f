"""Corrections: what is asked to be put right, by people and by what authors edit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from domain.corrections import Target
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByTime,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import asking_of
from projections.corrections import CorrectionRow, Corrections, CorrectionState, corrections


@kind
class Correction:
    """A request to put the record of a signal or an order right, and what came of it."""

    id: UUID
    version: int
    target: Target
    record: UUID = figure("The signal or order that it is about.")
    part: str = figure("An execution's number in a signal, or a fill's ExecID; empty: all.")
    void: bool
    price: Decimal | None = figure("USD per share.")
    quantity: Decimal | None
    changes: str = figure("What differs, field by field, where it came of reading a message.")
    message: UUID | None
    revision: int | None = figure("Which words of the message; 0 is what was said first.")
    reason: str
    by: str
    requested_at: datetime
    state: CorrectionState
    decided_by: str
    decided_at: datetime | None
    refusal: str = figure("Why it was refused.")
    position: BigInt = figure("The event on the tape that made it stand like this.")


def correction_of(row: CorrectionRow) -> Correction:
    """A row as a correction of the schema."""
    return shown(
        Correction,
        row,
        id=row.correction,
        record=row.target_stream,
        position=BigInt(row.valid_from),
    )


@strawberry.type
class CorrectionQueries:
    """What can be asked about corrections."""

    @resolved("Corrections, the newest request first.")
    def corrections(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        state: CorrectionState | None = None,
        record: UUID | None = None,
        as_of: AsOf = None,
    ) -> Connection[Correction]:
        database = asking_of(info).reading.of(Corrections, as_of=as_of)
        rows = corrections(
            database,
            state=state,
            target_stream=record,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(
            rows, first, lambda row: ByTime(row.requested_at, row.correction), correction_of, after
        )
