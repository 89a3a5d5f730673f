"""Definitions: what each performance figure means, said once for every place that shows it."""

from __future__ import annotations

from typing import NamedTuple

from domain.quant.figures import Definition, Unit

_SESSIONS, _TRADES = "sessions", "closed trades"
_BOTH = "sessions with a price of the benchmark"

_RETURNS = (
    Definition(
        "total_return", Unit.RATIO, _SESSIONS, 1,
        "Time-weighted return of the window, the same whatever was at stake",
        "NAV index at the end / at the start - 1",
        "Global Investment Performance Standards (2020)",
    ),
    Definition(
        "nav", Unit.INDEX, _SESSIONS, 1,
        "NAV index at the end of the window; it was 1 when the record began",
        "product of (1 + daily return), never below 0",
        "Global Investment Performance Standards (2020)",
    ),
    Definition(
        "annualised_return", Unit.RATIO, _SESSIONS, 21,
        "The yearly return that compounds to the total return; none of less than a month",
        "(1 + total return)^(sessions a year / n) - 1",
        "compound annual growth rate", yearly=True,
    ),
    Definition(
        "volatility", Unit.RATIO, _SESSIONS, 2,
        "Standard deviation of daily returns, for a year",
        "stdev(r) * sqrt(sessions a year)",
        "square-root-of-time rule", ddof=1, yearly=True,
    ),
    Definition(
        "downside_deviation", Unit.RATIO, _SESSIONS, 2,
        "Root of the mean square of what daily returns were below the risk-free rate, for a year",
        "sqrt(mean(min(r - rf, 0)^2)) * sqrt(sessions a year)",
        "Sortino and Price (1994)", ddof=0, yearly=True, over_risk_free=True,
    ),
    Definition(
        "skewness", Unit.NUMBER, _SESSIONS, 3,
        "How lopsided daily returns are; below 0 the losses are the larger ones",
        "mean(z^3), z = (r - mean) / stdev with ddof 0",
        "third standardised moment", ddof=0, over_risk_free=True,
    ),
    Definition(
        "kurtosis", Unit.NUMBER, _SESSIONS, 3,
        "How heavy the tails of daily returns are; a normal distribution has 3",
        "mean(z^4), z = (r - mean) / stdev with ddof 0",
        "fourth standardised moment", ddof=0, over_risk_free=True,
    ),
)  # fmt: skip

_RATIOS = (
    Definition(
        "sharpe", Unit.NUMBER, _SESSIONS, 2,
        "Mean daily return over the risk-free rate by its standard deviation, for a year; the "
        "interval is of the stationary bootstrap",
        "mean(r - rf) / stdev(r - rf) * sqrt(sessions a year)",
        "Sharpe (1994)", ddof=1, yearly=True, over_risk_free=True,
    ),
    Definition(
        "sortino", Unit.NUMBER, _SESSIONS, 2,
        "Mean daily return over the risk-free rate by the downside deviation, for a year",
        "mean(r - rf) * sessions a year / downside deviation",
        "Sortino and Price (1994)", ddof=0, yearly=True, over_risk_free=True,
    ),
    Definition(
        "calmar", Unit.NUMBER, _SESSIONS, 21,
        "Annualised return by the depth of the deepest drawdown of the window",
        "annualised return / |max drawdown|",
        "Young, Futures (1991), over the window rather than 36 months", yearly=True,
    ),
    Definition(
        "omega", Unit.NUMBER, _SESSIONS, 2,
        "What daily returns were above the risk-free rate by what they were below it",
        "sum(max(r - rf, 0)) / sum(max(rf - r, 0))",
        "Keating and Shadwick (2002)", over_risk_free=True,
    ),
    Definition(
        "tail_ratio", Unit.NUMBER, _SESSIONS, 20,
        "The 95th percentile of daily returns by the 5th, without signs",
        "|P95(r)| / |P5(r)|, interpolated percentiles",
        "empyrical",
    ),
    Definition(
        "stability", Unit.NUMBER, _SESSIONS, 3,
        "How straight the index grew: 1 is a straight line of its logarithm",
        "R^2 of log(NAV index) against the number of the session",
        "empyrical",
    ),
)  # fmt: skip

_LOSSES = (
    Definition(
        "max_drawdown", Unit.RATIO, _SESSIONS, 1,
        "The deepest fall of the NAV index; its period is from the peak to the trough",
        "min(NAV index / highest NAV index so far - 1)",
        "Magdon-Ismail and Atiya (2004)",
    ),
    Definition(
        "drawdown_recovery", Unit.SESSIONS, _SESSIONS, 1,
        "Sessions from the trough of the deepest drawdown until its peak was reached again; its "
        "period is these days",
        "first session with NAV index >= its peak, less the trough's",
        "Magdon-Ismail and Atiya (2004)",
    ),
    Definition(
        "value_at_risk", Unit.RATIO, _SESSIONS, 20,
        "The daily return that 19 of 20 days were above (historical, 95 %)",
        "P5(r), interpolated (Hyndman and Fan type 7)",
        "Jorion, Value at Risk (2006)",
    ),
    Definition(
        "conditional_value_at_risk", Unit.RATIO, _SESSIONS, 20,
        "Mean of the daily returns at or below the value at risk",
        "mean(r where r <= P5(r))",
        "Rockafellar and Uryasev (2000)",
    ),
)  # fmt: skip

