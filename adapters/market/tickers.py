"""How Polygon calls instruments.

`AAPL`, `O:TSLA261120C00250000`, `I:SPX`, `X:BTCUSD`, `C:EURUSD`.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.instruments import CryptoPair, FxPair, Option, instrument
from domain.shared import InvalidInput

INDEXES = frozenset({"SPX", "XSP", "NDX", "XND", "RUT", "MRUT", "VIX", "DJX", "OEX", "XEO"})
"""Calculated, not traded: they have values and bars, and no quotes."""


def ticker_of(symbol: str) -> str:
    """What Polygon calls an instrument.

    Raises:
        InvalidInput: the symbol names no instrument.
    """
    found = instrument(symbol)
    match found:
        case Option():
            return "O:" + found.symbol.replace(" ", "")
        case CryptoPair():
            return f"X:{found.base}{found.quote}"
        case FxPair():
            return f"C:{found.symbol}"
        case _:
            return f"I:{found.symbol}" if found.symbol in INDEXES else found.symbol


def tickers_of(symbols: Iterable[str]) -> dict[str, str]:
    """Our symbol of each of Polygon's tickers; what names no instrument is left out."""
    found: dict[str, str] = {}
    for symbol in sorted(set(symbols)):
        try:
            found[ticker_of(symbol)] = symbol
        except InvalidInput:
            continue
    return found
