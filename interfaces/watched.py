"""What is watched: whatever is held, waits for a decision, or rests at a broker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from domain.fix import OrdStatus
from domain.instruments import instrument
from domain.legs import legs_of
from domain.shared import InvalidInput
from projections.readmodel import CURRENT

_NAMES = f"""
SELECT symbol FROM read.positions WHERE valid_to = {CURRENT} AND quantity <> 0
UNION
SELECT symbol FROM read.approval_queue WHERE valid_to = {CURRENT}
UNION
SELECT symbol FROM read.blotter WHERE valid_to = {CURRENT} AND status = ANY (%s)
"""


def watched_symbols(connection: Connection[Any]) -> frozenset[str]:
    """Every instrument whose quotes are wanted now, and the underlyings of options."""
    resting = [status.value for status in OrdStatus if status.is_open]
    rows = connection.execute(_NAMES, (resting,)).fetchall()
    return with_underlyings(leg.symbol for (name,) in rows for leg in legs_of(name))


def with_underlyings(symbols: Iterable[str]) -> frozenset[str]:
    """These instruments and what they are derived from; what names no instrument is left out."""
    found: set[str] = set()
    for symbol in symbols:
        try:
            named = instrument(symbol)
        except InvalidInput:
            continue
        found |= {named.symbol, named.underlying}
    return frozenset(found)
