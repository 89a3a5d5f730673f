"""Checks: what an order that opens something has to pass before it goes to the broker.

They are made in one order and stop at the first that fails; each leaves its name and what it saw
in `order.cleared` or `order.denied`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from application.books import Book
from application.hours import Exchange, why_closed
from domain.fix import Side
from domain.instruments import Instrument, instrument
from domain.legs import Leg, capital_at_risk, multiplier_of
from domain.limits import Limits
from domain.market import exchange_day
from domain.order_events import Check
from domain.signal_events import SignalApproved
from domain.signals import Signal

PATTERN_EQUITY = Decimal(25_000)
PATTERN_TRADES = 3
"""An account below 25,000 USD may make three day trades in five sessions (FINRA rule 4210
(f)(8)(B)); a fourth would mark it as a pattern day trader."""

PATTERN_SESSIONS = 5


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An order that opens something, and what it is judged by.

    `quote` is the far side of the market per share, `limit` the worst price we would pay, both
    None without a usable quote, and `no_quote` says why. `quantity` is None where the size is
    ours to find. `signal` and `approved` are those of the trade, if it comes of one; `blocked`
    is why risk lets nothing more of this be opened.
    """

    side: Side
    legs: tuple[Leg, ...]
    quantity: Decimal | None
    at: datetime
    account: str
    book: Book | None
    limits: Limits
    quote: Decimal | None = None
    limit: Decimal | None = None
    no_quote: str = ""
    signal: Signal | None = None
    approved: SignalApproved | None = None
    sector: str = ""
    blocked: str = ""
    day_trades: int | None = None

    @property
    def traded(self) -> Instrument:
        return instrument(self.legs[0].symbol)

    @property
    def unit(self) -> Decimal:
        """What one unit at the worst price puts at risk, in USD."""
        if self.limit is None:
            return Decimal(0)
        at_risk = capital_at_risk(self.side, self.legs, self.limit)
        return at_risk * multiplier_of(self.legs)

    @property
    def size(self) -> Decimal:
        """How many units to order: what was asked for, or what a trade's share of the equity
        carries at the quote; 50,000 at 5.50 gives 9 contracts.
        """
        if self.quantity is not None:
            return self.quantity
        if self.book is None or self.quote is None:
            return Decimal(0)
        at_risk = capital_at_risk(self.side, self.legs, self.quote)
        return self.book.size(at_risk, multiplier_of(self.legs), self.limits.trade_share)


def checked(entry: Entry, exchange: Exchange) -> tuple[Check, ...]:
    """The checks made, in their order, up to the first that failed."""
    made = []
    for name, look in _CHECKS:
        failed, seen = look(entry, exchange)
        made.append(Check(name=name, passed=not failed, detail=failed or seen))
        if failed:
            break
    return tuple(made)


Seen = tuple[str, str]
"""Why the check failed, or nothing; and what it saw."""


def _account(entry: Entry, _: Exchange) -> Seen:
    if entry.book is None:
        return f"there is no account {entry.account}", ""
    return "", f"{entry.account}, equity {entry.book.equity:.2f}"


def _pending(entry: Entry, _: Exchange) -> Seen:
    signal = entry.signal
    if signal is None:
        return "", "ordered by hand"
    if signal.closed or signal.voided:
        return "the trade was over before it was approved", ""
    if signal.valid_until is not None and entry.at > signal.valid_until:
        return f"the signal was valid until {signal.valid_until:%Y-%m-%d %H:%M} UTC", ""
    return "", "the trade is open"


def _open(entry: Entry, exchange: Exchange) -> Seen:
    if not entry.limits.regular_hours:
        return "", "at any hour, as the limits say"
    return why_closed(exchange, entry.traded, entry.at), "in trading hours"


def _quoted(entry: Entry, _: Exchange) -> Seen:
    if entry.quote is None:
        why = entry.no_quote or "no quote to size and price the order by"
        return why, ""
    return "", f"{'offer' if entry.side is Side.BUY else 'bid'} {entry.quote}"


