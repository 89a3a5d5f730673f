"""What people do to a signal, with everything they leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.approvals import Approver, Assessment, Role
from domain.fix import Side
from domain.legs import Leg
from domain.messages import message_stream
from domain.shared import stream_id
from domain.signal_events import (
    ClosedBy,
    PriceEvidence,
    Source,
)
from domain.signals import Signal
from domain.traders import trader_stream

D = Decimal
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
LAPSES = NOON + timedelta(hours=1)
CALL = Leg(symbol="TSLA  261120C00250000", side=Side.BUY)
MESSAGE = message_stream("discord", "1")
NORA = trader_stream("discord", "77")
OLGA = Approver(name="olga", roles=frozenset({Role.APPROVER}))
FIX = stream_id("correction", "1")


def posted(
    *,
    quantity: str = "4",
    price: str = "2.00",
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = (CALL,),
    valid_until: datetime | None = LAPSES,
) -> Signal:
    """Four calls bought at 2.00, open for approval for an hour."""
    return Signal.post(
        place=0,
        origin="trader",
        trader=NORA,
        source=Source(platform="discord", channel="options", message=MESSAGE),
        side=side,
        legs=legs,
        quantity=D(quantity),
        price=D(price),
        price_to=None,
        stop=D("1.50"),
        targets=(D("3.00"),),
        valid_until=valid_until,
        parser="canonical-1",
        rules=(),
        posted_at=NOON,
        at=NOON,
    )


def add(signal: Signal, quantity: str, price: str) -> None:
    signal.add(
        quantity=D(quantity), price=D(price), message=MESSAGE, rules=(), posted_at=NOON, at=NOON
    )


def leave(signal: Signal, quantity: str, price: str | None = "3.00") -> None:
    signal.call_exit(
        quantity=D(quantity),
        price=None if price is None else D(price),
        reason=ClosedBy.EXIT,
        message=MESSAGE,
        rules=(),
        posted_at=NOON,
        at=NOON,
    )


def settle(signal: Signal, price: str = "0") -> None:
    signal.settle(price=D(price), underlying_px=D(240), assumed=False, settled_at=NOON, at=NOON)


def close(signal: Signal) -> None:
    signal.close(reason=ClosedBy.EXIT, closed_at=NOON, at=NOON)


def correct(
    signal: Signal, number: int = 1, *, price: str | None = None, quantity: str | None = None
) -> None:
    signal.correct(
        correction=FIX,
        number=number,
        price=None if price is None else D(price),
        quantity=None if quantity is None else D(quantity),
        reason="mistyped",
        by="olga",
        at=NOON,
    )


def void(signal: Signal) -> None:
    signal.void(correction=FIX, reason="a joke", by="olga", at=NOON)


def evidence(price: str = "2.05") -> PriceEvidence:
    return PriceEvidence(
        claimed=D("2.00"),
        bid=D("1.95"),
        offer=D(price),
        quote_time=NOON,
        source="recorded",
        attainable=True,
        price=D(price),
    )


def approve(signal: Signal, at: datetime = NOON) -> None:
    signal.approve(OLGA, via="cli", account="paper", assessed=Assessment(), at=at)


def reject(signal: Signal, reason: str = "too large", at: datetime = NOON) -> None:
    signal.reject(OLGA, reason=reason, via="cli", at=at)
