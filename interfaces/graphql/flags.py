"""Flags: what deserves a second look in traders' records, why, and in which events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.flags import FlagKind
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByTime,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import asking_of
from interfaces.graphql.signals import TraderName
from projections.flag_rows import FlagRow
from projections.flags import Flags, flags
from projections.naming import title_of
from projections.trader_profiles import TraderProfiles, names_of


@kind
class Flag:
    """What deserves a second look in a trade. It accuses nobody: people judge."""

    id: UUID
    kind: FlagKind
    trader: TraderName
    signal: UUID
    title: str = figure("What was traded.")
    other_trader: TraderName | None = figure("The same person's other trader.")
    other: UUID | None = figure("The trade on the other side.")
    account: str = figure("The author's own account, where its fills are what was seen.")
    part: int | None = figure("The execution of which more was posted than stood at the quote.")
    posted: Decimal | None = figure("What was posted, or held before the post.")
    quoted: Decimal | None = figure("What stood at the quote.")
    since: datetime
    reason: str
    events: list[BigInt] = figure("Where the events behind it lie on the tape.")
    position: BigInt = figure("The event on the tape that raised it.")


def flags_of(
    database: Database[Any], rows: Sequence[FlagRow], as_of: int | None
) -> dict[UUID, Flag]:
    """Rows as flags of the schema, by id."""
    traders = {row.trader for row in rows} | {row.other_trader for row in rows if row.other_trader}
    names = names_of(database, traders, as_of=as_of)

    def named(trader: UUID) -> TraderName:
        return TraderName(id=trader, name=names.get(trader, ""))

    return {
        row.flag: shown(
            Flag,
            row,
            id=row.flag,
            trader=named(row.trader),
            title=title_of(row.symbol),
            other_trader=None if row.other_trader is None else named(row.other_trader),
            events=[BigInt(event) for event in row.positions],
            position=BigInt(row.valid_from),
        )
        for row in rows
    }


def flag_page_of(
    database: Database[Any],
    first: int,
    after: str | None,
    *,
    as_of: int | None,
    kind: FlagKind | None = None,
    trader: UUID | None = None,
    signal: UUID | None = None,
) -> Connection[Flag]:
    """A page of flags."""
    rows = flags(
        database,
        kind=kind,
        trader=trader,
        signal=signal,
        as_of=as_of,
        after=place_of(after, ByTime),
        limit=limit_of(first),
    )
    told = flags_of(database, rows, as_of)
    return page_of(
        rows, first, lambda row: ByTime(row.since, row.flag), lambda row: told[row.flag], after
    )


@strawberry.type
class FlagQueries:
    """What can be asked about flags."""

    @resolved("What deserves a second look in traders' records, the latest first.")
    def flags(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        kind: FlagKind | None = None,
        trader: UUID | None = None,
        signal: UUID | None = None,
        as_of: AsOf = None,
    ) -> Connection[Flag]:
        database = asking_of(info).reading.of(Flags, TraderProfiles, as_of=as_of)
        return flag_page_of(
            database, first, after, as_of=as_of, kind=kind, trader=trader, signal=signal
        )
