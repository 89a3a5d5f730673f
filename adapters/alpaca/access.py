"""Where an account at Alpaca is reached, and with which key."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from domain.shared import InvalidInput

PAPER = "https://paper-api.alpaca.markets"
LIVE = "https://api.alpaca.markets"
MARKET_DATA = "https://data.alpaca.markets"

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Access(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A key and the servers it is for. Neither part of the key is ever shown."""

    key: str
    secret: str
    trading_url: str = PAPER
    data_url: str = MARKET_DATA
    options_feed: str = "indicative"
    """`opra` needs a subscription; `indicative` is free and delayed."""

    def __post_init__(self) -> None:
        if not self.key or not self.secret:
            raise InvalidInput("Alpaca needs a key and its secret")
        for url in (self.trading_url, self.data_url):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise InvalidInput(f"{url!r} is no address of a server")
            if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
                raise InvalidInput(f"{url} would carry the key in the clear: use https")

    def __repr__(self) -> str:
        return f"Access(trading_url={self.trading_url!r}, data_url={self.data_url!r})"

    @classmethod
    def from_environment(cls, words: Mapping[str, str]) -> Access | None:
        """Reads `TRUETAPE_ALPACA_KEY` and `TRUETAPE_ALPACA_SECRET`, and if they are set
        `TRUETAPE_ALPACA_URL` (else the paper account's server: real money has to be asked for),
        `TRUETAPE_ALPACA_DATA_URL` and `TRUETAPE_ALPACA_FEED`. None without a key.

        Raises:
            InvalidInput: a key without its secret, or an address that cannot be asked.
        """
        names = {
            "key": "KEY",
            "secret": "SECRET",
            "trading_url": "URL",
            "data_url": "DATA_URL",
            "options_feed": "FEED",
        }
        told = {field: words.get(f"TRUETAPE_ALPACA_{name}", "") for field, name in names.items()}
        given = {field: word.strip() for field, word in told.items() if word.strip()}
        if not given.get("key") and not given.get("secret"):
            return None
        return cls(**{"key": "", "secret": "", **given})

    @property
    def is_live(self) -> bool:
        """Whether orders are for real money."""
        return urlsplit(self.trading_url).hostname == urlsplit(LIVE).hostname

    @property
    def stream_url(self) -> str:
        """The websocket of the account's trade updates."""
        return "ws" + self.trading_url.removeprefix("http").rstrip("/") + "/stream"
