"""`truetape signals`, `queue`, `orders`, `timeline`: what is on record."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from psycopg import Connection

from application.ports import ApplicationError
from domain.accounts import account_stream
from domain.shared import DomainError
from domain.signal_events import Decision
from interfaces.cli.output import Column, as_json, table
from interfaces.cli.session import AsOf, Json, house
from interfaces.lookups import record_named, trader_named
from interfaces.wording import amount, event_told, moment, price
from projections.approval_queue import pending
from projections.blotter import OrderRow, checks_of
from projections.blotter import orders as blotter_orders
from projections.clocks import wrong_times
from projections.signal_feed import signals as feed_signals
from projections.signal_rows import SignalRow, TradeState
from projections.timeline import TimelineEvent
from projections.timeline import timeline as subject_timeline
from projections.trader_profiles import names_of

Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many rows at most.")]


def signals(
    trader: Annotated[str | None, typer.Option(help="Only this trader's.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel's.")] = None,
    state: Annotated[TradeState | None, typer.Option(help="Only trades in this state.")] = None,
    decision: Annotated[Decision | None, typer.Option(help="Only with this decision.")] = None,
    as_of: AsOf = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List signals, the newest first."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        rows = feed_signals(
            connection,
            trader=None if trader is None else trader_named(connection, trader),
            channel=channel,
            state=state,
            decision=decision,
            as_of=as_of,
            limit=limit,
        )
        names = names_of(connection, {row.trader for row in rows})
    if json:
        as_json([{"name": names.get(row.trader, ""), **fields(row)} for row in rows])
        return
    table(
        rows,
        (
            Column("posted (UTC)", lambda row: moment(row.posted_at), whole=True, spare=True),
            Column("id", lambda row: str(row.signal)[:8], whole=True),
            Column("trader", lambda row: names.get(row.trader, "")),
            Column("trade", lambda row: f"{row.side.value} {row.title}"),
            Column("open", _open_of, is_figure=True),
            Column("claimed", lambda row: price(row.claimed_px), is_figure=True, spare=True),
            Column("counts at", lambda row: price(row.average_px), is_figure=True),
            Column("badge", _badge_of, spare=True),
            Column("decision", lambda row: row.decision.value),
            Column("trade is", lambda row: row.state.value, spare=True),
            Column("message", _message_is, spare=True),
        ),
    )


def queue(as_of: AsOf = None, limit: Limit = 30, json: Json = False) -> None:
    """List what waits for approval, the oldest first."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        rows = pending(connection, as_of=as_of, limit=limit)
        names = names_of(connection, {row.trader for row in rows})
    if json:
        as_json([{"name": names.get(row.trader, ""), **fields(row)} for row in rows])
        return
    table(
        rows,
        (
            Column("posted (UTC)", lambda row: moment(row.posted_at), whole=True, spare=True),
            Column("id", lambda row: str(row.signal)[:8], whole=True),
            Column("trader", lambda row: names.get(row.trader, "")),
            Column("trade", lambda row: f"{row.side.value} {amount(row.quantity)} {row.title}"),
            Column("claimed", lambda row: price(row.price), is_figure=True),
            Column("market", lambda row: price(row.market_px), is_figure=True),
            Column("yes", lambda row: f"{row.given}/{row.needed} {row.given_by}".strip()),
            Column("refused", lambda row: row.refusals or "", is_figure=True, spare=True),
            Column("until (UTC)", lambda row: moment(row.valid_until), whole=True, spare=True),
        ),
        empty="nothing waits for approval",
        note="decide with: truetape approve ID, or truetape reject ID --reason WHY",
    )


