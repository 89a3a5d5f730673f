"""`truetape import`: chat exports, market data, and what accounts did at their brokers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from application.intake import Tally, capture, notice_deletions
from domain.shared import InvalidInput
from interfaces.account_history import import_account, told_by_broker
from interfaces.chat_files import ChatExport, read_chat
from interfaces.cli.output import as_json, console, listed, warnings
from interfaces.cli.session import REFUSED, Json, house, operator, told_in_words
from interfaces.compose import House, account_file
from interfaces.lookups import missing
from interfaces.timers import keep_time

app = typer.Typer(no_args_is_help=True, help="Bring in chat exports, market data, account history.")

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 -- the command line gives days without a zone

SLICE = 500
"""Messages stored together; an interrupted import goes on after the last whole slice."""


def bars(quiet: bool) -> Progress:
    """A progress bar on standard error, so that standard output stays for results."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=warnings,
        transient=True,
        disable=quiet or not warnings.is_terminal,
    )


@app.command()
def chat(
    file: Annotated[Path, typer.Argument(help="DiscordChatExporter JSON, or JSON lines.")],
    json: Json = False,
) -> None:
    """Keep every message of an export and book its trades; the same file twice adds nothing."""
    # The file is read first: a wrong path is told at once, before servers are started.
    with told_in_words():
        export = read_chat(file)
    with house() as opened:
        tally = import_export(opened, export, quiet=json)
        opened.catch_up()
        keep_time(opened)
    if json:
        as_json({"file": str(file), "tally": tally, "bad": export.bad})
    else:
        console.print(
            f"{file.name}: {tally.captured} messages are new, {tally.edited} changed, "
            f"{tally.deleted} gone, {tally.known} known already"
        )
        if tally.captured:
            console.print("[dim]see truetape leaderboard, signals, queue[/dim]")
        listed(f"{file.name}:{bad.line}: left out: {bad.why}" for bad in export.bad)
    if export.bad:
        raise SystemExit(REFUSED)


def require_readable(path: Path) -> None:
    """Refuses a path at which there is nothing, before servers are started.

    Raises:
        InvalidInput: there is no such file or folder.
    """
    if not path.exists():
        raise InvalidInput(f"there is no file {path}")


def import_export(opened: House, export: ChatExport, *, quiet: bool) -> Tally:
    """Stores an export slice by slice, then notices what is gone from its channel."""
    tally = Tally()
    actor = operator().actor
    messages = export.messages
    with bars(quiet) as progress:
        task = progress.add_task("messages", total=len(messages))
        for start in range(0, len(messages), SLICE):
            part = messages[start : start + SLICE]
            tally += capture(opened.desk, part, via="import", actor=actor, at=opened.clock.now())
            progress.advance(task, len(part))
    opened.catch_up()
    with opened.reader.connection() as connection:
        gone = missing(connection, export)
    tally += notice_deletions(opened.desk, gone, actor=actor, at=opened.clock.now())
    return tally


@app.command()
def market(
    path: Annotated[Path, typer.Argument(help="A CSV or Parquet file, or a folder of them.")],
    json: Json = False,
) -> None:
    """Record bars or quotes, and weigh every claim that had no evidence yet."""
    with told_in_words():
        require_readable(path)
    with house() as opened:
        with bars(json) as progress:
            task = progress.add_task("rows", total=None)
            tally = opened.import_market(
                path, lambda done, total: progress.update(task, completed=done, total=total)
            )
        opened.catch_up()
    if json:
        as_json({"path": str(path), "rows": tally.rows, "added": tally.added, "bad": tally.bad})
    else:
        known = tally.rows - tally.added - len(tally.bad)
        console.print(f"{path.name}: {tally.added} rows are new, {known} known already")
        listed(f"{bad.file}:{bad.line}: left out: {bad.why}" for bad in tally.bad)
    if tally.bad:
        raise SystemExit(REFUSED)


@app.command()
def account(
    name: Annotated[str, typer.Argument(help="The account.")],
    file: Annotated[
        Path | None, typer.Argument(help="CSV, or account activities as Alpaca gives them.")
    ] = None,
    from_broker: Annotated[
        bool, typer.Option("--from-broker", help="Ask the account's broker instead.")
    ] = False,
    since: Annotated[
        datetime, typer.Option(help="Ask it from this day on (UTC).", formats=["%Y-%m-%d"])
    ] = EPOCH,
    json: Json = False,
) -> None:
    """Put on record what an account did at its broker; the same again adds nothing."""
    with told_in_words():
        if (file is None) is not from_broker:
            raise InvalidInput("give a file, or --from-broker")
        told = None if file is None else account_file(file)
    with house() as opened:
        opened.catch_up()
        activities = (
            told_by_broker(opened, name, since.replace(tzinfo=UTC))
            if told is None
            else told.activities
        )
        with bars(json) as progress:
            task = progress.add_task("activities", total=len(activities))
            found = import_account(
                opened, name, activities, actor=operator().actor,
                progress=lambda done: progress.advance(task, done),
            )  # fmt: skip
        opened.catch_up()
    bad = () if told is None else told.bad
    if json:
        as_json({"account": name, "imported": found, "bad": bad})
    else:
        console.print(
            f"{name}: {found.fills} fills of {found.orders} new orders, {found.facts} other "
            f"activities, {found.known} known already"
        )
        listed(f"{one.file}:{one.line}: left out: {one.why}" for one in bad)
    if bad:
        raise SystemExit(REFUSED)
