"""The command line put together: every command and what it is called."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from interfaces.cli import (
    boards,
    checking,
    corrections,
    deciding,
    demonstrating,
    exits,
    imports,
    keeping,
    market,
    parsing,
    ranking,
    rereading,
    risking,
    rooms,
    running,
    serving,
)
from interfaces.cli.session import told_in_words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A trading community's track record that nobody can rewrite.",
)


@app.callback()
def everywhere(
    demo: Annotated[bool, typer.Option("--demo", help="Work on the demo's record.")] = False,
) -> None:
    """A trading community's track record that nobody can rewrite."""
    if demo:
        os.environ["TRUETAPE_DEMO"] = "1"


app.add_typer(imports.app, name="import")
app.add_typer(market.app, name="market")
app.add_typer(keeping.tokens, name="token")
app.add_typer(checking.app, name="discord")
for command in (
    demonstrating.demo,
    ranking.leaderboard,
    ranking.trader,
    ranking.positions,
    ranking.exposure,
    boards.signals,
    boards.queue,
    boards.orders,
    boards.timeline,
    parsing.parse,
    rereading.reread,
    deciding.approve,
    deciding.reject,
    deciding.correct,
    corrections.corrections,
    deciding.order,
    deciding.cancel,
    deciding.replace,
    exits.exits,
    exits.levels,
    risking.limits,
    risking.risk,
    risking.halt,
    risking.resume,
    risking.close_all,
    risking.reconcile,
    rooms.room,
    keeping.account,
    serving.serve,
    running.work,
    running.status,
    running.rebuild,
    running.bot,
):
    app.command()(command)


def main() -> None:
    """Runs the command line; failures end with words and an exit code."""
    with told_in_words():
        app(prog_name="truetape")
