"""`truetape exposure --scenario`: what is made or lost if spot, volatility and the date move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interfaces.cli.output import Column, as_json, console, gain_style, table
from interfaces.cli.session import house
from projections.exposure_views import Group
from projections.naming import title_of
from projections.open_legs import OpenLeg
from projections.positions import BookKind
from projections.scenarios import Axes, Point, Scenario, ScenarioLine, scenario

SHORT = Axes(
    spot_moves=tuple(number / 100 for number in range(-20, 21, 5)),
    vol_moves=tuple(number / 100 for number in range(-30, 31, 15)),
)
"""The points that fit a terminal; --json has all."""


def show_scenario(
    axes: Axes, by: Group, kind: BookKind, *, missing: bool, as_of: int | None, json: bool
) -> None:
    """Prints a table for each date, and where each group loses most."""
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            found = scenario(connection, axes, by=by, kind=kind, as_of=as_of)
    if json:
        as_json(_plain(found))
        return
    if found.total is None:
        console.print(f"[dim]{nothing_in(kind)}[/dim]")
        return
    for day, grid in zip(found.axes.dates, found.total.pnl_usd or (), strict=False):
        _print_grid(found, grid, f"P&L in USD on {day}")
    if by is not Group.TOTAL:
        _print_ends(found.lines, by)
    more = "" if missing or not found.missing else "; --missing names them"
    console.print(f"{found.total.coverage}{more}")
    console.print(
        f"[dim]every leg valued anew from its last mark, to {found.day}; all spots move by the "
        "same share, all volatilities by theirs; --json has every point[/dim]"
    )
    if missing:
        print_missing(found.missing)


def print_missing(legs: Sequence[OpenLeg]) -> None:
    """Prints the legs that count for nothing, and why."""
    if legs:
        table(
            legs,
            (
                Column("leg", lambda leg: title_of(leg.symbol), whole=True),
                Column("book", lambda leg: leg.name),
                Column("position", lambda leg: str(leg.position)[:8], whole=True),
                Column("why", lambda leg: leg.status),
            ),
            title="legs that count for nothing",
        )


def nothing_in(kind: BookKind) -> str:
    """Says that nothing is open, and where else to look."""
    other = "; --kind trader looks at those of the traders" if kind is BookKind.ACCOUNT else ""
    return f"nothing is open in the {kind.value}s' books{other}"


def _print_grid(found: Scenario, grid: Sequence[Sequence[float]], title: str) -> None:
    columns = [
        _column(f"vol {vol:+.0%}" if vol else "vol as is", by_spot)
        for vol, by_spot in zip(found.axes.vol_moves, grid, strict=True)
    ]
    spot = Column("spot", lambda row: f"{row[1]:+.0%}" if row[1] else "as is", is_figure=True)
    table(list(enumerate(found.axes.spot_moves)), (spot, *columns), title=title)


def _column(heading: str, by_spot: Sequence[float]) -> Column:
    """What is made at one volatility, in a row for each number of a spot."""
    made = [round(pnl) + 0.0 for pnl in by_spot]
    return Column(
        heading,
        lambda row: f"{made[row[0]]:+,.0f}",
        is_figure=True,
        style=lambda row: gain_style(made[row[0]]),
    )


def _print_ends(lines: Sequence[ScenarioLine], by: Group) -> None:
    def told(point: Point | None) -> str | None:
        return None if point is None else f"{round(point.pnl_usd) + 0.0:+,.0f}"

    def where(point: Point | None) -> str | None:
        if point is None:
            return None
        return f"spot {point.spot_move:+.0%}, vol {point.vol_move:+.0%}, {point.date}"

    table(
        lines,
        (
            Column(by.value, lambda line: line.group),
            Column("worst", lambda line: told(line.worst), is_figure=True),
            Column("at", lambda line: where(line.worst), whole=True, spare=True),
            Column("best", lambda line: told(line.best), is_figure=True),
            Column("valued", lambda line: f"{line.valued}/{line.legs}", is_figure=True),
        ),
        title="worst and best, USD",
    )


def _plain(found: Scenario) -> dict[str, Any]:
    return {
        "unit": "USD",
        "day": found.day,
        "dates": found.axes.dates,
        "vol_moves": found.axes.vol_moves,
        "spot_moves": found.axes.spot_moves,
        "total": None if found.total is None else _line(found.total),
        "lines": [_line(line) for line in found.lines],
        "missing": [leg._asdict() for leg in found.missing],
    }


def _line(line: ScenarioLine) -> dict[str, Any]:
    """`pnl_usd` is by date, then by volatility, then by spot."""
    return {
        "group": line.group,
        "legs": line.legs,
        "valued": line.valued,
        "still": line.still,
        "coverage": line.coverage,
        "worst": None if line.worst is None else line.worst._asdict(),
        "best": None if line.best is None else line.best._asdict(),
        "pnl_usd": line.pnl_usd,
    }
