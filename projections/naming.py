"""Naming: how a trade's instruments are written for people."""

from __future__ import annotations

from functools import lru_cache

from domain.instruments import instrument
from domain.legs import legs_of


@lru_cache(maxsize=65_536)
def title_of(symbol: str) -> str:
    """`TSLA 250C 2026-11-20` for the symbol of an option, all legs for that of a strategy."""
    legs = legs_of(symbol)
    if len(legs) == 1 and not symbol.startswith(("+", "-")):
        return str(instrument(symbol))
    return " / ".join(f"{leg.side.sign * leg.ratio:+d} {instrument(leg.symbol)}" for leg in legs)
