"""What Alpaca tells of orders is what the record makes of it: in a storm too, an order on record
ends as the broker has it, whatever was lost, doubled or told out of order.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest

from application.brokerage import OrderTicket, Replacement
from domain.orders import Order
from domain.reports import ExecutionReport
from tests.adapters.alpaca.faults import StreamFaults
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, VERTICAL, D, ticket


def on_record(under: Alpaca, sent: OrderTicket) -> Order:
    """The order of a ticket, submitted."""
    order = Order.request(
        cl_ord_id=sent.cl_ord_id,
        account="main",
        signal=None,
        side=sent.side,
        position_effect=sent.position_effect,
        legs=sent.legs,
        order_qty=sent.order_qty,
        ord_type=sent.ord_type,
        limit_px=sent.limit_px,
        time_in_force=sent.time_in_force,
        at=under.now(),
    )
    order.submit("alpaca", at=under.now())
    return order


def take(order: Order, under: Alpaca, reports: Iterable[ExecutionReport]) -> None:
    for report in reports:
        if report.cl_ord_id == order.cl_ord_id:
            order.take(report, at=under.now())


def assert_agrees(order: Order, under: Alpaca) -> None:
    theirs = under.broker.order(order.cl_ord_id)
    assert theirs is not None
    assert (order.status, order.cum_qty, order.order_qty, order.limit_px) == (
        theirs.status,
        theirs.cum_qty,
        theirs.order_qty,
        theirs.limit_px,
    )
    assert sum((quantity for quantity, _ in order.fills.values()), D(0)) == theirs.cum_qty


def test_an_order_is_followed_from_partial_fill_to_new_terms_to_its_end(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    sent = ticket(under, "o-1", limit="189.20")
    order = on_record(under, sent)
    take(order, under, under.broker.submit(sent))
    take(order, under, under.heard())
    assert_agrees(order, under)
    order.request_replace(limit_px=D("188.90"), reason="closer", at=under.now())
    terms = Replacement(limit_px=D("188.90"))
    take(order, under, under.broker.replace("o-1", terms, at=under.now()))
    take(order, under, under.heard())
    assert_agrees(order, under)
    under.show(SHARE, "188.80", "188.85", offer_size=3)
    take(order, under, under.heard())
    assert_agrees(order, under)
    order.request_cancel("enough", at=under.now())
    take(order, under, under.broker.cancel("o-1", at=under.now()))
    take(order, under, under.heard())
    assert_agrees(order, under)
    assert order.cum_qty == 7


@pytest.mark.parametrize("seed", range(3))
def test_in_a_storm_the_record_ends_as_the_broker_has_it(under: Alpaca, seed: int) -> None:
    chance = Random(seed)
    under.fake.faults.chance.seed(seed)
    under.fake.faults.stream = StreamFaults(lose_share=0.15, double_share=0.3, swap_share=0.3)
    under.show(CALL, "5.40", "5.50")
    under.show(HIGHER, "2.20", "2.30")
    under.show(SHARE, "189.00", "189.20")
    tickets = [ticket(under, f"s-{number}", limit="189.00") for number in range(5)]
    tickets += [ticket(under, f"v-{number}", legs=VERTICAL, limit="3.20") for number in range(5)]
    orders = [on_record(under, sent) for sent in tickets]
    for sent, order in zip(tickets, orders, strict=True):
        take(order, under, under.broker.submit(sent))
    for _ in range(8):
        cents = chance.randrange(18880, 18930)
        under.show(SHARE, f"{cents / 100:.2f}", f"{(cents + 5) / 100:.2f}", offer_size=7)
        dimes = chance.randrange(520, 550)
        under.show(CALL, f"{dimes / 100:.2f}", f"{(dimes + 5) / 100:.2f}", offer_size=6)
        if chance.random() < 0.3:
            under.fake.cut()
        for report in under.heard():
            order = next(each for each in orders if each.cl_ord_id == report.cl_ord_id)
            order.take(report, at=under.now())
    under.fake.faults.clear()
    for order in orders:
        if order.status.is_open and chance.random() < 0.5:
            take(order, under, under.broker.cancel(order.cl_ord_id, at=under.now()))
    under.heard()
    for order in orders:
        take(order, under, under.broker.history(order.cl_ord_id))
        assert_agrees(order, under)
