"""The recorder keeps what is heard of the watched symbols, and says what it did not hear."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from application.brokerage import ChainQuote
from application.market_data import Bar, FeedGap, Heard, Interval
from application.ports import PortRefused, Unavailable
from application.recording import BATCH, Recorded, Recorder
from domain.market import Quote

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def quote(number: int, symbol: str = "AAPL") -> Quote:
    return Quote(
        symbol=symbol, bid=Decimal(number), offer=Decimal(number + 1), time=NOW + number * SECOND,
        source="scripted",
    )  # fmt: skip


class ScriptedStream:
    def __init__(self) -> None:
        self.is_listening = True
        self.watched: frozenset[str] = frozenset()
        self.next: list[Heard | Exception] = []
        self.is_closed = False

    def watch(self, symbols: Collection[str]) -> None:
        self.watched = frozenset(symbols)

    def take(self, timeout_s: float) -> Heard:
        told = self.next.pop(0) if self.next else Heard()
        if isinstance(told, Exception):
            raise told
        return told

    def close(self) -> None:
        self.is_closed = True


class ScriptedFeed:
    name = "scripted"

    def __init__(self) -> None:
        self.opened = ScriptedStream()

    def snapshots(self, symbols: Collection[str]) -> Mapping[str, Quote]:
        return {}

    def chain(self, underlying: str, *, expiry: date | None = None) -> Sequence[ChainQuote]:
        return []

    def bars(
        self, symbol: str, interval: Interval, since: datetime, until: datetime
    ) -> Sequence[Bar]:
        return []

    def quotes(self, symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        return iter(())

    def stream(self) -> ScriptedStream:
        return self.opened


class MemoryRecord:
    """A record in memory, which can be down."""

    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.gaps: list[FeedGap] = []
        self.until: dict[str, datetime] = {}
        self.batches: list[int] = []
        self.is_down = False

    def keep(
        self,
        quotes: Sequence[Quote],
        gaps: Sequence[FeedGap] = (),
        *,
        source: str = "",
        heard_until: datetime | None = None,
    ) -> int:
        if self.is_down:
            raise Unavailable("the record is down")
        fresh = [each for each in quotes if each not in self.quotes[-1:]]
        if quotes:
            self.batches.append(len(quotes))
        self.quotes += fresh
        self.gaps += gaps
        if heard_until is not None:
            self.until[source] = heard_until
        return len(fresh)

    def heard_until(self, source: str) -> datetime | None:
        return self.until.get(source)


class Desk:
    """A recorder and all around it."""

    def __init__(self) -> None:
        self.at = NOW
        self.feed = ScriptedFeed()
        self.stream = self.feed.opened
        self.record = MemoryRecord()
        self.watched = {"AAPL"}
        self.recorder = Recorder(self.feed, self.record, lambda: self.watched, self)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_heard_is_kept(desk: Desk) -> None:
    desk.stream.next = [Heard([quote(1), quote(2)])]
    assert desk.recorder.step(0) == Recorded(2, 0, True)
    assert desk.record.quotes == [quote(1), quote(2)]
    assert desk.stream.watched == {"AAPL"}


def test_much_is_kept_in_batches(desk: Desk) -> None:
    desk.stream.next = [Heard([quote(number) for number in range(BATCH * 2 + 1)])]
    desk.recorder.step(0)
    assert desk.record.batches == [BATCH, BATCH, 1]


def test_what_is_watched_is_looked_up_every_few_seconds(desk: Desk) -> None:
    desk.recorder.step(0)
    desk.watched = {"AAPL", "MSFT"}
    desk.recorder.step(0)
    assert desk.recorder.symbols == {"AAPL"}
    desk.at = NOW + timedelta(seconds=5)
    desk.recorder.step(0)
    assert desk.stream.watched == {"AAPL", "MSFT"}


def test_a_gap_that_the_stream_tells_is_kept(desk: Desk) -> None:
    gap = FeedGap("scripted", NOW, NOW + SECOND, "the stream was down", ("AAPL",))
    desk.stream.next = [Heard([], [gap])]
    assert desk.recorder.step(0).gaps == 1
    assert desk.record.gaps == [gap]


def test_the_time_in_which_nobody_recorded_is_a_gap(desk: Desk) -> None:
    desk.record.until["scripted"] = NOW - timedelta(hours=16)
    desk.stream.is_listening = False
    desk.recorder.step(0)
    assert desk.record.gaps == []
    desk.at, desk.stream.is_listening = NOW + SECOND, True
    desk.recorder.step(0)
    assert desk.record.gaps == [
        FeedGap("scripted", NOW - timedelta(hours=16), NOW + SECOND, "nobody recorded")
    ]
    desk.recorder.step(0)
    assert len(desk.record.gaps) == 1


def test_the_first_recording_misses_nothing(desk: Desk) -> None:
    desk.recorder.step(0)
    assert desk.record.gaps == []
    assert desk.record.until == {"scripted": NOW}


def test_who_does_not_listen_has_not_heard(desk: Desk) -> None:
    desk.recorder.step(0)
    desk.at, desk.stream.is_listening = NOW + SECOND, False
    desk.stream.next = [Unavailable("down")]
    assert desk.recorder.step(0) == Recorded(0, 0, False)
    assert desk.record.until == {"scripted": NOW}


def test_a_record_that_is_down_loses_nothing_that_was_taken(desk: Desk) -> None:
    desk.recorder.step(0)
    desk.stream.next = [Heard([quote(1)]), Heard([quote(2)])]
    desk.record.is_down = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            desk.recorder.step(0)
    assert len(desk.stream.next) == 1
    desk.record.is_down = False
    desk.recorder.step(0)
    desk.recorder.step(0)
    assert desk.record.quotes == [quote(1), quote(2)]


def test_a_source_that_refuses_us_at_once_ends_it(desk: Desk) -> None:
    desk.stream.next = [PortRefused("the key is refused")]
    with pytest.raises(PortRefused, match="the key is refused"):
        desk.recorder.step(0)


def test_one_that_told_something_before_is_waited_for(desk: Desk) -> None:
    desk.stream.next = [Heard([quote(1)]), PortRefused("the plan ended"), Heard([quote(2)])]
    for _ in range(3):
        desk.recorder.step(0)
    assert desk.record.quotes == [quote(1), quote(2)]


def test_it_ends_with_its_stream(desk: Desk) -> None:
    desk.recorder.close()
    assert desk.stream.is_closed
