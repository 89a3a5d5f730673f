"""Option chains with what Alpaca computes of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from adapters.alpaca.chains import PAGE
from domain.instruments import Option, Right
from tests.adapters.alpaca.openapi import NO_MARKET_DATA, market_data
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE

D = Decimal
GREEKS = {
    "greeks": {"delta": 0.7521304109871954, "gamma": 0.06, "rho": 0.01, "theta": -0.28,
               "vega": 0.0475},
    "impliedVolatility": 0.3372405712050441,
}  # fmt: skip


def test_a_chain_has_quotes_and_greeks_to_the_last_digit(under: Alpaca) -> None:
    under.show(HIGHER, "2.20", "2.30", bid_size=7, offer_size=9)
    under.show(CALL, "5.40", "5.50")
    under.show(SHARE, "189.00", "189.20")
    under.fake.rest.greeks["TSLA261120C00260000"] = GREEKS
    first, second = under.broker.chain("TSLA")
    assert [first.symbol, second.symbol] == [CALL, HIGHER]
    assert (first.delta, first.implied_volatility) == (None, None)
    assert (second.strike, second.right, second.expiry) == (
        D(260),
        Right.CALL,
        date(2026, 11, 20),
    )
    assert (second.bid, second.offer) == (D("2.2"), D("2.3"))
    assert (second.bid_size, second.offer_size) == (7, 9)
    assert second.delta == D("0.7521304109871954")
    assert second.implied_volatility == D("0.3372405712050441")
    assert (second.gamma, second.theta, second.vega) == (D("0.06"), D("-0.28"), D("0.0475"))
    assert second.time == under.now()


def test_one_expiry_is_asked_for(under: Alpaca) -> None:
    later = "TSLA  261218C00250000"
    under.show(CALL, "5.40", "5.50")
    under.show(later, "7.40", "7.50")
    (found,) = under.broker.chain("TSLA", expiry=date(2026, 12, 18))
    assert found.symbol == later


def test_a_long_chain_is_read_page_by_page(under: Alpaca) -> None:
    strikes = [D(number) / 2 + 100 for number in range(PAGE + 50)]
    for strike in strikes:
        under.show(Option("TSLA", date(2026, 11, 20), Right.CALL, strike).symbol, "1", "2")
    assert [quote.strike for quote in under.broker.chain("TSLA")] == strikes


def test_who_has_no_options_has_no_chain(under: Alpaca) -> None:
    assert list(under.broker.chain("AAPL")) == []


def test_chains_are_as_described(under: Alpaca) -> None:
    if market_data() is None:
        pytest.skip(NO_MARKET_DATA)
    under.show(CALL, "5.40", "5.50")
    under.fake.rest.greeks["TSLA261120C00250000"] = GREEKS
    assert len(under.broker.chain("TSLA", expiry=date(2026, 11, 20))) == 1
    assert under.fake.rest.breaches == []
