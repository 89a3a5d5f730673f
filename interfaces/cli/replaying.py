"""`truetape replay`: read models made from the events alone, held against the stored ones."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from domain.shared import InvalidInput
from interfaces.cli.output import Column, as_json, table, warn, warnings
from interfaces.cli.session import REFUSED, Json, house, position_of
from projections.models import READ_MODELS
from projections.replaying import Compared


def replay(
    model: Annotated[
        list[str] | None, typer.Argument(help="Read models to replay; all without a name.")
    ] = None,
    until: Annotated[
        int | None,
        typer.Option(
            parser=position_of,
            metavar="POSITION|TIME",
            help="Up to this position of the tape, or this moment (UTC); else to its end.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make read models anew from the events alone, and compare what is stored as known then.

    Nothing is changed. The exit code is 1 when a stored row is not what the events make.
    """
    known = {one.name for one in READ_MODELS}
    if unknown := sorted(set(model or ()) - known):
        raise typer.BadParameter(f"no read model is called {', '.join(unknown)}; there are "
                                 f"{', '.join(sorted(known))}")  # fmt: skip
    with house() as opened:
        opened.catch_up()
        head = opened.read_until()
        last = head if until is None else until
        if last > head:
            raise InvalidInput(f"position {last} is not reached: the read models are at {head}")
        with Progress(
            TextColumn("replaying"), BarColumn(), TimeRemainingColumn(), console=warnings
        ) as bar:
            task = bar.add_task("", total=last)
            found = opened.projections.replay(
                last, model or (), lambda done, total: bar.update(task, completed=done, total=total)
            )
    _show(found, last, json=json)
    if not all(one.agrees for one in found):
        raise SystemExit(REFUSED)


def _show(found: list[Compared], last: int, *, json: bool) -> None:
    if json:
        as_json({"until": last, "agrees": all(one.agrees for one in found),
                 "tables": [one._asdict() for one in found]})  # fmt: skip
        return
    table(
        found,
        (
            Column("table", lambda one: one.table, whole=True),
            Column("rows", lambda one: one.rows, is_figure=True),
            Column("missing", lambda one: one.missing or "", is_figure=True),
            Column("surplus", lambda one: one.surplus or "", is_figure=True),
            Column("such as", lambda one: "; ".join(one.samples)),
        ),
        title=f"replayed to position {last}",
    )
    wrong = [one.table for one in found if not one.agrees]
    if wrong:
        warn(f"not what the events make: {', '.join(wrong)}; truetape rebuild makes them anew")
