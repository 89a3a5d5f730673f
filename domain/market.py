"""Market facts that official figures rest on: marks, and what a price claim is worth.

Ticks stay outside the store; every mark is an event, so a rebuild gives the same figures.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from eventsourcing.domain import BaseAggregate

from domain.fix import Side
from domain.instruments import instrument
from domain.shared import Created, Event, InvalidInput, Value, stream_id

EXCHANGE_ZONE = ZoneInfo("America/New_York")

CLOCK_SKEW = timedelta(seconds=5)
"""How far a quote's clock may be ahead of ours."""


def exchange_day(at: datetime) -> date:
    """The exchange's calendar day at a moment."""
    return at.astimezone(EXCHANGE_ZONE).date()


class Quote(Value, frozen=True, kw_only=True):
    """Bid and offer of one instrument. Prices in USD per share, sizes in contracts or shares;
    None where nobody said how much stands there.
    """

    symbol: str
    bid: Decimal
    offer: Decimal
    time: datetime
    source: str
    bid_size: int | None = None
    offer_size: int | None = None

    @property
    def is_usable(self) -> bool:
        """Crossed quotes and quotes without an offer prove nothing."""
        return self.offer > 0 and self.bid >= 0 and self.bid <= self.offer


def why_unusable(
    quote: Quote, *, at: datetime, max_age: timedelta, side: Side | None = None
) -> str:
    """Why nothing may be decided on a quote at a moment, in words; empty if it is good.

    A buyer needs an offer and a seller a bid, each with a size where sizes are told. Without a
    side both are looked at as far as a mark needs them: no bid is then a fact, not a fault.
    """
    age = at - quote.time
    if age > max_age:
        over = _seconds(age - max_age)
        return f"it is {_seconds(age)} old, {over} over the {_seconds(max_age)} allowed"
    if -age > CLOCK_SKEW:
        return f"its time is {_seconds(-age)} ahead of the clock"
    if quote.bid < 0 or quote.bid > quote.offer > 0:
        return f"it is crossed: {quote.bid:f} x {quote.offer:f}"
    if quote.offer <= 0 and side is not Side.SELL:
        return "nothing is offered"
    if quote.bid <= 0 and side is Side.SELL:
        return "nothing is bid"
    return _why_no_size(quote, side)


def _why_no_size(quote: Quote, side: Side | None) -> str:
    """A size that nobody told is no fault; a size of zero is."""
    nothing_offered, nothing_bid = quote.offer_size == 0, quote.bid_size == 0
    if side is Side.BUY and nothing_offered:
        return f"no size is offered at {quote.offer:f}"
    if side is Side.SELL and nothing_bid:
        return f"no size is bid at {quote.bid:f}"
    if side is None and nothing_offered and nothing_bid:
        return "both of its sizes are zero"
    return ""


def _seconds(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


class Weighed(Value, frozen=True, kw_only=True):
    """What a claimed price counts as, given the quote."""

    attainable: bool
    price: Decimal


def weigh_claim(side: Side, claimed: Decimal | None, bid: Decimal, offer: Decimal) -> Weighed:
    """The price a claim counts at: the worse of the claim and the far side of the quote.

    A buyer pays the offer, or the claim if that is higher; a seller gets the bid, or the claim
    if that is lower. A claim better than the near side (bought below the bid, sold above the
    offer) was not attainable.
    """
    if side is Side.BUY:
        attainable = claimed is None or claimed >= bid
        price = offer if claimed is None else max(claimed, offer)
    else:
        attainable = claimed is None or claimed <= offer
        price = bid if claimed is None else min(claimed, bid)
    return Weighed(attainable=attainable, price=price)


def mark_stream(symbol: str, at: datetime) -> UUID:
    """The stream of the mark of one instrument at one moment."""
    return stream_id("mark", symbol, at.isoformat())


class MarkRecorded(Created, frozen=True, kw_only=True):
    """An instrument was quoted at a moment that figures rest on (the close, usually)."""

    TOPIC: ClassVar[str] = "mark.recorded"

    symbol: str
    bid: Decimal
    offer: Decimal
    underlying_px: Decimal | None = None
    rate: Decimal = Decimal(0)
    marked_at: datetime
    quote_time: datetime
    source: str


class MarkCorrected(Event, frozen=True, kw_only=True):
    """An instrument counts as quoted otherwise at a moment; figures follow, the old mark stays.

    It tells the whole mark, so that nobody has to look the old one up.
    """

    TOPIC: ClassVar[str] = "mark.corrected"

    correction: UUID
    symbol: str
    bid: Decimal
    offer: Decimal
    underlying_px: Decimal | None = None
    rate: Decimal = Decimal(0)
    marked_at: datetime
    quote_time: datetime
    source: str
    was_bid: Decimal
    was_offer: Decimal
    reason: str
    by: str

    def apply(self, aggregate: Mark) -> None:
        aggregate.bid = self.bid
        aggregate.offer = self.offer
        aggregate.corrected = self.correction


class Mark(BaseAggregate[UUID]):
    """One mark of one instrument. `corrected` is the correction by which it is what it is."""

    TOPIC: ClassVar[str] = "mark"

    def __init__(
        self,
        symbol: str,
        bid: Decimal,
        offer: Decimal,
        marked_at: datetime,
        quote_time: datetime,
        source: str,
        underlying_px: Decimal | None = None,
        rate: Decimal = Decimal(0),
    ) -> None:
        self.symbol = symbol
        self.bid = bid
        self.offer = offer
        self.marked_at = marked_at
        self.quote_time = quote_time
        self.source = source
        self.underlying_px = underlying_px
        self.rate = rate
        self.corrected: UUID | None = None

    @classmethod
    def record(
        cls,
        quote: Quote,
        *,
        underlying_px: Decimal | None,
        rate: Decimal,
        marked_at: datetime,
        at: datetime,
    ) -> Mark:
        """Records the quote as the mark.

        Raises:
            InvalidInput: the quote is crossed or has no offer.
        """
        instrument(quote.symbol)
        if not quote.is_usable:
            raise InvalidInput(f"the quote of {quote.symbol} is crossed or has no offer: "
                               f"{quote.bid} x {quote.offer}")  # fmt: skip
        return cls._create(
            MarkRecorded,
            id=mark_stream(quote.symbol, marked_at),
            symbol=quote.symbol,
            bid=quote.bid,
            offer=quote.offer,
            underlying_px=underlying_px,
            rate=rate,
            marked_at=marked_at,
            quote_time=quote.time,
            source=quote.source,
            timestamp=at,
        )

    def correct(
        self,
        *,
        correction: UUID,
        bid: Decimal | None,
        offer: Decimal | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """Lets the instrument count as quoted otherwise.

        Raises:
            InvalidInput: the quote would be crossed, without an offer, or is recorded already.
        """
        right = (self.bid if bid is None else bid, self.offer if offer is None else offer)
        if right == (self.bid, self.offer):
            raise InvalidInput("the mark says that already")
        if not (all(figure.is_finite() for figure in right) and 0 <= right[0] <= right[1] > 0):
            raise InvalidInput(f"a mark of {right[0]} x {right[1]} is crossed or has no offer")
        self.trigger_event(
            MarkCorrected,
            correction=correction,
            symbol=self.symbol,
            bid=right[0],
            offer=right[1],
            underlying_px=self.underlying_px,
            rate=self.rate,
            marked_at=self.marked_at,
            quote_time=self.quote_time,
            source=self.source,
            was_bid=self.bid,
            was_offer=self.offer,
            reason=reason,
            by=by,
            timestamp=at,
        )
