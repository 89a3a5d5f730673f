"""The worked examples of the requirement, through a whole house and exact to the cent.

50,000 USD of equity and an offer of 5.50 carry nine contracts; the market has moved to 5.52 when
they are bought; at a bid of 7.25 they have earned 1,557.00 USD, or 1,550.70 with the commission.
Three holdings come to 7.51, 0.51 and 2.65 in contract units of delta, gamma and vega.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from typer.testing import CliRunner

from application.access import LOCAL_OPERATOR
from application.administering import OrderTicket, open_account, place_order
from application.approving import approve
from application.brokerage import ChainQuote
from application.monitoring import PositionMonitor
from application.position_reports import Marked, Warned
from application.risk import RiskCycle
from application.risk_portfolios import TradingPortfolios
from domain.accounts import Account, AccountCashMoved, CashKind, account_stream
from domain.approvals import Role
from domain.fix import OrdType, PositionEffect, Side
from domain.holdings import holding_stream
from domain.instruments import Right
from domain.legs import Leg
from domain.order_events import OrderCleared
from domain.orders import Order, entry_name, order_stream
from domain.risk_assessment import Assessment
from domain.risk_events import LimitKind
from domain.risk_exposure import Sums
from domain.shared import ratio
from interfaces.cli.app import app
from interfaces.http import create_app
from interfaces.timers import keep_time
from interfaces.wording import money, percent
from projections.approval_queue import pending
from projections.position_pages import position
from projections.positions import PositionRow
from tests.application.acts import events, last
from tests.interfaces.graphql.conftest import asking
from tests.interfaces.graphql.world import World
from tests.stories.telling import Told

D = Decimal
ACCOUNT = "desk"
AAPL = "AAPL  261218C00230000"
TSLA = "TSLA  261218P00250000"
MSFT = "MSFT  261218C00420000"
SHARE = ratio(D(1_557) / D(4_968))
"""31.3 % of what was paid, without commission."""


class Heard:
    """What the position monitor told."""

    def __init__(self) -> None:
        self.marks: list[Marked] = []

    def moved(self, marks: Sequence[Marked]) -> None:
        self.marks += marks

    def warned(self, warnings: Sequence[Warned]) -> None:
        """Nothing here is worth a warning, and one would not change a figure."""


class Chain:
    """The Greeks of the example, per share."""

    GREEKS: Mapping[str, tuple[str, str, str]] = {
        AAPL: ("0.68", "0.03", "0.15"),
        TSLA: ("-0.45", "0.02", "0.12"),
        MSFT: ("0.52", "0.02", "0.10"),
    }

    def contracts(self, symbols: Collection[str], at: datetime) -> Mapping[str, ChainQuote]:
        return {symbol: self._contract(symbol, at) for symbol in symbols}

    def _contract(self, symbol: str, at: datetime) -> ChainQuote:
        delta, gamma, vega = map(D, self.GREEKS[symbol])
        return ChainQuote(
            symbol=symbol, right=Right.PUT if symbol == TSLA else Right.CALL,
            strike=D(int(symbol[13:])) / 1000, expiry=date(2026, 12, 18), bid=D("5.42"),
            offer=D("5.52"), time=at, delta=delta, gamma=gamma, vega=vega, theta=D(0),
        )  # fmt: skip


@pytest.fixture
def desk(story: Told) -> Told:
    """A house with an account of 50,000 USD."""
    story.at("14:00:00")
    open_account(
        story.house.desk, story.command(), LOCAL_OPERATOR, name=ACCOUNT, broker="paper",
        cash=D(50_000),
    )  # fmt: skip
    return story


@pytest.fixture
def entry(desk: Told) -> UUID:
    """Nine contracts are held: approved at 5.50, bought two seconds later at 5.52."""
    desk.market(
        "AAPL261218C00230000 14:59:55 5.40 5.50",
        "AAPL261218C00230000 15:00:59 5.40 5.50",
        "AAPL261218C00230000 15:01:01 5.42 5.52",
    )
    desk.says("15:00:00", "BTO 2 AAPL 12/18 230c @ 5.50")
    with desk.house.reader.connection() as connection:
        (waiting,) = pending(connection)
    desk.at("15:01:00")
    approve(
        desk.house.desk, desk.command(), LOCAL_OPERATOR, signal=waiting.signal, account=ACCOUNT,
        via="cli", assessor=desk.house.assessor,
    )  # fmt: skip
    desk.at("15:01:02")
    desk.house.catch_up()
    return waiting.signal


def held(story: Told, symbol: str = AAPL) -> PositionRow:
    """What the account holds, as everybody reads it."""
    with story.house.reader.connection() as connection:
        row = position(connection, holding_stream(ACCOUNT, symbol))
    assert row is not None
    return row


def command_line(story: Told, *words: str) -> str:
    house = story.house
    environment = {
        "TRUETAPE_HOME": str(story.folder),
        "TRUETAPE_DATABASE_URL": house.database_url,
        "TRUETAPE_REDIS_URL": house.redis_url,
        "COLUMNS": "140",
    }
    said = CliRunner().invoke(app, words, env=environment)
    assert said.exit_code == 0, said.output
    return said.stdout


def test_fifty_thousand_at_five_and_a_half_carry_nine_contracts(desk: Told, entry: UUID) -> None:
    order: object = desk.house.desk.repository.get(order_stream(entry_name(entry)))
    assert isinstance(order, Order)
    assert order.order_qty == 9
    said = {check.name: check.detail for check in last(desk.house.desk, OrderCleared).checks}
    assert said["account"] == "desk, equity 50000.00"
    assert said["quote"] == "offer 5.50"
    # A tenth of the equity is 5,000: nine cost 4,950 at the offer, ten would cost 5,500.
    assert D(9) * D("5.50") * 100 == D(4_950)
    # The limit is one step of a nickel through the offer, and that is what must be affordable.
    assert order.limit_px == D("5.55")
    assert said["size"] == "9 at 555.00 each"
    assert said["buying power"] == "takes 4995.00 of 50000.00"


def test_nine_at_five_fifty_two_cost_4974_30(desk: Told, entry: UUID) -> None:
    order: object = desk.house.desk.repository.get(order_stream(entry_name(entry)))
    assert isinstance(order, Order)
    assert (order.cum_qty, order.avg_px) == (D(9), D("5.52"))
    row = held(desk)
    assert (row.quantity, row.average_entry) == (D(9), D("5.52"))
    assert (row.entry_cost, row.commission) == (D("4968.00"), D("6.30"))
    assert row.entry_cost + row.commission == D("4974.30")
    book = desk.house.books.book(ACCOUNT)
    assert book is not None
    assert D(50_000) - book.cash == D("4974.30")
    assert book.reserved == 0
    (account,) = desk.house.brokerages.reconcile(ACCOUNT).values()
    assert account.differences == ()


def test_at_seven_and_a_quarter_they_have_earned_1557(desk: Told, entry: UUID) -> None:
    desk.market("AAPL261218C00230000 16:00:00 7.25 7.35")
    heard = Heard()
    house = desk.house
    monitor = PositionMonitor(house.desk, house.books, house.market, heard)
    monitor.step(desk.at("16:00:03"))
    (mark,) = heard.marks
    assert mark.trade == entry
    found = mark.valued
    assert (found.cost, found.total_cost, found.value) == (D(4_968), D("4974.30"), D(6_525))
    assert (found.unrealised, found.share) == (D(1_557), SHARE)
    assert (found.unrealised_net, found.share_net) == (
        D("1550.70"), ratio(D("1550.70") / D("4974.30")),
    )  # fmt: skip
    assert found.in_words == (
        "+1,557.00 USD (+31.3%) without commission, +1,550.70 USD (+31.2%) with it"
    )


async def test_everybody_reads_the_same_figures_after_the_close(desk: Told, entry: UUID) -> None:
    desk.market("AAPL261218C00230000 20:59:30 7.25 7.35")
    desk.at("21:05:00")
    assert keep_time(desk.house).marked == 1
    row = held(desk)
    assert (row.mark, row.market_value) == (D("7.25"), D(6_525))
    assert (row.unrealised, row.pnl, row.pnl_ratio) == (D(1_557), D(1_557), SHARE)
    assert row.pnl - row.commission == D("1550.70")

    shown = command_line(desk, "positions", "--accounts")
    assert money(D(1_557), sign=True) in shown
    assert percent(SHARE) in shown
    assert percent(SHARE).startswith("+31.3")
    (told,) = json.loads(command_line(desk, "positions", "--accounts", "--json"))
    assert (D(told["pnl"]), D(told["commission"])) == (D(1_557), D("6.30"))

    world = World(desk.house, desk.clock, desk.folder)
    secret = world.token("looker", Role.READER)
    world.catch_up()
    async with asking(create_app(desk.house)) as nobody:
        found = await nobody.having(secret).ask(
            "{ positions(kind: ACCOUNT) { nodes { quantity entryCost marketValue unrealised"
            " pnlRatio commission definition { meaning } } } }"
        )
    (node,) = found["positions"]["nodes"]
    meaning = node.pop("definition")["meaning"]
    assert {name: D(figure) for name, figure in node.items()} == {
        "quantity": D(9), "entryCost": D(4_968), "marketValue": D(6_525),
        "unrealised": D(1_557), "pnlRatio": SHARE, "commission": D("6.30"),
    }  # fmt: skip
    assert "without commission" in meaning


def test_three_holdings_come_to_the_greeks_of_the_example(desk: Told, entry: UUID) -> None:
    found = three_holdings(desk)
    assert {one.position.symbol: one.position.quantity for one in found.positions} == {
        AAPL: D(9), TSLA: D(5), MSFT: D(7),
    }  # fmt: skip
    total = found.exposures.total
    assert total.contracts == Sums(D("7.51"), D("0.51"), D(0), D("2.65"))
    assert total.shares == Sums(D(751), D(51), D(0), D(265))
    for limit, used, allowed in (
        (LimitKind.DELTA, "7.51", 100),
        (LimitKind.GAMMA, "0.51", 50),
        (LimitKind.VEGA, "2.65", 500),
    ):
        line = found.line(limit)
        assert line is not None
        assert (line.used, line.allowed, line.complete) == (D(used), D(allowed), True)


@pytest.mark.usefixtures("entry")
def test_when_all_is_sold_the_cash_is_the_brokers_to_the_cent(desk: Told) -> None:
    desk.market("AAPL261218C00230000 16:00:00 7.25 7.35")
    desk.at("16:00:02")
    ticket = OrderTicket(
        account=ACCOUNT, side=Side.SELL, position_effect=PositionEffect.CLOSE,
        legs=(Leg(symbol=AAPL, side=Side.SELL),), order_qty=D(9), ord_type=OrdType.LIMIT,
        limit_px=D("7.25"),
    )  # fmt: skip
    place_order(desk.house.desk, desk.command(), LOCAL_OPERATOR, ticket)
    desk.house.catch_up()
    desk.at("21:05:00")
    # The broker charges what regulators take for the day's sales at its end, and says so.
    desk.house.catch_up()
    desk.house.brokerages.reconcile(ACCOUNT)
    desk.house.catch_up()
    fees = [each for each in events(desk.house.desk) if isinstance(each, AccountCashMoved)]
    assert {each.kind for each in fees} == {CashKind.FEE}
    book = desk.house.books.book(ACCOUNT)
    account: object = desk.house.desk.repository.get(account_stream(ACCOUNT))
    assert isinstance(account, Account)
    assert account.standing is not None
    assert book is not None
    paid = sum((each.amount for each in fees), D(0))
    assert paid < 0
    assert book.cash == D(50_000) + D(1_557) - 2 * D("6.30") + paid
    assert account.standing.cash == book.cash
    assert held(desk).realised == D(1_557)


def three_holdings(story: Told) -> Assessment:
    """Five puts and seven calls more, bought by hand, and the whole weighed."""
    story.market(
        "TSLA261218P00250000 15:02:00 5.42 5.52",
        "MSFT261218C00420000 15:02:00 5.42 5.52",
        "AAPL 15:02:00 230.00 230.10",
        "TSLA 15:02:00 250.00 250.10",
        "MSFT 15:02:00 420.00 420.10",
    )
    now = story.at("15:02:01")
    for symbol, quantity in ((TSLA, 5), (MSFT, 7)):
        ticket = OrderTicket(
            account=ACCOUNT, side=Side.BUY, position_effect=PositionEffect.OPEN,
            legs=(Leg(symbol=symbol, side=Side.BUY),), order_qty=D(quantity),
            ord_type=OrdType.LIMIT, limit_px=D("5.55"),
        )  # fmt: skip
        place_order(story.house.desk, story.command(), LOCAL_OPERATOR, ticket)
    story.house.catch_up()
    house = story.house
    cycle = RiskCycle(house.desk, TradingPortfolios(house.desk, house.books), house.market, Chain())
    (found,) = [each for each in cycle.step(now) if each.account == ACCOUNT]
    return found
