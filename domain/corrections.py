"""Correction: a mistake put right by adding to the record, never by rewriting it.

The correction's own stream says who asked for what and why, and who else agreed. The corrective
event on the target stream carries its id: signal.corrected, signal.voided, order.trade_corrected,
order.trade_canceled, mark.corrected, account.cash_moved, trader.linked or trader.unlinked.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.correction_terms import ReasonCode, Target, Wanted, checked
from domain.shared import Created, Event, Impossible, InvalidInput, Refused
from domain.terms import Changed, Terms

__all__ = [
    "Correction", "CorrectionApplied", "CorrectionApproved", "CorrectionRefused",
    "CorrectionRequested", "OwnRequestRefused", "ReasonCode", "Target", "Wanted",
]  # fmt: skip


class OwnRequestRefused(Refused):
    """Whoever asked for a correction would have approved it."""

    code = "own_request"


class CorrectionRequested(Created, frozen=True, kw_only=True):
    """Somebody says that a recorded figure is wrong; somebody else approves or refuses."""

    TOPIC: ClassVar[str] = "correction.requested"
    class_version: ClassVar[int] = 3

    target: Target
    target_stream: UUID
    target_version: int
    part: str
    """The execution's number in the signal, the fill's ExecID in the order, the broker's id of
    a movement of an account's cash; empty: all."""
    void: bool = False
    price: Decimal | None = None
    quantity: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    bid: Decimal | None = None
    offer: Decimal | None = None
    amount: Decimal | None = None
    """What cash really came (above zero) or went."""
    linked_to: UUID | None = None
    """The trader that the trader really is."""
    instead: Terms | None = None
    """The trade that stands in the place of a voided one."""
    changes: tuple[Changed, ...] = ()
    """What differs, field by field."""
    message: UUID | None = None
    revision: int | None = None
    """The message that it came of and which of its revisions; 0 is what was said first."""
    corrects: UUID | None = None
    """The correction of the same part that this one corrects in its turn."""
    code: ReasonCode = ReasonCode.OTHER
    reason: str
    evidence: str = ""
    """Where what shows it can be seen: an https address."""
    by: str
    person: str
    """Who that is, whatever name they go by; nobody agrees with themselves."""

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first only people asked for corrections, of prices and quantities."""
        body.setdefault("changes", [])

    @staticmethod
    def upcast_v2_v3(body: dict[str, Any]) -> None:
        """Then one person could put a record right, for any reason and without evidence."""
        body.setdefault("person", f"member:{body['by']}")


class CorrectionApproved(Event, frozen=True, kw_only=True):
    """Somebody else agrees; the corrective event follows in the same command."""

    TOPIC: ClassVar[str] = "correction.approved"

    by: str
    person: str

    def apply(self, aggregate: Correction) -> None:
        aggregate.approved_by = self.by


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
        person: str,
        void: bool = False,
        price: Decimal | None = None,
        quantity: Decimal | None = None,
        stop: Decimal | None = None,
        targets: tuple[Decimal, ...] = (),
        bid: Decimal | None = None,
        offer: Decimal | None = None,
        amount: Decimal | None = None,
        linked_to: UUID | None = None,
        instead: Terms | None = None,
        changes: tuple[Changed, ...] = (),
        message: UUID | None = None,
        revision: int | None = None,
        corrects: UUID | None = None,
        code: ReasonCode = ReasonCode.OTHER,
        evidence: str = "",
    ) -> None:
        self.target = target
        self.target_stream = target_stream
        self.reason = reason
        self.by = by
        self.person = person
        self.wanted = Wanted(
            part=part,
            void=void,
            price=price,
            quantity=quantity,
            stop=stop,
            targets=targets,
            bid=bid,
            offer=offer,
            amount=amount,
            linked_to=linked_to,
            instead=instead,
            changes=changes,
            message=message,
            revision=revision,
            corrects=corrects,
            code=code,
            evidence=evidence,
        )
        self.approved_by = ""
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
        wanted: Wanted,
        reason: str,
        by: str,
        person: str = "",
        at: datetime,
    ) -> Correction:
        """Asks for a correction; without `person` the name says who it is.

        Raises:
            InvalidInput: no reason, or what is asked for puts nothing right.
        """
        if not reason.strip():
            raise InvalidInput("a correction needs a reason")
        wanted = checked(wanted, target)
        return cls._create(
            CorrectionRequested,
            id=id,
            target=target,
            target_stream=target_stream,
            target_version=target_version,
            reason=reason.strip(),
            by=by,
            person=person or f"member:{by}",
            timestamp=at,
            **wanted.as_fields(),
        )

    def agree(self, *, by: str, person: str, at: datetime) -> None:
        """Says yes to somebody else's request.

        Raises:
            Impossible: it was approved, applied or refused.
            OwnRequestRefused: it is their own.
        """
        self.require_undecided()
        if person == self.person or by == self.by:
            raise OwnRequestRefused(
                f"{by} asked for this correction and may not approve it: another admin has to. "
                "Where there is none, give a second person the admin role in Discord or a token "
                "(truetape token issue NAME --role admin); the command line on the server "
                "is one person, whatever name is given there"
            )
        self.trigger_event(CorrectionApproved, by=by, person=person, timestamp=at)

    def apply_to_target(self, *, by: str, at: datetime) -> None:
        """Records that the target stream has its corrective event.

        Raises:
            Impossible: it was applied or refused, or nobody approved it.
        """
        if self.applied or self.refused:
            self.require_undecided()
        if not self.approved_by:
            raise Impossible("nobody has approved the correction")
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
            Impossible: it was approved, applied or refused.
        """
        if self.approved_by or self.applied or self.refused:
            raise Impossible("the correction is decided already")
