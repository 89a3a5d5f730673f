"""Random histories of trades, fills, marks and corrections, made through the real aggregates.

Commands are drawn in the order in which they were heard; the moments they are about lie
anywhere in the same few days, so much of what is heard comes late. What an aggregate refuses
is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventsourcing.domain import BaseAggregate
from hypothesis import strategies as st

from domain.accounts import Account
from domain.fix import OrdType, PositionEffect, Side, TimeInForce
from domain.holdings import Holding
from domain.instruments import Option, Right
from domain.legs import Leg
from domain.market import Mark, Quote
from domain.orders import Order
from domain.ranking import Ranking, Rules
from domain.shared import DomainError, stream_id
from domain.signal_events import ClosedBy, PriceEvidence, Source
from domain.signals import Signal
from domain.traders import trader_stream
from tests.properties.oracle import Told

Act = Callable[[], BaseAggregate[UUID] | None]
"""Something that happens; None where it could not."""

START = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)
TRADERS = [trader_stream("test", name) for name in ("ann", "ben")]
CALL, PUT = (
    Option("TSLA", date(2025, 3, 21), right, Decimal(250)) for right in (Right.CALL, Right.PUT)
)
INDEX = Option("SPX", date(2025, 3, 21), Right.CALL, Decimal(5000))
SYMBOLS = (CALL.symbol, PUT.symbol, "TSLA")
TICK = Decimal("0.01")

moments = st.integers(0, 6 * 48).map(lambda half_hours: START + timedelta(minutes=30 * half_hours))
marking_times = st.integers(0, 11).map(lambda at: START + timedelta(hours=12 * at + 7))
quantities = st.integers(1, 3).map(Decimal)
sizes = st.none() | st.integers(0, 3)
prices = st.integers(0, 400).map(lambda cents: cents * TICK * 5)


class Teller:
    """Holds the aggregates and writes down what they decide."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.told: list[Told] = []
        self._signals: list[Signal] = []
        self._orders: list[Order] = []
        self._holdings: dict[tuple[str, str], Holding] = {}
        self._ranking: Ranking | None = None
        self._marked: set[tuple[str, datetime]] = set()
        self.accounts: dict[str, Account] = {}
        self._number = 0

    def step(self) -> None:
        """One command; what it decided is written down, a refusal is not."""
        act = self.draw(st.sampled_from(self.acts()))
        try:
            aggregate = act()
        except DomainError:
            return
        if aggregate is not None:
            self.write(aggregate)

    def acts(self) -> list[Act]:
        """What may happen next, the usual more than once."""
        return [
            self._post, self._change_signal, self._change_signal, self._change_signal, self._mark,
            self._mark, self._fill, self._fill, self._change_fill, self._fact, self._rule,
        ]  # fmt: skip

    def opened(self, name: str) -> Account | None:
        """An account that was not opened yet."""
        if name in self.accounts:
            return None
        at = self.draw(moments)
        account = Account.open(name=name, broker="paper", cash=Decimal(10_000), at=at)
        self.accounts[name] = account
        return account

    def write(self, aggregate: BaseAggregate[UUID]) -> None:
        """Keeps what was decided."""
        for event in aggregate.collect_events():
            self.told.append(Told(len(self.told) + 1, aggregate.id, event))  # type: ignore[arg-type]

    def next(self) -> str:
        self._number += 1
        return str(self._number)

    def _legs(self) -> tuple[Side, tuple[Leg, ...]]:
        side = self.draw(st.sampled_from([Side.BUY, Side.BUY, Side.SELL]))
        symbols = self.draw(st.sampled_from([*((symbol,) for symbol in SYMBOLS), SYMBOLS[:2]]))
        sides = (side, side.opposite)
        return side, tuple(Leg(symbol=s, side=sides[at]) for at, s in enumerate(symbols))

    def _post(self) -> Signal:
        side, legs = self._legs()
        at = self.draw(moments)
        source = Source(platform="test", channel="room", message=stream_id("said", self.next()))
        signal = Signal.post(
            place=0, origin="trader", trader=self.draw(st.sampled_from(TRADERS)), source=source,
            side=side, legs=legs, quantity=self.draw(quantities),
            price=self.draw(prices) + TICK, price_to=None, stop=None, targets=(),
            valid_until=None, parser="test", rules=(), posted_at=at, at=at,
        )  # fmt: skip
        self._signals.append(signal)
        return signal

    def _change_signal(self) -> Signal | None:
        if not self._signals:
            return None
        draw, at = self.draw, self.draw(moments)
        signal = self._signals[draw(st.integers(0, len(self._signals) - 1))]
        said: dict[str, Any] = {"message": stream_id("said", self.next()), "rules": (),
                                "posted_at": at, "at": at}  # fmt: skip
        number = draw(st.sampled_from(sorted(signal.book)))
        match draw(st.sampled_from(["exit", "out", "out", "add", "check", "check", "settle",
                                    "correct", "void"])):  # fmt: skip
            case "exit":
                signal.call_exit(quantity=draw(quantities), price=draw(st.none() | prices),
                                 reason=ClosedBy.EXIT, **said)  # fmt: skip
            case "out":
                signal.call_exit(quantity=signal.open_quantity, price=draw(st.none() | prices),
                                 reason=ClosedBy.EXIT, **said)  # fmt: skip
            case "add":
                signal.add(quantity=draw(quantities), price=draw(prices) + TICK, **said)
            case "check":
                evidence = PriceEvidence(
                    claimed=None, bid=(price := draw(prices)), offer=price + TICK, quote_time=at,
                    source="test", attainable=draw(st.booleans() | st.just(True)), price=price,
                    bid_size=draw(sizes), offer_size=draw(sizes),
                )  # fmt: skip
                signal.check_price(number, evidence, at=at)
            case "settle":
                signal.settle(price=draw(prices), underlying_px=None, assumed=draw(st.booleans()),
                              settled_at=at, at=at)  # fmt: skip
            case "correct":
                signal.correct(
                    correction=stream_id("correction", self.next()), number=number,
                    price=draw(st.none() | prices), quantity=draw(st.none() | quantities),
                    reason="test", by="test", at=at,
                )  # fmt: skip
            case _ if draw(st.integers(0, 3)) == 0:
                correction = stream_id("correction", self.next())
                signal.void(correction=correction, reason="test", by="test", at=at)
        return signal

    def _mark(self) -> Mark | None:
        symbol, at = self.draw(st.sampled_from(SYMBOLS)), self.draw(marking_times)
        if (symbol, at) in self._marked:
            return None
        self._marked.add((symbol, at))
        bid = self.draw(prices)
        quote = Quote(symbol=symbol, bid=bid, offer=bid + 10 * TICK, time=at, source="test")
        return Mark.record(quote, underlying_px=None, rate=Decimal(0), marked_at=at, at=at)

    def _fill(self) -> Order:
        draw, at = self.draw, self.draw(moments)
        account = draw(st.sampled_from(["main", "second"]))
        if draw(st.booleans()) and (opened := self.opened(account)) is not None:
            self.write(opened)
        side, legs = self._legs()
        order = Order.request(
            cl_ord_id=self.next(), account=account, side=side, legs=legs,
            signal=draw(st.sampled_from([None, *(s.id for s in self._signals)])),
            position_effect=PositionEffect.OPEN, order_qty=Decimal(3), ord_type=OrdType.MARKET,
            limit_px=None, time_in_force=TimeInForce.DAY, at=at,
        )  # fmt: skip
        order.submit("paper", at=at)
        for exec_id in range(draw(st.integers(1, 2))):
            order.fill(exec_id=str(exec_id), last_qty=draw(st.integers(1, 2).map(Decimal)),
                       last_px=draw(prices), commission=Decimal("0.70"), transact_time=at,
                       at=at)  # fmt: skip
        self._orders.append(order)
        return order

    def _change_fill(self) -> Order | None:
        if not self._orders:
            return None
        order = self._orders[self.draw(st.integers(0, len(self._orders) - 1))]
        words: dict[str, Any] = {"correction": stream_id("correction", self.next()),
                                 "exec_id": "0", "reason": "test", "by": "test",
                                 "at": self.draw(moments)}  # fmt: skip
        if self.draw(st.booleans()):
            order.cancel_trade(**words)
        else:
            order.correct_trade(last_qty=self.draw(st.none() | quantities),
                                last_px=self.draw(prices), **words)  # fmt: skip
        return order

    def _fact(self) -> Holding:
        draw, at = self.draw, self.draw(moments)
        account = draw(st.sampled_from(["main", "second"]))
        symbol = draw(st.sampled_from([*SYMBOLS, INDEX.symbol]))
        holding = self._holdings.get((account, symbol))
        if holding is None:
            holding = Holding.open(account=account, symbol=symbol, at=at)
            self._holdings[account, symbol] = holding
        match draw(st.sampled_from(["expire", "exercise", "assign", "split", "move"])):
            case "expire":
                quantity = draw(quantities) * draw(st.sampled_from([1, -1]))
                holding.expire(signal=None, quantity=quantity, price=draw(prices),
                               underlying_px=None, assumed=False, settled_at=at, at=at)  # fmt: skip
            case "exercise":
                holding.exercise(draw(quantities), exercised_at=at, at=at)
            case "assign":
                holding.assign(draw(quantities), assigned_at=at, at=at)
            case kind:
                # An instrument becomes a later one only: corporate actions make no circles.
                to_symbol = {CALL.symbol: PUT.symbol, PUT.symbol: INDEX.symbol}.get(symbol, symbol)
                holding.adjust(
                    to_symbol=symbol if kind == "split" else to_symbol,
                    from_quantity=draw(quantities), to_quantity=draw(quantities), reason="test",
                    effective_at=at, at=at,
                )  # fmt: skip
        return holding

    def _rule(self) -> Ranking | None:
        if self.draw(st.integers(0, 2)):
            return None
        at = self.draw(moments)
        fraction = self.draw(st.sampled_from([Decimal("0.05"), Decimal("0.10"), Decimal("0.3")]))
        if self._ranking is None:
            self._ranking = Ranking.publish(Rules(nav_fraction=fraction), at=at)
        else:
            rules = self._ranking.rules
            if self.told and at < max(each.event.timestamp for each in self.told
                                      if each.stream == self._ranking.id):  # fmt: skip
                return None
            self._ranking.change(Rules(version=rules.version + 1, nav_fraction=fraction), at=at)
        return self._ranking


@st.composite
def histories(draw: st.DrawFn, steps_max: int = 40, steps_min: int = 1) -> list[Told]:
    """What was told, in order, from position 1."""
    teller = Teller(draw)
    for _ in range(draw(st.integers(steps_min, steps_max))):
        teller.step()
    return teller.told
