"""Approval queue: the signals that wait for somebody's yes or no, and until when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.fix import Side
from domain.legs import strategy_symbol
from domain.signal_events import (
    SignalAdded,
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalExpired,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalRejected,
    SignalSettled,
    SignalSourceDeleted,
    SignalSourceEdited,
    SignalVoided,
)
from projections.naming import title_of
from projections.pages import Past, select_one, select_page
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class PendingRow(Row, frozen=True, kw_only=True):
    """A signal that nobody has decided on. Prices in USD per share."""

    signal: UUID
    version: int
    trader: UUID
    channel: str
    message: UUID
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    stop: Decimal | None
    market_px: Decimal | None = None
    """What the entry counts at, once it was held against the quote."""
    attainable: bool | None = None
    posted_at: datetime
    late: bool = False
    """Its message was not heard live."""
    valid_until: datetime | None
    edited_at: datetime | None = None
    """When its author last made a message of it tell another trade."""
    deleted_at: datetime | None = None
    given: int = 0
    """How many approvers said yes and wait for another one."""
    given_by: str = ""
    """Who they are, in words."""
    needed: int = 1
    """How many it takes as far as it is known: the first yes says whether there are two."""
    still_needed: str = ""
    refusals: int = 0
    last_refusal: str = ""

    @property
    def title(self) -> str:
        """The instruments as people write them."""
        return title_of(self.symbol)


class ApprovalQueue(Projection):
    """Folds what makes a signal wait, and what ends the waiting."""

    name = "approval_queue"
    kind = "feed"
    weight = 2

    def __init__(self) -> None:
        self.pending = Table(
            "approval_queue",
            PendingRow,
            ["signal"],
            [
                Index("posted_at, signal"),
                Index("valid_until"),
                Index("valid_to, valid_from", every_version=True),
            ],
        )
        self.tables = (self.pending,)

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        symbol = strategy_symbol(event.side, event.legs)
        row = PendingRow(
            signal=seen.stream,
            version=seen.version,
            trader=event.trader,
            channel=event.source.channel,
            message=event.source.message,
            symbol=symbol,
            side=event.side,
            quantity=event.quantity,
            price=event.price,
            stop=event.stop,
            posted_at=event.posted_at,
            late=event.late,
            valid_until=event.valid_until,
        )
        self.pending.insert(row, seen.position)

    @when(SignalApproved, SignalRejected, SignalExpired, SignalVoided, SignalClosed)
    def over(self, event: object, seen: Seen) -> None:  # noqa: ARG002
        self.pending.remove(seen.stream, seen.position)

    @when(SignalPriceChecked)
    def price_checked(self, event: SignalPriceChecked, seen: Seen) -> None:
        if event.number == 1:
            self._change(seen, market_px=event.price, attainable=event.attainable)
        else:
            self._change(seen)

    @when(SignalLevelsMoved)
    def levels_moved(self, event: SignalLevelsMoved, seen: Seen) -> None:
        if event.stop is None:
            self._change(seen)
        else:
            self._change(seen, stop=event.stop)

    @when(SignalSourceEdited)
    def source_edited(self, event: SignalSourceEdited, seen: Seen) -> None:
        self._change(seen, edited_at=event.edited_at)

    @when(SignalSourceDeleted)
    def source_deleted(self, event: SignalSourceDeleted, seen: Seen) -> None:
        self._change(seen, deleted_at=event.noticed_at)

    @when(SignalApprovalGiven)
    def given(self, event: SignalApprovalGiven, seen: Seen) -> None:
        row = self.pending.current(seen.stream)
        if row is None:
            return
        names = f"{row.given_by}, {event.by}" if row.given_by else event.by
        self._change(
            seen, given=row.given + 1, given_by=names, needed=2, still_needed=event.still_needed
        )

    @when(SignalApprovalRefused)
    def refused(self, event: SignalApprovalRefused, seen: Seen) -> None:
        row = self.pending.current(seen.stream)
        if row is not None:
            told = f"{event.by}: {event.reason}"
            self._change(seen, refusals=row.refusals + 1, last_refusal=told)

    @when(SignalCorrected)
    def corrected(self, event: SignalCorrected, seen: Seen) -> None:  # noqa: ARG002
        """A yes to other figures counts no more."""
        self._change(seen, given=0, given_by="", needed=1, still_needed="")

    @when(SignalAdded, SignalExitCalled, SignalSettled)
    def went_on(self, event: object, seen: Seen) -> None:  # noqa: ARG002
        self._change(seen)

    def _change(self, seen: Seen, **changes: Any) -> None:
        row = self.pending.current(seen.stream)
        if row is not None:
            self.pending.put(replace(row, version=seen.version, **changes), seen.position)


_PENDING = ApprovalQueue().pending.shape


def pending(
    connection: Connection[Any],
    *,
    trader: UUID | None = None,
    channel: str | None = None,
    as_of: int | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[PendingRow]:
    """What waits, the longest first; `after` is (posted_at, signal) of the last one seen."""
    return select_page(
        connection, _PENDING, where={"trader": trader, "channel": channel},
        order=["posted_at", "signal"], past=Past(), as_of=as_of, after=after, limit=limit,
        descending=False,
    )  # fmt: skip


def waiting(
    connection: Connection[Any], signal: UUID, *, as_of: int | None = None
) -> PendingRow | None:
    """The entry of one signal, if it waits."""
    return select_one(connection, _PENDING, {"signal": signal}, as_of)


def lapsed(connection: Connection[Any], at: datetime, limit: int = 1_000) -> list[UUID]:
    """Signals whose time for approval is over and that nobody has closed yet."""
    found = connection.execute(
        "SELECT signal FROM read.approval_queue"
        " WHERE valid_to = 9223372036854775807 AND valid_until < %s"
        " ORDER BY valid_until LIMIT %s",
        (at, limit),
    )
    return [row[0] for row in found.fetchall()]
