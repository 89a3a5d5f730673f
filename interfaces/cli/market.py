"""`truetape market`: record quotes as they come, hold two sources against each other, chains."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, NamedTuple

import typer

from application.brokerage import ChainQuote
from application.hours import Session
from application.market_check import Bounds, Compared, QuoteSource, Told, compare
from application.market_data import FeedGap
from application.ports import Unavailable
from application.recording import Recorder
from domain.instruments import instrument
from domain.market import Quote
from domain.shared import InvalidInput
from interfaces.brokerages import Turn
from interfaces.cli.output import Column, as_json, console, listed, table, warn
from interfaces.cli.running import stopped_by_signals
from interfaces.cli.session import REFUSED, Json, house
from interfaces.compose import House
from interfaces.watched import watched_symbols, with_underlyings

app = typer.Typer(no_args_is_help=True, help="Quotes: record them, check them, see chains.")

WAIT_S = 1.0
RECORD = "record"
LONGEST = timedelta(days=31)
NONE, HALF = Decimal(0), Decimal("0.5")

Source = Annotated[
    str, typer.Option(help="polygon, alpaca or recorded; what is set up without it.")
]
Symbols = Annotated[str, typer.Option(help="Instruments, with commas between them.")]
Share = Annotated[float, typer.Option(min=0, max=1)]


@app.command()
def record(
    source: Source = "",
    symbols: Annotated[
        str, typer.Option(help="These too, with commas between them; or only these.")
    ] = "",
    only: Annotated[bool, typer.Option("--only", help="Nothing but --symbols.")] = False,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="End after so long; else Ctrl-C does.")
    ] = None,
) -> None:
    """Stream quotes of what is held, waits or rests into the record, and note every gap."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    named = with_underlyings(_named(symbols)) if symbols else frozenset()
    if only and not named:
        raise InvalidInput("name at least one of --symbols with --only")
    with house() as opened:
        feed = opened.markets.feed(source)
        wanted = _wanted(opened, named, only=only)
        turn = opened.turn(f"market record {feed.name}")
        stop = stopped_by_signals()
        timer = threading.Timer(seconds, stop.set) if seconds is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        console.print(f"recording quotes of {feed.name}; Ctrl-C ends it")
        try:
            _run(lambda: Recorder(feed, opened.markets.record, wanted, opened.clock), turn, stop)
        finally:
            turn.close()


def _wanted(opened: House, named: frozenset[str], *, only: bool) -> Callable[[], frozenset[str]]:
    def wanted() -> frozenset[str]:
        if only:
            return named
        with opened.reader.connection() as connection:
            return named | watched_symbols(connection)

    return wanted


def _run(begin: Callable[[], Recorder], turn: Turn, stop: threading.Event) -> None:
    """Steps until told to stop; a database that is lost is waited for, and so is another process
    that records the same source.
    """
    quotes = gaps = instruments = 0
    with ExitStack() as listening:
        recorder: Recorder | None = None
        stands_by = False
        while not stop.is_set():
            try:
                if not turn.is_mine():
                    # Many sources tell one listener only.
                    listening.close()
                    recorder = None
                    if not stands_by:
                        console.print("another process records it: standing by")
                    stands_by = True
                    stop.wait(WAIT_S)
                    continue
                if recorder is None:
                    recorder, stands_by = begin(), False
                    listening.callback(recorder.close)
                done = recorder.step(WAIT_S)
            except Unavailable as error:
                warn(f"waiting: {error}")
                stop.wait(WAIT_S)
                continue
            instruments = len(recorder.symbols)
            quotes, gaps = quotes + done.quotes, gaps + done.gaps
            if not instruments:
                stop.wait(WAIT_S)
    console.print(f"recorded {quotes} quotes of {instruments} instruments, {gaps} gaps")


