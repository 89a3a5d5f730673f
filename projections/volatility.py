"""Volatility: how far an underlying is expected to move, and how dear its options are.

The day's volatility of an underlying is that at the money over 30 calendar days, made of the
implied volatilities of the last marks of each exchange day: at the spot between the strikes on
both sides of it (`domain.quant.volatility_ranks`), or of the nearest strike where that is within
a twentieth of the spot; between the expiries straight in total variance. Only what was marked is
known, so a day without a mark near the spot has none, and the answer says how many days do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import nan
from typing import Any, NamedTuple

from psycopg import Connection

from domain.instruments import Option, instrument
from domain.market import EXCHANGE_ZONE, exchange_day
from projections.exposure import EVERY_MARK
from projections.readmodel import known_at

NEAR = 0.05
"""Of the spot: a strike that stands in for the money."""
REACH = timedelta(days=400)
"""252 sessions are within so many days."""


class ExpiryMove(NamedTuple):
    """What the options of one expiry expect: one standard deviation to either side."""

    expiry: date
    days: float
    vol: float
    expected_move_usd: float


class VolatilityLine(NamedTuple):
    """An underlying on a day. `vol` is per year, over 30 days, at the money; rank and percentile
    are from 0 to 1 among the volatilities of the last 252 sessions, `days` of which have one.

    `why` says what is missing; empty when nothing is.
    """

    underlying: str
    day: date
    spot: float | None
    vol: float | None
    expected_move_usd: float | None
    iv_rank: float | None
    iv_percentile: float | None
    days: int
    lowest: float | None
    highest: float | None
    expiries: Sequence[ExpiryMove]
    why: str


class _Quoted(NamedTuple):
    """An option at the last mark of a day."""

    expiry: date
    strike: float
    spot: float
    years: float
    vol: float


def newest_day(connection: Connection[Any], *, as_of: int | None = None) -> date | None:
    """The exchange's day of the newest mark, as it is known."""
    row = connection.execute(
        f"SELECT max(marked_at) FROM read.greeks WHERE {known_at(as_of)}", {"as_of": as_of}
    ).fetchone()
    return None if row is None or row[0] is None else exchange_day(row[0])


def held_underlyings(connection: Connection[Any], *, as_of: int | None = None) -> list[str]:
    """The underlyings of what is open."""
    rows = connection.execute(
        "SELECT DISTINCT underlying FROM read.positions"
        f" WHERE quantity <> 0 AND {known_at(as_of)} ORDER BY underlying",
        {"as_of": as_of},
    ).fetchall()
    return [row[0] for row in rows]


def volatility(
    connection: Connection[Any],
    underlyings: Iterable[str],
    sessions: Sequence[date],
    day: date,
    *,
    as_of: int | None = None,
) -> list[VolatilityLine]:
    """The lines of underlyings on a day, by name.

    `sessions` are the exchange's trading days in order, at least those of the year before.

    Raises:
        InvalidInput: a name that is no instrument.
    """
    names = sorted({instrument(name).underlying for name in underlyings})
    quoted = _quoted(connection, names, day, as_of)
    year = [each for each in sessions if each <= day]
    return [_line(name, quoted.get(name, {}), year, day) for name in names]


def _line(
    name: str, by_day: Mapping[date, Sequence[_Quoted]], sessions: Sequence[date], day: date
) -> VolatilityLine:
    # Numbers take a tenth of a second to load, and only who asks for volatility waits for them.
    from domain.quant.volatility_ranks import (
        MATURITY_DAYS,
        SESSIONS_LEAST,
        SESSIONS_MAX,
        expected_move,
        ranked,
    )

    last = sessions[-SESSIONS_MAX:]
    found = ranked([_of_day(by_day.get(each, ())) for each in last])
    today = by_day.get(day, ())
    spot = today[-1].spot if today else None
    move = None
    if spot is not None and found.vol is not None:
        move = float(expected_move(spot, found.vol, MATURITY_DAYS / 365.0))
    if not today:
        why = f"no option of it was marked on {day}"
    elif found.vol is None:
        why = f"no option near the money was marked on {day}"
    elif found.percentile is None:
        why = f"{found.days} days with a volatility, {SESSIONS_LEAST} are needed"
    else:
        why = "" if found.rank is not None else "its volatility was the same on all days"
    return VolatilityLine(
        name, day, spot, found.vol, move, found.rank, found.percentile, found.days,
        found.lowest, found.highest, _expiries(today), why,
    )  # fmt: skip


