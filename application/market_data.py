"""The port of market data: quotes, chains and bars from outside, asked for or streamed.

The contract (tests/adapters/market/contract.py holds every adapter to it):

* Prices are Decimals, digit for digit as the source wrote them. Symbols are ours (options by
  OSI symbol), times are the source's own, in UTC.
* A symbol that the source does not know has no quote; that is no failure.
* A quote is handed on as it is, also crossed, stale or empty: whether it may be used is decided
  by `domain.market.why_unusable`.
* A stream tells when it did not listen: what is missing has a beginning and an end.

`Unavailable` means that the same question may be answered later, `PortRefused` that the key is
refused or the plan does not include what was asked for, and says what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from application.brokerage import ChainQuote
from domain.market import Quote
from domain.shared import Value


class Interval(StrEnum):
    """How long a bar is."""

    MINUTE = "minute"
    DAY = "day"


class Bar(Value, frozen=True, kw_only=True):
    """What traded within a minute, or on a day: then `start` is that day's midnight in New York."""

    symbol: str
    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    source: str


class FeedGap(NamedTuple):
    """A stretch in which a source was not heard, or not kept up with.

    Of some symbols only if they are named, else of all that were watched.
    """

    source: str
    since: datetime
    until: datetime
    why: str
    symbols: tuple[str, ...] = ()


class Heard(NamedTuple):
    """What a stream told since it was last asked, in its order."""

    quotes: Sequence[Quote] = ()
    gaps: Sequence[FeedGap] = ()


class QuoteStream(Protocol):
    """Quotes of some symbols as they come. One thread asks at a time."""

    @property
    def is_listening(self) -> bool:
        """Whether quotes arrive at the moment."""
        ...

    def watch(self, symbols: Collection[str]) -> None:
        """From now on these symbols, and no others."""
        ...

    def take(self, timeout_s: float) -> Heard:
        """What has come since the last call, after waiting at most so long for anything.

        Raises:
            Unavailable: the stream is down and goes on trying; the gap is told when it is back.
            PortRefused: the source refuses the key or the subscription.
        """
        ...

    def close(self) -> None:
        """Ends the stream."""
        ...


class MarketFeed(Protocol):
    """One source of market data."""

    @property
    def name(self) -> str:
        """What the source is called in quotes."""
        ...

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        """The quotes of now, of those symbols that the source has one for.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ...

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        """The contracts that are quoted, by expiry, strike and right; empty where none are.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ...

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        """The bars that begin from one moment on and before another, unadjusted, oldest first.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it.
        """
        ...

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        """Every quote from one moment on and before another, oldest first, page by page.

        Raises:
            Unavailable: no answer.
            PortRefused: the key or the plan does not allow it, or the source keeps none.
        """
        ...

    def stream(self) -> QuoteStream:
        """A stream of quotes, which is opened when something is watched.

        Raises:
            PortRefused: the source has none.
        """
        ...
