"""`truetape leaderboard`, `trader`, `positions`: standings, one record, and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection
from rich.markup import escape

from application.ports import NotFound
from domain.market import EXCHANGE_ZONE
from domain.quant.figures import Figure
from interfaces.cli.boards import Limit, fields
from interfaces.cli.deciding import Key
from interfaces.cli.flags import flag_fields, print_flags
from interfaces.cli.freezing import freeze as freeze_period
from interfaces.cli.freezing import frozen as show_frozen
from interfaces.cli.output import Column, as_json, console, gain_style, table
from interfaces.cli.session import AsOf, At, Json, find, house
from interfaces.cli.standings import print_board, print_windows
from interfaces.compose import House
from interfaces.lookups import trader_named
from interfaces.wording import (
    amount,
    figure_told,
    interval_told,
    moment,
    money,
    number,
    percent,
    price,
)
from projections.flags import flag_marks
from projections.flags import flags as trader_flags
from projections.leaderboards import Board, By
from projections.leaderboards import board as ranked_board
from projections.naming import title_of
from projections.performance import BENCHMARK, performance
from projections.pnl import BookDay
from projections.position_pages import book_days, books
from projections.position_pages import positions as position_page
from projections.positions import BookKind, PositionRow
from projections.trader_profiles import TraderRow, names_of, profile
from projections.windows import Span, Window, span_of

FIRST_SESSION = date(2015, 1, 1)
BLOCKS = " ▁▂▃▄▅▆▇█"

WindowName = Annotated[Window, typer.Option(help="The stretch of time to look at.")]
ByName = Annotated[
    By | None,
    typer.Option("--by", help="The figure to order by; the score, if the rules have one."),
]


def board_of(
    opened: House,
    window: Window,
    by: By | None,
    *,
    at: datetime | None = None,
    as_of: int | None = None,
    limit: int | None = None,
    version: int | None = None,
) -> Board:
    """The board as the house knows it."""
    span = span_of(window, moment_of(opened, at))
    with opened.reader.connection() as connection:
        return ranked_board(
            connection, span, by, sessions_of(opened, span), as_of=as_of, limit=limit,
            version=version,
        )  # fmt: skip


def sessions_of(opened: House, span: Span) -> list[date]:
    """The trading days of a span."""
    first = max(span.first, FIRST_SESSION)
    return list(opened.calendar.session_dates(first, span.last))


def leaderboard(
    window: WindowName = Window.ALL,
    by: ByName = None,
    rules: Annotated[
        int | None, typer.Option("--rules", help="The version of the ranking rules to go by.")
    ] = None,
    at: At = None,
    as_of: AsOf = None,
    limit: Limit = 50,
    board: Annotated[
        str | None, typer.Argument(help="With --frozen: the id of one frozen board.")
    ] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Put the period's board on record, once it is over.")
    ] = False,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Show boards as they were frozen.")
    ] = False,
    key: Key = None,
    json: Json = False,
) -> None:
    """Rank the traders; every figure is defined below the board."""
    if board is not None and not frozen:
        raise typer.BadParameter("a board's id goes with --frozen")
    if frozen:
        show_frozen(board, as_of, limit, json=json)
        return
    with house() as opened:
        opened.catch_up()
        if freeze:
            until = moment_of(opened, at)
            freeze_period(opened, window, by, until, key, version=rules, json=json)
            return
        found = board_of(opened, window, by, at=at, as_of=as_of, limit=limit, version=rules)
        last = _last_day(opened) if not found.standings else None
        with opened.reader.connection() as connection:
            traders = [row.trader for row in found.standings]
            marks = flag_marks(connection, traders, as_of=as_of)
    if json:
        as_json(found)
        return
    print_board(found, marks)
    if last is not None:
        console.print(
            f"[dim]nothing in this window; the record's last day is {last}: try --at {last} "
            "or --window all[/dim]"
        )


def trader(
    name: Annotated[str, typer.Argument(help="The trader's name, or the start of the id.")],
    window: WindowName = Window.ALL,
    benchmark: Annotated[
        str, typer.Option(help="The instrument to hold the record against.")
    ] = BENCHMARK,
    risk_free: Annotated[str, typer.Option(help="The risk-free rate a year: 0.04 is 4 %.")] = "0",
    at: At = None,
    as_of: AsOf = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Show one trader's record: figures by window, the NAV index, and the trades behind them.

    Performance figures are of one window, all of it unless another is named.
    """
    rate = number(risk_free, "risk-free rate")
    with house() as opened:
        opened.catch_up()
        stream = find(opened, trader_named, name)
        now = moment_of(opened, at)
        spans = [span_of(window, now) for window in Window]
        with opened.reader.connection() as connection:
            about = profile(connection, stream, as_of=as_of)
            if about is None:
                raise NotFound(f"nobody knew of {name!r} at position {as_of}")
            boards = [_alone(opened, connection, span, stream, as_of) for span in spans]
            span = spans[list(Window).index(window)]
            figures = performance(
                connection, stream, span, sessions_of(opened, span), benchmark=benchmark,
                risk_free=rate, as_of=as_of,
            )  # fmt: skip
            days = book_days(connection, stream, FIRST_SESSION, spans[-1].last, as_of=as_of)
            trades = position_page(connection, book=stream, as_of=as_of, limit=limit)
            flagged = trader_flags(connection, trader=stream, as_of=as_of, limit=limit)
    if json:
        as_json(
            {
                "profile": fields(about),
                "windows": {
                    b.window.value: b.standings[0] if b.standings else None for b in boards
                },
                "definitions": boards[-1].definitions,
                "performance": [fields(figure) for figure in figures],
                "days": [fields(day) for day in days],
                "trades": [fields(trade) for trade in trades],
                "flags": [flag_fields(row) for row in flagged],
            }
        )
        return
    _print_about(about, days)
    print_windows([(board, board.standings[0]) for board in boards if board.standings])
    _print_performance(figures, window)
    print_positions(trades, title=f"last {len(trades)} trades")
    print_flags(flagged)


