"""Market data from Polygon: snapshots, chains with Greeks, aggregates, quotes and its stream."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial

from adapters.market.access import PolygonAccess
from adapters.market.polygon_rest import TIMEOUT_S, PolygonRest
from adapters.market.polygon_stream import PolygonChannel
from adapters.market.polygon_wire import (
    Aggregate,
    Contract,
    Greeks,
    Snapshot,
    Tick,
    milliseconds,
    nanoseconds,
    of_milliseconds,
    whole,
)
from adapters.market.streaming import FIRST_WAIT_S, SocketStream
from adapters.market.tickers import ticker_of, tickers_of
from application.brokerage import ChainQuote
from application.market_data import Bar, Interval, QuoteStream
from application.ports import Clock, PortRefused
from domain.instruments import Option, instrument
from domain.market import Quote
from domain.shared import InvalidInput

NAME = "polygon"
AT_ONCE = 250
"""Snapshots and contracts on one page, the most that Polygon gives."""
QUOTES_AT_ONCE = 50_000
BARS_AT_ONCE = 50_000
NO_QUOTES = (
    "Polygon tells no quotes with its snapshots: the plan does not include them; choose one with "
    "quotes, or another source"
)
_NO_GREEKS = Greeks()

_log = logging.getLogger(__name__)


class PolygonFeed:
    """Everything that Polygon's plan of one key includes."""

    name = NAME

    def __init__(
        self,
        access: PolygonAccess,
        clock: Clock,
        *,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        first_wait_s: float = FIRST_WAIT_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`first_wait_s` is how long a lost stream waits before it is opened again."""
        self._first_wait_s = first_wait_s
        self._access = access
        self._clock = clock
        self._chance = chance
        self._rest = PolygonRest(access, timeout_s=timeout_s, pause=pause, chance=chance)

    def __repr__(self) -> str:
        return f"PolygonFeed({self._access.url!r})"

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        """The quotes of now, in as few requests as there are hundreds of symbols.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ours = tickers_of(symbols)
        found: dict[str, Quote] = {}
        refused: list[Snapshot] = []
        for some in _in_parts(list(ours), AT_ONCE):
            ask = partial(
                self._rest.list_universal_snapshots,
                ticker_any_of=some, limit=AT_ONCE, raw=True,
            )  # fmt: skip
            for row in self._rest.pages(ask, Snapshot):
                if row.error and row.error != "NOT_FOUND":
                    refused.append(row)
                elif row.last_quote is not None and row.ticker in ours:
                    symbol = ours[row.ticker]
                    found[symbol] = row.last_quote.quote(symbol, NAME)
        if refused:
            said = refused[0].message or refused[0].error
            words = f"Polygon's plan does not include {ours.get(refused[0].ticker)} ({said})"
            if not found:
                raise PortRefused(f"{words}: choose a plan with it, or another source")
            _log.warning("%s, and %d others", words, len(refused) - 1)
        return found

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The contracts that are quoted, by expiry, strike and right.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        params: dict[str, object] = {"limit": AT_ONCE}
        if expiry is not None:
            params["expiration_date"] = expiry.isoformat()
        ask = partial(
            self._rest.list_snapshot_options_chain, ticker_of(underlying), params=params, raw=True
        )
        rows = list(self._rest.pages(ask, Contract))
        if rows and all(row.last_quote is None for row in rows):
            raise PortRefused(NO_QUOTES)
        found = [quote for quote in map(_contract, rows) if quote is not None]
        return sorted(found, key=lambda each: (each.expiry, each.strike, each.right))

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        """The bars that begin from one moment on and before another.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ask = partial(
            self._rest.list_aggs, ticker_of(symbol), 1, interval.value,
            milliseconds(since), milliseconds(until),
            adjusted=False, sort="asc", limit=BARS_AT_ONCE, raw=True,
        )  # fmt: skip
        bars = (_bar(symbol, row) for row in self._rest.pages(ask, Aggregate))
        return [bar for bar in bars if since <= bar.start < until]

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        """Every quote from one moment on and before another, oldest first.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ask = partial(
            self._rest.list_quotes, ticker_of(symbol),
            timestamp_gte=nanoseconds(since), timestamp_lt=nanoseconds(until),
            order="asc", sort="timestamp", limit=QUOTES_AT_ONCE, raw=True,
        )  # fmt: skip
        for row in self._rest.pages(ask, Tick):
            yield row.quote(symbol, NAME)

    def stream(self) -> QuoteStream:
        """Quotes of stocks and of options, which Polygon streams on a server each."""
        return SocketStream(
            NAME,
            [PolygonChannel(self._access, market) for market in ("stocks", "options")],
            self._clock,
            first_wait_s=self._first_wait_s,
            chance=self._chance,
        )


def _contract(row: Contract) -> ChainQuote | None:
    """One contract, or None where nothing is quoted or the ticker is no option's."""
    quote, greeks = row.last_quote, row.greeks or _NO_GREEKS
    try:
        contract = instrument(row.details.ticker.removeprefix("O:"))
    except InvalidInput:
        return None
    if quote is None or not isinstance(contract, Option):
        return None
    told = quote.quote(contract.symbol, NAME)
    return ChainQuote(
        symbol=contract.symbol,
        right=contract.right,
        strike=contract.strike,
        expiry=contract.expiry,
        bid=told.bid,
        offer=told.offer,
        bid_size=told.bid_size or 0,
        offer_size=told.offer_size or 0,
        time=told.time,
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta,
        vega=greeks.vega,
        implied_volatility=row.implied_volatility,
        open_interest=whole(row.open_interest),
    )


def _bar(symbol: str, row: Aggregate) -> Bar:
    return Bar(
        symbol=symbol,
        start=of_milliseconds(row.t).astimezone(UTC),
        open=row.o,
        high=row.h,
        low=row.l,
        close=row.c,
        volume=int(row.v),
        source=NAME,
    )


def _in_parts(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