def orders(
    account: Annotated[str | None, typer.Option(help="Only this account's.")] = None,
    as_of: AsOf = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List orders, the newest first."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        rows = blotter_orders(connection, account=account, as_of=as_of, limit=limit)
    if json:
        as_json([{**fields(row), "checks": checks_of(row)} for row in rows])
        return
    table(
        rows,
        (
            Column("requested (UTC)", lambda row: moment(row.requested_at), whole=True, spare=True),
            Column("id", lambda row: str(row.order_stream)[:8], whole=True),
            Column("account", lambda row: row.account, spare=True),
            Column("order", lambda row: f"{row.side.value} {amount(row.order_qty)} {row.title}"),
            Column("at", _terms_of, is_figure=True, spare=True),
            Column("status", lambda row: row.status.value),
            Column("filled", lambda row: amount(row.cum_qty), is_figure=True),
            Column("avg px", lambda row: price(row.avg_px or None), is_figure=True),
            Column("why", _why_of),
        ),
        empty="no orders yet: they follow from truetape approve, or truetape order",
    )


def timeline(
    subject: Annotated[
        str, typer.Argument(help="A trader's name, an account, or the id of a signal or order.")
    ],
    as_of: AsOf = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show every event of a trader, account, signal or order, the newest last."""
    with house() as opened, opened.reader.connection() as connection:
        opened.catch_up()
        stream = subject_named(connection, subject)
        rows = subject_timeline(connection, stream, as_of=as_of, limit=limit)[::-1]
        wrong = wrong_times(connection, as_of=as_of)
    marks = {row.position: wrong.off_ms(row.recorded_at) for row in rows}
    if json:
        as_json([{**_event(row), "clock_off_ms": marks[row.position]} for row in rows])
        return
    table(
        rows,
        (
            Column("position", lambda row: row.position, is_figure=True),
            Column(
                "recorded (UTC)",
                lambda row: f"{row.recorded_at:%Y-%m-%d %H:%M:%S}{_doubt(marks[row.position])}",
                whole=True,
                spare=True,
            ),
            Column("event", lambda row: row.name, whole=True),
            Column("of", lambda row: str(row.stream)[:8], whole=True, spare=True),
            Column("by", lambda row: row.actor),
            Column("cause", lambda row: row.causation or "", is_figure=True, spare=True),
            Column("what", event_told),
        ),
        note=f"{subject}: {len(rows)} events shown; --limit shows more, --json all their fields",
    )


def _doubt(off_ms: Decimal | None) -> str:
    """The mark of a time that a clock gave which is known to have been wrong then."""
    return "" if off_ms is None else f" (off by {off_ms / 1_000:+.1f} s)"


def subject_named(connection: Connection[Any], text: str) -> UUID:
    """The trader, account, signal or order that a person names.

    Raises:
        NotFound: nothing goes by it.
    """
    if connection.execute("SELECT 1 FROM read.accounts WHERE name = %s", (text,)).fetchone():
        return account_stream(text)
    try:
        return trader_named(connection, text)
    except ApplicationError as error:
        try:
            return record_named(connection, text)[1]
        except (ApplicationError, DomainError):
            raise error from None


def _terms_of(row: OrderRow) -> str:
    """The prices that bind it, if any does."""
    stop = [] if row.stop_px is None else [f"stop {price(row.stop_px)}"]
    return " ".join([*stop, *([] if row.limit_px is None else [price(row.limit_px)])]) or "market"


def _why_of(row: OrderRow) -> str:
    """Why it stands as it does, or why it was asked for."""
    if row.in_doubt:
        return f"no answer yet, it is looked up: {row.reason}"
    more = f", {amount(row.overfilled)} more than ordered" if row.overfilled else ""
    return (row.reason or row.purpose) + more


def _open_of(row: SignalRow) -> str:
    return f"{amount(row.open_quantity)}/{amount(row.quantity)}"


def _message_is(row: SignalRow) -> str:
    """What became of the words afterwards."""
    if row.deleted_at is not None:
        return f"deleted by its author, noticed {moment(row.deleted_at)}"
    return "" if row.edited_at is None else f"edited {moment(row.edited_at)}"


def _badge_of(row: SignalRow) -> str:
    if row.hindsight:
        return "hindsight"
    return "unattainable" if row.unattainable else row.badge.value.replace("_", "-")


def fields(row: msgspec.Struct) -> dict[str, Any]:
    """A row as JSON has it."""
    return msgspec.structs.asdict(row)


def _event(row: TimelineEvent) -> dict[str, Any]:
    return {**row._asdict(), "body": msgspec.json.decode(row.body)}
