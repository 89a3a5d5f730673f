"""Every report in every state of an order has an answer, and it is FIX's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_changes import OrderReconciled, OrderReportKept
from domain.order_events import OrderFilled
from domain.order_states import ENDS, PRECEDENCE, STATES, TABLE, Step, resting
from domain.orders import Booked, Order
from domain.reports import ExecType, ExecutionReport
from domain.shared import Impossible, InvalidInput
from tests.domain.told import last_of, replayed, state_of, told_by

D = Decimal
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
S = OrdStatus
E = ExecType


def requested(**terms: Any) -> Order:
    fields: dict[str, Any] = {
        "cl_ord_id": "o-1",
        "account": "main",
        "signal": None,
        "side": Side.BUY,
        "position_effect": PositionEffect.OPEN,
        "legs": (Leg(symbol="TSLA  261120C00250000", side=Side.BUY),),
        "order_qty": D(10),
        "ord_type": OrdType.LIMIT,
        "limit_px": D(2),
        "time_in_force": TimeInForce.GTC,
    }
    return Order.request(**(fields | terms), at=NOON)


def seen(*figures: Any) -> tuple[Any, ...]:
    """Figures side by side."""
    return figures


def submitted(**terms: Any) -> Order:
    order = requested(**terms)
    order.submit("broker", at=NOON)
    return order


def report(exec_type: ExecType, minute: int = 1, **fields: Any) -> ExecutionReport:
    known: dict[str, Any] = {"exec_id": f"{exec_type.value}-{minute}"}
    if exec_type is E.TRADE:
        known |= {"last_qty": D(4), "last_px": D(2)}
    return ExecutionReport(
        exec_type=exec_type,
        cl_ord_id="o-1",
        transact_time=NOON + timedelta(minutes=minute),
        **(known | fields),
    )


def after(*reports: ExecutionReport, **terms: Any) -> Order:
    order = submitted(**terms)
    for each in reports:
        order.take(each, at=NOON)
    return order


def denied() -> Order:
    order = requested()
    order.deny("no cash", at=NOON)
    return order


NEW, FILL, WHOLE = report(E.NEW), report(E.TRADE, 2), report(E.TRADE, 2, last_qty=D(10))
IN = {
    S.PENDING_NEW: after,
    S.NEW: lambda: after(NEW),
    S.PARTIALLY_FILLED: lambda: after(NEW, FILL),
    S.FILLED: lambda: after(NEW, WHOLE),
    S.DONE_FOR_DAY: lambda: after(NEW, report(E.DONE_FOR_DAY, 3)),
    S.SUSPENDED: lambda: after(NEW, report(E.SUSPENDED, 3)),
    S.PENDING_CANCEL: lambda: after(NEW, report(E.PENDING_CANCEL, 3)),
    S.PENDING_REPLACE: lambda: after(NEW, report(E.PENDING_REPLACE, 3)),
    S.CANCELED: lambda: after(NEW, report(E.CANCELED, 3)),
    S.EXPIRED: lambda: after(NEW, report(E.EXPIRED, 3)),
    S.REJECTED: lambda: after(report(E.REJECTED, 3)),
    S.DENIED: denied,
}


def test_every_report_in_every_state_is_decided() -> None:
    assert set(TABLE) == set(product(OrdStatus, ExecType))
    assert set(STATES) == set(OrdStatus) == set(IN)


@pytest.mark.parametrize(("status", "exec_type"), sorted(TABLE))
def test_what_the_table_says_is_what_happens(status: OrdStatus, exec_type: ExecType) -> None:
    order = IN[status]()
    assert order.status is status
    version = order.version
    changes: dict[str, Any] = {"exec_id": "late", "order_id": "b-1"}
    if exec_type is E.REPLACED:
        changes["order_qty"] = D(12)
    if exec_type is E.STATUS:
        changes["cum_qty"] = D(9)
    found = report(exec_type, 9, **changes)
    booked = order.take(found, at=NOON)
    recorded = order.version > version
    said = TABLE[status, exec_type]
    if isinstance(said, OrdStatus):
        assert order.status is said
        assert booked is Booked.BOOKED
    elif said is Step.KNOWN:
        assert seen(order.status, booked, recorded) == (status, Booked.REPEATED, False)
    elif said in (Step.LATE, Step.COMPARES):
        assert seen(order.status, booked, recorded) == (status, Booked.KEPT, True)
    elif said is Step.STAYS:
        assert order.status is status
    assert order.take(found, at=NOON) is Booked.REPEATED, "told again it says nothing"
    assert state_of(replayed(told_by(order))) == state_of(order)


@pytest.mark.parametrize("status", list(OrdStatus))
def test_a_part_fills_whatever_the_state_and_reopens_nothing(status: OrdStatus) -> None:
    order = IN[status]()
    before = order.cum_qty
    assert order.take(report(E.TRADE, 9, exec_id="t-9"), at=NOON) is Booked.BOOKED
    assert order.cum_qty == before + 4
    trading = {S.PENDING_NEW, S.NEW, S.PARTIALLY_FILLED}
    assert order.status is (S.PARTIALLY_FILLED if status in trading else status)


@pytest.mark.parametrize("status", list(OrdStatus))
def test_what_fills_whole_is_filled_whatever_it_was(status: OrdStatus) -> None:
    order = IN[status]()
    order.take(report(E.TRADE, 9, exec_id="t-9", last_qty=D(10)), at=NOON)
    assert order.status is S.FILLED


def test_of_what_holds_at_once_the_highest_is_told() -> None:
    """But for an order filled whole, which waits for no answer here."""
    holds: dict[str, Any] = {
        "order_qty": D(10), "accepted": True, "cum_qty": D(4), "ended": None,
        "canceling": False, "replacing": False, "halted": None,
    }  # fmt: skip
    steps: list[tuple[dict[str, Any], OrdStatus]] = [
        ({}, S.PARTIALLY_FILLED),
        ({"halted": S.SUSPENDED}, S.SUSPENDED),
        ({"halted": S.DONE_FOR_DAY}, S.DONE_FOR_DAY),
        ({"replacing": True}, S.PENDING_REPLACE),
        ({"canceling": True}, S.PENDING_CANCEL),
    ]
    found = []
    for change, status in steps:
        holds |= change
        assert resting(**holds) is status
        found.append(PRECEDENCE[status])
    assert found == sorted(found)
    assert resting(**(holds | {"ended": S.CANCELED})) is S.CANCELED
    assert resting(**(holds | {"ended": S.CANCELED, "cum_qty": D(10)})) is S.FILLED
    assert all(PRECEDENCE[S.FILLED] > PRECEDENCE[end] for end in ENDS - {S.DENIED})


def test_matrix_j1a_filled_then_busted_and_corrected() -> None:
    """FIX's own example: 10,000 filled, one execution canceled, the others corrected."""
    order = after(NEW, order_qty=D(10000))

    def told(kind: ExecType, minute: int, exec_id: str, qty: int, px: int, ref: str = "") -> None:
        order.take(
            report(kind, minute, exec_id=exec_id, last_qty=D(qty), last_px=D(px), ref_exec_id=ref),
            at=NOON,
        )

    told(E.TRADE, 3, "C", 1000, 100)
    told(E.TRADE, 4, "D", 9000, 110)
    assert seen(order.status, order.avg_px) == (S.FILLED, 109)
    told(E.TRADE_CANCEL, 5, "E", 0, 0, "C")
    assert seen(order.status, order.cum_qty, order.leaves_qty) == (S.PARTIALLY_FILLED, 9000, 1000)
    told(E.TRADE_CORRECT, 6, "F", 9000, 100, "D")
    told(E.TRADE, 7, "G", 1000, 120)
    assert seen(order.status, order.avg_px) == (S.FILLED, 102)
    told(E.TRADE_CORRECT, 8, "H", 9000, 120, "F")
    assert seen(order.status, order.avg_px) == (S.FILLED, 120)
    order.take(report(E.PENDING_REPLACE, 10), at=NOON)
    order.take(report(E.REPLACED, 11, order_qty=D(12000)), at=NOON)
    told(E.TRADE_CORRECT, 12, "K", 9500, 120, "H")
    assert seen(order.status, order.cum_qty, order.leaves_qty) == (S.PARTIALLY_FILLED, 10500, 1500)


