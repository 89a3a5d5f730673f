"""Signal answers: who said yes or no to a signal, or tried to, and what they heard."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.approvals import Attempt, PriceStand
from domain.signal_events import (
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalRejected,
)
from projections.pages import select_all
from projections.readmodel import Private, Projection, Row, Seen, Table, when


class Heard(StrEnum):
    """What became of somebody's yes or no."""

    APPROVED = "approved"
    ANOTHER_NEEDED = "another_needed"
    REJECTED = "rejected"
    REFUSED = "refused"


class AnswerRow(Row, frozen=True, kw_only=True):
    """One person's yes or no. Prices in USD per share."""

    signal: UUID
    version: int
    by: str
    via: str
    attempt: Attempt
    heard: Heard
    code: str = ""
    """Why it was refused, for programs."""
    words: str = ""
    """Why it was refused, what is still needed, or the reason for a no."""
    account: str = ""
    at_risk: Decimal | None = None
    """What the order would put at risk in USD, where that was asked."""
    price_stand: PriceStand = PriceStand.UNCHECKED
    market_px: Decimal | None = None
    accepted_px: Decimal | None = None
    answered_at: datetime


class SignalAnswers(Projection):
    """Keeps every answer."""

    name = "signal_answers"
    kind = "feed"

    def __init__(self) -> None:
        self.answers = Table(
            "signal_answers", AnswerRow, ["signal", "version"], private=Private("account")
        )
        self.tables = (self.answers,)

    @when(SignalApproved)
    def approved(self, event: SignalApproved, seen: Seen) -> None:
        self._said_yes(event, seen, Heard.APPROVED, "")

    @when(SignalApprovalGiven)
    def given(self, event: SignalApprovalGiven, seen: Seen) -> None:
        self._said_yes(event, seen, Heard.ANOTHER_NEEDED, event.still_needed)

    @when(SignalRejected)
    def rejected(self, event: SignalRejected, seen: Seen) -> None:
        row = AnswerRow(
            signal=seen.stream, version=seen.version, by=event.by, via=event.via,
            attempt=Attempt.REJECT, heard=Heard.REJECTED, words=event.reason,
            answered_at=event.timestamp,
        )  # fmt: skip
        self.answers.insert(row, seen.position)

    @when(SignalApprovalRefused)
    def refused(self, event: SignalApprovalRefused, seen: Seen) -> None:
        row = AnswerRow(
            signal=seen.stream, version=seen.version, by=event.by, via=event.via,
            attempt=event.attempt, heard=Heard.REFUSED, code=event.code, words=event.reason,
            answered_at=event.timestamp,
        )  # fmt: skip
        self.answers.insert(row, seen.position)

    def _said_yes(
        self,
        event: SignalApproved | SignalApprovalGiven,
        seen: Seen,
        heard: Heard,
        words: str,
    ) -> None:
        row = AnswerRow(
            signal=seen.stream, version=seen.version, by=event.by, via=event.via,
            attempt=Attempt.APPROVE, heard=heard, words=words, account=event.account,
            at_risk=event.at_risk, price_stand=event.price_stand, market_px=event.market_px,
            accepted_px=event.accepted_px, answered_at=event.timestamp,
        )  # fmt: skip
        self.answers.insert(row, seen.position)


_ANSWERS = SignalAnswers().answers.shape


def answers(
    connection: Connection[Any], signal: UUID, *, as_of: int | None = None
) -> list[AnswerRow]:
    """Every yes and no to a signal in their order, refused ones too."""
    return select_all(connection, _ANSWERS, {"signal": signal}, as_of, "version")
