"""Holding: what happens to a position without a trade: expiry, exercise, assignment, adjustment.

One stream per account and instrument, or strategy (several legs held as one, see `legs_of`).
Positions themselves are a projection of fills and these facts.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.instruments import Option, instrument
from domain.legs import expiry_of, legs_of
from domain.shared import Created, Event, Impossible, InvalidInput, require_positive, stream_id


def holding_stream(account: str, symbol: str) -> UUID:
    """The stream of facts about one instrument in one account."""
    return stream_id("holding", account, symbol)


class HoldingOpened(Created, frozen=True, kw_only=True):
    """The first fact about this instrument in this account is about to be recorded."""

    TOPIC: ClassVar[str] = "holding.opened"

    account: str
    symbol: str


class HoldingExpired(Event, frozen=True, kw_only=True):
    """An option position ended at expiry; `price` is its settlement value per share."""

    TOPIC: ClassVar[str] = "holding.expired"

    account: str
    symbol: str
    signal: UUID | None = None
    quantity: Decimal
    price: Decimal
    underlying_px: Decimal | None = None
    assumed: bool = False
    settled_at: datetime

    def apply(self, aggregate: Holding) -> None:
        aggregate.ended += abs(self.quantity)


class HoldingExercised(Event, frozen=True, kw_only=True):
    """Long options were exercised: shares change hands at the strike."""

    TOPIC: ClassVar[str] = "holding.exercised"

    account: str
    symbol: str
    quantity: Decimal
    exercised_at: datetime

    def apply(self, aggregate: Holding) -> None:
        aggregate.ended += self.quantity


class HoldingAssigned(Event, frozen=True, kw_only=True):
    """Short options were assigned: shares change hands at the strike."""

    TOPIC: ClassVar[str] = "holding.assigned"

    account: str
    symbol: str
    quantity: Decimal
    assigned_at: datetime

    def apply(self, aggregate: Holding) -> None:
        aggregate.ended += self.quantity


class HoldingAdjusted(Event, frozen=True, kw_only=True):
    """A corporate action: each `from_quantity` becomes `to_quantity` of `to_symbol`."""

    TOPIC: ClassVar[str] = "holding.adjusted"

    account: str
    symbol: str
    to_symbol: str
    from_quantity: Decimal
    to_quantity: Decimal
    reason: str
    effective_at: datetime

    def apply(self, aggregate: Holding) -> None:
        aggregate.adjusted_to = self.to_symbol


class Holding(BaseAggregate[UUID]):
    """The facts about one instrument in one account."""

    TOPIC: ClassVar[str] = "holding"

    def __init__(self, account: str, symbol: str) -> None:
        self.account = account
        self.symbol = symbol
        self.ended = Decimal(0)
        self.adjusted_to = ""

    @classmethod
    def open(cls, *, account: str, symbol: str, at: datetime) -> Holding:
        """Begins the stream of facts.

        Raises:
            InvalidInput: the symbol names no instrument.
        """
        for leg in legs_of(symbol):
            instrument(leg.symbol)
        return cls._create(
            HoldingOpened,
            id=holding_stream(account, symbol),
            account=account,
            symbol=symbol,
            timestamp=at,
        )

    def expire(
        self,
        *,
        signal: UUID | None,
        quantity: Decimal,
        price: Decimal,
        underlying_px: Decimal | None,
        assumed: bool,
        settled_at: datetime,
        at: datetime,
    ) -> None:
        """Records the end of an option position (negative quantity for a short one).

        Raises:
            Impossible: the instrument does not expire.
            InvalidInput: no quantity, or a single option that is worth less than nothing.
        """
        legs = legs_of(self.symbol)
        if expiry_of(legs) is None:
            raise Impossible(f"{self.symbol} is no option: it does not expire")
        # What several legs are worth together may have to be paid.
        least = Decimal("-Infinity") if len(legs) > 1 else Decimal(0)
        if not (quantity.is_finite() and price.is_finite()) or quantity == 0 or price < least:
            raise InvalidInput("an expiry needs a quantity and a price that is not negative")
        self.trigger_event(
            HoldingExpired,
            account=self.account,
            symbol=self.symbol,
            signal=signal,
            quantity=quantity,
            price=price,
            underlying_px=underlying_px,
            assumed=assumed,
            settled_at=settled_at,
            timestamp=at,
        )

    def exercise(self, quantity: Decimal, *, exercised_at: datetime, at: datetime) -> None:
        """Records that long options were exercised.

        Raises:
            Impossible: the instrument is no option.
            InvalidInput: a quantity not above zero.
        """
        self._require_option()
        require_positive(quantity=quantity)
        self.trigger_event(
            HoldingExercised,
            account=self.account,
            symbol=self.symbol,
            quantity=quantity,
            exercised_at=exercised_at,
            timestamp=at,
        )

    def assign(self, quantity: Decimal, *, assigned_at: datetime, at: datetime) -> None:
        """Records that short options were assigned.

        Raises:
            Impossible: the instrument is no option.
            InvalidInput: a quantity not above zero.
        """
        self._require_option()
        require_positive(quantity=quantity)
        self.trigger_event(
            HoldingAssigned,
            account=self.account,
            symbol=self.symbol,
            quantity=quantity,
            assigned_at=assigned_at,
            timestamp=at,
        )

    def adjust(
        self,
        *,
        to_symbol: str,
        from_quantity: Decimal,
        to_quantity: Decimal,
        reason: str,
        effective_at: datetime,
        at: datetime,
    ) -> None:
        """Records a corporate action (split, merger, adjusted contract).

        Raises:
            InvalidInput: the new symbol names nothing, or a quantity is not above zero.
        """
        instrument(to_symbol)
        require_positive(from_quantity=from_quantity, to_quantity=to_quantity)
        self.trigger_event(
            HoldingAdjusted,
            account=self.account,
            symbol=self.symbol,
            to_symbol=to_symbol,
            from_quantity=from_quantity,
            to_quantity=to_quantity,
            reason=reason,
            effective_at=effective_at,
            timestamp=at,
        )

    def _require_option(self) -> None:
        """Several legs that are held as one are not exercised as one."""
        (first, *others) = legs_of(self.symbol)
        if others or not isinstance(instrument(first.symbol), Option):
            raise Impossible(f"{self.symbol} is no single option: it is not exercised")