@app.command()
def check(
    since: Annotated[str, typer.Option(help="From this day or moment (UTC) on.")],
    symbols: Symbols,
    until: Annotated[str, typer.Option(help="Up to this moment; now without it.")] = "",
    first: Annotated[
        str, typer.Option(help="record, record:SOURCE for what one source told, polygon, alpaca.")
    ] = RECORD,
    second: Annotated[str, typer.Option(help="The same; what is set up without it.")] = "",
    max_missing: Share = 0.02,
    max_stale: Share = 0.05,
    max_crossed: Share = 0.001,
    max_zero_bids: Share = 0.05,
    max_bps: Annotated[float, typer.Option(min=0, help="Between the middles.")] = 10.0,
    max_age: Annotated[int, typer.Option(min=1, help="Seconds until a quote is stale.")] = 60,
    json: Json = False,
) -> None:
    """Hold two sources of quotes against each other; exit code 1 if one is beyond the bounds."""
    bounds = Bounds(
        missing=_share(max_missing), stale=_share(max_stale), crossed=_share(max_crossed),
        zero_bids=_share(max_zero_bids), mid_bps=_share(max_bps),
        max_age=timedelta(seconds=max_age),
    )  # fmt: skip
    names, begins = _named(symbols), _moment(since, "--since")
    with house() as opened:
        ends = _moment(until, "--until") if until else opened.clock.now()
        if not begins < ends <= begins + LONGEST:
            raise InvalidInput("check a stretch of up to 31 days: --since is before --until")
        sources = [_source(opened, name) for name in (first, second)]
        sessions = _sessions(opened, begins, ends)
        found = compare(sources[0], sources[1], names, sessions, begins, ends, bounds)
        gaps = opened.markets.record.gaps(begins, ends)
    if json:
        told = [gap._asdict() for gap in gaps]
        as_json({"since": begins, "until": ends, "compared": found, "gaps": told})
    else:
        _print_check(found, gaps)
    if any(not each.is_good for each in found):
        raise SystemExit(REFUSED)


def _source(opened: House, name: str) -> QuoteSource:
    """What a source on the command line names."""
    kind, _, only = name.partition(":")
    if kind != RECORD:
        feed = opened.markets.feed(name)
        return QuoteSource(feed.name, feed.quotes)
    record = opened.markets.record

    def ask(symbol: str, since: datetime, until: datetime) -> Iterator[Quote]:
        told = record.quotes(symbol, since, until)
        return (quote for quote in told if quote.source.startswith(only))

    return QuoteSource(name, ask)


def _sessions(opened: House, since: datetime, until: datetime) -> Sequence[Session]:
    day = timedelta(days=1)
    return opened.calendar.sessions((since - day).date(), (until + day).date())


class _Line(NamedTuple):
    """One source of one instrument, as it is printed."""

    symbol: str
    minutes: int
    told: Told
    of: Compared


def _print_check(found: Sequence[Compared], gaps: Sequence[FeedGap]) -> None:
    lines = [
        _Line(each.symbol, each.minutes, told, each)
        for each in found
        for told in (each.first, each.second)
    ]
    table(
        lines,
        (
            Column("instrument", lambda line: line.symbol, whole=True),
            Column("source", lambda line: line.told.source),
            Column("quotes", lambda line: line.told.quotes, is_figure=True),
            Column("missing", lambda line: line.told.missing, is_figure=True),
            Column("stale", lambda line: line.told.stale, is_figure=True),
            Column("crossed", lambda line: line.told.crossed, is_figure=True),
            Column("no bid", lambda line: line.told.zero_bids, is_figure=True),
            Column("apart", lambda line: line.of.median_bps, is_figure=True),
            Column("worst", lambda line: line.of.most_bps, is_figure=True, spare=True),
        ),
        title=f"quotes of {max((each.minutes for each in found), default=0)} minutes of sessions",
        note="missing and stale in minutes; apart and worst in basis points between the middles",
    )
    listed(
        f"{gap.source} was not heard from {gap.since:%Y-%m-%d %H:%M:%S} to "
         f"{gap.until:%Y-%m-%d %H:%M:%S} UTC: {gap.why}" for gap in gaps
    )  # fmt: skip
    listed((f"{each.symbol}: {why}" for each in found for why in each.beyond), most=50)


