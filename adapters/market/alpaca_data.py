"""Market data from Alpaca: quotes of stocks (iex or sip) and options (indicative or opra).

Which feed a quote is from is part of its source: `alpaca iex` is one exchange of many, and
`alpaca indicative` is a delayed and altered picture.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import msgspec

from adapters.alpaca.access import Access
from adapters.alpaca.chains import chain
from adapters.alpaca.rest import TIMEOUT_S, AlpacaRest, SaidNo
from adapters.alpaca.wire import RawQuote, moment
from adapters.market.access import AlpacaDataAccess
from adapters.market.alpaca_stream import AlpacaChannel
from adapters.market.streaming import FIRST_WAIT_S, SocketStream
from application.brokerage import ChainQuote
from application.market_data import Bar, Interval, QuoteStream
from application.ports import Clock, PortRefused
from domain.instruments import Equity, Option, instrument
from domain.market import Quote
from domain.shared import InvalidInput

NAME = "alpaca"
STOCKS_AT_ONCE = 200
OPTIONS_AT_ONCE = 100
"""The most contracts that Alpaca quotes at once."""
ROWS_AT_ONCE = 10_000
FREE_AFTER = timedelta(minutes=16)
"""What all exchanges told is free when it is a quarter of an hour old."""

STOCKS, OPTIONS = "stocks", "options"
_VERSIONS = {STOCKS: "v2", OPTIONS: "v1beta1"}
_FRAMES = {Interval.MINUTE: "1Min", Interval.DAY: "1Day"}

Wire = TypeVar("Wire")


class LatestQuotes(msgspec.Struct, kw_only=True, frozen=True):
    quotes: dict[str, RawQuote]


class RawBar(msgspec.Struct, kw_only=True, frozen=True):
    t: datetime
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the field's name
    c: Decimal
    v: Decimal = Decimal(0)


class Bars(msgspec.Struct, kw_only=True, frozen=True):
    bars: dict[str, list[RawBar]] | None = None
    next_page_token: str | None = None


class PastQuotes(msgspec.Struct, kw_only=True, frozen=True):
    quotes: dict[str, list[RawQuote]] | None = None
    next_page_token: str | None = None


class AlpacaFeed:
    """Everything that a key at Alpaca may see of the market."""

    name = NAME

    def __init__(
        self,
        access: AlpacaDataAccess,
        clock: Clock,
        *,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        first_wait_s: float = FIRST_WAIT_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`first_wait_s` is how long a lost stream waits before it is opened again."""
        self._access = access
        self._clock = clock
        self._chance = chance
        self._first_wait_s = first_wait_s
        # The requests are the broker's; only the server of market data is ever asked.
        self._broker = Access(
            key=access.key, secret=access.secret, trading_url=access.url,
            data_url=access.url, options_feed=access.options_feed,
        )  # fmt: skip
        self._rest = AlpacaRest(self._broker, timeout_s=timeout_s, pause=pause, chance=chance)

    def __repr__(self) -> str:
        return f"AlpacaFeed({self._access.url!r})"

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        """The quotes of now of stocks and of options.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the subscription does not allow it.
        """
        named = {kind: _named(symbols, kind) for kind in (STOCKS, OPTIONS)}
        found: dict[str, Quote] = {}
        for kind, ours in named.items():
            size, names = (STOCKS_AT_ONCE if kind == STOCKS else OPTIONS_AT_ONCE), list(ours)
            for start in range(0, len(names), size):
                params = {
                    "symbols": ",".join(names[start : start + size]),
                    "feed": self._feed(kind),
                }
                told = self._read(kind, "/quotes/latest", LatestQuotes, params)
                for name, raw in told.quotes.items():
                    if name in ours:
                        found[ours[name]] = _quote(ours[name], raw, self._feed(kind))
        return found

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The contracts that are quoted, by expiry, strike and right.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the subscription does not allow it.
        """
        try:
            return chain(self._rest, self._broker, underlying, expiry)
        except SaidNo as no:
            raise _in_words(no) from None

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        """The bars that begin from one moment on and before another: of all exchanges where
        they are old enough to be free, and those of a day always.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the subscription does not allow it.
        """
        kind, name = _kind_of(symbol)
        params = {
            "symbols": name,
            "timeframe": _FRAMES[interval],
            "start": _text(since),
            "end": _text(until),
            "limit": str(ROWS_AT_ONCE),
        }
        source = NAME
        if kind == STOCKS:
            free = self._clock.now() - FREE_AFTER
            everywhere = interval is Interval.DAY or until <= free
            feed = "sip" if everywhere else self._access.stocks_feed
            if everywhere and self._access.stocks_feed != "sip":
                params["end"] = _text(min(until, free))
            params |= {"feed": feed, "adjustment": "raw"}
            source = f"{NAME} {feed}"
        found: list[Bar] = []
        while True:
            page = self._read(kind, "/bars", Bars, params)
            found += [_bar(symbol, raw, source) for raw in (page.bars or {}).get(name, ())]
            if not page.next_page_token:
                return [bar for bar in found if since <= bar.start < until]
            params["page_token"] = page.next_page_token

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        """Every quote of a stock from one moment on and before another, oldest first.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the subscription does not allow it, or it is an option,
                whose past quotes Alpaca does not keep.
        """
        kind, name = _kind_of(symbol)
        if kind == OPTIONS:
            raise PortRefused(
                f"Alpaca keeps no past quotes of options ({symbol}): take another source for it"
            )
        params = {
            "symbols": name,
            "start": _text(since),
            "end": _text(until),
            "limit": str(ROWS_AT_ONCE),
            "feed": self._feed(kind),
        }
        while True:
            page = self._read(kind, "/quotes", PastQuotes, params)
            for raw in (page.quotes or {}).get(name, ()):
                quote = _quote(symbol, raw, self._feed(kind))
                if since <= quote.time < until:
                    yield quote
            if not page.next_page_token:
                return
            params["page_token"] = page.next_page_token

    def stream(self) -> QuoteStream:
        """Quotes of stocks and of options, which Alpaca streams on a server each."""
        return SocketStream(
            NAME,
            [AlpacaChannel(self._access, kind) for kind in (STOCKS, OPTIONS)],
            self._clock,
            first_wait_s=self._first_wait_s,
            chance=self._chance,
        )

    def _feed(self, kind: str) -> str:
        return self._access.stocks_feed if kind == STOCKS else self._access.options_feed

    def _read(self, kind: str, path: str, wire: type[Wire], params: Mapping[str, str]) -> Wire:
        url = self._access.url.rstrip("/")
        try:
            return self._rest.read(
                f"/{kind}{path}", wire, dict(params), url=url, version=_VERSIONS[kind]
            )
        except SaidNo as no:
            raise _in_words(no) from None


def _in_words(no: SaidNo) -> PortRefused:
    """What a refusal means, and what to do about it."""
    if no.status == 403 and ("subscription" in str(no) or "agreement" in str(no)):
        return PortRefused(
            f"Alpaca's plan does not include this ({no}): set TRUETAPE_ALPACA_STOCKS_FEED=iex and "
            "TRUETAPE_ALPACA_FEED=indicative, or subscribe to the feed"
        )
    if no.status in (401, 403):
        return PortRefused(
            f"Alpaca refuses the key ({no}): set TRUETAPE_ALPACA_KEY and TRUETAPE_ALPACA_SECRET"
        )
    return PortRefused(f"Alpaca refuses the request: {no}")


def _kind_of(symbol: str) -> tuple[str, str]:
    """Whether it is a stock or an option, and what Alpaca calls it.

    Raises:
        PortRefused: neither.
    """
    try:
        found = instrument(symbol)
    except InvalidInput as error:
        raise PortRefused(str(error)) from error
    if isinstance(found, Option):
        return OPTIONS, found.symbol.replace(" ", "")
    if isinstance(found, Equity):
        return STOCKS, found.symbol
    raise PortRefused(f"{symbol} is neither a stock nor an option: Alpaca's feeds have only those")


def _named(symbols: Collection[str], kind: str) -> dict[str, str]:
    """Our symbol of each of Alpaca's names of one kind; what it does not have is left out."""
    found: dict[str, str] = {}
    for symbol in sorted(symbols):
        try:
            of_kind, name = _kind_of(symbol)
        except PortRefused:
            continue
        if of_kind == kind:
            found[name] = symbol
    return found


def _quote(symbol: str, raw: RawQuote, feed: str) -> Quote:
    return Quote(
        symbol=symbol,
        bid=raw.bp,
        offer=raw.ap,
        time=moment(raw.t),
        source=f"{NAME} {feed}",
        bid_size=raw.bs,
        offer_size=raw.as_,
    )


def _bar(symbol: str, raw: RawBar, source: str) -> Bar:
    return Bar(
        symbol=symbol,
        start=moment(raw.t),
        open=raw.o,
        high=raw.h,
        low=raw.l,
        close=raw.c,
        volume=int(raw.v),
        source=source,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