_TESTS = (
    Definition(
        "psr", Unit.PROBABILITY, _SESSIONS, 3,
        "Probabilistic Sharpe ratio: how likely the true Sharpe ratio is above 0, given length "
        "and shape of the record",
        "Phi(SR * sqrt(n - 1) / sqrt(1 - skewness * SR + (kurtosis - 1) / 4 * SR^2)), SR per day",
        "Bailey and Lopez de Prado (2012)", ddof=1, over_risk_free=True,
    ),
    Definition(
        "minimum_track_record", Unit.SESSIONS, _SESSIONS, 3,
        "Sessions that the record needs for its PSR to reach 0.95",
        "1 + (1 - skewness * SR + (kurtosis - 1) / 4 * SR^2) * (z95 / SR)^2, SR per day",
        "Bailey and Lopez de Prado (2012)", ddof=1, over_risk_free=True,
    ),
    Definition(
        "dsr", Unit.PROBABILITY, _SESSIONS, 3,
        "Deflated Sharpe ratio: the PSR against the best Sharpe ratio that as many traders "
        "without skill as are on record would show by chance",
        "PSR against sqrt(1 / (n - 1)) * ((1 - g) * z(1 - 1/N) + g * z(1 - 1/(N e))), "
        "g = 0.5772, N = traders with a trade",
        "Bailey and Lopez de Prado (2014)", ddof=1, over_risk_free=True,
    ),
)  # fmt: skip

_EXPOSURE = (
    Definition(
        "exposure", Unit.SHARE, _SESSIONS, 1,
        "Share of the sessions on which a scored trade was open",
        "sessions with something open / sessions",
        "time in the market",
    ),
    Definition(
        "exposure_adjusted_return", Unit.RATIO, _SESSIONS, 21,
        "Annualised return by the share of sessions on which something was open",
        "annualised return / exposure",
        "risk-adjusted return of back-testing programs", yearly=True,
    ),
    Definition(
        "xirr", Unit.RATIO, "days with a flow", 2,
        "Money-weighted return: the yearly rate at which what trades tied up, what came back and "
        "what is open at its last mark are together worth nothing; flows of a day count as one",
        "sum(flow / (1 + rate)^(days since the first / 365)) = 0",
        "XIRR of spreadsheets",
    ),
)  # fmt: skip

_BENCHMARK = (
    Definition(
        "beta", Unit.NUMBER, _BOTH, 20,
        "How far daily returns move with the benchmark's",
        "cov(r - rf, b - rf) / var(b - rf)",
        "Sharpe (1964)", ddof=1, over_risk_free=True,
    ),
    Definition(
        "alpha", Unit.RATIO, _BOTH, 20,
        "What was earned beyond beta times the benchmark, for a year",
        "(1 + mean((r - rf) - beta * (b - rf)))^(sessions a year) - 1",
        "Jensen (1968)", yearly=True, over_risk_free=True,
    ),
    Definition(
        "information_ratio", Unit.NUMBER, _BOTH, 20,
        "Mean daily return over the benchmark's by its standard deviation, for a year",
        "mean(r - b) / stdev(r - b) * sqrt(sessions a year)",
        "Goodwin (1998)", ddof=1, yearly=True,
    ),
    Definition(
        "up_capture", Unit.NUMBER, _BOTH, 20,
        "Annualised return over the benchmark's, on the days on which it rose",
        "annualised r / annualised b, days with b > 0",
        "Morningstar", yearly=True,
    ),
    Definition(
        "down_capture", Unit.NUMBER, _BOTH, 20,
        "Annualised return over the benchmark's, on the days on which it fell",
        "annualised r / annualised b, days with b < 0",
        "Morningstar", yearly=True,
    ),
)  # fmt: skip

