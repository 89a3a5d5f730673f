"""What becomes of yeses and noes to a signal, in whatever order whoever says them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approvals import (
    RECORDED,
    AlreadyDecided,
    ApprovalRules,
    Approver,
    Assessment,
    Attempt,
    ChangedSince,
    PriceStand,
    Role,
    SaidYesAlready,
    TradeOver,
)
from domain.shared import InvalidInput
from domain.signal_events import (
    Decision,
    SignalApprovalGiven,
    SignalApprovalRefused,
    SignalApproved,
    SignalRejected,
)
from domain.signals import Signal
from tests.domain.signal_acts import FIX, MESSAGE, NOON, NORA, OLGA, add, leave, posted
from tests.domain.told import last_of, replayed, told_by

SAM = Approver(name="sam", roles=frozenset({Role.APPROVER}))
ROB = Approver(name="rob", roles=frozenset({Role.READER}))
NORA_HERSELF = Approver(name="nora", roles=frozenset({Role.APPROVER}), trader=str(NORA))
TWO_ABOVE_5000 = ApprovalRules(second_approver_above=Decimal(5000))


def say_yes(
    signal: Signal,
    who: Approver = OLGA,
    *,
    at_risk: str | None = "9350",
    account: str = "paper",
    market: str | None = None,
    accepts: str | None = None,
    seen: int | None = None,
    at: datetime = NOON,
) -> None:
    assessed = Assessment(
        rules=TWO_ABOVE_5000,
        market_px=None if market is None else Decimal(market),
        at_risk=None if at_risk is None else Decimal(at_risk),
        accept_price=None if accepts is None else Decimal(accepts),
    )
    signal.approve(who, via="cli", account=account, assessed=assessed, seen_version=seen, at=at)


def say_no(signal: Signal, who: Approver = OLGA, *, seen: int | None = None) -> None:
    signal.reject(who, reason="too large", via="cli", seen_version=seen, at=NOON)


def fix(signal: Signal, price: str = "2.10") -> None:
    signal.correct(
        correction=FIX, number=1, price=Decimal(price), quantity=None, reason="a slip", by="ada",
        at=NOON,
    )  # fmt: skip


class TestTwoApprovers:
    def test_a_first_yes_over_the_amount_decides_nothing(self) -> None:
        signal = posted()
        say_yes(signal, market="2.10", accepts="2.20")
        event = last_of(signal)
        assert isinstance(event, SignalApprovalGiven)
        assert signal.decision is Decision.PENDING
        assert event.still_needed == (
            "one more approver is needed: 9,350 USD would be at risk, over 5,000 USD"
        )
        assert event.price_stand is PriceStand.ACCEPTED
        assert (event.market_px, event.accepted_px) == (Decimal("2.10"), Decimal("2.20"))

    def test_an_amount_that_cannot_be_told_is_said_to_be(self) -> None:
        signal = posted()
        say_yes(signal, at_risk=None)
        event = last_of(signal)
        assert isinstance(event, SignalApprovalGiven)
        assert "an amount that cannot be told would be at risk" in event.still_needed

    def test_the_second_one_approves_and_both_are_told(self) -> None:
        signal = posted()
        say_yes(signal)
        say_yes(signal, SAM)
        assert isinstance(last_of(signal), SignalApproved)
        with pytest.raises(AlreadyDecided, match="approved by olga and sam at 2026-11-16 17:00"):
            say_yes(signal)

    def test_one_is_no_two(self) -> None:
        signal = posted()
        say_yes(signal)
        with pytest.raises(SaidYesAlready, match="olga said yes already"):
            say_yes(signal)
        assert signal.decision is Decision.PENDING

    def test_yeses_for_different_accounts_do_not_add_up(self) -> None:
        signal = posted()
        say_yes(signal, account="paper")
        say_yes(signal, SAM, account="other")
        assert signal.decision is Decision.PENDING
        say_yes(signal, SAM, account="paper")
        event = last_of(signal)
        assert isinstance(event, SignalApproved)
        assert event.account == "paper"

    def test_a_no_ends_it_after_a_yes(self) -> None:
        signal = posted()
        say_yes(signal)
        say_no(signal, SAM)
        with pytest.raises(AlreadyDecided, match="rejected by sam"):
            say_yes(signal, SAM)

    def test_a_yes_to_other_figures_counts_no_more(self) -> None:
        signal = posted()
        say_yes(signal)
        fix(signal)
        say_yes(signal, SAM)
        assert [yes.by for yes in signal.given] == ["sam"]
        say_yes(signal)
        assert isinstance(last_of(signal), SignalApproved)

    def test_below_the_amount_one_is_enough(self) -> None:
        signal = posted()
        say_yes(signal, at_risk="5000")
        event = last_of(signal)
        assert isinstance(event, SignalApproved)
        assert event.at_risk == 5000


def add_one(signal: Signal) -> None:
    add(signal, "1", "2.00")


def close_one(signal: Signal) -> None:
    leave(signal, "1")


def delete(signal: Signal) -> None:
    signal.note_deletion(message=MESSAGE, noticed_at=NOON, at=NOON)


def move(signal: Signal) -> None:
    signal.move_levels(stop=Decimal(1), targets=(), message=MESSAGE, posted_at=NOON, at=NOON)


class TestWhatTheMemberSaw:
    @pytest.mark.parametrize("answer", [say_yes, say_no])
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (add_one, "the trader added 1"),
            (close_one, "the trader closed 1"),
            (fix, "ada corrected execution 1"),
            (delete, "the author deleted the message"),
            (move, "the trader moved stop or targets"),
        ],
    )
    def test_a_trade_that_changed_has_to_be_looked_at_again(
        self, change: Callable[[Signal], None], words: str, answer: Callable[..., None]
    ) -> None:
        signal = posted()
        change(signal)
        with pytest.raises(ChangedSince, match=f"{words} at 2026-11-16 17:00:00 UTC, after you"):
            answer(signal, seen=1)
        answer(signal, seen=2)

    def test_what_others_tried_or_said_is_no_change(self) -> None:
        signal = posted()
        say_yes(signal)
        signal.refuse(ROB, Attempt.APPROVE, AlreadyDecided("no"), via="cli", at=NOON)
        say_yes(signal, SAM, seen=1)
        assert signal.decision is Decision.APPROVED

    def test_whoever_does_not_say_what_they_saw_is_not_asked(self) -> None:
        signal = posted()
        fix(signal)
        say_yes(signal, at_risk="1")
        assert signal.decision is Decision.APPROVED

    def test_a_trade_that_is_over_says_who_ended_it_and_when(self) -> None:
        signal = posted()
        signal.void(correction=FIX, reason="a joke", by="ada", at=NOON)
        with pytest.raises(TradeOver, match=r"voided \(by ada at 2026-11-16 17:00:00 UTC: a joke"):
            say_yes(signal)


def test_the_posted_price_is_the_corrected_one() -> None:
    signal = posted()
    fix(signal, "20.00")
    say_yes(signal, market="20.10", at_risk="1")
    assert signal.decision is Decision.APPROVED


@pytest.mark.parametrize("price", ["0", "-1", "NaN"])
def test_a_price_that_cannot_be_one_is_not_accepted(price: str) -> None:
    with pytest.raises(InvalidInput, match="accepted price"):
        say_yes(posted(), market="2.00", accepts=price)


class Click(NamedTuple):
    """Somebody presses a button."""

    who: Approver
    attempt: Attempt
    account: str
    at_risk: int
    market: str
    minute: int


clicks = st.builds(
    Click,
    st.sampled_from([OLGA, SAM, ROB, NORA_HERSELF]),
    st.sampled_from([Attempt.APPROVE, Attempt.APPROVE, Attempt.REJECT]),
    st.sampled_from(["paper", "other"]),
    st.sampled_from([100, 9_000]),
    st.sampled_from(["2.00", "2.50"]),
    st.integers(0, 70),
)


def press(signal: Signal, click: Click) -> None:
    """As the application does it: what is refused is recorded."""
    at = NOON + timedelta(minutes=click.minute)
    try:
        if click.attempt is Attempt.REJECT:
            say_no(signal, click.who)
        else:
            say_yes(
                signal, click.who, at_risk=str(click.at_risk), account=click.account,
                market=click.market, at=at,
            )  # fmt: skip
    except RECORDED as why:
        signal.refuse(click.who, click.attempt, why, via="cli", at=at)


@given(st.lists(clicks, max_size=12))
def test_in_any_order_of_clicks_there_is_one_decision_and_a_record_of_each(
    pressed: list[Click],
) -> None:
    signal = posted()
    for click in pressed:
        press(signal, click)
    opening, *events = told_by(signal)
    assert len(events) == len(pressed)
    decisions = [n for n, e in enumerate(events) if isinstance(e, SignalApproved | SignalRejected)]
    assert len(decisions) <= 1
    for number, (event, click) in enumerate(zip(events, pressed, strict=True)):
        if isinstance(event, SignalApprovalRefused):
            assert (event.by, event.attempt) == (click.who.name, click.attempt)
            continue
        assert not decisions or number <= decisions[0]
        if not isinstance(event, SignalRejected):
            assert click.who in (OLGA, SAM)
            assert (click.market, click.minute <= 60) == ("2.00", True)
        if isinstance(event, SignalApproved) and click.at_risk > 5_000:
            yeses = [e for e in events[:number] if isinstance(e, SignalApprovalGiven)]
            assert {e.by for e in yeses if e.account == event.account} == (
                {"olga", "sam"} - {event.by}
            )
    again = replayed([opening, *events])
    assert (again.decision, again.decided) == (signal.decision, signal.decided)
    assert again.given == signal.given
