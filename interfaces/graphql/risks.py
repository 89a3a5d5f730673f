"""Risk: how an account stands to its limits, whether it trades, and how that came about."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry
from psycopg import Connection as Database

from domain.limits import Limits as Terms
from domain.risk_events import LimitKind, Scope, State
from interfaces.compose import DEFAULT_ACCOUNT
from interfaces.graphql.kinds import AsOf, BigInt, Definition, Info, figure, kind, resolved, shown
from interfaces.graphql.pages import (
    FIRST,
    After,
    ByPosition,
    Connection,
    First,
    limit_of,
    page_of,
    place_of,
)
from interfaces.graphql.reading import asking_of
from projections.risk import (
    Risk,
    RiskEventRow,
    RiskLineRow,
    evidence_of,
    limits_of,
    own_limits,
    risk_history,
    risk_of,
)

_MEANING = (
    "Portfolio Greeks are sums of Greek x contracts in contract units, without the multiplier; "
    "share is used / allowed. A line stands as it was when its state last changed: ok below, "
    "warning from the account's part of the limit on, breach above it."
)


@kind
class RiskQuote:
    """A quote that a figure rested on. USD per share."""

    symbol: str
    bid: Decimal
    offer: Decimal
    time: datetime
    source: str


@kind
class RiskLine:
    """A limit that once was near or passed, as it stood when its state changed last."""

    limit: str = figure("Its name in `limits`, or daily_trades, buying_power, drawdown.")
    scope: Scope
    subject: str = figure("The symbol or sector; empty for the whole account.")
    state: State
    signed: Decimal = figure("The figure with its sign.")
    used: Decimal = figure("Its size.")
    allowed: Decimal
    unit: str = figure("Of the figure, its size and what is allowed: USD, contracts, trades...")
    share: Decimal = figure("used / allowed: 1 is the limit.")
    since: datetime
    positions: list[str] = figure("The positions that weighed most.")
    quotes: list[RiskQuote] = figure("The quotes they were valued by.")


@kind
class AccountRisk:
    """Whether an account may open positions, and how it stands to its limits."""

    account: str
    version: int = figure("0 until anybody has looked at its risk.")
    watched: bool = figure("Whether anybody has looked at its risk yet.")
    halted: bool
    cause: str
    reason: str
    by: str
    since: datetime | None
    peak_profit: Decimal | None = figure("USD: the most that it ever had earned.")
    lines: list[RiskLine] = figure("The worst first.")
    definition: Definition


@kind
class RiskEvent:
    """Something that happened to an account's risk: a line's new state, a halt or its end."""

    position: BigInt
    account: str
    event: str = figure("The event's name on the tape.")
    limit: str
    scope: Scope | None
    subject: str
    was: State | None
    state: State | None
    used: Decimal | None
    allowed: Decimal | None
    unit: str = figure("Of used and allowed; empty where there are none.")
    words: str
    by: str
    happened_at: datetime


@kind
class LimitUnit:
    """What the figure of a limit is counted in."""

    name: str = figure("The limit, as `truetape limits` names it.")
    unit: str


@kind
class Limits:
    """What an account may do. Shares are parts of equity (0.10 is 10 %), money is USD, Greeks are
    in contract units; null is no limit.
    """

    account: str
    version: int = figure("0 while it has those that everybody begins with.")
    set_by: str
    set_at: datetime | None
    trade_share: Decimal = figure("The most of the equity that one trade may put at risk.")
    drift: Decimal = figure("How far the market may have moved against us since the approval.")
    daily_trades: int = figure("Trades a day.")
    open_positions: int = figure("Positions.")
    blocked_symbols: list[str]
    blocked_sectors: list[str]
    quote_age_s: int = figure("Seconds: an older quote decides nothing.")
    through_ticks: int = figure("How many ticks a limit goes through the far side of the quote.")
    short_allowed: bool
    regular_hours: bool
    pattern_equity: Decimal | None = figure(
        "USD: below this equity no fourth day trade in five sessions is begun."
    )
    delta: Decimal = figure("Contracts: delta of one share x contracts.")
    gamma: Decimal = figure("Contracts per USD of the underlying.")
    vega: Decimal = figure("Contracts x USD per vol point (0.01) of one share.")
    delta_usd: Decimal | None = figure("USD: delta at the price of the underlying.")
    gamma_usd: Decimal | None = figure("USD of delta per 1 % of the underlying.")
    vega_usd: Decimal | None = figure("USD per vol point (0.01).")
    theta_usd: Decimal | None = figure("USD per calendar day.")
    symbol_share: Decimal = figure("Part of the equity that one underlying may put at risk.")
    sector_share: Decimal = figure("Part of the equity that one sector may put at risk.")
    warn_at: Decimal = figure("Which part of a limit is told as a warning.")
    drawdown_halt: Decimal | None = figure(
        "Part of the highest equity: the loss from it that halts trading."
    )
    units: list[LimitUnit] = figure("What each limit is counted in.")


def _line(row: RiskLineRow) -> RiskLine:
    positions, quotes = evidence_of(row)
    return shown(
        RiskLine,
        row,
        limit=row.kind,
        unit=_unit(row.kind),
        signed=row.figure,
        positions=list(positions),
        quotes=[shown(RiskQuote, quote) for quote in quotes],
    )


def _event(row: RiskEventRow) -> RiskEvent:
    return shown(
        RiskEvent, row, limit=row.kind, unit=_unit(row.kind), position=BigInt(row.position)
    )


def _unit(kind: str) -> str:
    return LimitKind(kind).unit if kind else ""


def _risk(database: Database[Any], account: str, as_of: int | None) -> AccountRisk:
    now = risk_of(database, account, as_of=as_of)
    state = now.state
    rows = sorted(now.lines, key=lambda line: (-line.state.rank, -line.share))
    return AccountRisk(
        account=account,
        version=0 if state is None else state.version,
        watched=state is not None,
        halted=state is not None and state.halted,
        cause="" if state is None else state.cause,
        reason="" if state is None else state.reason,
        by="" if state is None else state.by,
        since=None if state is None else state.since,
        peak_profit=None if state is None else state.peak_profit,
        lines=[_line(row) for row in rows],
        definition=Definition(meaning=_MEANING, n=len(rows), period="at each line's last change"),
    )


def _limits(database: Database[Any], account: str, as_of: int | None) -> Limits:
    own = own_limits(database, account, as_of=as_of)
    terms: Terms = limits_of(database, account, as_of=as_of)
    return shown(
        Limits,
        terms,
        account=account,
        version=0 if own is None else own.version,
        set_by="" if own is None else own.by,
        set_at=None if own is None else own.set_at,
        blocked_symbols=list(terms.blocked_symbols),
        blocked_sectors=list(terms.blocked_sectors),
        units=[
            LimitUnit(name=name, unit=unit)
            for name in Terms.__struct_fields__
            if (unit := Terms.unit_of(name))
        ],
    )


@strawberry.type
class RiskQueries:
    """What can be asked about risk."""

    @resolved("How an account stands to its limits, and whether it may open positions.")
    def risk(self, info: Info, account: str = DEFAULT_ACCOUNT, as_of: AsOf = None) -> AccountRisk:
        database = asking_of(info).reading.of(Risk, as_of=as_of)
        return _risk(database, account, as_of)

    @resolved("Warnings, breaches, halts and their ends, the newest first.")
    def risk_history(
        self,
        info: Info,
        account: str | None = None,
        first: First = FIRST,
        after: After = None,
        as_of: AsOf = None,
    ) -> Connection[RiskEvent]:
        database = asking_of(info).reading.of(Risk, as_of=as_of)
        place = place_of(after, ByPosition)
        rows = risk_history(
            database,
            account=account,
            as_of=as_of,
            after=None if place is None else place.position,
            limit=limit_of(first),
        )
        return page_of(rows, first, lambda row: (row.position,), _event, after)

    @resolved("What an account may do: its own limits, or those that everybody begins with.")
    def limits(self, info: Info, account: str = DEFAULT_ACCOUNT, as_of: AsOf = None) -> Limits:
        database = asking_of(info).reading.of(Risk, as_of=as_of)
        return _limits(database, account, as_of)
