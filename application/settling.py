"""Settling and marking: what the passing of days does to open trades.

Marks are taken of everything that is open; options that are past their expiry are settled at
intrinsic value, or by an assumption that nobody gains by when the close is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from application.desk import Command, Desk, Work, derived_id
from application.ports import Appended, MarketPrices, QuoteRequest
from domain.fix import Side
from domain.instruments import Option, instrument
from domain.legs import expiry_of
from domain.market import EXCHANGE_ZONE, Mark
from domain.shared import price as rounded
from domain.signal_events import ClosedBy
from domain.signals import Signal

CLOSE = time(16, 0)
RATE = Decimal("0.04")
"""Risk-free rate recorded with each mark, per year, continuously compounded."""


def settled_at(expiry: date) -> datetime:
    """The moment at which options of that expiry settle: the close in New York."""
    return datetime.combine(expiry, CLOSE, EXCHANGE_ZONE).astimezone(UTC)


def settle_expired(
    desk: Desk, market: MarketPrices, signals: Sequence[UUID], *, at: datetime
) -> int:
    """Settles those of the signals that are open past their expiry; returns how many.

    Raises:
        NotFound: there is no such signal.
        Unavailable: the store did not answer; nothing of this call is half-written.
    """
    work = Work(desk)
    work.prefetch(signals)
    for stream in signals:
        signal = work.get(Signal, stream)
        expiry = expiry_of(signal.legs)
        if expiry is None or signal.closed or signal.voided or signal.open_quantity <= 0:
            continue
        moment = settled_at(expiry)
        if moment > at:
            continue
        price, underlying_px = settlement_of(market, signal)
        signal.settle(
            price=_assumed(signal) if price is None else price,
            underlying_px=underlying_px,
            assumed=price is None,
            settled_at=moment,
            at=at,
        )
        signal.close(reason=ClosedBy.EXPIRY, closed_at=moment, at=at)
        work.save(
            Command.given(
                derived_id("settle", str(stream), expiry.isoformat()),
                stream,
                actor="timer:settlement",
                at=at,
                correlation=stream,
            )
        )
    return sum(isinstance(result, Appended) and not result.repeated for result in work.commit())


def mark(
    desk: Desk, market: MarketPrices, symbols: Sequence[str], *, marked_at: datetime, at: datetime
) -> int:
    """Records a mark of each instrument that has a usable quote; returns how many are new.

    Marking the same moment again adds only what had no mark.
    """
    wanted = sorted(set(symbols))
    underlyings = {symbol: instrument(symbol).underlying for symbol in wanted}
    names = [*wanted, *sorted(set(underlyings.values()) - set(wanted))]
    quotes = market.quotes_at([QuoteRequest(name, marked_at) for name in names])
    found = {q.symbol: q for q in quotes if q is not None and q.is_usable}
    work = Work(desk)
    for symbol in wanted:
        quote = found.get(symbol)
        if quote is None:
            continue
        spot = found.get(underlyings[symbol])
        work.begin(
            Mark.record(
                quote,
                underlying_px=None if spot is None else (spot.bid + spot.offer) / 2,
                rate=RATE,
                marked_at=marked_at,
                at=at,
            )
        )
        work.save(
            Command.given(
                derived_id("mark", symbol, marked_at.isoformat()),
                symbol,
                actor="timer:marks",
                at=at,
            )
        )
    return sum(isinstance(result, Appended) and not result.repeated for result in work.commit())


def settlement_of(market: MarketPrices, signal: Signal) -> tuple[Decimal | None, Decimal | None]:
    """Price of the whole trade at expiry and the underlying's close, each None if unknown."""
    value = Decimal(0)
    spot: Decimal | None = None
    for leg in signal.legs:
        contract = instrument(leg.symbol)
        day = contract.expiry if isinstance(contract, Option) else expiry_of(signal.legs)
        assert day is not None
        spot = market.settlement(contract.underlying, day)
        if spot is None:
            return None, None
        worth = contract.intrinsic(spot) if isinstance(contract, Option) else spot
        value += leg.ratio * leg.side.sign * worth
    return value * signal.side.sign, spot


def _assumed(signal: Signal) -> Decimal:
    """Without a close, a bought trade is a total loss and a sold one loses its premium."""
    return Decimal(0) if signal.side is Side.BUY else rounded(2 * signal.average_entry)
