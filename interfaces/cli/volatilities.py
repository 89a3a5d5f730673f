"""`truetape volatility`: what options expect of an underlying, and how dear they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from application.ports import NotFound
from interfaces.cli.output import Column, as_json, console, table
from interfaces.cli.session import AsOf, Json, house
from projections.volatility import (
    REACH,
    VolatilityLine,
    held_underlyings,
    newest_day,
    volatility,
)

_NOTE = (
    "vol: at the money over 30 days, per year; expected move: one standard deviation in 30 days, "
    "USD per share; rank: between the lowest and the highest of the last 252 sessions; "
    "percentile: share of the earlier days below today's; days: sessions of these with a vol"
)


def show(
    underlyings: Annotated[
        list[str] | None, typer.Argument(help="Underlyings; those of what is open without any.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="The day; else that of the newest mark."),
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Show expected move, IV rank and IV percentile of underlyings."""
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            day = on.date() if on else newest_day(connection, as_of=as_of)
            if day is None:
                raise NotFound("nothing was marked yet, so no option tells a volatility")
            names = underlyings or held_underlyings(connection, as_of=as_of)
            sessions = list(opened.calendar.session_dates(day - REACH, day))
            lines = volatility(connection, names, sessions, day, as_of=as_of)
    if json:
        as_json(
            [
                {**line._asdict(), "expiries": [each._asdict() for each in line.expiries]}
                for line in lines
            ]
        )
        return
    table(
        lines,
        (
            Column("underlying", lambda line: line.underlying, whole=True),
            Column("spot", lambda line: _number(line.spot), is_figure=True),
            Column("vol", lambda line: _percent(line.vol), is_figure=True),
            Column("exp. move", _move, is_figure=True),
            Column("rank", lambda line: _percent(line.iv_rank), is_figure=True),
            Column("percentile", lambda line: _percent(line.iv_percentile), is_figure=True),
            Column("days", lambda line: line.days, is_figure=True),
        ),
        title=f"volatility on {day}",
        note=_NOTE,
        empty="nothing is open; name an underlying",
    )
    for line in lines:
        if line.why:
            console.print(f"{line.underlying}: {line.why}")


def _move(line: VolatilityLine) -> str | None:
    move = line.expected_move_usd
    if move is None or not line.spot:
        return None
    return f"{move:,.2f} ({move / line.spot:.1%})"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.2f}"


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"
