"""`truetape subject`: whose words are kept for a legal matter, and whose nobody reads again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from application.erasing import erase as erase_subject
from application.erasing import lift_hold, place_hold
from application.ports import NotFound
from domain.shared import ERASED, Impossible
from domain.subjects import MEMBER, subject_of
from interfaces.cli.deciding import As, Key, done
from interfaces.cli.output import Column, as_json, console, table, warnings
from interfaces.cli.session import AsOf, Json, command, find, house, operator
from interfaces.compose import House
from interfaces.erasing import clean as finish
from interfaces.lookups import trader_named
from interfaces.wording import moment
from projections.subjects import SubjectRow, subjects
from projections.trader_profiles import profile

app = typer.Typer(no_args_is_help=True, help="People whose words are kept, or erased.")

Person = Annotated[
    str,
    typer.Argument(
        metavar="TRADER|PLATFORM:ID|member:NAME|KEY",
        help="A trader's name, an id on a platform such as discord:4711, member:NAME for who has"
        " none, or the id of a key.",
    ),
]
Reason = Annotated[str, typer.Option(help="Why; it is recorded, so name nobody in it.")]
Matter = Annotated[str, typer.Option(help="The legal matter; it is recorded, so name nobody.")]


@app.command()
def hold(
    person: Person, matter: Matter, member: As = None, key: Key = None, json: Json = False
) -> None:
    """Keep what a person said for a legal matter: until it is lifted, they are not erased."""
    with house() as opened:
        who, subject = operator(member), _key(opened, person, make=True)
        outcome = place_hold(
            opened.desk,
            command(opened, who, "hold", subject, matter, key=key),
            who,
            subject=subject,
            matter=matter,
        )
        opened.catch_up()
        done(outcome, f"kept for {matter}: subject {subject}", json=json)


@app.command()
def release(
    person: Person,
    matter: Matter,
    reason: Reason,
    member: As = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Lift a hold: the matter asks for the person's words no more."""
    with house() as opened:
        who, subject = operator(member), _key(opened, person)
        outcome = lift_hold(
            opened.desk,
            command(opened, who, "release", subject, matter, reason, key=key),
            who,
            subject=subject,
            matter=matter,
            reason=reason,
        )
        opened.catch_up()
        done(outcome, f"no longer kept for {matter}: subject {subject}", json=json)


@app.command()
def erase(
    person: Person,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    member: As = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Destroy a person's key: nobody reads again what they said or were called, nor who decided
    what they did.

    The record keeps its events, figures and proofs. It cannot be taken back.
    """
    with house() as opened:
        opened.catch_up()
        who, subject = operator(member), _key(opened, person)
        if not yes:
            typer.confirm(
                f"Nobody will be able to read again what {person} said, or that it was they who"
                " decided something. Erase?",
                abort=True,
            )
        asked = command(opened, who, "erase", subject, reason, key=key)
        outcome = erase_subject(opened.desk, asked, who, subject=subject, reason=reason)
        opened.catch_up()
        _finish(opened, json=json)
        done(outcome, f"erased: subject {subject}", json=json)


@app.command()
def clean(json: Json = False) -> None:
    """Finish erasures that were interrupted; the worker does so as well."""
    with house() as opened:
        opened.catch_up()
        finished = _finish(opened, json=json)
    if json:
        as_json({"finished": finished})
    else:
        console.print(f"{finished} erasures were finished")


@app.command()
def show(
    person: Annotated[str | None, typer.Argument(help="As for the other commands.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """List who is held or was erased, by the ids of their keys; or find a person's key."""
    with house() as opened:
        opened.catch_up()
        wanted = None if person is None else _key(opened, person)
        unfinished = {erasure.key_id for erasure in opened.subjects.unfinished()}
        with opened.reader.connection() as connection:
            found = subjects(connection, as_of=as_of)
            rows = [row for row in found if wanted in (None, row.subject)]
        readable = 0 if json or person is not None else opened.subjects.named_readably()
    if json:
        as_json([
            {"subject": row.subject, "holds": row.holds, "erased_at": row.erased_at,
             "reason": row.reason, "by": row.by, "finished": row.subject not in unfinished}
            for row in rows
        ] or [{"subject": wanted, "holds": []}] * (wanted is not None))  # fmt: skip
        return
    table(
        rows,
        (
            Column("subject", lambda row: str(row.subject), whole=True),
            Column("is", lambda row: _state(row, row.subject in unfinished)),
            Column("by", lambda row: row.by, spare=True),
            Column("why", lambda row: row.reason),
        ),
        empty="nobody is held or was erased" if wanted is None else f"subject {wanted}: no hold",
    )
    if readable:
        console.print(f"{readable:,} events were recorded before names were sealed: who did them"
                      " stays readable")  # fmt: skip


def _state(row: SubjectRow, unfinished: bool) -> str:
    if row.erased_at is not None:
        said = f"erased {moment(row.erased_at)}"
        return f"{said}, not finished" if unfinished else said
    return f"kept for {', '.join(row.holds)}" if row.holds else "free"


def _finish(opened: House, *, json: bool) -> int:
    """Makes anew what may hold the words; how many erasures that finished."""
    with Progress(
        TextColumn("erasing"), BarColumn(), TimeRemainingColumn(), console=warnings, disable=json
    ) as bar:
        task = bar.add_task("", total=opened.head())
        return finish(opened, lambda at, head: bar.update(task, completed=at, total=head))


def _key(opened: House, text: str, *, make: bool = False) -> UUID:
    """The id of the key of the person that a text names.

    Raises:
        NotFound: nobody goes by it, or nothing of theirs is sealed.
    """
    platform, colon, person = text.partition(":")
    if platform == MEMBER:
        platform, person = subject_of(person)
    elif not colon:
        try:
            return UUID(text)
        except ValueError:
            platform, person = _author(opened, text)
    found = opened.subjects.key_of(platform, person, make=make)
    if found is None:
        raise NotFound(f"nothing is sealed of {text}: they were never heard, or were erased")
    return found


def _author(opened: House, text: str) -> tuple[str, str]:
    trader = find(opened, trader_named, text)
    with opened.reader.connection() as connection:
        row = profile(connection, trader)
    if row is None:
        raise NotFound(f"no trader goes by {text!r}")
    if row.author_id == ERASED:
        raise Impossible(f"{text} was erased already")
    return row.platform, row.author_id
