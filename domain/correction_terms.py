"""What a correction may ask for: of which record, for which reason, and what instead."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from domain.shared import InvalidInput, Value
from domain.terms import Changed, Terms

EVIDENCE_LENGTH_MAX = 500


class Target(StrEnum):
    """What kind of stream is corrected."""

    SIGNAL = "signal"
    ORDER = "order"
    MARK = "mark"
    ACCOUNT = "account"
    """A movement of its cash."""
    TRADER = "trader"
    """Which other author they are linked to."""


class ReasonCode(StrEnum):
    """Why a record is wrong, as venues and brokers sort it (FIX 378 ExecRestatementReason, trade
    breaks, late trade reports), with what goes wrong between traders and readers besides."""

    MISTYPED_PRICE = "mistyped_price"
    MISTYPED_QUANTITY = "mistyped_quantity"
    WRONG_CONTRACT = "wrong_contract"
    WRONG_SIDE = "wrong_side"
    DUPLICATE = "duplicate"
    """Recorded twice."""
    NO_TRADE = "no_trade"
    """A joke, an example, or talk of somebody else's trade."""
    MISREAD = "misread"
    """The words were right and were read wrongly."""
    SOURCE_EDITED = "source_edited"
    """The author says it otherwise now."""
    BUST_TRADE = "bust_trade"
    """The venue broke the trade."""
    BROKER_RESTATED = "broker_restated"
    """The broker's own report says it otherwise."""
    LATE_REPORT = "late_report"
    """What happened came to be known late."""
    WRONG_MARK = "wrong_mark"
    """A quote that nobody could have traded on: crossed, stale or of another contract."""
    WRONG_CASH = "wrong_cash"
    WRONG_LINK = "wrong_link"
    """Two authors are one person, or are not."""
    EARLIER_CORRECTION = "earlier_correction"
    """An earlier correction was wrong itself."""
    OTHER = "other"


class Wanted(Value, frozen=True, kw_only=True):
    """What is asked for; which figures go with which target `checked` knows."""

    part: str = ""
    void: bool = False
    price: Decimal | None = None
    quantity: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    bid: Decimal | None = None
    offer: Decimal | None = None
    amount: Decimal | None = None
    linked_to: UUID | None = None
    instead: Terms | None = None
    changes: tuple[Changed, ...] = ()
    message: UUID | None = None
    revision: int | None = None
    corrects: UUID | None = None
    code: ReasonCode = ReasonCode.OTHER
    evidence: str = ""

    def as_fields(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)

    @property
    def figures(self) -> frozenset[str]:
        """The names of the figures that are to be others."""
        return frozenset(name for name in _FIGURES if getattr(self, name) not in (None, ()))


_FIGURES = ("price", "quantity", "stop", "targets", "bid", "offer", "amount", "linked_to")
_MAY_CHANGE = {
    Target.SIGNAL: frozenset({"price", "quantity", "stop", "targets"}),
    Target.ORDER: frozenset({"price", "quantity"}),
    Target.MARK: frozenset({"bid", "offer"}),
    Target.ACCOUNT: frozenset({"amount"}),
    Target.TRADER: frozenset({"linked_to"}),
}


def checked(wanted: Wanted, target: Target) -> Wanted:
    """What is asked for, if it can put a record of that kind right.

    Raises:
        InvalidInput: neither a void nor a changed figure, or both; a figure that the record
            has not; evidence that is no https address.
    """
    may, figures = _MAY_CHANGE[target], wanted.figures
    if figures - may:
        others = ", ".join(sorted(figures - may))
        raise InvalidInput(f"the record of a {target.value} has no {others}")
    if wanted.void == bool(figures):
        names = " or ".join(sorted(may)).replace("_", " ")
        if target in (Target.SIGNAL, Target.ORDER):
            names = "price or quantity"
        raise InvalidInput(f"a correction either voids or changes {names}")
    if wanted.void and target is Target.MARK:
        raise InvalidInput("a mark is not voided: say the bid and offer that were right")
    if wanted.instead is not None and not wanted.void:
        raise InvalidInput("a trade takes the place of a voided one only")
    return msgspec.structs.replace(wanted, evidence=_address(wanted.evidence))


def _address(evidence: str) -> str:
    """The evidence's address; empty if there is none.

    Raises:
        InvalidInput: it is no https address.
    """
    evidence = evidence.strip()
    if not evidence:
        return ""
    wrong = InvalidInput("evidence is an https address, such as https://discord.com/channels/...")
    if len(evidence) > EVIDENCE_LENGTH_MAX or any(c.isspace() or c in '<>"' for c in evidence):
        raise wrong
    try:
        parts = urlsplit(evidence)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme != "https" or not host or "." not in host or parts.username is not None:
        raise wrong
    return evidence
