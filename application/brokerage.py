"""The broker port: where orders go, and what every broker is held to.

The contract (tests/adapters/brokers/contract.py holds every adapter to it):

* `submit` is idempotent by ClOrdID: the same ticket again is the same order, never a second one.
* What a broker refuses is a report (REJECTED, CANCEL_REJECTED, REPLACE_REJECTED) with its reason
  in words, never an exception. An answer that never came is `Unavailable`: the outcome is
  unknown and `history` tells it.
* A fill has the same ExecID, or the same order and `cum_qty`, wherever it is told again.
* Reports of one order come in any order and more than once; whoever books them sorts that out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from domain.activities import Activity, ActivityKind
from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.instruments import Right
from domain.legs import Leg
from domain.reports import ExecutionReport
from domain.shared import Value

__all__ = [
    "Activity",
    "ActivityKind",
    "Broker",
    "BrokerAccount",
    "BrokerOrder",
    "BrokerPosition",
    "ChainQuote",
    "OrderTicket",
    "Replacement",
]


class OrderTicket(Value, frozen=True, kw_only=True):
    """What a broker needs to know of an order. Prices in USD per share; of several legs the net
    of one strategy in the order's own terms: one sold for a credit has the credit as its price.

    `stop_loss_px` and `take_profit_px` make a bracket, which only equities have.
    """

    cl_ord_id: str
    side: Side
    position_effect: PositionEffect
    legs: tuple[Leg, ...]
    order_qty: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    stop_loss_px: Decimal | None = None
    take_profit_px: Decimal | None = None
    sent_at: datetime


class Replacement(Value, frozen=True, kw_only=True):
    """New terms of an order that rests; None leaves a term as it is."""

    order_qty: Decimal | None = None
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce | None = None


class BrokerOrder(Value, frozen=True, kw_only=True):
    """An order as the broker sees it."""

    cl_ord_id: str
    order_id: str
    status: OrdStatus
    side: Side
    legs: tuple[Leg, ...]
    order_qty: Decimal
    cum_qty: Decimal
    avg_px: Decimal
    ord_type: OrdType
    limit_px: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    updated_at: datetime


class BrokerPosition(Value, frozen=True, kw_only=True):
    """What the broker holds of one instrument: a negative quantity is short."""

    symbol: str
    quantity: Decimal
    avg_px: Decimal


class BrokerAccount(Value, frozen=True, kw_only=True):
    """An account's money at the broker, in its currency.

    `day_trades` is the count of the last five sessions; None where the broker counts none.
    `options_buying_power` is what options may be bought for, where the broker tells it apart.
    """

    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    options_buying_power: Decimal | None = None
    day_trades: int | None = None
    pattern_day_trader: bool = False
    trading_blocked: bool = False
    currency: str = "USD"


class ChainQuote(Value, frozen=True, kw_only=True):
    """One contract of an option chain. Greeks as the source gives them, per share."""

    symbol: str
    right: Right
    strike: Decimal
    expiry: date
    bid: Decimal
    offer: Decimal
    bid_size: int = 0
    offer_size: int = 0
    time: datetime
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    implied_volatility: Decimal | None = None
    open_interest: int | None = None


class Broker(Protocol):
    """One account at one broker."""

    @property
    def name(self) -> str:
        """What the broker is called in events."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether reports arrive at the moment; without them no order is sent."""
        ...

    def submit(self, ticket: OrderTicket) -> Sequence[ExecutionReport]:
        """Sends an order; the reports so far (others come with `reports`).

        Raises:
            Unavailable: no answer; the order may or may not be there.
        """
        ...

    def cancel(self, cl_ord_id: str, *, at: datetime) -> Sequence[ExecutionReport]:
        """Asks for what is left of an order back.

        Raises:
            Unavailable: no answer.
        """
        ...

    def replace(
        self, cl_ord_id: str, terms: Replacement, *, at: datetime
    ) -> Sequence[ExecutionReport]:
        """Asks for other terms of an order that rests; its ClOrdID stays the one we know.

        Raises:
            Unavailable: no answer.
        """
        ...

    def reports(self, timeout_s: float) -> Sequence[ExecutionReport]:
        """What has been reported since the last call, after waiting at most so long.

        Raises:
            Unavailable: the stream is down; what is missed meanwhile is found by `history`.
        """
        ...

    def order(self, cl_ord_id: str) -> BrokerOrder | None:
        """The order as the broker sees it, or None if it never came to it.

        Raises:
            Unavailable: no answer.
        """
        ...

    def history(self, cl_ord_id: str) -> Sequence[ExecutionReport]:
        """All that the broker knows of one order, as reports in its order.

        Raises:
            Unavailable: no answer.
        """
        ...

    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every order that may still trade.

        Raises:
            Unavailable: no answer.
        """
        ...

    def positions(self) -> Sequence[BrokerPosition]:
        """What is held.

        Raises:
            Unavailable: no answer.
        """
        ...

    def account(self) -> BrokerAccount:
        """The money.

        Raises:
            Unavailable: no answer.
        """
        ...

    def activities(self, since: datetime) -> Sequence[Activity]:
        """What happened in the account since a moment, oldest first.

        Raises:
            Unavailable: no answer.
        """
        ...

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The option chain; empty where the broker has none.

        Raises:
            Unavailable: no answer.
        """
        ...
