"""An order in FIX's states: which report leads where, and what cannot happen any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix import OrdStatus, OrdType, PositionEffect, Side, TimeInForce
from domain.legs import Leg
from domain.order_events import OrderFilled, OrderTradeCorrected
from domain.orders import Order, order_stream
from domain.shared import DomainError, Impossible, InvalidInput, stream_id
from tests.domain.told import last_of, names_of, replayed, state_of, told_by

D = Decimal
NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
CALL = Leg(symbol="TSLA  261120C00250000", side=Side.BUY)
FIX = stream_id("correction", "1")


def requested(
    *,
    quantity: str = "10",
    legs: tuple[Leg, ...] = (CALL,),
    ord_type: OrdType = OrdType.MARKET,
    limit: str | None = None,
) -> Order:
    return Order.request(
        cl_ord_id="o-1",
        account="paper",
        signal=None,
        side=Side.BUY,
        position_effect=PositionEffect.OPEN,
        legs=legs,
        order_qty=D(quantity),
        ord_type=ord_type,
        limit_px=None if limit is None else D(limit),
        time_in_force=TimeInForce.DAY,
        at=NOON,
    )


def deny(order: Order) -> None:
    order.deny("no cash", at=NOON)


def submit(order: Order) -> None:
    order.submit("paper", at=NOON)


def accept(order: Order) -> None:
    order.accept("p-1", transact_time=NOON, at=NOON)


def reject(order: Order) -> None:
    order.reject("unknown symbol", transact_time=NOON, at=NOON)


def fill(
    quantity: str, exec_id: str = "", price: str = "2.00", commission: str = "0.65"
) -> Callable[[Order], bool]:
    def happens(order: Order) -> bool:
        return order.fill(
            exec_id=exec_id or f"e-{len(order.fills)}",
            last_qty=D(quantity),
            last_px=D(price),
            commission=D(commission),
            transact_time=NOON,
            at=NOON,
        )

    return happens


def bust(exec_id: str = "e-0") -> Callable[[Order], None]:
    return lambda order: order.cancel_trade(
        correction=FIX, exec_id=exec_id, reason="error", by="olga", at=NOON
    )


def correct(
    exec_id: str = "e-0", *, quantity: str | None = None, price: str | None = None
) -> Callable[[Order], None]:
    return lambda order: order.correct_trade(
        correction=FIX,
        exec_id=exec_id,
        last_qty=None if quantity is None else D(quantity),
        last_px=None if price is None else D(price),
        reason="error",
        by="olga",
        at=NOON,
    )


def ask_back(order: Order) -> None:
    order.request_cancel("changed my mind", at=NOON)


def cancel(order: Order) -> None:
    order.cancel(transact_time=NOON, at=NOON)


def expire(order: Order) -> None:
    order.expire(transact_time=NOON, at=NOON)


Act = Callable[[Order], Any]


def after(*acts: Act) -> Order:
    """An order of ten calls after these reports."""
    order = requested()
    for act in acts:
        act(order)
    return order


S = OrdStatus


@pytest.mark.parametrize(
    ("reports", "status", "leaves"),
    [
        ([], S.PENDING_NEW, 10),
        ([deny], S.DENIED, 0),
        ([submit], S.PENDING_NEW, 10),
        ([submit, reject], S.REJECTED, 0),
        ([submit, accept], S.NEW, 10),
        ([submit, accept, reject], S.REJECTED, 0),
        ([submit, accept, fill("4")], S.PARTIALLY_FILLED, 6),
        ([submit, accept, fill("4"), fill("6")], S.FILLED, 0),
        # A fill may overtake the acceptance.
        ([submit, fill("4"), accept], S.PARTIALLY_FILLED, 6),
        ([submit, fill("10"), accept], S.FILLED, 0),
        ([submit, accept, ask_back], S.PENDING_CANCEL, 10),
        ([submit, accept, ask_back, cancel], S.CANCELED, 0),
        ([submit, accept, fill("4"), ask_back, cancel], S.CANCELED, 0),
        # While it is asked back it trades on; only the broker's word ends that.
        ([submit, accept, ask_back, fill("4")], S.PENDING_CANCEL, 6),
        ([submit, accept, ask_back, fill("4"), cancel], S.CANCELED, 0),
        ([submit, accept, ask_back, fill("10")], S.FILLED, 0),
        # The broker may take it back unasked.
        ([submit, accept, cancel], S.CANCELED, 0),
        # A canceled or expired order may still fill; it is not open again by that.
        ([submit, accept, cancel, fill("4")], S.CANCELED, 0),
        # Filled is above canceled, which is above partially filled.
        ([submit, accept, cancel, fill("10")], S.FILLED, 0),
        ([submit, accept, expire], S.EXPIRED, 0),
        ([submit, accept, fill("4"), expire], S.EXPIRED, 0),
        ([submit, accept, expire, fill("4")], S.EXPIRED, 0),
        ([submit, accept, fill("4"), expire, fill("2")], S.EXPIRED, 0),
        ([submit, reject, fill("4")], S.REJECTED, 0),
        # Correcting or busting a fill is no report of the broker on the order's state.
        ([submit, accept, fill("4"), correct(quantity="3")], S.PARTIALLY_FILLED, 7),
        ([submit, accept, fill("10"), bust()], S.FILLED, 0),
        ([submit, accept, fill("10"), bust(), fill("4", "e-1")], S.PARTIALLY_FILLED, 6),
    ],
)
def test_reports_lead_from_state_to_state(
    reports: Sequence[Act], status: OrdStatus, leaves: int
) -> None:
    order = after(*reports)
    assert order.status is status
    assert (order.order_qty - order.cum_qty if status.is_open else 0) == leaves
    assert state_of(replayed(told_by(order))) == state_of(order)


OVER: list[tuple[list[Act], str]] = [
    ([deny], "denied"),
    ([submit, reject], "rejected"),
    ([submit, accept, fill("10")], "filled"),
    ([submit, accept, cancel], "canceled"),
    ([submit, accept, expire], "expired"),
]


@pytest.mark.parametrize(("reports", "told"), OVER)
@pytest.mark.parametrize("act", [ask_back, cancel, expire])
def test_what_is_over_is_neither_taken_back_nor_expires(
    reports: Sequence[Act], told: str, act: Act
) -> None:
    order = after(*reports)
    with pytest.raises(Impossible, match=f"the order is {told}"):
        act(order)


@pytest.mark.parametrize("reports", [reports for reports, _ in OVER[1:]])
def test_what_is_over_is_not_rejected_any_more(reports: Sequence[Act]) -> None:
    with pytest.raises(Impossible, match=r"the order is|with fills"):
        reject(after(*reports))


def test_an_order_with_fills_is_not_rejected() -> None:
    with pytest.raises(Impossible, match="with fills cannot be rejected"):
        reject(after(submit, fill("1")))


@pytest.mark.parametrize("act", [accept, reject, fill("1")])
@pytest.mark.parametrize("reports", [[], [deny]])
def test_the_broker_says_nothing_of_an_order_it_never_had(act: Act, reports: Sequence[Act]) -> None:
    with pytest.raises(Impossible, match="never submitted"):
        act(after(*reports))


@pytest.mark.parametrize("act", [deny, submit])
@pytest.mark.parametrize("reports", [[deny], [submit], [submit, accept], [cancel], [expire]])
def test_an_order_is_sent_or_denied_once(act: Act, reports: Sequence[Act]) -> None:
    with pytest.raises(Impossible, match="already"):
        act(after(*reports))


def test_the_clients_id_names_the_stream() -> None:
    assert requested().id == order_stream("o-1")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": "0"}, "the order quantity has to be above zero"),
        ({"quantity": "-1"}, "the order quantity has to be above zero"),
        ({"quantity": "NaN"}, "the order quantity has to be above zero"),
        ({"quantity": "Infinity"}, "the order quantity has to be above zero"),
        ({"ord_type": OrdType.LIMIT}, "a limit order needs a limit price"),
        ({"ord_type": OrdType.STOP_LIMIT}, "a stop_limit order needs a limit price"),
        ({"ord_type": OrdType.LIMIT, "limit": "-0.01"}, "below zero"),
        ({"ord_type": OrdType.LIMIT, "limit": "NaN"}, "no number"),
        ({"legs": ()}, "needs legs"),
        ({"legs": (CALL, Leg(symbol="TSLA", side=Side.BUY))}, "not both"),
    ],
)
def test_a_ticket_that_cannot_be_right_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        requested(**changes)


def test_a_limit_of_zero_is_a_limit() -> None:
    assert requested(ord_type=OrdType.LIMIT, limit="0").status is S.PENDING_NEW


def test_a_fill_says_how_much_is_filled_how_much_is_left_and_the_average() -> None:
    """4 at 2.00 and 2 at 2.30 are 6 at 2.10; zeros that say nothing are left out."""
    order = after(submit, accept, fill("4", price="2.00"), fill("2", price="2.30"))
    event = last_of(order)
    assert isinstance(event, OrderFilled)
    assert (event.cum_qty, event.leaves_qty, str(event.avg_px)) == (D(6), D(4), "2.10")


def test_an_average_without_end_is_kept_to_six_places() -> None:
    order = after(submit, fill("1", price="1"), fill("2", price="2"))
    event = last_of(order)
    assert isinstance(event, OrderFilled)
    assert str(event.avg_px) == "1.666667"


def test_no_more_is_filled_than_was_ordered() -> None:
    order = after(submit, accept, fill("8"))
    with pytest.raises(Impossible, match="11 would be filled of 10 ordered"):
        fill("3")(order)
    for nothing in ("0", "-1", "NaN"):
        with pytest.raises(InvalidInput, match="a quantity above zero"):
            fill(nothing)(order)
    with pytest.raises(InvalidInput, match="no number"):
        fill("1", price="NaN")(order)


def test_a_report_that_comes_twice_is_booked_once() -> None:
    order = after(submit, accept)
    assert fill("4", "e-1")(order) is True
    assert fill("4", "e-1")(order) is False
    assert order.cum_qty == 4


def test_a_busted_fill_that_is_reported_again_stays_busted() -> None:
    """Brokers send their reports again after a lost connection."""
    order = after(submit, accept, fill("4", "e-1"), bust("e-1"))
    assert fill("4", "e-1")(order) is False
    assert order.cum_qty == 0
    assert state_of(replayed(told_by(order))) == state_of(order)


def test_a_bust_makes_room_for_another_fill() -> None:
    order = after(submit, accept, fill("8", "e-1"), bust("e-1"), fill("10", "e-2"))
    assert (order.cum_qty, order.status) == (D(10), S.FILLED)


def test_a_corrected_fill_says_what_it_was() -> None:
    order = after(submit, accept, fill("4"), correct(price="2.10"))
    event = last_of(order)
    assert isinstance(event, OrderTradeCorrected)
    assert (event.was_qty, event.was_px) == (D(4), D(2))
    assert (event.last_qty, event.last_px) == (D(4), D("2.10"))
    assert order.fills == {"e-0": (D(4), D("2.10"))}


@pytest.mark.parametrize(
    ("act", "refusal", "why"),
    [
        (correct("e-9", price="1"), Impossible, "no standing fill e-9"),
        (bust("e-9"), Impossible, "no standing fill e-9"),
        (correct(), InvalidInput, "needs a price or a quantity"),
        (correct(quantity="0"), InvalidInput, "a quantity above zero"),
        (correct(quantity="NaN"), InvalidInput, "a quantity above zero"),
        (correct(price="-1"), InvalidInput, "below zero"),
        (correct(price="Infinity"), InvalidInput, "no number"),
        (correct(quantity="7"), Impossible, "more would be filled than was ordered"),
        (correct(quantity="4", price="2.00"), InvalidInput, "says that already"),
    ],
)
def test_a_correction_of_a_fill_that_cannot_be_right_is_refused(
    act: Act, refusal: type[DomainError], why: str
) -> None:
    order = after(submit, accept, fill("4"), fill("4"))
    before = state_of(order)
    with pytest.raises(refusal, match=why):
        act(order)
    assert state_of(order) == before


def test_a_busted_fill_is_neither_corrected_nor_busted_again() -> None:
    order = after(submit, accept, fill("4"), bust())
    for act in (bust(), correct(price="1")):
        with pytest.raises(Impossible, match="no standing fill e-0"):
            act(order)


numbers = st.integers(1, 12).map(str)
ids = st.integers(0, 3).map(lambda number: f"e-{number}")
anything = st.one_of(
    st.sampled_from([deny, submit, accept, reject, ask_back, cancel, expire]),
    st.builds(fill, numbers, ids, numbers),
    st.builds(bust, ids),
    st.builds(correct, ids, quantity=st.none() | numbers, price=st.none() | numbers),
)


@given(st.lists(anything, max_size=15))
def test_whatever_is_reported_no_more_is_filled_than_ordered_and_replay_is_the_same(
    reports: list[Act],
) -> None:
    order = requested()
    for report in reports:
        before = state_of(order)
        was = order.status
        try:
            report(order)
        except DomainError:
            assert state_of(order) == before, "a refusal changes nothing"
        assert 0 <= order.cum_qty <= order.order_qty
        # After a bust the broker may fill what it had filled before.
        if not was.is_open and was is not S.FILLED:
            whole = order.status is S.FILLED and order.cum_qty == order.order_qty
            assert order.status is was or whole, "what is over stays over, unless it fills whole"
    events = told_by(order)
    reported = [event.exec_id for event in events if isinstance(event, OrderFilled)]
    assert len(reported) == len(set(reported)), "each execution is booked once"
    assert names_of(events)[0] == "order.requested"
    assert state_of(replayed(events)) == state_of(order)