def positions(
    trader_name: Annotated[
        str | None, typer.Option("--trader", help="Only this trader's book.")
    ] = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="Only accounts' books.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    as_of: AsOf = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List what is open in the traders' and accounts' books."""
    with house() as opened:
        opened.catch_up()
        book = None if trader_name is None else find(opened, trader_named, trader_name)
        with opened.reader.connection() as connection:
            rows = position_page(
                connection,
                kind=BookKind.ACCOUNT if accounts else None,
                book=book,
                open_only=not closed,
                as_of=as_of,
                limit=limit,
            )
            names: dict[UUID, str] = {
                **{
                    account.book: account.name
                    for account in books(connection, kind=BookKind.ACCOUNT)
                },
                **names_of(connection, {row.book for row in rows}),
            }
    if json:
        as_json([{"name": names.get(row.book, ""), **fields(row)} for row in rows])
        return
    print_positions(
        rows,
        names={row.book: names.get(row.book, "") for row in rows},
        empty="nothing here yet" if closed else "nothing is open; --closed lists what was",
    )


def print_positions(
    rows: list[PositionRow],
    *,
    title: str = "",
    names: dict[UUID, str] | None = None,
    empty: str = "no trades yet",
) -> None:
    """Prints positions: what is open, at which cost, what it is worth, what it made."""
    columns = [
        Column("opened (UTC)", lambda row: moment(row.opened_at), whole=True, spare=True),
        Column("id", lambda row: str(row.position)[:8], whole=True),
        Column("position", lambda row: f"{row.side} {title_of(row.symbol)}"),
        Column("open", lambda row: amount(row.quantity), is_figure=True),
        Column("entry", lambda row: price(row.average_entry), is_figure=True, spare=True),
        Column("mark", lambda row: price(row.mark), is_figure=True, spare=True),
        Column(
            "P&L",
            lambda row: money(row.pnl, sign=True),
            is_figure=True,
            style=lambda row: gain_style(row.pnl),
        ),
        Column("return", lambda row: percent(row.pnl_ratio), is_figure=True),
        Column("rests on", lambda row: row.badge.value),
    ]
    if names is not None:
        columns.insert(1, Column("book", lambda row: names[row.book]))
    table(rows, columns, title=title, empty=empty)


def _alone(
    opened: House, connection: Connection[Any], span: Span, trader: UUID, as_of: int | None
) -> Board:
    """The board of a window with one trader on it."""
    sessions = sessions_of(opened, span)
    return ranked_board(connection, span, By.RETURN, sessions, as_of=as_of, trader=trader)


def _print_about(about: TraderRow, days: Sequence[BookDay]) -> None:
    """Prints who it is, and the line of their NAV index."""
    console.print(
        f"[bold]{escape(about.name)}[/bold]  since {about.first_seen:%Y-%m-%d}: "
        f"{about.signals} signals, {about.corrections} corrected; messages: {about.edited} edited, "
        f"{about.deleted} deleted, {about.unbooked} not booked"
    )
    if days:
        console.print(f"NAV {_spark([float(day.nav) for day in days])} {days[-1].nav:.3f}")


def _print_performance(figures: list[Figure], window: Window) -> None:
    """Prints the figures that there are, and in one line why there are no others."""
    known = [figure for figure in figures if figure.value is not None]
    table(
        known,
        (
            Column("figure", lambda row: row.name, whole=True),
            Column("value", figure_told, is_figure=True),
            Column("95 %", interval_told, is_figure=True, spare=True),
            Column("n", lambda row: row.n, is_figure=True),
            Column("of", lambda row: row.of, spare=True),
            Column("from/to", lambda row: row.period, whole=True, spare=True),
        ),
        title=f"performance, {window.value}",
        empty="no figures of this window",
    )
    missing: dict[str, list[str]] = {}
    for figure in figures:
        if figure.value is None:
            missing.setdefault(figure.status.value, []).append(figure.name)
    for status, names in missing.items():
        console.print(f"[dim]{status}: {', '.join(names)}[/dim]")
    console.print("[dim]every definition: --json, or docs/figures.md[/dim]")


def _spark(values: list[float], width: int = 60) -> str:
    """A line of blocks, one for each day (or every few days)."""
    step = max(1, -(-len(values) // width))
    shown = values[::step]
    low, high = min(shown), max(shown)
    scale = (len(BLOCKS) - 2) / (high - low) if high > low else 0
    return "".join(BLOCKS[1 + round((value - low) * scale)] for value in shown)


def moment_of(opened: House, at: datetime | None) -> datetime:
    """Now, or the end of the exchange's day that was given, or that very moment."""
    if at is None:
        return opened.clock.now()
    if at.tzinfo is None:
        return datetime.combine(at.date(), time(23, 59, 59), EXCHANGE_ZONE).astimezone(UTC)
    return at.astimezone(UTC)


def _last_day(opened: House) -> date | None:
    with opened.reader.connection() as connection:
        row = connection.execute("SELECT max(day) FROM read.book_days").fetchone()
    return None if row is None else row[0]