def test_matrix_j1b_a_canceled_order_stays_canceled_through_a_bust_and_another_fill() -> None:
    order = after(NEW, report(E.TRADE, 2, exec_id="B", last_qty=D(5)), report(E.CANCELED, 6))
    order.take(report(E.TRADE_CANCEL, 7, ref_exec_id="B"), at=NOON)
    assert seen(order.status, order.cum_qty) == (S.CANCELED, 0)
    order.take(report(E.TRADE, 8, exec_id="F"), at=NOON)
    assert seen(order.status, order.cum_qty, order.leaves_qty) == (S.CANCELED, 4, 0)


def test_the_same_fill_under_another_exec_id_is_known_by_the_brokers_count() -> None:
    order = after(NEW, report(E.TRADE, 2, exec_id="stream", cum_qty=D(4)))
    again = report(E.TRADE, 2, exec_id="activity", cum_qty=D(4))
    assert order.take(again, at=NOON) is Booked.REPEATED
    assert order.take(report(E.TRADE, 3, exec_id="next", cum_qty=D(8)), at=NOON) is Booked.BOOKED
    assert order.cum_qty == 8


def test_a_fill_that_only_looks_the_same_is_booked_when_the_bust_between_comes() -> None:
    order = after(NEW, report(E.TRADE, 2, exec_id="first", cum_qty=D(4)))
    second = report(E.TRADE, 6, exec_id="second", cum_qty=D(4))
    assert order.take(second, at=NOON) is Booked.KEPT
    bust = report(E.TRADE_CANCEL, 4, ref_exec_id="first", cum_qty=D(0))
    assert order.take(bust, at=NOON) is Booked.BOOKED
    assert order.fills == {"second": (D(4), D(2))}
    assert order.missing == 0


