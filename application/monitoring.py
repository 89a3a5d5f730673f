"""The position monitor: every few seconds all that is held is marked, guarded and told.

One request for all quotes, one look at all holdings as arrays, and only for those with an exit
that may be due the plan itself, which decides by the exact quote. Nothing is decided by a quote
that is missing, stale, crossed or without a bid; a holding that cannot be looked at for long, and
other concerns, are recorded once a day, in words.

The best price that a trailing stop follows is kept here and recorded whenever it moved by
`trail_step` of the trailing distance: after a crash the stop stands at most so much lower than it
had come, until the price is as good again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from application.brokerage import ChainQuote
from application.concerns import WHY_IN_WORDS, concerns, count_blind
from application.desk import Command, Desk, Work, derived_id
from application.guarded import Guarded, OpenPositions
from application.limiting import limits_of
from application.ports import Appended, MarketPrices, QuoteRequest, Unavailable
from application.position_reports import Looked, Marked, Terms, Told, Warned
from application.risk_prices import OptionChains
from application.selling import look, seen, take_back
from application.watchlist import Watched, WatchList
from domain.exit_changes import Concern
from domain.exits import ExitPlan
from domain.fix import OrdStatus
from domain.limits import limits_stream
from domain.market import Quote, exchange_day
from domain.orders import Order, order_stream
from domain.quant.watching import (
    Floats,
    Holdings,
    Quotes,
    Survey,
    greeks_held,
    greeks_per_share,
    moved,
    places,
    survey,
    to_record,
)
from domain.valuation import valued

NAME = "monitor"
RATE = 0.04
"""The risk-free rate of our own model, per year."""


class PositionMonitor:
    """Looks at everything that is held, again and again."""

    def __init__(
        self,
        desk: Desk,
        positions: OpenPositions,
        market: MarketPrices,
        told: Told,
        *,
        chains: OptionChains | None = None,
        terms: Terms | None = None,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._desk = desk
        self._positions = positions
        self._market = market
        self._told = told
        self._chains = chains
        self._terms = terms or Terms()
        self._stopwatch = stopwatch
        self._list = WatchList((), {})
        self._holdings: tuple[WatchList, Mapping[str, int], Holdings] | None = None

    def step(self, at: datetime) -> Looked:
        """Looks once.

        Raises:
            Unavailable: the store did not answer; the next look finds all of it again.
        """
        begun = self._stopwatch()
        rows = self._positions.guarded()
        if rows != self._list.rows:
            self._list = WatchList(rows, self._list.by_plan)
        listed = self._list
        work = Work(self._desk)
        holdings = self._as_arrays(work)
        found = self._quotes(listed.symbols, at)
        quotes = listed.quotes(found, at.timestamp())
        looked = survey(holdings, listed.legs, quotes, listed.best(), at.timestamp())
        by_symbol = {quote.symbol: quote for quote in found if quote is not None}
        self._remember_best(looked, by_symbol, at)
        acted = self._act(work, holdings, looked, by_symbol, at)
        greeks = self._greeks(holdings, quotes, at)
        marks = self._marks(looked, greeks, by_symbol, at)
        count_blind(listed, looked)
        warnings = self._warn(holdings, looked, greeks, at)
        if marks:
            self._told.moved(marks)
        if warnings:
            self._told.warned(warnings)
        ms = (self._stopwatch() - begun) * 1000
        counts = _counts(looked)
        return Looked(len(rows), acted, len(marks), len(warnings), counts, ms)

    def _as_arrays(self, work: Work) -> Holdings:
        """The holdings, made anew only when they or the limits of an account are others."""
        listed = self._list
        accounts = sorted({row.account for row in listed.rows})
        work.prefetch(limits_stream(account) for account in accounts)
        ages = {account: limits_of(work, account).quote_age_s for account in accounts}
        if self._holdings is None or self._holdings[:2] != (listed, ages):
            self._holdings = (listed, ages, listed.holdings(ages))
        return self._holdings[2]

    def _quotes(self, symbols: Sequence[str], at: datetime) -> Sequence[Quote | None]:
        try:
            return self._market.quotes_at([QuoteRequest(symbol, at) for symbol in symbols])
        except Unavailable:
            return [None] * len(symbols)

    def _remember_best(self, looked: Survey, quotes: Mapping[str, Quote], at: datetime) -> None:
        """Keeps the exact price where a trailing stop has a new best one to follow."""
        listed = self._list
        better = (looked.best == looked.exit_px) & (looked.best != listed.best())
        for place in places(better):
            row = listed.rows[place]
            if row.trailing is None:
                continue
            quote = seen(row.side, row.legs, quotes, at=at, age_s=_ANY_AGE).quote
            if quote is not None:
                listed.states[place].best = quote.exit_px(row.side)

    def _act(
        self,
        work: Work,
        holdings: Holdings,
        looked: Survey,
        quotes: Mapping[str, Quote],
        at: datetime,
    ) -> int:
        """Lets plans decide whose exit may be due; how many recorded something."""
        listed = self._list
        step = float(self._terms.trail_step)
        best = listed.best()
        trailed = set(places(to_record(holdings, best, listed.recorded, step)))
        firing, behind = set(places(looked.may_fire)), set(places(looked.renew))
        chosen = sorted(trailed | firing | behind)
        work.prefetch(listed.rows[place].plan for place in chosen)
        for place in chosen:
            plan = work.find(ExitPlan, listed.rows[place].plan)
            if plan is None or plan.held <= 0:
                continue
            if place in behind:
                _renew(work, plan, looked.exit_px[place], at)
            state = listed.states[place]
            if place in firing:
                look(work, plan, quotes, best=state.best, at=at)
            if place in trailed and plan.due is None:
                _record_best(plan, state, listed.rows[place], quotes, at)
            work.save(
                Command.given(
                    derived_id(NAME, str(plan.id), at.isoformat()),
                    actor=f"timer:{NAME}",
                    at=at,
                    correlation=plan.trade,
                )
            )
        return sum(isinstance(result, Appended) for result in work.commit())

    def _greeks(self, holdings: Holdings, quotes: Quotes, at: datetime) -> Floats:
        listed = self._list
        chain: Mapping[str, ChainQuote] = {}
        if self._chains is not None:
            try:
                chain = self._chains.contracts(listed.symbols, at)
            except Unavailable:
                chain = {}
        per_share = greeks_per_share(
            listed.instruments, quotes, listed.listed(chain), rate=RATE, now_s=at.timestamp()
        )
        return greeks_held(holdings, listed.legs, per_share)

    def _marks(
        self, looked: Survey, greeks: Floats, quotes: Mapping[str, Quote], at: datetime
    ) -> list[Marked]:
        """Those whose P&L moved far enough, worked out exactly."""
        listed, terms = self._list, self._terms
        share, floor = float(terms.publish_share), float(terms.publish_floor)
        marks = []
        for place in places(moved(looked.pnl, listed.told(), listed.costs, share, floor)):
            row = listed.rows[place]
            quote = seen(row.side, row.legs, quotes, at=at, age_s=_ANY_AGE).quote
            if quote is None:
                continue
            listed.states[place].told = float(looked.pnl[place])
            delta, gamma, theta, vega = (_figure(each[place]) for each in greeks)
            marks.append(
                Marked(
                    plan=row.plan,
                    account=row.account,
                    trade=row.trade,
                    held=row.held,
                    valued=valued(
                        row.side,
                        row.legs,
                        held=row.held,
                        avg_px=row.avg_px,
                        commission=row.commission,
                        mark=quote.exit_px(row.side),
                    ),
                    delta=delta,
                    gamma=gamma,
                    theta=theta,
                    vega=vega,
                    quote_time=quote.time,
                    source=quote.source,
                )
            )
        return marks

    def _warn(
        self, holdings: Holdings, looked: Survey, greeks: Floats, at: datetime
    ) -> list[Warned]:
        """Records what somebody should look at, once a day for each holding and concern."""
        listed, today, told = self._list, exchange_day(at), list[Warned]()
        found = concerns(listed, holdings, looked, greeks[2], self._terms, today)
        chosen = list(islice(found, self._terms.warnings_most))
        work = Work(self._desk)
        work.prefetch(listed.rows[place].plan for place, _, _ in chosen)
        for place, concern, words in chosen:
            row = listed.rows[place]
            # The plan knows it by tomorrow, and may not be read again before the next look.
            listed.states[place].warned[concern] = today
            plan = work.find(ExitPlan, row.plan)
            if plan is None or plan.held <= 0:
                continue
            if plan.warn(concern, words, today=today, at=at):
                work.save(
                    Command.given(
                        derived_id(NAME, "warned", str(plan.id), concern, today.isoformat()),
                        actor=f"timer:{NAME}",
                        at=at,
                        correlation=plan.trade,
                    )
                )
                told.append(_warned(row, concern, words, at))
        stored = zip(told, work.commit(), strict=True)
        return [each for each, result in stored if isinstance(result, Appended)]


_ANY_AGE = 10**9
"""For quotes whose age was looked at before."""


def _renew(work: Work, plan: ExitPlan, exit_px: float, at: datetime) -> None:
    """Takes closing orders back that the market has left behind; a new one follows."""
    for name, each in plan.working.items():
        if each.limit_px is None or not each.reason.must_trade:
            continue
        order = work.find(Order, order_stream(name))
        rests = order is not None and order.status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)
        if rests and (float(each.limit_px) - exit_px) * plan.side.sign > 0:
            take_back(work, name, f"the market is at {exit_px:.2f}", at)


def _record_best(
    plan: ExitPlan, state: Watched, row: Guarded, quotes: Mapping[str, Quote], at: datetime
) -> None:
    quote = seen(row.side, row.legs, quotes, at=at, age_s=_ANY_AGE).quote
    if quote is None or state.best is None or plan.levels.trailing is None:
        return
    if plan.best is None or (state.best - plan.best) * plan.side.sign > 0:
        plan.trail(state.best, quote, at=at)


def _warned(row: Guarded, concern: Concern, words: str, at: datetime) -> Warned:
    return Warned(
        plan=row.plan, account=row.account, trade=row.trade, concern=concern, words=words, at=at
    )


def _figure(value: float) -> Decimal | None:
    """A Greek to four places; None where it is not known."""
    return None if value != value else Decimal(f"{value:.4f}")


def _counts(looked: Survey) -> dict[str, int]:
    counts = {words: int((looked.why == why).sum()) for why, words in WHY_IN_WORDS.items()}
    return {words: count for words, count in counts.items() if count}
