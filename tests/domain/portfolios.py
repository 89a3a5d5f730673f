"""Portfolios in a line each, for tests of risk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.limits import Limits
from domain.risk_assessment import Assessment, Portfolio, assess
from domain.risk_events import QuoteSeen
from domain.risk_valuation import OpenPosition, Priced
from domain.sectors import Sectors

D = Decimal
NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
AAPL = "AAPL  261218C00230000"
TSLA = "TSLA  261218P00250000"
MSFT = "MSFT  261218C00420000"
WIDE = Limits(
    symbol_share=D(1), sector_share=D(1), delta=D(10**6), gamma=D(10**6), vega=D(10**6),
    quote_age_s=60,
)  # fmt: skip
"""Limits that only what a test narrows will pass."""


def held(symbol: str, quantity: str | int, price: str = "5.00", name: str = "") -> OpenPosition:
    return OpenPosition(
        position=name or symbol, symbol=symbol, quantity=D(quantity), price=D(price)
    )  # fmt: skip


def at_quote(symbol: str, bid: str, offer: str, *, age_s: int = 1, **known: Any) -> Priced:
    """An instrument at a quote; Greeks that are not said are unknown."""
    quote = QuoteSeen(
        symbol=symbol, bid=D(bid), offer=D(offer), time=NOON - timedelta(seconds=age_s),
        source="test",
    )  # fmt: skip
    return Priced(quote=quote, **known)


def greeks(delta: float, gamma: float = 0.0, vega: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"spot": 250.0, "delta": delta, "gamma": gamma, "theta": 0.0, "vega": vega, **more}


def weigh(
    *positions: OpenPosition,
    prices: list[Priced],
    limits: Limits = WIDE,
    cash: str = "100000",
    paid_in: str = "100000",
    peak: str | None = None,
    **more: Any,
) -> Assessment:
    portfolio = Portfolio(
        account="paper", cash=D(cash), paid_in=D(paid_in), positions=positions, **more
    )  # fmt: skip
    return assess(
        portfolio, limits, {one.quote.symbol: one for one in prices}, sectors=Sectors(),
        peak_profit=None if peak is None else D(peak), at=NOON,
    )  # fmt: skip
