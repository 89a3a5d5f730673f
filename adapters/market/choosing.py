"""Which source of market data is set up here, by what the surroundings say.

The makers' libraries take a good part of a second to load, so a source is loaded when it is
chosen and not before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.market.access import AlpacaDataAccess, PolygonAccess
from adapters.market.keeping import MarketRecord
from adapters.market.live import MAX_AGE, LiveMarket
from adapters.market.recorded import NAME, RecordedFeed
from adapters.recorded_market import RecordedMarket
from application.market_data import MarketFeed
from application.ports import Clock
from domain.shared import InvalidInput

_KEYS = {
    "polygon": "TRUETAPE_POLYGON_KEY",
    "alpaca": "TRUETAPE_ALPACA_KEY and TRUETAPE_ALPACA_SECRET",
}
FEEDS = tuple(_KEYS)
PATIENT_S, HASTY_S = 10.0, 3.0
"""How long one request may take; a decision does not wait as long as a person does."""


class Markets:
    """The market that decisions look at, the record of it, and the sources that are set up."""

    def __init__(
        self, pool: ConnectionPool[Connection[Any]], words: Mapping[str, str], clock: Clock
    ) -> None:
        """Live prices where a source is set up in these words, else those of the record.

        Raises:
            InvalidInput: a setting cannot be used.
        """
        self._pool = pool
        self._words = words
        self._clock = clock
        self.record = MarketRecord(pool)
        self.prices: RecordedMarket | LiveMarket = RecordedMarket(pool)
        if name := chosen(words):
            feed = open_feed(words, clock, name, timeout_s=HASTY_S)
            age = max_age(words)
            self.prices = LiveMarket(self.prices, feed, self.record, clock, max_age=age)

    def feed(self, name: str = "") -> MarketFeed:
        """A source by its name, `recorded` too, or the one that is set up.

        Raises:
            InvalidInput: it is not set up; the text says what to set.
        """
        if name == NAME:
            return RecordedFeed(self._pool, self._clock)
        return open_feed(self._words, self._clock, name)


def chosen(words: Mapping[str, str]) -> str:
    """The source that is set up: `TRUETAPE_MARKET`, or the one that a key is there for. Empty
    where there is none, and where `TRUETAPE_MARKET` is `recorded`.

    Raises:
        InvalidInput: there is no such source.
    """
    name = words.get("TRUETAPE_MARKET", "").strip().lower()
    if name == NAME:
        return ""
    if name:
        return _known(name)
    if words.get("TRUETAPE_POLYGON_KEY", "").strip():
        return "polygon"
    return "alpaca" if words.get("TRUETAPE_ALPACA_KEY", "").strip() else ""


def open_feed(
    words: Mapping[str, str], clock: Clock, name: str = "", *, timeout_s: float = PATIENT_S
) -> MarketFeed:
    """A source by its name, or the one that is set up.

    Raises:
        InvalidInput: it is not set up; the text says what to set.
    """
    name = _known(name) if name else chosen(words)
    if name == "polygon":
        polygon = PolygonAccess.from_environment(words)
        if polygon is not None:
            from adapters.market.polygon import PolygonFeed

            return PolygonFeed(polygon, clock, timeout_s=timeout_s)
    if name == "alpaca":
        alpaca = AlpacaDataAccess.from_environment(words)
        if alpaca is not None:
            from adapters.market.alpaca_data import AlpacaFeed

            return AlpacaFeed(alpaca, clock, timeout_s=timeout_s)
    if name:
        raise InvalidInput(f"{name} is not set up: set {_KEYS[name]}")
    raise InvalidInput(f"no source of market data is set up: set {', or '.join(_KEYS.values())}")


def max_age(words: Mapping[str, str]) -> timedelta:
    """How old a quote of now may be: `TRUETAPE_QUOTE_AGE` in seconds, or a minute.

    Raises:
        InvalidInput: it is no number of seconds.
    """
    told = words.get("TRUETAPE_QUOTE_AGE", "").strip()
    if not told:
        return MAX_AGE
    if not (told.isascii() and told.isdigit() and 1 <= int(told) <= 3600):
        raise InvalidInput("TRUETAPE_QUOTE_AGE is a number of seconds from 1 to 3600")
    return timedelta(seconds=int(told))


def _known(name: str) -> str:
    if name not in FEEDS:
        raise InvalidInput(
            f"{name!r} is no source of market data: there are {', '.join(FEEDS)} and {NAME}"
        )
    return name
