"""A record by hand: traders who post, exits, evidence, marks and rules, on a real tape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from domain.fix import Side
from domain.legs import Leg
from domain.market import Mark, Quote
from domain.messages import message_stream
from domain.ranking import Ranking, Rules
from domain.signal_events import ClosedBy, PriceEvidence, Source
from domain.signals import Signal
from domain.traders import Trader
from projections.books import Books
from projections.exposure import Exposure
from projections.leaderboards import Board, By, Standing, board
from projections.people import People
from projections.risk import Risk
from projections.runner import Runner
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.projections.tape import Tape, reading

CALL = "TSLA  261218C00250000"


def utc(text: str) -> datetime:
    """`11-16 15:00` is that minute of 2026."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def weekdays(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


SESSIONS = weekdays(date(2026, 10, 1), date(2026, 12, 31))


class Record:
    """Tells what happens and asks for boards."""

    def __init__(self, tape: Tape, follower: Runner) -> None:
        self.tape = tape
        self._follower = follower
        self._messages = count(1)

    def follow(self) -> None:
        self._follower.catch_up()

    def trader(self, name: str) -> UUID:
        made = Trader.register(platform="discord", author_id=name, name=name, at=utc("10-01 12:00"))
        self.tape.save(made)
        return made.id

    def opens(
        self,
        trader: UUID,
        at: str,
        price: str = "2.00",
        *,
        quantity: str = "1",
        legs: tuple[Leg, ...] = (Leg(symbol=CALL, side=Side.BUY),),
        side: Side = Side.BUY,
        stop: str | None = None,
    ) -> Signal:
        signal = Signal.post(
            place=0, origin="trader", trader=trader,
            source=Source(
                platform="discord", channel="alerts",
                message=message_stream("discord", str(next(self._messages))),
            ),
            side=side, legs=legs, quantity=Decimal(quantity), price=Decimal(price), price_to=None,
            stop=None if stop is None else Decimal(stop), targets=(), valid_until=None,
            parser="test", rules=(), posted_at=utc(at), at=utc(at),
        )  # fmt: skip
        self.tape.save(signal)
        return signal

    def exits(self, signal: Signal, at: str, price: str | None, *, quantity: str = "1") -> int:
        signal.call_exit(
            quantity=Decimal(quantity), price=None if price is None else Decimal(price),
            reason=ClosedBy.EXIT, message=message_stream("discord", str(next(self._messages))),
            rules=(), posted_at=utc(at), at=utc(at),
        )  # fmt: skip
        return self.tape.save(signal)

    def trades(self, trader: UUID, bought: str, sold: str, price: str = "3.00") -> Signal:
        """A trade of one contract that is bought at 2.00 and sold."""
        signal = self.opens(trader, bought)
        self.exits(signal, sold, price)
        return signal

    def checks(
        self,
        signal: Signal,
        number: int,
        price: str,
        *,
        attainable: bool = True,
        stood: int | None = None,
    ) -> int:
        counted = Decimal(price)
        evidence = PriceEvidence(
            claimed=counted, bid=counted, offer=counted, quote_time=utc("11-16 14:00"),
            source="recorded", attainable=attainable, price=counted,
            bid_size=stood, offer_size=stood,
        )  # fmt: skip
        signal.check_price(number, evidence, at=utc("11-16 14:00"))
        return self.tape.save(signal)

    def marks(
        self,
        symbol: str,
        at: str,
        bid: str,
        offer: str,
        *,
        underlying: str | None = None,
    ) -> int:
        quote = Quote(
            symbol=symbol, bid=Decimal(bid), offer=Decimal(offer), time=utc(at), source="recorded"
        )
        mark = Mark.record(
            quote,
            underlying_px=None if underlying is None else Decimal(underlying),
            rate=Decimal("0.04"),
            marked_at=utc(at),
            at=utc(at),
        )
        return self.tape.save(mark)

    def rules(self, at: str, **figures: Any) -> Ranking:
        ranking = Ranking.publish(Rules(**figures), at=utc(at))
        self.tape.save(ranking)
        return ranking

    def board(
        self,
        window: Window = Window.ALL,
        at: str = "11-20 22:00",
        by: By | None = By.RETURN,
        *,
        as_of: int | None = None,
        trader: UUID | None = None,
        limit: int | None = None,
        sessions: Sequence[date] = SESSIONS,
        **more: Any,
    ) -> Board:
        self.follow()
        span = span_of(window, utc(at))
        return board(
            self.tape.connection, span, by, sessions, as_of=as_of, trader=trader, limit=limit,
            **more,
        )  # fmt: skip

    def standing(self, trader: UUID, window: Window = Window.ALL, at: str = "11-20 22:00",
                 *, as_of: int | None = None) -> Standing | None:  # fmt: skip
        """What the whole board says of one trader."""
        found = self.board(window, at, as_of=as_of).standings
        return next((one for one in found if one.trader == trader), None)


@contextmanager
def record_on(tape: Tape, *, batch_max: int = 5_000) -> Iterator[Record]:
    follower = Runner(
        reading(tape.url), [Books, Exposure, People, Risk, TraderProfiles], batch_max=batch_max
    )
    follower.start()
    try:
        yield Record(tape, follower)
    finally:
        follower.close()
