"""What brokers report is booked once, in whatever order and however often it comes."""

from __future__ import annotations

import pytest

from application.ports import Conflict, Unavailable
from application.reporting import ATTEMPTS, UNNAMED, book_reports
from domain.order_changes import OrderReportKept
from domain.reports import ExecType, ExecutionReport
from domain.strays import StrayReported, StrayReportedAgain
from tests.application.conftest import NOON
from tests.application.scripted import ACCOUNT, D, Office, report, trade


@pytest.fixture
def office() -> Office:
    office = Office()
    office.clear("o-1", "5")
    office.step()
    return office


def book(office: Office, *reports: ExecutionReport, account: str = ACCOUNT) -> int:
    return book_reports(office.desk.as_desk, account, "scripted", reports, at=NOON)


FIRST, SECOND = trade("o-1", "e-1", "2", "2"), trade("o-1", "e-2", "3", "5")


def test_fills_are_booked_in_one_go(office: Office) -> None:
    assert book(office, FIRST, SECOND) == 2
    assert office.status("o-1") == "filled"


def test_a_report_that_comes_twice_is_booked_once(office: Office) -> None:
    assert book(office, FIRST, FIRST) == 1
    assert book(office, FIRST) == 0
    assert office.desk.order("o-1").cum_qty == 2


def test_a_fill_under_another_exec_id_is_known_by_the_brokers_count(office: Office) -> None:
    assert book(office, FIRST, trade("o-1", "e-1-again", "2", "2")) == 1
    assert office.desk.order("o-1").cum_qty == 2


def test_fills_that_come_the_wrong_way_round_are_both_booked(office: Office) -> None:
    assert book(office, SECOND, FIRST) == 2
    assert office.status("o-1") == "filled"


def test_the_bust_of_a_fill_that_is_not_told_yet_waits_for_it(office: Office) -> None:
    bust = report("o-1", ExecType.TRADE_CANCEL, exec_id="b-1", ref_exec_id="e-1")
    book(office, bust)
    assert isinstance(office.desk.log[-1], OrderReportKept)
    book(office, FIRST)
    assert office.desk.order("o-1").cum_qty == 0


def test_a_fill_after_the_end_counts(office: Office) -> None:
    book(office, report("o-1", ExecType.CANCELED))
    assert book(office, FIRST) == 1
    order = office.desk.order("o-1")
    assert (order.status.value, order.cum_qty) == ("canceled", D(2))


def test_a_report_of_an_order_that_nobody_asked_for_is_kept_as_a_stray(office: Office) -> None:
    unknown = trade("x-1", "e-9", "1", "1")
    assert book(office, unknown) == 1
    kept = office.desk.log[-1]
    assert isinstance(kept, StrayReported)
    assert kept.report == unknown
    assert book(office, unknown) == 0
    assert book(office, trade("x-1", "e-10", "1", "2")) == 1
    assert isinstance(office.desk.log[-1], StrayReportedAgain)


def test_an_order_of_another_account_is_not_ours_to_book(office: Office) -> None:
    assert book(office, FIRST, account="other") == 1
    assert isinstance(office.desk.log[-1], StrayReported)
    assert office.desk.order("o-1").cum_qty == 0


def test_a_report_that_names_no_order_is_kept_and_keeps_nothing_else_back(office: Office) -> None:
    nameless = ExecutionReport(
        exec_type=ExecType.STATUS, cl_ord_id="", exec_id="s-1", transact_time=NOON
    )
    assert book(office, nameless, FIRST) == 2
    (stray,) = [event for event in office.desk.log if isinstance(event, StrayReported)]
    assert stray.report.order_id == UNNAMED
    assert office.desk.order("o-1").cum_qty == 2


def test_who_is_overtaken_books_on_what_the_others_left(office: Office) -> None:
    """Somebody asks for the order back in the same moment."""
    overtaker = office.desk.order("o-1")
    overtaker.request_cancel("the trader left", at=NOON)
    office.desk.overtakers = [overtaker]
    assert book(office, FIRST, SECOND) == 2
    assert office.desk.order("o-1").cum_qty == 5
    assert office.desk.names().count("order.filled") == 2


def test_whoever_is_overtaken_by_the_same_reports_books_nothing_twice(office: Office) -> None:
    overtaker = office.desk.order("o-1")
    overtaker.take(FIRST, at=NOON)
    office.desk.overtakers = [overtaker]
    book(office, FIRST, SECOND)
    assert office.desk.names().count("order.filled") == 2


def test_only_the_orders_that_were_changed_are_booked_again(office: Office) -> None:
    office.clear("o-2")
    office.step()
    overtaker = office.desk.order("o-1")
    overtaker.request_cancel("the trader left", at=NOON)
    office.desk.overtakers = [overtaker]
    assert book(office, FIRST, trade("o-2", "e-3", "2", "2"), SECOND) == 3
    assert office.status("o-2") == "filled"


def test_who_is_overtaken_again_and_again_says_so(office: Office) -> None:
    def overtake() -> None:
        overtaker = office.desk.order("o-1")
        overtaker.take(report("o-1", ExecType.CANCEL_REJECTED, exec_id=f"c-{left[0]}"), at=NOON)
        office.desk.overtakers = [overtaker]
        left[0] -= 1

    left = [ATTEMPTS]
    office.desk.before_append = overtake
    with pytest.raises(Conflict, match="again and again"):
        book(office, FIRST)
    assert left == [0]


def test_a_lost_database_is_told_and_telling_again_is_safe(office: Office) -> None:
    office.desk.is_lost = True
    with pytest.raises(Unavailable):
        book(office, FIRST)
    office.desk.is_lost = False
    assert book(office, FIRST) == 1


def test_a_report_that_was_kept_counts_when_it_comes_again_and_fits(office: Office) -> None:
    """Two fills of the same count, one told late: when the first turns out busted, the second
    is the one that stands, whoever tells it again.
    """
    late = trade("o-1", "e-2", "2", "2", at=office.clock.at.replace(hour=18))
    book(office, FIRST, late)
    assert office.desk.order("o-1").cum_qty == 2
    book(office, report("o-1", ExecType.TRADE_CANCEL, exec_id="b-1", ref_exec_id="e-1",
                        at=office.clock.at.replace(minute=30)))  # fmt: skip
    book(office, late)
    assert set(office.desk.order("o-1").fills) == {"e-2"}
