"""Aggregates with the figures that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.approvals import Approver, Assessment, Role
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.messages import Message, message_stream
from domain.orders import Order
from domain.signal_events import ClosedBy, PriceEvidence, Source
from domain.signals import Signal
from domain.traders import Trader, trader_stream

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TRADER = trader_stream("discord", "7")
CALL = "TSLA  261120C00250000"
LONGER_CALL = "TSLA  261120C00260000"
ANA = Approver(name="ana", roles=frozenset({Role.APPROVER}))


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def message(number: int = 1, author: str = "7", content: str = "BTO TSLA 250c") -> Message:
    return Message.capture(
        platform="discord", message_id=str(number), channel="alerts", author_id=author,
        author_name=f"trader {author}", content=content, embeds=(), reply_to="",
        posted_at=minute(number), via="import", at=minute(number),
    )  # fmt: skip


def trader(author: str = "7") -> Trader:
    return Trader.register(platform="discord", author_id=author, name=f"trader {author}", at=NOON)


def signal(
    number: int = 1,
    *,
    quantity: str = "4",
    price: str = "2.00",
    legs: tuple[Leg, ...] = (Leg(symbol=CALL, side=Side.BUY),),
    valid_until: datetime | None = None,
) -> Signal:
    return Signal.post(
        place=0, origin="trader", trader=TRADER,
        source=Source(
            platform="discord", channel="alerts", message=message_stream("discord", str(number))
        ),
        side=Side.BUY, legs=legs, quantity=Decimal(quantity), price=Decimal(price), price_to=None,
        stop=None, targets=(), valid_until=valid_until, parser="canonical-1", rules=(),
        posted_at=minute(number), at=minute(number),
    )  # fmt: skip


def check(found: Signal, number: int, price: str, *, attainable: bool = True) -> None:
    evidence = PriceEvidence(
        claimed=Decimal(price), bid=Decimal(price) - Decimal("0.05"), offer=Decimal(price),
        quote_time=NOON, source="recorded", attainable=attainable, price=Decimal(price),
    )  # fmt: skip
    found.check_price(number, evidence, at=NOON)


def approve(found: Signal) -> None:
    found.approve(ANA, via="cli", account="main", assessed=Assessment(), at=minute(30))


def add(found: Signal, quantity: str, price: str) -> None:
    found.add(
        quantity=Decimal(quantity), price=Decimal(price), message=message_stream("discord", "2"),
        rules=(), posted_at=minute(40), at=minute(40),
    )  # fmt: skip


def leave(found: Signal, quantity: str, price: str | None) -> None:
    found.call_exit(
        quantity=Decimal(quantity), price=None if price is None else Decimal(price),
        reason=ClosedBy.EXIT, message=message_stream("discord", "3"), rules=(),
        posted_at=minute(60), at=minute(60),
    )  # fmt: skip


def order(
    cl_ord_id: str = "o-1", *, of: UUID | None = None, quantity: str = "10", account: str = "main"
) -> Order:
    return Order.request(
        cl_ord_id=cl_ord_id, account=account, signal=of, side=Side.BUY,
        position_effect=PositionEffect.OPEN, legs=(Leg(symbol=CALL, side=Side.BUY),),
        order_qty=Decimal(quantity), ord_type=OrdType.MARKET, limit_px=None,
        time_in_force=TimeInForce.DAY, at=minute(31),
    )  # fmt: skip


def accepted(found: Order) -> Order:
    found.submit("paper", at=minute(31))
    found.accept("p-1", transact_time=minute(31), at=minute(31))
    return found


def fill(found: Order, exec_id: str, quantity: str, price: str) -> None:
    found.fill(
        exec_id=exec_id, last_qty=Decimal(quantity), last_px=Decimal(price),
        commission=Decimal("0.65"), transact_time=minute(32), at=minute(32),
    )  # fmt: skip
