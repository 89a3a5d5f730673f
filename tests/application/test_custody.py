"""What a broker does to holdings and cash without a trade, as its activities tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.postgres import open_pool
from adapters.trading_books import TradingBooks
from application.desk import Desk
from application.reconciling import record_activities
from application.settling import settle_expired
from domain.accounts import AccountCashMoved, CashKind
from domain.activities import Activity, ActivityKind
from domain.exit_terms import Levels, Target, Trailing
from domain.fix import Side
from domain.holdings import HoldingAdjusted, HoldingAssigned, HoldingExercised, HoldingExpired
from tests.application.acts import VERTICAL, events, last, names, post
from tests.application.conftest import NOON, ShownMarket
from tests.application.custody_acts import CLOSE, Account
from tests.application.exit_acts import enter, guard, plan_of
from tests.application.floor import floor_on

D = Decimal
FRIDAY = date(2026, 11, 20)
SPX = "SPXW  261120C06700000"
EXPIRY, EXERCISE, ASSIGNMENT = (
    ActivityKind.EXPIRY, ActivityKind.EXERCISE, ActivityKind.ASSIGNMENT,
)  # fmt: skip


Opened = Callable[..., Account]


@pytest.fixture
def at_broker(desk: Desk, database_url: str, market: ShownMarket) -> Iterator[Opened]:
    pool = open_pool(database_url, size=1)
    with floor_on(desk, database_url, market) as floor:
        yield lambda broker: Account(desk, floor, TradingBooks(pool), broker)
    pool.close()


@pytest.fixture
def account(at_broker: Opened) -> Account:
    """An account at a broker that delivers shares."""
    return at_broker("alpaca")


@contextmanager
def assert_nothing_booked(account: Account) -> Iterator[None]:
    book, held, head = account.book, account.holdings, len(events(account.desk))
    yield
    assert (account.book, account.holdings) == (book, held)
    assert set(names(account.desk)[head:]) <= {"activity.recorded"}


class TestContracts:
    def test_what_expires_worthless_leaves_the_books(self, account: Account) -> None:
        account.trade("9", "5.50")
        account.told(EXPIRY, "-9")
        expired = last(account.desk, HoldingExpired)
        assert (expired.quantity, expired.price, expired.assumed) == (D(9), D(0), False)
        assert account.holdings == {}
        assert (account.book.cash, account.book.invested) == (D(45_050), D(0))

    def test_an_exercised_call_becomes_shares_that_take_over_its_cost(
        self, account: Account
    ) -> None:
        account.trade("2", "5.50")
        account.told(EXERCISE, "-2")
        account.told(ActivityKind.OPTION_TRADE, "200", "TSLA", amount="-50000")
        assert last(account.desk, HoldingExercised).quantity == 2
        assert account.holdings == {"TSLA": D(200)}
        assert account.book.cash == D(50_000) - 1_100 - 50_000
        assert account.book.invested == D("255.50") * 200
        assert account.book.equity == D(50_000)

    def test_an_assigned_call_sells_shares_at_the_strike(self, account: Account) -> None:
        account.trade("1", "5.50", side=Side.SELL)
        account.told(ASSIGNMENT, "1")
        assert last(account.desk, HoldingAssigned).quantity == 1
        assert account.holdings == {"TSLA": D(-100)}
        assert account.book.cash == D(50_000) + 550 + 25_000
        assert account.book.equity == D(50_000)

    def test_shares_that_are_delivered_close_what_was_the_other_way(self, account: Account) -> None:
        account.trade("100", "240", "TSLA")
        account.trade("1", "5.50", side=Side.SELL)
        account.told(ASSIGNMENT, "1")
        assert account.holdings == {}
        assert account.book.cash == D(50_000) + 550 - 24_000 + 25_000
        assert account.book.invested == 0

    def test_an_index_option_brings_cash_only(self, account: Account, market: ShownMarket) -> None:
        market.closes["SPX", FRIDAY] = D(6725)
        account.trade("1", "20", SPX)
        account.told(EXERCISE, "-1", SPX)
        assert last(account.desk, HoldingExpired).price == D(25)
        assert account.holdings == {}
        assert account.book.cash == D(50_500)

    def test_without_a_close_an_index_option_is_assumed_worthless(self, account: Account) -> None:
        account.trade("1", "20", SPX)
        account.told(EXERCISE, "-1", SPX)
        expired = last(account.desk, HoldingExpired)
        assert (expired.price, expired.assumed) == (D(0), True)

    def test_an_exercise_that_brought_cash_is_worth_it(self, account: Account) -> None:
        account.trade("2", "5.50")
        account.told(EXERCISE, "-2", amount="2450")
        assert last(account.desk, HoldingExpired).price == D("12.25")
        assert account.book.cash == D(50_000) - 1_100 + 2_450

    def test_its_exits_end_with_it(self, account: Account) -> None:
        signal = post(account.desk)
        enter(account.desk, signal, "2", "5.50")
        account.follow()
        account.told(EXERCISE, "-2")
        assert plan_of(account.desk, signal).is_done

    def test_more_than_is_held_ends_what_is_held(self, account: Account) -> None:
        account.trade("2", "5.50")
        account.told(EXPIRY, "-5")
        assert last(account.desk, HoldingExpired).quantity == 2

    @pytest.mark.parametrize("kind", [EXPIRY, EXERCISE])
    def test_what_was_never_held_is_a_fact_and_nothing_else(
        self, account: Account, kind: ActivityKind
    ) -> None:
        with assert_nothing_booked(account):
            account.told(kind, "-2")

    def test_the_legs_of_a_spread_are_left_to_its_signal(self, account: Account) -> None:
        account.trade("2", "4.00", legs=VERTICAL)
        with assert_nothing_booked(account):
            account.told(EXERCISE, "-2")

    def test_a_symbol_that_names_nothing_is_a_fact(self, account: Account) -> None:
        with assert_nothing_booked(account):
            account.told(EXPIRY, "-2", "?!")


class TestSettledOnce:
    def settle(self, account: Account, market: ShownMarket) -> None:
        signal = post(account.desk)
        enter(account.desk, signal, "2", "5.50")
        account.follow()
        market.closes["TSLA", FRIDAY] = D("262.25")
        settle_expired(account.desk, market, [signal], at=CLOSE)

    def test_at_our_own_broker_the_signal_settles_it(
        self, at_broker: Opened, market: ShownMarket
    ) -> None:
        account = at_broker("paper")
        self.settle(account, market)
        account.follow()
        cash = account.book.cash
        account.told(EXERCISE, "-2", amount="2450")
        account.told(EXERCISE, "-2", amount="2450")
        assert account.book.cash == cash
        assert names(account.desk).count("holding.expired") == 1

    def test_whichever_is_told_first(self, at_broker: Opened, market: ShownMarket) -> None:
        account = at_broker("paper")
        signal = post(account.desk)
        enter(account.desk, signal, "2", "5.50")
        account.follow()
        account.told(EXERCISE, "-2", amount="2450")
        market.closes["TSLA", FRIDAY] = D("262.25")
        settle_expired(account.desk, market, [signal], at=CLOSE)
        account.follow()
        assert names(account.desk).count("holding.expired") == 1

    def test_even_if_both_are_read_at_once(self, at_broker: Opened, market: ShownMarket) -> None:
        account = at_broker("paper")
        self.settle(account, market)
        account.told(EXERCISE, "-2", amount="2450")
        assert names(account.desk).count("holding.expired") == 1
        assert account.book.cash == D(50_000) - 1_100 - D("1.40") + 2_450

    def test_a_broker_that_delivers_settles_it_itself(
        self, account: Account, market: ShownMarket
    ) -> None:
        self.settle(account, market)
        account.follow()
        assert "holding.expired" not in names(account.desk)
        account.told(EXERCISE, "-2")
        assert account.holdings == {"TSLA": D(200)}


class TestSplits:
    def test_each_share_becomes_four_at_equal_cost(self, account: Account) -> None:
        account.trade("10", "240", "TSLA")
        account.told(ActivityKind.SPLIT, "30", "TSLA")
        adjusted = last(account.desk, HoldingAdjusted)
        assert (adjusted.from_quantity, adjusted.to_quantity) == (D(10), D(40))
        assert account.holdings == {"TSLA": D(40)}
        assert account.book.invested == D(2_400)

    def test_all_out_and_all_in_is_one_split(self, account: Account) -> None:
        account.trade("10", "240", "TSLA")
        account.told(ActivityKind.SPLIT, "-10", "TSLA")
        assert account.holdings == {"TSLA": D(10)}
        account.told(ActivityKind.SPLIT, "40", "TSLA")
        assert account.holdings == {"TSLA": D(40)}

    def test_a_dividend_in_shares_costs_nothing(self, account: Account) -> None:
        account.trade("10", "240", "TSLA")
        account.told(ActivityKind.DIVIDEND, "1", "TSLA")
        assert account.holdings == {"TSLA": D(11)}
        assert account.book.equity == D(50_000)

    def test_levels_from_before_count_per_new_share(self, account: Account) -> None:
        account.trade("10", "240", "TSLA")
        trade = account.guarded.trade
        guard(
            account.desk, trade,
            Levels(
                stop=D(200), targets=(Target(price=D(300), quantity=D(5)), Target(price=D(333))),
                trailing=Trailing(amount=D(20)),
            ),
        )  # fmt: skip
        account.told(ActivityKind.SPLIT, "20", "TSLA")
        plan = plan_of(account.desk, trade)
        assert (plan.held, plan.avg_px, plan.cost) == (D(30), D(80), D(2_400))
        assert plan.levels == Levels(
            stop=D("66.666667"),
            targets=(Target(price=D(100), quantity=D(15)), Target(price=D(111))),
            trailing=Trailing(amount=D("6.666667")),
        )
        assert account.guarded.held == D(30)

    def test_what_is_not_held_is_not_split(self, account: Account) -> None:
        with assert_nothing_booked(account):
            account.told(ActivityKind.SPLIT, "30", "TSLA")


class TestCash:
    @pytest.mark.parametrize(
        ("kind", "amount"),
        [
            (ActivityKind.DEPOSIT, "500"),
            (ActivityKind.WITHDRAWAL, "-500"),
            (ActivityKind.DIVIDEND, "1.02"),
            (ActivityKind.INTEREST, "0.31"),
            (ActivityKind.FEE, "-0.04"),
            (ActivityKind.JOURNAL, "25"),
        ],
    )
    def test_it_moves_the_books_once(
        self, account: Account, kind: ActivityKind, amount: str
    ) -> None:
        account.told(kind, symbol="", amount=amount, name="same")
        account.told(kind, symbol="", amount=amount, name="same")
        moved = last(account.desk, AccountCashMoved)
        assert (moved.kind.value, moved.activity) == (kind.value, "same")
        assert account.book.cash == D(50_000) + D(amount)

    @pytest.mark.parametrize("kind", [ActivityKind.UNCLASSIFIED, ActivityKind.FEE])
    def test_what_nobody_understands_or_costs_nothing_moves_none(
        self, account: Account, kind: ActivityKind
    ) -> None:
        amount = "3" if kind is ActivityKind.UNCLASSIFIED else "0"
        with assert_nothing_booked(account):
            account.told(kind, symbol="", amount=amount)

    def test_what_came_before_the_account_was_opened_is_in_its_cash(self, account: Account) -> None:
        with assert_nothing_booked(account):
            account.told(ActivityKind.DEPOSIT, symbol="", amount="500", at=NOON - timedelta(days=9))

    def test_so_is_what_an_exercise_took_then(self, account: Account) -> None:
        account.trade("2", "5.50")
        cash = account.book.cash
        account.told(EXERCISE, "-2", at=NOON - timedelta(days=9))
        moved = last(account.desk, AccountCashMoved)
        assert (moved.kind, moved.amount) == (CashKind.HISTORY, D(50_000))
        assert account.holdings == {"TSLA": D(200)}
        assert account.book.cash == cash

    def test_our_own_broker_opens_with_what_the_account_has(self, at_broker: Opened) -> None:
        account = at_broker("paper")
        with assert_nothing_booked(account):
            account.told(ActivityKind.DEPOSIT, symbol="", amount="50000")

    def test_nothing_is_booked_for_an_account_that_nobody_opened(
        self, account: Account, desk: Desk
    ) -> None:
        fee = Activity(
            activity_id="x", kind=ActivityKind.FEE, happened_at=CLOSE, amount=D(-1)
        )  # fmt: skip
        record_activities(desk, "elsewhere", "alpaca", [fee], at=CLOSE)
        account.follow()
        assert names(desk)[-1] == "activity.recorded"
