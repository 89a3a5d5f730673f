"""The risk cycle: accounts are weighed at their quotes, and what changed is recorded once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from application.administering import open_account
from application.desk import Desk, Work
from application.limiting import halt_trading, resume_trading, risk_of, set_limits
from application.risk import RiskCycle
from domain.limits import Limits
from domain.market import Quote
from domain.risk import why_blocked
from domain.risk_assessment import Portfolio
from domain.risk_events import (
    HaltCause,
    LimitKind,
    RiskBreached,
    RiskCleared,
    Scope,
    State,
    TradingHalted,
)
from domain.risk_valuation import OpenPosition
from tests.application.acts import ADA, command, last, names
from tests.application.conftest import NOON, ShownMarket

D = Decimal
NVDA = "NVDA"


class ShownPortfolios:
    """Accounts by hand: one with shares of NVDA."""

    def __init__(self) -> None:
        self.accounts = {"paper": Portfolio(account="paper", cash=D(90_000), paid_in=D(100_000))}

    def hold(self, quantity: int, *, cash: str = "90000", account: str = "paper") -> None:
        held = OpenPosition(position="n", symbol=NVDA, quantity=D(quantity), price=D(100))
        self.accounts[account] = Portfolio(
            account=account, cash=D(cash), paid_in=D(100_000),
            positions=(held,) if quantity else (),
        )  # fmt: skip

    def portfolios(self, at: datetime) -> Sequence[Portfolio]:
        return list(self.accounts.values())


@pytest.fixture
def held() -> ShownPortfolios:
    return ShownPortfolios()


@pytest.fixture
def cycle(desk: Desk, held: ShownPortfolios, market: ShownMarket) -> RiskCycle:
    open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(100_000))
    market.show(NVDA, "100", "100.10")
    return RiskCycle(desk, held, market)


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def requote(market: ShownMarket, bid: str, at: datetime) -> None:
    market.quotes[NVDA] = Quote(
        symbol=NVDA, bid=D(bid), offer=D(bid) + D("0.10"), time=at, source="test"
    )  # fmt: skip


def test_a_quiet_account_is_watched_and_says_no_more(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios
) -> None:
    held.hold(100)
    for seconds in (0, 30, 60):
        (found,) = cycle.step(after(seconds))
        assert found.state is State.OK
    assert names(desk)[1:] == ["risk.watched", "risk.peak_recorded"]


def test_a_breach_is_recorded_with_its_evidence_and_blocks_until_it_is_cleared(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios
) -> None:
    held.hold(400, cash="60000")
    (found,) = cycle.step(NOON)
    breached = last(desk, RiskBreached)
    line = breached.finding.line
    assert (line.limit, line.scope, line.subject) == (LimitKind.SYMBOL_SHARE, Scope.SYMBOL, NVDA)
    assert (line.used, line.allowed) == (D(40_000), D(25_000))
    assert breached.finding.positions == ("n",)
    assert [(quote.symbol, quote.bid) for quote in breached.finding.quotes] == [(NVDA, D(100))]
    assert [(cut.symbol, cut.quantity) for cut in found.suggestions] == [(NVDA, D(156))]
    risk = risk_of(Work(desk), "paper")
    assert "symbol share of NVDA" in why_blocked(risk, NVDA, "information technology")
    assert why_blocked(risk, "XOM", "energy") == ""

    cycle.step(after(30))
    held.hold(244, cash="75600")
    cycle.step(after(60))
    held.hold(0, cash="100000")
    cycle.step(after(90))
    assert last(desk, RiskCleared).line.subject == NVDA
    assert names(desk)[1:] == [
        "risk.watched", "risk.peak_recorded", "risk.breached", "risk.warned", "risk.cleared",
    ]  # fmt: skip
    assert why_blocked(risk_of(Work(desk), "paper"), NVDA, "information technology") == ""


def test_the_same_moment_again_records_nothing_twice(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios, market: ShownMarket
) -> None:
    held.hold(400, cash="60000")
    cycle.step(NOON)
    told = names(desk)
    requote(market, "10", NOON)
    cycle.step(NOON)
    RiskCycle(desk, held, market).step(NOON)
    assert names(desk) == told


def test_limits_that_an_admin_narrows_count_from_the_next_cycle(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios
) -> None:
    held.hold(200, cash="80000")
    cycle.step(NOON)
    set_limits(desk, command(), ADA, account="paper", limits=Limits(symbol_share=D("0.10")))
    cycle.step(after(30))
    assert last(desk, RiskBreached).finding.line.allowed == 10_000


def test_a_feed_that_is_gone_clears_nothing_and_sets_no_high(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios, market: ShownMarket
) -> None:
    held.hold(400, cash="60000")
    cycle.step(NOON)
    told = names(desk)
    market.quotes.clear()
    held.accounts["paper"] = replace(
        held.accounts["paper"],
        positions=(OpenPosition(position="n", symbol=NVDA, quantity=D(400), price=D(1)),),
        cash=D(900_000),
    )
    (found,) = cycle.step(after(30))
    assert [one.symbol for one in found.unpriced] == [NVDA]
    assert names(desk) == told


def test_a_drawdown_halts_once_and_a_resumption_counts_from_there(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios, market: ShownMarket
) -> None:
    set_limits(
        desk, command(), ADA, account="paper",
        limits=Limits(drawdown_halt=D("0.10"), symbol_share=D(1), sector_share=D(1)),
    )  # fmt: skip
    held.hold(500, cash="50000")
    cycle.step(NOON)
    requote(market, "80", after(30))
    cycle.step(after(30))
    halted = last(desk, TradingHalted)
    assert (halted.cause, halted.by) == (HaltCause.DRAWDOWN, "reaction:risk")
    assert halted.reason == "10000.00 USD lost from the highest equity; 10000.00 were allowed"
    cycle.step(after(60))
    assert names(desk).count("trading.halted") == 1
    assert "is halted" in why_blocked(risk_of(Work(desk), "paper"), "XOM", "energy")

    resume_trading(desk, command(), ADA, account="paper", reason="seen")
    requote(market, "79", after(90))
    cycle.step(after(90))
    assert names(desk).count("trading.halted") == 1
    assert why_blocked(risk_of(Work(desk), "paper"), "XOM", "energy") == ""


def test_a_halt_by_an_admin_is_not_halted_again_by_a_loss(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios, market: ShownMarket
) -> None:
    set_limits(desk, command(), ADA, account="paper", limits=Limits(drawdown_halt=D("0.10")))
    held.hold(500, cash="50000")
    cycle.step(NOON)
    halt_trading(desk, command(), ADA, account="paper", reason="news")
    requote(market, "50", after(30))
    cycle.step(after(30))
    assert last(desk, TradingHalted).cause is HaltCause.ADMIN


def test_each_account_stands_on_its_own(
    desk: Desk, cycle: RiskCycle, held: ShownPortfolios
) -> None:
    held.hold(400, cash="60000")
    held.hold(10, cash="99000", account="swing")
    first, second = cycle.step(NOON)
    assert (first.state, second.state) == (State.BREACH, State.OK)
    assert why_blocked(risk_of(Work(desk), "swing"), NVDA, "information technology") == ""
