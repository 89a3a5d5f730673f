"""Signals: the feed, one signal with its executions, and what waits for approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from psycopg import Connection as Database

from domain.approvals import Attempt, PriceStand
from domain.fix import Side
from domain.signal_events import ClosedBy, Decision
from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByTime,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import Batch, asking_of
from interfaces.graphql.related import rows_of
from projections.approval_queue import ApprovalQueue, PendingRow, pending
from projections.signal_answers import AnswerRow, Heard, SignalAnswers
from projections.signal_feed import SignalFeed
from projections.signal_feed import signal as one_signal
from projections.signal_feed import signals as feed
from projections.signal_rows import (
    Badge,
    ExecutionKind,
    ExecutionRow,
    PriceBasis,
    SignalRow,
    TradeState,
)
from projections.trader_profiles import TraderProfiles, names_of

_EXECUTIONS = SignalFeed().executions.shape
_ANSWERS = SignalAnswers().answers.shape
_OF_SIGNALS = (SignalFeed, SignalAnswers, TraderProfiles)

Names = Batch[UUID, str]
Executions = Batch[UUID, list[ExecutionRow]]
Answers = Batch[UUID, list[AnswerRow]]


@kind
class TraderName:
    """Who posts under which name."""

    id: UUID
    name: str


@kind
class Execution:
    """A numbered part of a signal's trade: an entry, an exit, or its settlement at expiry."""

    number: int
    kind: ExecutionKind
    quantity: Decimal
    claimed_price: Decimal | None = figure("USD per share, as the trader said.")
    price: Decimal | None = figure("USD per share at which it counts; none if it is assumed.")
    basis: PriceBasis
    attainable: bool | None = figure("Whether the quote of that moment allowed the claim.")
    bid: Decimal | None
    offer: Decimal | None
    quote_time: datetime | None
    quote_source: str
    message: UUID | None
    executed_at: datetime


@kind
class Answer:
    """Somebody's yes or no to a signal, or an attempt at one, and what they heard."""

    by: str
    via: str
    attempt: Attempt
    heard: Heard
    code: str = figure("Why it was refused, for programs.")
    words: str = figure("Why it was refused, what is still needed, or the reason for a no.")
    account: str
    at_risk: Decimal | None = figure("USD that the order would put at risk, where it was asked.")
    price_stand: PriceStand
    market_price: Decimal | None = figure("USD per share that the order would have paid or got.")
    accepted_price: Decimal | None = figure("The worst price that the approver would take.")
    answered_at: datetime


def _answers(by_signal: Answers, signal: UUID) -> list[Answer]:
    return [
        shown(Answer, row, market_price=row.market_px, accepted_price=row.accepted_px)
        for row in by_signal.get(signal) or ()
    ]


@kind
class Signal:
    """A trade that somebody posted, as it stands."""

    id: UUID
    version: int
    platform: str
    channel: str
    message: UUID
    symbol: str
    title: str
    side: Side
    quantity: Decimal
    open_quantity: Decimal
    claimed_price: Decimal = figure("USD per share of the first entry, as the trader said.")
    average_price: Decimal = figure("USD per share over all entries, at the prices that count.")
    badge: Badge
    unattainable: bool = figure("The market did not offer the claimed price: it is not scored.")
    stop: Decimal | None
    targets: list[Decimal]
    valid_until: datetime | None
    decision: Decision
    decided_by: str
    decided_via: str
    decided_at: datetime | None
    reason: str
    account: str
    state: TradeState
    closed_by: ClosedBy | None
    closed_at: datetime | None
    fills: int
    corrections: int
    posted_at: datetime
    late: bool = figure("Its message was not heard live: it took over 5 s, or had to be fetched.")
    hindsight: bool = figure("It was booked when its end could be known: it is not scored.")
    confidence: Decimal | None = figure("How sure the reading was, up to 1, where that is known.")
    edited_at: datetime | None = figure("When its author last made it tell another trade.")
    deleted_at: datetime | None = figure("When a message of it was noticed to be gone.")
    position: BigInt = figure("The event on the tape that made it stand like this.")
    trader_id: strawberry.Private[UUID]
    names: strawberry.Private[Names]
    by_signal: strawberry.Private[Executions]
    answered: strawberry.Private[Answers]

    @resolved("Who posted it.")
    def trader(self) -> TraderName:
        return TraderName(id=self.trader_id, name=self.names.get(self.trader_id) or "")

    @resolved("Its entries, exits and settlement in their order.")
    def executions(self) -> list[Execution]:
        return [
            shown(Execution, row, claimed_price=row.claimed_px)
            for row in self.by_signal.get(self.id) or ()
        ]

    @resolved("Every yes and no to it in their order, refused attempts too.")
    def answers(self) -> list[Answer]:
        return _answers(self.answered, self.id)


