"""`truetape why`: a figure made again from the events behind it, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection

from application.ports import ApplicationError, NotFound
from domain.shared import DomainError
from interfaces.cli.boards import Limit
from interfaces.cli.output import Column, as_json, console, gain_style, table, warn
from interfaces.cli.ranking import WindowName, moment_of
from interfaces.cli.session import REFUSED, AsOf, At, Json, house
from interfaces.lookups import holding_named, trader_named
from interfaces.wording import money, percent
from projections.explaining import DayStep, Explained, explain_pnl, explain_return, explain_trade
from projections.windows import Window, span_of


class Figure(StrEnum):
    """What of a trader's record is explained."""

    PNL = "pnl"
    RETURN = "return"


def why(
    subject: Annotated[
        str, typer.Argument(help="A trader's name, or the id of a signal or holding.")
    ],
    figure: Annotated[Figure, typer.Option(help="Of a trader: P&L or return.")] = Figure.PNL,
    window: WindowName = Window.ALL,
    at: At = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show the events that a figure is made of, and make it again from them.

    The exit code is 1 if they do not make what is shown.
    """
    with house() as opened:
        opened.catch_up()
        span = span_of(window, moment_of(opened, at))
        with opened.reader.connection() as connection:
            trade = _trade_named(connection, subject)
            if trade is not None:
                found = explain_trade(connection, trade, as_of=as_of)
            else:
                explain = explain_pnl if figure is Figure.PNL else explain_return
                trader = trader_named(connection, subject)
                found = explain(connection, trader, span.first, span.last, as_of=as_of)
    if found is None:
        raise NotFound(f"there was no trade {subject} then")
    if json:
        as_json({**found._asdict(), "agrees": found.agrees})
    else:
        _show(found, limit)
    if not found.agrees:
        warn("the steps do not make what is shown: see truetape replay")
        raise SystemExit(REFUSED)


def _trade_named(connection: Connection[Any], text: str) -> UUID | None:
    try:
        return holding_named(connection, text)
    except (ApplicationError, DomainError):
        return None


def _show(found: Explained, limit: int) -> None:
    shown = percent(found.shown) if found.figure == "return" else money(found.shown, sign=True)
    steps = found.steps[-limit:]
    table(
        steps,
        (
            Column("position", lambda step: step.cause.position, is_figure=True),
            Column("counts at (UTC)", lambda step: f"{step.at:%Y-%m-%d %H:%M}", whole=True),
            Column("event", lambda step: step.cause.name, whole=True),
            Column("by", lambda step: step.cause.actor, spare=True),
            Column("trade", lambda step: str(step.trade)[:8], whole=True, spare=True),
            Column("moved", lambda step: money(step.moved, sign=True), is_figure=True,
                   style=lambda step: gain_style(step.moved)),
            Column("sum", lambda step: money(step.total, sign=True), is_figure=True),
            Column("of the message", lambda step: step.cause.words or "", spare=True),
        ),
        title=f"{found.figure} {shown}: {len(found.steps)} steps",
        note=f"the last {len(steps)} are shown; --limit shows more, --json all of them",
        empty="no event moved it",
    )  # fmt: skip
    if found.days:
        _show_days(found.days[-limit:])
    if found.share is not None:
        console.print(
            f"{percent(found.share)} of the dollars posted count: no more stood at the quotes of "
            "the entries"
        )
    words = "and so the steps make it" if found.agrees else "and the steps make something else"
    console.print(f"shown: {shown}, {words}")


def _show_days(days: Sequence[DayStep]) -> None:
    table(
        days,
        (
            Column("day", lambda step: f"{_day(step.day)}", whole=True),
            Column("scored trades moved", lambda step: percent(step.contribution), is_figure=True),
            Column("x share of NAV", lambda step: percent(step.nav_fraction), is_figure=True),
            Column("= the day's return", lambda step: percent(step.day_return), is_figure=True),
            Column("NAV index", lambda step: f"{step.nav:.6f}", is_figure=True),
        ),
        title="day by day",
    )


def _day(day: date) -> str:
    return day.isoformat()
