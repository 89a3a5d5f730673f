"""Exposure: the Greeks of every marked instrument, and of what is open in the books.

Raw Greeks are kept in one form: per share, per year, per 1.00 of volatility. A position's Greek
is quantity x ratio x multiplier x Greek, so they sum by book, underlying and expiry. Options
are valued at the mid of their mark by `domain.quant.valuing`, as American where they may be
exercised early (`domain.exercise_styles`), and the row names the model, its inputs and what
became of it. Dividends are not recorded: the yield is 0, and the row says so. A leg without a
usable quote counts for nothing and is told in the coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from domain.instruments import Instrument, Option, Right, instrument
from domain.market import EXCHANGE_ZONE, MarkCorrected, MarkRecorded
from domain.quant.models import Model
from projections.readmodel import Index, Projection, Row, Seen, Table, when

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
    """Folds marks into Greeks, all options of a batch in one go."""

    name = "exposure"
    kind = "feed"
    weight = 3

    def __init__(self) -> None:
        self.greeks = Table("greeks", GreeksRow, ["symbol"], [Index("underlying, symbol")])
        self.tables = (self.greeks,)
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


class _Listed(NamedTuple):
    """An option to value, and where its row goes."""

    place: int
    event: MarkRecorded | MarkCorrected
    option: Option
    years: float


def _valued(waiting: Sequence[_Marked]) -> list[GreeksRow]:
    rows: list[GreeksRow | None] = [None] * len(waiting)
    options: list[_Listed] = []
    for place, (event, _) in enumerate(waiting):
        named = instrument(event.symbol)
        if not isinstance(named, Option):
            rows[place] = _row(event, named, **_LINEAR)
        elif event.underlying_px is None:
            rows[place] = _row(
                event, named, years=_years(event, named), model=_model(named),
                status="no quote of the underlying",
            )  # fmt: skip
        else:
            options.append(_Listed(place, event, named, _years(event, named)))
    for listed, figures in zip(options, _figures_of(options), strict=True):
        rows[listed.place] = _row(listed.event, listed.option, years=listed.years, **figures)
    return [row for row in rows if row is not None]


def _figures_of(options: Sequence[_Listed]) -> list[dict[str, Any]]:
    """What the rows say of the options: all are valued in one go."""
    if not options:
        return []
    # Compiled kernels take a second to load; only who values options waits for them.
    from domain.quant.valuing import TRUSTED, ValueStatus, value_options

    found = value_options(
        [float(_mid(each.event)) for each in options],
        [float(each.event.underlying_px or 0) for each in options],
        [float(each.option.strike) for each in options],
        [each.years for each in options],
        [float(each.event.rate) for each in options],
        float(DIVIDEND_YIELD),
        [each.option.right is Right.CALL for each in options],
        [not each.option.is_european for each in options],
        offer=[float(each.event.offer) for each in options],
    )
    words = {status: status.words for status in ValueStatus}
    columns = zip(
        options, found.status.tolist(), found.vol.tolist(), found.delta.tolist(),
        found.gamma.tolist(), found.vega.tolist(), found.theta.tolist(), found.rho.tolist(),
        strict=True,
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for each, status, vol, delta, gamma, vega, theta, rho in columns:
        row: dict[str, Any] = {"status": words[status], "model": _model(each.option)}
        if status in TRUSTED:
            row.update(delta=delta, gamma=gamma, vega=vega, theta=theta, rho=rho)
            if status == ValueStatus.OK:
                row["vol"] = vol
        rows.append(row)
    return rows


_LINEAR: dict[str, Any] = {
    "years": None, "model": Model.LINEAR.id, "status": "ok",
    "delta": 1.0, "gamma": 0.0, "vega": 0.0, "theta": 0.0, "rho": 0.0,
}  # fmt: skip


def _model(option: Option) -> str:
    return (Model.EUROPEAN if option.is_european else Model.AMERICAN).id


def _row(event: MarkRecorded | MarkCorrected, named: Instrument, **figures: Any) -> GreeksRow:
    return GreeksRow(
        symbol=event.symbol,
        underlying=named.underlying,
        expiry=named.expiry if isinstance(named, Option) else None,
        multiplier=named.multiplier,
        marked_at=event.marked_at,
        bid=event.bid,
        offer=event.offer,
        underlying_px=event.underlying_px,
        mid=_mid(event),
        rate=event.rate,
        dividend_yield=DIVIDEND_YIELD,
        **figures,
    )


def _mid(event: MarkRecorded | MarkCorrected) -> Decimal:
    return (event.bid + event.offer) / 2


def _years(event: MarkRecorded | MarkCorrected, named: Option) -> float:
    """Years from the mark to the close on the expiry day, on a calendar of 365 days."""
    left = _close_of(named.expiry) - event.marked_at
    return max(left.total_seconds(), 0.0) / SECONDS_A_YEAR


@lru_cache(maxsize=1_024)
def _close_of(day: date) -> datetime:
    return datetime.combine(day, CLOSE, EXCHANGE_ZONE).astimezone(UTC)
