"""Frozen boards at the command line: `truetape leaderboard --freeze`, and `--frozen`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from application.freezing import freeze_board
from application.ports import NotFound
from domain.market import exchange_day
from interfaces.cli.boards import fields
from interfaces.cli.deciding import done
from interfaces.cli.output import Column, as_json, console, gain_style, table
from interfaces.cli.session import command, house, operator
from interfaces.compose import House
from interfaces.frozen import Checked, board_to_freeze, checked
from interfaces.lookups import frozen_board_named
from interfaces.wording import moment, money, percent
from projections.frozen_boards import FrozenBoardRow, frozen_board, frozen_boards
from projections.leaderboards import By
from projections.windows import Window


def freeze(
    opened: House,
    window: Window,
    by: By | None,
    at: datetime,
    key: str | None,
    *,
    version: int | None,
    json: bool,
) -> None:
    """Puts the board of the period that a moment is in on record."""
    who, day = operator(), exchange_day(at)
    with opened.reader.connection() as connection:
        period, standings = board_to_freeze(
            connection, opened.calendar, window, by, day, opened.read_until(), version
        )
    outcome = freeze_board(
        opened.desk,
        command(opened, who, "freeze", window, by, day, version, key=key),
        who,
        period,
        standings,
    )
    opened.catch_up()
    said = f"the board by {period.ordered_by} of {period.first} to {period.last} is frozen as "
    done(outcome, said + str(outcome.stream)[:8], json=json)


def frozen(board: str | None, as_of: int | None, limit: int, *, json: bool) -> None:
    """Lists frozen boards, or shows one as it was frozen and whether it still computes so."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        if board is None:
            rows = list(frozen_boards(connection, as_of=as_of, limit=limit))
        else:
            row = frozen_board(connection, frozen_board_named(connection, board), as_of=as_of)
            if row is None:
                raise NotFound(f"it was not frozen at position {as_of}")
            rows, found = [row], checked(connection, opened.calendar, row)
    if board is None:
        _print_list(rows, json=json)
    else:
        _print_one(rows[0], found, json=json)


def _print_list(rows: list[FrozenBoardRow], *, json: bool) -> None:
    if json:
        as_json([_without_rows(row) for row in rows])
        return
    table(
        rows,
        (
            Column("id", lambda row: str(row.board)[:8], whole=True),
            Column("window", lambda row: row.window),
            Column("from", lambda row: row.first_day, whole=True),
            Column("to", lambda row: row.last_day, whole=True),
            Column("by", lambda row: row.ordered_by),
            Column("rules", lambda row: row.rules_version, is_figure=True),
            Column("traders", lambda row: row.traders, is_figure=True),
            Column("frozen (UTC)", lambda row: moment(row.frozen_at), whole=True, spare=True),
            Column("sha-256", lambda row: row.sha256[:12], whole=True, spare=True),
        ),
        empty="no board is frozen: truetape leaderboard --window week --freeze --at DAY",
    )


def _print_one(row: FrozenBoardRow, found: Checked, *, json: bool) -> None:
    if json:
        as_json({**_without_rows(row), **found._asdict(), "standings": row.standings})
        return
    table(
        row.standings,
        (
            Column("#", lambda each: each["rank"] or "", is_figure=True),
            Column("trader", lambda each: each["name"]),
            *_figures(row),
            Column("n", lambda each: each["closed"], is_figure=True),
        ),
        title=f"Frozen {moment(row.frozen_at)} UTC by {row.by}: {row.window} "
        f"{row.first_day} to {row.last_day}, by {row.ordered_by}, rules {row.rules_version}",
    )
    console.print(f"[dim]known at position {row.position}, SHA-256 {row.sha256}[/dim]")
    console.print(found.told)


def _figures(row: FrozenBoardRow) -> list[Column]:
    """The figure it is ordered by, return, and P&L."""
    columns = [
        Column("return", lambda each: percent(_number(each["return"])), is_figure=True,
               style=lambda each: gain_style(_number(each["return"]))),
        Column("P&L", lambda each: money(_number(each["pnl"]), sign=True), is_figure=True),
    ]  # fmt: skip
    if row.ordered_by not in ("return", "pnl"):
        name = row.ordered_by
        columns.insert(0, Column(name, lambda each: each.get(name), is_figure=True))
    return columns


def _number(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)


def _without_rows(row: FrozenBoardRow) -> dict[str, Any]:
    return {name: value for name, value in fields(row).items() if name != "rows"}
