"""Leaderboards: who did what in a window, from two day rows of each book.

A book's day rows carry sums from its beginning, so any window is the difference of its last
row in the window and its last row before it; the length of the record does not matter. Who
left stays; who has too few closed trades is listed as unranked with how many are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.ranking import Rules
from domain.shared import ratio
from domain.standings import ONE, day_return, sharpe_like, wilson_interval, window_return
from projections.readmodel import known_at
from projections.windows import Span, Window, sessions_between

ZERO = Decimal(0)


class By(StrEnum):
    """The figure a board is ordered by."""

    RETURN = "return"
    ACCURACY = "accuracy"
    SHARPE = "sharpe"
    PNL = "pnl"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One trader's figures in a window. `return_` and `accuracy` are ratios, `pnl` is USD.

    `badges` counts the closed trades by what they rest on; `unattainable` the trades entered
    in the window that could not be had and so do not count.
    """

    rank: int | None
    trader: UUID
    name: str
    return_: Decimal
    accuracy: Decimal | None
    accuracy_low: Decimal | None
    accuracy_high: Decimal | None
    sharpe: Decimal | None
    pnl: Decimal
    opened: int
    closed: int
    wins: int
    sessions: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int
    unranked: str = ""


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A board: its window, rules and definitions, and the traders in their order."""

    window: Window
    by: By
    first: date
    last: date
    rules: Rules
    definitions: Mapping[str, str]
    traders: int
    standings: Sequence[Standing]


_COUNTS = ("opened", "closed", "wins", "posted", "checked", "filled", "assumed", "unattainable")
_SUMS = {"total": "sum_r", "squares": "sum_r2", "days": "days", "pnl": "cum_pnl"}


def board(
    connection: Connection[Any],
    span: Span,
    by: By,
    sessions: Sequence[date],
    *,
    as_of: int | None = None,
    trader: UUID | None = None,
    limit: int | None = None,
    after: UUID | None = None,
) -> Board:
    """The board of a window; of one trader alone if asked, or a page after a trader.

    `sessions` are the exchange's trading days in order, at least those of the window.
    """
    rules = rules_on(connection, span.last, as_of)
    if span.since is not None:
        rows = _of_hours(connection, span, rules, as_of, trader)
    else:
        rows = _of_days(connection, span, sessions, as_of, trader)
    ordered = _ranked(rows, by, rules)
    begin = 0
    if after is not None:
        begin = 1 + next((at for at, (row, _) in enumerate(ordered) if row.book == after), -1)
    shown = ordered[begin:] if limit is None else ordered[begin : begin + limit]
    return Board(
        window=span.window,
        by=by,
        first=max(span.first, min((s for s in sessions), default=span.first)),
        last=span.last,
        rules=rules,
        definitions=definitions(rules),
        traders=len(ordered),
        standings=[_standing(row, rank, rules) for row, rank in shown],
    )


def rules_on(connection: Connection[Any], day: date, as_of: int | None = None) -> Rules:
    """The ranking rules that hold on a day."""
    row = connection.execute(
        "SELECT version, nav_fraction, minimum_trades, sessions_per_year FROM read.ranking_rules"
        f" WHERE {known_at(as_of)} AND effective <= %(day)s ORDER BY version DESC LIMIT 1",
        {"day": day, "as_of": as_of},
    ).fetchone()
    if row is None:
        return Rules()
    return Rules(
        version=row[0], nav_fraction=row[1], minimum_trades=row[2], sessions_per_year=row[3]
    )


def definitions(rules: Rules) -> dict[str, str]:
    """What each figure means, for the person who reads it."""
    share = f"{rules.nav_fraction:.0%}"
    return {
        "return": f"NAV index at the end over its start, less 1; every trade is given {share} of "
        "NAV, a day's return is that share of what each scored trade moved",
        "accuracy": "closed scored trades with P&L above zero over all closed scored trades, "
        "with Wilson's 95 % interval",
        "sharpe": "mean over standard deviation (ddof 1) of daily NAV returns, times "
        f"sqrt({rules.sessions_per_year}), over the sessions since the first scored trade",
        "pnl": "US dollars by the quantities posted, realised and at the last mark, without "
        "commission",
        "ranked": f"at least {rules.minimum_trades} closed scored trades in the window; traders "
        "who left stay on the board",
    }


class _Row(NamedTuple):
    """A trader's figures as they are stored; what is costly is worked out when it is shown."""

    book: UUID
    name: str
    return_: Decimal
    pnl: Decimal
    total: Decimal
    squares: Decimal
    sessions: int
    opened: int
    closed: int
    wins: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int


def _of_days(
    connection: Connection[Any],
    span: Span,
    sessions: Sequence[date],
    as_of: int | None,
    trader: UUID | None,
) -> list[_Row]:
    """A window of days, from the last row in it and the last one before it."""
    sums = ", ".join(
        f"e.{column} - coalesce(s.{column}, 0) AS {name}" for name, column in _SUMS.items()
    )
    counts = ", ".join(f"e.{name} - coalesce(s.{name}, 0)" for name in _COUNTS)
    took_part = " OR ".join(
        f"e.{name} > coalesce(s.{name}, 0)" for name in ("days", "opened", "closed", "unattainable")
    )
    query = f"""
SELECT b.book, coalesce(p.name, b.book::text), e.nav, s.nav, e.first_day, {sums}, {counts}
FROM read.books b {_names(as_of)}
CROSS JOIN LATERAL (
    SELECT * FROM read.book_days d
    WHERE d.book = b.book AND d.day <= %(last)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) e
LEFT JOIN LATERAL (
    SELECT * FROM read.book_days d
    WHERE d.book = b.book AND d.day < %(first)s AND {known_at(as_of, "d")}
    ORDER BY d.day DESC LIMIT 1
) s ON true
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {_only(trader)} AND ({took_part})
"""
    parameters = {"first": span.first, "last": span.last, "as_of": as_of, "trader": trader}
    found = connection.execute(query, parameters, prepare=True, binary=True)
    rows = []
    for book, name, nav, nav_before, first_day, total, squares, days, pnl, *counted in found:
        n = 0
        if first_day is not None:
            n = sessions_between(sessions, max(span.first, first_day), span.last)
        return_ = window_return(ONE if nav_before is None else nav_before, nav)
        rows.append(_Row(book, name, return_, pnl, total, squares, max(n, days), *counted))
    return rows


