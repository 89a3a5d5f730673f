"""Told trades: what was said of each trade and booked, or would be by another reading.

The same record is made of events on the tape and of events that a rehearsal decided, so that
the two can lie side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.fix import Side
from domain.legs import Leg, expiry_of, strategy_symbol
from domain.market import exchange_day
from domain.shared import Event
from domain.signal_events import (
    ClosedBy,
    SignalAdded,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalLevelsMoved,
    SignalPosted,
    SignalSettled,
    SignalVoided,
)
from domain.signals import Signal

ENTRY, EXIT, SETTLEMENT = "entry", "exit", "settlement"


class ToldExecution(msgspec.Struct, kw_only=True):
    """A numbered execution: as it was said, and as it counts by now."""

    number: int
    kind: str
    message: UUID | None
    quantity: Decimal
    price: Decimal | None
    counted: Decimal
    counted_px: Decimal | None
    posted_at: datetime
    reason: ClosedBy = ClosedBy.EXIT
    rules: tuple[str, ...] = ()
    by_hand: bool = False
    """A person corrected it."""


class ToldTrade(msgspec.Struct, kw_only=True):
    """A trade with its executions by number. `message` is the one that opened it."""

    signal: UUID
    trader: UUID
    platform: str
    channel: str
    message: UUID
    origin: str
    parser: str
    side: Side
    legs: tuple[Leg, ...]
    price_to: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    rules: tuple[str, ...] = ()
    posted_at: datetime
    executions: dict[int, ToldExecution]
    closed: bool = False
    voided: bool = False
    by_hand: bool = False
    """A person voided it."""

    @property
    def symbol(self) -> str:
        return strategy_symbol(self.side, self.legs)

    @property
    def open_quantity(self) -> Decimal:
        signed = (e.counted if e.kind == ENTRY else -e.counted for e in self.executions.values())
        return sum(signed, Decimal(0))

    def is_over(self, at: datetime) -> bool:
        """Whether nothing more can be said of it."""
        expiry = expiry_of(self.legs)
        return self.closed or self.voided or (expiry is not None and expiry < exchange_day(at))


class ToldTrades:
    """Trades by signal, as events tell of them.

    `by_reading` says of a correction whether it came of reading a message, not of a person.
    """

    def __init__(self, by_reading: Callable[[UUID], bool] = lambda _: False) -> None:
        self._by_reading = by_reading
        self.trades: dict[UUID, ToldTrade] = {}

    def take(self, signal: Signal) -> None:
        """Begins with a trade that was there before: its own executions are not told."""
        self.trades[signal.id] = ToldTrade(
            signal=signal.id,
            trader=signal.trader,
            platform=signal.source.platform,
            channel=signal.source.channel,
            message=signal.source.message,
            origin="",
            parser="",
            side=signal.side,
            legs=signal.legs,
            posted_at=signal.posted_at,
            executions={},
        )

    def forget(self, signal: UUID) -> None:
        """Lets a trade go; what is told of it later is passed by."""
        self.trades.pop(signal, None)

    def note(self, stream: UUID, event: Event) -> None:
        """Takes up what an event of a signal tells."""
        if isinstance(event, SignalPosted):
            self.trades[stream] = _posted(stream, event)
            return
        trade = self.trades.get(stream)
        if trade is None:
            return
        match event:
            case SignalAdded():
                _execute(trade, ENTRY, event)
            case SignalExitCalled():
                _execute(trade, EXIT, event)
            case SignalSettled():
                trade.executions[event.number] = ToldExecution(
                    number=event.number,
                    kind=SETTLEMENT,
                    message=None,
                    quantity=event.quantity,
                    price=event.price,
                    counted=event.quantity,
                    counted_px=event.price,
                    posted_at=event.settled_at,
                )
            case SignalClosed():
                trade.closed = True
            case SignalLevelsMoved():
                trade.stop = trade.stop if event.stop is None else event.stop
                trade.targets = event.targets or trade.targets
            case SignalCorrected():
                self._correct(trade, event)
            case SignalVoided():
                trade.voided = True
                trade.by_hand = not self._by_reading(event.correction)

    def _correct(self, trade: ToldTrade, event: SignalCorrected) -> None:
        execution = trade.executions.get(event.number)
        if execution is None:
            return
        if event.quantity is not None:
            execution.counted = event.quantity
        if event.price is not None:
            execution.counted_px = event.price
        execution.by_hand = not self._by_reading(event.correction)
        trade.closed = trade.closed and trade.open_quantity == 0


def _posted(stream: UUID, event: SignalPosted) -> ToldTrade:
    entry = ToldExecution(
        number=1,
        kind=ENTRY,
        message=event.source.message,
        quantity=event.quantity,
        price=event.price,
        counted=event.quantity,
        counted_px=event.price,
        posted_at=event.posted_at,
        rules=event.rules,
    )
    return ToldTrade(
        signal=stream,
        trader=event.trader,
        platform=event.source.platform,
        channel=event.source.channel,
        message=event.source.message,
        origin=event.origin,
        parser=event.parser,
        side=event.side,
        legs=event.legs,
        price_to=event.price_to,
        stop=event.stop,
        targets=event.targets,
        rules=event.rules,
        posted_at=event.posted_at,
        executions={1: entry},
    )


def _execute(trade: ToldTrade, kind: str, event: SignalAdded | SignalExitCalled) -> None:
    trade.executions[event.number] = ToldExecution(
        number=event.number,
        kind=kind,
        message=event.message,
        quantity=event.quantity,
        price=event.price,
        counted=event.quantity,
        counted_px=event.price,
        posted_at=event.posted_at,
        reason=event.reason if isinstance(event, SignalExitCalled) else ClosedBy.EXIT,
        rules=event.rules,
    )
