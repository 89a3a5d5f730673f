"""A mistake is put right by adding to the record: by whom, of what, and why."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.correcting import apply_correction, request_correction
from application.desk import Desk, Outcome, Work
from application.ports import Conflict, Forbidden, NotFound
from domain.approvals import Role
from domain.corrections import CorrectionApplied, CorrectionApproved, CorrectionRequested
from domain.order_events import OrderTradeCanceled, OrderTradeCorrected
from domain.orders import Order
from domain.shared import Impossible, InvalidInput
from domain.signal_events import SignalCorrected, SignalVoided
from domain.signals import Signal
from tests.adapters.notes import on_tape
from tests.application.acts import (
    ADA,
    BEA,
    call_exit,
    change,
    command,
    filled_order,
    head,
    last,
    member,
    names,
    of_order,
    of_signal,
    post,
    put_right,
)
from tests.application.conftest import NOON

D = Decimal


def signal_now(desk: Desk, stream: UUID) -> Signal:
    return Work(desk).get(Signal, stream)


class TestAnySort:
    def test_one_asks_and_approval_effect_and_end_lie_together(
        self, desk: Desk, database_url: str
    ) -> None:
        signal, wanted = post(desk), command(actor="member:bea")
        answer = put_right(desk, of_signal(signal, price="5.05"), asked=wanted)
        assert answer == Outcome(stream=wanted.id, version=3, position=5)
        told = on_tape(database_url)[1:]
        assert [(event.name, event.actor) for event in told] == [
            ("correction.requested", "member:bea"),
            ("correction.approved", "member:ada"),
            ("signal.corrected", "member:ada"),
            ("correction.applied", "member:ada"),
        ]
        assert {event.correlation for event in told} == {signal}

    def test_the_request_keeps_what_was_asked_for_and_the_effect_names_it(self, desk: Desk) -> None:
        signal, wanted = post(desk), command()
        put_right(desk, of_signal(signal, price="5.05", reason=" a typo\n"), asked=wanted)
        asked, done = last(desk, CorrectionRequested), last(desk, SignalCorrected)
        assert (asked.target, asked.target_stream, asked.target_version) == ("signal", signal, 1)
        assert (asked.part, asked.price, asked.quantity, asked.void) == (
            "1",
            D("5.05"),
            None,
            False,
        )
        assert (asked.by, asked.person, asked.reason) == ("bea", "member:bea", "a typo")
        assert [str(changed) for changed in asked.changes] == ["price 5.50 -> 5.05"]
        assert (done.correction, done.by, done.reason) == (wanted.id, "ada", "a typo")
        assert last(desk, CorrectionApproved).person == "member:ada"
        assert last(desk, CorrectionApplied).by == "ada"

    def test_the_same_command_again_corrects_nothing_again(self, desk: Desk) -> None:
        wanted = of_signal(post(desk), price="5.05")
        asked, agreed = command(wanted), command(actor="member:ada")
        request = request_correction(desk, asked, BEA, wanted)
        assert request_correction(desk, asked, BEA, wanted) == request
        first = apply_correction(desk, agreed, ADA, request.stream)
        assert apply_correction(desk, agreed, ADA, request.stream) == first
        assert head(desk) == 5

    @pytest.mark.parametrize("role", sorted(frozenset(Role) - {Role.ADMIN}))
    def test_only_admins_approve(self, desk: Desk, role: Role) -> None:
        wanted = of_signal(post(desk), price="1")
        with pytest.raises(Forbidden, match="rob may not correct: that takes admin"):
            put_right(desk, wanted, agrees=member("rob", role))

    def test_what_is_not_there_cannot_be_corrected(self, desk: Desk) -> None:
        nothing = uuid4()
        with pytest.raises(NotFound, match=f"there is no signal {nothing}"):
            put_right(desk, of_signal(nothing, price="1"))
        with pytest.raises(NotFound, match=f"there is no order {nothing}"):
            put_right(desk, of_order(nothing, price="1"))
        with pytest.raises(NotFound, match="is no order"):
            put_right(desk, of_order(post(desk), price="1"))

    def test_who_saw_an_older_record_has_to_look_again(self, desk: Desk) -> None:
        signal = post(desk)
        call_exit(desk, signal, "1")
        with pytest.raises(Conflict, match="at version 2 by now, not 1"):
            put_right(desk, of_signal(signal, price="1"), version=1)
        assert put_right(desk, of_signal(signal, price="1"), version=2).position == 6

    def test_who_saw_another_record_than_is_there_does_not_approve(self, desk: Desk) -> None:
        signal = post(desk)
        request = request_correction(desk, command(), BEA, of_signal(signal, price="1")).stream
        call_exit(desk, signal, "1")
        with pytest.raises(Conflict, match="at version 2 by now, not 1"):
            apply_correction(desk, command(), ADA, request, expected_target=1)
        assert apply_correction(desk, command(), ADA, request, expected_target=2).version == 3

    def test_a_reason_is_needed(self, desk: Desk) -> None:
        signal, order = post(desk), filled_order(desk, ("a", "2", "5.00"))
        for wanted in (
            of_signal(signal, price="1", reason=" "),
            of_signal(signal, "", void=True, reason=""),
            of_order(order, price="1", reason="\t"),
        ):
            with pytest.raises(InvalidInput, match="a correction needs a reason"):
                put_right(desk, wanted)

    def test_it_voids_or_changes_but_not_both_and_not_neither(self, desk: Desk) -> None:
        signal = post(desk)
        for wanted in (of_signal(signal), of_signal(signal, "", void=True, price="1")):
            with pytest.raises(InvalidInput, match="either voids or changes"):
                put_right(desk, wanted)

    def test_what_is_refused_leaves_no_request_behind(self, desk: Desk) -> None:
        signal, asked = post(desk), command()
        with pytest.raises(Impossible):
            put_right(desk, of_signal(signal, "9", price="1"), asked=asked)
        assert names(desk) == ["signal.posted"]
        assert put_right(desk, of_signal(signal, price="1"), asked=asked).version == 3


class TestSignals:
    def test_an_entry_counts_at_another_price(self, desk: Desk) -> None:
        signal = post(desk, price="5.50")
        put_right(desk, of_signal(signal, price="5.05"))
        assert signal_now(desk, signal).average_entry == D("5.05")

    def test_an_entry_counts_with_another_quantity(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        put_right(desk, of_signal(signal, quantity="5"))
        assert signal_now(desk, signal).open_quantity == 5

    def test_an_exit_counts_with_other_figures(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        call_exit(desk, signal, "1", "7.00")
        put_right(desk, of_signal(signal, "2", price="0", quantity="2"))
        done = last(desk, SignalCorrected)
        assert (done.number, done.price, done.quantity) == (2, D(0), D(2))
        assert signal_now(desk, signal).open_quantity == 0

    def test_an_exit_of_all_closes_and_an_exit_of_less_opens_again(self, desk: Desk) -> None:
        signal = post(desk)
        call_exit(desk, signal, quantity="1")
        everything = str(signal_now(desk, signal).book[1])
        put_right(desk, of_signal(signal, "2", quantity=everything))
        assert signal_now(desk, signal).closed
        put_right(desk, of_signal(signal, "2", quantity="1"))
        assert not signal_now(desk, signal).closed

    def test_the_latest_correction_counts(self, desk: Desk) -> None:
        signal = post(desk)
        put_right(desk, of_signal(signal, price="5.05"))
        put_right(desk, of_signal(signal, price="5.15"))
        assert signal_now(desk, signal).average_entry == D("5.15")

    @pytest.mark.parametrize("part", ["", "entry", "1.0", "-1", "²"])
    def test_the_execution_is_named_by_its_number(self, desk: Desk, part: str) -> None:
        with pytest.raises(InvalidInput, match="name the execution to correct by its number"):
            put_right(desk, of_signal(post(desk), part, price="5.05"))

    @pytest.mark.parametrize("part", ["0", "2", "99"])
    def test_an_execution_that_is_not_there_cannot_be_corrected(
        self, desk: Desk, part: str
    ) -> None:
        with pytest.raises(Impossible, match=f"the signal has no execution {part}"):
            put_right(desk, of_signal(post(desk), part, price="5.05"))

    @pytest.mark.parametrize("price", ["0", "-0.01"])
    def test_no_entry_was_for_nothing(self, desk: Desk, price: str) -> None:
        with pytest.raises(InvalidInput, match="cannot be right"):
            put_right(desk, of_signal(post(desk), price=price))

    def test_no_exit_cost_anything(self, desk: Desk) -> None:
        signal = post(desk)
        call_exit(desk, signal, "1", "1.00")
        with pytest.raises(InvalidInput, match=r"the price -0\.01 cannot be right"):
            put_right(desk, of_signal(signal, "2", price="-0.01"))

    def test_no_entry_was_of_nothing(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput, match="without its first entry"):
            put_right(desk, of_signal(post(desk), quantity="0"))
        with pytest.raises(InvalidInput, match="below zero"):
            put_right(desk, of_signal(post(desk), quantity="-1"))

    def test_an_exit_that_never_was_is_crossed_out(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        call_exit(desk, signal, "2", "6.00")
        put_right(desk, of_signal(signal, "2", quantity="0"))
        assert signal_now(desk, signal).open_quantity == 2
        put_right(desk, of_signal(signal, "2", quantity="1"))
        assert signal_now(desk, signal).book == {1: D(2), 2: D(-1)}

    def test_no_more_is_closed_than_was_opened(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        call_exit(desk, signal, "2", "6.00")
        for wanted in (of_signal(signal, quantity="1"), of_signal(signal, "2", quantity="3")):
            with pytest.raises(Impossible, match="correct the entry first"):
                put_right(desk, wanted)

    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), max_size=5))
    def test_whatever_is_corrected_nothing_is_oversold(
        self, desk: Desk, wanted: list[tuple[int, int]]
    ) -> None:
        signal = post(desk, quantity="4")
        call_exit(desk, signal, "1", "6.00")
        call_exit(desk, signal, "2", "7.00")
        book = {1: 4, 2: -1, 3: -2}
        for number, quantity in wanted:
            after = book | {number: quantity if number == 1 else -quantity}
            asked = of_signal(signal, str(number), quantity=str(quantity))
            if sum(after.values()) < 0:
                with pytest.raises(Impossible):
                    put_right(desk, asked)
            else:
                put_right(desk, asked)
                book = after
        assert signal_now(desk, signal).book == book

    def test_a_voided_signal_counts_for_nothing_and_stays_in_the_record(self, desk: Desk) -> None:
        signal, asked = post(desk), command()
        put_right(desk, of_signal(signal, "", void=True, reason="a joke"), asked=asked)
        assert names(desk) == [
            "signal.posted",
            "correction.requested",
            "correction.approved",
            "signal.voided",
            "correction.applied",
        ]
        done = last(desk, SignalVoided)
        assert (done.correction, done.reason, done.by) == (asked.id, "a joke", "ada")

    def test_what_is_voided_is_neither_voided_nor_changed_again(self, desk: Desk) -> None:
        signal = post(desk)
        put_right(desk, of_signal(signal, "", void=True))
        for wanted in (of_signal(signal, "", void=True), of_signal(signal, price="1")):
            with pytest.raises(Impossible, match="the signal is voided"):
                put_right(desk, wanted)

    def test_a_signal_is_voided_whole_and_never_for_one_execution(self, desk: Desk) -> None:
        signal = post(desk)
        call_exit(desk, signal, "1", "7.00")
        with pytest.raises(InvalidInput, match="voided as a whole"):
            put_right(desk, of_signal(signal, "2", void=True))
        assert head(desk) == 2


class TestFills:
    def test_a_fill_counts_at_another_price(self, desk: Desk) -> None:
        order, asked = filled_order(desk, ("a", "2", "5.00")), command()
        put_right(desk, of_order(order, price="4.90", reason="the venue's report"), asked=asked)
        done = last(desk, OrderTradeCorrected)
        assert (done.exec_id, done.last_qty, done.last_px) == ("a", D(2), D("4.90"))
        assert (done.was_qty, done.was_px) == (D(2), D("5.00"))
        assert (done.correction, done.by, done.reason) == (asked.id, "ada", "the venue's report")

    def test_a_fill_counts_with_another_quantity(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "2", "5.00"), ("b", "3", "5.10"), quantity="10")
        put_right(desk, of_order(order, "b", quantity="8"))
        assert last(desk, OrderTradeCorrected).last_px == D("5.10")
        assert Work(desk).get(Order, order).cum_qty == 10

    def test_no_more_is_filled_than_was_ordered(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "2", "5.00"), ("b", "3", "5.10"), quantity="10")
        with pytest.raises(Impossible, match="more would be filled than was ordered"):
            put_right(desk, of_order(order, "b", quantity="9"))

    @pytest.mark.parametrize("quantity", ["0", "-1"])
    def test_no_fill_was_of_nothing(self, desk: Desk, quantity: str) -> None:
        with pytest.raises(InvalidInput, match="a quantity above zero"):
            put_right(desk, of_order(filled_order(desk, ("a", "2", "5.00")), quantity=quantity))

    def test_no_fill_has_a_price_below_zero(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput, match=r"the price -0\.01 is below zero"):
            put_right(desk, of_order(filled_order(desk, ("a", "2", "5.00")), price="-0.01"))

    def test_a_busted_fill_never_happened_and_stays_in_the_record(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "2", "5.00"), ("b", "3", "5.10"))
        put_right(desk, of_order(order, "a", void=True))
        done = last(desk, OrderTradeCanceled)
        assert (done.exec_id, done.was_qty, done.was_px) == ("a", D(2), D("5.00"))
        assert Work(desk).get(Order, order).cum_qty == 3
        assert names(desk).count("order.filled") == 2

    def test_a_busted_fill_is_neither_busted_nor_changed_again(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "2", "5.00"))
        put_right(desk, of_order(order, void=True))
        for wanted in (of_order(order, void=True), of_order(order, price="1")):
            with pytest.raises(Impossible, match="no standing fill a"):
                put_right(desk, wanted)

    def test_a_fill_that_is_not_there_cannot_be_corrected(self, desk: Desk) -> None:
        with pytest.raises(Impossible, match="no standing fill z"):
            put_right(desk, of_order(filled_order(desk, ("a", "2", "5.00")), "z", price="1"))

    def test_the_fill_is_named_by_its_exec_id(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "2", "5.00"))
        for wanted in (of_order(order, "", price="1"), of_order(order, "", void=True)):
            with pytest.raises(InvalidInput, match="name the fill to correct by its ExecID"):
                put_right(desk, wanted)

    def test_an_order_goes_on_being_filled_after_a_bust(self, desk: Desk) -> None:
        order = filled_order(desk, ("a", "10", "5.00"), quantity="10")
        put_right(desk, of_order(order, void=True))
        change(
            desk,
            Order,
            order,
            lambda found: found.fill(
                exec_id="c",
                last_qty=D(10),
                last_px=D("5.20"),
                commission=D(0),
                transact_time=NOON,
                at=NOON,
            ),
        )
        assert names(desk)[-1] == "order.filled"
