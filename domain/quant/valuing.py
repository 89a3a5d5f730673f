"""Valuing options by what they may be exercised by: the one door to both models.

Who shows or limits Greeks (exposure, risk, the monitor) comes in here and names the model that
made them: `european-bsm-1` for what is exercised at expiry alone (`black_scholes`,
`implied_volatility`), `american-alo-1` for what may be exercised any day (`american`,
`american_implied`, fast setting), `linear` for shares, which need no model. The volatility is
the one at which the model's value is the price that was seen.

An American call that earns nothing by early exercise (yield <= 0 <= rate: no dividends) and a
put of the mirrored kind (rate <= 0, yield >= rate) are worth exactly what the European option is
(Merton, "Theory of Rational Option Pricing", 1973, theorem 2): they are computed by its formula,
which is faster, and their model is still the American one. Nothing else is valued as European.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.american_implied import american_values
from domain.quant.batches import Batch, Flags, Floats, batch
from domain.quant.black_scholes import greeks
from domain.quant.implied_volatility import implied_volatility
from domain.quant.models import Model

FIGURES = ("price", "delta", "gamma", "vega", "theta", "rho")


class ValueStatus(IntEnum):
    """What the figures of an option are; the first seven are numbered as `AmericanVolStatus`."""

    OK = 0
    BELOW_INTRINSIC = 1
    """Less than exercise is certain to bring, offer included: the quote is wrong or late. The
    figures are those of the certain value, which this price contradicts."""
    ABOVE_BOUND = 2
    """The spot (call), the strike (put), or more: no figures."""
    EXPIRED = 3
    """The figures are those of the payoff."""
    BAD_INPUT = 4
    """A number that is not finite, or out of its range: no figures."""
    NOT_RECOVERABLE = 5
    """The certain value to the last digits, which any small volatility fits: its figures."""
    NOT_VALUED = 6
    """Rates for which there is no value (see `AmericanStatus`): no figures."""
    AT_INTRINSIC = 7
    """The mid is below the certain value and the offer is not: the figures of the certain value,
    a delta of 1 or -1 and next to nothing else."""

    @property
    def words(self) -> str:
        """For people, and as it is stored."""
        return self.name.lower().replace("_", " ")


TRUSTED = (ValueStatus.OK, ValueStatus.NOT_RECOVERABLE, ValueStatus.AT_INTRINSIC)
"""Those whose figures agree with the price that was seen."""

_CERTAIN = np.array(
    [
        ValueStatus.BELOW_INTRINSIC,
        ValueStatus.EXPIRED,
        ValueStatus.NOT_RECOVERABLE,
        ValueStatus.AT_INTRINSIC,
    ],
    dtype=np.int8,
)


class Values(NamedTuple):
    """n options at the volatility that their price implies; arrays (n).

    Raw Greeks: per share, `vega` and `rho` per 1.00, `theta` per year of calendar time. `vol` is
    NaN but for status `OK`; figures are NaN where `status` (a `ValueStatus`) says there are none.
    `model` holds a `Model`. `price` is the model's value at `vol`: the price that was seen to
    rounding, or the certain value.
    """

    status: NDArray[np.int8]
    model: NDArray[np.int8]
    vol: Floats
    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats


def value_options(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    is_call: ArrayLike,
    is_american: ArrayLike,
    *,
    offer: ArrayLike | None = None,
    threads: int = 1,
) -> Values:
    """Implied volatility and Greeks of a batch; scalars and arrays broadcast against each other.

    Args:
        price, spot, strike: dollars per share; the price is usually the mid of a quote.
        years: time to expiry in years, at least 0.
        rate, dividend_yield: continuously compounded, per year; a yield that nobody knows is 0.
        is_call, is_american: true or false.
        offer: what the option was offered at, where known: it tells a mid just below intrinsic
            value, as is usual deep in the money, from a quote that is wrong.
        threads: among how many the batch is shared out; the figures are the same bits.

    A bad row spoils only itself: its status says why.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    given = batch(
        is_call, price=price, spot=spot, strike=strike, years=years, rate=rate,
        dividend_yield=dividend_yield, is_american=is_american,
        offer=np.nan if offer is None else offer,
    )  # fmt: skip
    columns, calls = _spread(given)
    *terms, may_exercise, offers = columns
    american = may_exercise > 0.0
    by_american = american & ~_is_worth_european(calls, terms[4], terms[5])
    status = np.empty(given.size, dtype=np.int8)
    vol = np.empty(given.size)
    out = np.empty((len(FIGURES), given.size))
    for chosen, solve in ((~by_american, _european), (by_american, _american)):
        place = np.flatnonzero(chosen)
        if place.size:
            part = [column[place] for column in terms]
            solved = solve(part, calls[place], offers[place], threads)
            status[place], vol[place], out[:, place] = solved
    model = np.where(american, Model.AMERICAN, Model.EUROPEAN).astype(np.int8)
    shaped = [column.reshape(given.shape) for column in (status, model, vol, *out)]
    return Values._make(shaped)


