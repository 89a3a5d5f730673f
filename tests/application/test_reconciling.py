"""What we have on record is held against what the broker has, and what was missed is found."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from application.ports import Unavailable
from domain.accounts import Difference
from domain.activities import Activity, ActivityKind
from domain.fix import OrdStatus
from domain.reports import ExecType
from domain.strays import StrayReported
from tests.application.acts import TSLA
from tests.application.conftest import NOON
from tests.application.scripted import Office, listed, report, trade

D = Decimal


@pytest.fixture
def office() -> Office:
    """An order for five that is at the broker and on its list."""
    office = Office()
    office.clear("o-1", "5")
    office.step()
    office.at_work("o-1")
    office.broker.open["o-1"] = listed("o-1", quantity="5")
    office.broker.asked.clear()
    return office


def fill_activity(name: str, quantity: str, cum_qty: str | None, number: int = 1) -> Activity:
    return Activity(
        activity_id=f"a-{name}-{number}",
        kind=ActivityKind.FILL,
        happened_at=NOON,
        symbol=TSLA,
        quantity=D(quantity),
        price=D("5.50"),
        amount=D(-550) * D(quantity),
        cl_ord_id=name,
        cum_qty=None if cum_qty is None else D(cum_qty),
    )


def differ(office: Office) -> tuple[Difference, ...]:
    return office.reconciler.step().differences


def test_an_order_that_stands_there_as_it_stands_here_is_not_asked_about(office: Office) -> None:
    assert office.reconciler.step().looked_up == 0
    assert office.broker.asked == []


def test_a_fill_that_nobody_told_of_is_found_at_the_next_look_and_booked_once(
    office: Office,
) -> None:
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.open["o-1"] = listed("o-1", OrdStatus.PARTIALLY_FILLED, "2", "5")
    assert office.reconciler.step().booked == 1
    assert office.desk.order("o-1").cum_qty == 2
    assert office.reconciler.step().booked == 0
    assert not office.hear(trade("o-1", "e-1", "2", "2"))


def test_an_end_that_nobody_told_of_is_found(office: Office) -> None:
    office.broker.told["o-1"].append(report("o-1", ExecType.EXPIRED))
    del office.broker.open["o-1"]
    office.reconciler.step()
    assert office.status("o-1") == "expired"


def test_the_late_fill_of_an_order_that_is_over_is_found_by_the_activities(office: Office) -> None:
    office.ask_back("o-1")
    office.step()
    office.at_work()
    assert office.status("o-1") == "canceled"
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.noted.append(fill_activity("o-1", "2", "2"))
    assert office.reconciler.step().booked == 1
    order = office.desk.order("o-1")
    assert (order.status.value, order.cum_qty) == ("canceled", D(2))
    assert office.reconciler.step().looked_up == 0


def test_what_a_leg_traded_is_asked_about_once(office: Office) -> None:
    """Of several legs the count is not the order's."""
    office.broker.noted.append(fill_activity("o-1", "2", None))
    assert office.reconciler.step().looked_up == 1
    assert office.reconciler.step().looked_up == 0
    office.broker.noted.append(fill_activity("o-1", "1", None, number=2))
    assert office.reconciler.step().looked_up == 1


def test_an_activity_that_could_not_be_asked_about_is_asked_about_again(office: Office) -> None:
    office.broker.noted.append(fill_activity("o-1", "2", None))
    office.broker.silent = {"history"}
    with pytest.raises(Unavailable):
        office.reconciler.step()
    office.broker.silent = set()
    assert office.reconciler.step().looked_up == 1


def test_fills_of_our_orders_are_no_activities_and_all_else_is_recorded_once(
    office: Office,
) -> None:
    fee = Activity(
        activity_id="a-9", kind=ActivityKind.FEE, happened_at=NOON, amount=D("-0.12"), raw="{}"
    )
    office.broker.noted += [fill_activity("o-1", "0", "0"), fill_activity("x-1", "1", "1"), fee]
    assert office.reconciler.step().activities == 2
    assert office.reconciler.step().activities == 0
    assert office.desk.names().count("activity.recorded") == 2


def test_an_order_that_nobody_here_asked_for_is_kept_as_a_stray_once(office: Office) -> None:
    office.broker.open["x-1"] = listed("x-1")
    assert office.reconciler.step().strays == 1
    office.reconciler.step()
    strays = [event for event in office.desk.log if isinstance(event, StrayReported)]
    assert [stray.report.cl_ord_id for stray in strays] == ["x-1"]


def test_an_order_that_arrived_after_it_was_given_up_is_asked_back(office: Office) -> None:
    office.change("o-1", "cancel", transact_time=NOON, at=NOON)
    office.at_work()
    office.reconciler.step()
    assert ("cancel", "o-1") in office.broker.asked
    assert "o-1" not in office.broker.open


def test_an_order_that_was_listed_a_moment_before_its_end_is_left_alone(office: Office) -> None:
    office.hear(trade("o-1", "e-1", "5", "5"))
    office.at_work()
    office.broker.order = lambda _: None  # type: ignore[method-assign, assignment]
    office.reconciler.step()
    assert ("cancel", "o-1") not in office.broker.asked


def test_a_difference_is_told_when_two_quiet_looks_found_the_same(office: Office) -> None:
    office.broker.held = {TSLA: D(3)}
    assert differ(office) == ()
    assert differ(office) == (Difference(symbol=TSLA, ours=D(0), brokers=D(3)),)
    assert office.desk.names().count("account.differed") == 1
    differ(office)
    assert office.desk.names().count("account.differed") == 1


