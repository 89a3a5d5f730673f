"""What every command shares: the house, who is asking, and how failures end.

Exit codes: 0 done; 1 refused, not found, or some input was left out; 2 the command line is
wrong; 3 something outside (database, broker, disk) did not answer: trying again may help.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import typer
from psycopg import Connection
from rich.markup import escape

from application.access import Member
from application.desk import Command
from application.ports import ApplicationError, Clock, PortError
from domain.approvals import Role
from domain.shared import DomainError, InvalidInput
from interfaces.cli.output import warnings
from interfaces.clock import SetClock, SystemClock
from interfaces.compose import House, open_house
from interfaces.demo.done import finished
from interfaces.moments import NotReached, position_named
from interfaces.settings import Settings

REFUSED, OUTSIDE = 1, 3

Found = TypeVar("Found")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
At = Annotated[
    datetime | None,
    typer.Option(
        help="Take this moment (UTC) as now.", formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]
    ),
]


def position_of(text: str) -> int:
    """The position of the tape that a person names: by its number, or by a moment.

    Raises:
        BadParameter: it is neither.
    """
    with house() as opened:
        try:
            return position_named(opened, text)
        except NotReached:
            raise
        except InvalidInput as error:
            raise typer.BadParameter(str(error)) from None


AsOf = Annotated[
    int | None,
    typer.Option(
        parser=position_of,
        metavar="POSITION|TIME",
        help="Answer as it was known at this position of the tape, or at this moment (UTC).",
    ),
]


@contextmanager
def house() -> Iterator[House]:
    """The house for one command; failures are told in words and end with their exit code."""
    with told_in_words():
        settings = Settings.from_environment()
        with open_house(settings, _clock(settings)) as opened:
            yield opened


def _clock(settings: Settings) -> Clock:
    """The machine's clock; in the demo's record the moment at which it ends.

    Raises:
        InvalidInput: the demo was never run.
    """
    if not settings.demo:
        return SystemClock()
    done = finished(settings.demo_folder)
    if done is None:
        raise InvalidInput("there is no demo yet: run ./truetape demo first")
    return SetClock(done.ends_at)


@contextmanager
def told_in_words() -> Iterator[None]:
    """Turns refusals into a sentence and an exit code."""
    try:
        yield
    except (DomainError, ApplicationError) as error:
        warnings.print(f"[red]{escape(str(error))}[/red]")
        raise SystemExit(REFUSED) from error
    except (PortError, psycopg.Error) as error:
        warnings.print(f"[red]{escape(str(error))}[/red]")
        raise SystemExit(OUTSIDE) from error
    except BrokenPipeError:
        # The reader of a pipe has seen enough; that is no failure.
        sys.stderr.close()
        raise SystemExit(0) from None


def operator(name: str | None = None) -> Member:
    """Whoever uses the command line here may do everything: the database is theirs anyway."""
    roles = frozenset({Role.ADMIN})
    return Member(name=name or getpass.getuser(), roles=roles, at_console=True)


def find(opened: House, look_up: Callable[[Connection[Any], str], Found], text: str) -> Found:
    """Looks up what a text on the command line names."""
    with opened.reader.connection() as connection:
        return look_up(connection, text)


def command(opened: House, member: Member, *given: object, key: str | None = None) -> Command:
    """A command of this member, now; `key` is an idempotency key of the caller's own.

    Raises:
        InvalidInput: the key is no UUID.
    """
    try:
        command_id = uuid4() if key is None else UUID(key)
    except ValueError:
        raise InvalidInput(f"{key!r} is no UUID: an idempotency key has to be one") from None
    return Command.given(command_id, *given, actor=member.actor, at=opened.clock.now())
