"""Words said to a book of open trades, and what they do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from application.intents import ExitCall, Intent, Unbooked
from application.recalling import OpenTrade, Subject
from application.resolving import resolve
from domain.fix import Side
from domain.grammar.reader import read
from domain.grammar.reading import MessageText, Room
from domain.legs import Leg, strategy_symbol
from domain.shared import NAMESPACE

NOON = datetime(2025, 11, 13, 17, tzinfo=UTC)
TSLA = "TSLA  251121C00250000"
TSLA_LATER = "TSLA  251128C00250000"
AMD_PUT = "AMD   251121P00240000"
SPXW = "SPXW  251113P06725000"
VERTICAL = (
    Leg(symbol="SPY   251121C00500000", side=Side.BUY),
    Leg(symbol="SPY   251121C00505000", side=Side.SELL),
)


def message_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def held(
    *symbols: str,
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = (),
    average: str | None = "2.00",
    quantity: str = "1",
    entered: str | None = None,
    stop: str | None = None,
    touched: datetime = NOON - timedelta(hours=1),
    messages: tuple[str, ...] = (),
    said: tuple[str, datetime] | None = None,
) -> OpenTrade:
    legs = legs or tuple(Leg(symbol=symbol, side=side) for symbol in symbols)
    name = strategy_symbol(side, legs)
    return OpenTrade(
        signal_id=message_id(name),
        symbol=name,
        side=side,
        legs=legs,
        average_entry=None if average is None else Decimal(average),
        entry_quantity=Decimal(entered or quantity),
        open_quantity=Decimal(quantity),
        stop=None if stop is None else Decimal(stop),
        messages=tuple(message_id(m) for m in messages),
        opened_at=touched,
        touched_at=touched,
        said_price=None if said is None else Decimal(said[0]),
        said_at=None if said is None else said[1],
    )


def intents(
    text: str,
    *trades: OpenTrade,
    room: Room | None = None,
    reply_to: str = "",
    after: str = "",
    at: datetime = NOON,
) -> tuple[Intent, ...]:
    """What the words do, said after `after` and in reply to the message named `reply_to`."""
    room = room or Room()
    subject = None
    if after:
        subject = Subject.after(read(MessageText(content=after, posted_at=at), room), at, None)
    reading = read(MessageText(content=text, posted_at=at), room)
    parent = message_id(reply_to) if reply_to else None
    return resolve(reading, room, trades, posted_at=at, reply_to=parent, subject=subject)


def only(text: str, *trades: OpenTrade, **context: object) -> Intent:
    (intent,) = intents(text, *trades, **context)  # type: ignore[arg-type]
    return intent


def exit_of(intent: Intent) -> ExitCall:
    assert isinstance(intent, ExitCall), intent
    return intent


def unbooked(intent: Intent) -> Unbooked:
    assert isinstance(intent, Unbooked), intent
    return intent