_TRADE_BY_TRADE = (
    Definition(
        "accuracy", Unit.SHARE, _TRADES, 1,
        "Share of closed scored trades with P&L above zero; the interval is Wilson's",
        "wins / closed trades",
        "Wilson (1927)",
    ),
    Definition(
        "expectancy", Unit.USD, _TRADES, 1,
        "Mean P&L of a closed trade, by the quantities posted; the interval is of the stationary "
        "bootstrap",
        "mean(P&L)",
        "Tharp, Trade Your Way to Financial Freedom (1998)",
    ),
    Definition(
        "mean_trade_return", Unit.RATIO, _TRADES, 1,
        "Mean return of a closed trade over what it tied up; the interval is of the stationary "
        "bootstrap",
        "mean(P&L / tied up)",
        "equal-weighted mean",
    ),
    Definition(
        "profit_factor", Unit.NUMBER, _TRADES, 1,
        "What winning trades made by what losing ones lost",
        "sum(P&L > 0) / |sum(P&L < 0)|",
        "Vince, Portfolio Management Formulas (1990)",
    ),
    Definition(
        "payoff", Unit.NUMBER, _TRADES, 1,
        "Average win by average loss",
        "mean(P&L > 0) / |mean(P&L < 0)|",
        "Vince, Portfolio Management Formulas (1990)",
    ),
    Definition(
        "average_win", Unit.USD, _TRADES, 1, "Mean P&L of the trades that were won",
        "mean(P&L > 0)", "arithmetic mean",
    ),
    Definition(
        "average_loss", Unit.USD, _TRADES, 1, "Mean P&L of the trades that were lost",
        "mean(P&L < 0)", "arithmetic mean",
    ),
    Definition(
        "longest_win_streak", Unit.TRADES, _TRADES, 1,
        "Most trades won in a row, in the order in which they closed",
        "longest run of P&L > 0", "run length",
    ),
    Definition(
        "longest_loss_streak", Unit.TRADES, _TRADES, 1,
        "Most trades lost in a row, in the order in which they closed",
        "longest run of P&L < 0", "run length",
    ),
    Definition(
        "current_streak", Unit.TRADES, _TRADES, 1,
        "Trades won in a row by now, below 0 if they were lost",
        "last run of P&L > 0 (+) or P&L < 0 (-)", "run length",
    ),
    Definition(
        "mean_holding", Unit.HOURS, _TRADES, 1,
        "Mean time from the first entry to the last exit, nights and weekends included",
        "mean(closed - opened)", "arithmetic mean",
    ),
    Definition(
        "median_holding", Unit.HOURS, _TRADES, 1,
        "Time from the first entry to the last exit that half of the trades were closed within",
        "median(closed - opened)", "median",
    ),
    Definition(
        "mae", Unit.RATIO, _TRADES, 1,
        "Mean adverse excursion: how far trades were down at worst, over what they tied up, at "
        "the executions and marks on record",
        "mean(min(0, lowest P&L / tied up))",
        "Sweeney, Campaign Trading (1996)",
    ),
    Definition(
        "mfe", Unit.RATIO, _TRADES, 1,
        "Mean favourable excursion: how far trades were up at best, over what they tied up, at "
        "the executions and marks on record",
        "mean(max(0, highest P&L / tied up))",
        "Sweeney, Campaign Trading (1996)",
    ),
    Definition(
        "mean_r", Unit.R, "closed trades posted with a stop", 1,
        "Mean R multiple: P&L by what was risked from the entry to the stop it was posted with",
        "mean(P&L / (|entry - stop| * quantity * multiplier))",
        "Tharp, Trade Your Way to Financial Freedom (1998)",
    ),
)  # fmt: skip

DEFINITIONS: dict[str, Definition] = {
    definition.name: definition
    for part in (
        _RETURNS, _RATIOS, _LOSSES, _TESTS, _EXPOSURE, _BENCHMARK, _TRADE_BY_TRADE,
    )
    for definition in part
}  # fmt: skip
"""Every performance figure, in the order in which they are shown."""


class Difference(NamedTuple):
    """Where empyrical means something else by a name, and why we do not follow."""

    of: str
    theirs: str
    ours: str


DIFFERENCES = (
    Difference(
        "missing returns (NaN)",
        "are left out of means, and count as 0 where returns are chained",
        "are refused: a session without a trade has the return 0, and is in the record",
    ),
    Difference(
        "infinity and NaN",
        "`inf` for a Sharpe ratio without variation or a Sortino ratio without losses, `nan` for "
        "too few returns",
        "no number but a status: `no variation`, `no losses`, `no drawdown`, `too few`",
    ),
    Difference(
        "annual_return, calmar_ratio",
        "brings any number of returns to a year, even one",
        "the same formula, but no figure is shown below 21 sessions",
    ),
    Difference(
        "omega_ratio",
        "takes the required return for a year, and gives NaN at -1 or below",
        "the same after it is brought to a session; a rate of -1 or below is refused",
    ),
    Difference(
        "excess_sharpe",
        "is per period",
        "`information_ratio` is the same figure times sqrt(sessions a year)",
    ),
    Difference(
        "aggregate_returns by week",
        "groups by calendar year and ISO week, so that a week over New Year falls into two",
        "groups by ISO year and week",
    ),
    Difference(
        "a return below -100 %",
        "makes the chained index negative, and later losses turn it positive again",
        "leaves the index at 0: what is lost altogether stays lost",
    ),
    Difference(
        "value_at_risk, conditional_value_at_risk",
        "the latter is the mean of the worst int(5 % of n - 1) + 1 returns, down to one",
        "the mean of all returns at or below the value at risk; none below 20 sessions",
    ),
    Difference(
        "roll_* functions",
        "are functions of their own",
        "the same figure over slices of the returns; the cases are held to that",
    ),
)  # fmt: skip

NOT_KEPT = {
    "beta_fragility_heuristic": "three points of a sorted sample decide it, and upstream's own "
    "expected values no longer hold for half of its cases",
    "gpd_risk_estimates_aligned": "a fit of a generalised Pareto tail needs more days than "
    "records have; the historical value at risk is shown with its n instead",
}
"""Figures of empyrical that we do not make, and why."""
