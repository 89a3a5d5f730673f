"""Booking: reads every captured message and books what it says on the author's signals.

The reaction remembers what each author has open in each channel, who is registered, and how
each channel is read; all of it is exact to its place on the tape. An edit never books a trade
and a deletion never unbooks one: what was said first counts (see `revising`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.desk import Work
from application.intents import (
    AddCall,
    ExitCall,
    Intent,
    LevelsCall,
    OpenCall,
    StandsCall,
    Unbooked,
)
from application.reaction import Happened, Memory, consequence
from application.recalling import OpenTrade, Subject
from application.rehearsing import Rehearsal
from application.resolving import resolve
from application.revising import Revising
from application.standing import StandingTrades
from domain.approvals import APPROVAL_WINDOW_S
from domain.grammar.reading import PARSER, Kind, MessageText, Reading, Room
from domain.grammar.weighing import read
from domain.legs import expiry_of
from domain.market import exchange_day
from domain.messages import (
    HISTORY,
    Message,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    message_stream,
)
from domain.rooms import RoomChanged, RoomConfigured
from domain.shared import DomainError, Event, learned
from domain.signal_events import (
    SignalBookedLate,
    SignalCorrected,
    SignalSettled,
    SignalVoided,
    Source,
)
from domain.signals import Signal
from domain.traders import Trader

_KINDS: dict[type[Intent], Kind] = {
    OpenCall: Kind.OPEN,
    AddCall: Kind.ADD,
    ExitCall: Kind.CLOSE,
    LevelsCall: Kind.UPDATE,
}


class Rules(msgspec.Struct, frozen=True):
    """How a channel is read, or one author's messages in it."""

    room: Room = Room()
    approval_window_s: int = APPROVAL_WINDOW_S
    channel: str = ""
    author: str = ""


class KnownTrader(msgspec.Struct, frozen=True):
    """A registered author, by the name last seen and when it was."""

    name: str
    named_at: datetime | None = None


class Talk(msgspec.Struct, frozen=True):
    """What an author last named in a channel."""

    author: UUID
    channel: str
    subject: Subject


