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
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import namedtuple_row

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
_SUMS = ("nav", "sum_r", "sum_r2", "days", "cum_pnl", "first_day", *_COUNTS)


def board(
    connection: Connection[Any],
    span: Span,
    by: By,
    sessions: Sequence[date],
    *,
    as_of: int | None = None,
    trader: UUID | None = None,
    limit: int | None = None,
) -> Board:
    """The board of a window; of one trader alone if asked.

    `sessions` are the exchange's trading days in order, at least those of the window.
    """
    rules = rules_on(connection, span.last, as_of)
    if span.since is not None:
        found = _of_hours(connection, span, rules, as_of, trader)
    else:
        found = [
            _standing(row, span, rules, sessions)
            for row in _rows(connection, span, as_of, trader)
            if _took_part(row)
        ]
    ordered = _ranked(found, by)
    return Board(
        window=span.window,
        by=by,
        first=max(span.first, min((s for s in sessions), default=span.first)),
        last=span.last,
        rules=rules,
        definitions=definitions(rules),
        traders=len(ordered),
        standings=ordered if limit is None else ordered[:limit],
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


def _rows(
    connection: Connection[Any], span: Span, as_of: int | None, trader: UUID | None
) -> list[Any]:
    sums = ", ".join(f"e.{name} AS {name}" for name in _SUMS)
    before = ", ".join(f"s.{name} AS was_{name}" for name in _SUMS)
    one = "AND b.book = %(trader)s" if trader is not None else ""
    query = f"""
SELECT b.book, coalesce(p.name, b.book::text) AS name, {sums}, {before}
FROM read.books b
LEFT JOIN read.trader_profiles p ON p.trader = b.book AND {known_at(as_of, "p")}
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
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {one}
"""
    parameters = {"first": span.first, "last": span.last, "as_of": as_of, "trader": trader}
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return list(cursor.execute(query, parameters, prepare=True, binary=True))


def _took_part(row: Any) -> bool:
    """Whether anything of the record lies in the window."""
    was_days, was_opened, was_closed = row.was_days or 0, row.was_opened or 0, row.was_closed or 0
    moved = row.days > was_days or row.opened > was_opened or row.closed > was_closed
    return bool(moved or row.unattainable > (row.was_unattainable or 0))


def _standing(row: Any, span: Span, rules: Rules, sessions: Sequence[date]) -> Standing:
    counts = {name: getattr(row, name) - (getattr(row, f"was_{name}") or 0) for name in _COUNTS}
    n = 0
    if row.first_day is not None:
        n = sessions_between(sessions, max(span.first, row.first_day), span.last)
    n = max(n, row.days - (row.was_days or 0))
    total = row.sum_r - (row.was_sum_r or ZERO)
    squares = row.sum_r2 - (row.was_sum_r2 or ZERO)
    return _figures(
        row.book,
        row.name,
        counts,
        rules,
        n,
        return_=window_return(row.was_nav if row.was_nav is not None else ONE, row.nav),
        sharpe=sharpe_like(total, squares, n, rules.sessions_per_year),
        pnl=row.cum_pnl - (row.was_cum_pnl or ZERO),
    )


def _figures(
    trader: UUID,
    name: str,
    counts: Mapping[str, int],
    rules: Rules,
    n: int,
    *,
    return_: Decimal,
    sharpe: Decimal | None,
    pnl: Decimal,
) -> Standing:
    closed, wins = counts["closed"], counts["wins"]
    low, high = wilson_interval(wins, closed) or (None, None)
    short = closed < rules.minimum_trades
    return Standing(
        rank=None,
        trader=trader,
        name=name,
        return_=return_,
        accuracy=ratio(Decimal(wins) / closed) if closed else None,
        accuracy_low=low,
        accuracy_high=high,
        sharpe=sharpe,
        pnl=pnl,
        sessions=n,
        unranked=f"{closed}/{rules.minimum_trades}" if short else "",
        **counts,
    )


def _of_hours(
    connection: Connection[Any],
    span: Span,
    rules: Rules,
    as_of: int | None,
    trader: UUID | None,
) -> list[Standing]:
    """A window of hours, from each fact in it; too short for a Sharpe-like figure."""
    one = "AND b.book = %(trader)s" if trader is not None else ""
    known = "AND c.event <= %(as_of)s" if as_of is not None else ""
    query = f"""
SELECT b.book, coalesce(p.name, b.book::text) AS name, m.moved, m.earned,
       o.opened, o.unattainable, x.closed, x.wins, x.posted, x.checked, x.filled, x.assumed
FROM read.books b
LEFT JOIN read.trader_profiles p ON p.trader = b.book AND {known_at(as_of, "p")}
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
WHERE b.kind = 'trader' AND {known_at(as_of, "b")} {one}
  AND (m.moved <> 0 OR m.earned <> 0 OR o.opened > 0 OR o.unattainable > 0 OR x.closed > 0)
"""
    parameters = {"since": span.since, "at": span.at, "as_of": as_of, "trader": trader}
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = list(cursor.execute(query, parameters, prepare=True, binary=True))
    return [
        _figures(
            row.book,
            row.name,
            {name: getattr(row, name) for name in _COUNTS},
            rules,
            0,
            return_=day_return(rules.nav_fraction, row.moved),
            sharpe=None,
            pnl=row.earned,
        )
        for row in rows
    ]


def _ranked(found: Sequence[Standing], by: By) -> list[Standing]:
    """Ranked traders by the figure, then the unranked; equal figures share a rank, by name."""

    def figure(standing: Standing) -> Decimal | None:
        return {
            By.RETURN: standing.return_,
            By.ACCURACY: standing.accuracy,
            By.SHARPE: standing.sharpe,
            By.PNL: standing.pnl,
        }[by]

    def place(standing: Standing) -> tuple[bool, bool, Decimal, str, UUID]:
        value = figure(standing)
        unknown = value is None
        return bool(standing.unranked), unknown, -(value or ZERO), standing.name, standing.trader

    ordered = sorted(found, key=place)
    ranks: dict[Decimal | None, int] = {}
    return [
        standing
        if standing.unranked
        else msgspec.structs.replace(standing, rank=ranks.setdefault(figure(standing), number))
        for number, standing in enumerate(ordered, start=1)
    ]
