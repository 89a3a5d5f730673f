"""What waits to be taken from a stream has an end, and what did not fit is told as a gap."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from adapters.market.access import AlpacaDataAccess, PolygonAccess
from adapters.market.alpaca_stream import AlpacaChannel
from adapters.market.polygon_stream import PolygonChannel
from adapters.market.streaming import Waiting
from application.market_data import FeedGap, Heard
from application.ports import PortError
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


POLYGON_CHANNEL = PolygonChannel(PolygonAccess(key="k"), "stocks")
ALPACA_CHANNEL = AlpacaChannel(AlpacaDataAccess(key="k", secret="s"), "stocks")

figures = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63),
    st.floats(),
    st.text(max_size=5),
    st.booleans(),
    st.just([]),
)
fields = st.sampled_from(
    ["ev", "T", "sym", "S", "bp", "ap", "bs", "as", "t", "status", "message", "msg", "code"]
)
messages = st.lists(
    st.dictionaries(fields, figures, max_size=8).map(
        lambda told: {"ev": "Q", "sym": "AAPL", "T": "q", "S": "AAPL", **told}
    ),
    max_size=3,
)


@given(messages, st.booleans())
def test_whatever_a_server_says_it_is_quotes_or_a_failure_in_words(
    told: list[dict[str, object]], binary: bool
) -> None:
    for channel in (POLYGON_CHANNEL, ALPACA_CHANNEL):
        channel._ours["AAPL"] = "AAPL"
        body = msgspec.msgpack.encode(told) if binary else msgspec.json.encode(told).decode()
        try:
            found = list(channel.read(body))
        except (PortError, ValueError, ArithmeticError):
            # The stream tells these as a failure of the source, and begins anew.
            continue
        assert all(each.symbol == "AAPL" for each in found)


@given(st.binary(max_size=60))
def test_noise_is_a_failure_in_words(body: bytes) -> None:
    for channel in (POLYGON_CHANNEL, ALPACA_CHANNEL):
        with contextlib.suppress(PortError, ValueError, ArithmeticError):
            assert list(channel.read(body)) == []
