"""Cards: how a signal is shown, with all that is on record of it, and what can be pressed below.

A card is made anew from the record each time, so it can be lost, late or double and still be put
right. The ids of its buttons say which signal it shows and which version of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import discord
import msgspec
from discord import ui
from psycopg import Connection

from domain.signal_events import Decision
from interfaces.discord.buttons import Apply, Approve, Fix, Refuse, Reject, Why
from interfaces.discord.changes import Changes
from interfaces.discord.checks import made_of
from interfaces.discord.fitting import cut, fitted
from interfaces.discord.members import called
from interfaces.discord.recognising import CHECKS, Sign, footer_of, is_out, sign_of
from interfaces.discord.slash.answers import colour_of, plain
from interfaces.wording import amount, moment, money, order_told, percent, price
from projections.blotter import OrderRow, orders
from projections.position_pages import position
from projections.positions import PositionRow
from projections.signal_answers import AnswerRow, Heard, answers
from projections.signal_feed import executions
from projections.signal_feed import signal as signal_row
from projections.signal_rows import ExecutionRow, SignalRow, TradeState
from projections.timeline import TimelineEvent, timeline
from projections.trader_profiles import names_of

WAITING, DECIDED, OVER = 0xF9A825, 0x1565C0, 0x455A64
STORY_MAX, ORDERS_MAX, FIELD_MAX = 200, 5, 1_000


class Facts(NamedTuple):
    """What is on record of a signal."""

    row: SignalRow
    trader: str
    entry: ExecutionRow
    answers: list[AnswerRow]
    orders: list[OrderRow]
    held: PositionRow | None
    story: list[TimelineEvent]
    foreseen: tuple[str, ...] = ()
    """The largest moves that the correction which is asked for would bring."""


class Card(NamedTuple):
    """A signal as it is shown; `sign` tells two renderings apart."""

    row: SignalRow
    embed: discord.Embed
    items: tuple[ui.DynamicItem[Any], ...]

    @property
    def view(self) -> ui.View:
        view = ui.View(timeout=None)
        for item in self.items:
            view.add_item(item)
        return view

    @property
    def sign(self) -> Sign:
        """What a message that shows it looks like."""
        return sign_of(self.embed, ((item.custom_id, is_out(item.item)) for item in self.items))

    @property
    def waits(self) -> bool:
        """Whether somebody can still decide on it."""
        return _waits(self.row)

    def tell_checks(self, words: str) -> None:
        """Shows what the checks say at this moment, below the entry."""
        place = [field.name for field in self.embed.fields].index("Entry") + 1
        self.embed.insert_field_at(place, name=CHECKS, value=cut(words, FIELD_MAX), inline=False)
        fitted([self.embed])

    def is_timely(self, now: datetime) -> bool:
        """Whether somebody decided on it or still can: of old exports nobody is told."""
        row = self.row
        if row.decision is Decision.PENDING:
            return row.valid_until is None or now <= row.valid_until
        return row.decision is not Decision.EXPIRED


def card_of(
    connection: Connection[Any],
    signal: UUID,
    foresee: Callable[[UUID], Sequence[str]] | None = None,
) -> Card | None:
    """The card of a signal as it is on record; None before it is. `foresee` says what a correction
    that is asked for would move.
    """
    found = facts_of(connection, signal)
    if found is None:
        return None
    asked = Changes(found.story).asked if foresee is not None else []
    if foresee is not None and asked:
        found = found._replace(foreseen=tuple(foresee(asked[0].correction)))
    return made(found)


def facts_of(connection: Connection[Any], signal: UUID) -> Facts | None:
    """What is on record of a signal; None if nothing is."""
    row = signal_row(connection, signal)
    if row is None:
        return None
    return Facts(
        row=row,
        trader=names_of(connection, [row.trader]).get(row.trader, ""),
        entry=executions(connection, signal)[0],
        answers=answers(connection, signal),
        orders=orders(connection, signal=signal, limit=ORDERS_MAX),
        held=position(connection, signal),
        story=timeline(connection, signal, limit=STORY_MAX, descending=False),
    )


def made(facts: Facts) -> Card:
    """How it is shown."""
    row, changes = facts.row, Changes(facts.story)
    embed = discord.Embed(
        title=f"{headline(row)} @ {price(row.claimed_px)}"[:256],
        description=_state(facts),
        colour=_colour(facts),
        timestamp=row.posted_at,
    )
    fields = {
        "Trader": f"{plain(facts.trader)} in #{plain(row.channel)}, {moment(row.posted_at)} UTC",
        "Entry": _entry(facts.entry),
        "Stop": price(row.stop) if row.stop is not None else "",
        "Targets": row.targets.replace(" ", ", "),
        "Size": f"{amount(row.quantity)}, {amount(row.open_quantity)} open",
        "Read by": _reading(facts.story),
        "Confidence": _confidence(row),
        "Answers": "\n".join(_answers(facts)),
        "Order checks": made_of(facts.story),
        "Orders": "\n".join(plain(order_told(order), 180) for order in reversed(facts.orders)),
        "P&L": _pnl(facts.held),
        "Changed": "\n".join(changes.lines[-8:]),
        "Correction asked for": "\n".join(asked.words for asked in changes.asked[:3]),
        "It would move": "\n".join(plain(line, 120) for line in facts.foreseen),
        "Mind": "\n".join(_warnings(row)),
    }
    for name, value in fields.items():
        if value:
            embed.add_field(
                name=name, value=cut(value, FIELD_MAX), inline=name in ("Stop", "Targets")
            )
    embed.set_footer(text=footer_of(row.signal, row.version))
    fitted([embed])
    asked = changes.asked[0].correction if changes.asked else None
    return Card(row, embed, tuple(_buttons(row, asked)))


def headline(row: SignalRow) -> str:
    """`BUY 2 TSLA 250C 2026-11-20`."""
    return f"{row.side.value.upper()} {amount(row.quantity)} {row.title}"


def _buttons(row: SignalRow, asked: UUID | None) -> Iterator[ui.DynamicItem[Any]]:
    """What is decided keeps its buttons, put out: who presses late hears why."""
    waits = _waits(row)
    yield Approve(row.signal, row.version, disabled=not waits)
    yield Reject(row.signal, row.version, disabled=not waits)
    yield Fix(row.signal)
    yield Why(row.signal)
    if asked is not None:
        yield Apply(asked)
        yield Refuse(asked)


def _waits(row: SignalRow) -> bool:
    return row.decision is Decision.PENDING and row.state is TradeState.OPEN


def _state(facts: Facts) -> str:
    row = facts.row
    if row.state is TradeState.VOIDED:
        return f"**Voided**: {plain(row.reason, 200)}"
    if row.state is TradeState.CLOSED:
        ended = f"**Closed** ({row.closed_by.value if row.closed_by else 'exit'}) "
        return f"{ended}at {moment(row.closed_at)} UTC; {_decision(facts)}"
    return _decision(facts)


def _decision(facts: Facts) -> str:
    row = facts.row
    match row.decision:
        case Decision.PENDING if row.valid_until is None:
            return "**Waiting** for a yes or no"
        case Decision.PENDING:
            return f"**Waiting** for a yes or no until {moment(row.valid_until)} UTC"
        case Decision.EXPIRED:
            return f"**Expired**: nobody decided by {moment(row.decided_at)} UTC"
    told = f"**{row.decision.value.capitalize()}** by {_deciders(facts)} via {row.decided_via}"
    told += f" at {moment(row.decided_at)} UTC"
    return f"{told} for {row.account}" if row.account else f"{told}: {plain(row.reason, 200)}"


def _deciders(facts: Facts) -> str:
    """All whose yes it took."""
    row = facts.row
    others = [
        answer.by
        for answer in facts.answers
        if answer.heard is Heard.ANOTHER_NEEDED and answer.account == row.account
    ]
    named = dict.fromkeys([*others, row.decided_by] if row.account else [row.decided_by])
    return " and ".join(plain(called(name)) for name in named)


def _entry(entry: ExecutionRow) -> str:
    claimed = f"claimed {price(entry.claimed_px)}"
    if entry.attainable is None:
        return f"{claimed}; no quote is known of that moment"
    quoted = (
        f"bid {price(entry.bid)}, offer {price(entry.offer)} at {entry.quote_time:%H:%M:%S} UTC, "
        f"{plain(entry.quote_source)}"
    )
    verdict = "attainable" if entry.attainable else "**not attainable**"
    return f"{claimed}, {verdict}: counts at {price(entry.price)} ({quoted})"


def _reading(story: list[TimelineEvent]) -> str:
    """The parser, and the rules that it read the words by."""
    posted = story[0] if story and story[0].name == "signal.posted" else None
    body = {} if posted is None else msgspec.json.decode(posted.body)
    rules = ", ".join(body.get("rules", ()))
    parser = str(body.get("parser", ""))
    return plain(f"{parser}: {rules}" if rules else parser, 400)


def _confidence(row: SignalRow) -> str:
    """How sure the reading was; of old signals nobody kept it."""
    if row.confidence is None:
        return ""
    return percent(row.confidence, places=0, sign=False)


def _answers(facts: Facts) -> Iterator[str]:
    """Yeses that wait for another one, and what was tried in vain."""
    waiting = facts.row.decision is Decision.PENDING
    for answer in facts.answers:
        if waiting and answer.heard is Heard.ANOTHER_NEEDED:
            yield f"{plain(called(answer.by))} said yes: {plain(answer.words, 200)}"
    refused = [answer for answer in facts.answers if answer.heard is Heard.REFUSED]
    if refused:
        last = refused[-1]
        count = "one attempt was" if len(refused) == 1 else f"{len(refused)} attempts were"
        told = plain(called(f"{last.attempt.value} by {last.by}: {last.words}"), 300)
        yield f"{count} refused; {told}"


def _pnl(held: PositionRow | None) -> str:
    if held is None or (held.marked_at is None and held.realised == 0 and held.quantity != 0):
        return ""
    told = f"{money(held.pnl, sign=True)} ({percent(held.pnl_ratio)})"
    return told if held.quantity == 0 else f"{told}, realised {money(held.realised, sign=True)}"


def _warnings(row: SignalRow) -> Iterator[str]:
    if row.late:
        yield "not heard live: only a person may approve it"
    if row.hindsight:
        yield "booked with hindsight: it is not scored"
    if row.edited_at is not None:
        yield f"edited by its author at {moment(row.edited_at)} UTC"
    if row.deleted_at is not None:
        yield f"deleted by its author, noticed at {moment(row.deleted_at)} UTC"


def _colour(facts: Facts) -> int:
    row = facts.row
    if row.state is TradeState.CLOSED and facts.held is not None:
        return colour_of(facts.held.pnl)
    if row.state is not TradeState.OPEN:
        return OVER
    match row.decision:
        case Decision.PENDING:
            return WAITING
        case Decision.APPROVED:
            return DECIDED
    return OVER
