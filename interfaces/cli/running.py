"""`truetape work`, `serve`, `status`, `rebuild`: the processes and how they are."""

from __future__ import annotations

import asyncio
import logging
import signal as signals
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from types import FrameType
from typing import Annotated, Any

import typer
from msgspec.structs import replace
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from application.ports import PortError
from domain.shared import InvalidInput
from interfaces.cli.output import Column, as_json, console, table, warn, warnings
from interfaces.cli.session import REFUSED, Json, house
from interfaces.compose import House
from interfaces.erasing import finish_erasures
from interfaces.read_models import follow_apart
from interfaces.sealing import seal
from interfaces.steadying import steady
from interfaces.timers import run_timers
from interfaces.watching import watch
from projections.clocks import clocks
from projections.messages import lags
from projections.models import READ_MODELS

LATE_LATELY = timedelta(hours=24)
AGAIN_S = 5.0
"""After so long a thread that failed is begun again."""

_log = logging.getLogger(__name__)


def work() -> None:
    """Follow the tape: react, keep read models in step, and do what is due. Ctrl-C ends it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with house() as opened:
        stop = stopped_by_signals()
        console.print("working: reactions, read models and timers follow the tape")
        with working(opened, stop, alone=True):
            stop.wait()


class working:  # noqa: N801 - used as a statement: with working(...)
    """Runs the threads of a worker while a block lasts; one that fails is begun again.

    Who is `alone` in his process has it made steady, and the read models in another one.
    """

    def __init__(self, opened: House, stop: threading.Event, *, alone: bool = False) -> None:
        self._house = opened
        self._stop = stop
        targets: dict[str, Callable[[], object]] = {
            "reactions": lambda: opened.react(stop),
            "timers": lambda: run_timers(opened, stop),
            "brokers": lambda: opened.brokerages.run(stop),
            "watching": lambda: watch(opened, stop),
            "log": lambda: seal(opened, stop),
            "erasing": lambda: finish_erasures(opened, stop),
            "read models": lambda: opened.projections.run(stop),
        }
        if alone:
            targets["read models"] = lambda: follow_apart(opened, stop)
            targets["steadying"] = lambda: steady(opened)
        self._threads = [
            threading.Thread(target=last, args=(name, target, stop), name=name, daemon=True)
            for name, target in targets.items()
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with suppress(PortError):
            self._house.wake()
        for thread in self._threads:
            thread.join(timeout=10)


def last(
    name: str, work: Callable[[], object], stop: threading.Event, again_s: float = AGAIN_S
) -> None:
    """Does a thread's work to its end; what nobody foresaw must not end it before."""
    while not stop.is_set():
        try:
            work()
        except Exception:  # noqa: BLE001 - told with its traceback
            _log.exception("%s: failed, and is begun again", name)
            stop.wait(again_s)
        else:
            return


def stopped_by_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set, so that a process ends in order."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signals.SIGINT, signals.SIGTERM):
        signals.signal(number, end)
    return stop


def status(json: Json = False) -> None:
    """Show the head of the tape, how far all behind it is, and what was not heard live."""
    with house() as opened:
        head = opened.head()
        with opened.reader.connection() as connection:
            late = lags(connection, opened.clock.now() - LATE_LATELY)
            told = clocks(connection)
        steps = opened.reaction_statuses()
        models = opened.projection_statuses()
        erasing = opened.subjects.unfinished()
    rows: list[dict[str, Any]] = [
        {"name": s.name, "kind": "reaction", "state": s.state, "position": s.position,
         "lag": head - s.position, "reason": s.reason, "moved_at": s.updated_at}
        for s in steps
    ] + [
        {"name": m.projection, "kind": "read model", "state": m.state, "position": m.position,
         "lag": head - m.position, "reason": m.reason, "moved_at": m.updated_at,
         "parked": m.parked, "rebuilt_to": m.rebuilt_to}
        for m in models
    ]  # fmt: skip
    if json:
        as_json(
            {
                "head": head,
                "followers": rows,
                "late": [lag._asdict() for lag in late],
                "clocks": told,
                "erasing": [erasure.key_id for erasure in erasing],
            }
        )
    else:
        table(
            rows,
            (
                Column("name", lambda row: row["name"]),
                Column("kind", lambda row: row["kind"]),
                Column("state", lambda row: row["state"]),
                Column("position", lambda row: row["position"], is_figure=True),
                Column("lag", lambda row: row["lag"], is_figure=True),
                Column("why", lambda row: row["reason"]),
            ),
            title=f"the tape ends at position {head}",
        )
        for clock in told:
            if clock.alarming:
                warn(clock.in_words)
        if erasing:
            warn(
                f"{len(erasing)} erasures are not finished: rows and caches may still hold words"
                " of those people until truetape subject clean, or the worker, made them anew"
            )
        for lag in late:
            warn(
                f"not heard live in {lag.channel}: {lag.late} in the last day, the latest of "
                f"{lag.newest:%Y-%m-%d %H:%M:%S} UTC; the worst took {lag.worst_ms / 1_000:.1f} s"
            )
    if any(row["state"] in ("stopped", "parked") for row in rows):
        warn("something stands still: the reason is in the last column")
        raise SystemExit(REFUSED)


def rebuild(
    projection: Annotated[
        list[str] | None, typer.Argument(help="Read models to rebuild; all without a name.")
    ] = None,
) -> None:
    """Make read models anew from the events, beside the live ones, and swap them in."""
    known = {model.name for model in READ_MODELS}
    names = projection or sorted(known)
    if unknown := sorted(set(names) - known):
        raise InvalidInput(f"no read model is called {', '.join(unknown)}; there are "
                           f"{', '.join(sorted(known))}")  # fmt: skip
    with house() as opened:
        with Progress(
            TextColumn("rebuilding"), BarColumn(), TimeRemainingColumn(), console=warnings
        ) as bar:
            task = bar.add_task("", total=opened.head())
            opened.projections.rebuild(
                names, lambda done, total: bar.update(task, completed=done, total=total)
            )
        console.print(f"rebuilt {', '.join(names)}")


def bot(
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="A channel to watch, by name or id; TRUETAPE_DISCORD_CHANNELS (a, b) without one."
        ),
    ] = None,
) -> None:
    """Be in Discord: capture, cards, commands. The token is read from TRUETAPE_DISCORD_TOKEN.

    The process does a worker's work as well, unless TRUETAPE_WORKER is `elsewhere`.
    """
    from interfaces.discord.bot import Bot, run
    from interfaces.discord.reaching import require_token
    from interfaces.discord.secrecy import keep_secret
    from interfaces.discord.settings import DiscordSettings

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = DiscordSettings.from_environment()
    keep_secret(settings.token)
    # The library warns that it cannot speak in voice channels, and nobody wants it to.
    logging.getLogger("discord.client").setLevel(logging.ERROR)
    if channel:
        settings = replace(settings, channels=tuple(channel))
    require_token(settings.token)
    if not settings.channels:
        raise InvalidInput(
            "no channel is watched: name them as --channel options, or in TRUETAPE_DISCORD_CHANNELS"
        )
    with house() as opened, ExitStack() as stack:
        if settings.works:
            stack.enter_context(working(opened, threading.Event(), alone=True))
        asyncio.run(run(Bot(opened, settings), settings.token))