def _only(trader: UUID | None) -> str:
    return "" if trader is None else "AND b.book = %(trader)s"


def _names(as_of: int | None) -> str:
    """The name that a book's trader went by."""
    if as_of is None:
        return f"LEFT JOIN read.trader_profiles p ON p.trader = b.book AND {known_at(None, 'p')}"
    return (
        "LEFT JOIN LATERAL (SELECT name FROM read.trader_profiles o WHERE o.trader = b.book"
        " AND o.valid_from <= %(as_of)s ORDER BY o.valid_from DESC LIMIT 1) p ON true"
    )


def _of_hours(
    connection: Connection[Any],
    span: Span,
    rules: Rules,
    as_of: int | None,
    trader: UUID | None,
) -> list[_Row]:
    """A window of hours, from each fact in it; too short for a Sharpe-like figure."""
    known = "AND c.event <= %(as_of)s" if as_of is not None else ""
    query = f"""
SELECT b.book, coalesce(p.name, b.book::text), m.moved, m.earned, o.opened,
       x.closed, x.wins, x.posted, x.checked, x.filled, x.assumed, o.unattainable
FROM read.books b {_names(as_of)}
CROSS JOIN LATERAL (
    SELECT coalesce(sum(c.ratio), 0) AS moved, coalesce(sum(c.pnl), 0) AS earned
    FROM read.contributions c
    WHERE c.book = b.book AND c.at > %(since)s AND c.at <= %(at)s {known}
) m
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE t.scored) AS opened,
        count(*) FILTER (WHERE t.badge = 'unattainable') AS unattainable
    FROM read.positions t
    WHERE t.book = b.book AND {known_at(as_of, "t")}
      AND t.opened_at > %(since)s AND t.opened_at <= %(at)s
) o
CROSS JOIN LATERAL (
    SELECT count(*) AS closed,
        count(*) FILTER (WHERE t.pnl > 0) AS wins,
        count(*) FILTER (WHERE t.badge = 'posted') AS posted,
        count(*) FILTER (WHERE t.badge = 'checked') AS checked,
        count(*) FILTER (WHERE t.badge = 'filled') AS filled,
        count(*) FILTER (WHERE t.badge = 'assumed') AS assumed
    FROM read.positions t
    WHERE t.book = b.book AND {known_at(as_of, "t")} AND t.scored
      AND t.closed_at > %(since)s AND t.closed_at <= %(at)s
) x
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {_only(trader)}
  AND (m.moved <> 0 OR m.earned <> 0 OR o.opened > 0 OR o.unattainable > 0 OR x.closed > 0)
"""
    parameters = {"since": span.since, "at": span.at, "as_of": as_of, "trader": trader}
    found = connection.execute(query, parameters, prepare=True, binary=True)
    return [
        _Row(book, name, day_return(rules.nav_fraction, moved), earned, ZERO, ZERO, 0, *counted)
        for book, name, moved, earned, *counted in found
    ]


def _ranked(rows: Sequence[_Row], by: By, rules: Rules) -> list[tuple[_Row, int | None]]:
    """Ranked traders by the figure, then the unranked; equal figures share a rank, by name."""
    figures: dict[UUID, Decimal | None] = {row.book: _figure(row, by, rules) for row in rows}

    def place(row: _Row) -> tuple[bool, bool, Decimal, str, UUID]:
        value = figures[row.book]
        is_short = row.closed < rules.minimum_trades
        return is_short, value is None, -(value or ZERO), row.name, row.book

    ranks: dict[Decimal | None, int] = {}
    ranked = []
    for number, row in enumerate(sorted(rows, key=place), start=1):
        is_short = row.closed < rules.minimum_trades
        rank = None if is_short else ranks.setdefault(figures[row.book], number)
        ranked.append((row, rank))
    return ranked


def _figure(row: _Row, by: By, rules: Rules) -> Decimal | None:
    match by:
        case By.RETURN:
            return row.return_
        case By.PNL:
            return row.pnl
        case By.ACCURACY:
            return ratio(Decimal(row.wins) / row.closed) if row.closed else None
        case By.SHARPE:
            return sharpe_like(row.total, row.squares, row.sessions, rules.sessions_per_year)


def _standing(row: _Row, rank: int | None, rules: Rules) -> Standing:
    low, high = wilson_interval(row.wins, row.closed) or (None, None)
    is_short = row.closed < rules.minimum_trades
    return Standing(
        rank=rank,
        trader=row.book,
        name=row.name,
        return_=row.return_,
        accuracy=_figure(row, By.ACCURACY, rules),
        accuracy_low=low,
        accuracy_high=high,
        sharpe=_figure(row, By.SHARPE, rules),
        pnl=row.pnl,
        sessions=row.sessions,
        unranked=f"{row.closed}/{rules.minimum_trades}" if is_short else "",
        opened=row.opened,
        closed=row.closed,
        wins=row.wins,
        posted=row.posted,
        checked=row.checked,
        filled=row.filled,
        assumed=row.assumed,
        unattainable=row.unattainable,
    )
