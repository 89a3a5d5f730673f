"""Watching many holdings at once: marks, P&L, Greeks, and which exits may be due.

Arrays of n holdings, m legs and k instruments. What is found here in floats says only where to
look: whatever is decided or shown is worked out again in decimals, so a doubt counts as a find.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, SupportsFloat

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DOUBT = 1e-9
"""What sums of prices may be off by: below any tick."""

SECONDS_A_YEAR = 365 * 86_400.0
DAYS_A_YEAR = 365.0


class Instruments(NamedTuple):
    """k instruments; `strike`, `expires_s` (epoch seconds) and `spot` (the place of the
    underlying) are those of options, NaN and -1 for others. `is_call` and `is_american` mean
    nothing there.
    """

    strike: Floats
    expires_s: Floats
    is_call: Flags
    is_american: Flags
    spot: Ints


class Legs(NamedTuple):
    """m legs: of which holding, in which instrument, bought or sold when the holding was opened,
    and on the holding's own side or the other one.
    """

    holding: Ints
    instrument: Ints
    is_bought: Flags
    is_own_side: Flags
    ratio: Floats


class Holdings(NamedTuple):
    """n holdings. `sign` is 1 for a bought trade, `units` the quantity times the multiplier.

    Levels are NaN where there is none; `target` is the nearest, `time_s` when the time stop comes
    (infinity for never), `limit` the price of a closing order that has to trade. `is_ending`: an
    exit of everything has fired; `is_due`: an exit fired and no order works for all of it, which
    is not tried again before `retry_s`.
    """

    sign: Floats
    units: Floats
    avg_px: Floats
    max_age_s: Floats
    stop: Floats
    target: Floats
    trail_amount: Floats
    trail_share: Floats
    time_s: Floats
    limit: Floats
    is_ending: Flags
    is_due: Flags
    retry_s: Floats


class Quotes(NamedTuple):
    """What k instruments are quoted at: NaN bid where nobody answered. `age_s` is seconds."""

    bid: Floats
    offer: Floats
    age_s: Floats


class Why(IntEnum):
    """Why a holding cannot be looked at; of several reasons the last of these counts."""

    USABLE = 0
    MISSING = 1
    STALE = 2
    CROSSED = 3
    NO_OFFER = 4
    NO_BID = 5


class Survey(NamedTuple):
    """n holdings as they are quoted: NaN where they cannot be.

    `why` is a `Why`; `exit_px` what closing one unit brings or costs per share;
    `value` and `pnl` (without commission) in USD; `best` the best price seen so far;
    `may_fire`, `renew`: an exit may be due, a closing order has fallen behind the market.
    """

    why: Ints
    exit_px: Floats
    value: Floats
    pnl: Floats
    best: Floats
    may_fire: Flags
    renew: Flags


def floats(values: Iterable[SupportsFloat]) -> Floats:
    """Numbers as an array."""
    return np.fromiter(map(float, values), dtype=np.float64)


def ints(values: Iterable[int]) -> Ints:
    """Places as an array."""
    return np.fromiter(values, dtype=np.int64)


def flags(values: Iterable[bool]) -> Flags:
    """Yes or no as an array."""
    return np.fromiter(values, dtype=np.bool_)


def no_greeks(instruments: int) -> Floats:
    """Nothing known of so many instruments: (4, k) of NaN."""
    return np.full((4, instruments), np.nan)


def places(chosen: Flags) -> list[int]:
    """Where the flags are set."""
    return [int(place) for place in np.flatnonzero(chosen)]


def survey(holdings: Holdings, legs: Legs, quotes: Quotes, best: Floats, now_s: float) -> Survey:
    """Looks at every holding once. `best` (n) is the best price seen before, NaN for none."""
    why, exit_px = _exit_prices(holdings, legs, quotes)
    usable = why == Why.USABLE
    sign = holdings.sign
    seen = np.where(usable, exit_px, np.nan)
    best = sign * np.fmax(sign * best, sign * seen)
    distance = np.where(
        np.isnan(holdings.trail_amount), best * holdings.trail_share, holdings.trail_amount
    )
    with np.errstate(invalid="ignore"):
        stopped = sign * (seen - holdings.stop) <= DOUBT
        trailed = sign * (seen - (best - sign * distance)) <= DOUBT
        reached = sign * (seen - holdings.target) >= -DOUBT
        behind = sign * (holdings.limit - seen) > DOUBT
    timed = holdings.time_s <= now_s
    again = holdings.is_due & (holdings.retry_s <= now_s)
    by_level = ~holdings.is_ending & (stopped | trailed | reached | timed)
    return Survey(
        why=why,
        exit_px=seen,
        value=seen * holdings.units,
        pnl=(seen - holdings.avg_px) * holdings.units * sign,
        best=best,
        may_fire=usable & (by_level | again),
        renew=usable & behind,
    )


def _exit_prices(holdings: Holdings, legs: Legs, quotes: Quotes) -> tuple[Ints, Floats]:
    """Why each holding cannot be priced, and else what closing one unit brings or costs."""
    n = holdings.sign.size
    bid, offer = quotes.bid[legs.instrument], quotes.offer[legs.instrument]
    age = quotes.age_s[legs.instrument]
    with np.errstate(invalid="ignore"):
        codes = np.select(
            [
                np.isnan(bid),
                age > holdings.max_age_s[legs.holding],
                (bid > offer) | (bid < 0),
                offer <= 0,
            ],
            [Why.MISSING, Why.STALE, Why.CROSSED, Why.NO_OFFER],
            0,
        )
    why = np.zeros(n, dtype=np.int64)
    np.maximum.at(why, legs.holding, codes)
    px = np.where(legs.is_bought, bid, offer) * np.where(legs.is_own_side, 1.0, -1.0) * legs.ratio
    exit_px = np.bincount(legs.holding, weights=px, minlength=n).astype(np.float64)
    with np.errstate(invalid="ignore"):
        no_bid = (why == 0) & (holdings.sign > 0) & (exit_px <= DOUBT)
    why[no_bid] = Why.NO_BID
    return why, exit_px


def moved(pnl: Floats, told: Floats, cost: Floats, share: float, floor: float) -> Flags:
    """Whose P&L moved by a share of what was told last, and by at least `floor` of its cost;
    those of which nothing was told yet (NaN) have moved.
    """
    with np.errstate(invalid="ignore"):
        far = np.abs(pnl - told) >= np.maximum(share * np.abs(told), floor * np.abs(cost))
    return np.isfinite(pnl) & (np.isnan(told) | far)


def near(holdings: Holdings, seen: Survey, share: float) -> tuple[Flags, Flags, Floats]:
    """Whose exit price is within a share of a stop, whose of the next target, and the stops: the
    fixed or the trailing one, whichever the price reaches first.
    """
    sign = holdings.sign
    distance = np.where(
        np.isnan(holdings.trail_amount), seen.best * holdings.trail_share, holdings.trail_amount
    )
    stop = sign * np.fmax(sign * holdings.stop, sign * seen.best - distance)
    with np.errstate(invalid="ignore"):
        above = sign * (seen.exit_px - stop)
        below = sign * (holdings.target - seen.exit_px)
        stops = (above > DOUBT) & (above <= share * np.abs(stop)) & ~holdings.is_ending
        targets = (below > DOUBT) & (below <= share * np.abs(holdings.target))
    return stops, targets & ~holdings.is_ending, stop


def to_record(holdings: Holdings, best: Floats, recorded: Floats, step: float) -> Flags:
    """Whose best price moved by so much of the trailing distance since it was recorded."""
    distance = np.where(
        np.isnan(holdings.trail_amount), best * holdings.trail_share, holdings.trail_amount
    )
    with np.errstate(invalid="ignore"):
        far = holdings.sign * (best - recorded) >= step * distance - DOUBT
    new: Flags = np.isfinite(distance) & (np.isnan(recorded) | far) & (best != recorded)
    return new


def greeks_per_share(
    instruments: Instruments, quotes: Quotes, listed: Floats, *, rate: float, now_s: float
) -> Floats:
    """Delta, gamma, theta per day and vega per vol point of k instruments, (4, k).

    `listed` (4, k) are those that the market gives, NaN for none: then the volatility that the mid
    of the quote implies makes them (`valuing`), American where the contract may be exercised
    early, without dividends. Shares have a delta of 1.
    Where no volatility fits a price without time value, the contract moves as its intrinsic value.
    """
    found = listed.copy()
    is_option = instruments.spot >= 0
    found[:, ~is_option] = np.array([[1.0], [0.0], [0.0], [0.0]])
    mid = (quotes.bid + quotes.offer) / 2
    spot = np.where(is_option, mid[instruments.spot], np.nan)
    ours = is_option & np.isnan(found).any(axis=0) & np.isfinite(mid) & (spot > 0)
    if not ours.any():
        return found
    # Compiled kernels take a second to load; only who values options waits for them.
    from domain.quant.valuing import value_options

    place = np.flatnonzero(ours)
    years = np.maximum(instruments.expires_s[place] - now_s, 0.0) / SECONDS_A_YEAR
    worked = value_options(
        np.maximum(mid[place], 0.0), spot[place], instruments.strike[place], years, rate, 0.0,
        instruments.is_call[place], instruments.is_american[place], offer=quotes.offer[place],
    )  # fmt: skip
    found[:, place] = np.stack(
        [worked.delta, worked.gamma, worked.theta / DAYS_A_YEAR, worked.vega / 100.0]
    )
    return found


def greeks_held(holdings: Holdings, legs: Legs, per_share: Floats) -> Floats:
    """The Greeks of n holdings in share units (Greek x contracts x multiplier), (4, n)."""
    n = holdings.sign.size
    weight = np.where(legs.is_bought, 1.0, -1.0) * legs.ratio * holdings.units[legs.holding]
    return np.stack(
        [
            np.bincount(legs.holding, weights=row[legs.instrument] * weight, minlength=n)
            for row in per_share
        ]
    )
