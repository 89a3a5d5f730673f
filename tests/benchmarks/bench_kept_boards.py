"""How soon boards of ten thousand traders show a hundred new fills.

The record has a million closed trades. Every round closes a hundred open trades of a hundred
traders; then the batch is folded and written, and the board of all time is asked for by score and
by return, as a server that shows it again and again does. One order of the same board read whole
is measured beside it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from adapters.postgres import PROJECTOR_ROLE, WRITER_ROLE, connect
from domain.fix import Side
from domain.instruments import Option, Right
from domain.legs import Leg
from domain.messages import message_stream
from domain.ranking import RANKING_STREAM, VERSION_2, Ranking, RulesPublished
from domain.signal_events import ClosedBy, SignalExitCalled, SignalPosted, Source
from domain.signals import Signal, signal_stream
from domain.traders import Trader, TraderRegistered, trader_stream
from projections.books import Books
from projections.kept_records import KeptRecords
from projections.leaderboards import Board, By, board
from projections.people import People
from projections.runner import Runner
from projections.trader_profiles import TraderProfiles
from projections.windows import Window, span_of
from tests.benchmarks.bench_projections import append, reading
from tests.benchmarks.harness import Measured, benchmark, fresh_database
from tests.benchmarks.history import write_tape
from tests.benchmarks.trading_life import Recorded

TRADERS, TRADES = 10_000, 1_000_000
FILLS, ROUNDS, WARM_UP = 100, 25, 3
DAYS = 250
FIRST_DAY = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
CENT = Decimal("0.01")
HELD = timedelta(minutes=30)


class Post(NamedTuple):
    """A trade to be told."""

    signal: UUID
    message: UUID
    trader: UUID
    price: Decimal
    at: datetime


class Market:
    """Traders who buy calls and sell them half an hour later, for more or less."""

    def __init__(self, traders: int) -> None:
        self._chance = random.Random(5)
        self.traders = [trader_stream("discord", str(number)) for number in range(traders)]
        self._names = [f"trader{number:05d}" for number in range(traders)]
        self._edges = [self._chance.gauss(0.0, 0.12) for _ in range(traders)]
        self._told = 0

    def found(self) -> Iterator[Recorded]:
        rules = RulesPublished(originator_topic=Ranking.TOPIC, rules=VERSION_2, timestamp=FIRST_DAY)
        yield _recorded(RANKING_STREAM, 1, rules, FIRST_DAY)
        for number, (stream, name) in enumerate(zip(self.traders, self._names, strict=True)):
            event = TraderRegistered(
                originator_topic=Trader.TOPIC, platform="discord", author_id=str(number),
                name=name, timestamp=FIRST_DAY,
            )  # fmt: skip
            yield _recorded(stream, 1, event, FIRST_DAY)

    def closed(self, trades: int) -> Iterator[Recorded]:
        for number in range(trades):
            day = FIRST_DAY + timedelta(days=number * DAYS // trades)
            post, posted = self.posted(number % len(self.traders), day)
            yield posted
            yield self.exited(post, number % len(self.traders))

    def posted(self, number: int, at: datetime) -> tuple[Post, Recorded]:
        """A trade that is posted at a moment."""
        self._told += 1
        message = message_stream("discord", str(self._told))
        price = Decimal(self._chance.randrange(50, 1_500)) * CENT
        expiry = at.date() + timedelta(days=30)
        option = Option("TSLA", expiry, Right.CALL, Decimal(200 + self._told % 400))
        post = Post(signal_stream(message, 0), message, self.traders[number], price, at)
        event = SignalPosted(
            originator_topic=Signal.TOPIC, origin="trader", trader=post.trader,
            source=Source(platform="discord", channel="alerts", message=message), side=Side.BUY,
            legs=(Leg(symbol=option.symbol, side=Side.BUY),), quantity=Decimal(1), price=price,
            parser="canonical-1", rules=(), posted_at=at, timestamp=at,
        )  # fmt: skip
        return post, _recorded(post.signal, 1, event, at)

    def exited(self, post: Post, number: int) -> Recorded:
        """Its end."""
        moved = Decimal(str(round(self._chance.lognormvariate(self._edges[number], 0.4), 4)))
        at = post.at + HELD
        event = SignalExitCalled(
            number=2, quantity=Decimal(1), price=max(CENT, (post.price * moved).quantize(CENT)),
            reason=ClosedBy.EXIT, message=post.message, rules=(), posted_at=at, timestamp=at,
        )  # fmt: skip
        return _recorded(post.signal, 2, event, at)


class Rounds(NamedTuple):
    """Milliseconds of each round, whole and by its parts."""

    both: list[float]
    folding: list[float]
    boards: list[float]
    whole: float
    ranked: int


def measure(traders: int = TRADERS, trades: int = TRADES) -> Rounds:
    """The rounds on a record of that size."""
    market = Market(traders)
    last_day = FIRST_DAY + timedelta(days=DAYS)
    with fresh_database() as url:
        told = chain(market.found(), market.closed(trades))
        write_tape(url, told, traders + 1 + 2 * trades)
        Runner(reading(url), [Books, People, TraderProfiles]).start()
        with connect(url, role=PROJECTOR_ROLE) as connection:
            connection.execute("VACUUM (ANALYZE)")
        return _rounds(url, market, last_day)


def market_at(number: int, traders: int) -> int:
    """Whose trade is closed in a round: other people's every time."""
    return number * 7 % traders


