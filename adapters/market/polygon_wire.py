"""What Polygon sends, field by field: figures become Decimals digit for digit.

Unknown fields are ignored and missing ones have defaults, so that an addition breaks nothing.
Sizes of shares are passed on as they are told; where that is in round lots, less is promised
than stands there, never more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from application.ports import PortRefused
from domain.market import Quote
from domain.shared import learned

Row = TypeVar("Row")
Wire = TypeVar("Wire")

NOTHING = Decimal(0)
_EPOCH = datetime.fromtimestamp(0, UTC)


class Page(msgspec.Struct, Generic[Row], kw_only=True, frozen=True):
    """A page of an answer, and where the next one is."""

    results: list[Row] = []
    next_url: str = ""


class LastQuote(msgspec.Struct, kw_only=True, frozen=True):
    """The last quote within a snapshot; `last_updated` in nanoseconds."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_updated: int = 0

    def quote(self, symbol: str, source: str) -> Quote:
        return Quote(
            symbol=symbol,
            bid=self.bid or NOTHING,
            offer=self.ask or NOTHING,
            time=of_nanoseconds(self.last_updated),
            source=source,
            bid_size=whole(self.bid_size),
            offer_size=whole(self.ask_size),
        )


class Snapshot(msgspec.Struct, kw_only=True, frozen=True):
    """One instrument in a universal snapshot, or why it is not told."""

    ticker: str
    error: str = ""
    message: str = ""
    last_quote: LastQuote | None = None


class Greeks(msgspec.Struct, kw_only=True, frozen=True):
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None


class Details(msgspec.Struct, kw_only=True, frozen=True):
    ticker: str


class Contract(msgspec.Struct, kw_only=True, frozen=True):
    """One contract of a chain."""

    details: Details
    last_quote: LastQuote | None = None
    greeks: Greeks | None = None
    implied_volatility: Decimal | None = None
    open_interest: Decimal | None = None


class Aggregate(msgspec.Struct, kw_only=True, frozen=True):
    """A bar; `t` in milliseconds."""

    t: int
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the field's name
    c: Decimal
    v: Decimal = NOTHING


class Tick(msgspec.Struct, kw_only=True, frozen=True):
    """One quote of the past; a side on which nobody quotes is left out."""

    sip_timestamp: int = 0
    participant_timestamp: int = 0
    bid_price: Decimal | None = None
    ask_price: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None

    def quote(self, symbol: str, source: str) -> Quote:
        return Quote(
            symbol=symbol,
            bid=self.bid_price or NOTHING,
            offer=self.ask_price or NOTHING,
            time=of_nanoseconds(self.sip_timestamp or self.participant_timestamp),
            source=source,
            bid_size=whole(self.bid_size),
            offer_size=whole(self.ask_size),
        )


class Told(msgspec.Struct, kw_only=True, frozen=True):
    """One message of the stream: a status, or a quote with its time in milliseconds."""

    ev: str = ""
    status: str = ""
    message: str = ""
    sym: str = ""
    bp: Decimal | None = None
    ap: Decimal | None = None
    bs: Decimal | None = None
    as_: Decimal | None = msgspec.field(default=None, name="as")
    t: int = 0


class Refusal(msgspec.Struct, kw_only=True, frozen=True):
    status: str = ""
    error: str = ""
    message: str = ""


def decoded(body: bytes | str, kind: type[Wire]) -> Wire:
    """The body as what it should be.

    Raises:
        PortRefused: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=learned(kind))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PortRefused(f"Polygon's answer is in no known form: {error}") from None


def of_nanoseconds(moment: int) -> datetime:
    return _after_epoch(moment // 1000)


def of_milliseconds(moment: int) -> datetime:
    return _after_epoch(moment * 1000)


def _after_epoch(microseconds: int) -> datetime:
    """A moment.

    Raises:
        PortRefused: there is none so far away.
    """
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise PortRefused(f"Polygon tells a time that is none: {microseconds} us") from None


def nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def whole(size: Decimal | None) -> int | None:
    return None if size is None or not size.is_finite() else int(size)
