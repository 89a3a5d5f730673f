"""`truetape corrections`: what is asked to be put right, and a yes or no to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from application.access import Member
from application.correcting import apply_correction, refuse_correction
from application.ports import NotFound
from domain.shared import InvalidInput
from interfaces.cli.boards import Limit, fields
from interfaces.cli.output import Column, as_json, console, table
from interfaces.cli.session import AsOf, Json, command, find, house
from interfaces.compose import House
from interfaces.lookups import correction_named
from interfaces.previewing import tidy
from interfaces.wording import moment
from projections.corrections import CorrectionRow, CorrectionState, CorrectorRow, correctors
from projections.corrections import corrections as correction_rows
from projections.previews import Foreseen


def corrections(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are applied or refused.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Only what this member asked for, and their counts.")
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="How many everybody asked for and decided.")
    ] = False,
    as_of: AsOf = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List corrections that wait for an admin, the newest first."""
    state = None if everything or by else CorrectionState.PENDING
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        people = correctors(connection, name=by, as_of=as_of) if by or counts else []
        rows = correction_rows(connection, state=state, by=by, as_of=as_of, limit=limit)
    if json:
        people_told = [fields(row) for row in people]
        as_json(people_told if counts else [fields(row) for row in rows])
        return
    if people or counts:
        _show_counts(people)
    if counts:
        return
    table(
        rows,
        (
            Column("asked (UTC)", lambda row: moment(row.requested_at), whole=True, spare=True),
            Column("id", lambda row: str(row.correction)[:8], whole=True),
            Column("of", lambda row: f"{row.target} {str(row.target_stream)[:8]}", whole=True),
            Column("by", lambda row: row.by, spare=True),
            Column("is", _standing, whole=True),
            Column("why", lambda row: row.code.value.replace("_", " "), spare=True),
            Column("what", lambda row: row.changes or row.reason),
        ),
        empty="no correction waits for an admin",
        note="decide with: truetape approve ID, or truetape reject ID --reason WHY; another "
        "person than asked has to",
    )


def _standing(row: CorrectionRow) -> str:
    """Where it stands; what was corrected again says by which."""
    return "corrected again" if row.corrected_by is not None else row.state.value


def _show_counts(people: Sequence[CorrectorRow]) -> None:
    table(
        people,
        (
            Column("who", lambda row: row.name),
            Column("asked for", lambda row: row.requested, is_figure=True),
            Column("of that applied", lambda row: row.applied, is_figure=True),
            Column("approved", lambda row: row.approved, is_figure=True),
            Column("refused", lambda row: row.refused, is_figure=True),
        ),
        empty="nobody has asked for a correction",
    )


def is_correction(opened: House, text: str) -> bool:
    """Whether a text names a correction that was asked for."""
    try:
        find(opened, correction_named, text)
    except (NotFound, InvalidInput):
        return False
    return True


def show_preview(found: Foreseen, *, json: bool) -> None:
    """What would move, the boards first."""
    if json:
        as_json(found)
        return
    table(
        found.moves,
        (
            Column("of", lambda move: move.of.value, whole=True),
            Column("whose", lambda move: move.name),
            Column("window", lambda move: move.window, spare=True),
            Column("figure", lambda move: move.figure.replace("_", " "), whole=True),
            Column("before", lambda move: tidy(move.before), is_figure=True),
            Column("after", lambda move: tidy(move.after), is_figure=True),
            Column("rests on", lambda move: ", ".join(map(str, move.events[:3])), spare=True),
        ),
        empty="no figure would move",
        note=f"as of position {found.head}; nothing is stored",
    )


def agree(
    opened: House,
    who: Member,
    correction: UUID,
    key: str | None,
    version: int | None,
    *,
    json: bool,
) -> None:
    """Says yes to a request: the record is put right."""
    outcome = apply_correction(
        opened.desk,
        command(opened, who, "apply", correction, key=key),
        who,
        correction,
        expected_version=version,
    )
    opened.catch_up()
    if json:
        as_json(outcome)
    else:
        console.print(f"correction {str(correction)[:8]} is applied")


def disagree(
    opened: House,
    who: Member,
    correction: UUID,
    reason: str,
    key: str | None,
    version: int | None,
    *,
    json: bool,
) -> None:
    """Says no to a request: the record stays as it is."""
    outcome = refuse_correction(
        opened.desk,
        command(opened, who, "refuse", correction, reason, key=key),
        who,
        correction,
        reason=reason,
        expected_version=version,
    )
    opened.catch_up()
    if json:
        as_json(outcome)
    else:
        console.print(f"correction {str(correction)[:8]} is refused")
