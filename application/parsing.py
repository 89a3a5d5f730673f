"""Parsing: what each message of a file says, resolved against what its earlier ones opened.

Nothing is recorded. The book is kept in pencil, from intents alone, by the same resolving that
booking uses; so a file reads here as it would be booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec

from application.intake import SeenMessage
from application.intents import AddCall, ExitCall, Intent, LevelsCall, OpenCall, Unbooked
from application.pencil import PencilBook
from application.recalling import OpenTrade
from application.resolving import resolve
from domain.fix import Side
from domain.grammar.reading import (
    PARSER,
    Action,
    Kind,
    LegReading,
    MessageText,
    Reading,
    Room,
    TradeReading,
)
from domain.grammar.roots import is_pair, underlying_of
from domain.grammar.weighing import read
from domain.instruments import Option, instrument

T = TypeVar("T")

_WHOLE = Decimal(1)
_FRACTION_STEP = Decimal("0.0001")


class ParsedLeg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One leg of a spread, with the side it takes when the spread is opened."""

    symbol: str
    side: Side
    ratio: int
    strike: Decimal | None = None
    right: str | None = None
    expiry: date | None = None


class ParsedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One order of a message. `symbol` is the root as said; prices are per share."""

    action: Action
    symbol: str
    strike: Decimal | None = None
    right: str | None = None
    expiry: date | None = None
    price: Decimal | None = None
    price_to: Decimal | None = None
    quantity: Decimal | None = None
    """As said; None where the room's default or the position decides."""
    fraction: Decimal | None = None
    """The part of what is open that an exit closes."""
    gain: Decimal | None = None
    """What the author says the exit brought over the average entry: 0.5 for 50 %."""
    legs: tuple[ParsedLeg, ...] = ()


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """One message's reading. `trades` is empty unless it is to be booked; what reads like a
    trade but is not booked stands in `unbooked`, and `missing` and `why` say what it lacks."""

    id: str
    kind: Kind
    confidence: Decimal
    trades: tuple[ParsedTrade, ...] = ()
    unbooked: tuple[ParsedTrade, ...] = ()
    stop: Decimal | None = None
    stop_at_entry: bool = False
    targets: tuple[Decimal, ...] = ()
    missing: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    why: str = ""
    parser: str = PARSER


class Parser:
    """Reads messages in time order; with `context` it remembers what they opened."""

    def __init__(self, rooms: RoomOf, *, context: bool = True) -> None:
        self._rooms = rooms
        self._book = PencilBook() if context else None

    def parse(self, message: SeenMessage) -> Parsed:
        """The reading of one message."""
        room = self._rooms(message.channel, message.author_id, message.author_name)
        text = MessageText(
            content=message.content, embeds=message.embeds, posted_at=message.posted_at
        )
        reading = read(text, room)
        if self._book is None:
            return _by_itself(message, reading)
        held = self._book.open_trades(message)
        intents = resolve(
            reading,
            room,
            held,
            posted_at=message.posted_at,
            reply_to=message.answered,
            subject=self._book.subject(message),
        )
        self._book.note(message, reading, intents)
        return _in_context(message, reading, intents, held)


class RoomOf(msgspec.Struct, frozen=True):
    """How each channel, and each of its authors, is read."""

    rooms: dict[tuple[str, str], Room] = {}

    def __call__(self, channel: str, *authors: str) -> Room:
        """The settings of the author (by id or name) in the channel, else the channel's."""
        for author in (*authors, ""):
            if (channel, author) in self.rooms:
                return self.rooms[channel, author]
        return Room()


def _by_itself(message: SeenMessage, reading: Reading) -> Parsed:
    return Parsed(
        id=message.message_id,
        kind=reading.kind,
        confidence=reading.confidence,
        trades=tuple(map(_as_said, reading.trades)),
        stop=reading.stop,
        stop_at_entry=reading.stop_at_entry,
        targets=reading.targets,
        missing=reading.missing,
        rules=reading.rules,
        why=reading.why,
    )


