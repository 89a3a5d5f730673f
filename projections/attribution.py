"""Attribution: what positions made between two moments, and which Greek explains how much of it.

From mark to mark of each leg: the Greeks at the one times what moved until the next, of what was
held all the time between (`domain.quant.attribution` has the terms). What was made on entries and
exits between two marks is `trading`, and what the Greeks leave of the rest is the residual, a row
of its own: higher orders, bids and offers. Rows come to realised + unrealised to the cent. Both
are without commission, as P&L is; time is business time, so a mark or a correction that came late
counts where it belongs. Trades that count for nothing are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from domain.shared import InvalidInput, cents
from projections.held_paths import held_paths
from projections.mark_steps import mark_steps
from projections.positions import BookKind, PositionRow, positions_table
from projections.readmodel import known_at

_POSITIONS = positions_table().shape
ZERO = Decimal(0)


class By(StrEnum):
    """What profit is attributed to."""

    POSITION = "position"
    ACCOUNT = "account"
    TRADER = "trader"
    UNDERLYING = "underlying"
    TOTAL = "total"

    @property
    def kind(self) -> BookKind | None:
        """Whose books have such groups; None for both."""
        return {By.ACCOUNT: BookKind.ACCOUNT, By.TRADER: BookKind.TRADER}.get(self)


class Period(NamedTuple):
    """After the one moment, up to the other."""

    since: datetime
    until: datetime


class AttributionLine(NamedTuple):
    """What a group made in USD, each part to the cent; None where a part is known of no leg.

    delta + gamma + vega + theta + rho + trading + residual = total, exactly, and so does
    realised + unrealised.
    `explained` of `steps` from mark to mark have all Greeks and moves: the rest of them lies in
    the residual.
    """

    group: str
    key: str
    positions: int
    realised: Decimal
    unrealised: Decimal
    total: Decimal
    delta: Decimal | None
    gamma: Decimal | None
    vega: Decimal | None
    theta: Decimal | None
    rho: Decimal | None
    trading: Decimal
    residual: Decimal
    steps: int
    explained: int
    behind: Sequence[UUID]

    @property
    def coverage(self) -> str:
        """The part that no Greeks explain, in words."""
        if not self.steps:
            return "nothing was held from mark to mark"
        if self.explained == self.steps:
            return "Greeks of every step"
        return f"{self.steps - self.explained} of {self.steps} steps lack Greeks"


PARTS = ("delta", "gamma", "vega", "theta", "rho")


def attribution(
    connection: Connection[Any],
    period: Period,
    *,
    by: By = By.POSITION,
    kind: BookKind | None = None,
    book: UUID | None = None,
    as_of: int | None = None,
) -> list[AttributionLine]:
    """What made the P&L of the period, by a group, the largest moves first.

    Raises:
        InvalidInput: the period ends before it begins, or the books have no such groups.
    """
    if not period.since < period.until:
        raise InvalidInput(
            f"a period ends after it begins: {period.until.isoformat()} is not after "
            f"{period.since.isoformat()}"
        )
    if by.kind is not None and kind is not None and kind is not by.kind:
        raise InvalidInput(
            f"{kind.value}s' books are not grouped by {by.value}: leave the kind out"
        )
    books = _books(connection, by.kind or kind, book, as_of)
    wanted = {"books": list(books), "as_of": as_of, **period._asdict()}
    made = _made(connection, wanted)
    rows = _positions(connection, {**wanted, "moved": list(made)})
    lines = _lines(connection, rows, made, wanted)
    groups: dict[tuple[str, str], list[AttributionLine]] = {}
    for row, line in zip(rows, lines, strict=True):
        groups.setdefault(_group(by, row, books[row.book]), []).append(line)
    found = [summed(name, key, of_group) for (name, key), of_group in groups.items()]
    return sorted(found, key=lambda line: (-abs(line.total), line.group, line.key))


def newest_mark(connection: Connection[Any], *, as_of: int | None = None) -> datetime | None:
    """When anything was marked last, as it is known."""
    row = connection.execute(
        f"SELECT max(marked_at) FROM read.greeks WHERE {known_at(as_of)}", {"as_of": as_of}
    ).fetchone()
    return None if row is None else row[0]


def _group(by: By, row: PositionRow, name: str) -> tuple[str, str]:
    match by:
        case By.POSITION:
            return row.symbol, str(row.position)
        case By.ACCOUNT | By.TRADER:
            return name, str(row.book)
        case By.UNDERLYING:
            return row.underlying, ""
        case By.TOTAL:
            return "total", ""


def _books(
    connection: Connection[Any], kind: BookKind | None, book: UUID | None, as_of: int | None
) -> dict[UUID, str]:
    """The books that are meant, with their names."""
    only = "".join(
        f" AND b.{name} = %({name})s" for name, value in (("kind", kind), ("book", book)) if value
    )
    found = connection.execute(
        "SELECT b.book, coalesce(t.name, nullif(b.name, ''), b.book::text) FROM read.books b"
        f" LEFT JOIN read.trader_profiles t ON t.trader = b.book AND {known_at(as_of, 't')}"
        f" WHERE {known_at(as_of, 'b')}{only}",
        {"kind": kind, "book": book, "as_of": as_of},
        binary=True,
    ).fetchall()
    return dict(found)


def _made(connection: Connection[Any], wanted: Mapping[str, Any]) -> dict[UUID, Decimal]:
    """What each position made in the period: the sum of what every fact moved then."""
    known = "" if wanted["as_of"] is None else " AND event <= %(as_of)s"
    found = connection.execute(
        "SELECT position, sum(pnl) FROM read.contributions WHERE book = ANY(%(books)s)"
        f" AND at > %(since)s AND at <= %(until)s{known} GROUP BY position",
        wanted,
        binary=True,
    ).fetchall()
    return dict(found)


def _positions(connection: Connection[Any], wanted: Mapping[str, Any]) -> list[PositionRow]:
    """The positions that were open in the period, or of which something moved in it."""
    found = connection.execute(
        f"SELECT {_POSITIONS.column_list} FROM {_POSITIONS.view}"
        f" WHERE {known_at(wanted['as_of'])} AND book = ANY(%(books)s)"
        " AND (scored OR kind = 'account') AND (position = ANY(%(moved)s) OR opened_at <= %(until)s"
        " AND (closed_at IS NULL OR closed_at > %(since)s)) ORDER BY position",
        wanted,
        binary=True,
    ).fetchall()
    return [_POSITIONS.made_of(values) for values in found]


def _lines(
    connection: Connection[Any],
    rows: Sequence[PositionRow],
    made: Mapping[UUID, Decimal],
    wanted: Mapping[str, Any],
) -> list[AttributionLine]:
    """A line for each position."""
    # Numbers take a tenth of a second to load, and only who asks for attribution waits for them.
    from domain.quant.attributed_steps import sum_steps
    from domain.quant.attribution import attributed

    paths = held_paths(connection, rows, wanted["as_of"])
    kept = mark_steps(connection, rows, paths, **_moments(wanted))
    sums = sum_steps(kept.steps, len(rows))
    traded = [made.get(row.position, ZERO) - pnl for row, pnl in zip(rows, kept.pnl, strict=True)]
    found = attributed(sums.parts, traded, kept.pnl)
    lines = []
    for row, parts, steps, explained in zip(rows, found, sums.steps, sums.explained, strict=True):
        path = paths[row.position]
        realised = cents(path.realised(wanted["until"]) - path.realised(wanted["since"]))
        lines.append(
            AttributionLine(
                row.symbol, str(row.position), 1, realised, parts.total - realised, parts.total,
                parts.delta, parts.gamma, parts.vega, parts.theta, parts.rho,
                parts.realised, parts.residual, steps, explained, (row.position,),
            )
        )  # fmt: skip
    return lines


def _moments(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wanted[name] for name in ("since", "until", "as_of")}


def summed(group: str, key: str, lines: Sequence[AttributionLine]) -> AttributionLine:
    """Lines as one: cents add up exactly."""

    def part(name: str) -> Decimal | None:
        known = [found for line in lines if (found := getattr(line, name)) is not None]
        return sum(known, ZERO) if known else None

    return AttributionLine(
        group=group,
        key=key,
        positions=sum(line.positions for line in lines),
        realised=sum((line.realised for line in lines), ZERO),
        unrealised=sum((line.unrealised for line in lines), ZERO),
        total=sum((line.total for line in lines), ZERO),
        **{name: part(name) for name in PARTS},
        trading=sum((line.trading for line in lines), ZERO),
        residual=sum((line.residual for line in lines), ZERO),
        steps=sum(line.steps for line in lines),
        explained=sum(line.explained for line in lines),
        behind=[position for line in lines for position in line.behind],
    )
