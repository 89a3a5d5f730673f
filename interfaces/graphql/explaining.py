"""Explaining: the events that a figure is made of, and the figure made again from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from domain.shared import InvalidInput
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.reading import asking_of
from projections.books import Books
from projections.explaining import (
    Explained,
    Step,
    explain_pnl,
    explain_return,
    explain_trade,
)
from projections.messages import Messages

STEPS_MAX = 500


class ExplainedFigure(StrEnum):
    """What is explained: a trade's P&L, or a record's P&L or return over some days."""

    TRADE_PNL = "trade_pnl"
    PNL = "pnl"
    RETURN = "return"


strawberry.enum(ExplainedFigure, description="What is explained.")


@kind
class ExplainedStep:
    """What an event moved of a trade, and the sum up to it; USD, without commission."""

    position: BigInt = figure("The event's place on the tape.")
    name: str
    actor: str
    recorded_at: datetime
    message: UUID | None
    words: str | None = figure("What the message said when it was posted.")
    trade: UUID
    at: datetime = figure("The moment at which it counts.")
    moved: Decimal
    ratio: Decimal = figure("What it moved of the trade, over what was paid to enter.")
    total: Decimal


@kind
class ExplainedDay:
    """A day of a return."""

    day: date
    contribution: Decimal = figure("What the scored trades moved, each over what it cost.")
    nav_fraction: Decimal = figure("The share of NAV that each of them was given.")
    day_return: Decimal
    nav: Decimal = figure("The NAV index after the day.")


@kind
class Explanation:
    """A figure as it is shown, and as its steps make it."""

    shown: Decimal
    made: Decimal
    agrees: bool
    count: int = figure("How many steps there are; the last of them are given.")
    steps: list[ExplainedStep]
    days: list[ExplainedDay]
    share: Decimal | None = figure(
        "How much of the dollars posted counts, where less stood at the quotes of the entries."
    )


def _step(step: Step) -> ExplainedStep:
    cause = step.cause
    return shown(
        ExplainedStep,
        cause,
        position=BigInt(cause.position),
        trade=step.trade,
        at=step.at,
        moved=step.moved,
        ratio=step.ratio,
        total=step.total,
    )


def _told(found: Explained, last: int) -> Explanation:
    return Explanation(
        shown=found.shown,
        made=found.made,
        agrees=found.agrees,
        count=len(found.steps),
        steps=[_step(step) for step in found.steps[-last:]],
        days=[shown(ExplainedDay, day) for day in found.days],
        share=found.share,
    )


@strawberry.type
class ExplainQueries:
    """What can be asked of how a figure came to be."""

    @resolved("The events that a figure is made of, and the figure made again from them.")
    def explain(
        self,
        info: Info,
        figure: ExplainedFigure,
        subject: Annotated[
            UUID, strawberry.argument(description="A trade (a signal or holding), or a trader.")
        ],
        first_day: date = date.min,
        last_day: date = date.max,
        last: Annotated[
            int, strawberry.argument(description="So many of the last steps are given.")
        ] = 50,
        as_of: AsOf = None,
    ) -> Explanation | None:
        if not 1 <= last <= STEPS_MAX:
            raise InvalidInput(f"last is from 1 to {STEPS_MAX}, not {last}")
        database = asking_of(info).reading.of(Books, Messages, as_of=as_of)
        if figure is ExplainedFigure.TRADE_PNL:
            trade = explain_trade(database, subject, as_of=as_of)
            return None if trade is None else _told(trade, last)
        explain = explain_pnl if figure is ExplainedFigure.PNL else explain_return
        return _told(explain(database, subject, first_day, last_day, as_of=as_of), last)
