"""The blotter, folded from execution reports."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from domain.fix import OrdStatus
from domain.orders import Order
from projections.blotter import Blotter, FillState, OrderRow
from tests.projections import desk
from tests.projections.given import Story, current, fields

CORRECTION = UUID(int=5)


class Told:
    """What the blotter shows of one order."""

    def __init__(self, order: Order) -> None:
        model = Blotter()
        Story(model).tell(order)
        self.row = current(model.orders)[0]
        self.fills = current(model.fills)


def row_of(order: Order) -> OrderRow:
    return Told(order).row


def test_a_requested_order_is_pending() -> None:
    row = row_of(desk.order(of=UUID(int=3)))
    assert fields(row, "status", "cl_ord_id", "signal", "leaves_qty", "title") == (
        OrdStatus.PENDING_NEW, "o-1", UUID(int=3), 10, "TSLA 250C 2026-11-20",
    )  # fmt: skip


def test_a_denied_order_says_why() -> None:
    order = desk.order()
    order.deny("no quote", at=desk.NOON)
    assert fields(row_of(order), "status", "reason", "leaves_qty") == (
        OrdStatus.DENIED, "no quote", 0,
    )  # fmt: skip


def test_an_accepted_order_works_at_the_broker() -> None:
    row = row_of(desk.accepted(desk.order()))
    assert fields(row, "status", "broker", "order_id", "version") == (
        OrdStatus.NEW, "paper", "p-1", 3,
    )  # fmt: skip


def test_a_rejected_order_says_why() -> None:
    order = desk.order()
    order.submit("paper", at=desk.NOON)
    order.reject("closed", transact_time=desk.NOON, at=desk.NOON)
    assert fields(row_of(order), "status", "reason") == (OrdStatus.REJECTED, "closed")


def test_fills_add_up() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    desk.fill(order, "e-1", "4", "2.00")
    assert fields(row_of(order), "status", "cum_qty", "leaves_qty") == (
        OrdStatus.PARTIALLY_FILLED, 4, 6,
    )  # fmt: skip


def test_the_last_fill_completes_the_order() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    desk.fill(order, "e-1", "4", "2.00")
    desk.fill(order, "e-2", "6", "3.00")
    row = row_of(order)
    assert fields(row, "status", "cum_qty", "avg_px", "commission", "fills") == (
        OrdStatus.FILLED, 10, Decimal("2.600000"), Decimal("1.30"), 2,
    )  # fmt: skip


def test_a_corrected_fill_counts_with_its_new_figures() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    desk.fill(order, "e-1", "4", "2.00")
    desk.fill(order, "e-2", "6", "3.00")
    order.correct_trade(
        correction=CORRECTION, exec_id="e-2", last_qty=Decimal(4), last_px=Decimal("2.50"),
        reason="broker's mail", by="ana", at=desk.NOON,
    )  # fmt: skip
    told = Told(order)
    assert fields(told.row, "cum_qty", "avg_px", "fills") == (8, Decimal("2.250000"), 2)
    assert [(f.exec_id, f.state, int(f.quantity)) for f in told.fills] == [
        ("e-1", FillState.STANDING, 4),
        ("e-2", FillState.CORRECTED, 4),
    ]


def test_a_busted_fill_counts_for_nothing_and_stays_visible() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    desk.fill(order, "e-1", "10", "2.00")
    order.cancel_trade(correction=CORRECTION, exec_id="e-1", reason="bust", by="ana", at=desk.NOON)
    told = Told(order)
    assert fields(told.row, "cum_qty", "avg_px", "filled_value", "fills") == (0, 0, 0, 0)
    assert told.fills[0].state is FillState.BUSTED


def test_a_canceled_order_may_still_fill() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    order.request_cancel("changed my mind", at=desk.NOON)
    order.cancel(transact_time=desk.NOON, at=desk.NOON)
    desk.fill(order, "e-1", "4", "2.00")
    assert fields(row_of(order), "status", "cum_qty") == (OrdStatus.CANCELED, 4)


def test_what_fills_whole_after_its_end_is_filled() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    order.cancel(transact_time=desk.NOON, at=desk.NOON)
    desk.fill(order, "e-1", "10", "2.00")
    assert row_of(order).status is OrdStatus.FILLED


@pytest.mark.parametrize(
    ("end", "status"),
    [("request_cancel", OrdStatus.PENDING_CANCEL), ("expire", OrdStatus.EXPIRED)],
)
def test_the_end_of_an_order_is_its_state(end: str, status: OrdStatus) -> None:
    order = desk.accepted(desk.order())
    if end == "expire":
        order.expire(transact_time=desk.NOON, at=desk.NOON)
    else:
        order.request_cancel("changed my mind", at=desk.NOON)
    assert row_of(order).status is status
