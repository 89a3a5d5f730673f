"""`truetape room`: how channels and their authors are read, and what they ask of approvals."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from application.administering import configure_room
from application.desk import Outcome
from domain.approvals import APPROVAL_WINDOW_S, ApprovalRules
from domain.grammar.reading import Kind, Room
from domain.shared import Impossible, InvalidInput
from interfaces.cli.deciding import done
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, house, operator, told_in_words
from interfaces.compose import House
from interfaces.room_files import Place, Wanted, read_settings
from interfaces.wording import number

Window = Annotated[
    int | None,
    typer.Option(
        help="Seconds in which a signal can be approved.", show_default=str(APPROVAL_WINDOW_S)
    ),
]
Above = Annotated[
    str | None,
    typer.Option(
        help="USD at risk above which two different approvers are needed.",
        show_default="one is enough",
    ),
]
Limit = Annotated[
    str | None,
    typer.Option(
        help="How far the market may be from the posted price at the approval.",
        show_default="0.10",
    ),
]
Replies = Annotated[
    bool | None,
    typer.Option(
        "--replies/--no-replies",
        help="Whether authors are told in Discord what could not be booked.",
        show_default="as it is; at first they are",
    ),
]


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
    approval_window: Window = None,
    second_approver_above: Above = None,
    price_move_limit: Limit = None,
    replies: Replies = None,
    json: Json = False,
) -> None:
    """Record what a channel takes for granted; messages are read by it from then on.

    Approval rules that hold are kept, unless at least one of them is given, and so are replies.
    """
    with told_in_words():
        approvals = _approvals(approval_window, second_approver_above, price_move_limit)
        if (channel is None) == (file is None):
            raise InvalidInput("give a channel, or --file with rooms and authors")
        if file is not None:
            wanted = _in_file(file, approvals, replies)
        else:
            settings = Room(
                default_root=root.upper(),
                default_expiry=expiry,
                default_trim=number(trim, "fraction of a trim"),
                default_quantity=number(quantity, "quantity"),
                titles=tuple(map(_title, title or ())),
                language=language,
            )
            wanted = {(str(channel), author): Wanted(settings, approvals, replies)}
    with house() as opened:
        outcomes = {
            place: _configure(opened, place, each, quiet=file is not None)
            for place, each in wanted.items()
        }
        opened.catch_up()
    if file is not None:
        _tell(file, outcomes, json=json)
        return
    ((place, outcome),) = outcomes.items()
    if outcome is not None:
        done(outcome, f"{_spoken(place)} is read by these settings from now on", json=json)


def _tell(file: Path, outcomes: Mapping[Place, Outcome | None], *, json: bool) -> None:
    """Says which settings of a file are new."""
    recorded = [_spoken(place) for place, outcome in outcomes.items() if outcome is not None]
    if json:
        as_json({"file": str(file), "recorded": recorded, "known": len(outcomes) - len(recorded)})
    else:
        console.print(
            f"{file.name}: {len(recorded)} of {len(outcomes)} settings are new: "
            f"{', '.join(recorded) or 'none'}"
        )


def _approvals(window_s: int | None, above: str | None, limit: str | None) -> ApprovalRules | None:
    """The approval rules that were said, with defaults for those that were not; None if none."""
    if window_s is None and above is None and limit is None:
        return None
    usual = ApprovalRules()
    return ApprovalRules(
        window_s=usual.window_s if window_s is None else window_s,
        second_approver_above=None if above is None else number(above, "amount"),
        price_move_limit=usual.price_move_limit if limit is None else number(limit, "limit"),
    )


def _in_file(
    file: Path, approvals: ApprovalRules | None, replies: bool | None
) -> dict[Place, Wanted]:
    """What a file wants of each place, with the rules said beside it."""
    return {
        place: Wanted(
            said.room,
            said.approvals or _for(place, approvals),
            replies if said.replies is None and not place[1] else said.replies,
        )
        for place, said in read_settings(file).items()
    }


def _for(place: Place, approvals: ApprovalRules | None) -> ApprovalRules | None:
    """What of the rules said for all places holds for one: an author has a time of their own."""
    return ApprovalRules(window_s=approvals.window_s) if approvals and place[1] else approvals


def _configure(opened: House, place: Place, wanted: Wanted, *, quiet: bool) -> Outcome | None:
    """Records one place's settings; with `quiet`, none if they hold already."""
    channel, author = place
    who = operator()
    with suppress(*((Impossible,) if quiet else ())):
        return configure_room(
            opened.desk,
            command(opened, who, "room", channel, author, *wanted),
            who,
            channel=channel,
            author=author,
            room=wanted.room,
            approvals=wanted.approvals,
            replies=wanted.replies,
        )
    return None


def _title(said: str) -> tuple[str, Kind]:
    words, equals, kind = said.rpartition("=")
    if not equals or kind not in set(Kind):
        kinds = ", ".join(Kind)
        raise InvalidInput(f"write --title 'WORDS=KIND', not {said!r}; a kind is one of {kinds}")
    return words.strip(), Kind(kind)


def _spoken(place: Place) -> str:
    channel, author = place
    return f"{author} in {channel}" if author else channel
