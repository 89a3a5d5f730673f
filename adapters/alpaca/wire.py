"""What Alpaca sends, field by field: figures are texts there, and become Decimals here.

Unknown fields are ignored and missing ones have defaults, so that an addition breaks nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from application.ports import PortRefused
from domain.shared import learned

Wire = TypeVar("Wire")

NOTHING = Decimal(0)


class RawOrder(msgspec.Struct, kw_only=True, frozen=True):
    """An order. What several legs have no word for (side, symbol, asset) is empty."""

    id: str
    client_order_id: str = ""
    status: str = ""
    symbol: str | None = None
    asset_class: str | None = None
    order_class: str | None = None
    type: str | None = None
    side: str | None = None
    position_intent: str | None = None
    time_in_force: str | None = None
    qty: Decimal | None = None
    ratio_qty: Decimal | None = None
    filled_qty: Decimal | None = None
    filled_avg_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    expired_at: datetime | None = None
    failed_at: datetime | None = None
    replaced_at: datetime | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    legs: list[RawOrder] | None = None

    @property
    def filled(self) -> Decimal:
        return self.filled_qty or NOTHING

    @property
    def is_multi_leg(self) -> bool:
        """Whether this is the whole of several legs, not one of them."""
        return self.order_class == "mleg" and not self.symbol

    @property
    def is_leg_of_strategy(self) -> bool:
        return self.order_class == "mleg" and bool(self.symbol)

    @property
    def sent_at(self) -> datetime:
        return moment(self.submitted_at or self.created_at)

    @property
    def changed_at(self) -> datetime:
        return moment(self.updated_at or self.submitted_at or self.created_at)


class RawUpdate(msgspec.Struct, kw_only=True, frozen=True):
    """One message of the stream `trade_updates`."""

    event: str
    order: RawOrder
    execution_id: str | None = None
    price: Decimal | None = None
    qty: Decimal | None = None
    timestamp: datetime | None = None
    at: datetime | None = None
    reason: str | None = None
    previous_execution_id: str | None = None

    @property
    def happened_at(self) -> datetime:
        found = self.timestamp or self.at
        return self.order.changed_at if found is None else moment(found)


class RawActivity(msgspec.Struct, kw_only=True, frozen=True):
    """A trade or another activity of the account."""

    id: str
    activity_type: str = ""
    activity_sub_type: str | None = None
    transaction_time: datetime | None = None
    created_at: datetime | None = None
    date: str | None = None
    symbol: str | None = None
    side: str | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    net_amount: Decimal | None = None
    order_id: str | None = None
    cum_qty: Decimal | None = None
    leaves_qty: Decimal | None = None
    status: str | None = None

    @property
    def execution_id(self) -> str:
        """The part of the id after the moment: what the stream calls the execution."""
        return self.id.rpartition("::")[2]

    @property
    def happened_at(self) -> datetime:
        found = self.transaction_time or self.created_at
        if found is not None:
            return moment(found)
        day = date.fromisoformat((self.date or "1970-01-01")[:10])
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


class RawPosition(msgspec.Struct, kw_only=True, frozen=True):
    symbol: str
    qty: Decimal
    avg_entry_price: Decimal
    side: str = "long"


class RawAccount(msgspec.Struct, kw_only=True, frozen=True):
    """The fields of the day-trade rule went with the rule: who has none counts none."""

    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    options_buying_power: Decimal | None = None
    currency: str | None = None
    daytrade_count: int | None = None
    pattern_day_trader: bool | None = None
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False


class RawQuote(msgspec.Struct, kw_only=True, frozen=True):
    t: datetime
    bp: Decimal
    ap: Decimal
    bs: int = 0
    as_: int = msgspec.field(default=0, name="as")


class RawGreeks(msgspec.Struct, kw_only=True, frozen=True):
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None


class RawSnapshot(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    latest_quote: RawQuote | None = None
    greeks: RawGreeks | None = None
    implied_volatility: Decimal | None = None


class RawChain(msgspec.Struct, kw_only=True, frozen=True):
    snapshots: dict[str, RawSnapshot]
    next_page_token: str | None = None


class RawRefusal(msgspec.Struct, kw_only=True, frozen=True):
    code: int | None = None
    message: str = ""


def decoded(body: bytes, kind: type[Wire]) -> Wire:
    """The body as what it should be.

    Raises:
        PortRefused: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=learned(kind))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PortRefused(f"Alpaca's answer is in no known form: {error}") from None


def moment(time: datetime | None) -> datetime:
    """A time of Alpaca's in UTC; where it gives none, the beginning of time."""
    return datetime.fromtimestamp(0, UTC) if time is None else time.astimezone(UTC)
