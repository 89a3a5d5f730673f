"""The blotter, folded from execution reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.fix import OrdStatus
from domain.order_events import Check
from domain.orders import Order
from domain.reports import ExecType, ExecutionReport
from projections.blotter import Blotter, FillState, OrderRow, checks_of
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


def test_the_checks_of_an_order_are_kept_in_their_order() -> None:
    order = desk.order()
    checks = (
        Check(name="drift", passed=True, detail="5.50, the signal's price"),
        Check(name="buying power", passed=False, detail="4,950 of 4,000"),
    )
    order.deny("not enough buying power", checks, at=desk.NOON)
    assert checks_of(row_of(order)) == checks
    assert checks_of(row_of(desk.order())) == ()


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


def told_by(order: Order, exec_type: ExecType, minute: int, **figures: Any) -> None:
    order.take(
        ExecutionReport(
            exec_type=exec_type,
            cl_ord_id="o-1",
            exec_id=f"r-{minute}",
            transact_time=desk.minute(minute),
            **figures,
        ),
        at=desk.minute(minute),
    )


def test_other_terms_are_asked_for_and_then_hold() -> None:
    order = desk.accepted(desk.order())
    order.request_replace(order_qty=Decimal(6), reason="smaller", at=desk.minute(40))
    asked = Told(order).row
    assert fields(asked, "status", "order_qty", "reason") == (
        OrdStatus.PENDING_REPLACE, 10, "smaller",
    )  # fmt: skip


def test_replaced_terms_are_the_orders() -> None:
    order = desk.accepted(desk.order())
    told_by(order, ExecType.REPLACED, 41, order_qty=Decimal(6), order_id="p-2")
    assert fields(row_of(order), "status", "order_qty", "leaves_qty", "order_id", "replaced") == (
        OrdStatus.NEW, 6, 6, "p-2", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("exec_type", "status"),
    [
        (ExecType.DONE_FOR_DAY, OrdStatus.DONE_FOR_DAY),
        (ExecType.SUSPENDED, OrdStatus.SUSPENDED),
        (ExecType.PENDING_CANCEL, OrdStatus.PENDING_CANCEL),
        (ExecType.EXPIRED, OrdStatus.EXPIRED),
        (ExecType.CANCEL_REJECTED, OrdStatus.NEW),
    ],
)
def test_what_the_broker_reports_is_the_orders_state(
    exec_type: ExecType, status: OrdStatus
) -> None:
    order = desk.accepted(desk.order())
    told_by(order, exec_type, 41)
    row = row_of(order)
    assert (row.status, row.version) == (status, order.version)


def test_a_broker_that_busts_a_fill_opens_the_order_again() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    told_by(order, ExecType.TRADE, 41, last_qty=Decimal(10), last_px=Decimal(2))
    told_by(order, ExecType.TRADE_CANCEL, 42, ref_exec_id="r-41")
    told = Told(order)
    assert fields(told.row, "status", "cum_qty", "leaves_qty") == (OrdStatus.NEW, 0, 10)
    assert told.fills[0].state is FillState.BUSTED


def test_an_overfill_and_a_report_that_was_kept_are_seen() -> None:
    order = desk.accepted(desk.order(quantity="10"))
    told_by(order, ExecType.TRADE, 41, last_qty=Decimal(12), last_px=Decimal(2))
    told_by(order, ExecType.REJECTED, 42)
    assert fields(row_of(order), "status", "overfilled", "leaves_qty", "kept") == (
        OrdStatus.FILLED, 2, 0, 1,
    )  # fmt: skip


def test_an_order_is_in_doubt_until_the_broker_was_asked() -> None:
    order = desk.order()
    order.submit("paper", at=desk.NOON)
    order.lose_answer("no answer in 5 s", at=desk.NOON)
    assert fields(row_of(order), "in_doubt", "reason") == (True, "no answer in 5 s")


def test_what_the_broker_says_settles_the_doubt() -> None:
    order = desk.order()
    order.submit("paper", at=desk.NOON)
    order.lose_answer("no answer in 5 s", at=desk.NOON)
    order.reconcile(OrdStatus.CANCELED, Decimal(0), order_id="p-9", as_of=desk.NOON, at=desk.NOON)
    assert fields(row_of(order), "in_doubt", "status", "order_id") == (
        False, OrdStatus.CANCELED, "p-9",
    )  # fmt: skip


def test_a_triggered_stop_works_in_the_market() -> None:
    order = desk.accepted(desk.order())
    told_by(order, ExecType.TRIGGERED, 41)
    assert fields(row_of(order), "triggered", "status") == (True, OrdStatus.NEW)
