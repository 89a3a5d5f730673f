"""Two sources of quotes held against each other, minute by minute of the exchange's sessions.

Of each source and instrument: minutes in which it told nothing although the other one did,
minutes at whose end its last quote was stale, and quotes that were crossed or without a bid. Of
both: how far their middles are apart where both quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from application.hours import Session
from domain.market import Quote
from domain.shared import Value

MINUTE = timedelta(minutes=1)
BPS = Decimal(10_000)
TENTH = Decimal("0.1")

Ask = Callable[[str, datetime, datetime], Iterable[Quote]]
"""Every quote of a symbol from one moment on and before another, oldest first."""


class QuoteSource(NamedTuple):
    """What is compared: its name and how it is asked."""

    name: str
    ask: Ask


class Bounds(NamedTuple):
    """What is still good: shares of minutes or quotes, and basis points."""

    missing: Decimal = Decimal("0.02")
    stale: Decimal = Decimal("0.05")
    crossed: Decimal = Decimal("0.001")
    zero_bids: Decimal = Decimal("0.05")
    mid_bps: Decimal = Decimal(10)
    max_age: timedelta = timedelta(seconds=60)


class Told(Value, frozen=True):
    """What one source told of one instrument."""

    source: str
    quotes: int
    minutes: int
    missing: int
    stale: int
    crossed: int
    zero_bids: int


class Compared(Value, frozen=True):
    """One instrument by two sources. Basis points between the middles, where both had one."""

    symbol: str
    minutes: int
    first: Told
    second: Told
    both: int
    median_bps: Decimal | None
    p95_bps: Decimal | None
    most_bps: Decimal | None
    beyond: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return not self.beyond


class _Folded:
    """What is kept of a source while its quotes pass: one middle of every minute."""

    def __init__(self, minutes: Sequence[datetime]) -> None:
        self.minutes = minutes
        self.quotes = self.crossed = self.zero_bids = 0
        self.mids: dict[datetime, Decimal] = {}
        self.heard: dict[datetime, datetime] = {}

    def stale(self, max_age: timedelta) -> int:
        """Minutes at whose end the last quote was too old, or there was none yet."""
        found, last = 0, None
        for minute in self.minutes:
            last = self.heard.get(minute, last)
            if last is None or minute + MINUTE - last > max_age:
                found += 1
        return found


def compare(
    first: QuoteSource,
    second: QuoteSource,
    symbols: Sequence[str],
    sessions: Sequence[Session],
    since: datetime,
    until: datetime,
    bounds: Bounds = Bounds(),  # noqa: B008 - a value
) -> list[Compared]:
    """Each instrument by both sources, in the minutes of the sessions that lie in the stretch.

    Raises:
        Unavailable: a source did not answer.
        PortRefused: a source does not allow it, or keeps no quotes.
    """
    minutes = list(_minutes(sessions, since, until))
    return [_compared(first, second, symbol, minutes, bounds) for symbol in symbols]


def _minutes(sessions: Sequence[Session], since: datetime, until: datetime) -> Iterable[datetime]:
    """The whole minutes of the sessions."""
    for session in sessions:
        minute = session.opens_at
        while minute + MINUTE <= session.closes_at:
            if since <= minute and minute + MINUTE <= until:
                yield minute
            minute += MINUTE


def _compared(
    first: QuoteSource,
    second: QuoteSource,
    symbol: str,
    minutes: Sequence[datetime],
    bounds: Bounds,
) -> Compared:
    one, other = (_folded(source, symbol, minutes) for source in (first, second))
    told = (
        _told(first.name, one, other, bounds),
        _told(second.name, other, one, bounds),
    )
    apart = sorted(
        _bps(one.mids[minute], other.mids[minute]) for minute in minutes
        if minute in one.mids and minute in other.mids
    )  # fmt: skip
    found = Compared(
        symbol, len(minutes), *told, both=len(apart),
        median_bps=_at(apart, Decimal("0.5")), p95_bps=_at(apart, Decimal("0.95")),
        most_bps=_at(apart, Decimal(1)), beyond=(),
    )  # fmt: skip
    return replace(found, beyond=tuple(_beyond(found, bounds)))


def _folded(source: QuoteSource, symbol: str, minutes: Sequence[datetime]) -> _Folded:
    folded, wanted = _Folded(minutes), frozenset(minutes)
    if not minutes:
        return folded
    for quote in source.ask(symbol, minutes[0], minutes[-1] + MINUTE):
        minute = quote.time.replace(second=0, microsecond=0)
        if minute not in wanted:
            continue
        folded.quotes += 1
        folded.heard[minute] = quote.time
        folded.zero_bids += quote.bid <= 0
        if quote.bid > quote.offer:
            folded.crossed += 1
        elif quote.offer > 0:
            folded.mids[minute] = (quote.bid + quote.offer) / 2
    return folded


def _told(name: str, own: _Folded, other: _Folded, bounds: Bounds) -> Told:
    missing = sum(1 for minute in other.heard if minute not in own.heard)
    return Told(
        name, own.quotes, len(own.heard), missing, own.stale(bounds.max_age),
        own.crossed, own.zero_bids,
    )  # fmt: skip


def _bps(one: Decimal, other: Decimal) -> Decimal:
    middle = (one + other) / 2
    return (abs(one - other) / middle * BPS).quantize(TENTH) if middle else Decimal(0)


def _at(ordered: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """The value below which this share lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def _beyond(found: Compared, bounds: Bounds) -> Iterable[str]:
    """What is not good any more, in words."""
    if not found.first.quotes and not found.second.quotes:
        yield "neither source has a quote"
        return
    for told in (found.first, found.second):
        for what, count, of, most in (
            ("minutes are missing", told.missing, found.minutes, bounds.missing),
            ("minutes are stale", told.stale, found.minutes, bounds.stale),
            ("quotes are crossed", told.crossed, told.quotes, bounds.crossed),
            ("quotes have no bid", told.zero_bids, told.quotes, bounds.zero_bids),
        ):
            if count > of * most:
                share = Decimal(count) / of if of else Decimal(1)
                yield f"{told.source}: {count} of {of} {what} ({share:.1%}, at most {most:.1%})"
    if found.p95_bps is not None and found.p95_bps > bounds.mid_bps:
        yield (
            f"the middles are {found.p95_bps} basis points apart in the worst twentieth of "
            f"minutes, at most {bounds.mid_bps}"
        )