def test_a_bust_that_comes_before_its_fill_takes_effect_with_it() -> None:
    order = after(NEW)
    bust = report(E.TRADE_CANCEL, 4, ref_exec_id="t-1", cum_qty=D(0))
    assert order.take(bust, at=NOON) is Booked.KEPT
    assert order.is_incomplete
    assert order.take(report(E.TRADE, 2, exec_id="t-1", cum_qty=D(4)), at=NOON) is Booked.BOOKED
    assert seen(order.cum_qty, order.busted, order.status) == (0, {"t-1"}, S.NEW)
    assert not order.is_incomplete


def test_an_overfill_is_booked_and_says_so() -> None:
    order = after(NEW, FILL, report(E.TRADE, 3, exec_id="t-3", last_qty=D(7)))
    event = last_of(order)
    assert isinstance(event, OrderFilled)
    assert seen(event.overfill, event.leaves_qty, event.cum_qty) == (1, 0, 11)
    assert order.status is S.FILLED


def test_a_count_that_jumps_says_that_a_report_is_missing() -> None:
    order = after(NEW, report(E.TRADE, 3, exec_id="second", cum_qty=D(8)))
    assert seen(order.missing, order.is_incomplete) == (4, True)
    order.take(report(E.TRADE, 2, exec_id="first", cum_qty=D(4)), at=NOON)
    assert seen(order.missing, order.is_incomplete) == (0, False)


def test_what_one_of_us_put_right_is_not_missing() -> None:
    order = after(NEW, report(E.TRADE, 2, exec_id="t-1", cum_qty=D(4)))
    order.cancel_trade(correction=order.id, exec_id="t-1", reason="mail", by="ana", at=NOON)
    assert order.missing == 0


def test_an_acceptance_after_the_fill_teaches_the_brokers_id() -> None:
    order = after(report(E.TRADE, 2))
    order.take(report(E.NEW, 1, order_id="b-1"), at=NOON)
    assert seen(order.order_id, order.status) == ("b-1", S.PARTIALLY_FILLED)


def test_a_fill_of_an_order_that_was_never_sent_is_booked_and_it_is_sent_no_more() -> None:
    order = requested()
    order.take(FILL, at=NOON)
    assert order.cum_qty == 4
    with pytest.raises(Impossible, match="already"):
        order.submit("broker", at=NOON)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"last_qty": D(0)}, "a quantity above zero"),
        ({"last_px": D("NaN")}, "no numbers"),
        ({"exec_id": ""}, "without an ExecID"),
    ],
)
def test_a_fill_that_cannot_be_right_is_kept(fields: dict[str, Any], why: str) -> None:
    order = after(NEW)
    assert order.take(report(E.TRADE, 2, **fields), at=NOON) is Booked.KEPT
    event = last_of(order)
    assert isinstance(event, OrderReportKept)
    assert why in event.why
    assert seen(order.kept, order.cum_qty) == (1, 0)


def test_an_old_replacement_does_not_undo_a_newer_one() -> None:
    order = after(NEW, report(E.REPLACED, 5, order_qty=D(7), limit_px=D(3)))
    assert order.take(report(E.REPLACED, 4, order_qty=D(9)), at=NOON) is Booked.KEPT
    assert seen(order.order_qty, order.limit_px) == (7, 3)


