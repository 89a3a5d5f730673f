"""What is cleared goes to its broker once, whatever is lost on the way."""

from __future__ import annotations

import pytest

from application.brokerage import OrderTicket
from application.dispatching import Dispatcher
from application.ports import Unavailable
from domain.fix import PositionEffect
from domain.order_changes import OrderReplaceRequested
from domain.order_events import OrderDenied, OrderRejected
from domain.reports import ExecType, ExecutionReport
from tests.application.conftest import NOON
from tests.application.scripted import (
    D,
    Office,
    ScriptedBroker,
    report,
    trade,
)


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_order_is_on_record_as_submitted_before_the_broker_hears_of_it(office: Office) -> None:
    seen: list[bool] = []

    class Watched(ScriptedBroker):
        def submit(self, ticket: OrderTicket) -> list[ExecutionReport]:
            seen.append(office.desk.order(ticket.cl_ord_id).submitted)
            return list(super().submit(ticket))

    office.broker = Watched()
    office.begin_anew()
    office.clear("o-1")
    assert office.step()
    assert seen == [True]
    assert office.desk.names()[-3:] == ["order.cleared", "order.submitted", "order.accepted"]


def test_what_could_not_be_recorded_as_submitted_is_not_sent(office: Office) -> None:
    office.clear("o-1")
    office.desk.is_lost = True
    with pytest.raises(Unavailable):
        office.step()
    assert office.broker.asked == []
    office.desk.is_lost = False
    office.step()
    assert office.broker.asked == [("submit", "o-1")]


def test_an_order_is_sent_once_and_then_there_is_nothing_left_to_do(office: Office) -> None:
    office.clear("o-1")
    assert office.step()
    assert not office.step()
    assert office.broker.asked == [("submit", "o-1")]
    assert not [key for key in office.dues.kept if key.startswith("due:")]


def test_several_orders_go_out_in_the_order_in_which_they_were_cleared(office: Office) -> None:
    names = [office.clear(f"o-{number}") for number in range(12)]
    office.step()
    assert list(office.broker.tickets) == names


def test_a_lost_answer_is_told_once_and_the_order_is_looked_up_not_sent_again(
    office: Office,
) -> None:
    office.clear("o-1")
    office.broker.silent = {"submit", "history"}
    assert not office.step()
    assert not office.step()
    assert office.desk.names().count("order.outcome_unknown") == 1
    office.broker.silent = set()
    office.step()
    assert office.broker.asked == [("submit", "o-1"), ("history", "o-1"), ("history", "o-1")]
    assert office.status("o-1") == "new"
    assert not office.desk.order("o-1").in_doubt


def test_an_order_that_never_arrived_is_sent_again_under_the_same_name(office: Office) -> None:
    office.clear("o-1")
    office.broker.deaf = {"submit"}
    office.step()
    office.broker.deaf = set()
    office.step()
    assert office.broker.asked == [("submit", "o-1"), ("history", "o-1"), ("submit", "o-1")]
    assert list(office.broker.tickets) == ["o-1"]
    assert office.status("o-1") == "new"


def test_after_a_crash_between_submit_and_answer_the_broker_is_asked_first(office: Office) -> None:
    office.clear("o-1")
    office.broker.silent = {"submit"}
    office.step()
    office.broker.silent = set()
    office.broker.told["o-1"].append(trade("o-1", "e-1", "2", "2"))
    office.begin_anew()
    office.step()
    assert office.broker.asked == [("submit", "o-1"), ("history", "o-1")]
    assert office.status("o-1") == "filled"


def test_after_a_crash_before_the_submit_the_broker_is_asked_first_and_then_gets_it(
    office: Office,
) -> None:
    office.clear("o-1")
    office.change("o-1", "submit", "scripted", at=NOON)
    office.step()
    assert office.broker.asked == [("history", "o-1"), ("submit", "o-1")]


def test_a_database_that_is_lost_after_the_answer_makes_nobody_send_it_again(
    office: Office,
) -> None:
    class Fatal(ScriptedBroker):
        def submit(self, ticket: OrderTicket) -> list[ExecutionReport]:
            answer = list(super().submit(ticket))
            office.desk.is_lost = True
            return answer

    office.broker = Fatal()
    office.begin_anew()
    office.clear("o-1")
    with pytest.raises(Unavailable):
        office.step()
    office.desk.is_lost = False
    office.step()
    assert [what for what, _ in office.broker.asked] == ["submit", "history"]
    assert office.status("o-1") == "new"


def test_nothing_is_sent_while_reports_do_not_arrive(office: Office) -> None:
    office.broker.is_connected = False
    office.clear("o-1")
    assert not office.step()
    assert office.status("o-1") == "pending_new"
    assert not office.desk.order("o-1").submitted
    office.broker.is_connected = True
    assert office.step()
    assert list(office.broker.tickets) == ["o-1"]


def test_what_is_found_again_after_a_crash_waits_for_the_connection_too(office: Office) -> None:
    office.clear("o-1")
    office.broker.deaf = {"submit"}
    office.step()
    office.broker.deaf, office.broker.is_connected = set(), False
    assert not office.step()
    assert office.broker.tickets == {}
    office.broker.is_connected = True
    office.step()
    assert list(office.broker.tickets) == ["o-1"]


def test_an_entry_that_waited_too_long_is_denied(office: Office) -> None:
    office.clear("o-1")
    office.later(6)
    office.step()
    denied = office.desk.log[-1]
    assert isinstance(denied, OrderDenied)
    assert denied.reason == "it could not be sent for 6 minutes: approve it again"
    assert office.broker.asked == []
    assert not office.step()


