"""Subscriptions: what moves, told as it moves, each with the position to go on after.

Announcements only say when to look. What is sent is read from the tape and the read models
from the last position on, so an announcement that is lost delays and never drops anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from psycopg import Connection

from application.ports import Unavailable
from interfaces.graphql.changes import changed_orders, changed_signals
from interfaces.graphql.kinds import BigInt, Info, kind, subscription
from interfaces.graphql.listening import Listening, listening_of
from interfaces.graphql.moves import POLL_S
from interfaces.graphql.orders import Order, orders_of
from interfaces.graphql.signals import Signal, signals_of
from interfaces.graphql.tape import Event, event_of
from projections.blotter import Blotter
from projections.messages import Messages
from projections.readmodel import Projection
from projections.signal_answers import SignalAnswers
from projections.signal_feed import SignalFeed
from projections.timeline import Timeline, timeline
from projections.trader_profiles import TraderProfiles

STEP = 1_000
"""Positions of the tape that are looked at together."""

T = TypeVar("T")

From = Annotated[
    BigInt | None,
    strawberry.argument(
        description="Begin with what happened after this position of the tape, not with what "
        "happens next."
    ),
]

_log = logging.getLogger(__name__)


@kind
class ReadModelPosition:
    """How far along the tape a read model is."""

    name: str
    position: BigInt


async def _follow(
    listening: Listening,
    models: Sequence[type[Projection]],
    after: int | None,
    changed: Callable[[Connection[Any], int, int], Sequence[T]],
) -> AsyncGenerator[T, None]:
    """What changed after a position, and then whatever changes."""
    names = [model.name for model in models]
    await listening.moves.confirm()
    last = listening.moves.reached(names) if after is None else after
    while True:
        upto = min(listening.moves.reached(names), last + STEP)
        if upto <= last:
            await listening.moves.moved()
            continue
        try:
            await listening.check_entry()
            found = await listening.read(lambda connection: changed(connection, last, upto))  # noqa: B023
        except Unavailable as error:
            _log.warning("a subscription waits: %s", error)
            await asyncio.sleep(POLL_S)
            continue
        for row in found:
            yield row
        last = upto


@strawberry.type(description="What moves, as it moves, over graphql-transport-ws.")
class Subscription:
    @subscription("Read models that have moved, and to which position: time to ask again.")
    async def positions_moved(
        self, info: Info, names: list[str] | None = None
    ) -> AsyncGenerator[list[ReadModelPosition], None]:
        listening = listening_of(info)
        await listening.moves.confirm()
        known = dict(listening.moves.places)
        while True:
            now = dict(listening.moves.places)
            moved = [
                ReadModelPosition(name=name, position=BigInt(place.position))
                for name, place in sorted(now.items())
                if known.get(name) != place and (names is None or name in names)
            ]
            known = now
            if moved:
                await listening.check_entry()
                yield moved
            else:
                await listening.moves.moved()

    @subscription("Signals that are posted.")
    def signal_posted(
        self,
        info: Info,
        trader: UUID | None = None,
        channel: str | None = None,
        after: From = None,
    ) -> AsyncGenerator[Signal, None]:
        def posted(database: Connection[Any], last: int, upto: int) -> list[Signal]:
            rows = changed_signals(
                database, last, upto, posted_only=True, trader=trader, channel=channel
            )
            return signals_of(database, rows, upto)

        models = (SignalFeed, SignalAnswers, TraderProfiles)
        return _follow(listening_of(info), models, after, posted)

    @subscription("Signals that something happens to: posted, checked, approved, filled, exited.")
    def signal_changed(
        self,
        info: Info,
        signal: UUID | None = None,
        trader: UUID | None = None,
        channel: str | None = None,
        after: From = None,
    ) -> AsyncGenerator[Signal, None]:
        def moved(database: Connection[Any], last: int, upto: int) -> list[Signal]:
            rows = changed_signals(
                database, last, upto, signal=signal, trader=trader, channel=channel
            )
            return signals_of(database, rows, upto)

        models = (SignalFeed, SignalAnswers, TraderProfiles, Blotter)
        return _follow(listening_of(info), models, after, moved)

    @subscription("Orders that something happens to.")
    def order_changed(
        self, info: Info, account: str | None = None, after: From = None
    ) -> AsyncGenerator[Order, None]:
        def moved(database: Connection[Any], last: int, upto: int) -> list[Order]:
            return orders_of(database, changed_orders(database, last, upto, account=account), upto)

        return _follow(listening_of(info), (Blotter,), after, moved)

    @subscription("Events about a trader, account, signal, order or message, in their order.")
    def event_recorded(
        self, info: Info, subject: UUID, after: From = None
    ) -> AsyncGenerator[Event, None]:
        def recorded(database: Connection[Any], last: int, upto: int) -> list[Event]:
            rows = timeline(database, subject, as_of=upto, after=last, limit=STEP, descending=False)
            return [event_of(row) for row in rows]

        return _follow(listening_of(info), (Timeline, Messages), after, recorded)
