"""`truetape approve`, `reject`, `order`, `cancel`, `replace`: what a person decides."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from application.administering import OrderTicket, place_order
from application.amending_orders import cancel_order, replace_order
from application.approving import approve as approve_signal
from application.approving import reject as reject_signal
from application.brokerage import Replacement
from application.desk import Outcome
from domain.fix import OrdType, PositionEffect, Side
from domain.instruments import instrument
from domain.legs import Leg
from interfaces.cli.corrections import agree, disagree
from interfaces.cli.output import as_json, console
from interfaces.cli.session import Json, command, find, house, operator
from interfaces.compose import DEFAULT_ACCOUNT, House
from interfaces.lookups import decidable_named, order_named
from interfaces.wording import number, order_told
from projections.blotter import order as order_row
from projections.blotter import orders

Signal = Annotated[str, typer.Argument(help="A signal's or correction's id, or its start.")]
As = Annotated[str | None, typer.Option("--as", help="Decide under this member name.")]
Key = Annotated[
    str | None, typer.Option("--key", help="Idempotency key (UUID): repeating it decides once.")
]
Version = Annotated[
    int | None, typer.Option(help="Refuse if the record has moved on from this version.")
]

Seen = Annotated[
    int | None, typer.Option(help="Refuse if the trade changed after this version, which you saw.")
]


def done(outcome: Outcome, said: str, *, json: bool) -> None:
    """Tells what came of a command."""
    if json:
        as_json(outcome)
    else:
        console.print(f"{said} [dim](version {outcome.version}, position {outcome.position})[/dim]")


def approve(
    signal: Signal,
    account: Annotated[str, typer.Option(help="The account to trade it in.")] = DEFAULT_ACCOUNT,
    accept_price: Annotated[
        str | None,
        typer.Option(help="The worst price you take per share although the market moved."),
    ] = None,
    member: As = None,
    key: Key = None,
    expected_version: Seen = None,
    json: Json = False,
) -> None:
    """Approve a signal, whose order is sent to the account's broker, or a correction."""
    with house() as opened:
        who = operator(member)
        kind, stream = find(opened, decidable_named, signal)
        if kind == "correction":
            agree(opened, who, stream, key, expected_version, json=json)
            return
        accepted = None if accept_price is None else number(accept_price, "accepted price")
        given = (stream, account) if accepted is None else (stream, account, accepted)
        answer = approve_signal(
            opened.desk,
            command(opened, who, "approve", *given, key=key),
            who,
            signal=stream,
            account=account,
            via="cli",
            assessor=opened.assessor,
            accept_price=accepted,
            expected_version=expected_version,
        )
        opened.catch_up()
        said = f"approved {_short(stream)}{_order_of(opened, stream)}"
        if answer.still_needed:
            said = f"yes to {_short(stream)} recorded: {answer.still_needed}"
        done(answer, said, json=json)


def reject(
    signal: Signal,
    reason: Annotated[str, typer.Option(help="Why; the trader will read it.")],
    member: As = None,
    key: Key = None,
    expected_version: Seen = None,
    json: Json = False,
) -> None:
    """Reject a signal or a correction, with the reason."""
    with house() as opened:
        who = operator(member)
        kind, stream = find(opened, decidable_named, signal)
        if kind == "correction":
            disagree(opened, who, stream, reason, key, expected_version, json=json)
            return
        outcome = reject_signal(
            opened.desk,
            command(opened, who, "reject", stream, reason, key=key),
            who,
            signal=stream,
            reason=reason,
            via="cli",
            expected_version=expected_version,
        )
        opened.catch_up()
        done(outcome, f"rejected {_short(stream)}", json=json)


def order(
    side: Annotated[Side, typer.Argument(help="buy or sell")],
    quantity: Annotated[str, typer.Argument(help="Contracts or shares.")],
    symbol: Annotated[str, typer.Argument(help="Ticker, OSI symbol, or pair.")],
    limit: Annotated[
        str | None, typer.Option(help="Limit price; without it a market order.")
    ] = None,
    stop: Annotated[
        str | None, typer.Option(help="Stop price, from which on it is sent to the market.")
    ] = None,
    close: Annotated[
        bool, typer.Option("--close", help="Close a position of the account.")
    ] = False,
    account: Annotated[str, typer.Option(help="The account to trade in.")] = DEFAULT_ACCOUNT,
    member: As = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Place an order by hand; the same checks apply as to approved signals."""
    with house() as opened:
        who = operator(member)
        ticket = OrderTicket(
            account=account,
            side=side,
            position_effect=PositionEffect.CLOSE if close else PositionEffect.OPEN,
            legs=(Leg(symbol=instrument(symbol).symbol, side=side),),
            order_qty=number(quantity, "quantity"),
            ord_type=_type(limit, stop),
            limit_px=None if limit is None else number(limit, "limit"),
            stop_px=None if stop is None else number(stop, "stop"),
        )
        outcome = place_order(
            opened.desk, command(opened, who, "order", ticket, key=key), who, ticket
        )
        opened.catch_up()
        said = f"order {_short(outcome.stream)}: {_status_of(opened, outcome.stream)}"
        done(outcome, said, json=json)


def cancel(
    order: Annotated[str, typer.Argument(help="An order's ClOrdID, or its id's start.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "by hand",
    member: As = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Ask for what is left of an order back."""
    with house() as opened:
        who = operator(member)
        stream = find(opened, order_named, order)
        outcome = cancel_order(
            opened.desk, command(opened, who, "cancel", stream, reason, key=key), who,
            order=stream, reason=reason,
        )  # fmt: skip
        opened.catch_up()
        done(outcome, f"order {_short(stream)}: {_status_of(opened, stream)}", json=json)


def replace(
    order: Annotated[str, typer.Argument(help="An order's ClOrdID, or its id's start.")],
    quantity: Annotated[str | None, typer.Option(help="Its new quantity.")] = None,
    limit: Annotated[str | None, typer.Option(help="Its new limit price.")] = None,
    stop: Annotated[str | None, typer.Option(help="Its new stop price.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "by hand",
    member: As = None,
    key: Key = None,
    json: Json = False,
) -> None:
    """Ask for other terms of an order that rests."""
    with house() as opened:
        who = operator(member)
        stream = find(opened, order_named, order)
        terms = Replacement(
            order_qty=None if quantity is None else number(quantity, "quantity"),
            limit_px=None if limit is None else number(limit, "limit"),
            stop_px=None if stop is None else number(stop, "stop"),
        )
        given = command(opened, who, "replace", stream, terms, reason, key=key)
        outcome = replace_order(
            opened.desk, given, who, order=stream, terms=terms, reason=reason,
            positions=opened.books,
        )  # fmt: skip
        opened.catch_up()
        done(outcome, f"order {_short(stream)}: {_status_of(opened, stream)}", json=json)


def _type(limit: str | None, stop: str | None) -> OrdType:
    if stop is None:
        return OrdType.MARKET if limit is None else OrdType.LIMIT
    return OrdType.STOP if limit is None else OrdType.STOP_LIMIT


def _short(stream: UUID) -> str:
    return str(stream)[:8]


def _order_of(opened: House, signal: UUID) -> str:
    with opened.reader.connection() as connection:
        found = orders(connection, signal=signal, limit=1)
    return f": {order_told(found[0])}" if found else ""


def _status_of(opened: House, stream: UUID) -> str:
    with opened.reader.connection() as connection:
        found = order_row(connection, stream)
    return "not seen yet" if found is None else order_told(found)
