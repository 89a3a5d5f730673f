"""The tape: the events behind every figure, and how far everything that follows it is."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import strawberry
from strawberry.scalars import JSON

from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByPosition,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import asking_of
from projections.checkpoints import status as projection_statuses
from projections.clocks import Clocks, WrongTimes, wrong_times
from projections.messages import Messages
from projections.timeline import Timeline, TimelineEvent
from projections.timeline import timeline as subject_timeline


@kind
class Event:
    """An event as it lies on the tape, unchanged since it was recorded."""

    position: BigInt
    stream: UUID
    version: int
    name: str
    body: JSON
    recorded_at: datetime
    actor: str
    correlation: UUID | None
    causation: BigInt | None = figure("The position of the event that led to it.")
    clock_off_ms: Decimal | None = figure(
        "How far a clock was off, in ms, that is known to have been wrong when this was recorded."
    )


@kind
class Follower:
    """A read model or reaction, and how far along the tape it is."""

    name: str
    position: BigInt
    lag: BigInt = figure("Events it has not come to yet.")
    state: str
    reason: str = figure("Why it stands still or left something out.")
    moved_at: datetime | None
    parked: int = figure("Events that were left out because they could not be folded.")


@kind
class Status:
    """The end of the tape, and who is how far along it."""

    head: BigInt
    projections: list[Follower]
    reactions: list[Follower]


def event_of(row: TimelineEvent, wrong: WrongTimes) -> Event:
    """A row as an event of the schema."""
    off = wrong.off_ms(row.recorded_at)
    return shown(Event, row, body=JSON(msgspec.json.decode(row.body)), clock_off_ms=off)


@strawberry.type
class TapeQueries:
    """What can be asked about events."""

    @resolved("Events about a trader, account, signal, order or message, newest first.")
    def timeline(
        self,
        info: Info,
        subject: UUID,
        first: First = FIRST,
        after: After = None,
        oldest_first: bool = False,
        as_of: AsOf = None,
    ) -> Connection[Event]:
        database = asking_of(info).reading.of(Timeline, Messages, Clocks, as_of=as_of)
        place = place_of(after, ByPosition)
        rows = subject_timeline(
            database,
            subject,
            as_of=as_of,
            after=None if place is None else place.position,
            limit=limit_of(first),
            descending=not oldest_first,
        )
        wrong = wrong_times(database, as_of=as_of)
        return page_of(
            rows, first, lambda row: (row.position,), lambda row: event_of(row, wrong), after
        )

    @resolved("The last position that was recorded up to a moment: what `asOf` takes.")
    def position_at(self, info: Info, time: datetime) -> BigInt:
        return BigInt(asking_of(info).position_at(time))

    @resolved("How far the tape is, and what follows it.")
    def status(self, info: Info) -> Status:
        asking = asking_of(info)
        models = projection_statuses(asking.reading.connection())
        reactions = asking.house.reaction_statuses()
        # Asked last, so that nobody is ahead of it.
        head = asking.house.head()
        return Status(
            head=BigInt(head),
            projections=[
                shown(
                    Follower,
                    model,
                    name=model.projection,
                    lag=BigInt(head - model.position),
                    moved_at=model.updated_at,
                )
                for model in models
            ],
            reactions=[
                shown(
                    Follower,
                    reaction,
                    lag=BigInt(head - reaction.position),
                    moved_at=reaction.updated_at,
                    parked=0,
                )
                for reaction in reactions
            ],
        )
