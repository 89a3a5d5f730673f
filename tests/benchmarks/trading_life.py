"""What happens in a made-up community: trades from the post to the exit, marks, chatter."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from domain.accounts import Account, AccountOpened, account_stream
from domain.approvals import PriceStand
from domain.corrections import (
    Correction,
    CorrectionApplied,
    CorrectionApproved,
    CorrectionRequested,
    Target,
)
from domain.fix import OrdType, PositionEffect, Side
from domain.holdings import Holding, HoldingExpired, HoldingOpened, holding_stream
from domain.instruments import Option, Right
from domain.legs import Leg, strategy_symbol
from domain.market import Mark, MarkRecorded, mark_stream
from domain.messages import Message, MessageCaptured, author_stream, message_stream
from domain.order_events import OrderAccepted, OrderFilled, OrderRequested, OrderSubmitted
from domain.orders import Order, order_stream
from domain.ranking import RANKING_STREAM, VERSION_2, Ranking, RulesPublished
from domain.shared import Event
from domain.signal_events import (
    ClosedBy,
    SignalApproved,
    SignalClosed,
    SignalCorrected,
    SignalExitCalled,
    SignalPosted,
    SignalPriceChecked,
    SignalRejected,
    SignalSettled,
    Source,
)
from domain.signals import Signal, signal_stream
from domain.traders import Trader, TraderRegistered, trader_stream

ACCOUNT = "main"
CHANNELS = ("alerts", "swings", "bear", "spx")
ROOTS = ("AAPL", "AMD", "AMZN", "F", "MSFT", "NVDA", "QQQ", "SPXW", "SPY", "TSLA")
CENT = Decimal("0.01")
SECOND = timedelta(seconds=1)
OPENS = time(14, 30)
SESSION_S = 6 * 3600
RULES = ("canonical-1",)
WORDS = ("gm", "nice one", "what a day", "watching SPY here", "careful out there", "lotto?")


class Recorded(NamedTuple):
    """An event and what its envelope says."""

    stream: UUID
    version: int
    event: Event
    at: datetime
    actor: str
    correlation: UUID | None


class Trade(msgspec.Struct):
    """One trade to be told: what is known of it beforehand, and how far its stream is."""

    author: int
    enters_at: datetime
    leaves_at: datetime
    symbol: str
    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal
    price: Decimal
    exit_price: Decimal
    expires: bool
    approved: bool
    corrected: bool
    signal: UUID | None = None
    version: int = 0


class Trading:
    """Tells what happens, in events; `trades` counts what was begun."""

    def __init__(self, chance: random.Random, traders: int, *, first: int = 1) -> None:
        """`first` is the number of the first order and message: others are other ones."""
        self._chance = chance
        self._traders = traders
        self._registered: set[int] = set()
        self._messages = count(10**17 + first)
        self._orders = count(first)
        self._open: dict[UUID, Trade] = {}
        self._holdings: dict[UUID, int] = {}
        self._names = [f"trader{number:04d}" for number in range(traders)]
        self._streams = [trader_stream("discord", str(number)) for number in range(traders)]
        self.trades = 0

    def found(self, at: datetime) -> Iterator[Recorded]:
        """What every house begins with."""
        rules = RulesPublished(originator_topic=Ranking.TOPIC, rules=VERSION_2, timestamp=at)
        yield _by("member:operator", RANKING_STREAM, 1, rules)
        opened = AccountOpened(
            originator_topic=Account.TOPIC,
            name=ACCOUNT,
            broker="paper",
            cash=Decimal(100_000),
            timestamp=at,
        )
        yield _by("member:operator", account_stream(ACCOUNT), 1, opened)

    def next_trade(self, day: date, ahead: list[date]) -> Trade:
        """Draws a trade that is entered on that day and left on it or one of those ahead."""
        chance = self._chance
        self.trades += 1
        enters = datetime.combine(day, OPENS, tzinfo=UTC) + chance.randrange(SESSION_S) * SECOND
        held = chance.choice((0, 0, 0, 1, 1, 2, 3, 5))
        leaves = enters + chance.randrange(60, 3600) * SECOND
        if held and len(ahead) >= held:
            leaves = datetime.combine(ahead[held - 1], leaves.timetz())
        price = Decimal(chance.randrange(40, 1500)) * CENT
        move = Decimal(str(round(chance.lognormvariate(0.02, 0.35), 4)))
        expires = chance.random() < 0.03
        side, legs = self._legs(leaves.date(), expires)
        return Trade(
            author=int(self._traders * chance.random() ** 1.5),
            enters_at=enters,
            leaves_at=leaves,
            symbol=strategy_symbol(side, legs),
            side=side,
            legs=legs,
            quantity=Decimal(chance.choice((1, 1, 2, 5, 10))),
            price=price,
            exit_price=max(CENT, (price * move).quantize(CENT)),
            expires=expires,
            approved=chance.random() < 0.9,
            corrected=chance.random() < 0.05,
        )

    def _legs(self, last_day: date, expires: bool) -> tuple[Side, tuple[Leg, ...]]:
        chance = self._chance
        root = chance.choice(ROOTS)
        side = Side.BUY if chance.random() < 0.9 else Side.SELL
        if chance.random() < 0.3 and root != "SPXW" and not expires:
            return side, (Leg(symbol=root, side=side),)
        later = 0 if expires else chance.choice((0, 1, 3, 7, 14, 30))
        expiry = last_day + timedelta(days=later)
        strike = Decimal(chance.randrange(20, 60) * 5)
        right = chance.choice((Right.CALL, Right.PUT))
        leg = Leg(symbol=Option(root, expiry, right, strike).symbol, side=side)
        if chance.random() < 0.95:
            return side, (leg,)
        other = Option(root, expiry, right, strike + 5).symbol
        return side, (leg, Leg(symbol=other, side=side.opposite))

    def chatter(self, at: datetime) -> Iterator[Recorded]:
        """One message that is no trade."""
        author = self._chance.randrange(self._traders)
        yield self._message(author, at, self._chance.choice(WORDS))[1]

    def _message(self, author: int, at: datetime, content: str) -> tuple[UUID, Recorded]:
        number = str(next(self._messages))
        stream = message_stream("discord", number)
        event = MessageCaptured(
            originator_topic=Message.TOPIC,
            platform="discord",
            message_id=number,
            channel=CHANNELS[author % len(CHANNELS)],
            author_id=str(author),
            author=author_stream("discord", str(author)),
            author_name=self._names[author],
            content=content,
            posted_at=at,
            via="gateway",
            timestamp=at,
        )
        return stream, _by("import:discord", stream, 1, event)

    def entry(self, trade: Trade) -> Iterator[Recorded]:
        """From the post to the filled order."""
        at, side, legs = trade.enters_at, trade.side, trade.legs
        words = f"{'BTO' if side is Side.BUY else 'STO'} {trade.quantity} {trade.symbol}"
        message, said = self._message(trade.author, at, f"{words} @ {trade.price}")
        yield said
        trade.signal = signal_stream(message, 0)
        self._open[trade.signal] = trade
        trader = self._streams[trade.author]
        if trade.author not in self._registered:
            self._registered.add(trade.author)
            registered = TraderRegistered(
                originator_topic=Trader.TOPIC,
                platform="discord",
                author_id=str(trade.author),
                name=self._names[trade.author],
                timestamp=at,
            )
            yield _by("reaction:booking", trader, 1, registered)
        channel = CHANNELS[trade.author % len(CHANNELS)]
        posted = SignalPosted(
            originator_topic=Signal.TOPIC,
            origin="trader",
            trader=trader,
            source=Source(platform="discord", channel=channel, message=message),
            side=side,
            legs=legs,
            quantity=trade.quantity,
            price=trade.price,
            valid_until=at + timedelta(hours=4),
            parser="canonical-1",
            rules=RULES,
            posted_at=at,
            timestamp=at,
        )
        yield self._of(trade, "reaction:booking", posted)
        yield self._checked(trade, 1, trade.price, at + SECOND)
        decided = at + 30 * SECOND
        if not trade.approved:
            rejected = SignalRejected(by="ana", via="cli", reason="too wide", timestamp=decided)
            yield self._of(trade, "member:ana", rejected)
            return
        approved = SignalApproved(
            by="ana", via="cli", account=ACCOUNT, price_stand=PriceStand.NO_QUOTE, timestamp=decided
        )
        yield self._of(trade, "member:ana", approved)
        yield from self._order(trade, side, legs, PositionEffect.OPEN, decided + SECOND)

    def exit(self, trade: Trade) -> Iterator[Recorded]:
        """From the exit, or the expiry, to the closed trade; and what is put right later."""
        at, signal = trade.leaves_at, trade.signal
        assert signal is not None
        del self._open[signal]
        if trade.expires:
            yield from self._expiry(trade, at)
            return
        side = trade.side.opposite
        words = f"{'STC' if side is Side.SELL else 'BTC'} {trade.symbol} @ {trade.exit_price}"
        message, said = self._message(trade.author, at, words)
        yield said
        called = SignalExitCalled(
            number=2,
            quantity=trade.quantity,
            price=trade.exit_price,
            reason=ClosedBy.EXIT,
            message=message,
            rules=RULES,
            posted_at=at,
            timestamp=at,
        )
        yield self._of(trade, "reaction:booking", called)
        closed = SignalClosed(reason=ClosedBy.EXIT, closed_at=at, timestamp=at)
        yield self._of(trade, "reaction:booking", closed)
        yield self._checked(trade, 2, trade.exit_price, at + SECOND)
        if trade.approved:
            legs = tuple(Leg(symbol=leg.symbol, side=leg.side.opposite) for leg in trade.legs)
            yield from self._order(trade, side, legs, PositionEffect.CLOSE, at + SECOND)
        if trade.corrected:
            yield from self._correction(trade, signal, at + 600 * SECOND)

    def _expiry(self, trade: Trade, at: datetime) -> Iterator[Recorded]:
        facts: dict[str, Any] = {"quantity": trade.quantity, "price": Decimal(0), "settled_at": at}
        settled = SignalSettled(number=2, **facts, timestamp=at)
        yield self._of(trade, "timer:settling", settled)
        closed = SignalClosed(reason=ClosedBy.EXPIRY, closed_at=at, timestamp=at)
        yield self._of(trade, "timer:settling", closed)
        if not trade.approved:
            return
        holding = holding_stream(ACCOUNT, trade.symbol)
        version = self._holdings.get(holding, 0)
        if version == 0:
            version = 1
            opened = HoldingOpened(
                originator_topic=Holding.TOPIC, account=ACCOUNT, symbol=trade.symbol, timestamp=at
            )
            yield _by("reaction:trading", holding, 1, opened, trade.signal)
        facts["quantity"] = trade.quantity * trade.side.sign
        expired = HoldingExpired(
            account=ACCOUNT, symbol=trade.symbol, signal=trade.signal, **facts, timestamp=at
        )
        self._holdings[holding] = version + 1
        yield _by("reaction:trading", holding, version + 1, expired, trade.signal)

    def _correction(self, trade: Trade, signal: UUID, at: datetime) -> Iterator[Recorded]:
        correction = UUID(int=self._chance.getrandbits(128), version=4)
        wrong: dict[str, Any] = {"reason": "typed the wrong price", "by": "ana", "timestamp": at}
        price = trade.exit_price + CENT
        requested = CorrectionRequested(
            originator_topic=Correction.TOPIC,
            target=Target.SIGNAL,
            target_stream=signal,
            target_version=trade.version,
            part="2",
            price=price,
            person="member:ana",
            **wrong,
        )
        yield _by("member:ana", correction, 1, requested, signal)
        approved = CorrectionApproved(by="ben", person="member:ben", timestamp=at)
        yield _by("member:ben", correction, 2, approved, signal)
        corrected = SignalCorrected(correction=correction, number=2, price=price, **wrong)
        yield self._of(trade, "member:ben", corrected)
        applied = CorrectionApplied(by="ben", timestamp=at)
        yield _by("member:ben", correction, 3, applied, signal)

    def _checked(self, trade: Trade, number: int, claimed: Decimal, at: datetime) -> Recorded:
        checked = SignalPriceChecked(
            number=number,
            claimed=claimed,
            bid=claimed - CENT,
            offer=claimed + CENT,
            quote_time=at - 2 * SECOND,
            source="recorded",
            attainable=True,
            price=claimed,
            timestamp=at,
        )
        return self._of(trade, "reaction:price_check", checked)

    def _order(
        self,
        trade: Trade,
        side: Side,
        legs: tuple[Leg, ...],
        effect: PositionEffect,
        at: datetime,
    ) -> Iterator[Recorded]:
        number = next(self._orders)
        cl_ord_id = f"sim-{number}"
        stream = order_stream(cl_ord_id)
        price = trade.price if effect is PositionEffect.OPEN else trade.exit_price
        events = (
            OrderRequested(
                originator_topic=Order.TOPIC,
                cl_ord_id=cl_ord_id,
                account=ACCOUNT,
                signal=trade.signal,
                side=side,
                position_effect=effect,
                legs=legs,
                order_qty=trade.quantity,
                ord_type=OrdType.MARKET,
                timestamp=at,
            ),
            OrderSubmitted(broker="paper", timestamp=at),
            OrderAccepted(order_id=f"p{number}", transact_time=at, timestamp=at),
            OrderFilled(
                exec_id=f"e{number}",
                last_qty=trade.quantity,
                last_px=price,
                cum_qty=trade.quantity,
                leaves_qty=Decimal(0),
                avg_px=price,
                commission=Decimal("0.65"),
                transact_time=at,
                timestamp=at,
            ),
        )
        for version, event in enumerate(events, start=1):
            yield _by("reaction:trading", stream, version, event, trade.signal)

    def marks(self, at: datetime) -> Iterator[Recorded]:
        """The close of everything that is held."""
        held = {leg.symbol: trade for trade in self._open.values() for leg in trade.legs}
        for symbol, trade in held.items():
            price = (trade.price + trade.exit_price) / 2
            mark = MarkRecorded(
                originator_topic=Mark.TOPIC,
                symbol=symbol,
                bid=price.quantize(CENT),
                offer=price.quantize(CENT) + CENT,
                underlying_px=Decimal(200),
                rate=Decimal("0.04"),
                marked_at=at,
                quote_time=at,
                source="recorded",
                timestamp=at,
            )
            yield _by("timer:marks", mark_stream(symbol, at), 1, mark)

    def _of(self, trade: Trade, actor: str, event: Event) -> Recorded:
        assert trade.signal is not None
        trade.version += 1
        return _by(actor, trade.signal, trade.version, event, trade.signal)


def _by(
    actor: str, stream: UUID, version: int, event: Event, correlation: UUID | None = None
) -> Recorded:
    return Recorded(stream, version, event, event.timestamp, actor, correlation)
