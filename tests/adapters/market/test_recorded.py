"""The record keeps the contract of all sources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from psycopg_pool import ConnectionPool

from adapters.market.recorded import RecordedFeed
from adapters.postgres import Connection, open_pool
from application.market_data import Interval
from domain.market import EXCHANGE_ZONE
from tests.adapters.market.contract import MINUTE, NOW, FeedContract, SetClock
from tests.adapters.market.loopback import Json, Shown, Traded


class RecordedSource:
    """A record, and what is written into it."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self.pool = pool
        self.clock = SetClock()
        self.feed = RecordedFeed(pool, self.clock)

    def show(self, shown: Shown) -> None:
        with self.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, %s, %s, 'recorded')",
                (shown.symbol, shown.at, Decimal(shown.bid), Decimal(shown.offer),
                 shown.bid_size, shown.offer_size),
            )  # fmt: skip

    def trade(self, bar: Traded) -> None:
        with self.pool.connection() as connection:
            connection.execute(
                "INSERT INTO market.bars VALUES (%s, %s, %s, %s, %s, %s, %s, 'recorded')",
                (bar.symbol, bar.start, Decimal(bar.open), Decimal(bar.high), Decimal(bar.low),
                 Decimal(bar.close), bar.volume),
            )  # fmt: skip

    def know(self, symbol: str, greeks: Json) -> None:
        """Greeks are not on record."""

    def wait_for(self, *symbols: str) -> None:
        """Nothing has to be connected."""

    def wait_without(self, symbol: str) -> None:
        """Nor given up."""


@pytest.fixture
def source(database_url: str) -> Iterator[RecordedSource]:
    with open_pool(database_url) as pool:
        yield RecordedSource(pool)


class TestContract(FeedContract):
    """The record keeps the contract, without Greeks."""

    has_greeks = False


def test_a_day_is_made_of_the_minutes_of_its_session(source: RecordedSource) -> None:
    opens = NOW.replace(hour=14, minute=30)
    for at, close in ((opens - MINUTE, "1"), (opens, "5.5"), (opens + MINUTE, "5.75"),
                      (opens + timedelta(hours=6, minutes=30), "9")):  # fmt: skip
        source.trade(Traded("AAPL", "minute", at, "5", close, "0.5", close, 100))
    midnight = datetime(2026, 11, 18, tzinfo=EXCHANGE_ZONE)
    (day,) = source.feed.bars("AAPL", Interval.DAY, midnight, midnight + timedelta(days=1))
    assert (day.open, day.high, day.close) == (Decimal(5), Decimal("5.75"), Decimal("5.75"))
    assert day.volume == 200
    assert day.start == midnight