def _of_day(quoted: Sequence[_Quoted]) -> float:
    """The volatility over 30 days; NaN without any near the money."""
    from domain.quant.volatility_ranks import at_constant_maturity

    levels = _levels(quoted)
    found = at_constant_maturity(
        [years for _, years, _ in levels], [vol for _, _, vol in levels]
    )  # fmt: skip
    return nan if found is None else found


def _expiries(quoted: Sequence[_Quoted]) -> list[ExpiryMove]:
    from domain.quant.volatility_ranks import expected_move

    return [
        ExpiryMove(expiry, years * 365, vol, float(expected_move(quoted[-1].spot, vol, years)))
        for expiry, years, vol in _levels(quoted)
    ]


def _levels(quoted: Sequence[_Quoted]) -> list[tuple[date, float, float]]:
    """Expiry, years and volatility at the money, of each expiry that has one."""
    from domain.quant.volatility_ranks import at_the_money

    if not quoted:
        return []
    spot = quoted[-1].spot
    by_expiry: dict[date, list[_Quoted]] = {}
    for each in quoted:
        by_expiry.setdefault(each.expiry, []).append(each)
    levels = []
    for expiry, options in sorted(by_expiry.items()):
        strikes = [each.strike for each in options]
        vol = at_the_money(spot, strikes, [each.vol for each in options])
        if vol is None:
            vol = _nearest(spot, options)
        if vol is not None:
            levels.append((expiry, options[-1].years, vol))
    return levels


def _nearest(spot: float, options: Sequence[_Quoted]) -> float | None:
    """The mean volatility of the nearest strike, if that is near enough."""
    away = min(abs(each.strike - spot) for each in options)
    if away > NEAR * spot:
        return None
    vols = sorted(each.vol for each in options if abs(each.strike - spot) == away)
    return sum(vols) / len(vols)


def _quoted(
    connection: Connection[Any], names: Collection[str], last: date, as_of: int | None
) -> dict[str, dict[date, list[_Quoted]]]:
    """The last mark of each day of every option that has a volatility, in the order of time."""
    known = "true" if as_of is None else "valid_from <= %(as_of)s"
    day = f"(marked_at AT TIME ZONE '{EXCHANGE_ZONE.key}')::date"
    rows = connection.execute(
        f"""
SELECT underlying, symbol, day, underlying_px::float8, years, vol FROM (
    SELECT DISTINCT ON (symbol, {day}) underlying, symbol, {day} AS day, underlying_px, years,
        vol, marked_at FROM {EVERY_MARK} g
    WHERE symbol IN (SELECT symbol FROM read.greeks
        WHERE underlying = ANY(%(names)s) AND {known_at(None)})
    AND {known} AND {day} BETWEEN %(first)s AND %(last)s AND underlying_px IS NOT NULL
    ORDER BY symbol, {day}, marked_at DESC, valid_from DESC
) m WHERE vol IS NOT NULL ORDER BY underlying, day, marked_at, symbol
""",
        {"names": list(names), "as_of": as_of, "first": last - REACH, "last": last},
        binary=True,
    ).fetchall()
    found: dict[str, dict[date, list[_Quoted]]] = {}
    for underlying, symbol, on, spot, years, vol in rows:
        named = instrument(symbol)
        # An adjusted contract delivers something else than its strike says.
        if isinstance(named, Option) and not named.is_adjusted:
            of_day = found.setdefault(underlying, {}).setdefault(on, [])
            of_day.append(_Quoted(named.expiry, float(named.strike), spot, years, vol))
    return found
