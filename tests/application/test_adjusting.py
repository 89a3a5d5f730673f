"""What is held follows its contract to another symbol: books, plans, and what the monitor sees."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR, Member
from application.adjusting import adjust_holding
from application.desk import Desk
from application.ports import Forbidden, NotFound
from application.selling import is_signal
from domain.approvals import Role
from domain.exit_terms import Levels
from domain.shared import Impossible
from tests.application.acts import TSLA, VERTICAL, command, names
from tests.application.conftest import ShownMarket
from tests.application.custody_acts import CLOSE, Account
from tests.application.exit_acts import guard, plan_of, sell_by_hand, status
from tests.application.floor import floor_on

D = Decimal
ADJUSTED = "TSLA1 261120C00250000"


@pytest.fixture
def account(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Account]:
    pool = open_pool(database_url, size=1)
    with floor_on(desk, database_url, market) as floor:
        yield Account(desk, floor, TradingBooks(pool), "alpaca")
    pool.close()


def rename(account: Account, symbol: str, to_symbol: str, to: str = "1") -> None:
    adjust_holding(
        account.desk, command(), LOCAL_OPERATOR, account="paper", symbol=symbol,
        to_symbol=to_symbol, to_quantity=D(to), reason="renamed", effective_at=CLOSE,
        positions=account.books,
    )  # fmt: skip
    account.follow()


def test_books_and_plans_follow_a_contract_to_its_new_symbol(account: Account) -> None:
    account.trade("2", "5.50")
    trade = account.guarded.trade
    guard(account.desk, trade, Levels(stop=D("4.00")))
    rename(account, TSLA, ADJUSTED)
    assert account.holdings == {ADJUSTED: D(2)}
    assert account.book.invested == D(1_100)
    assert [leg.symbol for leg in account.guarded.legs] == [ADJUSTED]
    assert (account.guarded.held, account.guarded.stop) == (D(2), D("4.00"))


def test_what_rests_names_the_old_contract_and_is_asked_back(account: Account) -> None:
    account.trade("2", "5.50")
    name = sell_by_hand(account.desk, "1")
    account.follow()
    rename(account, TSLA, ADJUSTED)
    assert status(account.desk, name) == "pending_cancel"


def test_what_was_opened_by_hand_stays_the_trade_of_no_signal(account: Account) -> None:
    account.trade("2", "5.50")
    trade = account.guarded.trade
    rename(account, TSLA, ADJUSTED)
    assert not is_signal(plan_of(account.desk, trade))


def test_a_leg_of_several_is_renamed_too(account: Account) -> None:
    account.trade("1", "2.00", legs=VERTICAL)
    rename(account, VERTICAL[0].symbol, ADJUSTED)
    assert [leg.symbol for leg in account.guarded.legs] == [ADJUSTED, VERTICAL[1].symbol]


def test_several_legs_of_which_one_is_split_fit_no_more(account: Account) -> None:
    account.trade("1", "2.00", legs=VERTICAL)
    rename(account, VERTICAL[0].symbol, ADJUSTED, to="2")
    assert names(account.desk)[-2:] == ["exit_plan.reduced", "exit_plan.done"]


def test_what_is_not_held_is_not_renamed(account: Account) -> None:
    with pytest.raises(NotFound, match="paper holds no TSLA"):
        rename(account, TSLA, ADJUSTED)


def test_the_paper_broker_holds_on_to_what_it_traded(
    desk: Desk, database_url: str, market: ShownMarket
) -> None:
    with open_pool(database_url, size=1) as pool, floor_on(desk, database_url, market) as floor:
        account = Account(desk, floor, TradingBooks(pool), "paper")
        with pytest.raises(Impossible, match="knows no corporate actions"):
            rename(account, TSLA, ADJUSTED)


def test_only_an_admin_renames(account: Account) -> None:
    account.trade("2", "5.50")
    reader = Member(name="rita", roles=frozenset({Role.READER}))
    with pytest.raises(Forbidden):
        adjust_holding(
            account.desk, command(), reader, account="paper", symbol=TSLA,
            to_symbol=ADJUSTED, reason="renamed", effective_at=CLOSE, positions=account.books,
        )  # fmt: skip
