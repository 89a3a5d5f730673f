"""Revising: what becomes of a trade when its author edits or deletes the message it came of.

What was said first counts, whether the signal is approved or not. An edit that leaves the trade
the same does nothing. One that tells another trade is noted on the signal and asks for a
correction, which an admin applies or refuses; nothing is taken by itself, so nobody improves a
record by editing, and no mended slip is lost. An edit books nothing: what it adds is left with
the reason. Words that tell of no trade any more are like a deletion: the trade goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.correcting import Change, asked
from application.desk import Command, Work
from application.differing import Difference, Sort, differences, spoken
from application.reaction import Happened, Memory, consequence
from application.standing import StandingTrades
from application.told import ToldTrade, ToldTrades
from domain.corrections import Correction, ReasonCode, Target
from domain.grammar.reading import PARSER
from domain.messages import Message, MessageDeleted, MessageEdited, MessageUnbooked, Words
from domain.shared import Event, learned
from domain.signals import Signal, signal_stream
from domain.terms import HINDSIGHT, TRADER, Terms

GRACE = timedelta(minutes=2)
"""So long an edit counts as the mending of a slip: another contract, once an admin agrees, is
scored from the edit on. Later it is hindsight: shown, not scored."""

PLACES = 24
"""In how many places of a message a trade is looked for."""

Rehearse = Callable[[Message, Sequence[Signal]], Sequence[Event]]
"""What a message would be booked as while some trades of its author are open."""


class Touched(msgspec.Struct, frozen=True):
    """The trades that a message did something to, besides opening them."""

    signals: tuple[UUID, ...]


class Asked(msgspec.Struct, frozen=True):
    """The corrections that edits of a message have asked for."""

    corrections: tuple[UUID, ...]


class Revising:
    """The part of booking that looks at edits and deletions."""

    def __init__(
        self, name: str, memory: Memory, standing: StandingTrades, rehearse: Rehearse
    ) -> None:
        self._name = name
        self._memory = memory
        self._standing = standing
        self._rehearse = rehearse
        self._touched: dict[UUID, tuple[UUID, ...]] = {}
        self._asked: dict[UUID, tuple[UUID, ...]] = {}

    def clear(self) -> None:
        self._touched.clear()
        self._asked.clear()

    def restore(self, kind: str, message: UUID, value: bytes) -> None:
        """Takes up what was remembered of a message."""
        if kind == "touched":
            self._touched[message] = msgspec.json.decode(value, type=learned(Touched)).signals
        else:
            self._asked[message] = msgspec.json.decode(value, type=learned(Asked)).corrections

    def note(self, message: UUID, signal: UUID) -> None:
        """Remembers that a message went on with a trade that another one opened."""
        before = self._touched.get(message, ())
        if signal not in before:
            self._touched[message] = (*before, signal)
            self._memory.put(f"touched:{message}", Touched(self._touched[message]))

    def deleted(self, cause: Happened, event: MessageDeleted, work: Work) -> None:
        """Notes on every trade of the message that it is gone."""
        for number, signal in enumerate(self._signals_of(cause.stream, work)):
            if cause.stream not in signal.deleted:
                signal.note_deletion(
                    message=cause.stream, noticed_at=event.noticed_at, at=event.timestamp
                )
                command = consequence(self._name, cause, f"deleted {number}")
                work.save(msgspec.structs.replace(command, correlation=signal.id))

    def edited(self, cause: Happened, event: MessageEdited, work: Work) -> None:
        """Reads the first words and the new ones alike, and notes what differs."""
        message = work.get(Message, cause.stream)
        if message.is_erased:
            return
        revision = _revision(message, event)
        command = consequence(self._name, cause)
        self._withdraw(cause.stream, command, work)
        signals = self._signals_of(cause.stream, work)
        others = self._open_then(message, work)
        was = self._told(message, 0, signals, others)
        now = self._told(message, revision, signals, others)
        added = [] if was.unbooked else list(now.unbooked)
        for difference in _of_message(was, now, message.posted_at):
            told = [change for change in difference.changes if change.was or not difference.missed]
            if len(told) < len(difference.changes) or difference.sort is Sort.NEW:
                added.append(f"edited into a trade, which books nothing: {_spoken(difference)}")
            signal = _meant(difference, signals)
            if signal is not None and not signal.voided and told:
                self._revise(signal, difference, message, revision, command, work)
        if added:
            message.leave_unbooked(
                kind="edited",
                missing=(),
                why="; ".join(added),
                parser=PARSER,
                revision=revision,
                at=event.timestamp,
            )
        work.save(command)

    def _told(
        self,
        message: Message,
        revision: int,
        signals: Sequence[Signal],
        others: Sequence[Signal],
    ) -> _Telling:
        """What the words of a revision tell, had they been the first."""
        touched = [_before(signal, message.id) for signal in signals]
        open_then = [deepcopy(signal) for signal in others]
        open_then += [signal for signal in touched if signal is not None]
        telling = _Telling()
        for signal in open_then:
            telling.take(signal)
        for event in self._rehearse(_worded(message, revision), open_then):
            if isinstance(event, MessageUnbooked):
                telling.unbooked.append(f"edited: {event.why}")
            telling.note(event.originator_id, event)
        return telling

    def _open_then(self, message: Message, work: Work) -> list[Signal]:
        """What else of its author was open in the channel when the message was posted, as far
        as it still is."""
        author = message.trader
        standing = self._standing.of((message.channel, author)).values()
        streams = [
            trade.signal_id
            for trade in standing
            if trade.opened_at < message.posted_at and message.id not in trade.messages
        ]
        found = work.prefetch(streams)
        return [signal for s in streams if isinstance(signal := found.get(s), Signal)]

    def _signals_of(self, message: UUID, work: Work) -> list[Signal]:
        """The trades that a message opened or went on with."""
        opened = [signal_stream(message, place) for place in range(PLACES)]
        streams = (*opened, *self._touched.get(message, ()))
        found = work.prefetch(streams)
        return [signal for s in streams if isinstance(signal := found.get(s), Signal)]

    def _withdraw(self, message: UUID, command: Command, work: Work) -> None:
        """What an earlier edit asked for is not asked for any more."""
        corrections = self._asked.pop(message, ())
        for correction in corrections:
            request = work.get(Correction, correction)
            if not (request.applied or request.refused):
                reason = "the message was edited again"
                request.refuse(by=self._name, reason=reason, at=command.at)
        if corrections:
            self._memory.drop(f"asked:{message}")

    def _revise(
        self,
        signal: Signal,
        difference: Difference,
        message: Message,
        revision: int,
        command: Command,
        work: Work,
    ) -> None:
        signal.note_edit(
            message=message.id,
            revision=revision,
            edited_at=message.revisions[revision].worded_at,
            changes=difference.changes,
            parser=PARSER,
            at=command.at,
        )
        work.take(signal)
        requests = []
        for number, change in enumerate(_wanted(signal, difference, message, revision)):
            # The same edit asks for the same correction.
            correction = signal_stream(command.id, f"correction {signal.id} {number}")
            person = f"program:{self._name}"
            work.take(work.begin(asked(correction, change, signal, self._name, person, command)))
            requests.append(correction)
        if requests:
            self._asked[message.id] = (*self._asked.get(message.id, ()), *requests)
            self._memory.put(f"asked:{message.id}", Asked(self._asked[message.id]))


class _Telling(ToldTrades):
    """What some words tell, and why some of it would be in nobody's book."""

    def __init__(self) -> None:
        super().__init__()
        self.unbooked: list[str] = []


