"""Risk: every half minute each account is weighed against its limits, and changes are recorded.

Whoever runs the cycle says when: a step at the same moment again records nothing twice, and a
step that fails leaves what was known as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from application.desk import Command, Desk, Work, derived_id
from application.limiting import limits_of, risk_of, sectors_of, watched_risk
from application.ports import MarketPrices
from application.risk_prices import RATE, OptionChains, prices_of
from domain.legs import legs_of
from domain.limits import limits_stream
from domain.risk import AccountRisk
from domain.risk_assessment import Assessment, Portfolio, assess
from domain.risk_events import HaltCause, LimitKind, State, risk_stream
from domain.sectors import SECTORS_STREAM

NAME = "risk"


class OpenPortfolios(Protocol):
    """What the accounts hold."""

    def portfolios(self, at: datetime) -> Sequence[Portfolio]:
        """Every account with its cash and open positions.

        Raises:
            Unavailable: no answer.
        """
        ...


class RiskCycle:
    """Weighs all accounts, and records which limits changed their state."""

    def __init__(
        self,
        desk: Desk,
        portfolios: OpenPortfolios,
        market: MarketPrices,
        chains: OptionChains | None = None,
        *,
        rate: float = RATE,
    ) -> None:
        self._desk = desk
        self._portfolios = portfolios
        self._market = market
        self._chains = chains
        self._rate = rate

    def step(self, at: datetime) -> list[Assessment]:
        """One cycle; what it found, account by account.

        Raises:
            Unavailable: the market or the database did not answer.
        """
        portfolios = self._portfolios.portfolios(at)
        symbols = {
            leg.symbol
            for portfolio in portfolios
            for position in portfolio.positions
            for leg in legs_of(position.symbol)
        }
        prices = prices_of(symbols, self._market, self._chains, rate=self._rate, at=at)
        work = Work(self._desk)
        names = [portfolio.account for portfolio in portfolios]
        streams = [stream for name in names for stream in (risk_stream(name), limits_stream(name))]
        work.prefetch([SECTORS_STREAM, *streams])
        sectors = sectors_of(work)
        found = []
        for portfolio in portfolios:
            limits = limits_of(work, portfolio.account)
            known = risk_of(work, portfolio.account)
            assessment = assess(
                portfolio,
                limits,
                prices,
                sectors=sectors,
                peak_profit=None if known is None else known.peak_profit,
                at=at,
            )
            self._record(assessment, portfolio.paid_in, limits.warn_at)
            found.append(assessment)
        return found

    def _record(self, assessment: Assessment, paid_in: Decimal, warn_at: Decimal) -> None:
        account, at = assessment.account, assessment.at
        command = Command.given(
            derived_id(NAME, account, at.isoformat()),
            account,
            actor=f"reaction:{NAME}",
            at=at,
            correlation=risk_stream(account),
        )

        def decide(work: Work) -> AccountRisk:
            watched = watched_risk(work, command, account)
            if all(one.is_marked for one in assessment.positions):
                # An equity that rests on a cost instead of a quote is no high to fall from.
                watched.see_equity(assessment.equity, paid_in, at=at)
            watched.judge(assessment.findings, warn_at=warn_at, at=at)
            _halt_if_lost(watched, assessment)
            return watched

        self._desk.run(command, decide)


def _halt_if_lost(watched: AccountRisk, assessment: Assessment) -> None:
    """Stops the account when it has lost what its limits say from its highest equity."""
    line = assessment.line(LimitKind.DRAWDOWN)
    if line is None or line.state is not State.BREACH or watched.halted:
        return
    reason = f"{line.used} USD lost from the highest equity; {line.allowed} were allowed"
    watched.halt(HaltCause.DRAWDOWN, reason, by=f"reaction:{NAME}", at=assessment.at, line=line)