def _spread(given: Batch) -> tuple[list[Floats], Flags]:
    """Every column at the full length of the batch."""
    columns = [np.broadcast_to(column, given.size) for column in given.columns]
    return columns, np.broadcast_to(given.is_call, given.size)


def _is_worth_european(is_call: Flags, rate: Floats, dividend_yield: Floats) -> Flags:
    """Whose early exercise earns nothing: no yield for calls, no rate for puts, and none lost."""
    earned = np.where(is_call, dividend_yield, rate)
    lost = np.where(is_call, rate, dividend_yield)
    return (earned <= 0.0) & (lost >= earned)


_Solved = tuple[NDArray[np.int8], Floats, Floats]
"""Status and volatility, and the figures in their order (6, n)."""


def _european(terms: list[Floats], calls: Flags, offer: Floats, threads: int) -> _Solved:
    price, spot, strike, years, rate, dividend_yield = terms
    vol, status = implied_volatility(
        price, spot, strike, years, rate, dividend_yield, calls, threads=threads
    )
    at = np.where(status == ValueStatus.OK, vol, 0.0)
    # Numbers out of range would be refused for the whole batch: any others stand in for theirs.
    bad = status == ValueStatus.BAD_INPUT
    spot, strike, years, rate, dividend_yield = (
        np.where(bad, 1.0, column) for column in (spot, strike, years, rate, dividend_yield)
    )
    found = greeks(spot, strike, years, rate, dividend_yield, at, calls, threads=threads)
    figures = np.stack([getattr(found, name) for name in FIGURES])
    return _judged(status, vol, figures, offer)


def _american(terms: list[Floats], calls: Flags, offer: Floats, threads: int) -> _Solved:
    price, spot, strike, years, rate, dividend_yield = terms
    vol, status, figures = american_values(
        price, spot, strike, years, rate, dividend_yield, calls, threads=threads
    )
    # The last of seven is by the dividend yield.
    return _judged(status, vol, figures[: len(FIGURES)], offer)


def _judged(status: NDArray[np.int8], vol: Floats, figures: Floats, offer: Floats) -> _Solved:
    """Takes away figures that are none, and tells a mid at intrinsic value from a wrong quote."""
    with np.errstate(invalid="ignore"):
        straddled = (status == ValueStatus.BELOW_INTRINSIC) & (offer >= figures[0])
    status = np.where(straddled, np.int8(ValueStatus.AT_INTRINSIC), status)
    # A vol can be had where its Greeks cannot: the boundary is too flat there.
    unknown = (status == ValueStatus.OK) & ~np.isfinite(figures).all(axis=0)
    status = np.where(unknown, np.int8(ValueStatus.NOT_VALUED), status)
    is_ok = status == ValueStatus.OK
    figures[:, ~(is_ok | np.isin(status, _CERTAIN))] = np.nan
    return status, np.where(is_ok, vol, np.nan), figures
