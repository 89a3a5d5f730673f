"""Performance: every figure of a record in a window, from its days, its trades and a market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from domain.quant import benchmark, ratios, trade_figures
from domain.quant.bootstrap import mean_intervals, sharpe_interval
from domain.quant.cash_flows import xirr
from domain.quant.definitions import DEFINITIONS
from domain.quant.drawdown import Drawdown, deepest
from domain.quant.figures import Figure, Outcome, Status, Terms, published
from domain.quant.returns import annualised, per_period, volatility
from domain.quant.series import Floats, mean
from domain.quant.sharpe_tests import (
    Shape,
    deflated,
    minimum_track_record,
    probabilistic,
    shape,
)


class Sessions(NamedTuple):
    """The days of the window: returns (n,), the NAV index before and after each (n + 1,), and
    whether something was open (n,), 1 or 0."""

    days: Sequence[date]
    returns: Floats
    nav: Floats
    active: Floats


class Trades(NamedTuple):
    """The closed trades in the order in which they closed (n,): P&L in USD, its ratio to what
    was tied up, hours held, lowest and highest ratio on the way, and USD risked to the stop, 0
    where none was stated. `wilson` is the interval of the share that was won."""

    pnl: Floats
    ratio: Floats
    hours: Floats
    lowest: Floats
    highest: Floats
    risked: Floats
    wilson: tuple[float, float] | None


class Market(NamedTuple):
    """Returns of the record and of the benchmark on the sessions that both have (m,)."""

    ours: Floats
    theirs: Floats


class Flows(NamedTuple):
    """What was paid in (negative) and what came back, with the number of the day (k,)."""

    days: Floats
    amounts: Floats


class Record(NamedTuple):
    """What figures are made from; `trials` is the number of traders it was one of."""

    terms: Terms
    sessions: Sessions
    trades: Trades
    flows: Flows
    market: Market
    trials: int


def performance(record: Record) -> list[Figure]:
    """All figures, in the order of their definitions."""
    found: dict[str, Figure] = {}

    def add(
        name: str, outcome: Outcome, n: int, interval: tuple[float, float] | None = None
    ) -> None:
        found[name] = _made(record.terms, name, outcome, n, interval=interval)

    _returns(record, add)
    _ratios(record, add)
    _tests(record, add)
    _market(record, add)
    _trades(record.trades, add)
    days = int(np.unique(record.flows.days).size)
    add("xirr", xirr(record.flows.days, record.flows.amounts), days)
    for figure in _drawdown(record):
        found[figure.name] = figure
    return [found[name] for name in DEFINITIONS]


Add = Callable[..., None]


def _made(
    terms: Terms,
    name: str,
    outcome: Outcome,
    n: int,
    *,
    interval: tuple[float, float] | None = None,
    period: tuple[date, date] | None = None,
) -> Figure:
    definition = DEFINITIONS[name]
    if n < definition.least and not isinstance(outcome, Status):
        outcome = Status.TOO_FEW
    return published(definition, terms, outcome, n, interval=interval, period=period)


def _total(sessions: Sessions) -> Outcome:
    """The return of the window; an index that was at nothing keeps losing all."""
    if not sessions.days:
        return Status.TOO_FEW
    start, end = float(sessions.nav[0]), float(sessions.nav[-1])
    return end / start - 1.0 if start > 0.0 else -1.0


def _annual(record: Record) -> Outcome:
    total, n = _total(record.sessions), len(record.sessions.days)
    return total if isinstance(total, Status) else annualised(total, n, record.terms.per_year)


def _returns(record: Record, add: Add) -> None:
    terms, sessions = record.terms, record.sessions
    n, year = len(sessions.days), terms.per_year
    annual = _annual(record)
    add("total_return", _total(sessions), n)
    add("nav", float(sessions.nav[-1]), n)
    add("annualised_return", annual, n)
    add("volatility", volatility(sessions.returns, year), n)
    free = per_period(terms.risk_free, year)
    add("downside_deviation", ratios.downside_deviation(sessions.returns, year, free), n)
    exposure = mean(sessions.active) if n else Status.TOO_FEW
    add("exposure", exposure, n)
    if isinstance(annual, Status) or isinstance(exposure, Status):
        add("exposure_adjusted_return", Status.TOO_FEW, n)
    else:
        idle = exposure == 0.0
        add("exposure_adjusted_return", Status.NO_VARIATION if idle else annual / exposure, n)


def _ratios(record: Record, add: Add) -> None:
    terms, r = record.terms, record.sessions.returns
    n, year = r.size, terms.per_year
    free = per_period(terms.risk_free, year)
    add("sharpe", ratios.sharpe(r, year, free), n, interval=sharpe_interval(r - free, year))
    add("sortino", ratios.sortino(r, year, free), n)
    add("omega", ratios.omega(r, free), n)
    add("tail_ratio", ratios.tail_ratio(r), n)
    add("stability", ratios.stability(r), n)
    add("value_at_risk", ratios.value_at_risk(r), n)
    add("conditional_value_at_risk", ratios.conditional_value_at_risk(r), n)


def _drawdown(record: Record) -> list[Figure]:
    """The deepest drawdown and what followed it, each with its own days."""
    terms, sessions = record.terms, record.sessions
    n = len(sessions.days)
    ruined = n > 0 and sessions.nav[0] <= 0.0
    fall = Status.RUINED if ruined else deepest(sessions.nav)
    if not isinstance(fall, Drawdown):
        names = ("max_drawdown", "drawdown_recovery", "calmar")
        return [_made(terms, name, fall, n) for name in names]

    def day(place: int) -> date:
        return sessions.days[max(place - 1, 0)]

    is_fall = fall.depth < 0.0
    between = (day(fall.peak), day(fall.trough)) if is_fall else None
    back: Outcome = Status.NO_DRAWDOWN
    after = None
    if is_fall and fall.recovered is None:
        back, after = Status.NOT_RECOVERED, (day(fall.trough), sessions.days[-1])
    elif is_fall and fall.recovered is not None:
        back = float(fall.recovered - fall.trough)
        after = (day(fall.trough), day(fall.recovered))
    annual = _made(terms, "annualised_return", _annual(record), n)
    made = _annual(record) if annual.status is Status.OK else annual.status
    return [
        _made(terms, "max_drawdown", fall.depth, n, period=between),
        _made(terms, "drawdown_recovery", back, n, period=after),
        _made(terms, "calmar", ratios.calmar(made, fall.depth), n),
    ]


def _tests(record: Record, add: Add) -> None:
    free = per_period(record.terms.risk_free, record.terms.per_year)
    found, n = shape(record.sessions.returns, free), record.sessions.returns.size
    tests: dict[str, Callable[[Shape], Outcome]] = {
        "skewness": lambda seen: seen.skewness,
        "kurtosis": lambda seen: seen.kurtosis,
        "psr": probabilistic,
        "minimum_track_record": minimum_track_record,
        "dsr": lambda seen: deflated(seen, max(record.trials, 1)),
    }
    for name, test in tests.items():
        add(name, found if isinstance(found, Status) else test(found), n)


def _market(record: Record, add: Add) -> None:
    (ours, theirs), year = record.market, record.terms.per_year
    n = ours.size
    names = ("beta", "alpha", "information_ratio", "up_capture", "down_capture")
    if n < DEFINITIONS["beta"].least:
        for name in names:
            add(name, Status.NO_BENCHMARK, n)
        return
    line = benchmark.fit(ours, theirs, year, per_period(record.terms.risk_free, year))
    add("beta", line if isinstance(line, Status) else line.beta, n)
    add("alpha", line if isinstance(line, Status) else line.alpha, n)
    add("information_ratio", benchmark.information_ratio(ours, theirs, year), n)
    add("up_capture", benchmark.up_capture(ours, theirs, year), n)
    add("down_capture", benchmark.down_capture(ours, theirs, year), n)


def _trades(trades: Trades, add: Add) -> None:
    pnl, n = trades.pnl, trades.pnl.size
    won = float(np.count_nonzero(pnl > 0))
    add("accuracy", won / n if n else Status.TOO_FEW, n, interval=trades.wilson)
    of_pnl, of_ratio = mean_intervals(np.array((pnl, trades.ratio)))
    add("expectancy", trade_figures.average(pnl), n, interval=of_pnl)
    add("mean_trade_return", trade_figures.average(trades.ratio), n, interval=of_ratio)
    add("profit_factor", trade_figures.profit_factor(pnl), n)
    add("payoff", trade_figures.payoff(pnl) if n else Status.TOO_FEW, n)
    add("average_win", trade_figures.average_win(pnl) if n else Status.TOO_FEW, n)
    add("average_loss", trade_figures.average_loss(pnl) if n else Status.TOO_FEW, n)
    runs = trade_figures.streaks(pnl)
    add("longest_win_streak", float(runs.won), n)
    add("longest_loss_streak", float(runs.lost), n)
    add("current_streak", float(runs.current), n)
    add("mean_holding", trade_figures.average(trades.hours), n)
    add("median_holding", trade_figures.median(trades.hours), n)
    add("mae", trade_figures.excursion(np.minimum(trades.lowest, 0.0)), n)
    add("mfe", trade_figures.excursion(np.maximum(trades.highest, 0.0)), n)
    multiples = trade_figures.multiples(pnl, trades.risked)
    if n and multiples.size == 0:
        add("mean_r", Status.NO_STOPS, 0)
    else:
        add("mean_r", trade_figures.average(multiples), multiples.size)
