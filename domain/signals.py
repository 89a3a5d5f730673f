"""Signal: one trade idea of one trader, from the post to the last contract closed.

The stream holds what the trader said, what the market said of it, who approved it, and every
correction. Executions are numbered from 1 in the order of recording, so that others can name them.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.fix import Side
from domain.legs import Leg, multiplier_of
from domain.shared import Impossible, InvalidInput, require_nonnegative, require_positive, stream_id
from domain.signal_decisions import SignalDecisions
from domain.signal_events import (
    ClosedBy,
    PriceEvidence,
    SignalAdded,
    SignalBookedLate,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalSettled,
    SignalSourceDeleted,
    SignalSourceEdited,
    SignalVoided,
    Source,
)
from domain.terms import Changed


def signal_stream(message: UUID, place: int | str) -> UUID:
    """The stream of the signal at a place in a message: from 0, or by a name if booked later."""
    return stream_id("signal", str(message), str(place))


class Signal(SignalDecisions):
    """One trade idea: what its trader does, and what the record says of it."""

    # An annotation here would make the library write an __init__ over the inherited one.
    TOPIC = "signal"

    @classmethod
    def post(
        cls,
        *,
        place: int | str,
        origin: str,
        trader: UUID,
        source: Source,
        side: Side,
        legs: tuple[Leg, ...],
        quantity: Decimal,
        price: Decimal,
        price_to: Decimal | None,
        stop: Decimal | None,
        targets: tuple[Decimal, ...],
        valid_until: datetime | None,
        parser: str,
        rules: tuple[str, ...],
        posted_at: datetime,
        late: bool = False,
        confidence: Decimal | None = None,
        at: datetime,
    ) -> Signal:
        """Opens a trade in words.

        Raises:
            InvalidInput: no legs, mixed multipliers, or a quantity or price not above zero.
        """
        multiplier_of(legs)
        require_positive(quantity=quantity, price=price)
        return cls._create(
            SignalPosted,
            id=signal_stream(source.message, place),
            origin=origin,
            trader=trader,
            source=source,
            side=side,
            legs=legs,
            quantity=quantity,
            price=price,
            price_to=price_to,
            stop=stop,
            targets=targets,
            valid_until=valid_until,
            parser=parser,
            rules=rules,
            posted_at=posted_at,
            late=late,
            confidence=confidence,
            timestamp=at,
        )

    def add(
        self,
        *,
        quantity: Decimal,
        price: Decimal,
        message: UUID,
        rules: tuple[str, ...],
        posted_at: datetime,
        at: datetime,
    ) -> None:
        """Adds to the open trade.

        Raises:
            Impossible: the trade is over.
            InvalidInput: a quantity or price not above zero.
        """
        self._require_open()
        require_positive(quantity=quantity, price=price)
        self.trigger_event(
            SignalAdded,
            number=len(self.book) + 1,
            quantity=quantity,
            price=price,
            message=message,
            rules=rules,
            posted_at=posted_at,
            timestamp=at,
        )

    def call_exit(
        self,
        *,
        quantity: Decimal,
        price: Decimal | None,
        reason: ClosedBy,
        message: UUID,
        rules: tuple[str, ...],
        posted_at: datetime,
        at: datetime,
    ) -> None:
        """Closes some or all of the trade; price 0 is allowed (worthless), below is not.

        Raises:
            Impossible: the trade is over, or less is open than is to be closed.
            InvalidInput: a quantity not above zero, or a negative price.
        """
        self._require_open()
        require_positive(quantity=quantity)
        if price is not None:
            require_nonnegative(exit_price=price)
        if quantity > self.open_quantity:
            raise Impossible(f"only {self.open_quantity} are open, {quantity} cannot be closed")
        self.trigger_event(
            SignalExitCalled,
            number=len(self.book) + 1,
            quantity=quantity,
            price=price,
            reason=reason,
            message=message,
            rules=rules,
            posted_at=posted_at,
            timestamp=at,
        )

    def settle(
        self,
        *,
        price: Decimal,
        underlying_px: Decimal | None,
        assumed: bool,
        settled_at: datetime,
        at: datetime,
    ) -> None:
        """Settles what is still open at the expiry of its contracts.

        Raises:
            Impossible: the trade is over.
        """
        self._require_open()
        self.trigger_event(
            SignalSettled,
            number=len(self.book) + 1,
            quantity=self.open_quantity,
            price=price,
            underlying_px=underlying_px,
            assumed=assumed,
            settled_at=settled_at,
            timestamp=at,
        )

    def close(self, *, reason: ClosedBy, closed_at: datetime, at: datetime) -> None:
        """Marks the end of the trade once nothing is open.

        Raises:
            Impossible: something is still open, or it is closed already.
        """
        if self.closed:
            raise Impossible("the trade is closed already")
        if self.open_quantity != 0:
            raise Impossible(f"{self.open_quantity} are still open")
        self.trigger_event(SignalClosed, reason=reason, closed_at=closed_at, timestamp=at)

    def move_levels(
        self,
        *,
        stop: Decimal | None,
        targets: tuple[Decimal, ...],
        message: UUID,
        posted_at: datetime,
        at: datetime,
    ) -> None:
        """Moves stop or targets.

        Raises:
            Impossible: the trade is over.
            InvalidInput: neither is given.
        """
        self._require_open()
        if stop is None and not targets:
            raise InvalidInput("moving levels needs a stop or a target")
        self.trigger_event(
            SignalLevelsMoved,
            stop=stop,
            targets=targets,
            message=message,
            posted_at=posted_at,
            timestamp=at,
        )

    def check_price(self, number: int, evidence: PriceEvidence, *, at: datetime) -> None:
        """Records the market's evidence for one execution, once.

        Raises:
            Impossible: there is no such execution, or it has its evidence.
        """
        if number not in self.book:
            raise Impossible(f"the signal has no execution {number}")
        if number in self.checked:
            raise Impossible(f"execution {number} is price-checked already")
        found = msgspec.structs.asdict(evidence)
        self.trigger_event(SignalPriceChecked, number=number, timestamp=at, **found)

    def correct(
        self,
        *,
        correction: UUID,
        number: int,
        price: Decimal | None,
        quantity: Decimal | None,
        reason: str,
        by: str,
        at: datetime,
    ) -> None:
        """Lets an execution count with other figures.

        Raises:
            Impossible: voided, no such execution, or more would be closed than was opened.
            InvalidInput: nothing changes, or a figure cannot be right.
        """
        if self.voided:
            raise Impossible("the signal is voided")
        if number not in self.book:
            raise Impossible(f"the signal has no execution {number}")
        if price is None and quantity is None:
            raise InvalidInput("a correction needs a price or a quantity")
        is_entry = number in self.entry_prices
        if price is not None and not (price.is_finite() and price >= 0 and (price or not is_entry)):
            raise InvalidInput(f"the price {price} cannot be right")
        if quantity is not None:
            self._require_quantity_fits(number, quantity)
        self.trigger_event(
            SignalCorrected,
            correction=correction,
            number=number,
            price=price,
            quantity=quantity,
            reason=reason,
            by=by,
            timestamp=at,
        )

    def void(self, *, correction: UUID, reason: str, by: str, at: datetime) -> None:
        """Lets the signal count for nothing.

        Raises:
            Impossible: it is voided already.
        """
        if self.voided:
            raise Impossible("the signal is voided already")
        self.trigger_event(SignalVoided, correction=correction, reason=reason, by=by, timestamp=at)

    def note_edit(
        self,
        *,
        message: UUID,
        revision: int,
        edited_at: datetime,
        changes: tuple[Changed, ...],
        parser: str,
        at: datetime,
    ) -> None:
        """Records that a message of the trade tells another one now; nothing else changes.

        Raises:
            InvalidInput: nothing of the trade is told differently.
        """
        if not changes:
            raise InvalidInput("the edit leaves the trade as it was")
        self.trigger_event(
            SignalSourceEdited,
            message=message,
            revision=revision,
            edited_at=edited_at,
            changes=changes,
            parser=parser,
            timestamp=at,
        )

    def note_deletion(self, *, message: UUID, noticed_at: datetime, at: datetime) -> None:
        """Records that a message of the trade is gone; the trade goes on.

        Raises:
            Impossible: that is on record.
        """
        if message in self.deleted:
            raise Impossible("the deletion is on record already")
        self.trigger_event(
            SignalSourceDeleted, message=message, noticed_at=noticed_at, timestamp=at
        )

    def note_late(
        self, numbers: tuple[int, ...], *, parser: str, reason: str, by: str, at: datetime
    ) -> None:
        """Records that executions were booked with hindsight.

        Raises:
            InvalidInput: no reason, or an execution that there is not.
        """
        if not reason.strip():
            raise InvalidInput("booking late needs a reason")
        if not numbers or not all(number in self.book for number in numbers):
            raise InvalidInput(f"the signal has no executions {numbers}")
        self.trigger_event(
            SignalBookedLate, numbers=numbers, parser=parser, reason=reason.strip(), by=by,
            timestamp=at,
        )  # fmt: skip
