"""Wording: figures as people read them, the same at the command line and in Discord."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from uuid import UUID

import msgspec

from domain.quant.figures import Figure, Unit
from domain.shared import InvalidInput
from projections.blotter import OrderRow
from projections.leaderboards import Standing
from projections.skill import floored
from projections.timeline import TimelineEvent

MARK = "⚑"
Marks = Mapping[UUID, int]
"""How many flags traders have for what they did."""
NO_MARKS: Marks = MappingProxyType({})


def percent(value: Decimal | float | None, *, places: int = 1, sign: bool = True) -> str:
    """A ratio as a percentage; a dash if it is not known."""
    if value is None:
        return "-"
    return f"{value * 100:{'+' if sign else ''}.{places}f}%"


def money(value: Decimal | None, *, sign: bool = False) -> str:
    """US dollars to the cent, with thousands separated; a dash if not known."""
    return "-" if value is None else f"{value:{'+' if sign else ''},.2f}"


def price(value: Decimal | None) -> str:
    """A price per share with at least two decimals; a dash if not known."""
    if value is None:
        return "-"
    exponent = value.normalize().as_tuple().exponent
    places = max(2, min(4, -exponent)) if isinstance(exponent, int) else 2
    return f"{value:.{places}f}"


def amount(value: Decimal | None) -> str:
    """A quantity without needless zeros; a dash if not known."""
    return "-" if value is None else f"{value.normalize():f}"


def moment(value: datetime | None) -> str:
    """A time in UTC to the minute; a dash if not known."""
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M}"


def accuracy_of(row: Standing) -> str:
    """The part that was won, with its 95 % interval: `63% 41-81`."""
    if row.accuracy is None:
        return "-"
    low, high = (percent(edge, places=0, sign=False) for edge in (row.accuracy_low,
                                                                  row.accuracy_high))  # fmt: skip
    return f"{percent(row.accuracy, places=0, sign=False)} {low[:-1]}-{high[:-1]}"


def sharpe_of(row: Standing) -> str:
    """The Sharpe-like figure; a dash if there is none."""
    return "-" if row.sharpe is None else f"{row.sharpe:.2f}"


def mark_of(flags: int) -> str:
    """The mark behind the name of who has flags: ` ⚑3`."""
    return f" {MARK}{flags}" if flags else ""


def score_of(row: Standing) -> str:
    """The score, from 0 to 100; a dash if there is none."""
    return "-" if row.skill is None or row.skill.score is None else f"{row.skill.score:.1f}"


def mean_return_of(row: Standing) -> str:
    """The shrunk return per trade."""
    return "-" if row.skill is None else percent(row.skill.mean_return)


def psr_of(row: Standing) -> str:
    """The probability that there is skill, never rounded up to the gate."""
    return "-" if row.skill is None else f"{floored(row.skill.psr):.2f}"


def unseen_of(row: Standing) -> str:
    """How many losses are still to be expected, and how deep: `1.3 x -498%`."""
    if row.skill is None or row.skill.unseen == 0:
        return "-"
    return f"{row.skill.unseen:.1f} x {percent(-row.skill.depth, places=0)}"


def skill_of(row: Standing) -> str:
    """The figures of skill in a line; nothing without a score."""
    if row.skill is None or row.skill.score is None:
        return ""
    return (
        f"score **{score_of(row)}** · mean {mean_return_of(row)} · PSR {psr_of(row)} · "
        f"unseen {unseen_of(row)} · "
    )


def unranked_of(row: Standing) -> str:
    """Why it has no rank, in as few words as a column has room for."""
    return row.unranked.rpartition(": ")[2].removeprefix("too ")


def rests_on(row: Standing) -> str:
    """Whether it ranks, and what the trades behind a standing rest on."""
    short = row.unranked
    if short and row.skill is None:
        short = f"unranked {short}"
    return ", ".join(part for part in (short, badges_of(row)) if part)


def badges_of(row: Standing) -> str:
    """What the closed trades of a standing rest on."""
    return ", ".join(
        f"{count} {name}"
        for name, count in (
            ("filled", row.filled),
            ("checked", row.checked),
            ("posted", row.posted),
            ("assumed", row.assumed),
            ("unattainable", row.unattainable),
        )
        if count
    )


def figure_told(found: Figure) -> str:
    """A figure's value in its unit, or why there is none."""
    return found.status.value if found.value is None else _in_unit(found.value, found.unit)


def interval_told(found: Figure) -> str:
    """A figure's 95 % interval; nothing if it has none."""
    if found.low is None or found.high is None:
        return ""
    return f"{_in_unit(found.low, found.unit)} to {_in_unit(found.high, found.unit)}"


def _in_unit(value: Decimal, unit: Unit) -> str:
    match unit:
        case Unit.RATIO:
            return percent(value)
        case Unit.SHARE | Unit.PROBABILITY:
            return percent(value, sign=False)
        case Unit.USD:
            return money(value, sign=True)
        case Unit.INDEX:
            return f"{value:.3f}"
        case Unit.TRADES:
            return f"{value:.0f}"
        case Unit.SESSIONS:
            return f"{value:.0f} sessions"
        case Unit.HOURS:
            return f"{value:,.1f} h"
        case Unit.R:
            return f"{value:+.2f} R"
        case Unit.NUMBER:
            return f"{value:,.2f}"


def order_told(row: OrderRow) -> str:
    """An order in a few words: what it is, how it stands, and why."""
    words = f"{row.side.value} {amount(row.order_qty)} {row.title} {row.status.value}"
    if row.cum_qty:
        words += f" at {price(row.avg_px)}"
    return f"{words} ({row.reason})" if row.reason else words


_TOLD = ("title", "content", "legs", "side", "quantity", "order_qty", "last_qty", "price",
         "last_px", "claimed", "bid", "offer", "accepted_px", "at_risk", "changes", "edited_at",
         "noticed_at", "reason", "why", "by", "name")  # fmt: skip


def event_told(row: TimelineEvent) -> str:
    """The body's most telling fields in one line."""
    body = msgspec.json.decode(row.body)
    if "legs" in body:
        body["legs"] = " ".join(leg["symbol"].replace("  ", "") for leg in body["legs"])
    if "changes" in body:
        body["changes"] = "; ".join(
            f"{one['field']} {one['was'] or '-'} -> {one['now'] or '-'}" for one in body["changes"]
        )
    told = [f"{name} {body[name]}" for name in _TOLD if body.get(name) not in (None, "", [])]
    return " ".join(", ".join(told).split())


def clock_time(text: str) -> time:
    """The clock time that a person typed.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = time.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"{text!r} is no clock time: write it as 15:45") from None
    if found.tzinfo is not None:
        raise InvalidInput(f"{text!r} is a time in New York: give it without an offset")
    return found


def number(text: str, what: str) -> Decimal:
    """The number that a person typed.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise InvalidInput(f"the {what} {text!r} is no number") from None
    if not found.is_finite():
        raise InvalidInput(f"the {what} {text!r} is no number")
    return found