@kind
class Pending:
    """A signal that waits for somebody's yes or no."""

    id: UUID
    version: int
    channel: str
    message: UUID
    symbol: str
    title: str
    side: Side
    quantity: Decimal
    price: Decimal = figure("USD per share, as the trader said.")
    stop: Decimal | None
    market_price: Decimal | None = figure("USD per share at which the entry counts.")
    attainable: bool | None
    posted_at: datetime
    late: bool = figure("Its message was not heard live: it took over 5 s, or had to be fetched.")
    edited_at: datetime | None = figure("When its author last made it tell another trade.")
    deleted_at: datetime | None = figure("When a message of it was noticed to be gone.")
    valid_until: datetime | None
    approvals_given: int = figure("How many approvers said yes and wait for another one.")
    approvals_needed: int = figure("How many it takes, as far as it is known before a first yes.")
    still_needed: str = figure("What a first yes waits for, in words.")
    refusals: int = figure("How many attempts to decide on it were refused.")
    position: BigInt = figure("The event on the tape that made it stand like this.")
    trader_id: strawberry.Private[UUID]
    names: strawberry.Private[Names]
    answered: strawberry.Private[Answers]

    @resolved("Every yes to it that waits for another, and every refused attempt, in order.")
    def answers(self) -> list[Answer]:
        return _answers(self.answered, self.id)

    @resolved("Who posted it.")
    def trader(self) -> TraderName:
        return TraderName(id=self.trader_id, name=self.names.get(self.trader_id) or "")


class _Page:
    """What the signals of one page need besides their rows, fetched when a field asks."""

    def __init__(
        self, database: Database[Any], rows: Sequence[SignalRow | PendingRow], as_of: int | None
    ) -> None:
        self.names = Names(
            (row.trader for row in rows), lambda keys: names_of(database, keys, as_of=as_of)
        )
        self.executions = Executions(
            (row.signal for row in rows),
            lambda keys: rows_of(database, _EXECUTIONS, "signal", keys, as_of, "number"),
        )
        self.answers = Answers(
            (row.signal for row in rows),
            lambda keys: rows_of(database, _ANSWERS, "signal", keys, as_of, "version"),
        )

    def signal(self, row: SignalRow) -> Signal:
        return shown(
            Signal,
            row,
            id=row.signal,
            claimed_price=row.claimed_px,
            average_price=row.average_px if row.quantity else row.claimed_px,
            targets=[Decimal(price) for price in row.targets.split()],
            position=BigInt(row.valid_from),
            trader_id=row.trader,
            names=self.names,
            by_signal=self.executions,
            answered=self.answers,
        )

    def pending(self, row: PendingRow) -> Pending:
        return shown(
            Pending,
            row,
            id=row.signal,
            market_price=row.market_px,
            approvals_given=row.given,
            approvals_needed=row.needed,
            position=BigInt(row.valid_from),
            trader_id=row.trader,
            names=self.names,
            answered=self.answers,
        )


def signals_of(database: Database[Any], rows: Sequence[SignalRow], as_of: int) -> list[Signal]:
    """Rows as signals with everything that belongs to them, needing the database no more."""
    page = _Page(database, rows, as_of)
    page.names.fetch()
    page.executions.fetch()
    page.answers.fetch()
    return [page.signal(row) for row in rows]


def _place(row: SignalRow | PendingRow) -> ByTime:
    return ByTime(row.posted_at, row.signal)


@strawberry.type
class SignalQueries:
    """What can be asked about signals."""

    @resolved("Signals, the newest post first.")
    def signals(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        trader: UUID | None = None,
        channel: str | None = None,
        symbol: str | None = None,
        state: TradeState | None = None,
        decision: Decision | None = None,
        as_of: AsOf = None,
    ) -> Connection[Signal]:
        database = asking_of(info).reading.of(*_OF_SIGNALS, as_of=as_of)
        rows = feed(
            database,
            trader=trader,
            channel=channel,
            symbol=symbol,
            state=state,
            decision=decision,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(rows, first, _place, _Page(database, rows, as_of).signal, after)

    @resolved("One signal.")
    def signal(self, info: Info, id: UUID, as_of: AsOf = None) -> Signal | None:  # noqa: A002
        database = asking_of(info).reading.of(*_OF_SIGNALS, as_of=as_of)
        row = one_signal(database, id, as_of=as_of)
        return None if row is None else _Page(database, [row], as_of).signal(row)

    @resolved("Signals that wait for approval, the longest waiting first.")
    def approval_queue(
        self,
        info: Info,
        first: First = FIRST,
        after: After = None,
        trader: UUID | None = None,
        channel: str | None = None,
        as_of: AsOf = None,
    ) -> Connection[Pending]:
        database = asking_of(info).reading.of(
            ApprovalQueue, SignalAnswers, TraderProfiles, as_of=as_of
        )
        rows = pending(
            database,
            trader=trader,
            channel=channel,
            as_of=as_of,
            after=place_of(after, ByTime),
            limit=limit_of(first),
        )
        return page_of(rows, first, _place, _Page(database, rows, as_of).pending, after)
