"""`truetape demo`: a simulated community, from its chat export to its leaderboard."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from interfaces.cli.output import as_json, console, warnings
from interfaces.cli.ranking import board_of
from interfaces.cli.serving import HOST, PORT, Host, Port, serve_until_stopped
from interfaces.cli.session import Json, told_in_words
from interfaces.cli.standings import print_board
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.demo.done import Finished, begin, finished
from interfaces.settings import Settings
from projections.windows import Window

WELL_BEFORE = timedelta(days=150)


def demo(
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Print the leaderboard and end.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Simulate it anew.")] = False,
    host: Host = HOST,
    port: Port = PORT,
    json: Json = False,
) -> None:
    """Simulate a community, print its leaderboard, and serve GraphQL on this machine."""
    os.environ["TRUETAPE_DEMO"] = "1"
    settings = Settings.from_environment()
    before = None if again else finished(settings.demo_folder)
    clock = SetClock(datetime.now(UTC) - WELL_BEFORE if before is None else before.ends_at)
    began = time.monotonic()
    with told_in_words():
        if before is None:
            begin(settings.demo_folder)
        with open_house(settings, clock, fresh=before is None) as house:
            done = before or _played(house, clock, settings, quiet=json)
            _show(house, done, time.monotonic() - began, json=json)
            if not no_serve:
                serve_until_stopped(house, host, port, open_reading=True)


def _played(house: House, clock: SetClock, settings: Settings, *, quiet: bool) -> Finished:
    # The simulation loads what no other command needs.
    from interfaces.demo.run import run_demo

    with Progress(
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=warnings,
        transient=True,
        disable=quiet or not warnings.is_terminal,
    ) as bar:
        task = bar.add_task("starting", total=1.0)
        return run_demo(
            house,
            clock,
            settings.demo_folder,
            today=datetime.now(UTC),
            progress=lambda what, part: bar.update(task, description=what, completed=part),
        )


def _show(house: House, done: Finished, seconds: float, *, json: bool) -> None:
    board = board_of(house, Window.ALL, None, limit=50)
    if json:
        as_json({"demo": True, "ends_at": done.ends_at, "seconds": round(seconds, 2),
                 "head": house.head(), "leaderboard": board})  # fmt: skip
        return
    console.print(
        "[bold black on yellow] DEMO [/] a simulated community: nobody here is real, "
        "no figure is a promise"
    )
    print_board(board)
    console.print(
        f"[dim]{house.head():,} events on the tape, ready after {seconds:.1f} s. Look around: "
        "./truetape --demo trader NAME, timeline NAME, signals, positions, status[/dim]"
    )
