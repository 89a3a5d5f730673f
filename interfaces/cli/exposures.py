"""`truetape exposure`: the Greeks of what is open, in the units that one hedges by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer

from domain.shared import InvalidInput
from interfaces.cli.output import Column, as_json, console, table
from interfaces.cli.scenarios import SHORT, nothing_in, print_missing, show_scenario
from interfaces.cli.session import AsOf, Json, house, told_in_words
from projections.exposure_views import BUCKET_NAMES, Exposed, ExposureLine, Group
from projections.exposure_views import exposure as summed
from projections.positions import BookKind
from projections.scenarios import Axes

By = Annotated[Group, typer.Option("--by", help="What to sum by.")]
Kind = Annotated[
    BookKind | None,
    typer.Option(help="Traders' books or accounts'; accounts' unless it is by trader."),
]

_COLUMNS = (
    # View, heading, decimals, and whether it gives way in a narrow terminal.
    ("delta_shares", "delta", 0, False),
    ("delta_usd", "delta $", 0, False),
    ("gamma_usd_per_percent", "gamma $/1%", 0, False),
    ("theta_usd_per_day", "theta $/d", 0, False),
    ("vega_usd_per_point", "vega $/pt", 0, False),
    ("beta_delta_usd", "$ of SPY", 0, True),
    ("vega_usd_per_point_30d", "vega 30d", 0, True),
    ("rho_usd_per_point", "rho $/pt", 0, True),
    ("delta_contracts", "contracts", 1, True),
)
_NOTE = (
    "delta in shares, in USD and in contracts of 100; gamma in USD of delta per 1 % of the "
    "underlying; theta per calendar day; vega and rho per point (0.01); vega 30d weights each "
    "leg by the root of 30 / its days left; $ of SPY is dollar delta x beta"
)


def exposure(
    by: By = Group.UNDERLYING,
    kind: Kind = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Name the legs that have no quote.")
    ] = False,
    is_scenario: Annotated[
        bool, typer.Option("--scenario", help="What would be made if spot, vol and date moved.")
    ] = False,
    date: Annotated[
        list[datetime] | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day of the scenario; several times."),
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Sum the Greeks of what is open in the units one hedges by; what has no quote is told."""
    chosen = kind or by.kind or BookKind.ACCOUNT
    if is_scenario:
        axes = (Axes() if json else SHORT)._replace(dates=[each.date() for each in date or ()])
        show_scenario(axes, by, chosen, missing=missing, as_of=as_of, json=json)
        return
    if date:
        with told_in_words():
            raise InvalidInput("--date is of a scenario: add --scenario")
    with house() as opened:
        opened.catch_up()
        with opened.reader.connection() as connection:
            found = summed(connection, by, kind=chosen, as_of=as_of)
    if json:
        as_json(_plain(found, by, missing))
        return
    table(
        found.lines,
        (
            Column(by.value, lambda line: line.group),
            *(_column(*column) for column in _COLUMNS),
            Column("quoted", lambda line: f"{line.quoted}/{line.legs}", is_figure=True),
        ),
        note=_NOTE,
        empty=nothing_in(chosen),
    )
    _tell_vega(found, by)
    _tell_coverage(found, missing)


def _column(view: str, heading: str, places: int, spare: bool) -> Column:
    def cell(line: ExposureLine) -> str | None:
        figure = line.figures[view]
        # Adding zero takes the sign off a zero.
        return None if figure is None else f"{round(figure, places) + 0.0:,.{places}f}"

    return Column(heading, cell, is_figure=True, spare=spare)


def _tell_vega(found: Exposed, by: Group) -> None:
    """Prints vega by bucket where it must not be added."""
    wide = [line for line in found.lines if len(line.vega_by_bucket) > 1]
    if not wide:
        return
    used = {each.bucket for line in wide for each in line.vega_by_bucket}

    def cell(bucket: str) -> Callable[[ExposureLine], str | None]:
        def of_line(line: ExposureLine) -> str | None:
            vega = {each.bucket: each.vega_usd_per_point for each in line.vega_by_bucket}
            return f"{round(vega[bucket]) + 0:,}" if bucket in vega else None

        return of_line

    table(
        wide,
        (
            Column(by.value, lambda line: line.group),
            *(Column(name, cell(name), is_figure=True) for name in BUCKET_NAMES if name in used),
        ),
        title="vega by days to expiry, USD per vol point",
    )


def _tell_coverage(found: Exposed, missing: bool) -> None:
    """Says what has no quote or no beta, which legs those are, and what the rest stands on."""
    if not found.lines:
        return
    more = "" if missing or not found.missing else "; --missing names them"
    console.print(f"{found.coverage}{more}; {found.beta_coverage}")
    console.print(
        f"[dim]days to expiry from {found.day}; valued as {', '.join(found.models) or 'nothing'}"
        "[/dim]"
    )
    if missing:
        print_missing(found.missing)


def _plain(found: Exposed, by: Group, missing: bool) -> dict[str, Any]:
    from domain.quant.exposure_units import VIEWS

    return {
        "by": by.value,
        "units": {view.name: view.unit for view in VIEWS},
        "day": found.day,
        "models": found.models,
        "coverage": found.coverage,
        "beta_coverage": found.beta_coverage,
        "betas": [beta._asdict() for beta in found.betas.values()],
        "lines": [
            {
                "group": line.group,
                "legs": line.legs,
                "quoted": line.quoted,
                "with_beta": line.with_beta,
                "coverage": line.coverage,
                "beta_coverage": line.beta_coverage,
                **line.figures,
                "vega_by_bucket": {
                    each.bucket: each.vega_usd_per_point for each in line.vega_by_bucket
                },
                "positions": sorted({str(view.leg.position) for view in line.behind}),
            }
            for line in found.lines
        ],
        **({"missing": [leg._asdict() for leg in found.missing]} if missing else {}),
    }
