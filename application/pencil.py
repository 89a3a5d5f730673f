"""A book in pencil: what messages have opened, by their intents alone; nothing is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from application.intake import SeenMessage
from application.intents import AddCall, ExitCall, Intent, LevelsCall, OpenCall, StandsCall
from application.recalling import OpenTrade, Subject
from domain.grammar.reading import Reading
from domain.legs import expiry_of, strategy_symbol
from domain.market import exchange_day
from domain.signals import signal_stream

Place = tuple[str, str]


class PencilBook:
    """What each author has open in each channel, and what they last spoke of there."""

    def __init__(self) -> None:
        self._open: dict[Place, dict[UUID, OpenTrade]] = {}
        self._subjects: dict[Place, Subject] = {}

    def open_trades(self, message: SeenMessage) -> tuple[OpenTrade, ...]:
        """What the author has open in the channel; contracts past their expiry are over."""
        day = exchange_day(message.posted_at)
        trades = self._open.get(_place(message), {}).values()
        return tuple(trade for trade in trades if (expiry_of(trade.legs) or day) >= day)

    def subject(self, message: SeenMessage) -> Subject | None:
        """What the author last named in the channel."""
        return self._subjects.get(_place(message))

    def note(self, message: SeenMessage, reading: Reading, intents: Sequence[Intent]) -> None:
        """Writes down what a message did."""
        place = _place(message)
        subject = Subject.after(reading, message.posted_at, self._subjects.get(place))
        if subject is not None:
            self._subjects[place] = subject
        book = self._open.setdefault(place, {})
        for number, intent in enumerate(intents):
            if isinstance(intent, OpenCall):
                opened = _opened(message, intent, number)
                book[opened.signal_id] = opened
            elif isinstance(intent, AddCall | ExitCall | StandsCall | LevelsCall):
                changed = _changed(book[intent.signal_id], intent, message)
                if changed.open_quantity > 0:
                    book[intent.signal_id] = changed
                else:
                    del book[intent.signal_id]


def _place(message: SeenMessage) -> Place:
    return message.channel, message.author_id


def _opened(message: SeenMessage, call: OpenCall, number: int) -> OpenTrade:
    return OpenTrade(
        signal_id=signal_stream(message.stream, number),
        symbol=strategy_symbol(call.side, call.legs),
        side=call.side,
        legs=call.legs,
        average_entry=call.price,
        entry_quantity=call.quantity,
        open_quantity=call.quantity,
        stop=call.stop,
        targets=call.targets,
        messages=(message.stream,),
        opened_at=message.posted_at,
        touched_at=message.posted_at,
    )


def _changed(
    held: OpenTrade, call: AddCall | ExitCall | StandsCall | LevelsCall, message: SeenMessage
) -> OpenTrade:
    if isinstance(call, StandsCall):
        return _said(held, call.price, message)
    stream = message.stream
    touched = msgspec.structs.replace(
        held,
        messages=(*(one for one in held.messages if one != stream), stream),
        touched_at=message.posted_at,
    )
    match call:
        case AddCall():
            entries = held.entry_quantity + call.quantity
            cost = held.entry_quantity * (held.average_entry or Decimal(0))
            return msgspec.structs.replace(
                touched,
                average_entry=(cost + call.quantity * call.price) / entries,
                entry_quantity=entries,
                open_quantity=held.open_quantity + call.quantity,
            )
        case ExitCall():
            left = msgspec.structs.replace(
                touched, open_quantity=held.open_quantity - call.quantity
            )
            is_said = call.is_said and call.price is not None
            return _said(left, call.price, message) if is_said else left
        case LevelsCall():
            return msgspec.structs.replace(
                touched, stop=call.stop or held.stop, targets=call.targets or held.targets
            )


def _said(held: OpenTrade, price: Decimal | None, message: SeenMessage) -> OpenTrade:
    return msgspec.structs.replace(held, said_price=price, said_at=message.posted_at)
