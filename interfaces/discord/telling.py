"""Telling: what happened to a signal in a line, with its place on the tape in front."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.holdings import holding_stream
from interfaces.discord.exit_words import exit_told
from interfaces.discord.members import called
from interfaces.discord.slash.answers import plain
from interfaces.discord.slash.follow import mentions_of
from interfaces.wording import amount, event_told, money, percent, price
from projections.blotter import order
from projections.position_pages import position
from projections.positions import PositionRow
from projections.signal_feed import signal as signal_row
from projections.timeline import TimelineEvent, timeline
from projections.trader_profiles import names_of

LINE_MAX = 380
STORY_PAGE = 200

_TOLD = {
    "signal.posted": "posted: {side} {quantity} at {price}",
    "signal.price_checked": "price of execution {number} checked: bid {bid}, offer {offer}, "
    "counts at {price}",
    "signal.approval_given": "{by} said yes; another approver is needed",
    "signal.approved": "approved by {by} via {via} for {account}",
    "signal.approval_refused": "{attempt} by {by} refused: {reason}",
    "signal.rejected": "rejected by {by} via {via}: {reason}",
    "signal.expired": "expired: nobody decided in time",
    "signal.added": "added {quantity} at {price}",
    "signal.exit_called": "exit of {quantity} at {price} ({reason})",
    "signal.settled": "{quantity} settled at {price}",
    "signal.levels_moved": "moved to: stop {stop}, targets {targets}",
    "signal.corrected": "execution {number} corrected by {by}: {quantity} at {price}; {reason}",
    "signal.closed": "closed ({reason})",
    "signal.voided": "voided by {by}: {reason}",
    "signal.source_deleted": "its author deleted a message of it",
    "order.requested": "order requested: {side} {order_qty} for {account}",
    "order.cleared": "order passed every check",
    "order.submitted": "order sent to {broker}",
    "order.accepted": "order accepted by the broker",
    "order.filled": "order filled: {last_qty} at {last_px}",
    "order.denied": "order denied: {reason}",
    "order.rejected": "order rejected by the broker: {reason}",
    "order.canceled": "rest of the order canceled",
    "order.expired": "order expired",
    "order.cancel_requested": "rest of the order asked back: {reason}",
    "order.cancel_rejected": "the broker does not take the order back: {reason}",
    "order.outcome_unknown": "the broker did not answer, and is asked again: {reason}",
    "correction.requested": "correction asked for by {by}: {reason}",
    "correction.approved": "correction approved by {by}",
    "correction.applied": "correction applied by {by}",
    "correction.refused": "correction refused by {by}: {reason}",
}

_PRICES = frozenset({"price", "bid", "offer", "last_px", "stop"})
_QUANTITIES = frozenset({"quantity", "order_qty", "last_qty"})


def told(event: TimelineEvent) -> str:
    """An event in a line that begins with its place on the tape."""
    body: Mapping[str, Any] = msgspec.json.decode(event.body)
    words, left = _TOLD.get(event.name), exit_told(event.name, body)
    if left is not None:
        said = left
    elif words is None:
        name = event.name.partition(".")[2].replace("_", " ")
        said = f"{name}: {event_told(event)}"
    else:
        said = words.format_map(_Known(_figures(body)))
    at = f"{event.recorded_at:%m-%d %H:%M:%S}"
    return f"`{event.position}` {at} {plain(called(said), LINE_MAX)}"


def _figures(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that were said, prices and quantities as people write them."""
    for name, value in body.items():
        if name in _PRICES and value is not None:
            yield name, price(Decimal(value))
        elif name in _QUANTITIES and value is not None:
            yield name, amount(Decimal(value))
        elif name == "targets" and value:
            yield name, " ".join(price(Decimal(target)) for target in value)
        elif value:
            yield name, value


class _Known(dict[str, Any]):
    """The fields of a body; what it leaves out was not said."""

    def __missing__(self, _key: str) -> str:
        return "-"


def lines_of(connection: Connection[Any], signal: UUID, wanted: Collection[int]) -> dict[int, str]:
    """These events of a signal's story, each in a line, in the order of the tape."""
    found: dict[int, str] = {}
    after = min(wanted, default=1) - 1
    while wanted and after < max(wanted):
        page = timeline(connection, signal, after=after, limit=STORY_PAGE, descending=False)
        found |= {
            event.position: told(event) + _callings(connection, signal, event)
            for event in page
            if event.position in wanted
        }
        if len(page) < STORY_PAGE:
            break
        after = page[-1].position
    return found


def _callings(connection: Connection[Any], signal: UUID, event: TimelineEvent) -> str:
    """Mentions of those who follow the trader, where the signal begins."""
    if event.name != "signal.posted":
        return ""
    row = signal_row(connection, signal)
    mentions = "" if row is None else mentions_of(connection, row.trader)
    return f" {mentions}" if mentions else ""


def trade_told(connection: Connection[Any], about: UUID, at: int) -> str | None:
    """A fill or exit of a signal, or of an order by hand, with what it earned; None if the event
    is neither.
    """
    row = signal_row(connection, about)
    page = timeline(connection, about, after=at - 1, limit=1, descending=False)
    if not page or page[0].position != at:
        return None
    event = page[0]
    body = _Known(msgspec.json.decode(event.body))
    trader = "" if row is None else plain(names_of(connection, [row.trader]).get(row.trader, ""))
    if event.name == "order.filled":
        return _fill(connection, event, body, "by hand" if row is None else f"on {trader}'s signal")
    if row is None or event.name not in ("signal.exit_called", "signal.settled"):
        return None
    verb = "settled" if event.name == "signal.settled" else "out of"
    given = body.get("price")
    priced = "without a price" if given is None else f"at {price(Decimal(given))}"
    said = f"**{trader}** {verb} {amount(Decimal(body['quantity']))} {row.title} {priced}"
    return f"`{at}` {said}{_earned(connection, about, at)}"


def _fill(
    connection: Connection[Any], event: TimelineEvent, body: Mapping[str, Any], why: str
) -> str | None:
    found = order(connection, event.stream)
    if found is None:
        return None
    quantity, paid = Decimal(body["last_qty"]), Decimal(body["last_px"])
    said = (
        f"**{plain(found.account)}** filled: {found.side.value} {amount(quantity)} {found.title} "
        f"at {price(paid)}, {why}"
    )
    earned = ""
    if found.position_effect.value == "close":
        holding = holding_stream(found.account, found.symbol)
        earned = _earned(connection, holding, event.position)
    return f"`{event.position}` {said}{earned}"


def _earned(connection: Connection[Any], stream: UUID, at: int) -> str:
    """What an event realised of a position, and what that came to with it."""
    after = position(connection, stream, as_of=at)
    if after is None:
        return ""
    before = position(connection, stream, as_of=at - 1)
    realised = after.realised - _realised(before)
    is_open = f"{amount(after.quantity)} open" if after.quantity else "nothing open"
    return (
        f": P&L {money(realised, sign=True)}; the position has earned "
        f"{money(after.pnl, sign=True)} ({percent(after.pnl_ratio)}), {is_open}"
    )


def _realised(row: PositionRow | None) -> Decimal:
    return Decimal(0) if row is None else row.realised
