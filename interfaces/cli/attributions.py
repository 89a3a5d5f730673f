"""`truetape attribution`: what made the P&L of a period, Greek by Greek."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import typer

from domain.market import EXCHANGE_ZONE
from interfaces.cli.boards import Limit
from interfaces.cli.output import Column, as_json, console, gain_style, table
from interfaces.cli.session import AsOf, Json, house
from interfaces.wording import moment, money
from projections.attribution import (
    PARTS,
    AttributionLine,
    By,
    Period,
    attribution,
    newest_mark,
    summed,
)
from projections.naming import title_of
from projections.positions import BookKind

A_DAY = timedelta(days=1)
_FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]
_NOTE = (
    "from mark to mark: the Greeks at the one times what moved until the next; trading: entries "
    "and exits between marks; residual: what the Greeks leave, bids and offers; without commission"
)


def show(
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=_FORMATS, help="After this moment (UTC), or this day."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", formats=_FORMATS, help="Up to this moment or the end of this day."),
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What to attribute to.")] = By.POSITION,
    kind: Annotated[
        BookKind | None,
        typer.Option(help="Traders' books or accounts'; accounts' unless it is by trader."),
    ] = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show what made the P&L of a period, Greek by Greek; without one, of the last marked day."""
    chosen = kind or by.kind or BookKind.ACCOUNT
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            last = _moment(until) or newest_mark(connection, as_of=as_of) or opened.clock.now()
            period = Period(_moment(since) or last - A_DAY, last)
            lines = attribution(connection, period, by=by, kind=chosen, as_of=as_of)
    total = summed("total", "", lines)
    if json:
        as_json(
            {
                "unit": "USD",
                **period._asdict(),
                "total": _plain(total),
                "lines": [_plain(line) for line in lines[:limit]],
            }
        )
        return
    title = f"what made the P&L, USD, {moment(period.since)} to {moment(period.until)} (UTC)"
    rows = [*lines[:limit], *([total] if len(lines) > 1 else [])]
    table(rows, _columns(by), title=title, note=_NOTE, empty=f"nothing moved in the "
          f"{chosen.value}s' books")  # fmt: skip
    if lines:
        console.print(total.coverage)
    if len(lines) > limit:
        console.print(f"[dim]{len(lines) - limit} more: --limit {len(lines)}[/dim]")


def _plain(line: AttributionLine) -> dict[str, Any]:
    return {**line._asdict(), "coverage": line.coverage}


def _columns(by: By) -> list[Column]:
    def figure(name: str, *, spare: bool = False) -> Column:
        def of_line(line: AttributionLine) -> Decimal | None:
            found: Decimal | None = getattr(line, name)
            return found

        return Column(
            "P&L" if name == "total" else name,
            lambda line: money(of_line(line), sign=True),
            is_figure=True,
            style=lambda line: gain_style(of_line(line)),
            spare=spare,
        )

    def name(line: AttributionLine) -> str:
        is_position = by is By.POSITION and bool(line.key)
        return title_of(line.group) if is_position else line.group

    return [
        Column(by.value, name),
        figure("total"),
        *(figure(part) for part in PARTS if part != "rho"),
        figure("trading"),
        figure("residual"),
        figure("rho", spare=True),
        figure("realised", spare=True),
        figure("unrealised", spare=True),
    ]


def _moment(at: datetime | None) -> datetime | None:
    """That moment, or the end of the exchange's day."""
    if at is None or at.tzinfo is not None:
        return at
    return datetime.combine(at.date(), time(23, 59, 59), EXCHANGE_ZONE).astimezone(UTC)
