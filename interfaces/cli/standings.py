"""Standings as tables: a board, and one trader's figures by window."""

from __future__ import annotations

from collections.abc import Sequence

from interfaces.cli.output import Column, console, gain_style, table
from interfaces.wording import (
    MARK,
    NO_MARKS,
    Marks,
    accuracy_of,
    badges_of,
    mark_of,
    mean_return_of,
    money,
    percent,
    psr_of,
    rests_on,
    score_of,
    sharpe_of,
    unranked_of,
    unseen_of,
)
from projections.leaderboards import Board, Standing


def print_board(found: Board, marks: Marks = NO_MARKS) -> None:
    """Prints a board, its ranked traders first; marks say whose trades have flags."""
    title = (
        f"Leaderboard, {found.window.value} to {found.last}, by {found.by.value}, "
        f"rules {found.rules.version}"
    )
    has_score = found.rules.score is not None
    table(
        found.standings,
        (
            Column("#", lambda row: row.rank or "", is_figure=True),
            Column("trader", lambda row: _name_of(row) + mark_of(marks.get(row.trader, 0))),
            *(_of_skill() if has_score else ()),
            Column("return", lambda row: percent(row.return_), is_figure=True,
                   style=lambda row: gain_style(row.return_)),
            Column("won (95 %)", accuracy_of, is_figure=True),
            Column("sharpe", sharpe_of, is_figure=True),
            Column("P&L", lambda row: money(row.pnl, sign=True), is_figure=True,
                   style=lambda row: gain_style(row.pnl)),
            Column("n", lambda row: row.closed, is_figure=True),
            *(_behind_skill() if has_score else (Column("rests on", rests_on, spare=True),)),
        ),
        title=title,
    )  # fmt: skip
    for name in (found.by.value, "ranked"):
        console.print(f"[dim]{name}: {found.definitions[name]}[/dim]")
    if has_score:
        console.print("[dim]PSR, unseen and the others: truetape rules, or --json[/dim]")
    if marks:
        console.print(f"[dim]{MARK}: trades that deserve a second look: truetape flags[/dim]")


def print_windows(found: Sequence[tuple[Board, Standing]]) -> None:
    """Prints one trader's figures, a window a line."""
    has_score = any(board.rules.score is not None for board, _ in found)
    table(
        found,
        (
            Column("window", lambda row: row[0].window.value),
            *((Column("score", lambda row: score_of(row[1]), is_figure=True),) if has_score
              else ()),
            Column("return", lambda row: percent(row[1].return_), is_figure=True,
                   style=lambda row: gain_style(row[1].return_)),
            Column("won (95 %)", lambda row: accuracy_of(row[1]), is_figure=True),
            Column("sharpe", lambda row: sharpe_of(row[1]), is_figure=True),
            Column("P&L", lambda row: money(row[1].pnl, sign=True), is_figure=True),
            Column("trades", lambda row: row[1].closed, is_figure=True),
            Column("rests on", lambda row: rests_on(row[1]), spare=True),
        ),
    )  # fmt: skip


def _name_of(row: Standing) -> str:
    """Who it is, and with how many accounts if there are several."""
    return row.name if row.accounts == 1 else f"{row.name} ({row.accounts} accounts)"


def _of_skill() -> tuple[Column, ...]:
    return (Column("score", score_of, is_figure=True),)


def _behind_skill() -> tuple[Column, ...]:
    return (
        Column("unranked", unranked_of, whole=True),
        Column("rests on", badges_of, spare=True),
        Column("mean", mean_return_of, is_figure=True, spare=True),
        Column("PSR", psr_of, is_figure=True, spare=True),
        Column("unseen", unseen_of, is_figure=True, spare=True),
    )
