"""Selling: an exit that fired becomes a closing order, after whatever stands in its way.

The plan's event and its order are one batch, so there is no trigger without its order and no
order without its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.desk import Work
from application.limiting import limits_of
from domain.exit_firing import fired as fired_at
from domain.exit_terms import BY_LEVEL, ExitReason, Fired, Levels, QuoteSeen, closing_terms
from domain.exits import ExitPlan
from domain.fix import OrdStatus, PositionEffect, Side, TimeInForce
from domain.legs import Leg, strategy_quote, strategy_symbol
from domain.market import Quote, exchange_day, why_unusable
from domain.order_events import Check
from domain.orders import Order, entry_name, order_stream
from domain.shared import stream_id

IN_WORDS = {
    ExitReason.STOP: "the stop",
    ExitReason.TARGET: "a target",
    ExitReason.TRAILING: "the trailing stop",
    ExitReason.TIME: "the time stop",
    ExitReason.TRADER: "the trader's exit",
    ExitReason.CLOSE_ALL: "the close-all",
    ExitReason.BY_HAND: "an order by hand",
}


class Seen(NamedTuple):
    """The quote of a whole trade, or why there is none that anything may be decided by."""

    quote: QuoteSeen | None
    why_not: str = ""


def seen(
    side: Side, legs: tuple[Leg, ...], quotes: Mapping[str, Quote], *, at: datetime, age_s: int
) -> Seen:
    """The quote by which a holding of that side is left, if it can be used for that."""
    found, oldest = [], timedelta(seconds=age_s)
    for leg in legs:
        quote = quotes.get(leg.symbol)
        why_not = "no quote" if quote is None else why_unusable(quote, at=at, max_age=oldest)
        if quote is None or why_not:
            return Seen(None, f"{leg.symbol}: {why_not}" if len(legs) > 1 else why_not)
        found.append(quote)
    whole = strategy_quote(side, legs, {each.symbol: (each.bid, each.offer) for each in found})
    assert whole is not None
    bid, offer = whole
    if side is Side.BUY and bid <= 0:
        return Seen(None, "nobody bids: it cannot be sold")
    return Seen(
        QuoteSeen(
            bid=bid,
            offer=offer,
            bid_size=_least(legs, found, side),
            offer_size=_least(legs, found, side.opposite),
            time=min(each.time for each in found),
            source=", ".join(sorted({each.source for each in found})),
        )
    )


def look(
    work: Work,
    plan: ExitPlan,
    quotes: Mapping[str, Quote],
    *,
    best: Decimal | None = None,
    at: datetime,
) -> str:
    """Looks once whether an exit is due and asks for it; in words why nothing can be done.

    Raises:
        Unavailable: the store did not answer.
    """
    limits = limits_of(work, plan.account)
    quote, why_not = seen(plan.side, plan.legs, quotes, at=at, age_s=limits.quote_age_s)
    if quote is None:
        return why_not
    today = exchange_day(at)
    fired = fired_at(plan, quote, best=best, today=today, at=at)
    if fired is not None:
        leave(work, plan, fired, quote, best=best, ticks=limits.through_ticks, at=at)
    return ""


def leave(
    work: Work,
    plan: ExitPlan,
    fired: Fired,
    quote: QuoteSeen,
    *,
    best: Decimal | None = None,
    ticks: int,
    at: datetime,
) -> None:
    """Asks for the closing order of an exit, or for room where other orders work."""
    if fired.reason.takes_all:
        take_back(work, entry_name(plan.trade), f"{IN_WORDS[fired.reason]} ends the trade", at)
    in_the_way = plan.in_the_way(fired)
    for name in in_the_way:
        take_back(work, name, f"{IN_WORDS[fired.reason]} goes before it", at)
    if in_the_way or fired.quantity > plan.free:
        waits_for = " and ".join(in_the_way or sorted(plan.working))
        plan.postpone(fired, f"the cancel of {waits_for}", quote=quote, at=at)
        return
    terms = closing_terms(plan.side, plan.legs, fired, quote, ticks)
    triggered = plan.trigger(fired, quote, terms, best=best, at=at)
    order = work.begin(
        Order.request(
            cl_ord_id=triggered.cl_ord_id,
            account=plan.account,
            signal=plan.trade if is_signal(plan) else None,
            side=plan.side.opposite,
            position_effect=PositionEffect.CLOSE,
            legs=turned(plan.legs),
            order_qty=fired.quantity,
            ord_type=terms.ord_type,
            limit_px=terms.limit_px,
            time_in_force=TimeInForce.DAY,
            reason=IN_WORDS[fired.reason],
            at=at,
        )
    )
    order.clear((Check(name="exit", passed=True, detail=_seen_in_words(fired, quote)),), at=at)


def guard_by(
    work: Work, plan: ExitPlan, levels: Levels, *, by: str, left_out: tuple[str, ...] = (),
    at: datetime,
) -> bool:  # fmt: skip
    """Guards a holding by other levels, and takes back what the old ones sell; False if these
    are the levels already.

    Raises:
        InvalidInput, Impossible: levels that cannot guard it, or nothing is held.
    """
    if levels == plan.levels:
        return False
    others = levels.targets != plan.levels.targets
    sold_by = BY_LEVEL | ({ExitReason.TARGET} if others else frozenset())
    resting = [name for name, each in plan.working.items() if each.reason in sold_by]
    plan.change(levels, by=by, left_out=left_out, at=at)
    for name in resting:
        take_back(work, name, "the levels were moved", at)
    return True


def take_back(work: Work, cl_ord_id: str, why: str, at: datetime) -> bool:
    """Asks for what is left of an order back, once; True if it was asked or not sent at all."""
    order = work.find(Order, order_stream(cl_ord_id))
    if order is None or not order.status.is_open or order.status is OrdStatus.PENDING_CANCEL:
        return False
    if order.submitted:
        order.request_cancel(why, at=at)
    else:
        # Nobody has heard of it yet, so nobody can cancel it.
        order.deny(why, at=at)
    return True


def turned(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """The legs as they are traded the other way round."""
    return tuple(msgspec.structs.replace(leg, side=leg.side.opposite) for leg in legs)


def hand_line(account: str, side: Side, legs: tuple[Leg, ...]) -> UUID:
    """The trade of what an account opened by hand: its own line in the symbol."""
    return stream_id("manual", account, strategy_symbol(side, legs))


def is_signal(plan: ExitPlan) -> bool:
    """Whether the plan's trade is a signal, not a line opened by hand."""
    return plan.trade != hand_line(plan.account, plan.side, plan.opened_as)


def _least(legs: tuple[Leg, ...], quotes: list[Quote], side: Side) -> int | None:
    """How many units the smallest leg's size allows on the side where these legs are left."""
    sizes = [
        quote.bid_size if leg.side is side else quote.offer_size
        for leg, quote in zip(legs, quotes, strict=True)
    ]
    known = [size // leg.ratio for leg, size in zip(legs, sizes, strict=True) if size is not None]
    return min(known) if len(known) == len(legs) else None


def _seen_in_words(fired: Fired, quote: QuoteSeen) -> str:
    level = "" if fired.level is None else f" {fired.level}"
    beyond = f", {fired.gap} beyond it" if fired.gap else ""
    return f"{IN_WORDS[fired.reason]}{level} at {quote.bid} x {quote.offer}{beyond}"
