"""Exposure: the Greeks of every marked instrument, and of what is open in the books.

Raw Greeks are kept in one form: per share, per year, per 1.00 of volatility. A position's Greek
is quantity x ratio x multiplier x Greek, so they sum by book, underlying and expiry. Options
are valued as European (Black, Scholes and Merton, no dividends) at the mid of their mark; a
leg without a usable quote counts for nothing and is told in the coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from domain.instruments import Option, Right, instrument
from domain.market import EXCHANGE_ZONE, MarkRecorded
from projections.readmodel import Index, Projection, Row, Seen, Table, when

MODEL = "european-bsm-1"
CLOSE = time(16, 0)
SECONDS_A_YEAR = 365 * 86_400


class GreeksRow(Row, frozen=True, kw_only=True):
    """An instrument at its latest mark. `status` says why Greeks are missing.

    Delta per share, gamma per share and dollar, vega per 1.00 of volatility, theta per year,
    rho per 1.00 of the rate; `vol` per year. Prices in USD.
    """

    symbol: str
    underlying: str
    expiry: date | None
    multiplier: int
    marked_at: datetime
    bid: Decimal
    offer: Decimal
    underlying_px: Decimal | None
    rate: Decimal
    model: str
    status: str
    vol: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    rho: float | None = None


class _Marked(NamedTuple):
    """A mark that waits for the end of the batch."""

    event: MarkRecorded
    position: int


class Exposure(Projection):
    """Folds marks into Greeks, all options of a batch in one go."""

    name = "exposure"
    kind = "feed"
    weight = 3

    def __init__(self) -> None:
        self.greeks = Table("greeks", GreeksRow, ["symbol"], [Index("underlying, symbol")])
        self.tables = (self.greeks,)
        self._waiting: list[_Marked] = []

    @when(MarkRecorded)
    def marked(self, event: MarkRecorded, seen: Seen) -> None:
        self._waiting.append(_Marked(event, seen.position))

    def finish_batch(self) -> None:
        """Values the marks; each row depends on its own mark alone."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        for (event, position), row in zip(waiting, _valued(waiting), strict=True):
            known = self.greeks.current(event.symbol)
            if known is None or known.marked_at <= event.marked_at:
                self.greeks.put(row, position)


def _valued(waiting: Sequence[_Marked]) -> list[GreeksRow]:
    rows: list[GreeksRow | None] = [None] * len(waiting)
    options: list[tuple[int, MarkRecorded, Option, float]] = []
    for place, (event, _) in enumerate(waiting):
        named = instrument(event.symbol)
        if not isinstance(named, Option):
            rows[place] = _row(event, status="ok", delta=1.0, gamma=0.0, vega=0.0, theta=0.0,
                               rho=0.0)  # fmt: skip
        elif event.underlying_px is None:
            rows[place] = _row(event, status="no quote of the underlying")
        else:
            options.append((place, event, named, _years(event, named)))
    for (place, event, _, _), figures in zip(options, _greeks_of(options), strict=True):
        rows[place] = _row(event, **figures)
    return [row for row in rows if row is not None]


def _greeks_of(options: Sequence[tuple[int, MarkRecorded, Option, float]]) -> list[dict[str, Any]]:
    """Implied volatility at the mid, and the Greeks at that volatility."""
    if not options:
        return []
    # Compiled kernels take a second to load; only who values options waits for them.
    from domain.quant.black_scholes import greeks
    from domain.quant.implied_volatility import VolStatus, implied_volatility

    spot = [float(event.underlying_px or 0) for _, event, _, _ in options]
    strike = [float(named.strike) for _, _, named, _ in options]
    years = [left for _, _, _, left in options]
    rate = [float(event.rate) for _, event, _, _ in options]
    calls = [named.right is Right.CALL for _, _, named, _ in options]
    mid = [float(event.bid + event.offer) / 2 for _, event, _, _ in options]
    vols, statuses = implied_volatility(mid, spot, strike, years, rate, 0.0, calls)
    known = [status == VolStatus.OK for status in statuses.tolist()]
    usable = [vol if ok else 0.0 for vol, ok in zip(vols.tolist(), known, strict=True)]
    found = greeks(spot, strike, years, rate, 0.0, usable, calls)
    columns = {name: getattr(found, name).tolist() for name in
               ("delta", "gamma", "vega", "theta", "rho")}  # fmt: skip
    return [
        {"status": "ok", "vol": usable[at], **{name: one[at] for name, one in columns.items()}}
        if ok
        else {"status": VolStatus(status).name.lower().replace("_", " ")}
        for at, (ok, status) in enumerate(zip(known, statuses.tolist(), strict=True))
    ]


def _row(event: MarkRecorded, *, status: str, **figures: Any) -> GreeksRow:
    named = instrument(event.symbol)
    return GreeksRow(
        symbol=event.symbol,
        underlying=named.underlying,
        expiry=named.expiry if isinstance(named, Option) else None,
        multiplier=named.multiplier,
        marked_at=event.marked_at,
        bid=event.bid,
        offer=event.offer,
        underlying_px=event.underlying_px,
        rate=event.rate,
        model=MODEL if isinstance(named, Option) else "linear",
        status=status,
        **figures,
    )


def _years(event: MarkRecorded, named: Option) -> float:
    """Years from the mark to the close on the expiry day, on a calendar of 365 days."""
    left = _close_of(named.expiry) - event.marked_at
    return max(left.total_seconds(), 0.0) / SECONDS_A_YEAR


@lru_cache(maxsize=1_024)
def _close_of(day: date) -> datetime:
    return datetime.combine(day, CLOSE, EXCHANGE_ZONE).astimezone(UTC)
