"""Entries in two messages: announced without a price, and the same alert said twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from application.recalling import OpenTrade, Subject
from domain.grammar.legs import opening_side
from domain.grammar.reading import Kind, Reading, TradeReading

ANNOUNCED_FOR = timedelta(hours=1)
"""So long an entry that was announced without its price waits for it."""


def completed(reading: Reading, posted_at: datetime, subject: Subject | None) -> Reading:
    """An entry price that is said of nothing is that of the trade just announced."""
    if reading.entry is None or subject is None or subject.announced is None:
        return reading
    announced_at = subject.announced_at
    if announced_at is None or not timedelta(0) <= posted_at - announced_at <= ANNOUNCED_FOR:
        return reading
    side = opening_side(subject.announced.action)
    if reading.stop is not None and (reading.entry - reading.stop) * side.sign < 0:
        return reading
    trade = msgspec.structs.replace(
        subject.announced, price=reading.entry, price_to=reading.entry_to
    )
    named = trade.legs[0].root
    rule = f"{named}: announced at {announced_at:%H:%M} UTC without its price"
    return msgspec.structs.replace(
        reading, kind=Kind.OPEN, trades=(trade,), rules=(*reading.rules, rule)
    )


def repeats(reading: Reading, trade: TradeReading, held: OpenTrade) -> bool:
    """The same entry with the same stop and targets is said twice, not bought twice."""
    return (
        reading.stop is not None
        and (reading.stop, reading.targets) == (held.stop, held.targets)
        and trade.price == held.average_entry
        and held.side is opening_side(trade.action)
    )
