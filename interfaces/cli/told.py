"""`truetape activities`, `strays`: what brokers told of accounts that nobody had asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from psycopg import Connection

from application.ports import NotFound
from domain.activities import ActivityKind
from domain.shared import InvalidInput
from interfaces.cli.boards import Limit, fields
from interfaces.cli.output import Column, as_json, table
from interfaces.cli.session import AsOf, Json, house
from interfaces.wording import amount, moment, money, price
from projections.accounts import accounts
from projections.activities import StrayRow
from projections.activities import activities as told_activities
from projections.activities import strays as told_strays
from projections.naming import title_of

Of = Annotated[str | None, typer.Argument(help="Only this account's.")]


def activities(
    account: Of = None,
    kind: Annotated[ActivityKind | None, typer.Option(help="Only of this kind.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Only of this instrument.")] = None,
    as_of: AsOf = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List what brokers told of accounts, the newest first, also what nobody understood."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        _require(connection, account, as_of)
        rows = told_activities(
            connection, account=account, kind=kind, symbol=symbol, as_of=as_of, limit=limit
        )
    if json:
        as_json([fields(row) for row in rows])
        return
    table(
        rows,
        (
            Column("happened (UTC)", lambda row: moment(row.happened_at), whole=True),
            Column("account", lambda row: row.account, spare=True),
            Column("what", lambda row: row.kind.value.replace("_", " ")),
            Column("instrument", lambda row: _named(row.symbol)),
            Column("quantity", lambda row: amount(row.quantity or None), is_figure=True),
            Column("price", lambda row: price(row.price or None), is_figure=True, spare=True),
            Column("cash", lambda row: money(row.amount or None, sign=True), is_figure=True),
            Column("the broker's id", lambda row: row.activity_id, spare=True),
        ),
        empty="no broker has told of anything yet",
        note="what is unclassified moves nothing; --json shows the broker's own words",
    )


def strays(account: Of = None, as_of: AsOf = None, limit: Limit = 30, json: Json = False) -> None:
    """List orders at brokers that nobody here asked for, the newest first."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        _require(connection, account, as_of)
        rows = told_strays(connection, account=account, as_of=as_of, limit=limit)
    if json:
        as_json([fields(row) for row in rows])
        return
    table(
        rows,
        (
            Column("first told (UTC)", lambda row: moment(row.first_at), whole=True, spare=True),
            Column("account", lambda row: row.account),
            Column("order", lambda row: row.cl_ord_id or row.order_id),
            Column("last word", lambda row: row.exec_type.value.replace("_", " ")),
            Column("filled", lambda row: amount(row.filled or None), is_figure=True),
            Column("last px", lambda row: price(row.last_px or None), is_figure=True, spare=True),
            Column("reports", lambda row: row.reports, is_figure=True, spare=True),
            Column("says", _says),
        ),
        empty="every order that a broker told of was asked for here",
        note="their fills are in no book here; truetape reconcile tells where positions differ",
    )


def _require(connection: Connection[Any], account: str | None, as_of: int | None) -> None:
    if account is not None and account not in {
        row.name for row in accounts(connection, as_of=as_of)
    }:
        raise NotFound(f"there is no account {account}")


def _named(symbol: str) -> str:
    """An instrument as people write it; a broker may name others."""
    try:
        return title_of(symbol) if symbol else ""
    except InvalidInput:
        return symbol


def _says(row: StrayRow) -> str:
    return f"taken over by an order of ours, by {row.claimed_by}" if row.claimed else row.text
