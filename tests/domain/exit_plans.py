"""Plans for exits, as the tests of their rules make them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from domain.exit_terms import Levels, QuoteSeen, Target, TimeStop, Trailing
from domain.exits import ExitPlan
from domain.fix import Side
from domain.legs import Leg

D = Decimal
AT = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
TRADE = UUID("6f2d3c1e-0a57-4c1b-9d2e-7472756574a9")
CALL = (Leg(symbol="TSLA  261120C00250000", side=Side.BUY),)
SHARES = (Leg(symbol="TSLA", side=Side.BUY),)


def quote(bid: str, offer: str | None = None) -> QuoteSeen:
    return QuoteSeen(bid=D(bid), offer=D(offer or bid), time=AT, source="test")


def targets(*prices: str) -> tuple[Target, ...]:
    return tuple(Target(price=D(each)) for each in prices)


def plan(
    held: str = "9",
    *,
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = CALL,
    stop: str | None = None,
    prices: tuple[str, ...] = (),
    trailing: Trailing | None = None,
    time_stop: TimeStop | None = None,
) -> ExitPlan:
    levels = Levels(
        stop=None if stop is None else D(stop),
        targets=targets(*prices),
        trailing=trailing,
        time_stop=time_stop,
    )
    return ExitPlan.set(
        account="paper", trade=TRADE, side=side, legs=legs, levels=levels, held=D(held),
        avg_px=D("5.52"), commission=D("6.30"), at=AT,
    )  # fmt: skip
