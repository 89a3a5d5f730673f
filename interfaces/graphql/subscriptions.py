"""Subscriptions: what moves, told as it moves, each with the position to go on after.

Announcements only say when to look. What is sent is read from the tape and the read models
from the last position on, so an announcement that is lost delays and never drops anything.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from psycopg import Connection

from application.ports import Unavailable
from domain.valuation import Valued
from interfaces.graphql.changes import changed_orders, changed_signals
from interfaces.graphql.kinds import BigInt, Info, figure, kind, shown, subscription
from interfaces.graphql.listening import Listening, listening_of
from interfaces.graphql.moves import POLL_S
from interfaces.graphql.orders import Order, orders_of
from interfaces.graphql.signals import Signal, signals_of
from interfaces.graphql.tape import Event, event_of
from projections.blotter import Blotter
from projections.clocks import Clocks, wrong_times
from projections.messages import Messages
from projections.readmodel import Projection
from projections.signal_answers import SignalAnswers
from projections.signal_feed import SignalFeed
from projections.timeline import Timeline, timeline
from projections.trader_profiles import TraderProfiles

_VALUES = Valued.__struct_fields__

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


@kind
class PositionMark:
    """A holding at a mark that moved its P&L. Money in USD to the cent.

    Greeks are in share units (per share times contracts times multiplier), theta per day, vega
    per vol point; null where they are not known.
    """

    plan: UUID = figure("The exit plan of the holding.")
    account: str
    trade: UUID
    held: Decimal
    mark: Decimal = figure("USD per share: what closing it brings now, never the mid.")
    value: Decimal
    cost: Decimal
    total_cost: Decimal = figure("The cost with commission.")
    unrealised: Decimal = figure("Without commission: price against price.")
    unrealised_net: Decimal = figure("With the commission of opening it.")
    share: Decimal | None = figure("Unrealised over cost, without commission: 0.31 is 31 %.")
    share_net: Decimal | None = figure("The same with commission.")
    delta: Decimal | None
    gamma: Decimal | None
    theta: Decimal | None
    vega: Decimal | None
    quote_time: datetime
    source: str


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

    @subscription(
        "Holdings whose P&L moved by 5 % or more, as the worker's monitor looks at them. They are "
        "on no tape: what is missed is missed."
    )
    async def position_moved(
        self, info: Info, account: str | None = None
    ) -> AsyncGenerator[PositionMark, None]:
        listening = listening_of(info)
        async with aclosing(listening.marks.told()) as told:
            async for moved in told:
                if account in (None, moved.account):
                    await listening.check_entry()
                    if not await listening.sees_account(moved.account):
                        continue
                    values = {name: getattr(moved.valued, name) for name in _VALUES}
                    yield shown(PositionMark, moved, **values)

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

        models = (SignalFeed, SignalAnswers, TraderProfiles, Blotter, Timeline)
        return _follow(listening_of(info), models, after, moved)

    @subscription("Orders that something happens to.")
    def order_changed(
        self, info: Info, account: str | None = None, after: From = None
    ) -> AsyncGenerator[Order, None]:
        def moved(database: Connection[Any], last: int, upto: int) -> list[Order]:
            return orders_of(database, changed_orders(database, last, upto, account=account), upto)

        return _follow(listening_of(info), (Blotter, Timeline), after, moved)

    @subscription("Events about a trader, account, signal, order or message, in their order.")
    def event_recorded(
        self, info: Info, subject: UUID, after: From = None
    ) -> AsyncGenerator[Event, None]:
        def recorded(database: Connection[Any], last: int, upto: int) -> list[Event]:
            rows = timeline(database, subject, as_of=upto, after=last, limit=STEP, descending=False)
            wrong = wrong_times(database, as_of=upto)
            return [event_of(row, wrong) for row in rows]

        return _follow(listening_of(info), (Timeline, Messages, Clocks), after, recorded)
