"""The page to begin at: traders, signals and accounts by name or id, and how the log stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from interfaces.lookups import signals_like
from interfaces.pages.visiting import Look, Page, Visit, id_in
from projections.accounts import AccountRow, Accounts, accounts
from projections.clocks import Clocks, clocks, wrong_spans
from projections.log_checkpoints import LogCheckpoints, last_check, recent_checkpoints
from projections.signal_feed import SignalFeed, signal, signals
from projections.signal_rows import SignalRow
from projections.trader_profiles import (
    TraderProfiles,
    TraderRow,
    names_of,
    profile,
    profiles,
    profiles_like,
)

FOUND_MAX = 25
RECENT = 12
CHECKPOINTS = 5
SPANS = 3


def search_page(visit: Visit) -> Page:
    """What there is, or what goes by the words that are searched for."""
    words = visit.asked.text("q")
    stream = id_in(words)
    if stream is not None:
        return Page(location=f"/audit/id/{stream}{visit.asked.known}")
    if words.isascii() and words.isdecimal():
        return Page(location=f"/audit/event/{int(words)}{visit.asked.known}")
    return visit.read(lambda look: _found(look, words))


def _found(look: Look, words: str) -> Page:
    as_of = look.as_of
    database = look.of(TraderProfiles, SignalFeed, Accounts, Clocks, LogCheckpoints)
    trades = _signals(database, words, as_of)
    traders = _traders(database, words, as_of)
    names = names_of(database, {row.trader for row in trades}, as_of=as_of)
    return Page(
        "search.html",
        {
            "words": words,
            "traders": traders[:FOUND_MAX],
            "more_traders": len(traders) > FOUND_MAX,
            "signals": trades,
            "names": names,
            "accounts": _accounts(database, words, as_of),
            "checkpoints": recent_checkpoints(database, CHECKPOINTS, as_of=as_of),
            "check": last_check(database, as_of=as_of),
            "clocks": clocks(database, as_of=as_of),
            "spans": wrong_spans(database, as_of=as_of)[:SPANS],
        },
    )


def _traders(database: Connection[Any], words: str, as_of: int | None) -> Sequence[TraderRow]:
    if not words:
        return profiles(database, as_of=as_of, limit=FOUND_MAX + 1)
    found = profiles_like(database, words, limit=FOUND_MAX + 1)
    if as_of is None:
        return found
    then = (profile(database, row.trader, as_of=as_of) for row in found)
    return [row for row in then if row is not None]


def _signals(database: Connection[Any], words: str, as_of: int | None) -> Sequence[SignalRow]:
    if not words:
        return signals(database, as_of=as_of, limit=RECENT)
    found = (
        signal(database, stream, as_of=as_of) for stream in signals_like(database, words, FOUND_MAX)
    )
    return [row for row in found if row is not None]


def _accounts(database: Connection[Any], words: str, as_of: int | None) -> Sequence[AccountRow]:
    return [row for row in accounts(database, as_of=as_of) if words.lower() in row.name.lower()]
