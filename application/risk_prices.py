"""Prices for the assessment of risk: the quote of each instrument, and its Greeks per share.

Greeks come from the option chain where there is one, else from our own model
(`domain.quant.valuing`): the volatility that the mid of the quote implies, American where the
contract may be exercised early, without dividends. Where the quote is below what exercising
brings, or leaves no time value to speak of, the contract moves as its intrinsic value does: a
delta of one or zero, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from math import isfinite
from typing import NamedTuple, Protocol

from application.brokerage import ChainQuote
from application.ports import MarketPrices, QuoteRequest, Unavailable
from domain.instruments import Option, Right, instrument
from domain.market import EXCHANGE_ZONE, Quote
from domain.risk_events import QuoteSeen
from domain.risk_valuation import Priced

CLOSE = time(16, 0)
SECONDS_A_YEAR = 365 * 86_400
DAYS_A_YEAR = 365
RATE = 0.04
"""Per year, for our own model: a point more or less moves the delta of a contract of three
months by less than a hundredth."""


class OptionChains(Protocol):
    """Where the market's own Greeks come from."""

    def contracts(self, symbols: Collection[str], at: datetime) -> Mapping[str, ChainQuote]:
        """What the chain says of these contracts; those that it does not know are left out.

        Raises:
            Unavailable: no answer.
        """
        ...


def prices_of(
    symbols: Collection[str],
    market: MarketPrices,
    chains: OptionChains | None = None,
    *,
    rate: float = RATE,
    at: datetime,
) -> dict[str, Priced]:
    """The instruments at their quotes, asked for in one request; those without are left out.

    Raises:
        Unavailable: the market does not answer.
    """
    named = {symbol: _terms(symbol) for symbol in symbols}
    underlyings = {one.underlying for one in named.values() if one.is_option}
    wanted = sorted(named.keys() | underlyings)
    answers = market.quotes_at([QuoteRequest(symbol, at) for symbol in wanted])
    quotes = {
        symbol: quote for symbol, quote in zip(wanted, answers, strict=True) if quote is not None
    }
    listed = _listed(chains, [s for s, one in named.items() if one.is_option], at)
    spots = {symbol: _spot(quotes.get(symbol)) for symbol in underlyings}
    priced: dict[str, Priced] = {}
    own: list[_Modelled] = []
    for symbol, one in named.items():
        quote, contract = quotes.get(symbol), listed.get(symbol)
        seen = _seen(symbol, quote, contract)
        if seen is None:
            continue
        spot = spots.get(one.underlying)
        if not one.is_option:
            priced[symbol] = _linear(seen)
        elif contract is not None and (found := _from_chain(seen, spot, contract)) is not None:
            priced[symbol] = found
        elif spot is None:
            priced[symbol] = Priced(quote=seen, why=f"no quote of {one.underlying}")
        else:
            own.append(_Modelled(seen, one, spot))
    priced.update(_modelled(own, rate, at))
    return priced


class _Modelled(NamedTuple):
    """A contract whose Greeks we work out."""

    quote: QuoteSeen
    terms: _Terms
    spot: float


class _Terms(NamedTuple):
    """What the name of an instrument says of its Greeks; of an option alone but the underlying."""

    is_option: bool
    underlying: str
    strike: float = 0.0
    is_call: bool = False
    is_american: bool = False
    expires_s: float = 0.0


@lru_cache(maxsize=65_536)
def _terms(symbol: str) -> _Terms:
    named = instrument(symbol)
    if not isinstance(named, Option):
        return _Terms(False, named.underlying)
    expires = datetime.combine(named.expiry, CLOSE, EXCHANGE_ZONE).astimezone(UTC)
    return _Terms(
        True,
        named.underlying,
        float(named.strike),
        named.right is Right.CALL,
        not named.is_european,
        expires.timestamp(),
    )


def _listed(
    chains: OptionChains | None, symbols: Sequence[str], at: datetime
) -> Mapping[str, ChainQuote]:
    """The chain's words; our own model does without them."""
    if chains is None or not symbols:
        return {}
    try:
        return chains.contracts(symbols, at)
    except Unavailable:
        return {}


def _seen(symbol: str, quote: Quote | None, contract: ChainQuote | None) -> QuoteSeen | None:
    """The quote that counts: the later one of market and chain."""
    if quote is not None and (contract is None or contract.time <= quote.time):
        return QuoteSeen(
            symbol=symbol, bid=quote.bid, offer=quote.offer, time=quote.time, source=quote.source
        )
    if contract is None:
        return None
    return QuoteSeen(
        symbol=symbol, bid=contract.bid, offer=contract.offer, time=contract.time, source="chain"
    )


def _spot(quote: Quote | None) -> float | None:
    return None if quote is None or not quote.is_usable else float(quote.bid + quote.offer) / 2


def _linear(quote: QuoteSeen) -> Priced:
    """A share, pair or currency: one unit moves with itself."""
    return Priced(
        quote=quote, spot=float(quote.bid + quote.offer) / 2, delta=1.0, gamma=0.0, theta=0.0,
        vega=0.0,
    )  # fmt: skip


def _from_chain(quote: QuoteSeen, spot: float | None, contract: ChainQuote) -> Priced | None:
    delta, gamma, theta, vega = contract.delta, contract.gamma, contract.theta, contract.vega
    if delta is None or gamma is None or theta is None or vega is None or spot is None:
        return None
    return Priced(
        quote=quote, spot=spot, delta=float(delta), gamma=float(gamma), theta=float(theta),
        vega=float(vega),
    )  # fmt: skip


def _modelled(contracts: Sequence[_Modelled], rate: float, at: datetime) -> dict[str, Priced]:
    if not contracts:
        return {}
    # Compiled kernels take a second to load; only who values options waits for them.
    from domain.quant.valuing import ValueStatus, value_options

    now_s = at.timestamp()
    found = value_options(
        [float(one.quote.bid + one.quote.offer) / 2 for one in contracts],
        [one.spot for one in contracts],
        [one.terms.strike for one in contracts],
        [max(one.terms.expires_s - now_s, 0.0) / SECONDS_A_YEAR for one in contracts],
        rate,
        0.0,
        [one.terms.is_call for one in contracts],
        [one.terms.is_american for one in contracts],
        offer=[float(one.quote.offer) for one in contracts],
    )
    columns = (found.delta, found.gamma, found.theta / DAYS_A_YEAR, found.vega / 100)
    figures = zip(*(column.tolist() for column in columns), strict=True)
    priced = {}
    for one, status, row in zip(contracts, found.status.tolist(), figures, strict=True):
        delta, gamma, theta, vega = row
        if isfinite(delta):
            answer = Priced(
                quote=one.quote, spot=one.spot, delta=delta, gamma=gamma, theta=theta, vega=vega
            )
        else:
            answer = Priced(
                quote=one.quote, spot=one.spot,
                why=f"no volatility fits: {ValueStatus(status).words}",
            )  # fmt: skip
        priced[one.quote.symbol] = answer
    return priced
