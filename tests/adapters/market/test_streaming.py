"""What waits to be taken from a stream has an end, and what did not fit is told as a gap."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from adapters.market.streaming import Waiting
from application.market_data import FeedGap, Heard
from domain.market import Quote
from tests.adapters.market.contract import NOW, SECOND, SetClock


def quote(second: int, symbol: str = "AAPL") -> Quote:
    at = NOW + second * SECOND
    return Quote(symbol=symbol, bid=Decimal(second), offer=Decimal(99), time=at, source="test")


def test_the_oldest_give_way_and_the_stretch_is_told() -> None:
    waiting = Waiting("test", SetClock(), 3)
    waiting.put([quote(0), quote(1, "MSFT"), quote(2), quote(3), quote(4), quote(5)])
    heard = waiting.take(0)
    assert [each.bid for each in heard.quotes] == [3, 4, 5]
    assert heard.gaps == [
        FeedGap("test", NOW, NOW + 2 * SECOND, "more came than could be kept", ("AAPL", "MSFT"))
    ]
    assert waiting.take(0) == Heard([], [])


def test_what_fits_is_told_whole() -> None:
    waiting = Waiting("test", SetClock(), 3)
    waiting.put([quote(0), quote(1), quote(2)])
    assert len(waiting.take(0).quotes) == 3
    waiting.put([quote(3)])
    assert waiting.take(0) == Heard([quote(3)], [])


def test_a_gap_ends_now() -> None:
    clock = SetClock(NOW + timedelta(minutes=2))
    waiting = Waiting("test", clock, 3)
    waiting.put_gap(NOW, "the stream was down", {"B", "A"})
    (gap,) = waiting.take(0).gaps
    assert gap == FeedGap("test", NOW, clock.at, "the stream was down", ("A", "B"))