def _spoken(difference: Difference) -> str:
    if difference.sort is Sort.NEW:
        return spoken(difference.trade)
    return ", ".join(str(change) for change in difference.changes if not change.was)


def _worded(message: Message, revision: int) -> Message:
    """A message as if it had been captured with the words of a revision."""
    words = message.revisions[revision]
    return Message.capture(
        platform=message.platform,
        message_id=message.message_id,
        channel=message.channel,
        author_id=message.author_id,
        author_name=message.author_name,
        content=words.content,
        embeds=words.embeds,
        reply_to=message.reply_to,
        posted_at=message.posted_at,
        via="",
        at=message.posted_at,
    )


def _revision(message: Message, event: MessageEdited) -> int:
    """Which revision an edit made; the message may have been edited again since."""
    words = Words(content=event.content, embeds=event.embeds, worded_at=event.edited_at)
    return message.revisions.index(words, 1)


def _before(signal: Signal, message: UUID) -> Signal | None:
    """A trade as it stood before a message; None if the message opened it."""
    numbers = [number for number, said in signal.messages.items() if said == message]
    first = min(numbers, default=len(signal.book) + 1)
    return None if first == 1 else signal.until(first)


def _of_message(was: ToldTrades, now: ToldTrades, at: datetime) -> Iterator[Difference]:
    """What differs: trades that went on one by one, opened ones as they go together."""
    opened = [trade for trade in was.trades.values() if trade.origin]
    reopened = [trade for trade in now.trades.values() if trade.origin]
    yield from differences(opened, reopened, at=at)
    for stream, trade in was.trades.items():
        if not trade.origin:
            yield from differences([trade], [now.trades[stream]], at=at)


