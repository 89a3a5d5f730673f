"""The oracle's sums of closed trades: each trade measured anew, summed day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from domain import signal_events
from domain.instruments import Option, instrument
from tests.properties.oracle import NIL, Figures, local_day, twelve

EXACT = Context(prec=200)


class Path(NamedTuple):
    """A trade's executions and its figures after each fact, in the order of time."""

    posted: signal_events.SignalPosted
    order: Sequence[Figures]
    walked: Sequence[Figures]
    per: Decimal


NAMES = ("trades", "wins", "total", "squares", "cubes", "fourths", "losses", "worst",
         "worst_squares")  # fmt: skip


def measure(posted: signal_events.SignalPosted, order: Sequence[Figures], pnl: Decimal,
            per: Decimal) -> tuple[Decimal, Decimal] | None:  # fmt: skip
    """P&L over the first entry's stake, and the most it could have lost over the same."""
    entries = [part for part in order if part["quantity"] > 0]
    first = entries[0]["quantity"] * entries[0]["tied"] if entries else NIL
    if first <= 0:
        return None
    losses = [_could_lose(posted, order[:count]) for count in range(1, len(order) + 1)]
    returned = _six(Fraction(pnl / per) / Fraction(first))
    most = max(losses)
    worst = Decimal(1) if most <= 0 else _six(most / Fraction(first))
    return returned, max(worst, Decimal("1e-6"), -returned)


def _could_lose(posted: signal_events.SignalPosted, parts: Sequence[Figures]) -> Fraction:
    """Per share: what was paid so far less what the rest is worth at worst."""
    sign = posted.side.sign
    paid = sum((Fraction(p["quantity"] * p["used"]) for p in parts), Fraction(0)) * sign
    held = sum((Fraction(p["quantity"]) for p in parts), Fraction(0))
    options = [(instrument(leg.symbol), leg.side.sign) for leg in posted.legs]
    if not isinstance(options[0][0], Option):
        entries = [p for p in parts if p["quantity"] > 0]
        if not entries:
            return Fraction(0)
        cost = sum((Fraction(p["quantity"] * p["used"]) for p in entries), Fraction(0))
        average = cost / sum((Fraction(p["quantity"]) for p in entries), Fraction(0))
        # A night's gap of a quarter against whoever holds or owes them.
        return paid - held * average * (Fraction(3, 4) if sign > 0 else Fraction(-5, 4))
    ends: list[Fraction] = []
    top = max(one.strike for one, _ in options if isinstance(one, Option))
    for spot in (NIL, top * 2, *(one.strike for one, _ in options if isinstance(one, Option))):
        worth = Fraction(0)
        for option, held_sign in options:
            assert isinstance(option, Option)
            up = spot - option.strike if option.right.value == "C" else option.strike - spot
            worth += held_sign * Fraction(max(up, NIL))
        ends.append(worth)
    return paid - held * min(ends)


def _six(value: Fraction) -> Decimal:
    exact = EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    rounded = exact.quantize(Decimal("1e-6"), ROUND_HALF_EVEN, EXACT)
    return max(min(rounded, Decimal(1_000_000)), Decimal(-1_000_000))


def sums_until(trades: Sequence[Figures], end: datetime) -> Figures:
    """The sums of the trades closed by then, and of those open and under water as if closed."""
    sums: Figures = dict.fromkeys(NAMES, NIL)
    for row in trades:
        closed_at = row["closed_at"]
        found = row["measured"]
        if not row["scored"] or row["opened_at"] > end:
            continue
        if closed_at is None or closed_at > end:
            path = row["path"]
            known = [step for step in path.walked if step["at"] <= end]
            parts = [part for part in path.order if part["at"] <= end]
            if known[-1]["pnl"] >= 0:
                continue
            found = measure(path.posted, parts, known[-1]["pnl"], path.per)
        if found is not None:
            sums = _plus(sums, *found)
    return sums


def _plus(sums: Figures, r: Decimal, w: Decimal) -> Figures:
    terms: Any = (1, r > 0, r, r * r, twelve(EXACT.power(r, 3)), twelve(EXACT.power(r, 4)),
             max(-r, NIL), w, w * w)  # fmt: skip
    return {name: EXACT.add(sums[name], Decimal(term))
            for name, term in zip(NAMES, terms, strict=True)}  # fmt: skip


def sums_by_day(trades: Sequence[Figures]) -> dict[date, Figures]:
    """Each day on which a trade that counts was closed, with the sums up to it."""
    sums: dict[str, Any] = dict.fromkeys(NAMES, NIL)
    days: dict[date, Figures] = {}
    closed = [row for row in trades if row["scored"] and row["closed_at"] and row["measured"]]
    for row in sorted(closed, key=lambda row: local_day(row["closed_at"])):
        sums = _plus(sums, *row["measured"])
        days[local_day(row["closed_at"])] = sums
    return days
