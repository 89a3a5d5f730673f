"""Option chains from Alpaca's market data: quotes with Greeks, as far as it computes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from adapters.alpaca.access import Access
from adapters.alpaca.rest import AlpacaRest
from adapters.alpaca.wire import RawChain, RawGreeks, RawSnapshot, moment
from application.brokerage import ChainQuote
from domain.instruments import Option, instrument
from domain.shared import InvalidInput

PAGE = 1000
"""The most contracts that Alpaca gives at once."""
VERSION = "v1beta1"
_NO_GREEKS = RawGreeks()


def chain(
    rest: AlpacaRest, access: Access, underlying: str, expiry: date | None
) -> Sequence[ChainQuote]:
    """The contracts that are quoted, in the order of their expiries, strikes and rights.

    Raises:
        Unavailable: no answer.
        PortRefused: the key may not have this feed.
    """
    params: dict[str, str] = {"feed": access.options_feed, "limit": str(PAGE)}
    if expiry is not None:
        params["expiration_date"] = expiry.isoformat()
    found: list[ChainQuote] = []
    path, url = f"/options/snapshots/{underlying}", access.data_url.rstrip("/")
    while True:
        page = rest.read(path, RawChain, params, url=url, version=VERSION)
        for symbol, snapshot in page.snapshots.items():
            quote = _quote(symbol, snapshot)
            if quote is not None:
                found.append(quote)
        if not page.next_page_token:
            break
        params["page_token"] = page.next_page_token
    return tuple(sorted(found, key=lambda each: (each.expiry, each.strike, each.right)))


def _quote(symbol: str, snapshot: RawSnapshot) -> ChainQuote | None:
    """One contract, or None where nothing is quoted or the symbol is no option's."""
    quote, greeks = snapshot.latest_quote, snapshot.greeks or _NO_GREEKS
    try:
        contract = instrument(symbol)
    except InvalidInput:
        return None
    if quote is None or not isinstance(contract, Option):
        return None
    return ChainQuote(
        symbol=contract.symbol,
        right=contract.right,
        strike=contract.strike,
        expiry=contract.expiry,
        bid=quote.bp,
        offer=quote.ap,
        bid_size=quote.bs,
        offer_size=quote.as_,
        time=moment(quote.t),
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta,
        vega=greeks.vega,
        implied_volatility=snapshot.implied_volatility,
    )
