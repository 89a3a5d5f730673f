"""What a reading means for the book: resolved against what its author has open in the channel.

The order is the one a person follows: the message it replies to, then the contract it names,
then what is being talked about. Where that leaves more than one trade, or none, nothing is
booked and the reason is said. Never across channels: the caller hands in the author's open
trades of this channel alone.

Quantities: the words rarely say them. An entry without one counts as the room's default, and a
trim as the room's default fraction of what is open. Where the entry was more than one contract,
sizes are whole: a half of 5 sells 2. An entry of one is a unit whose fractions are sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

import msgspec

from application.announced import completed, repeats
from application.intents import (
    AddCall,
    ExitCall,
    Intent,
    LevelsCall,
    OpenCall,
    StandsCall,
    Unbooked,
)
from application.recalling import PRICE_STEP, OpenTrade, Recalled, Subject, recall
from domain.fix import PositionEffect, Side
from domain.grammar.dates import message_day
from domain.grammar.dear_shares import cannot_be_shares
from domain.grammar.legs import opening_side
from domain.grammar.reading import Action, Kind, LegReading, Reading, Room, TradeReading
from domain.grammar.roots import is_pair, is_whole, symbol_of
from domain.legs import Leg, strategy_symbol
from domain.shared import InvalidInput
from domain.signal_events import ClosedBy

SAID_FOR = timedelta(minutes=15)
"""So long a price that the author gave stands for an exit that names none."""

NO_POSITION = "open position"
WHICH_POSITION = "which position"
"""What an exit lacks that finds no open trade, or cannot tell which."""

_SILENT = frozenset({Kind.CHAT, Kind.RECAP})


def resolve(
    reading: Reading,
    room: Room,
    open_trades: Sequence[OpenTrade],
    *,
    posted_at: datetime,
    reply_to: UUID | None = None,
    subject: Subject | None = None,
) -> tuple[Intent, ...]:
    """The intents of one message; empty for plain talk.

    `open_trades` are the author's in this channel, `reply_to` the stream of the message it
    replies to, `subject` what the author had last named here (see `Subject.after`).
    """
    reading = completed(reading, posted_at, subject)
    subject = Subject.after(reading, posted_at, subject)
    return _Resolving(reading, room, tuple(open_trades), posted_at, reply_to, subject).run()


class _Resolving:
    """One message against one author's open trades in one channel."""

    def __init__(
        self,
        reading: Reading,
        room: Room,
        open_trades: tuple[OpenTrade, ...],
        posted_at: datetime,
        reply_to: UUID | None,
        subject: Subject | None,
    ) -> None:
        self.reading = reading
        self.room = room
        self.open_trades = open_trades
        self.posted_at = posted_at
        self.reply_to = reply_to
        self.subject = subject
        self.intents: list[Intent] = []

    def run(self) -> tuple[Intent, ...]:
        reading = self.reading
        left: OpenTrade | None = None
        for trade in reading.trades:
            if trade.action.position_effect is PositionEffect.CLOSE:
                left = self._exit(trade)
            elif trade.legs and reading.kind is not Kind.ADD:
                self._open(trade)
            else:
                self._add(trade)
        if not reading.trades and self._has_levels:
            self._levels_by_words()
        elif left is not None and self._has_levels:
            self._levels(left, ())
        if not reading.trades and reading.gain is not None:
            self._stands(reading.gain)
        if reading.missing or not (self.intents or reading.kind in _SILENT):
            self._unbooked(reading.why, reading.missing)
        return tuple(self.intents)

    @property
    def _has_levels(self) -> bool:
        reading = self.reading
        return reading.stop is not None or reading.stop_at_entry or bool(reading.targets)

    def _unbooked(self, why: str, missing: tuple[str, ...] = ()) -> None:
        self.intents.append(Unbooked(kind=self.reading.kind, missing=missing, why=why))

    def _recall(self, legs: tuple[LegReading, ...], trade: TradeReading | None) -> Recalled:
        return recall(
            legs,
            self.open_trades,
            posted_at=self.posted_at,
            reply_to=self.reply_to,
            subject=self.subject,
            at_hand=trade is not None and trade.at_hand,
            spoken_of=self.reading.spoken_of,
            side=None if trade is None or trade.either_side else opening_side(trade.action),
        )

    def _open(self, trade: TradeReading) -> None:
        price = trade.price
        if price is None:
            self._unbooked("an entry without a price", ("price",))
            return
        try:
            legs = self._legs(trade.legs)
        except InvalidInput as error:
            self._unbooked(str(error), ("symbol",))
            return
        side = opening_side(trade.action)
        name = strategy_symbol(side, legs)
        held = next((one for one in self.open_trades if one.symbol == name), None)
        quantity, rules = self._size(trade)
        if held is None:
            if why := self._shares_or_more(trade, price):
                self._unbooked(why, ("contract",))
                return
            self.intents.append(
                OpenCall(
                    side=side,
                    legs=legs,
                    quantity=quantity,
                    price=price,
                    price_to=trade.price_to,
                    stop=self.reading.stop if len(self.reading.trades) == 1 else None,
                    targets=self.reading.targets if len(self.reading.trades) == 1 else (),
                    said=trade,
                    rules=(*self.reading.rules, *rules, *_listing_rules(trade.legs, legs)),
                    confidence=self.reading.confidence,
                )
            )
        elif repeats(self.reading, trade, held):
            self._unbooked(f"it repeats the entry of {held.spoken}")
        elif trade.either_way and held.side is not side:
            closing = Action.STC if held.side is Side.BUY else Action.BTC
            self._exit(msgspec.structs.replace(trade, action=closing))
        elif trade.bare:
            why = f"{held.spoken} is open: it may tell how that stands"
            self._unbooked(why, ("action",))
        elif held.side is side:
            rules = (*rules, f"{held.spoken} is open already: an add")
            self._added(held, trade, quantity, price, rules)
        else:
            self._unbooked(f"{held.spoken} is open the other way round", ("action",))

    def _legs(self, readings: tuple[LegReading, ...]) -> tuple[Leg, ...]:
        day = message_day(self.posted_at)
        return tuple(
            Leg(symbol=symbol_of(leg, day), side=leg.side, ratio=leg.ratio) for leg in readings
        )

    def _shares_or_more(self, trade: TradeReading, price: Decimal) -> str:
        """A bare ticker at an option's price, while such an option is open, is not shares."""
        leg = trade.legs[0]
        if len(trade.legs) > 1 or leg.strike is not None or is_pair(leg.root):
            return ""
        if why := cannot_be_shares(leg.root, price):
            return why
        for held in self.open_trades:
            average = held.average_entry
            if average is None or not held.is_option or held.underlying != leg.root:
                continue
            if average / 5 <= price <= average * 5:
                return f"{leg.root} at {price} may be shares or more of {held.spoken}"
        return ""

    def _size(self, trade: TradeReading) -> tuple[Decimal, tuple[str, ...]]:
        if trade.quantity is not None:
            return trade.quantity, ()
        quantity = self.room.default_quantity
        return quantity, (f"quantity {quantity}: the room's default",)

    def _add(self, trade: TradeReading) -> None:
        found = self._recall(trade.legs, trade)
        held = found.trade
        if held is None:
            whole = bool(trade.legs) and all(is_whole(leg) for leg in trade.legs)
            if whole and found.nothing_fits and trade.price is not None:
                self._open(trade)
            else:
                self._unbooked(found.why)
            return
        quantity, rules = self._size(trade)
        if trade.price is not None:
            self._added(held, trade, quantity, trade.price, (*found.rules, *rules))
            return
        price, why = self._price_of_add(held, trade, quantity)
        if price is None:
            self._unbooked(why, ("price",))
            return
        computed = f"price {price}: {quantity} more bring the average to {trade.average}"
        self._added(held, trade, quantity, price, (*found.rules, *rules, computed))

    def _price_of_add(
        self, held: OpenTrade, trade: TradeReading, quantity: Decimal
    ) -> tuple[Decimal | None, str]:
        """The price that leads from the old average to the stated one."""
        average, before = trade.average, held.average_entry
        if average is None or before is None:
            return None, f"neither price nor average of {held.spoken} is known"
        worse = (average - before) * held.side.sign > 0
        if trade.quantity is None and worse:
            return None, f"an average of {average} over {before} says no price without a size"
        price = ((held.open_quantity + quantity) * average - held.open_quantity * before) / quantity
        if price <= 0:
            return None, f"no price brings the average from {before} to {average}"
        return price.quantize(PRICE_STEP), ""

    def _added(
        self,
        held: OpenTrade,
        trade: TradeReading,
        quantity: Decimal,
        price: Decimal,
        rules: tuple[str, ...],
    ) -> None:
        self.intents.append(
            AddCall(
                signal_id=held.signal_id,
                quantity=quantity,
                price=price,
                said=trade,
                rules=(*self.reading.rules, *rules),
            )
        )

    def _exit(self, trade: TradeReading) -> OpenTrade | None:
        """Books an exit; the trade, if some of it stays open."""
        found = self._recall(trade.legs, trade)
        held = found.trade
        if held is None:
            self._unbooked(found.why, (NO_POSITION if found.nothing_fits else WHICH_POSITION,))
            return None
        says_strike = any(leg.strike is not None for leg in trade.legs)
        if trade.price is not None and not says_strike and held.is_underlying_price(trade.price):
            self._unbooked(
                f"{trade.price} is a price of {held.underlying}, not of {held.spoken}", ("price",)
            )
            return None
        quantity, size_rules = self._exit_size(held, trade)
        price, price_rules = self._exit_price(held, trade)
        self.intents.append(
            ExitCall(
                signal_id=held.signal_id,
                quantity=quantity,
                price=price,
                reason=ClosedBy(trade.reason.value),
                said=trade,
                rules=(*self.reading.rules, *found.rules, *size_rules, *price_rules),
                is_said=trade.price is not None or trade.gain is not None,
            )
        )
        return self._left_open(held, quantity)

    def _exit_price(
        self, held: OpenTrade, trade: TradeReading
    ) -> tuple[Decimal | None, tuple[str, ...]]:
        """The stated price, else what a stated gain, a known stop or the author's last word on
        how the trade stands makes of it, else none."""
        average = held.average_entry
        if trade.price is not None:
            return trade.price, ()
        if trade.gain is not None and average is not None:
            price = held.at_gain(average, trade.gain)
            percent = f"{(trade.gain * 100).normalize():+f} %"
            return price, (f"price {price}: {percent} on the average entry {average}",)
        number = trade.reached
        if number is not None and (target := held.target(number)) is not None:
            return target, (f"price {target}: target {number}, as said before",)
        if trade.reason.value == ClosedBy.STOP.value:
            if held.stop is not None:
                return held.stop, (f"price {held.stop}: the stop that was said before",)
        elif held.said_price is not None and held.said_at is not None:
            ago = self.posted_at - held.said_at
            if timedelta(0) <= ago <= SAID_FOR:
                minutes = int(ago.total_seconds() // 60)
                rule = f"price {held.said_price}: what it stood at {minutes} min before, as said"
                return held.said_price, (rule,)
        return None, ("no price was said",)

    def _left_open(self, held: OpenTrade, sold: Decimal) -> OpenTrade | None:
        """What the next words of the same message find of a trade after an exit."""
        others = tuple(one for one in self.open_trades if one is not held)
        if sold >= held.open_quantity:
            self.open_trades = others
            return None
        left = msgspec.structs.replace(held, open_quantity=held.open_quantity - sold)
        self.open_trades = (*others, left)
        return left

    def _exit_size(self, held: OpenTrade, trade: TradeReading) -> tuple[Decimal, tuple[str, ...]]:
        left = held.open_quantity
        if trade.quantity is not None:
            if trade.quantity > left:
                return left, (f"{trade.quantity} called, {left} open: all of it",)
            return trade.quantity, ()
        if trade.keeps is not None and trade.keeps < left:
            return left - trade.keeps, (f"{left} open, {trade.keeps} kept",)
        if trade.fraction is not None:
            return _part(held, trade.fraction)
        if trade.partial:
            fraction = self.room.default_trim
            quantity, rules = _part(held, fraction)
            return quantity, (f"a trim without a size: {fraction}, the room's default", *rules)
        return left, ()

    def _stands(self, gain: Decimal) -> None:
        """Notes how the trade that is spoken of stands; of none or several, nothing is said."""
        held = self._recall(self.reading.named[:1], None).trade
        if held is not None and held.average_entry is not None and len(self.reading.named) < 2:
            price = held.at_gain(held.average_entry, gain)
            self.intents.append(StandsCall(signal_id=held.signal_id, price=price))

    def _levels_by_words(self) -> None:
        """Moves levels where nothing else is done in the message."""
        named = self.reading.named[:1]
        found = self._recall(named, None)
        if found.trade is None:
            self._unbooked(found.why)
        else:
            self._levels(found.trade, found.rules)

    def _levels(self, held: OpenTrade, rules: tuple[str, ...]) -> None:
        stop, targets = self.reading.stop, self.reading.targets
        strange = [level for level in (stop, *targets) if level and held.is_underlying_price(level)]
        if strange:
            self._unbooked(f"{strange[0]} is a level of {held.underlying}, not of {held.spoken}")
            return
        if stop is None and self.reading.stop_at_entry:
            stop = held.average_entry
            if stop is None:
                self._unbooked(f"the average entry of {held.spoken} is not known", ("stop",))
                return
            rules = (*rules, f"stop {stop}: the average entry")
        self.intents.append(
            LevelsCall(
                signal_id=held.signal_id,
                stop=stop,
                targets=targets,
                rules=(*self.reading.rules, *rules),
            )
        )


def _part(held: OpenTrade, fraction: Decimal) -> tuple[Decimal, tuple[str, ...]]:
    """A fraction of what is open, whole where the entry was more than one contract."""
    left = held.open_quantity
    exact = left * fraction
    if not held.sells_whole:
        return exact, ()
    whole = max(exact.to_integral_value(rounding=ROUND_FLOOR), Decimal(1))
    if whole == exact:
        return exact, ()
    return whole, (f"{fraction} of {left} is {exact.normalize():f}: {whole} whole",)


def _listing_rules(readings: tuple[LegReading, ...], legs: tuple[Leg, ...]) -> tuple[str, ...]:
    """Names the weekly root where the words said the index."""
    for said, leg in zip(readings, legs, strict=True):
        listed = leg.symbol[:6].strip()
        if said.strike is not None and listed != said.root:
            return (f"root {listed}: how {said.root} is listed for {said.expiry}",)
    return ()
