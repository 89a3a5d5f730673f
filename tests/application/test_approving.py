"""Who may say yes or no to a signal, until when, and that one answer counts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from application.access import Member
from application.approving import Answer, approve, expire_due, reject
from application.assessing import Assessor
from application.desk import Desk
from application.ports import NotFound
from domain.accounts import Account
from domain.approvals import (
    AlreadyDecided,
    ChangedSince,
    NotAnApprover,
    Role,
    SelfApprovalRefused,
    SignalLapsed,
)
from domain.shared import Impossible, InvalidInput
from domain.signal_events import SignalApproved, SignalRejected
from domain.signals import Signal
from tests.adapters.notes import on_tape
from tests.application.acts import (
    ADA,
    BLIND,
    DANA,
    NORA,
    begin,
    call_exit,
    change,
    command,
    head,
    last,
    member,
    names,
    post,
)
from tests.application.conftest import NOON, Overtaken

SAM = member("sam", Role.APPROVER)
NORA_HERSELF = member("nora", Role.TRADER, Role.APPROVER, Role.ADMIN, trader=NORA)
MILES = member("miles", Role.TRADER, Role.APPROVER, trader=uuid4())
REFUSED = "signal.approval_refused"
TICK = timedelta(microseconds=1)


def say_yes(
    desk: Desk,
    signal: UUID,
    who: Member = DANA,
    *,
    at: datetime = NOON,
    key: UUID | None = None,
    version: int | None = None,
    assessor: Assessor = BLIND,
    account: str = "paper",
    accept_price: str | None = None,
) -> Answer:
    accepted = None if accept_price is None else Decimal(accept_price)
    asked = command(signal, accepted, key=key, at=at, actor=who.actor)
    return approve(
        desk,
        asked,
        who,
        signal=signal,
        account=account,
        via="cli",
        assessor=assessor,
        accept_price=accepted,
        expected_version=version,
    )


def say_no(
    desk: Desk,
    signal: UUID,
    who: Member = DANA,
    *,
    reason: str = "too wide",
    at: datetime = NOON,
    key: UUID | None = None,
    version: int | None = None,
) -> Answer:
    asked = command(signal, key=key, at=at, actor=who.actor)
    return reject(
        desk, asked, who, signal=signal, reason=reason, via="cli", expected_version=version
    )


Saying = Callable[[Desk, UUID, Member], Answer]


class TestWhoMay:
    def test_an_approver_says_yes(self, desk: Desk) -> None:
        signal = post(desk)
        assert say_yes(desk, signal) == Answer(stream=signal, version=2, position=2)
        yes = last(desk, SignalApproved)
        assert (yes.by, yes.via, yes.account, yes.timestamp) == ("dana", "cli", "paper", NOON)

    def test_an_approver_says_no_and_why(self, desk: Desk) -> None:
        signal = post(desk)
        assert say_no(desk, signal, reason="  too wide ").version == 2
        no = last(desk, SignalRejected)
        assert (no.by, no.via, no.reason) == ("dana", "cli", "too wide")

    def test_a_no_without_a_reason_is_refused(self, desk: Desk) -> None:
        signal = post(desk)
        with pytest.raises(InvalidInput, match="a rejection needs a reason"):
            say_no(desk, signal, reason=" \n")
        assert names(desk) == ["signal.posted"]

    @pytest.mark.parametrize("answer", [say_yes, say_no])
    def test_an_admin_decides_too(self, desk: Desk, answer: Saying) -> None:
        assert answer(desk, post(desk), ADA).version == 2

    def test_all_other_roles_together_decide_nothing(self, desk: Desk) -> None:
        signal = post(desk)
        others = member("rob", *frozenset(Role) - {Role.APPROVER, Role.ADMIN})
        for answer in (say_yes, say_no):
            with pytest.raises(NotAnApprover, match="rob is no approver: ask an admin"):
                answer(desk, signal, others)
        assert names(desk) == ["signal.posted", *[REFUSED] * 2]

    def test_nobody_approves_what_they_posted_not_even_as_an_admin(self, desk: Desk) -> None:
        signal = post(desk)
        with pytest.raises(SelfApprovalRefused, match="nora posted this signal: somebody else"):
            say_yes(desk, signal, NORA_HERSELF)
        assert names(desk) == ["signal.posted", REFUSED]

    def test_who_trades_approves_what_others_posted(self, desk: Desk) -> None:
        assert say_yes(desk, post(desk), MILES).version == 2

    def test_who_posted_it_may_turn_it_down(self, desk: Desk) -> None:
        assert say_no(desk, post(desk), NORA_HERSELF).version == 2


class TestWhenItMay:
    def test_until_the_last_moment_and_no_longer(self, desk: Desk) -> None:
        until = NOON + timedelta(hours=1)
        signal = post(desk, valid_until=until)
        with pytest.raises(SignalLapsed, match="until 2026-11-18 18:00:00 UTC"):
            say_yes(desk, signal, at=until + TICK)
        assert say_yes(desk, signal, at=until).version == 3

    def test_without_an_end_at_any_time(self, desk: Desk) -> None:
        assert say_yes(desk, post(desk), at=NOON + timedelta(days=400)).version == 2

    def test_a_no_comes_never_too_late(self, desk: Desk) -> None:
        signal = post(desk, valid_until=NOON)
        assert say_no(desk, signal, at=NOON + timedelta(days=1)).version == 2

    def test_a_trade_that_is_over_is_not_approved(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        call_exit(desk, signal, "2", "6.00")
        with pytest.raises(Impossible, match="the trade is closed"):
            say_yes(desk, signal)

    def test_a_trade_that_is_half_over_is(self, desk: Desk) -> None:
        signal = post(desk, quantity="2")
        call_exit(desk, signal, "1", "6.00")
        assert say_yes(desk, signal).version == 3

    def test_a_voided_signal_is_not_approved(self, desk: Desk) -> None:
        signal = post(desk)
        change(
            desk,
            Signal,
            signal,
            lambda found: found.void(correction=uuid4(), reason="a joke", by="ada", at=NOON),
        )
        with pytest.raises(Impossible, match="the signal is voided"):
            say_yes(desk, signal)


class TestOneAnswerCounts:
    @pytest.mark.parametrize(("first", "word"), [(say_yes, "approved"), (say_no, "rejected")])
    @pytest.mark.parametrize("second", [say_yes, say_no])
    def test_the_second_answer_is_refused_and_told_who_was_first(
        self, desk: Desk, first: Saying, word: str, second: Saying
    ) -> None:
        signal = post(desk)
        first(desk, signal, DANA)
        sentence = f"the signal was {word} by dana at 2026-11-18 17:00:00 UTC"
        with pytest.raises(AlreadyDecided, match=sentence):
            second(desk, signal, SAM)
        assert names(desk)[2:] == [REFUSED]

    def test_not_even_the_same_person_answers_twice(self, desk: Desk) -> None:
        signal = post(desk)
        say_yes(desk, signal)
        with pytest.raises(AlreadyDecided, match="approved by dana"):
            say_yes(desk, signal)

    def test_the_same_command_again_is_no_second_answer(self, desk: Desk) -> None:
        signal, key = post(desk), uuid4()
        first = say_yes(desk, signal, key=key)
        assert say_yes(desk, signal, key=key) == first
        assert head(desk) == 2

    def test_of_two_at_the_same_moment_one_is_told_who_the_other_was(self, desk: Desk) -> None:
        signal = post(desk)
        with ThreadPoolExecutor(2) as threads:
            answers = [threads.submit(say_yes, desk, signal, who) for who in (DANA, SAM)]
        (refusal,) = [error for each in answers if (error := each.exception())]
        assert isinstance(refusal, AlreadyDecided)
        assert f"by {last(desk, SignalApproved).by} at" in str(refusal)
        assert names(desk) == ["signal.posted", "signal.approved", REFUSED]

    def test_who_is_overtaken_by_an_answer_hears_it(self, desk: Desk, overtaken: Overtaken) -> None:
        signal = post(desk)
        with pytest.raises(AlreadyDecided, match="rejected by sam"):
            say_yes(overtaken(lambda: say_no(desk, signal, SAM)), signal)

    @pytest.mark.parametrize("answer", [say_yes, say_no])
    def test_who_saw_an_older_signal_has_to_look_again(self, desk: Desk, answer: Saying) -> None:
        signal = post(desk)
        call_exit(desk, signal, "1")
        sentence = "the trader closed 1 at 2026-11-18 17:00:00 UTC, after you looked"
        with pytest.raises(ChangedSince, match=sentence):
            answer(desk, signal, DANA, version=1)  # type: ignore[call-arg]
        assert names(desk)[2:] == [REFUSED]
        answer(desk, signal, DANA, version=2)  # type: ignore[call-arg]

    @pytest.mark.parametrize("answer", [say_yes, say_no])
    def test_there_is_no_deciding_on_what_is_no_signal(self, desk: Desk, answer: Saying) -> None:
        account = Account.open(name="paper", broker="paper", cash=Decimal(1), at=NOON)
        with pytest.raises(NotFound, match="there is no signal"):
            answer(desk, uuid4(), DANA)
        with pytest.raises(NotFound, match="is no signal"):
            answer(desk, begin(desk, account), DANA)


class TestTheEndOfTheTime:
    LATE = NOON + timedelta(hours=2)

    def test_signals_expire_after_their_last_moment(self, desk: Desk) -> None:
        due, last_moment, endless = (
            post(desk, valid_until=until) for until in (self.LATE - TICK, self.LATE, None)
        )
        assert expire_due(desk, [due, last_moment, endless], at=self.LATE) == 1
        assert expire_due(desk, [due, last_moment, endless], at=self.LATE + TICK) == 1
        assert names(desk)[3:] == ["signal.expired", "signal.expired"]

    def test_what_was_decided_does_not_expire(self, desk: Desk) -> None:
        approved, rejected = post(desk, valid_until=NOON), post(desk, valid_until=NOON)
        say_yes(desk, approved)
        say_no(desk, rejected)
        assert expire_due(desk, [approved, rejected], at=self.LATE) == 0

    def test_it_expires_once(self, desk: Desk) -> None:
        signal = post(desk, valid_until=NOON)
        assert expire_due(desk, [signal, signal], at=self.LATE) == 1
        assert expire_due(desk, [signal], at=self.LATE) == 0
        assert head(desk) == 2

    def test_what_expired_is_decided_by_nobody(self, desk: Desk) -> None:
        signal = post(desk, valid_until=NOON)
        expire_due(desk, [signal], at=self.LATE)
        for answer in (say_yes, say_no):
            with pytest.raises(AlreadyDecided, match="expired by nobody by 2026-11-18 19:00:00"):
                answer(desk, signal)

    def test_a_trade_goes_on_when_the_time_for_its_approval_is_over(self, desk: Desk) -> None:
        signal = post(desk, valid_until=NOON)
        expire_due(desk, [signal], at=self.LATE)
        call_exit(desk, signal, "2", "6.00")
        assert names(desk)[-1] == "signal.exit_called"

    def test_the_record_says_that_time_did_it(self, desk: Desk, database_url: str) -> None:
        signal = post(desk, valid_until=NOON)
        expire_due(desk, [signal], at=self.LATE)
        expired = on_tape(database_url)[-1]
        assert (expired.actor, expired.correlation) == ("timer:approvals", signal)

    def test_an_answer_that_is_faster_stands_and_nothing_is_counted(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        signal = post(desk, valid_until=NOON)
        late = overtaken(lambda: say_no(desk, signal))
        assert expire_due(late, [signal], at=self.LATE) == 0
        assert names(desk) == ["signal.posted", "signal.rejected"]

    def test_what_is_no_signal_cannot_expire(self, desk: Desk) -> None:
        signal = post(desk, valid_until=NOON)
        with pytest.raises(NotFound):
            expire_due(desk, [signal, uuid4()], at=self.LATE)
        assert names(desk) == ["signal.posted"]
