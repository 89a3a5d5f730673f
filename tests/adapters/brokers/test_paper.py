"""The paper broker is held to the contract, by shown quotes and by recorded ones, and to what
is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.paper import PaperBroker
from application.brokerage import ActivityKind
from application.ports import PortRefused
from domain.fix import OrdStatus, Side, TimeInForce
from domain.market import Quote
from domain.reports import ExecType
from tests.adapters.brokers.contract import BrokerContract
from tests.adapters.brokers.paper import (
    CLOSE,
    NEW_YORK,
    NOON,
    SECOND,
    PaperUnderTest,
    RecordedQuotes,
    SetClock,
    ShownMarket,
)
from tests.adapters.brokers.under_test import CALL, OPENING_CASH, SHARE, D, Told, ticket

FRIDAY = date(2026, 11, 20)
FRIDAYS_CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


@pytest.fixture(params=[lambda _: ShownMarket(), RecordedQuotes], ids=["shown", "recorded"])
def under(request: pytest.FixtureRequest, database_url: str) -> Iterator[PaperUnderTest]:
    made = PaperUnderTest(database_url, request.param)
    yield made
    made.close()


@pytest.fixture
def paper(database_url: str) -> Iterator[PaperUnderTest]:
    """An account in a recorded market."""
    made = PaperUnderTest(database_url, RecordedQuotes)
    yield made
    made.close()


class TestContract(BrokerContract):
    """Both kinds of market."""


class TestSubmitting:
    def test_another_ticket_under_the_name_of_an_order_is_refused(
        self, paper: PaperUnderTest
    ) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.broker.submit(ticket(paper, "o-1", limit="180"))
        (refused,) = paper.another().submit(ticket(paper, "o-1", limit="181"))
        assert (refused.exec_type, refused.text) == (
            ExecType.REJECTED, "o-1 is the name of another order",
        )  # fmt: skip
        assert [r.exec_type for r in paper.broker.history("o-1")] == [ExecType.NEW]
        order = paper.broker.order("o-1")
        assert order is not None
        assert (order.status, order.limit_px) == (OrdStatus.NEW, D(180))

    def test_a_ticket_that_is_sent_later_is_the_same(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        first = paper.broker.submit(ticket(paper, "o-1"))
        paper.clock.at += SECOND
        assert paper.broker.submit(ticket(paper, "o-1")) == first

    def test_a_refusal_is_remembered(self, paper: PaperUnderTest) -> None:
        (refused,) = paper.broker.submit(ticket(paper, "o-1"))
        assert refused.text == "there is no quote of AAPL"
        paper.show(SHARE, "189.00", "189.20")
        assert list(paper.broker.submit(ticket(paper, "o-1"))) == [refused]

    def test_it_trades_by_the_quote_of_the_moment_it_was_sent(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        sent = ticket(paper, "o-1")
        later = Quote(symbol=SHARE, bid=D(190), offer=D(191), time=NOON + 9 * SECOND, source="test")
        paper.market.show(later)
        paper.clock.at = NOON + 10 * SECOND
        (_, fill) = paper.broker.submit(sent)
        assert (fill.last_px, fill.transact_time) == (D("189.2"), sent.sent_at)

    def test_many_at_once_are_answered_in_their_order(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20", offer_size=15)
        sent = [ticket(paper, f"o-{n}") for n in range(3)]
        answers = paper.broker.submit_many(sent)
        assert [[r.last_qty for r in answer if r.last_qty] for answer in answers] == [[10], [5], []]
        assert paper.another().submit_many(sent) == answers

    def test_an_account_that_nobody_opened_is_refused(self, paper: PaperUnderTest) -> None:
        nobody = PaperBroker(paper.pool, paper.market, paper.clock, NEW_YORK, account="nobody")
        with pytest.raises(PortRefused, match="no paper account nobody"):
            nobody.submit(ticket(paper, "o-1"))

    def test_an_account_is_opened_once(self, paper: PaperUnderTest) -> None:
        paper.broker.open(D(1))
        assert paper.broker.account().cash == OPENING_CASH
        (deposit,) = paper.broker.activities(NOON)
        assert (deposit.kind, deposit.amount) == (ActivityKind.DEPOSIT, OPENING_CASH)


class TestLooking:
    def test_every_quote_in_between_is_looked_at(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.broker.submit(ticket(paper, "o-1", limit="188.50"))
        for seconds, offer in ((2, "188.90"), (3, "188.40"), (4, "189.50")):
            at = NOON + seconds * SECOND
            paper.market.show(
                Quote(symbol=SHARE, bid=D(188), offer=D(offer), time=at, source="test")
            )
        paper.clock.at = NOON + 10 * SECOND
        (fill,) = paper.broker.reports(0)
        assert (fill.last_px, fill.transact_time) == (D("188.4"), NOON + 3 * SECOND)

    def test_answers_are_not_told_again_and_others_once(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20", offer_size=4)
        paper.broker.submit(ticket(paper, "o-1"))
        assert paper.broker.reports(0) == []
        paper.show(SHARE, "189.00", "189.10")
        assert [r.last_qty for r in paper.broker.reports(0)] == [6]
        assert paper.broker.reports(0) == []

    def test_another_program_goes_on_where_one_stopped(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20", offer_size=4)
        paper.broker.submit(ticket(paper, "o-1"))
        other = paper.another()
        assert other.reports(0) == []
        paper.market.show(
            Quote(symbol=SHARE, bid=D(188), offer=D(189), time=NOON + 5 * SECOND, source="test")
        )
        paper.clock.at = NOON + 6 * SECOND
        (told,) = other.reports(0)
        assert (told.last_qty, told.cum_qty) == (D(6), D(10))
        assert list(paper.broker.reports(0)) == [told]

    def test_what_is_used_up_stays_so_for_another_program(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20", offer_size=4)
        paper.broker.submit(ticket(paper, "o-1", quantity="4"))
        (accepted,) = paper.another().submit(ticket(paper, "o-2", quantity="4"))
        assert accepted.exec_type is ExecType.NEW

    def test_programs_that_act_at_once_lose_nothing(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "1.00", "1.10")
        brokers = [paper.another() for _ in range(3)]

        def buy(number: int) -> int:
            sent = ticket(paper, f"o-{number}", quantity="1")
            return len(brokers[number % 3].submit(sent))

        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(buy, range(30))) == [2] * 30
        (position,) = paper.broker.positions()
        assert position.quantity == 30
        assert paper.broker.account().cash == OPENING_CASH - 33


class TestDays:
    def test_a_day_order_ends_at_the_close_and_a_lasting_one_does_not(
        self, paper: PaperUnderTest
    ) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.broker.submit(ticket(paper, "day", limit="100"))
        paper.broker.submit(ticket(paper, "gtc", limit="100", lasts=TimeInForce.GTC))
        paper.clock.at = CLOSE + timedelta(hours=20)
        (ended,) = paper.broker.reports(0)
        assert (ended.cl_ord_id, ended.exec_type, ended.transact_time) == (
            "day", ExecType.EXPIRED, CLOSE,
        )  # fmt: skip
        assert [o.cl_ord_id for o in paper.broker.open_orders()] == ["gtc"]

    def test_a_half_day_ends_early(self, paper: PaperUnderTest) -> None:
        after_thanksgiving = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
        paper.until(after_thanksgiving)
        paper.broker.submit(ticket(paper, "day", limit="100"))
        paper.clock.at = after_thanksgiving + timedelta(hours=4)
        (ended,) = paper.broker.reports(0)
        assert ended.transact_time == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)

    def test_after_the_close_market_orders_are_refused_and_limits_wait(
        self, paper: PaperUnderTest
    ) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.until(CLOSE + timedelta(minutes=1))
        (refused,) = paper.broker.submit(ticket(paper, "o-1"))
        assert refused.text == "the market is closed"
        paper.broker.submit(ticket(paper, "o-2", limit="190"))
        evening = Quote(
            symbol=SHARE, bid=D(1), offer=D(2), time=CLOSE + timedelta(hours=1), source="test"
        )
        paper.market.show(evening)
        next_open = datetime(2026, 11, 19, 14, 30, tzinfo=UTC)
        paper.until(next_open + SECOND)
        assert paper.broker.reports(0) == []
        paper.show(SHARE, "188.00", "188.50")
        (fill,) = paper.broker.reports(0)
        assert (fill.cl_ord_id, fill.last_px) == ("o-2", D("188.5"))

    def test_the_days_fees_are_charged_at_its_close(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.broker.submit(ticket(paper, "o-1"))
        paper.broker.submit(ticket(paper, "o-2", Side.SELL, closing=True))
        before = paper.broker.account().cash
        paper.until(CLOSE + SECOND)
        (fee,) = [a for a in paper.broker.activities(NOON) if a.kind is ActivityKind.FEE]
        assert (fee.amount, fee.happened_at) == (D("-0.04"), CLOSE)
        assert paper.broker.account().cash == before - D("0.04")

    def test_day_trades_of_five_sessions_are_counted(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        paper.broker.submit(ticket(paper, "o-1"))
        paper.broker.submit(ticket(paper, "o-2", Side.SELL, closing=True))
        assert paper.broker.account().day_trades == 1
        # Wednesday is the first of the five sessions up to the Wednesday after, with a holiday
        # on Thursday the 26th.
        paper.until(datetime(2026, 11, 24, 17, 0, tzinfo=UTC))
        assert paper.broker.account().day_trades == 1
        paper.until(datetime(2026, 11, 25, 17, 0, tzinfo=UTC))
        assert paper.broker.account().day_trades == 0


class TestExpiry:
    def bought(self, paper: PaperUnderTest) -> None:
        paper.show(CALL, "5.40", "5.50")
        paper.broker.submit(ticket(paper, "o-1", symbol=CALL, quantity="1"))

    def test_what_is_in_the_money_becomes_shares(self, paper: PaperUnderTest) -> None:
        self.bought(paper)
        paper.market.close_at("TSLA", FRIDAY, "260")
        paper.until(FRIDAYS_CLOSE + SECOND)
        (shares,) = paper.broker.positions()
        assert (shares.symbol, shares.quantity, shares.avg_px) == ("TSLA", D(100), D(250))
        exercise, delivery = paper.broker.activities(FRIDAYS_CLOSE)
        assert (exercise.kind, exercise.symbol, exercise.quantity) == (
            ActivityKind.EXERCISE, CALL, D(-1),
        )  # fmt: skip
        assert (delivery.kind, delivery.symbol, delivery.amount) == (
            ActivityKind.OPTION_TRADE, "TSLA", D(-25_000),
        )  # fmt: skip

    def test_what_is_not_is_worth_nothing(self, paper: PaperUnderTest) -> None:
        self.bought(paper)
        paper.market.close_at("TSLA", FRIDAY, "250")
        paper.until(FRIDAYS_CLOSE + SECOND)
        assert paper.broker.positions() == []
        (expiry,) = paper.broker.activities(FRIDAYS_CLOSE)
        assert (expiry.kind, expiry.quantity, expiry.amount) == (
            ActivityKind.EXPIRY, D(-1), D(0),
        )  # fmt: skip

    def test_a_close_that_comes_late_still_settles(self, paper: PaperUnderTest) -> None:
        self.bought(paper)
        paper.until(FRIDAYS_CLOSE + SECOND)
        assert [held.symbol for held in paper.broker.positions()] == [CALL]
        paper.market.close_at("TSLA", FRIDAY, "260")
        paper.until(FRIDAYS_CLOSE + 60 * SECOND)
        assert [held.symbol for held in paper.broker.positions()] == ["TSLA"]

    def test_no_close_settles_it_before_its_time(self, paper: PaperUnderTest) -> None:
        self.bought(paper)
        paper.market.close_at("TSLA", FRIDAY, "260")
        paper.until(FRIDAYS_CLOSE - SECOND)
        assert [held.symbol for held in paper.broker.positions()] == [CALL]


class TestAccount:
    def test_equity_counts_holdings_where_they_could_be_closed(self, paper: PaperUnderTest) -> None:
        paper.show(CALL, "5.40", "5.50")
        paper.broker.submit(ticket(paper, "o-1", symbol=CALL, quantity="2"))
        paper.show(CALL, "7.00", "7.20")
        account = paper.broker.account()
        assert account.cash == OPENING_CASH - 1100 - D("1.40")
        assert account.equity == account.cash + 1400
        assert account.buying_power == account.cash

    def test_a_bracket_brings_its_exits(self, paper: PaperUnderTest) -> None:
        paper.show(SHARE, "189.00", "189.20")
        bracket = ticket(paper, "o-1", stop_loss="180", take_profit="200")
        told = Told(paper.broker)
        told.hear(paper.broker.submit(bracket))
        assert [o.cl_ord_id for o in paper.broker.open_orders()] == ["o-1.sl", "o-1.tp"]
        paper.show(SHARE, "200.00", "200.10")
        told.hear(paper.broker.reports(0))
        assert [r.last_px for r in told.fills("o-1.tp")] == [D(200)]
        assert told.of("o-1.sl", ExecType.CANCELED)
        assert paper.broker.positions() == []

    def test_there_is_no_chain(self, paper: PaperUnderTest) -> None:
        assert list(paper.broker.chain("TSLA")) == []

    def test_it_is_called_paper_and_is_always_there(self, paper: PaperUnderTest) -> None:
        assert (paper.broker.name, paper.broker.is_connected) == ("paper", True)
        assert SetClock().now() == NOON
