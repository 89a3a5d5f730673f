"""How a holding is guarded and left is said in words, a line for each event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from adapters.mapper import encode_body
from domain.exit_changes import Concern, ExitPlanAdjusted, ExitPlanResized, ExitPlanWarned
from domain.exit_events import (
    ExitPlanChanged,
    ExitPlanGrown,
    ExitPlanPostponed,
    ExitPlanReduced,
    ExitPlanReleased,
    ExitPlanTrailed,
    ExitPlanTriggered,
)
from domain.exit_terms import ExitReason, Levels, QuoteSeen, Target, TimeStop, Trailing
from domain.exits import ExitPlan
from domain.fix import OrdType, Side
from domain.legs import Leg
from domain.shared import Event
from interfaces.discord.exit_words import exit_told

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
QUOTE = QuoteSeen(bid=D("1.45"), offer=D("1.55"), time=NOON, source="quotes")
ENVELOPE: dict[str, Any] = {
    "originator_id": UUID(int=1),
    "originator_version": 2,
    "timestamp": NOON,
}
LEVELS = Levels(
    stop=D("1.50"), targets=(Target(price=D(3), quantity=D(2)), Target(price=D(4))),
    trailing=Trailing(share=D("0.20")), time_stop=TimeStop(days_left=1, at=NOON),
)  # fmt: skip


def said(event: Event) -> str | None:
    """What is told of an event as it is stored."""
    return exit_told(event.TOPIC, msgspec.json.decode(encode_body(event)))


def plan(levels: Levels, *left_out: str) -> Event:
    found = ExitPlan.set(
        account="paper", trade=UUID(int=7), side=Side.BUY,
        legs=(Leg(symbol="TSLA  261120C00250000", side=Side.BUY),), levels=levels, held=D(4),
        avg_px=D("2.30"), commission=D(0), left_out=left_out, at=NOON,
    )  # fmt: skip
    (event,) = found.collect_events()
    assert isinstance(event, Event)
    return event


def test_by_what_a_holding_is_guarded() -> None:
    assert said(plan(LEVELS)) == (
        "paper holds 4 at 2.30, guarded by stop 1.50, target 3.00 for 2, target 4.00, "
        "a trailing stop 20% behind, a time stop 1 day before expiry, "
        "a time stop at 2026-11-18 17:00 UTC"
    )


def test_what_the_trader_said_that_guards_nothing() -> None:
    assert said(plan(Levels(), "the stop 9 is above the price")) == (
        "paper holds 4 at 2.30, guarded by no level "
        "(not by what was said: the stop 9 is above the price)"
    )


def test_levels_that_are_moved_and_a_holding_that_grows() -> None:
    levels = Levels(trailing=Trailing(amount=D("0.25")))
    assert said(ExitPlanChanged(**ENVELOPE, levels=levels, by="member:ada")) == (
        "from now on guarded by a trailing stop 0.25 behind; by member:ada"
    )
    grown = ExitPlanGrown(**ENVELOPE, quantity=D(1), held=D(5), avg_px=D(2), commission=D(0))
    assert said(grown) == "5 held at 2.00, 1 more than before"
    assert said(ExitPlanTrailed(**ENVELOPE, best=D("2.9"), quote=QUOTE)) == (
        "the best price is 2.90: the trailing stop follows it"
    )


def test_what_fires_and_by_which_quote() -> None:
    fired = ExitPlanTriggered(
        **ENVELOPE, number=1, cl_ord_id="x1", reason=ExitReason.STOP, level=D("1.5"),
        quantity=D(4), ord_type=OrdType.LIMIT, limit_px=D("1.44"), quote=QUOTE, gapped=True,
        gap=D("0.05"),
    )  # fmt: skip
    assert said(fired) == (
        "the stop 1.50, 0.05 beyond it: 4 to be closed at 1.44 or better "
        "(bid 1.45, offer 1.55 at 17:00:00 UTC)"
    )
    by_hand = ExitPlanTriggered(
        **ENVELOPE, number=2, cl_ord_id="x2", reason=ExitReason.BY_HAND, quantity=D(1),
        ord_type=OrdType.MARKET,
    )  # fmt: skip
    assert said(by_hand) == "an order by hand: 1 to be closed at the market"


def test_what_has_to_wait_and_what_did_not_trade() -> None:
    waits = ExitPlanPostponed(
        **ENVELOPE, reason=ExitReason.CLOSE_ALL, quote=None, waits_for="the cancel of x1"
    )
    assert said(waits) == "the close-all is due and waits for the cancel of x1"
    released = ExitPlanReleased(
        **ENVELOPE, cl_ord_id="x1", why="rejected", left=D(3), retry_at=NOON + timedelta(seconds=6)
    )
    assert said(released) == (
        "3 of a closing order did not trade: rejected; tried again after 17:00:06"
    )


def test_what_is_gone() -> None:
    reduced = ExitPlanReduced(
        **ENVELOPE, why="stop", quantity=D(5), held=D(0), commission=D(0), oversold=D(1)
    )
    assert said(reduced) == "5 gone (stop), 1 more than was held: 0 held"


def test_what_others_change_and_what_is_to_be_looked_at() -> None:
    resized = ExitPlanResized(
        **ENVELOPE, cl_ord_id="x1", quantity=D(5), left=D(4), why="more is to be closed by it"
    )
    assert said(resized) == "a closing order closes 4 from now on: more is to be closed by it"
    split = ExitPlanAdjusted(
        **ENVELOPE, symbol="TSLA", to_symbol="TSLA", from_quantity=D(1), to_quantity=D(3),
        why="split",
    )  # fmt: skip
    assert said(split) == "TSLA (split): 1 became 3, and the levels follow"
    renamed = msgspec.structs.replace(split, to_symbol="TSLB", to_quantity=D(1), why="a new name")
    assert said(renamed) == (
        "TSLA is TSLB from now on (a new name): 1 became 1, and the levels follow"
    )
    warned = ExitPlanWarned(
        **ENVELOPE, account="paper", symbol="TSLA", concern=Concern.EXPIRY,
        words="it expires today", day=NOON.date(),
    )  # fmt: skip
    assert said(warned) == "to be looked at: it expires today"


def test_of_other_events_it_says_nothing() -> None:
    assert exit_told("order.filled", {}) is None
