"""What every broker adapter is held to (see application/brokerage.py).

A test module of an adapter subclasses `BrokerContract` and gives the fixture `under`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from application.brokerage import ActivityKind, Broker, Replacement
from application.ports import Unavailable
from domain.fix import OrdStatus, Side, TimeInForce
from domain.legs import Leg, multiplier_of
from domain.reports import ExecType, ExecutionReport
from tests.adapters.brokers.under_test import (
    CALL,
    HIGHER,
    OPENING_CASH,
    SHARE,
    VERTICAL,
    BrokerUnderTest,
    D,
    Told,
    ticket,
)

REFUSED = (ExecType.REJECTED, ExecType.CANCEL_REJECTED, ExecType.REPLACE_REJECTED)


def held(broker: Broker) -> dict[str, Decimal]:
    return {position.symbol: position.quantity for position in broker.positions()}


def refusal(told: Told, reports: list[ExecutionReport]) -> str:
    """The words of the one refusal among these reports."""
    (refused,) = [report for report in reports if report.exec_type in REFUSED]
    assert refused.text
    return refused.text


class Submitting:
    def test_a_market_buy_pays_the_offer_and_says_so(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        (fill,) = told.until("o-1", ExecType.TRADE)
        assert (fill.last_qty, fill.last_px) == (D(10), D("189.20"))
        assert (fill.cum_qty, fill.leaves_qty) == (D(10), D(0))
        assert fill.order_id

    def test_a_market_sale_gets_the_bid(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", symbol=CALL, quantity="3")))
        told.until("o-1", ExecType.TRADE)
        sale = ticket(under, "o-2", Side.SELL, CALL, quantity="3", closing=True)
        told.hear(under.broker.submit(sale))
        (fill,) = told.until("o-2", ExecType.TRADE)
        assert (fill.last_qty, fill.last_px) == (D(3), D("5.40"))

    def test_it_is_taken_before_it_trades(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        told.until("o-1", ExecType.TRADE)
        kinds = [report.exec_type for report in under.broker.history("o-1")]
        assert kinds.index(ExecType.NEW) < kinds.index(ExecType.TRADE)

    def test_several_legs_trade_as_one_at_their_far_sides(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        under.show(HIGHER, "2.20", "2.30")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", legs=VERTICAL, limit="3.30")))
        (fill,) = told.until("o-1", ExecType.TRADE)
        assert (fill.last_qty, fill.last_px) == (D(10), D("3.30"))
        assert held(under.broker) == {CALL: 10, HIGHER: -10}


class Repeating:
    def test_the_same_ticket_again_is_the_same_order(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told, sent = Told(under.broker), ticket(under, "o-1")
        told.hear(under.broker.submit(sent))
        told.until("o-1", ExecType.TRADE)
        again = Told(under.broker)
        again.hear(under.broker.submit(sent))
        assert again.fills("o-1") == told.fills("o-1")
        assert held(under.broker) == {SHARE: 10}

    def test_another_program_may_send_it_again(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        sent = ticket(under, "o-1")
        told = Told(under.broker)
        told.hear(under.broker.submit(sent))
        told.until("o-1", ExecType.TRADE)
        other = under.another()
        again = Told(other)
        again.hear(other.submit(sent))
        assert again.fills("o-1") == told.fills("o-1")
        assert held(other) == {SHARE: 10}

    def test_an_answer_that_is_lost_is_found_and_nothing_is_sent_twice(
        self, under: BrokerUnderTest
    ) -> None:
        under.show(SHARE, "189.00", "189.20")
        sent = ticket(under, "o-1")
        with under.losing_answers(), pytest.raises(Unavailable):
            under.broker.submit(sent)
        order = under.broker.order("o-1")
        assert order is not None
        assert order.cl_ord_id == "o-1"
        told = Told(under.broker)
        told.hear(under.broker.history("o-1"))
        told.hear(under.broker.submit(sent))
        told.until("o-1", ExecType.TRADE)
        assert len(told.fills("o-1")) == 1
        assert held(under.broker) == {SHARE: 10}

    def test_reports_that_are_told_again_are_the_same(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20", offer_size=4)
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="189.20")))
        told.until("o-1", ExecType.TRADE)
        assert under.broker.history("o-1") == under.broker.history("o-1")
        assert under.another().history("o-1") == under.broker.history("o-1")

    def test_the_history_is_what_was_reported(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20", offer_size=4)
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="189.20")))
        told.until("o-1", ExecType.TRADE)
        under.show(SHARE, "189.00", "189.10")
        told.until("o-1", ExecType.TRADE, count=2)
        history = Told(under.broker)
        history.hear(under.broker.history("o-1"))

        def said(one: Told) -> list[tuple[object, ...]]:
            return [(f.last_qty, f.last_px, f.cum_qty, f.leaves_qty) for f in one.fills("o-1")]

        assert said(history) == said(told)
        assert said(history) == [(4, D("189.20"), 4, 6), (6, D("189.10"), 10, 0)]


class Resting:
    def test_what_the_market_does_not_reach_rests(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="188.50")))
        told.until("o-1", ExecType.NEW)
        order = under.broker.order("o-1")
        assert order is not None
        assert (order.status, order.cum_qty, order.limit_px) == (OrdStatus.NEW, D(0), D("188.50"))
        assert [each.cl_ord_id for each in under.broker.open_orders()] == ["o-1"]

    def test_it_trades_when_the_market_comes_to_it(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="188.50")))
        under.show(SHARE, "188.30", "188.40")
        (fill,) = told.until("o-1", ExecType.TRADE)
        assert fill.last_px <= D("188.50")
        assert list(under.broker.open_orders()) == []

    def test_it_trades_as_much_as_is_quoted(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50", offer_size=4)
        told = Told(under.broker)
        told.hear(
            under.broker.submit(ticket(under, "o-1", symbol=CALL, quantity="10", limit="5.50"))
        )
        (fill,) = told.until("o-1", ExecType.TRADE)
        assert (fill.last_qty, fill.cum_qty, fill.leaves_qty) == (D(4), D(4), D(6))
        order = under.broker.order("o-1")
        assert order is not None
        assert (order.status, order.cum_qty) == (OrdStatus.PARTIALLY_FILLED, D(4))

    def test_a_stop_of_a_holding_waits_for_the_bid(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", symbol=CALL, quantity="2")))
        told.until("o-1", ExecType.TRADE)
        stop = ticket(under, "o-2", Side.SELL, CALL, quantity="2", closing=True, stop="5.00")
        told.hear(under.broker.submit(stop))
        told.until("o-2", ExecType.NEW)
        under.show(CALL, "5.10", "5.20")
        assert [each.cl_ord_id for each in under.broker.open_orders()] == ["o-2"]
        under.show(CALL, "4.90", "5.00")
        (fill,) = told.until("o-2", ExecType.TRADE)
        assert fill.last_px == D("4.90")


class Canceling:
    def test_what_rests_is_taken_back(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="188.50")))
        told.until("o-1", ExecType.NEW)
        told.hear(under.broker.cancel("o-1", at=under.now()))
        told.until("o-1", ExecType.CANCELED)
        order = under.broker.order("o-1")
        assert order is not None
        assert order.status is OrdStatus.CANCELED
        assert list(under.broker.open_orders()) == []

    def test_what_was_canceled_trades_no_more(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", limit="188.50")))
        told.until("o-1", ExecType.NEW)
        told.hear(under.broker.cancel("o-1", at=under.now()))
        told.until("o-1", ExecType.CANCELED)
        under.show(SHARE, "180.00", "180.10")
        told.hear(under.broker.reports(0))
        assert told.fills("o-1") == []

    def test_what_has_traded_cannot_be_taken_back(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        told.until("o-1", ExecType.TRADE)
        assert refusal(told, list(under.broker.cancel("o-1", at=under.now())))

    def test_nor_what_was_never_sent(self, under: BrokerUnderTest) -> None:
        told = Told(under.broker)
        assert refusal(told, list(under.broker.cancel("never", at=under.now())))


class Replacing:
    def test_an_order_gets_other_terms_and_keeps_its_name(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        lasting = ticket(under, "o-1", limit="188.50", lasts=TimeInForce.GTC)
        told.hear(under.broker.submit(lasting))
        told.until("o-1", ExecType.NEW)
        terms = Replacement(limit_px=D("188.80"), order_qty=D(12))
        told.hear(under.broker.replace("o-1", terms, at=under.now()))
        told.until("o-1", ExecType.REPLACED)
        order = under.broker.order("o-1")
        assert order is not None
        assert (order.cl_ord_id, order.limit_px, order.order_qty) == ("o-1", D("188.80"), D(12))
        assert [each.cl_ord_id for each in under.broker.open_orders()] == ["o-1"]
        under.show(SHARE, "188.60", "188.70")
        (fill,) = told.until("o-1", ExecType.TRADE)
        assert (fill.cl_ord_id, fill.last_qty) == ("o-1", D(12))

    def test_what_has_traded_has_its_terms(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        told.until("o-1", ExecType.TRADE)
        terms = Replacement(limit_px=D(1))
        assert refusal(told, list(under.broker.replace("o-1", terms, at=under.now())))

    def test_nor_has_what_was_never_sent(self, under: BrokerUnderTest) -> None:
        terms = Replacement(limit_px=D(1))
        reports = under.broker.replace("never", terms, at=under.now())
        assert refusal(Told(under.broker), list(reports))


class Refusing:
    def test_what_the_account_cannot_pay(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", quantity="10000")))
        (refused,) = told.until("o-1", ExecType.REJECTED)
        assert refused.text
        assert held(under.broker) == {}

    def test_a_sale_of_options_that_are_not_held(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        told = Told(under.broker)
        sale = ticket(under, "o-1", Side.SELL, CALL, quantity="3", closing=True)
        told.hear(under.broker.submit(sale))
        (refused,) = told.until("o-1", ExecType.REJECTED)
        assert refused.text

    def test_a_bracket_on_options(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        told = Told(under.broker)
        bracket = ticket(under, "o-1", symbol=CALL, stop_loss="4.00", take_profit="9.00")
        told.hear(under.broker.submit(bracket))
        (refused,) = told.until("o-1", ExecType.REJECTED)
        assert "bracket" in refused.text
        assert held(under.broker) == {}


class Asking:
    def test_nobody_knows_an_order_that_never_came(self, under: BrokerUnderTest) -> None:
        assert under.broker.order("never") is None
        assert list(under.broker.history("never")) == []

    def test_a_flat_account_has_its_cash(self, under: BrokerUnderTest) -> None:
        account = under.broker.account()
        assert (account.cash, account.equity) == (OPENING_CASH, OPENING_CASH)
        assert list(under.broker.positions()) == []

    def test_what_is_bought_is_held_and_paid_for(self, under: BrokerUnderTest) -> None:
        under.show(CALL, "5.40", "5.50")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1", symbol=CALL, quantity="3")))
        (fill,) = told.until("o-1", ExecType.TRADE)
        (position,) = under.broker.positions()
        assert (position.symbol, position.quantity, position.avg_px) == (CALL, D(3), D("5.50"))
        per_contract = multiplier_of((Leg(symbol=CALL, side=Side.BUY),))
        paid = 3 * D("5.50") * per_contract + fill.commission
        assert under.broker.account().cash == OPENING_CASH - paid

    def test_what_is_sold_again_is_not(self, under: BrokerUnderTest) -> None:
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        told.until("o-1", ExecType.TRADE)
        told.hear(under.broker.submit(ticket(under, "o-2", Side.SELL, closing=True)))
        told.until("o-2", ExecType.TRADE)
        costs = sum(fill.commission for name in ("o-1", "o-2") for fill in told.fills(name))
        assert list(under.broker.positions()) == []
        assert under.broker.account().cash == OPENING_CASH - 2 - costs

    def test_fills_are_activities(self, under: BrokerUnderTest) -> None:
        before = under.now() - timedelta(minutes=1)
        under.show(SHARE, "189.00", "189.20")
        told = Told(under.broker)
        told.hear(under.broker.submit(ticket(under, "o-1")))
        told.until("o-1", ExecType.TRADE)
        (fill,) = [a for a in under.broker.activities(before) if a.kind is ActivityKind.FILL]
        assert (fill.symbol, fill.quantity, fill.price) == (SHARE, D(10), D("189.20"))
        assert fill.amount == D("-1892.00")
        assert fill.activity_id
        assert list(under.broker.activities(under.now() + timedelta(days=1))) == []

    def test_who_is_not_reached_is_unavailable(self, under: BrokerUnderTest) -> None:
        with under.unreachable():
            for ask in (
                lambda: under.broker.submit(ticket(under, "o-1")),
                lambda: under.broker.cancel("o-1", at=under.now()),
                lambda: under.broker.replace("o-1", Replacement(), at=under.now()),
                lambda: under.broker.order("o-1"),
                lambda: under.broker.history("o-1"),
                under.broker.open_orders,
                under.broker.positions,
                under.broker.account,
                lambda: under.broker.activities(under.now()),
            ):
                with pytest.raises(Unavailable):
                    ask()
        assert under.broker.order("o-1") is None


class BrokerContract(Submitting, Repeating, Resting, Canceling, Replacing, Refusing, Asking):
    """Every broker adapter passes this; its test module gives the fixture `under`."""
