"""Entries: what the market, the limits and the risk of an account say of an order that would open
something.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.checks import Entry
from application.closing_all import why_closing
from application.desk import Work
from application.limiting import risk_of, sectors_of
from application.ports import MarketPrices, QuoteRequest
from domain.close_alls import close_all_stream
from domain.fix import Side
from domain.instruments import instrument
from domain.legs import Leg, strategy_quote
from domain.limits import Limits, limits_stream
from domain.market import exchange_day, why_unusable
from domain.risk import why_blocked
from domain.risk_events import risk_stream
from domain.sectors import SECTORS_STREAM
from domain.shared import price
from domain.ticks import through


def judged_by(account: str, at: datetime) -> tuple[UUID, ...]:
    """The streams that an order of an account which opens something is judged by."""
    closing = close_all_stream(account, exchange_day(at))
    return limits_stream(account), risk_stream(account), SECTORS_STREAM, closing


def entry_seen(work: Work, market: MarketPrices, entry: Entry) -> Entry:
    """The entry with what it is judged by at its moment.

    Raises:
        Unavailable: store or market did not answer.
    """
    account = entry.account
    work.prefetch(judged_by(account, entry.at))
    underlying = instrument(entry.legs[0].symbol).underlying
    sector = sectors_of(work).of(underlying)
    seen = _look(market, entry.side, entry.legs, entry.at, entry.limits)
    limit = entry.limit
    if limit is None and seen.far_side is not None:
        limit = through(entry.side, entry.legs, seen.far_side, entry.limits.through_ticks)
    return msgspec.structs.replace(
        entry,
        quote=seen.far_side,
        limit=limit,
        no_quote=seen.why_not,
        sector=sector,
        blocked=why_closing(work, account, entry.at)
        or why_blocked(risk_of(work, account), underlying, sector),
    )


class _Look(NamedTuple):
    """The far side of the market per share, or why there is none."""

    far_side: Decimal | None
    why_not: str


def _look(
    market: MarketPrices, side: Side, legs: tuple[Leg, ...], at: datetime, limits: Limits
) -> _Look:
    """The far side of the market now, or why there is none to go by."""
    quotes = market.quotes_at([QuoteRequest(leg.symbol, at) for leg in legs])
    oldest = timedelta(seconds=limits.quote_age_s)
    for leg, quote in zip(legs, quotes, strict=True):
        if quote is None:
            return _Look(None, f"no quote of {leg.symbol} to size and price the order by")
        why_not = why_unusable(quote, at=at, max_age=oldest)
        if why_not:
            return _Look(None, f"the quote of {leg.symbol} is of no use: {why_not}")
    usable = {quote.symbol: (quote.bid, quote.offer) for quote in quotes if quote is not None}
    whole = strategy_quote(side, legs, usable)
    assert whole is not None
    return _Look(price(whole[1] if side is Side.BUY else whole[0]), "")
