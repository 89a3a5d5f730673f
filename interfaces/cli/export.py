"""`truetape export`: a record to check without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.shared import InvalidInput
from interfaces.cli.output import as_json, console, warnings
from interfaces.cli.session import Json, find, house
from interfaces.exporting import export as write_export
from interfaces.lookups import trader_named


def export(
    out: Annotated[Path, typer.Option(help="The folder to write; it must not be there yet.")],
    trader: Annotated[
        str | None, typer.Option(help="Export this trader's story: a name or an id.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Export every event of the tape.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a trader's story, or everything, with proofs and the programs that check them.

    What is in it is proven by verify.py or verify.mjs of the bundle, without this program.
    """
    with house() as opened:
        if (trader is None) is not everything:
            raise InvalidInput("say which: --trader NAME, or --all")
        opened.catch_up()
        subject = None if trader is None else find(opened, trader_named, trader)
        with Progress(
            TextColumn("exporting"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=warnings,
        ) as bar:
            task = bar.add_task("", total=opened.head() if subject is None else None)
            done = write_export(opened, subject, out, lambda n: bar.update(task, completed=n))
    if json:
        as_json({"folder": str(out), "events": done.events, "size": done.size})
        return
    console.print(f"{done.events:,} events are in {out}, proven by {done.size:,} that were signed")
    console.print(
        f"to check it: python3 {out}/verify.py --key KEY, the key from truetape log keys",
        soft_wrap=True,
    )
