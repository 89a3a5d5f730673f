"""Where market data is asked for, and with which key. No part of a key is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from domain.shared import InvalidInput

POLYGON = "https://api.polygon.io"
POLYGON_STREAM = "wss://socket.polygon.io"
ALPACA = "https://data.alpaca.markets"
ALPACA_STREAM = "wss://stream.data.alpaca.markets"

STOCK_FEEDS = ("iex", "sip", "delayed_sip")
OPTION_FEEDS = ("indicative", "opra")

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_SECURE = {"https": "http", "wss": "ws"}


def _require_address(url: str, secure: str) -> None:
    """Refuses an address that cannot be asked, or that would carry the key in the clear."""
    parts = urlsplit(url)
    if parts.scheme not in (secure, _SECURE[secure]) or not parts.hostname:
        raise InvalidInput(f"{url!r} is no address of a server: {secure}://host")
    if parts.scheme != secure and parts.hostname not in _THIS_MACHINE:
        raise InvalidInput(f"{url} would carry the key in the clear: use {secure}")


class PolygonAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A key for Polygon and the servers it is for."""

    key: str
    url: str = POLYGON
    stream_url: str = POLYGON_STREAM

    def __post_init__(self) -> None:
        if not (self.key.isascii() and self.key.isprintable() and self.key):
            raise InvalidInput("TRUETAPE_POLYGON_KEY is no key")
        _require_address(self.url, "https")
        _require_address(self.stream_url, "wss")

    def __repr__(self) -> str:
        return f"PolygonAccess(url={self.url!r}, stream_url={self.stream_url!r})"

    @classmethod
    def from_environment(cls, words: Mapping[str, str]) -> PolygonAccess | None:
        """Reads `TRUETAPE_POLYGON_KEY`, `TRUETAPE_POLYGON_URL` and
        `TRUETAPE_POLYGON_STREAM_URL` (a delayed plan has a server of its own). None without a key.

        Raises:
            InvalidInput: the key or an address cannot be used.
        """
        names = {"key": "KEY", "url": "URL", "stream_url": "STREAM_URL"}
        given = _given(words, "TRUETAPE_POLYGON_", names)
        return cls(**given) if "key" in given else None


class AlpacaDataAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A key for Alpaca's market data, its servers, and which feeds are asked for.

    `sip` and `opra` need a subscription; `iex` is one exchange of many, and `indicative` is a
    delayed and altered picture of option quotes.
    """

    key: str
    secret: str
    url: str = ALPACA
    stream_url: str = ALPACA_STREAM
    stocks_feed: str = "iex"
    options_feed: str = "indicative"

    def __post_init__(self) -> None:
        if not self.key or not self.secret:
            raise InvalidInput("Alpaca needs TRUETAPE_ALPACA_KEY and TRUETAPE_ALPACA_SECRET")
        _require_address(self.url, "https")
        _require_address(self.stream_url, "wss")
        if self.stocks_feed not in STOCK_FEEDS:
            raise InvalidInput(f"TRUETAPE_ALPACA_STOCKS_FEED is one of {', '.join(STOCK_FEEDS)}")
        if self.options_feed not in OPTION_FEEDS:
            raise InvalidInput(f"TRUETAPE_ALPACA_FEED is one of {', '.join(OPTION_FEEDS)}")

    def __repr__(self) -> str:
        return f"AlpacaDataAccess(url={self.url!r}, stream_url={self.stream_url!r})"

    @classmethod
    def from_environment(cls, words: Mapping[str, str]) -> AlpacaDataAccess | None:
        """Reads `TRUETAPE_ALPACA_KEY`, `_SECRET`, `_DATA_URL`, `_STREAM_URL`, `_STOCKS_FEED` and
        `_FEED` (of options). None without a key.

        Raises:
            InvalidInput: a key without its secret, or what cannot be asked.
        """
        names = {
            "key": "KEY",
            "secret": "SECRET",
            "url": "DATA_URL",
            "stream_url": "STREAM_URL",
            "stocks_feed": "STOCKS_FEED",
            "options_feed": "FEED",
        }
        given = _given(words, "TRUETAPE_ALPACA_", names)
        if "key" not in given and "secret" not in given:
            return None
        return cls(**{"key": "", "secret": "", **given})


def _given(words: Mapping[str, str], prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    told = {field: words.get(prefix + name, "").strip() for field, name in names.items()}
    return {field: word for field, word in told.items() if word}
