"""Which account at Alpaca is meant, and that its key is not shown."""

from __future__ import annotations

import pytest

from adapters.alpaca.access import LIVE, MARKET_DATA, PAPER, Access
from domain.shared import InvalidInput

KEY = {"TRUETAPE_ALPACA_KEY": "PK123", "TRUETAPE_ALPACA_SECRET": "hush"}


def test_without_a_key_there_is_no_account() -> None:
    assert Access.from_environment({}) is None
    assert Access.from_environment({"TRUETAPE_ALPACA_URL": LIVE}) is None


def test_paper_money_unless_said_otherwise() -> None:
    access = Access.from_environment(KEY)
    assert access is not None
    assert (access.trading_url, access.data_url) == (PAPER, MARKET_DATA)
    assert not access.is_live
    assert access.stream_url == "wss://paper-api.alpaca.markets/stream"


def test_real_money_is_asked_for_by_its_address() -> None:
    access = Access.from_environment(
        KEY | {"TRUETAPE_ALPACA_URL": f"{LIVE}/ ", "TRUETAPE_ALPACA_FEED": "opra"}
    )
    assert access is not None
    assert access.is_live
    assert access.options_feed == "opra"
    assert access.stream_url == "wss://api.alpaca.markets/stream"


@pytest.mark.parametrize("name", list(KEY))
def test_half_a_key_is_none(name: str) -> None:
    with pytest.raises(InvalidInput, match="secret"):
        Access.from_environment({name: KEY[name]})


@pytest.mark.parametrize("url", ["http://api.alpaca.markets", "ftp://127.0.0.1", "127.0.0.1:80"])
def test_a_key_goes_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(InvalidInput):
        Access(key="PK123", secret="hush", trading_url=url)
    Access(key="PK123", secret="hush", trading_url="http://127.0.0.1:8123")


def test_the_key_is_not_shown() -> None:
    access = Access(key="PK123", secret="hush")
    shown = f"{access!r} {access} {[access]}"
    assert "PK123" not in shown
    assert "hush" not in shown
