"""What the trading reaction remembers, as portfolios whose risk is assessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from application.administering import open_account
from application.books import Book, Held, book_key
from application.desk import Desk
from application.risk_portfolios import TradingPortfolios
from domain.accounts import Account, Standing, account_stream
from domain.fix import Side
from domain.legs import Leg
from domain.market import exchange_day
from domain.risk_assessment import Portfolio
from domain.risk_valuation import OpenPosition
from tests.application.acts import ADA, TSLA, TSLA_HIGHER, change, command
from tests.application.conftest import NOON

D = Decimal
FIRST, SECOND = UUID(int=1), UUID(int=2)


class ShownMemory:
    """A reaction's memory by hand."""

    def __init__(self, **books: Book) -> None:
        self.values: dict[str, bytes] = {
            book_key(name): msgspec.json.encode(book) for name, book in books.items()
        }

    def hold(self, trade: UUID, held: Held) -> None:
        self.values[f"held:{trade}"] = msgspec.json.encode(held)

    def remembered(self, prefix: str) -> Mapping[str, bytes]:
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}


def opened(desk: Desk) -> None:
    open_account(desk, command(), ADA, name="paper", broker="paper", cash=D(50_000))


def test_cash_trades_of_the_day_and_holdings_with_their_sides(desk: Desk) -> None:
    opened(desk)
    day = exchange_day(NOON)
    memory = ShownMemory(paper=Book(cash=D(46_000), day=day, trades=3))
    bought = (Leg(symbol=TSLA, side=Side.BUY),)
    credit = (Leg(symbol=TSLA, side=Side.SELL), Leg(symbol=TSLA_HIGHER, side=Side.BUY))
    memory.hold(SECOND, Held("paper", Side.SELL, credit, D(2), D("1.50")))
    memory.hold(FIRST, Held("paper", Side.BUY, bought, D(9), D("5.52")))
    memory.values["working:x"] = b"{}"
    (found,) = TradingPortfolios(desk, memory).portfolios(NOON)
    assert found == Portfolio(
        account="paper", cash=D(46_000), paid_in=D(50_000), trades_today=3,
        positions=(
            OpenPosition(position=str(FIRST), symbol=TSLA, quantity=D(9), price=D("5.52")),
            OpenPosition(
                position=str(SECOND), symbol=f"+1 {TSLA}|-1 {TSLA_HIGHER}", quantity=D(-2),
                price=D("1.50"),
            ),
        ),
    )  # fmt: skip


def test_trades_of_another_day_do_not_count(desk: Desk) -> None:
    opened(desk)
    memory = ShownMemory(paper=Book(cash=D(50_000), day=exchange_day(NOON), trades=3))
    (found,) = TradingPortfolios(desk, memory).portfolios(NOON + timedelta(days=1))
    assert found.trades_today == 0


def test_the_broker_says_what_it_leaves_to_buy_with(desk: Desk) -> None:
    opened(desk)
    standing = Standing(cash=D(50_000), equity=D(50_000), buying_power=D(30_000))
    change(desk, Account, account_stream("paper"), lambda it: it.report(standing, at=NOON))
    memory = ShownMemory(paper=Book(cash=D(50_000)))
    (found,) = TradingPortfolios(desk, memory).portfolios(NOON)
    assert found.buying_power == 30_000


def test_accounts_come_by_name_each_with_its_own(desk: Desk) -> None:
    memory = ShownMemory(swing=Book(cash=D(1_000)), day=Book(cash=D(2_000)))
    held = Held("swing", Side.BUY, (Leg(symbol=TSLA, side=Side.BUY),), D(1), D(5))
    memory.hold(FIRST, held)
    first, second = TradingPortfolios(desk, memory).portfolios(NOON)
    assert (first.account, len(first.positions)) == ("day", 0)
    assert (second.account, len(second.positions)) == ("swing", 1)
