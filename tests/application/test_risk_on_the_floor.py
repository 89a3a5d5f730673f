"""Risk and trading together: what is filled is weighed, and what is passed denies the next."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from application.administering import open_account
from application.approving import approve
from application.desk import Desk
from application.limiting import halt_trading, resume_trading, set_limits
from application.risk import RiskCycle
from application.risk_portfolios import TradingPortfolios
from domain.limits import Limits
from domain.order_events import OrderDenied
from domain.risk_events import LimitKind, Scope, State
from tests.application.acts import ADA, BLIND, TSLA, catch_up, command, last, names, post
from tests.application.conftest import NOON, ShownMarket
from tests.application.floor import Floor, floor_on

D = Decimal


@pytest.fixture
def trading(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Floor]:
    with floor_on(desk, database_url, market) as floor:
        open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(50_000))
        market.show(TSLA, "5.40", "5.50")
        market.show("TSLA", "249.90", "250.10")
        yield floor


@pytest.fixture
def cycle(desk: Desk, trading: Floor, market: ShownMarket) -> RiskCycle:
    return RiskCycle(desk, TradingPortfolios(desk, trading.runners[0]), market)


def approved(desk: Desk, trading: Floor) -> None:
    signal = post(desk)
    approve(
        desk, command(), ADA, signal=signal, account="paper", via="test", assessor=BLIND
    )  # fmt: skip
    catch_up(trading)


def test_what_was_filled_is_weighed(desk: Desk, trading: Floor, cycle: RiskCycle) -> None:
    """Nine calls at 5.50 and 6.30 of commission: 4,860 USD at the bid, of 49,903.70."""
    approved(desk, trading)
    (found,) = cycle.step(NOON)
    assert (found.at_stake, found.equity) == (D(4_860), D("49903.70"))
    assert [one.position.quantity for one in found.positions] == [9]
    line = found.line(LimitKind.SYMBOL_SHARE, Scope.SYMBOL, "TSLA")
    assert line is not None
    assert line.state is State.OK
    trades = found.line(LimitKind.DAILY_TRADES)
    assert trades is not None
    assert trades.used == 1


def test_a_passed_limit_denies_the_next_entry_and_says_which(
    desk: Desk, trading: Floor, cycle: RiskCycle
) -> None:
    approved(desk, trading)
    set_limits(desk, command(), ADA, account="paper", limits=Limits(symbol_share=D("0.05")))
    cycle.step(NOON)
    approved(desk, trading)
    assert "a risk limit is passed: symbol share of TSLA" in last(desk, OrderDenied).reason


def test_a_halt_denies_until_it_is_over(desk: Desk, trading: Floor) -> None:
    halt_trading(desk, command(), ADA, account="paper", reason="news")
    approved(desk, trading)
    assert "trading of paper is halted: news" in last(desk, OrderDenied).reason
    resume_trading(desk, command(), ADA, account="paper", reason="over")
    approved(desk, trading)
    assert "order.filled" in names(desk)
