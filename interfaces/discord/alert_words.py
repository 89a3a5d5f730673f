"""Alert words: what the events say of which somebody is told at once, a line each.

A line begins with its event's place on the tape and with a sign: something to look at, or the end
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.reports import ExecutionReport
from domain.risk_events import Line
from domain.shared import InvalidInput, learned
from interfaces.discord.fitting import cut
from interfaces.discord.members import called
from interfaces.discord.slash.answers import plain
from interfaces.wording import amount, money, order_told, percent, price
from projections.blotter import order
from projections.corrections import correction
from projections.naming import title_of
from projections.signal_feed import signal as signal_row
from projections.timeline import TimelineEvent, timeline

WORDS_MAX = 700
SOME = 5
"""So many things of a list are named, the others counted."""

Body = Mapping[str, Any]
Words = Callable[[Connection[Any], UUID, Body], str]

_WARNING, _MENDED = "\N{WARNING SIGN}", "\N{WHITE HEAVY CHECK MARK}"


def alert_told(connection: Connection[Any], about: UUID, at: int) -> str | None:
    """What an event makes known; None if nobody has to hear of it at once."""
    page = timeline(connection, about, after=at - 1, limit=1, descending=False)
    if not page or page[0].position != at or page[0].name not in _TOLD:
        return None
    event = page[0]
    body = msgspec.json.decode(event.body)
    head, words = _TOLD[event.name]
    said = plain(called(words(connection, event.stream, body)), WORDS_MAX)
    sign = _MENDED if event.name in _OVER else _WARNING
    return f"`{at}` {sign} **{_head(event, head, body)}**: {said}"


def _head(event: TimelineEvent, head: str, body: Body) -> str:
    if event.name == "risk.warned" and body["was"] == "breach":
        return "A limit is kept again, and nearly used up"
    if event.name == "close_all.finished" and (body["left_open"] or body.get("orders_open")):
        return "Not everything could be closed"
    return head


def _of_signal(connection: Connection[Any], stream: UUID, body: Body) -> str:
    row = signal_row(connection, stream)
    if row is None:
        return ""
    at_risk = body.get("at_risk")
    money_told = "" if at_risk is None else f", {money(Decimal(at_risk))} USD at risk"
    said = f"{body.get('by', '')} said yes to {row.side.value} {row.title}"
    return f"{said} ({str(stream)[:8]}){money_told}"


def _of_order(connection: Connection[Any], stream: UUID, body: Body) -> str:
    row = order(connection, stream)
    told = "" if row is None else f"{row.account}: {order_told(row)}"
    reason = str(body.get("reason", ""))
    return f"{told}: {reason}" if reason and reason not in told else told


def _of_line(_: Connection[Any], _stream: UUID, body: Body) -> str:
    finding = body.get("finding") or {"line": body["line"]}
    line = msgspec.convert(finding["line"], learned(Line))
    told = f"{body['account']}: {line} ({percent(line.share, places=0, sign=False)})"
    weighing = [_named(symbol) for symbol in finding.get("positions", ())]
    told += f", mostly by {_some(weighing)}" if weighing else ""
    return told if line.complete else f"{told}; a position without a quote may hide some of it"


def _of_halt(_: Connection[Any], _stream: UUID, body: Body) -> str:
    return f"{body['account']}, by {body['by']}: {body['reason']}"


def _of_closing(connection: Connection[Any], stream: UUID, _: Body) -> str:
    ordered = _ordered(connection, stream)
    return (
        f"{ordered['account']}, as {ordered['by']} ordered; nothing is opened before the next "
        "session"
    )


def _of_closed(connection: Connection[Any], stream: UUID, body: Body) -> str:
    closed = [
        f"{amount(Decimal(one['quantity']))} {_named(one['symbol'])} at "
        f"{price(Decimal(one['avg_px']))}"
        for one in body["closed"]
    ]
    left = [
        f"{amount(Decimal(one['quantity']))} {_named(one['symbol'])} ({one['why']})"
        for one in body["left_open"]
    ]
    told = f"{_ordered(connection, stream)['account']}: {_some(closed) or 'nothing'} closed"
    told += f"; left is {_some(left)}" if left else ""
    working = body.get("orders_open", ())
    return f"{told}; {_some(working)} may still trade" if working else told


def _of_difference(_: Connection[Any], _stream: UUID, body: Body) -> str:
    differing = [
        f"{_named(one['symbol'])} is {amount(Decimal(one['ours']))} here and "
        f"{amount(Decimal(one['brokers']))} at the broker"
        for one in body["differences"]
    ]
    return f"{body['account']}: {_some(differing)}"


def _of_account(_: Connection[Any], _stream: UUID, body: Body) -> str:
    return str(body["account"])


def _of_stray(_: Connection[Any], _stream: UUID, body: Body) -> str:
    report = msgspec.convert(body["report"], learned(ExecutionReport))
    named = report.cl_ord_id or report.order_id
    told = f"{body['account']}: {report.exec_type.value.replace('_', ' ')} of {named}"
    if report.last_qty:
        told += f", {amount(report.last_qty)} at {price(report.last_px)}"
    return f"{told}; it is kept until somebody claims it"


def _of_correction(connection: Connection[Any], stream: UUID, _: Body) -> str:
    row = correction(connection, stream)
    if row is None:
        return ""
    what = row.changes or ("void" if row.void else "")
    named = f"{row.target.value} {str(row.target_stream)[:8]}"
    people = f"asked for by {row.by}, approved by {row.decided_by}"
    return " ".join(f"{named} {row.part} {what}; {people}: {row.reason} {row.evidence}".split())


def _of_plan(_: Connection[Any], _stream: UUID, body: Body) -> str:
    return f"{body['account']}: {_named(body['symbol'])}, {body['words']}"


_TOLD: dict[str, tuple[str, Words]] = {
    "order.denied": ("Order denied by our own check", _of_order),
    "order.rejected": ("Order rejected by the broker", _of_order),
    "order.trade_canceled": ("A fill never happened", _of_order),
    "order.outcome_unknown": ("The broker did not say what became of an order", _of_order),
    "signal.approval_given": ("Another approver is needed", _of_signal),
    "risk.warned": ("A limit is nearly used up", _of_line),
    "risk.breached": ("A limit is passed, what would raise it is not opened", _of_line),
    "risk.cleared": ("A limit is kept again", _of_line),
    "trading.halted": ("Trading is halted, exits go on", _of_halt),
    "trading.resumed": ("Trading goes on", _of_halt),
    "close_all.begun": ("Everything is being closed", _of_closing),
    "close_all.finished": ("Everything is closed", _of_closed),
    "account.differed": ("Positions are not the broker's", _of_difference),
    "account.agreed": ("Positions are the broker's again", _of_account),
    "exit_plan.warned": ("A holding to look at", _of_plan),
    "correction.applied": ("A record is put right", _of_correction),
    "report.stray": ("The broker reports an order that is not on record", _of_stray),
}
_OVER = frozenset({
    "risk.cleared", "trading.resumed", "account.agreed", "correction.applied",
})  # fmt: skip


def _ordered(connection: Connection[Any], stream: UUID) -> Body:
    """By whom and of which account a close-all was ordered: its first event says."""
    first = timeline(connection, stream, limit=1, descending=False)
    body: Body = msgspec.json.decode(first[0].body)
    return body


def _named(symbol: str) -> str:
    """An instrument as people write it; a broker may name others."""
    try:
        return title_of(symbol)
    except InvalidInput:
        return symbol


def _some(words: Any) -> str:
    named = ", ".join(words[:SOME])
    return cut(f"{named} and {len(words) - SOME} more" if len(words) > SOME else named, WORDS_MAX)
