"""Shares and funds whose price alone tells that an option was meant.

"Bought TSLA 2.30" names no contract, and the price is that of one: to read it as shares would be
an order at a nonsense price. The list is short on purpose: names that are traded in options day
by day and have been above the floor at every close since 2020, before and after their splits.
"""

from __future__ import annotations

from decimal import Decimal

FLOOR = Decimal(20)
"""US dollars a share."""

_NAMES = """
    SPY QQQ IWM DIA VOO VTI SMH GLD TLT SPX SPXW XSP NDX RUT
    AAPL MSFT GOOG GOOGL AMZN META FB TSLA NVDA AMD NFLX AVGO ADBE CRM ORCL QCOM TXN MU AMAT LRCX
    ASML TSM ARM INTU NOW PANW CRWD SNOW DDOG ZS OKTA MDB TEAM SHOP SQ PYPL COIN MSTR ROKU SPOT
    ABNB DELL IBM ZM DOCU TWLO MELI BKNG LULU NKE SBUX MCD HD LOW TGT WMT COST DIS BABA BIDU
    BA CAT DE LMT NOC GD RTX HON UPS FDX UNH LLY JNJ ABBV AMGN REGN VRTX ISRG HUM CI PG PEP PM
    JPM GS MS V MA AXP XOM CVX
"""
DEAR = frozenset(_NAMES.split())


def cannot_be_shares(root: str, price: Decimal) -> str:
    """Why a price is none of these shares; empty where it may be."""
    if root in DEAR and price < FLOOR:
        return f"{price:f} is no price of {root} shares: a contract may be missing"
    return ""
