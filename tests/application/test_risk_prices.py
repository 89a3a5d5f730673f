"""Prices for risk: quotes of one request, Greeks from the chain or from our own model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from application.brokerage import ChainQuote
from application.ports import Unavailable
from application.risk_prices import prices_of
from domain.instruments import Right
from domain.market import Quote
from domain.quant.black_scholes import greeks
from domain.quant.valuing import value_options
from tests.application.conftest import NOON, ShownMarket

D = Decimal
CALL = "TSLA  261218C00250000"
DEEP = "TSLA  261218C00100000"
CLOSE = datetime(2026, 12, 18, 21, 0, tzinfo=UTC)


class ShownChain:
    """An option chain by hand; it may be down."""

    def __init__(self, *contracts: ChainQuote, is_down: bool = False) -> None:
        self._contracts = {one.symbol: one for one in contracts}
        self._is_down = is_down

    def contracts(self, symbols: Collection[str], at: datetime) -> Mapping[str, ChainQuote]:
        if self._is_down:
            raise Unavailable("no answer")
        return {name: one for name, one in self._contracts.items() if name in symbols}


def listed(*, at: datetime = NOON, **known: Any) -> ChainQuote:
    given = {"delta": D("0.61"), "gamma": D("0.02"), "theta": D("-0.15"), "vega": D("0.28")}
    return ChainQuote(
        symbol=CALL, right=Right.CALL, strike=D(250), expiry=date(2026, 12, 18), bid=D("11.80"),
        offer=D("12.00"), time=at, **{**given, **known},
    )  # fmt: skip


@pytest.fixture
def market(market: ShownMarket) -> ShownMarket:
    market.show(CALL, "11.90", "12.10")
    market.show("TSLA", "249.90", "250.10")
    return market


def test_a_share_moves_with_itself(market: ShownMarket) -> None:
    share = prices_of({"TSLA"}, market, at=NOON)["TSLA"]
    assert (share.spot, share.delta, share.gamma, share.vega, share.theta) == (250, 1, 0, 0, 0)
    assert (share.quote.bid, share.quote.source) == (D("249.90"), "test")


def test_the_chains_own_greeks_go_first(market: ShownMarket) -> None:
    priced = prices_of({CALL}, market, ShownChain(listed()), at=NOON)[CALL]
    assert (priced.delta, priced.gamma, priced.theta, priced.vega) == (0.61, 0.02, -0.15, 0.28)
    assert (priced.spot, priced.quote.bid) == (250, D("11.90"))


def test_our_own_model_stands_in_by_day_and_by_vol_point(market: ShownMarket) -> None:
    """Greeks at the volatility of the mid: theta a 365th of a year, vega a hundredth."""
    priced = prices_of({CALL}, market, rate=0.04, at=NOON)[CALL]
    years = (CLOSE - NOON).total_seconds() / (365 * 86_400)
    low, high = 0.01, 2.0
    for _ in range(80):
        vol = (low + high) / 2
        value = float(greeks(250, 250, years, 0.04, 0, vol, True).price)
        low, high = (vol, high) if value < 12 else (low, vol)
    expected = greeks(250, 250, years, 0.04, 0, low, True)
    assert priced.delta == pytest.approx(float(expected.delta))
    assert priced.gamma == pytest.approx(float(expected.gamma))
    assert priced.theta == pytest.approx(float(expected.theta) / 365)
    assert priced.vega == pytest.approx(float(expected.vega) / 100)


def test_a_put_is_valued_as_american_and_one_on_an_index_as_european(market: ShownMarket) -> None:
    put, index_put = "TSLA  261218P00300000", "XSP   261218P00300000"
    market.show("XSP", "249.99", "250.01")
    for symbol in (put, index_put):
        market.show(symbol, "51.90", "52.10")
    priced = prices_of({put, index_put}, market, rate=0.04, at=NOON)
    years = (CLOSE - NOON).total_seconds() / (365 * 86_400)
    for symbol, is_american in ((put, True), (index_put, False)):
        exact = value_options(52.0, 250.0, 300.0, years, 0.04, 0.0, False, is_american)
        assert priced[symbol].delta == float(exact.delta)
        assert priced[symbol].gamma == float(exact.gamma)
    assert priced[put].delta != priced[index_put].delta


@pytest.mark.parametrize(
    "chain", [ShownChain(is_down=True), ShownChain(), ShownChain(listed(vega=None))]
)
def test_a_chain_that_is_down_or_says_too_little_is_done_without(
    market: ShownMarket, chain: ShownChain
) -> None:
    assert prices_of({CALL}, market, chain, at=NOON) == prices_of({CALL}, market, at=NOON)


def test_the_later_quote_counts(market: ShownMarket) -> None:
    later = listed(at=NOON + timedelta(seconds=1))
    quote = prices_of({CALL}, market, ShownChain(later), at=NOON)[CALL].quote
    assert (quote.bid, quote.source) == (D("11.80"), "chain")
    del market.quotes[CALL]
    quote = prices_of({CALL}, market, ShownChain(listed()), at=NOON)[CALL].quote
    assert (quote.bid, quote.source) == (D("11.80"), "chain")


def test_below_what_exercising_brings_a_call_moves_like_the_share(market: ShownMarket) -> None:
    market.show(DEEP, "149.00", "150.00")
    deep = prices_of({DEEP}, market, at=NOON)[DEEP]
    assert (deep.delta, deep.gamma, deep.vega) == (1, 0, 0)


def test_without_the_underlying_there_are_no_greeks_and_it_is_said(market: ShownMarket) -> None:
    del market.quotes["TSLA"]
    priced = prices_of({CALL}, market, at=NOON)[CALL]
    assert (priced.delta, priced.why) == (None, "no quote of TSLA")


def test_a_price_that_no_volatility_gives_has_none(market: ShownMarket) -> None:
    market.show(CALL, "300", "301")
    priced = prices_of({CALL}, market, at=NOON)[CALL]
    assert (priced.delta, priced.why) == (None, "no volatility fits: above bound")


def test_what_is_not_quoted_is_left_out(market: ShownMarket) -> None:
    assert prices_of({"NVDA"}, market, at=NOON) == {}
    assert prices_of(set(), market, at=NOON) == {}


def test_a_quote_at_spot_that_proves_nothing_is_no_spot(market: ShownMarket) -> None:
    market.quotes["TSLA"] = Quote(symbol="TSLA", bid=D(251), offer=D(249), time=NOON, source="t")
    assert prices_of({CALL}, market, at=NOON)[CALL].why == "no quote of TSLA"