class Booking:
    """The reaction that turns messages into signals."""

    name = "booking"
    handles: frozenset[type[Event]] = frozenset(
        {
            MessageCaptured,
            RoomConfigured,
            RoomChanged,
            MessageEdited,
            MessageDeleted,
            SignalSettled,
            SignalVoided,
            SignalCorrected,
            SignalBookedLate,
        }
    )

    def __init__(self) -> None:
        self._memory = Memory()
        self._rooms: dict[tuple[str, str], Rules] = {}
        self._traders: dict[UUID, KnownTrader] = {}
        self._standing = StandingTrades(self._memory)
        self._subjects: dict[tuple[str, UUID], Talk] = {}
        self._revising = Revising(self.name, self._memory, self._standing, self._rehearse)

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._memory.take()
        for remembered in (
            self._rooms, self._traders, self._standing, self._subjects, self._revising
        ):  # fmt: skip
            remembered.clear()
        for key, value in state.items():
            kind, _, name = key.partition(":")
            if kind == "room":
                rules = msgspec.json.decode(value, type=learned(Rules))
                self._rooms[rules.channel or name, rules.author] = rules
            elif kind == "trader":
                self._traders[UUID(name)] = msgspec.json.decode(value, type=learned(KnownTrader))
            elif kind == "open":
                self._standing.restore(value)
            elif kind == "talk":
                talk = msgspec.json.decode(value, type=learned(Talk))
                self._subjects[talk.channel, talk.author] = talk
            elif kind in ("touched", "asked"):
                self._revising.restore(kind, UUID(name), value)

    def changes(self) -> Mapping[str, bytes | None]:
        return self._memory.take()

    def forget(self, signal: UUID) -> None:
        """Nothing that is said from here on can mean this trade."""
        self._standing.forget(signal)

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        work.prefetch(self._streams_touched(happened))
        for cause in happened:
            match cause.event:
                case MessageCaptured() as message:
                    if not message.is_erased:
                        self._book(cause, message, work)
                case RoomConfigured() | RoomChanged() as settings:
                    self._take_up(settings)
                case MessageEdited() as edit:
                    self._revising.edited(cause, edit, work)
                case MessageDeleted() as deletion:
                    self._revising.deleted(cause, deletion, work)
                case SignalBookedLate():
                    self._take_up_late(work.get(Signal, cause.stream))
                case SignalSettled() | SignalVoided() | SignalCorrected():
                    if cause.stream in self._standing:
                        self._standing.follow(work.get(Signal, cause.stream))

    def _take_up(self, settings: RoomConfigured | RoomChanged) -> None:
        channel, author = settings.channel, settings.author
        rules = Rules(settings.room, settings.approvals.window_s, channel, author)
        self._rooms[channel, author] = rules
        self._memory.put(f"room:{channel}" + (f"\n{author}" if author else ""), rules)

    def _take_up_late(self, signal: Signal) -> None:
        """What others booked with hindsight is open to what its author says next."""
        self._standing.take_up(signal)
        for message in signal.messages.values():
            self._revising.note(message, signal.id)

    def _rehearse(self, message: Message, open_then: Sequence[Signal]) -> Sequence[Event]:
        """What a message would be booked as while some trades of its author are open."""
        told: list[Event] = []
        captured = message.collect_events()[0]
        assert isinstance(captured, MessageCaptured)
        rehearsal = Rehearsal(told.extend, [message, *open_then])
        booking = Booking()
        booking._rooms = self._rooms
        for signal in open_then:
            booking._standing.take_up(signal)
        at = captured.timestamp
        booking.react([Happened(0, message.id, at, "", None, captured)], rehearsal)
        return told

    def _rules_for(self, message: MessageCaptured) -> Rules:
        """The author's own settings in the channel, else the channel's."""
        for author in (message.author_id, message.author_name, ""):
            rules = self._rooms.get((message.channel, author))
            if rules is not None:
                return rules
        return Rules()

    def _streams_touched(self, happened: Sequence[Happened]) -> set[UUID]:
        """The signals that this batch may change, so that they are read at once."""
        touched = {cause.stream for cause in happened}
        for cause in happened:
            if isinstance(cause.event, MessageCaptured):
                author = cause.event.trader
                touched.update(self._standing.of((cause.event.channel, author)))
                touched.add(author)
        return touched

    def _book(self, cause: Happened, message: MessageCaptured, work: Work) -> None:
        room = self._rules_for(message).room
        text = MessageText(
            content=message.content, embeds=message.embeds, posted_at=message.posted_at
        )
        reading = read(text, room)
        author = message.trader
        place = (message.channel, author)
        talk = self._subjects.get(place)
        intents = resolve(
            reading,
            room,
            self._alive(place, message),
            posted_at=message.posted_at,
            reply_to=_answered(message),
            subject=None if talk is None else talk.subject,
        )
        self._remember_subject(reading, message, author)
        self._rename(cause, message, work)
        for number, intent in enumerate(intents):
            if isinstance(intent, StandsCall):
                self._standing.note_price(intent.signal_id, intent.price, message.posted_at)
            else:
                self._carry_out(cause, message, intent, number, work)

    def _alive(self, place: tuple[str, UUID], message: MessageCaptured) -> tuple[OpenTrade, ...]:
        """What the author has open there; contracts past their expiry only await settlement."""
        day = exchange_day(message.posted_at)
        trades = self._standing.of(place).values()
        return tuple(trade for trade in trades if (expiry_of(trade.legs) or day) >= day)

    def _remember_subject(self, reading: Reading, message: MessageCaptured, author: UUID) -> None:
        place = (message.channel, author)
        before = self._subjects.get(place)
        subject = Subject.after(
            reading, message.posted_at, None if before is None else before.subject
        )
        if subject is not None and (before is None or subject != before.subject):
            talk = Talk(author, message.channel, subject)
            self._subjects[place] = talk
            self._memory.put(f"talk:{author}:{message.channel}", talk)

    def _rename(self, cause: Happened, message: MessageCaptured, work: Work) -> None:
        """Follows an author to a new name, whatever they say under it; an old export does not
        bring an old name back.
        """
        author = message.trader
        known = self._traders.get(author)
        if known is None or not message.author_name or known.name == message.author_name:
            return
        if message.via == HISTORY:
            # The history of a channel tells user names and no nicknames.
            return
        if known.named_at is None or message.posted_at > known.named_at:
            self._register(message, work)
            work.save(consequence(self.name, cause, "name"))

    def _register(self, message: MessageCaptured, work: Work) -> None:
        author = message.trader
        name = message.author_name or message.author_id
        known = self._traders.get(author)
        if known is not None and known.name == name:
            return
        at = message.timestamp
        if known is None:
            # Whoever books an author's trade with hindsight may have registered them.
            if work.find(Trader, author) is None:
                work.begin(
                    Trader.register(
                        platform=message.platform, author_id=message.author_id, name=name, at=at
                    )
                )
        elif message.via == HISTORY or (
            known.named_at is not None and message.posted_at < known.named_at
        ):
            return
        elif not (trader := work.get(Trader, author)).is_erased:
            trader.rename(name, at=at)
        self._traders[author] = KnownTrader(name, message.posted_at)
        self._memory.put(f"trader:{author}", self._traders[author])

    def _carry_out(
        self, cause: Happened, message: MessageCaptured, intent: Intent, number: int, work: Work
    ) -> None:
        command = consequence(self.name, cause, str(number))
        try:
            if not isinstance(intent, Unbooked):
                self._register(message, work)
            signal = self._decide(cause, message, intent, number, work)
        except DomainError as error:
            # What the aggregate refuses is said to the author like what was not understood.
            refused = Unbooked(kind=_KINDS[type(intent)], why=str(error))
            signal = self._decide(cause, message, refused, number, work)
        if signal is None:
            work.save(command)
            return
        work.save(msgspec.structs.replace(command, correlation=signal.id))
        self._standing.touch(signal, cause.stream, message.posted_at)
        if not isinstance(intent, OpenCall):
            self._revising.note(cause.stream, signal.id)
        if isinstance(intent, ExitCall) and intent.is_said and intent.price is not None:
            self._standing.note_price(signal.id, intent.price, message.posted_at)

    def _decide(
        self, cause: Happened, message: MessageCaptured, intent: Intent, number: int, work: Work
    ) -> Signal | None:
        match intent:
            case OpenCall():
                return work.begin(self._posted(cause, message, intent, number))
            case AddCall():
                signal = work.get(Signal, intent.signal_id)
                signal.add(
                    quantity=intent.quantity,
                    price=intent.price,
                    message=cause.stream,
                    rules=intent.rules,
                    posted_at=message.posted_at,
                    at=message.timestamp,
                )
            case ExitCall():
                signal = work.get(Signal, intent.signal_id)
                _exit(signal, intent, message, cause.stream)
            case LevelsCall():
                signal = work.get(Signal, intent.signal_id)
                signal.move_levels(
                    stop=intent.stop,
                    targets=intent.targets,
                    message=cause.stream,
                    posted_at=message.posted_at,
                    at=message.timestamp,
                )
            case Unbooked():
                work.get(Message, cause.stream).leave_unbooked(
                    kind=intent.kind.value,
                    missing=intent.missing,
                    why=intent.why,
                    parser=PARSER,
                    at=message.timestamp,
                )
                return None
        return signal

    def _posted(
        self, cause: Happened, message: MessageCaptured, call: OpenCall, number: int
    ) -> Signal:
        window = self._rules_for(message).approval_window_s
        return Signal.post(
            place=number,
            origin="trader",
            trader=message.trader,
            source=Source(platform=message.platform, channel=message.channel, message=cause.stream),
            side=call.side,
            legs=call.legs,
            quantity=call.quantity,
            price=call.price,
            price_to=call.price_to,
            stop=call.stop,
            targets=call.targets,
            valid_until=message.posted_at + timedelta(seconds=window),
            parser=PARSER,
            rules=call.rules,
            posted_at=message.posted_at,
            late=message.late,
            confidence=call.confidence,
            at=message.timestamp,
        )


def _exit(signal: Signal, call: ExitCall, message: MessageCaptured, stream: UUID) -> None:
    signal.call_exit(
        quantity=call.quantity,
        price=call.price,
        reason=call.reason,
        message=stream,
        rules=call.rules,
        posted_at=message.posted_at,
        at=message.timestamp,
    )
    if signal.open_quantity == 0:
        signal.close(reason=call.reason, closed_at=message.posted_at, at=message.timestamp)


def _answered(message: MessageCaptured) -> UUID | None:
    """The stream of the message that this one replies to."""
    return message_stream(message.platform, message.reply_to) if message.reply_to else None