def _meant(difference: Difference, signals: Sequence[Signal]) -> Signal | None:
    """The recorded trade that the words told of, by whatever version it was read."""
    trade = difference.trade
    for signal in signals:
        if signal.id == trade.signal:
            return signal
    for signal in signals:
        if (signal.side, signal.legs) == (trade.side, trade.legs):
            return signal
    return None


def _wanted(
    signal: Signal, difference: Difference, message: Message, revision: int
) -> Iterator[Change]:
    """The corrections that new words ask for.

    Words that tell of no trade any more ask for none: it stays, as if they had been deleted.
    """
    words = message.revisions[revision]
    change = Change(
        target=Target.SIGNAL,
        stream=signal.id,
        changes=difference.changes,
        message=message.id,
        revision=revision,
        code=ReasonCode.SOURCE_EDITED,
        reason=f"its author edited the message at {words.worded_at:%Y-%m-%d %H:%M:%S} UTC: "
        + ", ".join(map(str, difference.changes)),
    )
    if difference.sort is Sort.REPLACED and difference.read is not None:
        terms = _terms(difference.read, message, revision, signal.valid_until)
        yield msgspec.structs.replace(change, void=True, instead=terms)
        return
    for fix in difference.fixes:
        if fix.quantity != 0:
            yield msgspec.structs.replace(
                change, part=str(fix.number), price=fix.price, quantity=fix.quantity
            )
    if difference.stop is not None or difference.targets:
        yield msgspec.structs.replace(change, stop=difference.stop, targets=difference.targets)


def _terms(read: ToldTrade, message: Message, revision: int, valid_until: datetime | None) -> Terms:
    """The trade in the new words, which nobody can have made before they were there."""
    words, entry = message.revisions[revision], read.executions[1]
    assert entry.price is not None
    in_grace = words.worded_at - message.posted_at <= GRACE
    return Terms(
        origin=TRADER if in_grace else HINDSIGHT,
        platform=message.platform,
        channel=message.channel,
        message=message.id,
        revision=revision,
        place=f"revision {revision}: {read.symbol}",
        side=read.side,
        legs=read.legs,
        quantity=entry.quantity,
        price=entry.price,
        price_to=read.price_to,
        stop=read.stop,
        targets=read.targets,
        valid_until=valid_until if in_grace else message.posted_at,
        parser=PARSER,
        rules=read.rules,
        posted_at=words.worded_at,
    )