@app.command()
def chain(
    symbol: Annotated[str, typer.Argument(help="The underlying: a ticker.")],
    expiry: Annotated[str, typer.Option(help="One expiry only: YYYY-MM-DD.")] = "",
    around: Annotated[
        int, typer.Option(min=0, help="So many strikes around a delta of a half; 0 for all.")
    ] = 0,
    source: Source = "",
    json: Json = False,
) -> None:
    """Print the option chain of an underlying, with Greeks as its source gives them."""
    underlying = instrument(symbol).underlying
    day = _day(expiry) if expiry else None
    with house() as opened:
        now = opened.clock.now()
        feed = opened.markets.feed(source)
        found = list(feed.chain(underlying, expiry=day))
    if around:
        found = _around(found, around)
    if json:
        as_json({"underlying": underlying, "source": feed.name, "contracts": found})
        return
    table(
        found,
        (
            Column("expiry", lambda each: each.expiry, whole=True),
            Column("strike", lambda each: f"{each.strike:f} {each.right}", is_figure=True),
            Column("bid", lambda each: f"{each.bid:f}", is_figure=True),
            Column("offer", lambda each: f"{each.offer:f}", is_figure=True),
            Column("sizes", lambda each: f"{each.bid_size} x {each.offer_size}", spare=True),
            Column("delta", lambda each: _places(each.delta, 3), is_figure=True),
            Column("gamma", lambda each: _places(each.gamma, 4), is_figure=True, spare=True),
            Column("theta", lambda each: _places(each.theta, 3), is_figure=True, spare=True),
            Column("vega", lambda each: _places(each.vega, 3), is_figure=True, spare=True),
            Column("vol", lambda each: _percent(each.implied_volatility), is_figure=True),
            Column("age", lambda each: _age(now - each.time), is_figure=True, spare=True),
        ),
        title=f"{underlying}: {len(found)} contracts from {feed.name}",
        empty=f"{feed.name} has no contracts of {underlying} with these terms",
    )


def _around(found: Sequence[ChainQuote], strikes: int) -> list[ChainQuote]:
    """Of each expiry the strikes nearest to a delta of a half; without Greeks all of them."""
    kept: list[ChainQuote] = []
    for expiry in sorted({each.expiry for each in found}):
        of_day = [each for each in found if each.expiry == expiry]
        known = [each for each in of_day if each.delta is not None]
        near = sorted(known, key=lambda each: abs(abs(each.delta or NONE) - HALF))
        wanted: list[Decimal] = []
        for each in near:
            if each.strike not in wanted and len(wanted) < strikes:
                wanted.append(each.strike)
        kept += [each for each in of_day if not known or each.strike in wanted]
    return kept


def _named(text: str) -> list[str]:
    """The instruments of a list with commas, each once.

    Raises:
        InvalidInput: one is no instrument, or there is none.
    """
    found = [instrument(part.strip()).symbol for part in text.split(",") if part.strip()]
    if not found:
        raise InvalidInput("name at least one instrument: --symbols AAPL,MSFT")
    return list(dict.fromkeys(found))


def _moment(text: str, option: str) -> datetime:
    """A day or a moment in UTC.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{option} {text!r} is no day or moment: 2026-11-20T15:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"--expiry {text!r} is no day: 2026-11-20") from None


def _share(figure: float) -> Decimal:
    return Decimal(str(figure))


def _places(figure: Decimal | None, places: int) -> str | None:
    return None if figure is None else f"{figure:.{places}f}"


def _percent(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:.1%}"


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    return f"{seconds} s" if seconds < 600 else f"{seconds // 60} min"
