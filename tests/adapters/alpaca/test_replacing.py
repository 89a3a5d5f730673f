"""New terms: Alpaca makes a new order of them, and here it stays the order we know."""

from __future__ import annotations

from decimal import Decimal

import pytest

from application.brokerage import Replacement
from application.ports import Unavailable
from domain.fix import Side, TimeInForce
from domain.reports import ExecType
from tests.adapters.alpaca.faults import Fault
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, VERTICAL, Told, ticket

D = Decimal


def resting(under: Alpaca, quantity: str = "10") -> Told:
    """An order that rests at 188.50, and what was told of it."""
    under.show(SHARE, "189.00", "189.20")
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="188.50", quantity=quantity)))
    told.until("o-1", ExecType.NEW)
    return told


def patches(under: Alpaca) -> int:
    return sum(method == "PATCH" for method, _ in under.fake.rest.requests)


def test_new_terms_may_follow_each_other(under: Alpaca) -> None:
    told = resting(under)
    for number, limit in enumerate(("188.60", "188.70", "188.80"), start=1):
        told.hear(under.broker.replace("o-1", Replacement(limit_px=D(limit)), at=under.now()))
        reports = told.until("o-1", ExecType.REPLACED, count=number)
        assert reports[-1].limit_px == D(limit)
    under.show(SHARE, "188.70", "188.75")
    (fill,) = told.until("o-1", ExecType.TRADE)
    for broker in (under.broker, under.another()):
        order = broker.order("o-1")
        assert order is not None
        assert (order.order_qty, order.cum_qty, order.avg_px) == (D(10), D(10), D("188.75"))
        assert list(broker.history("o-1"))[-1].exec_id == fill.exec_id


def test_what_has_filled_is_not_ordered_again(under: Alpaca) -> None:
    """Alpaca would take the whole quantity over, whatever had filled of it."""
    told = resting(under)
    under.show(SHARE, "188.30", "188.40", offer_size=4)
    told.until("o-1", ExecType.TRADE)
    told.hear(under.broker.replace("o-1", Replacement(limit_px=D("188.60")), at=under.now()))
    (renewed,) = told.until("o-1", ExecType.REPLACED)
    assert (renewed.order_qty, renewed.cum_qty, renewed.leaves_qty) == (D(10), D(4), D(6))
    under.show(SHARE, "188.50", "188.55")
    told.until("o-1", ExecType.TRADE, count=2)
    assert [(fill.last_qty, fill.cum_qty) for fill in told.fills("o-1")] == [
        (D(4), D(4)),
        (D(6), D(10)),
    ]
    (position,) = under.broker.positions()
    assert position.quantity == 10
    history = Told(under.broker)
    history.hear(under.another().history("o-1"))
    assert history.fills("o-1") == told.fills("o-1")
    order = under.broker.order("o-1")
    assert order is not None
    assert order.avg_px == (4 * D("188.40") + 6 * D("188.55")) / 10


def test_a_smaller_whole_is_what_is_left_of_it(under: Alpaca) -> None:
    told = resting(under)
    under.show(SHARE, "188.30", "188.40", offer_size=4)
    told.until("o-1", ExecType.TRADE)
    told.hear(under.broker.replace("o-1", Replacement(order_qty=D(7)), at=under.now()))
    (renewed,) = told.until("o-1", ExecType.REPLACED)
    assert (renewed.order_qty, renewed.leaves_qty) == (D(7), D(3))


def test_less_than_has_filled_cannot_be_asked_for(under: Alpaca) -> None:
    told = resting(under)
    under.show(SHARE, "188.30", "188.40", offer_size=4)
    told.until("o-1", ExecType.TRADE)
    (report,) = under.broker.replace("o-1", Replacement(order_qty=D(4)), at=under.now())
    assert report.exec_type is ExecType.REPLACE_REJECTED
    assert "traded already" in report.text
    assert patches(under) == 0


def test_new_terms_that_come_too_late_are_rejected(under: Alpaca) -> None:
    told = resting(under)
    with under.fake.market() as exchange:
        exchange.replacements_to_lose = 1
    told.hear(under.broker.replace("o-1", Replacement(limit_px=D("188.60")), at=under.now()))
    told.until("o-1", ExecType.REPLACE_REJECTED)
    order = under.broker.order("o-1")
    assert order is not None
    assert order.limit_px == D("188.50")
    under.show(SHARE, "188.30", "188.40")
    told.until("o-1", ExecType.TRADE)


def test_terms_whose_answer_was_lost_are_not_asked_for_twice(under: Alpaca) -> None:
    told = resting(under)
    terms = Replacement(limit_px=D("188.60"), time_in_force=TimeInForce.GTC)
    with under.failing(Fault("lose_answer", "PATCH")), pytest.raises(Unavailable):
        under.broker.replace("o-1", terms, at=under.now())
    (again,) = under.broker.replace("o-1", terms, at=under.now())
    assert again.exec_type is ExecType.REPLACED
    assert patches(under) == 1
    (heard,) = told.until("o-1", ExecType.REPLACED)
    assert heard.exec_id == again.exec_id


def test_terms_that_somebody_else_gave_are_terms_of_our_order(under: Alpaca) -> None:
    told = resting(under)
    with under.fake.market() as exchange:
        exchange.replace(exchange.by_name("o-1").id, {"limit_price": "188.90"})
    (renewed,) = told.until("o-1", ExecType.REPLACED)
    assert renewed.limit_px == D("188.90")
    assert {report.cl_ord_id for report in told.reports} == {"o-1"}
    assert [order.cl_ord_id for order in under.another().open_orders()] == ["o-1"]


def test_terms_that_were_missed_are_found(under: Alpaca) -> None:
    told = resting(under)
    under.fake.faults.stream.lose = 100
    under.broker.replace("o-1", Replacement(limit_px=D("188.60")), at=under.now())
    told.hear(under.another().history("o-1"))
    assert told.of("o-1", ExecType.REPLACED)[0].limit_px == D("188.60")


def test_a_credit_is_replaced_in_its_own_terms(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30")
    told = Told(under.broker)
    legs = tuple(type(leg)(symbol=leg.symbol, side=leg.side.opposite) for leg in VERTICAL)
    told.hear(under.broker.submit(ticket(under, "o-1", Side.SELL, legs=legs, limit="4.00")))
    told.until("o-1", ExecType.NEW)
    told.hear(under.broker.replace("o-1", Replacement(limit_px=D("3.00")), at=under.now()))
    (renewed,) = told.until("o-1", ExecType.REPLACED)
    (fill,) = told.until("o-1", ExecType.TRADE)
    assert (renewed.limit_px, fill.last_px) == (D("3.00"), D("3.10"))


def test_a_replaced_order_is_canceled_under_its_name(under: Alpaca) -> None:
    told = resting(under)
    told.hear(under.broker.replace("o-1", Replacement(limit_px=D("188.60")), at=under.now()))
    told.until("o-1", ExecType.REPLACED)
    told.hear(under.broker.cancel("o-1", at=under.now()))
    (canceled,) = told.until("o-1", ExecType.CANCELED)
    assert canceled.leaves_qty == 0
    assert under.broker.open_orders() == ()
