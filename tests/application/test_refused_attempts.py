"""Attempts to decide that are refused: each is on record once, and heard again as it was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.access import Member
from application.approving import Answer, expire_due
from application.assessing import Assessor
from application.desk import Desk
from application.ports import Conflict
from domain.approvals import (
    AlreadyDecided,
    Attempt,
    NotAnApprover,
    PriceMoved,
    Role,
    SignalLapsed,
)
from domain.shared import DomainError, InvalidInput
from domain.signal_events import SignalApprovalRefused
from tests.adapters.notes import on_tape
from tests.application.acts import (
    DANA,
    NORA,
    ROB,
    TSLA,
    head,
    last,
    member,
    names,
    post,
)
from tests.application.approvers import APPROVED, REFUSED, SAM, Approvers, ask
from tests.application.conftest import NOON, Overtaken, ShownMarket

NORA_HERSELF = member("nora", Role.APPROVER, trader=NORA)


@pytest.fixture
def approvers(desk: Desk, assessor: Assessor) -> Approvers:
    return Approvers(desk, assessor)


class TestARefusedAttempt:
    def test_is_recorded_with_who_how_and_why(
        self, desk: Desk, approvers: Approvers, database_url: str
    ) -> None:
        signal = post(desk)
        with pytest.raises(NotAnApprover) as heard:
            approvers.yes(signal, ROB)
        event = last(desk, SignalApprovalRefused)
        assert (event.by, event.via, event.attempt) == ("rob", "cli", Attempt.APPROVE)
        assert (event.code, event.reason) == ("not_an_approver", str(heard.value))
        assert on_tape(database_url)[-1].actor == "member:rob"

    def test_is_recorded_of_a_no_as_well(self, desk: Desk, approvers: Approvers) -> None:
        with pytest.raises(NotAnApprover):
            approvers.no(post(desk), ROB)
        assert last(desk, SignalApprovalRefused).attempt is Attempt.REJECT

    def test_of_the_same_press_is_recorded_once_and_heard_again(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        signal, key = post(desk), uuid4()
        for _ in range(3):
            with pytest.raises(NotAnApprover, match="rob is no approver"):
                approvers.yes(signal, ROB, key=key)
        assert names(desk) == ["signal.posted", REFUSED]

    def test_is_heard_again_whatever_happened_since(
        self, desk: Desk, approvers: Approvers, market: ShownMarket
    ) -> None:
        market.show(TSLA, "6.90", "7.00")
        signal, key = post(desk), uuid4()
        with pytest.raises(PriceMoved, match=r"the offer is 7\.00"):
            approvers.yes(signal, key=key)
        market.show(TSLA, "5.40", "5.50")
        with pytest.raises(PriceMoved, match=r"the offer is 7\.00"):
            approvers.yes(signal, key=key)
        approvers.yes(signal)
        with pytest.raises(PriceMoved, match=r"the offer is 7\.00"):
            approvers.yes(signal, key=key)
        assert names(desk) == ["signal.posted", REFUSED, APPROVED]

    def test_by_another_press_is_another_event(self, desk: Desk, approvers: Approvers) -> None:
        signal = post(desk)
        for _ in range(2):
            with pytest.raises(NotAnApprover):
                approvers.yes(signal, ROB)
        assert names(desk).count(REFUSED) == 2

    def test_pressed_twice_at_once_is_recorded_once(self, desk: Desk, approvers: Approvers) -> None:
        signal, key = post(desk), uuid4()
        with ThreadPoolExecutor(2) as threads:
            presses = [threads.submit(approvers.yes, signal, ROB, key=key) for _ in range(2)]
        assert all(isinstance(press.exception(), NotAnApprover) for press in presses)
        assert names(desk) == ["signal.posted", REFUSED]

    def test_of_a_yes_pressed_twice_at_once_there_is_none(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        signal, key = post(desk), uuid4()
        with ThreadPoolExecutor(2) as threads:
            presses = [threads.submit(approvers.yes, signal, key=key) for _ in range(2)]
        assert presses[0].result() == presses[1].result()
        assert names(desk) == ["signal.posted", APPROVED]

    def test_whoever_is_overtaken_has_it_recorded_after_the_answer(
        self, desk: Desk, approvers: Approvers, overtaken: Overtaken
    ) -> None:
        signal = post(desk)
        late = overtaken(lambda: approvers.no(signal, SAM))
        with pytest.raises(AlreadyDecided, match="rejected by sam"):
            approvers.yes(signal, desk=late)
        assert names(desk) == ["signal.posted", "signal.rejected", REFUSED]

    def test_with_a_key_of_another_press_is_a_conflict_and_leaves_nothing(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        signal, key = post(desk), uuid4()
        with pytest.raises(NotAnApprover):
            approvers.yes(signal, ROB, key=key)
        with pytest.raises(Conflict, match="used for other input"):
            approvers.yes(signal, ROB, key=key, accept_price="6.00")
        assert head(desk) == 2

    def test_that_is_a_slip_of_the_pen_leaves_nothing(
        self, desk: Desk, approvers: Approvers
    ) -> None:
        signal = post(desk)
        with pytest.raises(InvalidInput, match="accepted price"):
            approvers.yes(signal, accept_price="-1")
        assert names(desk) == ["signal.posted"]

    def test_after_the_time_is_recorded(self, desk: Desk, approvers: Approvers) -> None:
        signal = post(desk, valid_until=NOON.replace(hour=16))
        with pytest.raises(SignalLapsed):
            approvers.yes(signal)
        assert last(desk, SignalApprovalRefused).code == "signal_lapsed"
        assert expire_due(desk, [signal], at=NOON) == 1
        with pytest.raises(AlreadyDecided, match="expired by nobody"):
            approvers.yes(signal)


class Press(NamedTuple):
    """A button that somebody presses; a number of keys, so that some presses are repeated."""

    who: Member
    attempt: Attempt
    key: int


presses = st.builds(
    Press,
    st.sampled_from([DANA, SAM, ROB, NORA_HERSELF]),
    st.sampled_from([Attempt.APPROVE, Attempt.APPROVE, Attempt.REJECT]),
    st.integers(0, 3),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(presses, max_size=8), st.booleans())
def test_however_often_whoever_presses_there_is_one_decision_and_one_record_of_each_press(
    desk: Desk, approvers: Approvers, pressed: list[Press], is_large: bool
) -> None:
    ask_again(desk, Decimal(0) if is_large else Decimal(10**9))
    signal, salt = post(desk), uuid4().int
    before = head(desk)
    heard: dict[tuple[str, Attempt, int], str] = {}
    for press in pressed:
        place = (press.who.name, press.attempt, press.key)
        key = UUID(int=(salt + hash(place)) % 2**128)
        act: Callable[..., Answer] = (
            approvers.yes if press.attempt is Attempt.APPROVE else approvers.no
        )
        try:
            said = str(act(signal, press.who, key=key))
        except DomainError as error:
            said = f"{error.code} {error}"
        assert heard.setdefault(place, said) == said, "a repeated press hears the same"
    events = names(desk)[before:]
    assert len(events) == len(heard)
    assert events.count(APPROVED) + events.count("signal.rejected") <= 1


def ask_again(desk: Desk, above: Decimal) -> None:
    """The rules for an example; the last one's may be these already."""
    try:
        ask(desk, second_approver_above=above)
    except DomainError:
        return
