"""The simulated market as files: minute bars, and quotes of what the community traded.

`bars.parquet`    symbol, start, open, high, low, close, volume
`quotes.parquet`  symbol, time, bid, offer, bid_size, offer_size

Times are UTC timestamps with microseconds; prices are Parquet decimals with two places, so
they are read as exact as they were written; options go by their 21-character OSI symbol. Rows
are in order of time. A contract is quoted from ten minutes before it was first called until
the close of the day of its last call, or until its expiry where somebody still held it: every
five minutes, and every minute around the calls. Shares are quoted every minute on days when
their name was called, else every five.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from domain.instruments import Option
from interfaces.demo.market import INDEX, SYMBOLS, Floats, Ints, Market
from interfaces.demo.options import Listings, Quotes, equity_quotes, option_quotes
from interfaces.demo.positions import Position

_BEFORE = 10
_EVERY = 5
_AROUND = np.arange(-2, 6)


def write_bars(market: Market, path: Path) -> int:
    """Writes all bars of all names; returns their number."""
    minutes = np.nonzero(market.minute < _minutes(market)[market.day])[0]
    names = len(SYMBOLS)
    frame = pl.DataFrame(
        {
            "symbol": _symbols(list(SYMBOLS), np.tile(np.arange(names), len(minutes))),
            "start": _times(np.repeat(market.seconds[minutes], names)),
            **{
                name: _dollars(name, market.bars[name].T.reshape(-1))
                for name in ("open", "high", "low", "close")
            },
            "volume": market.bars["volume"].T.reshape(-1),
        }
    )
    frame.write_parquet(path)
    return len(frame)


def write_quotes(listings: Listings, positions: Iterable[Position], path: Path) -> int:
    """Writes the quotes around the positions, and of the shares; returns their number."""
    market, held = listings.market, list(positions)
    symbols, places, nodes, quoted = _shares(market, held)
    touched = _touched(market, held)
    if touched:
        contracts = list(touched)
        which = np.repeat(np.arange(len(contracts)), [len(touched[c]) for c in contracts])
        at = np.concatenate([touched[contract] for contract in contracts])
        quoted.append(option_quotes(listings, contracts, which, at))
        places.append(which + len(symbols))
        nodes.append(at)
        symbols += [contract.symbol for contract in contracts]
    place, node = np.concatenate(places), np.concatenate(nodes)
    order = np.lexsort((place, node))
    columns = [np.concatenate(parts)[order] for parts in zip(*quoted, strict=True)]
    frame = pl.DataFrame(
        {
            "symbol": _symbols(symbols, place[order]),
            "time": _times(market.seconds[node[order]]),
            "bid": _dollars("bid", columns[0]),
            "offer": _dollars("offer", columns[1]),
            "bid_size": columns[2],
            "offer_size": columns[3],
        }
    )
    frame.write_parquet(path)
    return len(frame)


def _minutes(market: Market) -> Ints:
    return np.array([session.minutes for session in market.sessions])


def _shares(
    market: Market, positions: list[Position]
) -> tuple[list[str], list[Ints], list[Ints], list[Quotes]]:
    """Every name's own quotes: its symbol, its place, its nodes and what they showed."""
    called = np.zeros((len(SYMBOLS), len(market.sessions)), dtype=np.bool_)
    for position in positions:
        if not position.legs:
            for step in position.steps:
                called[INDEX[position.symbol], market.day[step.node]] = True
    steady = _on_the_grid(market)
    nodes = [np.nonzero(steady | called[place][market.day])[0] for place in range(len(SYMBOLS))]
    places = [np.full(len(at), place) for place, at in enumerate(nodes)]
    quoted = [equity_quotes(market, place, at) for place, at in enumerate(nodes)]
    return list(SYMBOLS), places, nodes, quoted


def _on_the_grid(market: Market) -> NDArray[np.bool_]:
    """Every fifth minute, and the close."""
    grid: NDArray[np.bool_] = market.minute % _EVERY == 0
    grid |= market.minute == _minutes(market)[market.day]
    return grid


def _touched(market: Market, positions: list[Position]) -> dict[Option, Ints]:
    """The nodes at which each contract is quoted."""
    calls: dict[Option, list[int]] = {}
    until: dict[Option, int] = {}
    for position in positions:
        over = position.ended if position.left == 0 else position.expiry_node
        last = market.last if over is None else market.close_node(int(market.day[over]))
        for contract, _ in position.legs:
            calls.setdefault(contract, []).extend(step.node for step in position.steps)
            until[contract] = max(until.get(contract, 0), last)
    grid = _on_the_grid(market)
    found = {}
    for contract, at in calls.items():
        start, end = max(min(at) - _BEFORE, 0), until[contract]
        steady = start + np.nonzero(grid[start : end + 1])[0]
        close = (np.array(at)[:, None] + _AROUND).reshape(-1)
        lead = np.arange(start, min(at) + 1)
        nodes = np.unique(np.concatenate((steady, close, lead)))
        found[contract] = nodes[(nodes >= start) & (nodes <= end)]
    return found


def _symbols(names: list[str], which: Ints) -> pl.Series:
    return pl.Series("symbol", names, dtype=pl.String).gather(which)


def _times(seconds: Ints) -> pl.Series:
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))


def _dollars(name: str, cents: Ints) -> pl.Series:
    """Cents as decimals of two places; through float64, which is exact for any such price."""
    dollars: Floats = cents / 100
    return pl.Series(name, dollars).cast(pl.Decimal(12, 2))