def test_a_closing_order_is_sent_however_late_it_is(office: Office) -> None:
    office.clear("o-1", effect=PositionEffect.CLOSE)
    office.later(600)
    office.step()
    assert list(office.broker.tickets) == ["o-1"]


def test_an_entry_that_was_lost_on_the_way_is_not_sent_hours_later(office: Office) -> None:
    office.clear("o-1")
    office.broker.deaf = {"submit"}
    office.step()
    office.broker.deaf = set()
    office.later(120)
    office.step()
    rejected = office.desk.log[-1]
    assert isinstance(rejected, OrderRejected)
    assert "never had it, and it could not be sent for 120 minutes" in rejected.reason
    assert office.broker.tickets == {}


def test_a_late_entry_that_the_broker_has_is_the_brokers(office: Office) -> None:
    office.clear("o-1")
    office.broker.silent = {"submit"}
    office.step()
    office.broker.silent = set()
    office.later(120)
    office.step()
    assert office.status("o-1") == "new"


def test_the_cancel_of_what_was_never_sent_is_ours_alone(office: Office) -> None:
    office.broker.is_connected = False
    office.clear("o-1")
    office.ask_back("o-1")
    office.step()
    office.broker.is_connected = True
    office.step()
    assert office.broker.asked == []
    assert office.status("o-1") == "canceled"


def test_the_cancel_of_what_got_lost_on_the_way_is_ours_alone(office: Office) -> None:
    office.clear("o-1")
    office.broker.deaf = {"submit"}
    office.step()
    office.ask_back("o-1")
    office.broker.deaf = set()
    office.step()
    office.step()
    assert office.status("o-1") == "canceled"
    assert office.broker.tickets == {}


def test_a_cancel_waits_until_it_is_known_what_became_of_the_order(office: Office) -> None:
    office.clear("o-1")
    office.broker.silent = {"submit", "history"}
    office.step()
    office.ask_back("o-1")
    office.step()
    assert ("cancel", "o-1") not in office.broker.asked
    office.broker.silent = set()
    office.step()
    assert office.broker.asked[-2:] == [("history", "o-1"), ("cancel", "o-1")]
    assert office.status("o-1") == "canceled"


def test_a_cancel_without_an_answer_is_asked_again(office: Office) -> None:
    office.clear("o-1")
    office.step()
    office.ask_back("o-1")
    office.broker.silent = {"cancel"}
    assert not office.step()
    office.broker.silent = set()
    assert office.step()
    assert office.status("o-1") == "canceled"
    assert "order.outcome_unknown" not in office.desk.names()


def test_a_cancel_of_what_is_filled_asks_nobody(office: Office) -> None:
    office.clear("o-1")
    office.step()
    office.ask_back("o-1")
    office.hear(trade("o-1", "e-1", "2", "2"))
    office.step()
    assert office.broker.asked == [("submit", "o-1")]


def test_other_terms_are_handed_on(office: Office) -> None:
    office.clear("o-1")
    office.step()
    office.change("o-1", "request_replace", limit_px=D("5.60"), reason="nearer", at=NOON)
    assert isinstance(office.desk.log[-1], OrderReplaceRequested)
    office.step()
    assert office.desk.order("o-1").limit_px == D("5.60")


def test_what_is_denied_meanwhile_is_not_sent(office: Office) -> None:
    """As when trading is halted between the checks and the sending."""
    office.clear("o-1")
    overtaker = office.desk.order("o-1")
    overtaker.deny("trading is halted", at=NOON)
    office.desk.overtakers = [overtaker]
    assert not office.step()
    assert office.step()
    assert office.broker.asked == []
    assert office.status("o-1") == "denied"


def test_one_order_that_is_overtaken_does_not_keep_the_others(office: Office) -> None:
    office.clear("o-1")
    office.clear("o-2")
    overtaker = office.desk.order("o-1")
    overtaker.deny("trading is halted", at=NOON)
    office.desk.overtakers = [overtaker]
    office.step()
    assert list(office.broker.tickets) == ["o-2"]


def test_a_cancel_is_not_asked_of_the_broker_for_what_was_overtaken(office: Office) -> None:
    """The order could not be recorded as submitted: it is tried again before its cancel."""
    office.clear("o-1")
    overtaker = office.desk.order("o-1")
    overtaker.request_cancel("the trader left", at=NOON)
    office.desk.overtakers = [overtaker]
    office.step()
    office.step()
    office.step()
    assert office.broker.asked == []
    assert office.status("o-1") == "canceled"


def test_a_refusal_is_the_end_of_it(office: Office) -> None:
    class Refusing(ScriptedBroker):
        def submit(self, ticket: OrderTicket) -> list[ExecutionReport]:
            return [report(ticket.cl_ord_id, ExecType.REJECTED, text="no buying power")]

    office.broker = Refusing()
    office.begin_anew()
    office.clear("o-1")
    assert office.step()
    rejected = office.desk.log[-1]
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason == "no buying power"
    assert not office.step()


def test_reports_that_could_not_be_booked_are_booked_at_the_next_look(office: Office) -> None:
    office.clear("o-1")
    office.step()
    office.desk.is_lost = True
    with pytest.raises(Unavailable):
        office.hear(trade("o-1", "e-1", "2", "2"))
    office.desk.is_lost = False
    assert office.hear()
    assert office.status("o-1") == "filled"
    assert not office.hear()


def test_errands_of_another_account_are_left_alone(office: Office) -> None:
    office.clear("o-1")
    other = Dispatcher(
        office.desk.as_desk, office.dues, office.broker, account="other", clock=office.clock
    )
    office.mark()
    assert not other.step()
    assert office.broker.asked == []
