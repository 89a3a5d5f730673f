"""Which open trade a message is about: the one it replies to, names, or goes on talking of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.fix import Side
from domain.grammar.dates import message_day
from domain.grammar.legs import is_instrument
from domain.grammar.reading import Kind, LegReading, Reading, TradeReading
from domain.grammar.roots import family, is_pair, underlying_of
from domain.instruments import CryptoPair, Instrument, Option, instrument
from domain.legs import Leg

PRICE_STEP = Decimal("0.0001")
"""Prices that are computed from a gain or an average are kept to a hundredth of a cent."""
COIN_STEP = Decimal("0.0000000001")
"""Coins may be worth less than that."""
_DEARER_THAN_ENTRY = 5
_AROUND_STRIKE = Decimal("0.3")


class OpenTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade of the author that is open in the channel."""

    signal_id: UUID
    symbol: str
    """The strategy symbol, under which the same trade nets."""
    side: Side
    legs: tuple[Leg, ...]
    average_entry: Decimal | None
    entry_quantity: Decimal
    """All that was ever bought (or sold short) of it."""
    open_quantity: Decimal
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    messages: tuple[UUID, ...] = ()
    """The streams of the messages that opened or touched it."""
    opened_at: datetime
    touched_at: datetime
    said_price: Decimal | None = None
    """Its price as the author last gave it, outright or by a gain, after it was opened."""
    said_at: datetime | None = None

    @property
    def is_option(self) -> bool:
        return isinstance(instrument(self.legs[0].symbol), Option)

    @property
    def underlying(self) -> str:
        return underlying_of(self.legs[0].symbol)

    @property
    def spoken(self) -> str:
        """The trade as a person would say it."""
        return " / ".join(str(instrument(leg.symbol)) for leg in self.legs)

    @property
    def sells_whole(self) -> bool:
        """Contracts and shares are sold whole once more than one was entered."""
        entry = self.entry_quantity
        return entry > 1 and entry == int(entry) and not is_pair(self.legs[0].symbol)

    def target(self, number: int) -> Decimal | None:
        """The target that the author counts so: 1 is the first."""
        return self.targets[number - 1] if 0 < number <= len(self.targets) else None

    def at_gain(self, average: Decimal, gain: Decimal) -> Decimal:
        """The price at which the trade has gained so much of its average entry."""
        step = COIN_STEP if is_pair(self.legs[0].symbol) else PRICE_STEP
        return max((average * (1 + self.side.sign * gain)).quantize(step), Decimal(0))

    def is_underlying_price(self, price: Decimal) -> bool:
        """Whether a price is far from the option's and close to its strike."""
        named = instrument(self.legs[0].symbol)
        if not isinstance(named, Option) or self.average_entry is None:
            return False
        far = price > self.average_entry * _DEARER_THAN_ENTRY
        return far and abs(price - named.strike) <= named.strike * _AROUND_STRIKE


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an author last spoke of in a channel."""

    legs: tuple[LegReading, ...] = ()
    """The contracts last named: what "the rest" is the rest of."""
    named_at: datetime
    announced: TradeReading | None = None
    """An entry that lacked its price alone, until the price is said."""
    announced_at: datetime | None = None
    canceled: tuple[str, ...] = ()
    """Roots of entries that the author took back: nothing unnamed is said of those."""

    @staticmethod
    def after(reading: Reading, posted_at: datetime, before: Subject | None) -> Subject | None:
        """The subject once a message is read; only contracts change it, tickers are talk."""
        if not (reading.named or reading.trades or reading.announced or reading.entry is not None):
            return before
        named = tuple(leg for leg in reading.named if leg.strike is not None)
        roots = tuple(leg.root for leg in reading.named)
        subject = before or Subject(named_at=posted_at)
        if reading.kind is Kind.CANCEL and roots:
            canceled = tuple(dict.fromkeys((*subject.canceled, *roots)))
            subject = msgspec.structs.replace(subject, canceled=canceled)
        elif reading.trades:
            left = tuple(root for root in subject.canceled if root not in roots)
            subject = msgspec.structs.replace(subject, canceled=left)
        if reading.announced is not None or reading.entry is not None or reading.trades:
            at = posted_at if reading.announced is not None else None
            subject = msgspec.structs.replace(subject, announced=reading.announced, announced_at=at)
        if named:
            subject = msgspec.structs.replace(subject, legs=named, named_at=posted_at)
        return before if before is None and subject == Subject(named_at=posted_at) else subject


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """The trade that was meant and how it was found, or why none was."""

    trade: OpenTrade | None = None
    rules: tuple[str, ...] = ()
    why: str = ""
    nothing_fits: bool = False
    """No open trade has anything to do with the words."""


def recall(
    legs: tuple[LegReading, ...],
    open_trades: Sequence[OpenTrade],
    *,
    posted_at: datetime,
    reply_to: UUID | None = None,
    subject: Subject | None = None,
    at_hand: bool = False,
    side: Side | None = None,
    spoken_of: Sequence[str] = (),
) -> Recalled:
    """Finds the one open trade that is meant.

    `side` is the side the trade was opened on, where the words say it; `at_hand` that they
    point at what is being talked about.
    """
    fitting = [trade for trade in open_trades if fits(legs, trade)]
    sided = [trade for trade in fitting if side is None or trade.side is side]
    if fitting and not sided:
        why = f"{fitting[0].spoken} was {_opened(fitting[0].side)}: that is closed the other way"
        return Recalled(why=why)
    if reply_to is not None:
        answered = [trade for trade in sided if reply_to in trade.messages]
        if len(answered) == 1:
            return Recalled(trade=answered[0], rules=("the trade of the message it replies to",))
        if not legs:
            return Recalled(why="the message it replies to has no position that is open")
    if legs:
        return _by_contract(legs, sided, posted_at, at_hand=at_hand)
    around = [trade for trade in sided if trade.underlying in map(family, spoken_of)]
    if len(around) == 1 and len(sided) > 1:
        return Recalled(trade=around[0], rules=(f"{around[0].underlying}: said beside it",))
    if not around and (pairs := [one for one in spoken_of if is_instrument(one) and is_pair(one)]):
        return Recalled(why=f"no open position in {' or '.join(pairs)}", nothing_fits=True)
    return _by_talk(sided, posted_at, subject, at_hand=at_hand)


def fits(legs: tuple[LegReading, ...], trade: OpenTrade) -> bool:
    """Whether nothing that was said speaks against the trade; legs compare as a set."""
    if not legs:
        return True
    if len(legs) == 1 and legs[0].strike is None:
        return all(_leg_fits(legs[0], leg) for leg in trade.legs)
    if len(legs) != len(trade.legs):
        return False
    left = list(trade.legs)
    for said in legs:
        match = next((leg for leg in left if _leg_fits(said, leg)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _leg_fits(said: LegReading, leg: Leg) -> bool:
    named = instrument(leg.symbol)
    if said.root and family(said.root) not in (underlying_of(leg.symbol), _base(named)):
        return False
    if not isinstance(named, Option):
        return said.strike is None and said.right is None and said.expiry is None
    return (
        said.strike in (None, named.strike)
        and said.right in (None, named.right.value)
        and said.expiry in (None, named.expiry)
    )


def _base(named: Instrument) -> str:
    """What a pair of coins is called for short: SOL for SOL/USDT."""
    return named.base if isinstance(named, CryptoPair) else ""


def _by_contract(
    legs: tuple[LegReading, ...],
    fitting: list[OpenTrade],
    posted_at: datetime,
    *,
    at_hand: bool,
) -> Recalled:
    if not fitting:
        return Recalled(why=f"no open position in {_spoken(legs)}", nothing_fits=True)
    if len(fitting) == 1:
        whole = all(leg.strike is not None and leg.expiry is not None for leg in legs)
        rules = () if whole else (f"the only open position that fits {_spoken(legs)}",)
        return Recalled(trade=fitting[0], rules=rules)
    latest = _latest_today(fitting, posted_at) if at_hand else None
    if latest is not None:
        return Recalled(trade=latest, rules=(f"the last touched that fits {_spoken(legs)}",))
    return Recalled(why=f"{len(fitting)} open positions fit {_spoken(legs)}")


def _by_talk(
    trades: list[OpenTrade], posted_at: datetime, subject: Subject | None, *, at_hand: bool
) -> Recalled:
    """Without a contract: the subject of the talk, the only trade, or the last one touched."""
    if not trades:
        return Recalled(why="no open position in this channel", nothing_fits=True)
    if subject is not None:
        trades = [one for one in trades if one.underlying not in subject.canceled] or trades
    if (
        subject is not None
        and subject.legs
        and message_day(subject.named_at) == message_day(posted_at)
    ):
        meant = [trade for trade in trades if any(fits((leg,), trade) for leg in subject.legs)]
        multi = [trade for trade in trades if len(trade.legs) > 1 and fits(subject.legs, trade)]
        meant = multi or meant
        if not meant:
            return Recalled(why=f"{_spoken(subject.legs)}, last named here, is not open")
        if len(meant) == 1 and (at_hand or len(trades) == 1):
            return Recalled(trade=meant[0], rules=(f"{meant[0].spoken}: last named here",))
    if len(trades) == 1:
        return Recalled(trade=trades[0], rules=("the only open position here",))
    latest = _latest_today(trades, posted_at) if at_hand else None
    if latest is not None:
        return Recalled(trade=latest, rules=(f"{latest.spoken}: last touched here today",))
    return Recalled(why=f"{len(trades)} positions are open here and none is named")


def _latest_today(trades: Sequence[OpenTrade], posted_at: datetime) -> OpenTrade | None:
    latest = max(trades, key=lambda trade: trade.touched_at)
    today = message_day(posted_at)
    return latest if message_day(latest.touched_at) == today else None


def _opened(side: Side) -> str:
    return "bought" if side is Side.BUY else "sold short"


def _spoken(legs: Sequence[LegReading]) -> str:
    """What was said of contracts, as far as it was."""
    return " / ".join(
        " ".join(
            part
            for part in (
                leg.root,
                f"{leg.strike.normalize():f}{leg.right or ''}" if leg.strike else leg.right or "",
                leg.expiry.isoformat() if leg.expiry else "",
            )
            if part
        )
        for leg in legs
    )
