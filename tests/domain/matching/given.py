"""A market and an account at noon, and an order in a line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from application.brokerage import OrderTicket
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.market import Quote
from domain.matching.book import Book
from domain.matching.engine import Engine
from domain.matching.fees import NO_FEES
from domain.matching.rules import Rules
from domain.reports import ExecType, ExecutionReport

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
CLOSE = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)

SHARE = "AAPL"
CALL = "TSLA  261120C00250000"
HIGHER = "TSLA  261120C00260000"
PUT = "TSLA  261120P00250000"
LOWER_PUT = "TSLA  261120P00240000"
INDEX_CALL = "SPXW  261120C06500000"

PLAIN = Rules(fees=NO_FEES, commission_per_contract=D(0))
"""Nothing but the trade itself."""


def engine(cash: str = "100000", rules: Rules = PLAIN) -> Engine:
    return Engine(Book(cash=D(cash)), rules)


def quote(
    symbol: str,
    bid: str,
    offer: str,
    second: int = 0,
    *,
    bid_size: int | None = None,
    offer_size: int | None = None,
) -> Quote:
    return Quote(
        symbol=symbol,
        bid=D(bid),
        offer=D(offer),
        time=NOON + timedelta(seconds=second),
        source="test",
        bid_size=bid_size,
        offer_size=offer_size,
    )


def order(
    name: str,
    side: Side = Side.BUY,
    symbol: str = SHARE,
    *,
    quantity: str = "10",
    closing: bool = False,
    legs: tuple[Leg, ...] = (),
    limit: str | None = None,
    stop: str | None = None,
    lasts: TimeInForce = TimeInForce.DAY,
    stop_loss: str | None = None,
    take_profit: str | None = None,
) -> OrderTicket:
    """An order in a line: its type follows from the prices it names."""
    priced, stopped = limit is not None, stop is not None
    plain = OrdType.LIMIT if priced else OrdType.MARKET
    waiting = OrdType.STOP_LIMIT if priced else OrdType.STOP
    return OrderTicket(
        cl_ord_id=name,
        side=side,
        position_effect=PositionEffect.CLOSE if closing else PositionEffect.OPEN,
        legs=legs or (Leg(symbol=symbol, side=side),),
        order_qty=D(quantity),
        ord_type=waiting if stopped else plain,
        limit_px=None if limit is None else D(limit),
        stop_px=None if stop is None else D(stop),
        time_in_force=lasts,
        stop_loss_px=None if stop_loss is None else D(stop_loss),
        take_profit_px=None if take_profit is None else D(take_profit),
        sent_at=NOON,
    )


def kinds(reports: list[ExecutionReport]) -> list[str]:
    """What was said, in a word each."""
    return [report.exec_type.value for report in reports]


def fills(reports: list[ExecutionReport]) -> list[tuple[Decimal, Decimal]]:
    """Quantity and price of each fill."""
    return [(r.last_qty, r.last_px) for r in reports if r.exec_type is ExecType.TRADE]


def why_not(reports: list[ExecutionReport]) -> str:
    """The words of the one refusal."""
    (report,) = reports
    assert report.exec_type in (
        ExecType.REJECTED,
        ExecType.CANCEL_REJECTED,
        ExecType.REPLACE_REJECTED,
    )
    return report.text


def holding(shares: str = "10", *, rules: Rules = PLAIN, symbol: str = SHARE) -> Engine:
    """An engine whose account bought so much at 100."""
    made = engine(rules=rules)
    made.take(order("held", symbol=symbol, quantity=shares), [quote(symbol, "99", "100")], NOON)
    made.drain()
    return made
