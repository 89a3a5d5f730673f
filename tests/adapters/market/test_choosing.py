"""Which source is set up is said by the surroundings, and refused in words if it cannot be."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from psycopg_pool import ConnectionPool

from adapters.market.choosing import Markets, chosen, max_age, open_feed
from adapters.market.live import MAX_AGE, LiveMarket
from adapters.postgres import Connection
from adapters.recorded_market import RecordedMarket
from domain.shared import InvalidInput
from tests.adapters.market.contract import SetClock

POLYGON = {"TRUETAPE_POLYGON_KEY": "k"}
ALPACA = {"TRUETAPE_ALPACA_KEY": "k", "TRUETAPE_ALPACA_SECRET": "s"}
MARKET = "TRUETAPE_MARKET"


@pytest.fixture
def pool() -> Iterator[ConnectionPool[Connection]]:
    """A pool that nobody connects."""
    found: ConnectionPool[Connection] = ConnectionPool("host=127.0.0.1 port=9", open=False)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ({}, ""),
        (POLYGON, "polygon"),
        (ALPACA, "alpaca"),
        ({**ALPACA, **POLYGON}, "polygon"),
        ({**ALPACA, **POLYGON, MARKET: "Alpaca"}, "alpaca"),
        ({**POLYGON, MARKET: "recorded"}, ""),
    ],
)
def test_a_key_is_enough_and_another_choice_can_be_made(words: dict[str, str], name: str) -> None:
    assert chosen(words) == name


def test_prices_are_live_where_a_source_is_set_up(pool: ConnectionPool[Connection]) -> None:
    assert isinstance(Markets(pool, {}, SetClock()).prices, RecordedMarket)
    assert isinstance(Markets(pool, POLYGON, SetClock()).prices, LiveMarket)


def test_every_source_can_be_had_by_its_name(pool: ConnectionPool[Connection]) -> None:
    markets = Markets(pool, {**ALPACA, **POLYGON}, SetClock())
    assert [markets.feed(name).name for name in ("", "polygon", "alpaca", "recorded")] == [
        "polygon", "polygon", "alpaca", "recorded",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "name", "why"),
    [
        ({}, "", "no source of market data is set up: set TRUETAPE_POLYGON_KEY, or"),
        (ALPACA, "polygon", "polygon is not set up: set TRUETAPE_POLYGON_KEY"),
        ({}, "alpaca", "TRUETAPE_ALPACA_SECRET"),
        (POLYGON, "bloomberg", "there are polygon, alpaca"),
        ({MARKET: "bloomberg"}, "", "there are polygon, alpaca"),
    ],
)
def test_what_is_not_set_up_says_what_to_set(words: dict[str, str], name: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        open_feed(words, SetClock(), name)


def test_how_old_a_quote_may_be_can_be_set() -> None:
    assert max_age({}) == MAX_AGE
    assert max_age({"TRUETAPE_QUOTE_AGE": "15"}) == timedelta(seconds=15)
    for wrong in ("0", "-1", "soon", "99999"):
        with pytest.raises(InvalidInput, match="TRUETAPE_QUOTE_AGE"):
            max_age({"TRUETAPE_QUOTE_AGE": wrong})


def test_nothing_of_the_makers_is_loaded_before_it_is_chosen() -> None:
    program = (
        "import sys, adapters.market.choosing; "
        "print([n for n in ('polygon', 'alpaca', 'pandas', 'requests') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
