"""The recorder: streams the quotes of what is watched into the record, and what is missing.

It holds no more than what a stream holds for it: while the record does not answer, quotes wait
there until the stream is full, and what was lost then is a gap like any other. How far it came
is on record with every batch, so that the time in which nobody recorded is a gap as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from application.market_data import FeedGap, Heard, MarketFeed
from application.ports import Clock, PortRefused, Unavailable
from domain.market import Quote

BATCH = 5_000
"""Quotes that are stored together."""
LOOK_EVERY = timedelta(seconds=5)
"""How often it is asked what is watched."""

_log = logging.getLogger(__name__)


class QuoteRecord(Protocol):
    """Where quotes and gaps are kept."""

    def keep(
        self,
        quotes: Sequence[Quote],
        gaps: Sequence[FeedGap] = (),
        *,
        source: str = "",
        heard_until: datetime | None = None,
    ) -> int:
        """Records all of it or nothing; how many quotes were new.

        Raises:
            Unavailable: the record did not answer.
        """
        ...

    def heard_until(self, source: str) -> datetime | None:
        """How far a source was recorded, if it ever was.

        Raises:
            Unavailable: the record did not answer.
        """
        ...


class Recorded(NamedTuple):
    """What came of one step."""

    quotes: int
    gaps: int
    is_listening: bool


class Recorder:
    """Records one feed. One thread steps."""

    def __init__(
        self,
        feed: MarketFeed,
        record: QuoteRecord,
        watched: Callable[[], Collection[str]],
        clock: Clock,
        *,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        """`watched` tells the symbols of now: open positions, signals that wait.

        Raises:
            PortRefused: the feed has no stream.
        """
        self._feed = feed
        self._record = record
        self._watched = watched
        self._clock = clock
        self._look_every = look_every
        self._stream = feed.stream()
        self._looked_at: datetime | None = None
        self._symbols: frozenset[str] = frozenset()
        self._pending = Heard()
        self._has_begun = False
        self._has_heard = False
        self._said = ""

    @property
    def symbols(self) -> frozenset[str]:
        """What is watched."""
        return self._symbols

    def step(self, timeout_s: float) -> Recorded:
        """Records what has come, after waiting at most so long for anything.

        Raises:
            Unavailable: the record did not answer; what was taken is stored by the next step.
            PortRefused: the source refuses us, and never told anything.
        """
        self._look()
        self._begin()
        if not self._pending.quotes and not self._pending.gaps:
            self._pending = self._take(timeout_s)
        quotes, gaps = self._pending
        is_listening = self._stream.is_listening
        kept = 0
        for start in range(0, len(quotes), BATCH):
            kept += self._record.keep(quotes[start : start + BATCH])
        # That we heard is said last: then everything before it is on record.
        now = self._clock.now() if is_listening else None
        self._record.keep((), gaps, source=self._feed.name, heard_until=now)
        self._pending = Heard()
        return Recorded(kept, len(gaps), is_listening)

    def close(self) -> None:
        """Ends the stream."""
        self._stream.close()

    def _look(self) -> None:
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < self._look_every:
            return
        symbols = frozenset(self._watched())
        if symbols != self._symbols:
            self._stream.watch(symbols)
            self._symbols = symbols
        self._looked_at = now

    def _begin(self) -> None:
        """Says what is missing since somebody recorded last, when this one begins to hear."""
        if self._has_begun or not self._stream.is_listening:
            return
        last, now = self._record.heard_until(self._feed.name), self._clock.now()
        if last is not None and last < now:
            gap = FeedGap(self._feed.name, last, now, "nobody recorded")
            self._record.keep((), [gap], source=self._feed.name, heard_until=now)
        self._has_begun = True

    def _take(self, timeout_s: float) -> Heard:
        try:
            heard = self._stream.take(timeout_s)
        except (Unavailable, PortRefused) as error:
            if isinstance(error, PortRefused) and not self._has_heard:
                raise
            if str(error) != self._said:
                _log.warning("recording %s: %s", self._feed.name, error)
                self._said = str(error)
            return Heard()
        if heard.quotes:
            self._has_heard, self._said = True, ""
        return heard