def _drift(entry: Entry, _: Exchange) -> Seen:
    signal, approved = entry.signal, entry.approved
    if signal is None or entry.quote is None:
        return "", "the price was given by hand"
    if approved is None:
        return "", f"{entry.quote}, counted from whoever says yes"
    sign = entry.side.sign
    if approved.accepted_px is not None:
        if (entry.quote - approved.accepted_px) * sign > 0:
            accepted = approved.accepted_px
            return f"the market is at {entry.quote}: worse than the accepted {accepted}", ""
        return "", f"{entry.quote}, accepted up to {approved.accepted_px}"
    whose = "signal's" if approved.market_px is None else "approved"
    base = signal.entry_prices[1] if approved.market_px is None else approved.market_px
    drift = entry.limits.drift
    if (entry.quote - base) * sign > abs(base) * drift:
        return f"the market moved over {drift:.0%} from the {whose} {base}", ""
    return "", f"{entry.quote}, {whose} {base}"


def _sized(entry: Entry, _: Exchange) -> Seen:
    share, size = entry.limits.trade_share, entry.size
    if size <= 0:
        return f"one unit puts more than {share:.0%} of the book's equity at risk", ""
    if entry.quantity is not None and entry.book is not None:
        most = entry.book.equity * share
        if size * entry.unit > most:
            risked = size * entry.unit
            return f"it puts {risked:.2f} at risk, over {share:.0%} of the equity: {most:.2f}", ""
    return "", f"{size.normalize():f} at {entry.unit:.2f} each"


def _affordable(entry: Entry, _: Exchange) -> Seen:
    if entry.book is None:
        return "", ""
    needs, has = entry.size * entry.unit, entry.book.buying_power
    if needs > has:
        return f"it takes {needs:.2f} and the account has {has:.2f} of buying power", ""
    return "", f"takes {needs:.2f} of {has:.2f}"


def _few(entry: Entry, _: Exchange) -> Seen:
    if entry.book is None:
        return "", ""
    held, most = entry.book.positions, entry.limits.open_positions
    if held >= most:
        return f"the account holds {held} positions, and {most} are allowed", ""
    done, daily = entry.book.trades_on(exchange_day(entry.at)), entry.limits.daily_trades
    if done >= daily:
        return f"{done} trades were opened today, and {daily} are allowed", ""
    return "", f"{held} of {most} positions, {done} of {daily} trades today"


def _allowed(entry: Entry, _: Exchange) -> Seen:
    limits = entry.limits
    for leg in entry.legs:
        underlying = instrument(leg.symbol).underlying
        if underlying in limits.blocked_symbols:
            return f"{underlying} is blocked for this account", ""
    if entry.sector and entry.sector in limits.blocked_sectors:
        return f"the sector {entry.sector} is blocked for this account", ""
    if entry.side is Side.SELL and not limits.short_allowed:
        return "this account opens nothing short", ""
    return entry.blocked, "neither symbol nor sector is blocked"


def _no_pattern(entry: Entry, exchange: Exchange) -> Seen:
    book, least = entry.book, entry.limits.pattern_equity
    if book is None or least is None or book.equity >= least:
        return "", "the rule does not apply"
    count = entry.day_trades
    if count is None:
        count = book.day_trades_since(_fifth_session(exchange, entry.at))
    if count >= PATTERN_TRADES:
        return (
            f"{count} day trades in {PATTERN_SESSIONS} sessions with an equity of "
            f"{book.equity:.2f}: one more would make a pattern day trader below {least}"
        ), ""
    return "", f"{count} day trades in {PATTERN_SESSIONS} sessions"


def _fifth_session(exchange: Exchange, at: datetime) -> date:
    today = exchange_day(at)
    sessions = exchange.sessions(today - timedelta(days=14), today)
    return sessions[-PATTERN_SESSIONS:][0].date if sessions else today


_CHECKS: tuple[tuple[str, Callable[[Entry, Exchange], Seen]], ...] = (
    ("account", _account),
    ("signal", _pending),
    ("hours", _open),
    ("quote", _quoted),
    ("drift", _drift),
    ("size", _sized),
    ("buying power", _affordable),
    ("positions", _few),
    ("blocks", _allowed),
    ("pattern day trading", _no_pattern),
)
