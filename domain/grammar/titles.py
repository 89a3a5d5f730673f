"""What the title of a card says that the card is for: an entry, an exit, or nobody's trade.

The room's own titles come first. Then the senses are tried in the order they stand here: what
only looks like trading (scanners, news, recaps) before what is done, "stopped out" before
"stop moved", and an exit before the entry it may name ("Trade closed").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from domain.grammar.reading import Action, Kind, Room
from domain.grammar.verbs import OPENING, VERBS, Verb
from domain.grammar.vocabulary import (
    RIGHTS,
)


class Sense(NamedTuple):
    """What a title says; `rest` is the title without the words that said so."""

    kind: Kind
    verb: Verb | None = None
    is_weak: bool = False
    """Names a style ("Swing", "Alert") rather than an act: the labels may say otherwise."""
    rest: str = ""


_ADD = VERBS["adding",]
_ADD_SHORT = _ADD._replace(action=Action.STO)

_SENSES: tuple[tuple[Sense, str], ...] = (
    (Sense(Kind.CHAT), """
     flow, sweep, sweeps, unusual, whale, whales, dark pool, dark pools, darkpool, block trade,
     block trades, scanner, scan, scans, screener, screen, movers, gainers, losers, heatmap,
     heat map, earnings, calendar, news, headline, headlines, breaking, upgrade, upgrades,
     upgraded, downgrade, downgrades, downgraded, insider, insiders, halt, halted, halts,
     leaderboard, leader board, ranking, rankings, standings, leaders, gamma, gex, max pain,
     open interest, short interest, squeeze, price alert, price alerts, quote, quotes,
     market open, market close, market closed, market opens, market closes, market update,
     market watch, market summary, market wrap, market overview, premarket, pre market,
     after hours, opening bell, opening range, opening print, closing bell, closing print,
     economic, trending, most active, sentiment, key levels, option chain, options chain, greeks,
     poll, polls, giveaway, reminder, lesson, lessons, education, educational, tutorial, example,
     examples, backtest, backtested, paper, simulated, simulation, contest, rules, welcome, tweet,
     tweets, tweeted, retweet, analyst, analysts, rating, ratings, dividend, dividends, ipo, ipos,
     buyback, buybacks, sell off, selloff, long term, volume, alert service, disclaimer,
     tradingview, indicator, indicators, calculator, congress, senate, senator, politician,
     politicians, sec, form
     """),
    (Sense(Kind.RECAP), """
     recap, recaps, result, results, summary, performance, scoreboard, portfolio, holdings,
     journal, stats, statistics, track record, positions, open trades, closed trades,
     active trades, current trades, all trades, live trades, our trades, today's trades,
     todays trades, yesterday's trades, best trades, top trades, past trades, top plays, daily p/l,
     daily pnl, weekly p/l, weekly pnl, monthly p/l, monthly pnl, total p/l, eod p/l, daily gains,
     weekly gains, weekly profits, daily profits, winner, winners, wins, report, review,
     screenshots, missed, tracker, history, trade of the day, play of the day, past alerts
     """),
    (Sense(Kind.WATCH), """
     watch, watching, watchlist, watch list, watches, radar, eyeing, idea, ideas, setup,
     setups, set up, plan, plans, planned, planning, potential, possible, pending, upcoming,
     waiting, considering, on deck, wishlist, alert set, alerts set, looking at, looking for,
     setting up, not, not yet, looking to, prospect, prospects, candidate, candidates, if,
     might, not entered, no entry, stalking
     """),
    (Sense(Kind.CONDITIONAL), """
     conditional, limit order, limit orders, order placed, orders placed, working order, gtc,
     trigger, triggers, when triggered
     """),
    (Sense(Kind.CORRECTION), "correction, corrected, edit, edited, amended, typo, fix, fixed"),
    (Sense(Kind.CANCEL), """
     cancel, canceled, cancelled, cancellation, void, voided, ignore, disregard, unfilled,
     no fill, not filled
     """),
    (Sense(Kind.CLOSE, VERBS["stopped", "out"]), """
     stopped out, stoped out, stopped in profit, stopped, stop hit, stop loss hit, sl hit,
     stop was hit, stop loss triggered, stop triggered, stop out
     """),
    (Sense(Kind.UPDATE), """
     added an update, tp hit, pt hit, target hit, targets hit, target reached, take profit hit
     """),
    (Sense(Kind.CLOSE, VERBS["btc",]), """
     btc, buy to close, bought to close, buying to close, covered short, closed short,
     close short, covered, covering, cover, buying back, bought back
     """),
    (Sense(Kind.OPEN, VERBS["sto",]), """
     sto, sell to open, sold to open, selling to open, entered short, opened short, short put,
     short puts, short call, short calls, csp, cash secured put, covered call
     """),
    (Sense(Kind.ADD, _ADD_SHORT), "averaged short, added short"),
    (Sense(Kind.ADD, _ADD), """
     scale in, scaled in, scaling in, scale into, scaling into, average, averaged, averaging,
     averaged long, average down, averaged down, averaging down, average up, averaged up, avg,
     avg down, add, adds, adding, added, added to, adding to, dca, doubled down, doubling down
     """),
    (Sense(Kind.TRIM, VERBS["trimming",]), """
     trim, trims, trimming, trimmed, partial, partials, partial exit, partial close, partial sell,
     partially closed, scale, scales, scaled, scaling, scale out, scaled out, scaling out,
     take profit, take profits, taking profit, taking profits, took profit, took profits,
     taking some profit, profit taken, profits taken, secure profits, securing profits,
     secured profits, sold half, selling half, sold some, selling some, closed half, closed some,
     de risk, derisk, derisking, derisked, de risking
     """),
    (Sense(Kind.CLOSE, VERBS["stc",]), "stc, sell to close, sold to close, closed long"),
    (Sense(Kind.CLOSE, VERBS["closing",]), """
     close, closed, closes, closing, close out, closed out, exit, exits, exited, exiting, sold,
     sell, selling, all out, out, cut, cutting, fully out, full exit, dumped, cashed out
     """),
    (Sense(Kind.UPDATE), """
     update, updates, updated, moved, raised, adjusted, adjustment, breakeven, break even, status,
     stop, stop loss
     """),
    (Sense(Kind.OPEN, VERBS["bto",]), """
     bto, buy to open, bought to open, buying to open, entered long, opened long
     """),
    (Sense(Kind.OPEN, VERBS["short",]), "short, shorted, shorting"),
    (Sense(Kind.OPEN, OPENING), """
     entry, entries, entering, entered, enter, open, opens, opening, opened, buy, bought, buying,
     long, in on, i'm in, new trade, new position, new play, new order, new option trade,
     new options trade, new swing, new day trade, filled, fill, grabbed, grabbing, took, taking
     """),
    (Sense(Kind.OPEN, OPENING, is_weak=True), """
     day trade, daytrade, lotto, lottos, swing, swings, scalp, scalps, leap, leaps, yolo, 0dte,
     call, calls, put, puts, alert, alerts, signal, signals, trade, trades, option, options, play,
     plays, challenge, in
     """),
)  # fmt: skip
"""The first sense of which a title has a phrase."""

_PHRASES: dict[str, int] = {
    " ".join(phrase.split()): place
    for place, (_, phrases) in reversed(list(enumerate(_SENSES)))
    for phrase in phrases.split(",")
}
_LONGEST = max(len(phrase.split()) for phrase in _PHRASES)
_WORD = re.compile(r"[A-Za-z0-9]+(?:['/&][A-Za-z0-9]+)*")
_HANDLE = re.compile(r"@[A-Za-z_]\w+")
_SHARE = re.compile(
    r"(?<![\d.+-])(?<!up )(?<!for )[0-9]{1,3} ?%(?! ?(?:gain|profit|win|loss|return|up\b))"
    r"|\b(?:half|third|quarter|most)\b|(?<![\d/.])(?:1/[234]|2/3|3/4)(?![\d/])",
    re.IGNORECASE,
)
_STANDS_AT = re.compile(r"(?:\bup|\bdown|\+) ?[0-9]{1,5}(?:\.[0-9]+)? ?%", re.IGNORECASE)
_NUMBERED = re.compile(r"[0-9]+$")
_OWN: dict[Kind, Verb] = {
    Kind.OPEN: OPENING,
    Kind.ADD: _ADD,
    Kind.TRIM: VERBS["trimming",],
    Kind.CLOSE: VERBS["closing",],
}
_SILENT = frozenset(
    {Kind.WATCH, Kind.RECAP, Kind.CANCEL, Kind.CHAT, Kind.CORRECTION, Kind.CONDITIONAL}
)
_WORDS_MAX = 40


def is_silent(kind: Kind) -> bool:
    """Whether a title of that kind keeps the card from doing anything."""
    return kind in _SILENT


def sense_of(title: str, room: Room | None = None) -> Sense | None:
    """What a title says that its card is for; None where it says nothing of the kind."""
    if not title:
        return None
    own = _own_sense(title, room) if room is not None and room.titles else None
    if own is not None:
        return own
    return _usual_sense(title)


@lru_cache(maxsize=2_000)
def _usual_sense(title: str) -> Sense | None:
    """What a title says in any room; a room's titles are few, and come again and again."""
    if _HANDLE.search(title) or title.rstrip().endswith("?"):
        return Sense(Kind.CHAT)
    sense = _first_sense(title)
    if (sense is None or sense.is_weak) and _STANDS_AT.search(title):
        return Sense(Kind.RECAP)
    return sense


