"""Which words may be the ticker of a share or an index wherever they stand."""

from __future__ import annotations

from domain.grammar.keeping import kept
from domain.grammar.vocabulary import NO_TICKERS

_set = str.split
WITHOUT_CAPITALS = frozenset(
    _set(
        """
        spy qqq iwm spx ndx rut vix uvxy tqqq sqqq tsla nvda aapl amd amzn msft googl goog nflx
        avgo pltr sofi baba mstr smci orcl intc tsm mara rivn lcid nio dkng hims rddt crwd panw
        qcom mrna
        """
    )
)
"""Roots that people do not trouble to write in capitals, and that are no English words."""


@kept()
def is_ticker_word(text: str) -> bool:
    """A word that may be a ticker wherever it stands: in capitals, or known without them."""
    if not (1 < len(text) <= 5 and text.isascii()):
        return False
    return (text.isupper() and text not in NO_TICKERS) or text.lower() in WITHOUT_CAPITALS
