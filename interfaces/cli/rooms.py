"""`truetape room`: how channels and their authors are read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from application.administering import configure_room
from application.desk import Outcome
from domain.grammar.reading import Kind, Room
from domain.rooms import APPROVAL_WINDOW_S
from domain.shared import Impossible, InvalidInput
from interfaces.cli.deciding import done, number
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, house, operator, told_in_words
from interfaces.compose import House
from interfaces.room_files import read_rooms


def room(
    channel: Annotated[str | None, typer.Argument(help="The channel's name.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Record all rooms and authors of a TOML file instead.")
    ] = None,
    author: Annotated[
        str, typer.Option(help="Only for messages of this author (id or name) in the channel.")
    ] = "",
    root: Annotated[str, typer.Option(help="Underlying of a bare strike, such as SPX.")] = "",
    expiry: Annotated[
        str, typer.Option(help="Expiry of a contract without one: weekly, 0dte or empty.")
    ] = "",
    trim: Annotated[str, typer.Option(help="Fraction that a bare trim sells.")] = "0.5",
    quantity: Annotated[str, typer.Option(help="Quantity of an entry without one.")] = "1",
    title: Annotated[
        list[str] | None,
        typer.Option(help="What a card's title is for: 'Trade Opened=open'; several times."),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Language tag; dates begin with the day unless it is en-US.")
    ] = "",
    approval_window: Annotated[
        int, typer.Option(help="Seconds in which a signal can be approved.")
    ] = APPROVAL_WINDOW_S,
    json: Json = False,
) -> None:
    """Record what a channel takes for granted; messages are read by it from then on."""
    with told_in_words():
        if (channel is None) == (file is None):
            raise InvalidInput("give a channel, or --file with rooms and authors")
        if file is not None:
            wanted = read_rooms(file)
        else:
            settings = Room(
                default_root=root.upper(),
                default_expiry=expiry,
                default_trim=number(trim, "fraction of a trim"),
                default_quantity=number(quantity, "quantity"),
                titles=tuple(map(_title, title or ())),
                language=language,
            )
            wanted = {(str(channel), author): settings}
    with house() as opened:
        outcomes = {
            place: _configure(opened, place, settings, approval_window, quiet=file is not None)
            for place, settings in wanted.items()
        }
        opened.catch_up()
    if file is None:
        ((place, outcome),) = outcomes.items()
        if outcome is not None:
            done(outcome, f"{_spoken(place)} is read by these settings from now on", json=json)
        return
    recorded = [_spoken(place) for place, outcome in outcomes.items() if outcome is not None]
    if json:
        as_json({"file": str(file), "recorded": recorded, "known": len(wanted) - len(recorded)})
    else:
        console.print(
            f"{file.name}: {len(recorded)} of {len(wanted)} settings are new: "
            f"{', '.join(recorded) or 'none'}"
        )


def _configure(
    opened: House, place: tuple[str, str], settings: Room, approval_window: int, *, quiet: bool
) -> Outcome | None:
    """Records one place's settings; with `quiet`, none if they hold already."""
    channel, author = place
    who = operator()
    with suppress(*((Impossible,) if quiet else ())):
        return configure_room(
            opened.desk,
            command(opened, who, "room", channel, author, settings, approval_window),
            who,
            channel=channel,
            author=author,
            room=settings,
            approval_window_s=approval_window,
        )
    return None


def _title(said: str) -> tuple[str, Kind]:
    words, equals, kind = said.rpartition("=")
    if not equals or kind not in set(Kind):
        kinds = ", ".join(Kind)
        raise InvalidInput(f"write --title 'WORDS=KIND', not {said!r}; a kind is one of {kinds}")
    return words.strip(), Kind(kind)


def _spoken(place: tuple[str, str]) -> str:
    channel, author = place
    return f"{author} in {channel}" if author else channel
