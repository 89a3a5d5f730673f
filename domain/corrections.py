"""Correction: a mistake put right by adding to the record, never by rewriting it.

The correction's own stream says who asked for what and why; the corrective event on the target
stream (signal.corrected, signal.voided, order.trade_corrected, order.trade_canceled) carries
its id.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput
from domain.terms import Changed, Terms


class Target(StrEnum):
    """What kind of stream is corrected."""

    SIGNAL = "signal"
    ORDER = "order"


class CorrectionRequested(Created, frozen=True, kw_only=True):
    """Somebody says that a recorded figure is wrong."""

    TOPIC: ClassVar[str] = "correction.requested"
    class_version: ClassVar[int] = 2

    target: Target
    target_stream: UUID
    target_version: int
    part: str
    """The execution's number in the signal, or the fill's ExecID in the order; empty: all."""
    void: bool = False
    price: Decimal | None = None
    quantity: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    instead: Terms | None = None
    """The trade that stands in the place of a voided one."""
    changes: tuple[Changed, ...] = ()
    """What differs, field by field, where the request came of reading a message."""
    message: UUID | None = None
    revision: int | None = None
    """The message that it came of and which of its revisions; 0 is what was said first."""
    reason: str
    by: str

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first only people asked for corrections, of prices and quantities."""
        body.setdefault("changes", [])


class CorrectionApplied(Event, frozen=True, kw_only=True):
    """The corrective event is in the target stream."""

    TOPIC: ClassVar[str] = "correction.applied"

    by: str

    def apply(self, aggregate: Correction) -> None:
        aggregate.applied = True


class CorrectionRefused(Event, frozen=True, kw_only=True):
    """The request was turned down."""

    TOPIC: ClassVar[str] = "correction.refused"

    by: str
    reason: str

    def apply(self, aggregate: Correction) -> None:
        aggregate.refused = True


class Correction(BaseAggregate[UUID]):
    """One request to put a figure right."""

    TOPIC: ClassVar[str] = "correction"

    def __init__(
        self,
        target: Target,
        target_stream: UUID,
        part: str,
        reason: str,
        by: str,
        void: bool = False,
        price: Decimal | None = None,
        quantity: Decimal | None = None,
        stop: Decimal | None = None,
        targets: tuple[Decimal, ...] = (),
        instead: Terms | None = None,
        message: UUID | None = None,
        revision: int | None = None,
    ) -> None:
        self.target = target
        self.target_stream = target_stream
        self.part = part
        self.reason = reason
        self.by = by
        self.void = void
        self.price = price
        self.quantity = quantity
        self.stop = stop
        self.targets = targets
        self.instead = instead
        self.message = message
        self.revision = revision
        self.applied = False
        self.refused = False

    @classmethod
    def request(
        cls,
        *,
        id: UUID,  # noqa: A002 - the library's own name for it
        target: Target,
        target_stream: UUID,
        target_version: int,
        part: str,
        void: bool,
        price: Decimal | None,
        quantity: Decimal | None,
        stop: Decimal | None = None,
        targets: tuple[Decimal, ...] = (),
        instead: Terms | None = None,
        changes: tuple[Changed, ...] = (),
        message: UUID | None = None,
        revision: int | None = None,
        reason: str,
        by: str,
        at: datetime,
    ) -> Correction:
        """Asks for a correction.

        Raises:
            InvalidInput: no reason, or neither a void nor a changed figure, or both.
        """
        if not reason.strip():
            raise InvalidInput("a correction needs a reason")
        levels = stop is not None or bool(targets)
        if void == (price is not None or quantity is not None or levels):
            raise InvalidInput("a correction either voids or changes price or quantity")
        if instead is not None and not void:
            raise InvalidInput("a trade takes the place of a voided one only")
        return cls._create(
            CorrectionRequested,
            id=id,
            target=target,
            target_stream=target_stream,
            target_version=target_version,
            part=part,
            void=void,
            price=price,
            quantity=quantity,
            stop=stop,
            targets=targets,
            instead=instead,
            changes=changes,
            message=message,
            revision=revision,
            reason=reason.strip(),
            by=by,
            timestamp=at,
        )

    def apply_to_target(self, *, by: str, at: datetime) -> None:
        """Records that the target stream has its corrective event.

        Raises:
            Impossible: it was applied or refused.
        """
        self.require_undecided()
        self.trigger_event(CorrectionApplied, by=by, timestamp=at)

    def refuse(self, *, by: str, reason: str, at: datetime) -> None:
        """Turns the request down.

        Raises:
            Impossible: it was applied or refused.
            InvalidInput: no reason is given.
        """
        self.require_undecided()
        if not reason.strip():
            raise InvalidInput("refusing a correction needs a reason")
        self.trigger_event(CorrectionRefused, by=by, reason=reason.strip(), timestamp=at)

    def require_undecided(self) -> None:
        """Lets an open request pass.

        Raises:
            Impossible: it was applied or refused.
        """
        if self.applied or self.refused:
            raise Impossible("the correction is decided already")
