"""What an author changes or takes away afterwards: what was said first counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from application.access import Member
from application.approving import approve
from application.correcting import apply_correction, refuse_correction
from application.desk import Desk, Work
from application.ports import Forbidden
from domain.approvals import Role
from domain.corrections import CorrectionApplied, CorrectionRefused, CorrectionRequested
from domain.messages import MessageUnbooked, message_stream
from domain.shared import Impossible, InvalidInput
from domain.signal_events import (
    Decision,
    SignalCorrected,
    SignalPosted,
    SignalSourceDeleted,
    SignalSourceEdited,
    SignalVoided,
)
from domain.signals import Signal
from domain.terms import HINDSIGHT, TRADER
from tests.application.acts import (
    ADA,
    BLIND,
    DANA,
    TSLA_HIGHER,
    command,
    events,
    head,
    last,
    member,
    names,
)
from tests.application.channel import Channel
from tests.application.conftest import NOON, desk_on
from tests.conftest import NewDatabase

D = Decimal
OPEN = "BTO 2 TSLA 11/20 250c @ 2.28"


@pytest.fixture
def channel(desk: Desk, database_url: str) -> Iterator[Channel]:
    with closing(Channel(desk, database_url)) as channel:
        yield channel


def first_signal(desk: Desk) -> UUID:
    return next(e.originator_id for e in events(desk) if isinstance(e, SignalPosted))


def said(desk: Desk) -> list[str]:
    """What the last edit was noted to change."""
    return [str(change) for change in last(desk, SignalSourceEdited).changes]


def signal_now(desk: Desk) -> Signal:
    return Work(desk).get(Signal, first_signal(desk))


def agree(desk: Desk, who: Member = ADA) -> None:
    request = last(desk, CorrectionRequested).originator_id
    apply_correction(desk, command(request, at=NOON + timedelta(days=1)), who, request)


class TestEdits:
    @pytest.mark.parametrize(
        "words",
        ["BTO 2 TSLA 11/20 250c @ 2.28 🚀", "bto 2 $TSLA 250C 11/20 @2.28 (small size)"],
    )
    def test_one_that_leaves_the_trade_the_same_does_nothing(
        self, desk: Desk, channel: Channel, words: str
    ) -> None:
        number = channel.books(OPEN)
        before = head(desk)
        channel.edits(number, words)
        assert names(desk, before) == ["message.edited"]

    @pytest.mark.parametrize(
        ("words", "changes"),
        [
            ("BTO 2 TSLA 11/20 250c @ 1.28", ["price 2.28 -> 1.28"]),
            ("BTO 3 TSLA 11/20 250c @ 2.28", ["quantity 2 -> 3"]),
            ("BTO 3 TSLA 11/20 250c @ 2.30", ["quantity 2 -> 3", "price 2.28 -> 2.30"]),
            ("BTO 2 TSLA 11/20 250c @ 2.28 SL 1.50", ["stop none -> 1.50"]),
            (
                "BTO 2 TSLA 11/20 260c @ 2.28",
                ["contract TSLA 250C 2026-11-20 -> TSLA 260C 2026-11-20"],
            ),
            ("STO 2 TSLA 11/20 250c @ 2.28", ["side buy -> sell"]),
        ],
    )
    def test_one_that_tells_another_trade_asks_for_a_correction_and_changes_nothing(
        self, desk: Desk, channel: Channel, words: str, changes: list[str]
    ) -> None:
        number = channel.books(OPEN)
        signal, before = first_signal(desk), head(desk)
        approve(desk, command(), DANA, signal=signal, account="paper", via="cli", assessor=BLIND)
        was = signal_now(desk)
        channel.edits(number, words, after_s=3_600)
        assert names(desk, before)[1:] == [
            "message.edited",
            "signal.source_edited",
            "correction.requested",
        ]
        asked, noted = last(desk, CorrectionRequested), last(desk, SignalSourceEdited)
        assert [str(change) for change in asked.changes] == said(desk) == changes
        assert (asked.target_stream, asked.by) == (signal, "booking")
        assert (asked.message, asked.revision) == (message_stream("discord", number), 1)
        assert (noted.message, noted.revision) == (asked.message, 1)
        assert changes[0] in asked.reason
        now = signal_now(desk)
        assert (now.book, now.entry_prices, now.stop) == (was.book, was.entry_prices, was.stop)
        assert now.decision is Decision.APPROVED

    def test_before_approval_nothing_is_taken_by_itself_either(
        self, desk: Desk, channel: Channel
    ) -> None:
        number = channel.books("BTO 2 TSLA 11/20 250c @ 22.80")
        channel.edits(number, OPEN, after_s=20)
        assert signal_now(desk).price == D("22.80")
        agree(desk)
        assert signal_now(desk).entry_prices == {1: D("2.28")}
        assert names(desk)[-2:] == ["signal.corrected", "correction.applied"]
        assert last(desk, SignalCorrected).by == "ada"

    def test_an_exit_is_looked_at_as_it_was_said_then(self, desk: Desk, channel: Channel) -> None:
        channel.books("BTO 4 TSLA 11/20 250c @ 2.28")
        trim = channel.books("STC half TSLA 250c @ 3.00")
        channel.books("all out TSLA 250c @ 3.50")
        channel.edits(trim, "STC half TSLA 250c @ 5.00")
        assert said(desk) == ["exit 2 price 3.00 -> 5.00"]
        asked = last(desk, CorrectionRequested)
        assert (asked.part, asked.price, asked.quantity) == ("2", D("5.00"), None)
        agree(desk)
        assert signal_now(desk).closed

    def test_levels_that_are_edited_are_moved_once_an_admin_agrees(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN)
        number = channel.books("SL 1.50 on TSLA 250c")
        channel.edits(number, "SL 1.80 on TSLA 250c")
        assert signal_now(desk).stop == D("1.50")
        assert said(desk) == ["stop 1.50 -> 1.80"]
        agree(desk)
        assert signal_now(desk).stop == D("1.80")

    def test_words_without_a_trade_leave_the_trade_like_a_deletion(
        self, desk: Desk, channel: Channel
    ) -> None:
        number = channel.books(OPEN)
        before = head(desk)
        channel.edits(number, "have a great day everyone")
        assert names(desk, before) == ["message.edited", "signal.source_edited"]
        assert said(desk) == ["trade buy 2 TSLA 250C 2026-11-20 @ 2.28 -> none"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("watching TSLA here", OPEN),
            (OPEN, f"{OPEN}\nBTO 1 AMD 12/18 150c @ 1.00"),
        ],
    )
    def test_what_a_message_is_edited_into_books_nothing_and_says_why(
        self, desk: Desk, channel: Channel, first: str, second: str
    ) -> None:
        number = channel.books(first)
        before = head(desk)
        channel.edits(number, second)
        assert names(desk, before) == ["message.edited", "message.unbooked"]
        left = last(desk, MessageUnbooked)
        assert "edited into a trade, which books nothing: buy" in left.why
        assert left.revision == 1

    def test_a_message_edited_into_an_exit_closes_nothing(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN)
        number = channel.books("what a day")
        before = head(desk)
        channel.edits(number, "all out TSLA 250c @ 9.00")
        assert names(desk, before) == ["message.edited", "message.unbooked"]
        assert signal_now(desk).open_quantity == 2

    def test_the_last_words_count_for_what_is_asked(self, desk: Desk, channel: Channel) -> None:
        number = channel.books(OPEN)
        channel.edits(number, "BTO 2 TSLA 11/20 250c @ 1.00", after_s=10)
        channel.edits(number, "BTO 2 TSLA 11/20 250c @ 2.00", after_s=20)
        assert last(desk, CorrectionRefused).reason == "the message was edited again"
        assert last(desk, CorrectionRequested).price == D("2.00")
        channel.edits(number, OPEN, after_s=30)
        assert names(desk)[-2:] == ["message.edited", "correction.refused"]

    def test_two_edits_that_wait_are_each_told_with_their_own_words(
        self, desk: Desk, channel: Channel
    ) -> None:
        number = channel.books(OPEN)
        channel.edits(number, "BTO 2 TSLA 11/20 250c @ 1.00", after_s=10, follow=False)
        channel.edits(number, "BTO 2 TSLA 11/20 250c @ 2.00", after_s=20)
        asked = [e for e in events(desk) if isinstance(e, CorrectionRequested)]
        assert [(e.price, e.revision) for e in asked] == [(D("1.00"), 1), (D("2.00"), 2)]

    def test_the_same_tape_gives_the_same_events_wherever_the_program_ended(
        self, new_database: NewDatabase
    ) -> None:
        told = []
        for stops in (False, True):
            with (
                new_database() as url,
                desk_on(url) as desk,
                closing(Channel(desk, url)) as channel,
            ):
                number = channel.books("BTO 4 TSLA 11/20 250c @ 2.28")
                trim = channel.books("STC half TSLA 250c @ 3.00")
                for words in ("STC half TSLA 250c @ 4.00", "STC half TSLA 250c @ 3.00"):
                    if stops:
                        channel.starts_anew()
                    channel.edits(trim, words)
                channel.deletes(number)
                told.append([(e.TOPIC, e.originator_id) for e in events(desk)])
        assert told[0] == told[1]


class TestAnotherContract:
    HIGHER = "BTO 2 TSLA 11/20 260c @ 1.10"

    def edited(self, desk: Desk, channel: Channel, after_s: int) -> SignalPosted:
        """A contract was mistyped, mended, and an admin agreed."""
        number = channel.books(OPEN)
        channel.edits(number, self.HIGHER, after_s=after_s)
        agree(desk)
        return last(desk, SignalPosted)

    def test_the_old_one_is_voided_and_the_new_one_begins_with_the_edit(
        self, desk: Desk, channel: Channel
    ) -> None:
        posted = self.edited(desk, channel, 60)
        assert signal_now(desk).voided
        assert [leg.symbol for leg in posted.legs] == [TSLA_HIGHER]
        assert posted.source.revision == 1
        assert posted.posted_at == last(desk, SignalSourceEdited).edited_at
        assert (posted.price, posted.quantity) == (D("1.10"), D(2))
        assert isinstance(last(desk, SignalVoided).correction, UUID)

    def test_a_slip_mended_in_two_minutes_counts_and_later_words_are_hindsight(
        self, desk: Desk, channel: Channel
    ) -> None:
        assert self.edited(desk, channel, 120).origin == TRADER
        assert self.edited(desk, channel, 121).origin == HINDSIGHT

    def test_what_its_author_says_next_finds_it(self, desk: Desk, channel: Channel) -> None:
        posted = self.edited(desk, channel, 60)
        channel.books("all out TSLA 260c @ 2.20")
        assert names(desk)[-2:] == ["signal.exit_called", "signal.closed"]
        assert events(desk)[-1].originator_id == posted.originator_id


class TestDeletions:
    def test_the_trade_stays_open_and_its_signal_says_so(
        self, desk: Desk, channel: Channel
    ) -> None:
        number = channel.books(OPEN)
        channel.deletes(number)
        noted = last(desk, SignalSourceDeleted)
        assert noted.originator_id == first_signal(desk)
        assert noted.message == message_stream("discord", number)
        assert signal_now(desk).open_quantity == 2

    def test_a_deleted_exit_is_said_on_the_signal_that_it_closed(
        self, desk: Desk, channel: Channel
    ) -> None:
        channel.books(OPEN)
        number = channel.books("all out TSLA 250c @ 1.00")
        channel.deletes(number)
        assert last(desk, SignalSourceDeleted).originator_id == first_signal(desk)
        assert signal_now(desk).closed

    def test_deleted_chatter_is_nobodys_trade(self, desk: Desk, channel: Channel) -> None:
        number = channel.books("good morning")
        channel.deletes(number)
        assert names(desk)[-1] == "message.deleted"


class TestDeciding:
    @pytest.fixture
    def request_(self, desk: Desk, channel: Channel) -> UUID:
        number = channel.books(OPEN)
        channel.edits(number, "BTO 2 TSLA 11/20 250c @ 1.00")
        return last(desk, CorrectionRequested).originator_id

    @pytest.mark.parametrize("role", sorted(frozenset(Role) - {Role.ADMIN}))
    def test_only_admins_decide(self, desk: Desk, request_: UUID, role: Role) -> None:
        with pytest.raises(Forbidden):
            apply_correction(desk, command(), member("rob", role), request_)
        with pytest.raises(Forbidden):
            refuse_correction(desk, command(), member("rob", role), request_, reason="no")

    def test_what_is_refused_stays_as_it_was_and_cannot_be_applied(
        self, desk: Desk, request_: UUID
    ) -> None:
        refuse_correction(desk, command(), ADA, request_, reason="it was 2.28")
        assert last(desk, CorrectionRefused).by == "ada"
        assert signal_now(desk).price == D("2.28")
        with pytest.raises(Impossible, match="decided already"):
            apply_correction(desk, command(), ADA, request_)

    def test_a_refusal_needs_a_reason(self, desk: Desk, request_: UUID) -> None:
        with pytest.raises(InvalidInput, match="needs a reason"):
            refuse_correction(desk, command(), ADA, request_, reason=" ")

    def test_it_is_applied_once(self, desk: Desk, request_: UUID) -> None:
        asked = command(request_)
        first = apply_correction(desk, asked, ADA, request_)
        assert apply_correction(desk, asked, ADA, request_) == first
        assert last(desk, CorrectionApplied).by == "ada"
        with pytest.raises(Impossible, match="decided already"):
            apply_correction(desk, command(), ADA, request_)
