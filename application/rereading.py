"""Rereading: every recorded message read again by today's grammar, beside what was booked.

The messages go through booking itself, in the tape's order and by the settings that held then,
but over trades in memory: nothing is recorded. What is booked is told by the tape. A person's
corrections stay: what they put right or voided is no difference, whatever a reading says.

Only what differs, and what is still open, is kept in memory, however long the history is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from application.booking import Booking
from application.differing import Difference, Sort, differences
from application.reaction import Happened
from application.rehearsing import Rehearsal
from application.told import ToldTrade, ToldTrades
from domain.corrections import CorrectionRequested
from domain.legs import expiry_of
from domain.market import exchange_day
from domain.messages import Message, MessageCaptured
from domain.rooms import RoomChanged, RoomConfigured
from domain.shared import Event
from domain.signal_events import (
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

HISTORY: frozenset[type[Event]] = frozenset(
    {
        MessageCaptured, RoomConfigured, RoomChanged, CorrectionRequested,
        SignalPosted, SignalAdded, SignalExitCalled, SignalLevelsMoved, SignalSettled,
        SignalClosed, SignalCorrected, SignalVoided,
    }
)  # fmt: skip
"""What has to be read of the tape."""

SWEEP = 2_000
"""Messages after which trades that are over, and read as they are booked, are let go."""

SAME = "same"


class Rereading:
    """One pass over the tape: hand in what happened, in order, then ask what differs."""

    def __init__(self, *, since: datetime | None = None, channel: str | None = None) -> None:
        self.messages = 0
        """Messages read again that were posted since the time asked for."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """Trades by what became of them and the version of the parser that booked them."""
        self._since = since or datetime.min.replace(tzinfo=UTC)
        self._channel = channel
        self._by_reading: set[UUID] = set()
        self._erased: set[UUID] = set()
        self._booked = ToldTrades(self._by_reading.__contains__)
        self._read = ToldTrades()
        self._opened: dict[UUID, tuple[list[UUID], list[UUID]]] = {}
        """By message: the trades that were booked of it, and those that are read of it now."""
        self._last: dict[str, datetime] = {}
        self._booking = Booking()
        self._rehearsal = Rehearsal(self._tell)
        self._unswept = 0

    def take(self, happened: Happened) -> None:
        """Takes the next event of the tape."""
        match happened.event:
            case MessageCaptured() as message:
                if message.is_erased:
                    self._erased.add(happened.stream)
                elif self._channel in (None, message.channel):
                    self._read_again(happened, message)
            case RoomConfigured() | RoomChanged():
                self._booking.react([happened], self._rehearsal)
            case CorrectionRequested() as asked:
                if asked.message is not None and asked.revision == 0:
                    self._by_reading.add(happened.stream)
            case SignalPosted() as posted:
                # What an admin took of an edit is not what was said first, and what an erased
                # author said is not read again.
                if posted.source.message in self._erased:
                    return
                if self._channel in (None, posted.source.channel) and not posted.source.revision:
                    self._opened_by(posted.source.message)[0].append(happened.stream)
                    self._booked.note(happened.stream, posted)
            case event:
                self._booked.note(happened.stream, event)
                self._follow(happened)

    def differences(self) -> list[Difference]:
        """All that differs, in the order in which the trades were said; `counts` is complete."""
        found: list[Difference] = []
        for message in self._opened:
            differing, same = self._compared(message)
            self._count_same(same)
            found += differing
        for difference in found:
            self.counts[difference.sort.value, difference.trade.parser] += 1
        return sorted(found, key=lambda difference: difference.trade.posted_at)

    @property
    def kept(self) -> int:
        """How many messages' trades are in memory."""
        return len(self._opened)

    def _read_again(self, happened: Happened, message: MessageCaptured) -> None:
        last = self._last.get(message.channel)
        if last is None or last < message.posted_at:
            self._last[message.channel] = message.posted_at
        if message.posted_at >= self._since:
            self.messages += 1
        begun: Message | None = replace(
            message,
            originator_id=happened.stream,
            originator_version=1,
            originator_topic="message",
        ).mutate(None)
        assert begun is not None
        self._rehearsal.begin(begun)
        self._booking.react([happened], self._rehearsal)
        self._rehearsal.put_away()
        self._unswept += 1
        if self._unswept >= SWEEP:
            self._sweep()

    def _tell(self, told: Sequence[Event]) -> None:
        for event in told:
            if isinstance(event, SignalPosted):
                self._opened_by(event.source.message)[1].append(event.originator_id)
            self._read.note(event.originator_id, event)

    def _opened_by(self, message: UUID) -> tuple[list[UUID], list[UUID]]:
        return self._opened.setdefault(message, ([], []))

    def _follow(self, happened: Happened) -> None:
        """What a person or the expiry did to a trade happens to the one that is read, too."""
        signal = self._rehearsal.on_shelf(happened.stream)
        if signal is None:
            return
        match happened.event:
            case SignalVoided() as voided if voided.correction not in self._by_reading:
                voided.apply(signal)
            case SignalCorrected() as corrected if self._is_same_execution(happened, corrected):
                corrected.apply(signal)
            case SignalSettled():
                self._forget(signal)
                return
            case _:
                return
        self._booking.react([happened], self._rehearsal)
        self._rehearsal.put_away()

    def _is_same_execution(self, happened: Happened, corrected: SignalCorrected) -> bool:
        booked, read = (told.trades.get(happened.stream) for told in (self._booked, self._read))
        if booked is None or read is None or corrected.correction in self._by_reading:
            return False
        was, now = (trade.executions.get(corrected.number) for trade in (booked, read))
        return was is not None and now is not None and was.message == now.message

    def _sweep(self) -> None:
        """Lets go what nothing can happen to any more and reads as it is booked."""
        self._unswept = 0
        self._booking.changes()
        for signal in self._rehearsal.signals():
            expiry, last = expiry_of(signal.legs), self._last.get(signal.source.channel)
            if expiry is not None and last is not None and expiry < exchange_day(last):
                self._forget(signal)
        for message, (booked, read) in list(self._opened.items()):
            trades = [self._booked.trades[one] for one in booked]
            trades += [self._read.trades[one] for one in read]
            if not (booked and read) or not all(map(self._is_over, trades)):
                continue
            differing, same = self._compared(message)
            if differing:
                continue
            self._count_same(same)
            for one in booked:
                self._booked.forget(one)
            for one in read:
                self._read.forget(one)
            del self._opened[message]

    def _forget(self, signal: Signal) -> None:
        """Nothing of it can be traded any more."""
        self._booking.forget(signal.id)
        self._rehearsal.forget(signal.id)

    def _is_over(self, trade: ToldTrade) -> bool:
        return trade.is_over(self._last.get(trade.channel, trade.posted_at))

    def _compared(self, message: UUID) -> tuple[list[Difference], list[ToldTrade]]:
        """What differs of the trades of one message, and those that are the same."""
        booked_ids, read_ids = self._opened[message]
        booked = [self._booked.trades[one] for one in booked_ids]
        booked = [trade for trade in booked if not _is_void_by_reading(trade)]
        read = [self._read.trades[one] for one in read_ids]
        if not booked and not read:
            return [], []
        any_trade = (booked or read)[0]
        at = self._last.get(any_trade.channel, any_trade.posted_at)
        found = [one for one in differences(booked, read, at=at) if self._is_in_scope(one)]
        differing = {one.booked.signal for one in found if one.booked is not None}
        return found, [trade for trade in booked if trade.signal not in differing]

    def _is_in_scope(self, difference: Difference) -> bool:
        """Whether anything of it was said since the time asked for."""
        said = [difference.trade.posted_at]
        if difference.sort is Sort.CHANGED and difference.booked is not None:
            executions = difference.booked.executions
            said += [executions[fix.number].posted_at for fix in difference.fixes]
            said += [execution.posted_at for execution in difference.missed]
        return max(said) >= self._since

    def _count_same(self, trades: Sequence[ToldTrade]) -> None:
        for trade in trades:
            if trade.posted_at >= self._since:
                self.counts[SAME, trade.parser] += 1


def _is_void_by_reading(trade: ToldTrade) -> bool:
    return trade.voided and not trade.by_hand