def test_a_difference_that_was_gone_at_the_next_look_is_not_told(office: Office) -> None:
    office.broker.held = {TSLA: D(3)}
    differ(office)
    office.holdings.held = {TSLA: D(3)}
    assert differ(office) == ()
    assert "account.differed" not in office.desk.names()


def test_a_look_that_booked_something_is_not_quiet(office: Office) -> None:
    office.broker.held = {TSLA: D(3)}
    differ(office)
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.open["o-1"] = listed("o-1", OrdStatus.PARTIALLY_FILLED, "2", "5")
    assert differ(office) == ()


def test_nothing_is_compared_while_a_fill_is_on_its_way_into_our_books(office: Office) -> None:
    office.broker.held = {TSLA: D(3)}
    office.holdings.is_behind = True
    assert differ(office) == differ(office) == ()
    office.holdings.is_behind = False
    assert differ(office) == (Difference(symbol=TSLA, ours=D(0), brokers=D(3)),)


def test_positions_are_not_said_to_agree_by_a_look_that_booked_something(office: Office) -> None:
    office.broker.held = {TSLA: D(3)}
    differ(office)
    differ(office)
    office.broker.held = {}
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.open["o-1"] = listed("o-1", OrdStatus.PARTIALLY_FILLED, "2", "5")
    differ(office)
    assert "account.agreed" not in office.desk.names()
    differ(office)
    assert "account.agreed" in office.desk.names()


def test_an_order_that_stands_otherwise_for_good_hides_no_difference(office: Office) -> None:
    office.ask_back("o-1")
    office.broker.held = {TSLA: D(3)}
    assert differ(office) == ()
    assert differ(office) == (Difference(symbol=TSLA, ours=D(0), brokers=D(3)),)


@pytest.mark.parametrize("end", [OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED])
def test_an_end_that_no_report_tells_of_is_taken_over(office: Office, end: OrdStatus) -> None:
    office.broker.ended["o-1"] = listed("o-1", end, "0", "5")
    del office.broker.open["o-1"]
    assert office.reconciler.step().booked == 1
    assert office.status("o-1") == end.value
    office.mark()
    office.at_work()
    assert office.reconciler.step().looked_up == 0
    assert office.desk.names().count("order.reconciled") == 1


def test_fills_that_were_missed_are_booked_before_the_end_is_taken_over(office: Office) -> None:
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.ended["o-1"] = listed("o-1", OrdStatus.CANCELED, "2", "5")
    del office.broker.open["o-1"]
    office.reconciler.step()
    order = office.desk.order("o-1")
    assert (order.status.value, order.cum_qty) == ("canceled", D(2))
    assert office.desk.names()[-3:-1] == ["order.filled", "order.reconciled"]


def test_a_count_that_no_report_explains_is_noted_once_and_moves_no_quantity(
    office: Office,
) -> None:
    office.broker.ended["o-1"] = listed("o-1", OrdStatus.FILLED, "5", "5")
    del office.broker.open["o-1"]
    for _ in range(3):
        office.reconciler.step()
    order = office.desk.order("o-1")
    assert (order.status.value, order.cum_qty, order.missing) == ("new", D(0), D(5))
    assert office.desk.names().count("order.reconciled") == 1


def test_an_order_that_the_broker_never_had_is_left_to_the_dispatcher(office: Office) -> None:
    del office.broker.open["o-1"]
    office.reconciler.step()
    assert office.status("o-1") == "new"


def test_the_end_that_was_taken_over_ends_the_errand(office: Office) -> None:
    kept = office.dues.kept
    office.mark()
    assert any(key.startswith("working:") for key in kept)
    office.broker.ended["o-1"] = listed("o-1", OrdStatus.EXPIRED, "0", "5")
    del office.broker.open["o-1"]
    office.reconciler.step()
    office.mark()
    assert not any(key.startswith("working:") for key in kept)


def test_the_same_again_is_told_once(office: Office) -> None:
    """All at one moment, as in simulated time, where the clock may stand still."""
    office.broker.held = {TSLA: D(3)}
    differ(office)
    differ(office)
    office.holdings.held = {TSLA: D(3)}
    differ(office)
    assert office.desk.names()[-1] == "account.agreed"


def test_the_money_is_recorded_when_it_changed(office: Office) -> None:
    office.reconciler.step()
    office.reconciler.step()
    assert office.desk.names().count("account.reported") == 1
    office.broker.cash = D(90_000)
    office.reconciler.step()
    assert office.desk.names().count("account.reported") == 2


def test_activities_are_asked_for_from_before_the_last_one(office: Office) -> None:
    """They are told late: one that happened earlier may come after it."""
    office.broker.noted.append(fill_activity("x-1", "1", "1"))
    office.reconciler.step()
    late = fill_activity("x-2", "1", "1")
    office.broker.noted.append(
        Activity(activity_id="late", kind=late.kind, happened_at=NOON - timedelta(minutes=30))
    )
    assert office.reconciler.step().activities == 1


def test_a_broker_that_does_not_answer_changes_nothing(office: Office) -> None:
    before = len(office.desk.log)
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.broker.open.clear()
    office.broker.silent = {"history"}
    with pytest.raises(Unavailable):
        office.reconciler.step()
    assert len(office.desk.log) == before
