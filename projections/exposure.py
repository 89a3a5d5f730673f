"""Exposure: the Greeks of every marked instrument, and of what is open in the books.

Raw Greeks are kept in one form: per share, per year, per 1.00 of volatility. A position's Greek
is quantity x ratio x multiplier x Greek, so they sum by book, underlying and expiry. Options
are valued at the mid of their mark by `domain.quant.valuing`, as American where they may be
exercised early (`domain.exercise_styles`), and the row names the model, its inputs and what
became of it. Dividends are not recorded: the yield is 0, and the row says so. A leg without a
usable quote counts for nothing and is told in the coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from domain.instruments import Option, Right, instrument
from domain.market import EXCHANGE_ZONE, MarkCorrected, MarkRecorded
from domain.quant.models import Model
from projections.readmodel import Index, Projection, Row, Seen, Table, when

EVERY_MARK = "(SELECT * FROM read.greeks UNION ALL SELECT * FROM read.past_greeks)"
"""Every mark that there ever was, for a query; of two of one moment the one with the later
`valid_from` counts."""

DIVIDEND_YIELD = Decimal(0)
"""Per year: nobody has recorded dividends, so none are assumed."""
CLOSE = time(16, 0)
SECONDS_A_YEAR = 365 * 86_400


class GreeksRow(Row, frozen=True, kw_only=True):
    """An instrument at its latest mark. `status` is "ok", or says why Greeks are missing or
    whose they are (`domain.quant.valuing.ValueStatus` in words): "at intrinsic" and "not
    recoverable" have the Greeks of the certain value and no `vol`.

    Delta per share, gamma per share and dollar, vega per 1.00 of volatility, theta per year,
    rho per 1.00 of the rate. Inputs: `mid`, `underlying_px` (the spot, USD; None for what is
    its own), `rate` and `dividend_yield` (continuously compounded, per year), `years` to the
    close on the expiry day (None without expiry); `vol` per year. `model` is a `Model.id`.
    """

    symbol: str
    underlying: str
    expiry: date | None
    multiplier: int
    marked_at: datetime
    bid: Decimal
    offer: Decimal
    underlying_px: Decimal | None
    mid: Decimal
    rate: Decimal
    dividend_yield: Decimal
    years: float | None
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

    event: MarkRecorded | MarkCorrected
    position: int


class Exposure(Projection):
    """Folds marks into Greeks, all options of a batch in one go.

    `past_greeks` has the marks that are older than the latest that was known when they were
    recorded or corrected: they change nothing of what stands now.
    """

    name = "exposure"
    kind = "feed"
    weight = 3

    def __init__(self) -> None:
        self.greeks = Table("greeks", GreeksRow, ["symbol"], [Index("underlying, symbol")])
        self.past = Table("past_greeks", GreeksRow, ["symbol", "marked_at"])
        self.tables = (self.greeks, self.past)
        self._waiting: list[_Marked] = []

    @when(MarkRecorded, MarkCorrected)
    def marked(self, event: MarkRecorded | MarkCorrected, seen: Seen) -> None:
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
            else:
                self.past.put(row, position)


class _Terms(NamedTuple):
    """What the symbol of an instrument says; the last four of an option alone."""

    underlying: str
    multiplier: int
    model: str
    expiry: date | None = None
    strike: float = 0.0
    is_call: bool = False
    is_american: bool = False


@lru_cache(maxsize=65_536)
def _terms(symbol: str) -> _Terms:
    named = instrument(symbol)
    if not isinstance(named, Option):
        return _Terms(named.underlying, named.multiplier, Model.LINEAR.id)
    is_american = not named.is_european
    return _Terms(
        named.underlying,
        named.multiplier,
        (Model.AMERICAN if is_american else Model.EUROPEAN).id,
        named.expiry,
        float(named.strike),
        named.right is Right.CALL,
        is_american,
    )


class _Option(NamedTuple):
    """The numbers of an option to value, and where its row goes."""

    place: int
    mid: Decimal
    years: float
    spot: float
    strike: float
    rate: float
    is_call: bool
    is_american: bool
    offer: float


def _valued(waiting: Sequence[_Marked]) -> list[GreeksRow]:
    rows: list[GreeksRow | None] = [None] * len(waiting)
    options: list[_Option] = []
    for place, (event, _) in enumerate(waiting):
        terms, mid = _terms(event.symbol), (event.bid + event.offer) / 2
        if terms.expiry is None:
            rows[place] = _row(event, terms, mid, None, "ok", _LINEAR)
            continue
        years = _years(event.marked_at, terms.expiry)
        if event.underlying_px is None:
            rows[place] = _row(event, terms, mid, years, "no quote of the underlying", {})
            continue
        options.append(
            _Option(
                place, mid, years, float(event.underlying_px), terms.strike,
                float(event.rate), terms.is_call, terms.is_american, float(event.offer),
            )
        )  # fmt: skip
    for one, (status, figures) in zip(options, _figures_of(options), strict=True):
        event = waiting[one.place].event
        terms = _terms(event.symbol)
        rows[one.place] = _row(event, terms, one.mid, one.years, status, figures)
    return [row for row in rows if row is not None]


def _figures_of(options: Sequence[_Option]) -> list[tuple[str, dict[str, float]]]:
    """Status and figures of the options: all are valued in one go."""
    if not options:
        return []
    # Compiled kernels take a second to load; only who values options waits for them.
    from domain.quant.valuing import TRUSTED, ValueStatus, value_options

    _, mids, years, spots, strikes, rates, calls, american, offers = zip(*options, strict=True)
    found = value_options(
        list(map(float, mids)), spots, strikes, years, rates, float(DIVIDEND_YIELD), calls,
        american, offer=offers,
    )  # fmt: skip
    words = {int(status): status.words for status in ValueStatus}
    trusted, ok = {int(status) for status in TRUSTED}, int(ValueStatus.OK)
    columns = zip(
        found.status.tolist(), found.vol.tolist(), found.delta.tolist(), found.gamma.tolist(),
        found.vega.tolist(), found.theta.tolist(), found.rho.tolist(), strict=True,
    )  # fmt: skip
    rows: list[tuple[str, dict[str, float]]] = []
    for status, vol, delta, gamma, vega, theta, rho in columns:
        figures: dict[str, float] = {}
        if status in trusted:
            figures = {"delta": delta, "gamma": gamma, "vega": vega, "theta": theta, "rho": rho}
            if status == ok:
                figures["vol"] = vol
        rows.append((words[status], figures))
    return rows


_LINEAR = {"delta": 1.0, "gamma": 0.0, "vega": 0.0, "theta": 0.0, "rho": 0.0}


def _row(
    event: MarkRecorded | MarkCorrected, terms: _Terms, mid: Decimal, years: float | None,
    status: str, figures: Mapping[str, Any],
) -> GreeksRow:  # fmt: skip
    return GreeksRow(
        symbol=event.symbol,
        underlying=terms.underlying,
        expiry=terms.expiry,
        multiplier=terms.multiplier,
        marked_at=event.marked_at,
        bid=event.bid,
        offer=event.offer,
        underlying_px=event.underlying_px,
        mid=mid,
        rate=event.rate,
        dividend_yield=DIVIDEND_YIELD,
        years=years,
        model=terms.model,
        status=status,
        **figures,
    )


def _years(at: datetime, expiry: date) -> float:
    """Years from the mark to the close on the expiry day, on a calendar of 365 days."""
    left = (_close_of(expiry) - at).total_seconds()
    return left / SECONDS_A_YEAR if left > 0.0 else 0.0


@lru_cache(maxsize=1_024)
def _close_of(day: date) -> datetime:
    return datetime.combine(day, CLOSE, EXCHANGE_ZONE).astimezone(UTC)
