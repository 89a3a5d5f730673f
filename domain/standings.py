"""Standings: the figures by which records are compared, from sums that are kept by day.

The NAV index starts at 1 and grows by each day's return; it never falls below nothing, and
what is lost altogether stays lost. All figures are Decimal with 12 places (`ratio`).
"""

from __future__ import annotations

from decimal import Decimal

from domain.shared import WIDE, ratio

ONE = Decimal(1)
NAV_MAX = Decimal(10) ** 15
"""Beyond this an index says nothing but that somebody mistyped a price."""

Z_95 = Decimal("1.959963984540054")
"""The standard normal deviate that leaves 2.5 % on either side."""


def day_return(nav_fraction: Decimal, contribution: Decimal) -> Decimal:
    """A day's return: each trade is given the same fraction of the day's NAV."""
    return ratio(WIDE.multiply(nav_fraction, contribution))


def grown(nav: Decimal, day_return: Decimal) -> Decimal:
    """The index a day later."""
    after = ratio(WIDE.multiply(nav, ONE + day_return))
    if after <= 0:
        return Decimal(0)
    return min(after, NAV_MAX)


def window_return(nav_before: Decimal, nav_after: Decimal) -> Decimal:
    """Return between two days of the index; an index that was at nothing keeps losing all."""
    if nav_before == 0:
        return -ONE
    return ratio(WIDE.divide(nav_after, nav_before) - ONE)


def wilson_interval(wins: int, n: int) -> tuple[Decimal, Decimal] | None:
    """95 % confidence interval of a share of successes, or None of nothing.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22 (1927).
    """
    if n == 0:
        return None
    share = Decimal(wins) / n
    z_squared = Z_95 * Z_95
    denominator = ONE + z_squared / n
    centre = (share + z_squared / (2 * n)) / denominator
    spread = share * (ONE - share) / n + z_squared / (4 * n * n)
    half = Z_95 * spread.sqrt() / denominator
    return ratio(max(centre - half, Decimal(0))), ratio(min(centre + half, ONE))


def sharpe_like(
    total: Decimal, total_of_squares: Decimal, n: int, sessions_per_year: int
) -> Decimal | None:
    """Mean over standard deviation (ddof 1) of n daily returns, times sqrt(sessions a year).

    No risk-free rate is taken off, hence "like". None for fewer than two days, or when all
    days are the same.
    """
    if n < 2:
        return None
    squares = total_of_squares - total * total / n
    variance = squares / (n - 1)
    if variance <= 0:
        return None
    return ratio(total / n / variance.sqrt() * Decimal(sessions_per_year).sqrt())
