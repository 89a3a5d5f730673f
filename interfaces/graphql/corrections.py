"""Corrections: what is asked to be put right, by people and by what authors edit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from application.correcting import Change, require_may_foresee
from domain.corrections import ReasonCode, Target
from domain.shared import InvalidInput
from interfaces.graphql.deciding import member_of
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
from interfaces.previewing import preview
from projections.corrections import (
    CorrectionRow,
    Corrections,
    CorrectionState,
    corrections,
    correctors,
)
from projections.previews import Of


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
    bid: Decimal | None = figure("Of a mark, USD per share.")
    offer: Decimal | None = figure("Of a mark, USD per share.")
    amount: Decimal | None = figure("Of a movement of cash, USD.")
    linked_to: UUID | None = figure("The trader that a trader really is.")
    changes: str = figure("What is recorded and what would be, field by field.")
    message: UUID | None
    revision: int | None = figure("Which words of the message; 0 is what was said first.")
    corrects: UUID | None = figure("The correction of the same part that came before.")
    corrected_by: UUID | None = figure("The correction of the same part that came after.")
    code: ReasonCode
    reason: str
    evidence: str = figure("An https address; empty: none was given.")
    by: str
    requested_at: datetime
    state: CorrectionState
    decided_by: str
    decided_at: datetime | None
    refusal: str = figure("Why it was refused.")
    position: BigInt = figure("The event on the tape that made it stand like this.")


@kind
class Corrector:
    """How often somebody had to do with corrections, by the name they went by then."""

    name: str
    requested: int
    applied: int = figure("Of what they asked for, how much came to be on record.")
    approved: int
    refused: int = figure("Of what others asked for.")


@strawberry.input(description="What is to be put right in a record; either void or figures.")
class CorrectionInput:
    target: Target
    record: UUID
    part: Annotated[
        str,
        strawberry.argument(
            description="An execution's number in a signal (1 is the entry), a fill's ExecID, or "
            "the broker's id of a movement of cash."
        ),
    ] = ""
    void: bool = strawberry.field(default=False, description="Let it count for nothing.")
    price: Decimal | None = strawberry.field(default=None, description="USD per share.")
    quantity: Decimal | None = None
    bid: Decimal | None = strawberry.field(default=None, description="Of a mark.")
    offer: Decimal | None = strawberry.field(default=None, description="Of a mark.")
    amount: Decimal | None = strawberry.field(
        default=None, description="Of a movement of cash, in USD: above zero it came."
    )
    linked_to: UUID | None = strawberry.field(
        default=None, description="The trader that a trader really is."
    )
    code: ReasonCode = ReasonCode.OTHER
    reason: str
    evidence: str = strawberry.field(default="", description="An https address that shows it.")

    @property
    def change(self) -> Change:
        return Change(
            target=self.target,
            stream=self.record,
            part=self.part,
            void=self.void,
            price=self.price,
            quantity=self.quantity,
            bid=self.bid,
            offer=self.offer,
            amount=self.amount,
            linked_to=self.linked_to,
            code=self.code,
            reason=self.reason,
            evidence=self.evidence,
        )


@kind
class FigureMove:
    """A figure that would be another one; null where there is none before or after."""

    of: Of
    about: UUID | None = figure("The trader, account or position.")
    name: str
    window: str = figure("The board's, else empty.")
    what: str = figure("The name of the figure.", name="figure")
    before: str | None
    after: str | None
    events: list[BigInt] = figure("What it rests on, the latest first: positions of the tape.")


@kind
class Preview:
    """What a correction would move, found by folding it on top of what is stored; nothing of it
    is kept.
    """

    head: BigInt = figure("The position of the tape behind which it would be recorded.")
    recorded: list[str] = figure("The events that would be recorded.")
    moves: list[FigureMove] = figure("Boards first, then records, accounts and positions.")


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
        by: str | None = None,
        as_of: AsOf = None,
    ) -> Connection[Correction]:
        database = asking_of(info).reading.of(Corrections, as_of=as_of)
        rows = corrections(
            database,
            state=state,
            target_stream=record,
            by=by,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(
            rows, first, lambda row: ByTime(row.requested_at, row.correction), correction_of, after
        )

    @resolved("Who had to do with corrections, by name.")
    def correctors(
        self, info: Info, name: str | None = None, as_of: AsOf = None
    ) -> list[Corrector]:
        database = asking_of(info).reading.of(Corrections, as_of=as_of)
        return [shown(Corrector, row) for row in correctors(database, name=name, as_of=as_of)]

    @resolved(
        "Every figure that a correction would move, before and after: of one that is asked for, "
        "by its id, or of one that you would ask for. Nothing is stored."
    )
    def preview_correction(
        self, info: Info, requested: UUID | None = None, correction: CorrectionInput | None = None
    ) -> Preview:
        asking = asking_of(info)
        member = member_of(asking)
        if (requested is None) == (correction is None):
            raise InvalidInput("name a correction by its id, or say what would be corrected")
        what = requested if correction is None else correction.change
        assert what is not None
        require_may_foresee(asking.house.desk, member, what)
        asking.reading.connection()
        found = preview(asking.house, what, member.name)
        return Preview(
            head=BigInt(found.head),
            recorded=list(found.recorded),
            moves=[
                shown(
                    FigureMove,
                    move,
                    what=move.figure,
                    events=[BigInt(event) for event in move.events],
                )
                for move in found.moves
            ],
        )