def _rounds(url: str, market: Market, last_day: datetime) -> Rounds:
    """A worker that follows sees the trades posted, then a hundred of them closed at a time."""
    span = span_of(Window.ALL, last_day + timedelta(hours=7))
    traders = len(market.traders)
    kept, clock = KeptRecords(), time.perf_counter
    runner = Runner(reading(url), [Books, People, TraderProfiles])
    both, folding, boards = [], [], []
    with (
        connect(url, role=PROJECTOR_ROLE) as connection,
        connect(url, role=WRITER_ROLE) as writer,
    ):
        runner.catch_up()

        def ask(by: By, known: KeptRecords | None) -> Board:
            return board(connection, span, by, (), limit=50, kept=known)

        posts = []
        for number in range((ROUNDS + WARM_UP) * FILLS):
            post, posted = market.posted(market_at(number, traders), last_day)
            append(writer, posted)
            posts.append(post)
        runner.catch_up()
        ask(By.SCORE, kept)
        for start in range(0, len(posts), FILLS):
            for number, post in enumerate(posts[start : start + FILLS], start=start):
                append(writer, market.exited(post, market_at(number, traders)))
            begun = clock()
            runner.catch_up()
            folded = clock()
            found = ask(By.SCORE, kept), ask(By.RETURN, kept)
            ended = clock()
            both.append((ended - begun) * 1e3)
            folding.append((folded - begun) * 1e3)
            boards.append((ended - folded) * 1e3)
        begun = clock()
        whole = ask(By.SCORE, None), ask(By.RETURN, None)
        took = (clock() - begun) * 1e3
        assert whole == found, "what is kept in memory differs from what is stored"
    runner.close()
    ranked = sum(row.rank is not None for row in found[0].standings)
    return Rounds(both[WARM_UP:], folding[WARM_UP:], boards[WARM_UP:], took, ranked)


def _recorded(stream: UUID, version: int, event: object, at: datetime) -> Recorded:
    return Recorded(stream, version, event, at, "reaction:booking", None)  # type: ignore[arg-type]


def _note(found: Rounds) -> str:
    return (
        f"{TRADERS:,} traders, {TRADES:,} closed trades, {FILLS} fills of as many: fold and "
        f"write {statistics.median(found.folding):.0f} ms, boards by score and return "
        f"{statistics.median(found.boards):.0f} ms; read whole both take {found.whole:.0f} ms"
    )


@benchmark("boards_10000", unit="ms", limit=100, better="lower")
def boards_10000() -> Measured:
    """A batch folded, written, and shown on both boards; the median of the rounds."""
    found = measure()
    return Measured(statistics.median(found.both), _note(found))


def main() -> None:
    """Measures a record of another size."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--traders", type=int, default=TRADERS)
    parser.add_argument("--trades", type=int, default=TRADES)
    chosen = parser.parse_args()
    found = measure(chosen.traders, chosen.trades)
    parts = (statistics.median(part) for part in (found.both, found.folding, found.boards))
    told = "{:.1f} ms: folding {:.1f}, boards {:.1f}".format(*parts)
    sys.stdout.write(f"{told}; read whole {found.whole:.1f}; {found.ranked} of 50 ranked\n")


if __name__ == "__main__":
    main()
