"""The market as it is now: the record where it is fresh, else a feed that is asked once for all.

Every quote that answers is on record, so that a decision can be shown with what it rested on.
What nobody tells now has no quote: an old one never stands in for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from adapters.market.keeping import MarketRecord
from adapters.recorded_market import CLOSES, RecordedMarket
from application.market_data import Interval, MarketFeed
from application.ports import Clock, PortError, PortRefused, QuoteRequest
from domain.market import CLOCK_SKEW, EXCHANGE_ZONE, Quote, why_unusable

MAX_AGE = timedelta(seconds=60)
"""An older quote is not the market of now, even if nobody quoted since."""
FRESH_FOR = timedelta(seconds=10)
"""So long the record is as good as the feed; then the feed is asked whether it still stands."""
AGAIN_AFTER = timedelta(seconds=1)
"""Within this time one answer serves all who ask."""
DOWN_FOR = timedelta(seconds=5)
"""How long a feed that did not answer is left alone; one that refuses, ten times as long."""
SETTLES_AFTER = timedelta(minutes=20)
"""After the close the bar of the day is final, and told also to who hears it delayed."""
MOST_REASONS = 10_000

_log = logging.getLogger(__name__)


class LiveMarket:
    """`MarketPrices` over a feed and the record of it. Safe to use from several threads."""

    def __init__(
        self,
        recorded: RecordedMarket,
        feed: MarketFeed,
        record: MarketRecord,
        clock: Clock,
        *,
        max_age: timedelta = MAX_AGE,
        fresh_for: timedelta = FRESH_FOR,
    ) -> None:
        self._recorded = recorded
        self._feed = feed
        self._record = record
        self._clock = clock
        self._max_age = max_age
        self._fresh_for = min(fresh_for, max_age)
        self._asking = threading.Lock()
        self._answers: dict[str, tuple[datetime, Quote | None]] = {}
        self._silent_until: datetime | None = None
        self._silence = ""
        self._reasons: dict[str, str] = {}

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        """For each request of now a fresh quote, on record; for each of the past what the
        record has. None where there is none: `why_none` says why.

        Raises:
            Unavailable: the database did not answer.
        """
        answers = list(self._recorded.quotes_at(requests))
        now = self._clock.now()
        open_ = {
            place: request
            for place, request in enumerate(requests)
            if now - request.at <= self._max_age and self._fault(answers[place], request.at)
        }
        if open_:
            told = self._ask({request.symbol for request in open_.values()}, now)
            for place, request in open_.items():
                answers[place] = self._checked(request, told.get(request.symbol))
        return answers

    def why_none(self, symbol: str) -> str:
        """Why the last request of now for an instrument had no answer, in words."""
        return self._reasons.get(symbol, "")

    def quotes_between(
        self, symbols: Sequence[str], after: datetime, until: datetime
    ) -> Sequence[Quote]:
        """What is on record of a stretch.

        Raises:
            Unavailable: the database did not answer.
        """
        return self._recorded.quotes_between(symbols, after, until)

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        """The close of a day that is over, from the feed's bar of that day, and on record since;
        what the record has where the feed knows of no such day. None while it cannot be asked.

        Raises:
            Unavailable: the database did not answer.
        """
        known = self._record.close_of(symbol, day)
        if known is not None:
            return known
        now = self._clock.now()
        if now < datetime.combine(day, CLOSES, EXCHANGE_ZONE) + SETTLES_AFTER:
            return None
        begins = datetime.combine(day, datetime.min.time(), EXCHANGE_ZONE)
        with self._asking:
            if self._is_silent(now):
                return None
            try:
                bars = self._feed.bars(symbol, Interval.DAY, begins, begins + timedelta(days=1))
            except PortError as error:
                self._fell_silent(error, now)
                return None
        if not bars:
            return self._recorded.settlement(symbol, day)
        self._record.keep_close(symbol, day, bars[-1].close, bars[-1].source)
        return bars[-1].close

    def _fault(self, quote: Quote | None, at: datetime) -> str:
        """Why an answer of the record is none for now; a bar is too coarse for it."""
        if quote is None:
            return "it is not quoted"
        if quote.bid_size is None and quote.source.endswith(" bar"):
            return "there is only a bar"
        return why_unusable(quote, at=at, max_age=self._fresh_for)

    def _checked(self, request: QuoteRequest, quote: Quote | None) -> Quote | None:
        if quote is None:
            why = self._silence or f"{self._feed.name} has no quote of it"
        elif (later := quote.time - request.at) > CLOCK_SKEW:
            # A moment ago may be meant as now; half a minute ago is not.
            why = f"nothing was heard at that moment, and the quote of now is {later} later"
        else:
            why = why_unusable(quote, at=request.at, max_age=self._max_age)
        if not why:
            self._reasons.pop(request.symbol, None)
            return quote
        if self._reasons.get(request.symbol) != why:
            _log.warning("no quote of %s: %s", request.symbol, why)
        if len(self._reasons) >= MOST_REASONS:
            self._reasons.clear()
        self._reasons[request.symbol] = why
        return None

    def _ask(self, symbols: set[str], now: datetime) -> Mapping[str, Quote]:
        """The feed's quotes of now, which are on record before anybody sees them."""
        with self._asking:
            self._answers = {
                symbol: answer
                for symbol, answer in self._answers.items()
                if timedelta(0) <= now - answer[0] <= AGAIN_AFTER
            }
            unknown = symbols - self._answers.keys()
            if unknown and not self._is_silent(now):
                self._learn(unknown, now)
            known = {symbol: self._answers.get(symbol, (now, None))[1] for symbol in symbols}
        return {symbol: quote for symbol, quote in known.items() if quote is not None}

    def _learn(self, symbols: set[str], now: datetime) -> None:
        try:
            told = self._feed.snapshots(symbols)
        except PortError as error:
            self._fell_silent(error, now)
            return
        self._record.keep(list(told.values()))
        for symbol in symbols:
            self._answers[symbol] = (now, told.get(symbol))

    def _is_silent(self, now: datetime) -> bool:
        if self._silent_until is not None and now < self._silent_until:
            return True
        self._silent_until, self._silence = None, ""
        return False

    def _fell_silent(self, error: PortError, now: datetime) -> None:
        """A feed that failed is left alone for a while: whoever asks would wait for it."""
        _log.warning("%s has no answer: %s", self._feed.name, error)
        self._silence = str(error)
        self._silent_until = now + DOWN_FOR * (10 if isinstance(error, PortRefused) else 1)
