"""`truetape flags`: what deserves a second look, why, and in which events it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from domain.flags import FlagKind
from interfaces.cli.boards import Limit, fields
from interfaces.cli.output import Column, as_json, console, table
from interfaces.cli.session import AsOf, Json, house
from interfaces.lookups import trader_named
from interfaces.wording import moment
from projections.flag_rows import FlagRow
from projections.flags import flags as flag_rows
from projections.trader_profiles import names_of


def flags(
    trader: Annotated[str | None, typer.Option(help="Only this trader's.")] = None,
    kind: Annotated[FlagKind | None, typer.Option(help="Only of this kind.")] = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List what deserves a second look in traders' records, the latest first."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        rows = flag_rows(
            connection,
            trader=None if trader is None else trader_named(connection, trader),
            kind=kind,
            as_of=as_of,
            limit=limit,
        )
        names = names_of(connection, {row.trader for row in rows})
    if json:
        as_json([{"name": names.get(row.trader, ""), **flag_fields(row)} for row in rows])
        return
    print_flags(rows, names=names, empty="nothing deserves a second look")


def print_flags(
    rows: Sequence[FlagRow], *, names: dict[UUID, str] | None = None, empty: str = ""
) -> None:
    """Prints flags, and below them their reasons, which are never cut."""
    if not rows and not empty:
        return
    columns = [
        Column("since (UTC)", lambda row: moment(row.since), whole=True),
        Column("flag", lambda row: row.kind.value, whole=True),
        Column("signal", lambda row: str(row.signal)[:8], whole=True),
        Column("events", lambda row: ", ".join(map(str, row.positions)), whole=True),
    ]
    if names is not None:
        columns.insert(1, Column("trader", lambda row: names.get(row.trader, "")))
    table(rows, columns, empty=empty)
    for row in rows:
        console.print(f"{str(row.signal)[:8]}: {row.reason}", style="dim", markup=False)


def flag_fields(row: FlagRow) -> dict[str, object]:
    """A flag as JSON has it."""
    return {**fields(row), "events": row.positions}
