"""Mark steps: each leg of positions from one mark of its instrument to the next, while held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg import Connection

from projections.exposure import EVERY_MARK
from projections.held_paths import HeldPath
from projections.positions import PositionRow
from projections.readmodel import known_at

if TYPE_CHECKING:
    from domain.quant.attributed_steps import Step

SECONDS_A_YEAR = 365 * 86_400


class Kept(NamedTuple):
    """The steps that end in a period, the owner of each being the number of its row, and what
    each row made by them in USD: bid to bid of what is held, offer to offer of what is owed.
    """

    steps: list[Step]
    pnl: list[Decimal]


class _Mark(NamedTuple):
    """An instrument at one of its marks; NaN where something is not known."""

    at: datetime
    bid: Decimal
    offer: Decimal
    multiplier: int
    spot: float
    vol: float
    rate: float
    greeks: tuple[float, float, float, float, float]


def mark_steps(
    connection: Connection[Any],
    rows: Sequence[PositionRow],
    paths: Mapping[UUID, HeldPath],
    *,
    since: datetime,
    until: datetime,
    as_of: int | None,
) -> Kept:
    """What was held from mark to mark, of the positions of these rows."""
    from domain.quant.attributed_steps import Step

    legs = _legs(connection, [row.position for row in rows], as_of)
    symbols = {symbol for of_one in legs.values() for symbol, _ in of_one}
    marks = _marks(connection, symbols, since, until, as_of)
    steps, pnl = [], [Decimal(0)] * len(rows)
    for owner, row in enumerate(rows):
        path = paths[row.position]
        for symbol, ratio in legs.get(row.position, ()):
            for now, then in pairwise(marks.get(symbol, ())):
                held = path.through(now.at, then.at)
                if held:
                    units = held * ratio * now.multiplier
                    moved = then.bid - now.bid if units > 0 else then.offer - now.offer
                    pnl[owner] += units * moved
                    steps.append(
                        Step(
                            owner=owner,
                            units=float(units),
                            greeks=now.greeks,
                            spot=then.spot - now.spot,
                            vol=then.vol - now.vol,
                            rate=then.rate - now.rate,
                            years=(then.at - now.at).total_seconds() / SECONDS_A_YEAR,
                        )
                    )
    return Kept(steps, pnl)


def _legs(
    connection: Connection[Any], positions: Collection[UUID], as_of: int | None
) -> dict[UUID, list[tuple[str, int]]]:
    """The legs of each position: symbol and signed ratio."""
    found: dict[UUID, list[tuple[str, int]]] = {}
    rows = connection.execute(
        "SELECT position, symbol, ratio FROM read.position_legs"
        f" WHERE position = ANY(%(positions)s) AND {known_at(as_of)} ORDER BY position, symbol",
        {"positions": list(positions), "as_of": as_of},
        binary=True,
    ).fetchall()
    for position, symbol, ratio in rows:
        found.setdefault(position, []).append((symbol, ratio))
    return found


def _marks(
    connection: Connection[Any],
    symbols: Collection[str],
    since: datetime,
    until: datetime,
    as_of: int | None,
) -> dict[str, list[_Mark]]:
    """The marks of each instrument in the period, and the last one before it."""
    known = "" if as_of is None else " AND g.valid_from <= %(as_of)s"
    rows = connection.execute(
        f"""
SELECT g.symbol, g.marked_at, g.bid, g.offer, g.multiplier,
    coalesce(g.underlying_px, (g.bid + g.offer) / 2)::float8, g.vol, g.rate::float8,
    g.delta, g.gamma, g.vega, g.theta, g.rho
FROM unnest(%(symbols)s::text[]) s (symbol)
CROSS JOIN LATERAL (
    SELECT coalesce(max(b.marked_at), '-infinity') AS first FROM {EVERY_MARK} b
    WHERE b.symbol = s.symbol AND b.marked_at <= %(since)s{known.replace("g.", "b.")}
) before
JOIN {EVERY_MARK} g ON g.symbol = s.symbol AND g.marked_at <= %(until)s{known}
    AND g.marked_at >= before.first
ORDER BY g.symbol, g.marked_at, g.valid_from
""",
        {"symbols": list(symbols), "since": since, "until": until, "as_of": as_of},
        binary=True,
    ).fetchall()
    found: dict[str, dict[datetime, _Mark]] = {}
    for symbol, at, bid, offer, multiplier, *figures in rows:
        spot, vol, rate, delta, gamma, vega, theta, rho = (
            nan if each is None else each for each in figures
        )
        # Of two marks of one moment the one that was recorded last counts.
        found.setdefault(symbol, {})[at] = _Mark(
            at, bid, offer, multiplier, spot, vol, rate, (delta, gamma, vega, theta, rho)
        )
    return {symbol: list(of_one.values()) for symbol, of_one in found.items()}