def _in_context(
    message: SeenMessage, reading: Reading, intents: Sequence[Intent], held: Sequence[OpenTrade]
) -> Parsed:
    trades: list[ParsedTrade] = []
    booked: list[TradeReading] = []
    by_id = {trade.signal_id: trade for trade in held}
    kind = reading.kind
    rules: list[str] = list(reading.rules)
    missing: list[str] = []
    whys: list[str] = []
    for intent in intents:
        match intent:
            case OpenCall(said=said) if said is not None:
                kind = Kind.OPEN if kind in (Kind.UPDATE, Kind.ADD) else kind
                trades.append(_as_said(said))
                booked.append(said)
            case AddCall(said=said) if said is not None:
                kind = Kind.ADD
                trades.append(_of_held(by_id[intent.signal_id], said, intent))
                booked.append(said)
            case ExitCall(said=said) if said is not None:
                trade = by_id[intent.signal_id]
                left = trade.open_quantity - intent.quantity
                by_id[intent.signal_id] = msgspec.structs.replace(trade, open_quantity=left)
                kind = Kind.TRIM if left > 0 else Kind.CLOSE
                trades.append(_of_held(trade, said, intent))
                booked.append(said)
            case Unbooked():
                missing += intent.missing
                whys.append(intent.why)
            case _:
                pass
        if isinstance(intent, OpenCall | AddCall | ExitCall | LevelsCall):
            rules += [rule for rule in intent.rules if rule not in rules]
    moved = [intent for intent in intents if isinstance(intent, LevelsCall)]
    levels = bool(moved) or any(isinstance(intent, OpenCall) for intent in intents)
    return Parsed(
        id=message.message_id,
        kind=kind,
        confidence=reading.confidence,
        trades=tuple(trades),
        unbooked=tuple(_as_said(said) for said in reading.trades if said not in booked),
        stop=moved[0].stop if moved else reading.stop if levels else None,
        stop_at_entry=reading.stop_at_entry and levels,
        targets=reading.targets if levels else (),
        missing=tuple(dict.fromkeys(missing)),
        rules=tuple(rules),
        why=" · ".join(dict.fromkeys(why for why in whys if why)) or reading.why,
    )


def _as_said(said: TradeReading) -> ParsedTrade:
    """A trade in its author's words; what they leave open is None."""
    legs = said.legs
    first = legs[0] if len(legs) == 1 else None
    return ParsedTrade(
        action=said.action,
        symbol=legs[0].root if legs else "",
        strike=first.strike if first else None,
        right=first.right if first else _common([leg.right for leg in legs]),
        expiry=first.expiry if first else _common([leg.expiry for leg in legs]),
        price=said.price,
        price_to=said.price_to,
        quantity=said.quantity,
        fraction=said.fraction,
        gain=said.gain,
        legs=tuple(map(_said_leg, legs)) if first is None else (),
    )


def _said_leg(leg: LegReading) -> ParsedLeg:
    return ParsedLeg(
        symbol=leg.root,
        side=leg.side,
        ratio=leg.ratio,
        strike=leg.strike,
        right=leg.right,
        expiry=leg.expiry,
    )


def _of_held(held: OpenTrade, said: TradeReading, call: AddCall | ExitCall) -> ParsedTrade:
    """What is done with a trade that is open: its contract, with what was said of it now."""
    closing = isinstance(call, ExitCall)
    opened = held.side is Side.BUY
    if closing:
        action = Action.STC if opened else Action.BTC
    else:
        action = Action.BTO if opened else Action.STO
    legs = tuple(_held_leg(leg.symbol, leg.side, leg.ratio) for leg in held.legs)
    first = legs[0] if len(legs) == 1 else None
    return ParsedTrade(
        action=action,
        symbol=_held_symbol(held, said) or legs[0].symbol,
        strike=first.strike if first else None,
        right=first.right if first else _common([leg.right for leg in legs]),
        expiry=first.expiry if first else _common([leg.expiry for leg in legs]),
        price=call.price,
        price_to=said.price_to,
        quantity=said.quantity,
        fraction=_part(call.quantity, held.open_quantity) if closing else None,
        gain=said.gain,
        legs=legs if first is None else (),
    )


def _held_symbol(held: OpenTrade, said: TradeReading) -> str:
    """The root as it was said; coins that are called for short by the name of their pair."""
    said_root = said.legs[0].root if said.legs else ""
    return "" if is_pair(held.legs[0].symbol) else said_root


def _held_leg(symbol: str, side: Side, ratio: int) -> ParsedLeg:
    named = instrument(symbol)
    if not isinstance(named, Option):
        return ParsedLeg(symbol=underlying_of(symbol), side=side, ratio=ratio)
    return ParsedLeg(
        symbol=underlying_of(symbol),
        side=side,
        ratio=ratio,
        strike=named.strike,
        right=named.right.value,
        expiry=named.expiry,
    )


def _part(sold: Decimal, held: Decimal) -> Decimal:
    return _WHOLE if sold >= held else (sold / held).quantize(_FRACTION_STEP).normalize()


def _common(values: Sequence[T]) -> T | None:
    return values[0] if values and len(set(values)) == 1 else None