def _first_sense(title: str) -> Sense | None:
    said = list(_WORD.finditer(title))[:_WORDS_MAX]
    words = [_NUMBERED.sub("", match[0].lower()) or match[0].lower() for match in said]
    best: tuple[int, int, int] | None = None
    for start in range(len(words)):
        for end in range(min(start + _LONGEST, len(words)), start, -1):
            place = _PHRASES.get(" ".join(words[start:end]))
            if place is not None:
                found = (place, said[start].start(), said[end - 1].end())
                best = found if best is None or place < best[0] else best
                break
    if best is None:
        return None
    place, begin, until = best
    sense = _SENSES[place][0]
    rights = " ".join(word for word in title[begin:until].split() if word.lower() in RIGHTS)
    return sense._replace(rest=f"{title[:begin]} {rights} {title[until:].lstrip(' :-')}")


def _own_sense(title: str, room: Room) -> Sense | None:
    """The longest of the room's titles that stands in this one, word for word."""
    said = f" {_plain(title)} "
    for text, kind in sorted(room.titles, key=lambda own: -len(own[0])):
        if f" {_plain(text)} " in said:
            rest = re.sub(re.escape(text), " ", title, count=1, flags=re.IGNORECASE)
            return Sense(kind, _OWN.get(kind), rest=rest)
    return None


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def share_in(words: str) -> str:
    """The part of a position that a title names beside its sense: "STC 50%", "Trimmed half"."""
    found = _SHARE.search(words)
    return found[0] if found is not None else ""