def test_a_replacement_is_asked_for_once_and_keeps_what_it_does_not_name() -> None:
    order = after(NEW)
    order.request_replace(order_qty=D(6), reason="smaller", at=NOON)
    assert order.status is S.PENDING_REPLACE
    with pytest.raises(Impossible, match="that comes first"):
        order.request_replace(order_qty=D(5), reason="smaller still", at=NOON)
    order.take(report(E.REPLACED, 5, order_qty=D(6), order_id="b-2"), at=NOON)
    assert seen(order.status, order.order_qty, order.limit_px) == (S.NEW, 6, 2)
    assert order.order_id == "b-2"


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, "terms already"),
        ({"order_qty": D(10)}, "terms already"),
        ({"order_qty": D(4)}, "cancel the rest instead"),
        ({"order_qty": D(0)}, "above zero"),
        ({"stop_px": D(1)}, "has no stop price"),
        ({"limit_px": D(-1)}, "below zero"),
    ],
)
def test_terms_that_cannot_be_are_refused(terms: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        after(NEW, FILL).request_replace(**terms, reason="why not", at=NOON)


STOCK = {"legs": (Leg(symbol="TSLA", side=Side.BUY),)}


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"ord_type": OrdType.STOP}, "needs a stop price"),
        ({"ord_type": OrdType.STOP_LIMIT}, "needs a stop price"),
        ({"stop_px": D(2)}, "a limit order has no stop price"),
        ({"ord_type": OrdType.STOP, "stop_px": D(0)}, "above zero"),
        ({"stop_loss_px": D(1)}, "only a single equity has brackets"),
        (STOCK | {"stop_loss_px": D(3)}, "lies between"),
        (STOCK | {"take_profit_px": D(1)}, "lies between"),
        (STOCK | {"side": Side.SELL, "stop_loss_px": D(1)}, "lies between"),
    ],
)
def test_stops_and_brackets_that_cannot_be_are_refused(terms: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        requested(**terms)


def test_an_equity_may_have_a_bracket() -> None:
    order = requested(**STOCK, stop_loss_px=D(1), take_profit_px=D(4), reason="entry")
    assert seen(order.stop_loss_px, order.take_profit_px) == (1, 4)


def test_an_answer_that_never_came_leaves_the_order_in_doubt_until_it_is_told_of() -> None:
    order = submitted()
    assert order.lose_answer("timeout", at=NOON) is True
    assert order.lose_answer("timeout", at=NOON) is False
    assert order.in_doubt
    order.take(NEW, at=NOON)
    assert not order.in_doubt


def test_only_what_was_sent_and_works_can_be_in_doubt() -> None:
    with pytest.raises(Impossible, match="never submitted"):
        requested().lose_answer("timeout", at=NOON)
    with pytest.raises(Impossible, match="the order is canceled"):
        after(NEW, report(E.CANCELED, 3)).lose_answer("timeout", at=NOON)


@pytest.mark.parametrize(
    ("status", "cum_qty", "leads_to"),
    [
        (None, 0, S.PENDING_NEW),
        (S.NEW, 0, S.NEW),
        (S.CANCELED, 0, S.CANCELED),
        (S.EXPIRED, 0, S.EXPIRED),
        (S.FILLED, 10, S.PENDING_NEW),
        (S.CANCELED, 4, S.PENDING_NEW),
    ],
)
def test_the_brokers_word_settles_a_doubt_but_moves_no_quantity(
    status: OrdStatus | None, cum_qty: int, leads_to: OrdStatus
) -> None:
    order = submitted()
    order.lose_answer("timeout", at=NOON)
    assert order.reconcile(status, D(cum_qty), as_of=NOON, at=NOON) is True
    assert seen(order.status, order.cum_qty, order.missing) == (leads_to, 0, cum_qty)
    assert not order.in_doubt
    assert order.reconcile(status, D(cum_qty), as_of=NOON, at=NOON) is False
    assert isinstance(last_of(order), OrderReconciled)


def test_an_order_that_ended_is_opened_by_the_brokers_later_word_alone() -> None:
    order = after(NEW, report(E.CANCELED, 3, cum_qty=D(0)))
    assert order.reconcile(S.NEW, D(0), as_of=NOON, at=NOON) is False
    later = NOON + timedelta(minutes=5)
    assert order.reconcile(S.NEW, D(0), as_of=later, at=NOON) is True
    assert order.status is S.NEW


def test_a_rejection_of_another_order_under_our_id_is_kept() -> None:
    """A broker that gets a ClOrdID twice rejects the second one, and the first one lives."""
    order = after(report(E.NEW, order_id="b-1"))
    twice = report(E.REJECTED, 2, order_id="b-2", text="duplicate")
    assert order.take(twice, at=NOON) is Booked.KEPT
    assert order.status is S.NEW
