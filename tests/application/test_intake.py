"""Every message of a watched channel is kept, each wording once, the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.desk import Desk, Work
from application.intake import LostMessage, SeenMessage, Tally, capture, notice_deletions
from application.ports import NotFound, Unavailable
from domain.grammar.reading import Embed
from domain.messages import (
    Message,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    message_stream,
)
from tests.adapters.notes import on_tape
from tests.application.acts import change, events, head, last, names
from tests.application.conftest import NOON, Overtaken

ONE, TWO = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
CARD = Embed(title="TSLA 250C", description="filled at 5.50")


def seen(
    content: str = "BTO TSLA 250c @ 5.50",
    *,
    number: str = "1",
    edited_at: datetime | None = None,
    embeds: tuple[Embed, ...] = (),
    platform: str = "discord",
) -> SeenMessage:
    return SeenMessage(
        platform=platform,
        message_id=number,
        channel="options",
        author_id="77",
        author_name="Nora",
        content=content,
        embeds=embeds,
        posted_at=NOON,
        edited_at=edited_at,
    )


def keep(desk: Desk, *messages: SeenMessage, at: datetime = NOON) -> Tally:
    return capture(desk, messages, via="gateway", actor="gateway:discord", at=at)


def lose(desk: Desk, *streams: UUID) -> Tally:
    return notice_deletions(desk, streams, actor="gateway:discord", at=TWO)


def leave_unbooked(desk: Desk, stream: UUID) -> None:
    """What the reading of a message leaves behind, at any time after it was captured."""
    change(
        desk,
        Message,
        stream,
        lambda message: message.leave_unbooked(
            kind="open", missing=("price",), why="no price", parser="test", at=NOON
        ),
    )


def said_now(desk: Desk, message: SeenMessage) -> str:
    return Work(desk).get(Message, message.stream).content


class TestCapturing:
    def test_a_message_is_kept_as_it_was_seen(self, desk: Desk) -> None:
        message = seen(embeds=(CARD,))
        assert keep(desk, message, at=ONE) == Tally(captured=1)
        kept = last(desk, MessageCaptured)
        assert kept.originator_id == message_stream("discord", "1")
        assert (kept.channel, kept.author_id, kept.author_name) == ("options", "77", "Nora")
        assert (kept.content, kept.embeds) == (message.content, (CARD,))
        assert (kept.posted_at, kept.timestamp, kept.via) == (NOON, ONE, "gateway")

    def test_it_belongs_to_itself_and_says_who_kept_it(self, desk: Desk, database_url: str) -> None:
        keep(desk, seen())
        lose(desk, seen().stream)
        told = [(event.actor, event.correlation) for event in on_tape(database_url)]
        assert told == 2 * [("gateway:discord", seen().stream)]

    def test_the_same_message_twice_adds_nothing(self, desk: Desk) -> None:
        keep(desk, seen())
        assert keep(desk, seen(), at=ONE) == Tally(known=1)
        assert capture(desk, [seen()], via="import", actor="member:ada", at=TWO) == Tally(known=1)
        assert names(desk) == ["message.captured"]

    def test_the_same_message_twice_in_one_intake_adds_nothing(self, desk: Desk) -> None:
        assert keep(desk, seen(), seen()) == Tally(captured=1, known=1)

    def test_messages_are_kept_in_the_order_they_came(self, desk: Desk) -> None:
        keep(desk, *(seen(number=str(number), content=f"no {number}") for number in (3, 1, 2)))
        kept = [event for event in events(desk) if isinstance(event, MessageCaptured)]
        assert [event.message_id for event in kept] == ["3", "1", "2"]

    def test_the_same_number_on_another_platform_is_another_message(self, desk: Desk) -> None:
        assert keep(desk, seen(), seen(platform="telegram")) == Tally(captured=2)

    def test_nothing_seen_is_nothing_kept(self, desk: Desk) -> None:
        assert keep(desk) == Tally()

    def test_a_store_that_stops_answering_is_said_to_be_unavailable(
        self, desk: Desk, overtaken: Overtaken, database_url: str
    ) -> None:
        with pytest.raises(Unavailable):
            keep(overtaken(desk.close), seen())
        assert on_tape(database_url) == []


class TestEdits:
    def test_other_words_are_an_edit_and_the_first_words_stay(self, desk: Desk) -> None:
        keep(desk, seen("BTO TSLA 250c @ 5.50"))
        assert keep(desk, seen("BTO TSLA 250c @ 5.05", edited_at=ONE), at=TWO) == Tally(edited=1)
        first, edit = events(desk)
        assert isinstance(first, MessageCaptured)
        assert first.content == "BTO TSLA 250c @ 5.50"
        assert isinstance(edit, MessageEdited)
        assert (edit.content, edit.edited_at) == ("BTO TSLA 250c @ 5.05", ONE)
        assert edit.timestamp == TWO

    def test_an_edit_seen_twice_adds_nothing(self, desk: Desk) -> None:
        edited = seen("other words", edited_at=ONE)
        keep(desk, seen(), edited)
        assert keep(desk, edited) == Tally(known=1)

    def test_a_card_that_arrives_later_is_an_edit_of_no_later_time(self, desk: Desk) -> None:
        keep(desk, seen())
        assert keep(desk, seen(embeds=(CARD,)), at=TWO) == Tally(edited=1)
        assert last(desk, MessageEdited).edited_at == NOON

    def test_an_edit_after_a_card_arrived_is_newer_than_both(self, desk: Desk) -> None:
        keep(desk, seen(), seen(embeds=(CARD,)), at=TWO)
        assert keep(desk, seen("other words", edited_at=ONE), at=TWO) == Tally(edited=1)

    def test_there_and_back_again_are_two_edits(self, desk: Desk) -> None:
        keep(desk, seen("a"))
        keep(desk, seen("b", edited_at=ONE))
        assert keep(desk, seen("a", edited_at=TWO)) == Tally(edited=1)
        assert names(desk) == ["message.captured", "message.edited", "message.edited"]

    def test_an_older_edit_does_not_undo_a_newer_one(self, desk: Desk) -> None:
        keep(desk, seen("first"), seen("third", edited_at=TWO))
        assert keep(desk, seen("second", edited_at=ONE)) == Tally(known=1)
        assert said_now(desk, seen()) == "third"

    def test_an_export_from_before_the_edit_does_not_undo_it(self, desk: Desk) -> None:
        export = [seen("first"), seen("talk", number="2")]
        keep(desk, *export)
        keep(desk, seen("second", edited_at=ONE))
        assert keep(desk, *export) == Tally(known=2)
        assert said_now(desk, seen()) == "second"

    def test_a_message_first_seen_edited_keeps_those_words(self, desk: Desk) -> None:
        keep(desk, seen("second", edited_at=ONE))
        assert keep(desk, seen("first")) == Tally(known=1)
        assert said_now(desk, seen()) == "second"

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.permutations(range(4)),
        st.lists(st.integers(0, 3), max_size=4),
        st.lists(st.booleans(), min_size=8, max_size=8),
    )
    def test_in_whatever_order_wordings_are_seen_the_newest_stands(
        self, desk: Desk, order: list[int], repeats: list[int], apart: list[bool]
    ) -> None:
        """Some come in one intake, some in intakes of their own."""
        number = uuid4().hex
        intakes: list[list[SeenMessage]] = [[]]
        for wording, alone in zip([*order, *repeats], apart, strict=False):
            at = NOON + timedelta(minutes=wording) if wording else None
            intakes[-1].append(seen(f"wording {wording}", number=number, edited_at=at))
            if alone:
                intakes.append([])
        before = head(desk)
        tally = Tally()
        for intake in intakes:
            tally += keep(desk, *intake)
        assert said_now(desk, seen(number=number)) == "wording 3"
        assert tally.captured == 1
        assert head(desk) - before == tally.captured + tally.edited <= 4
        assert tally.captured + tally.edited + tally.known == len(order) + len(repeats)


class TestDeletions:
    def test_a_message_that_is_gone_stays_in_the_record(self, desk: Desk) -> None:
        keep(desk, seen())
        assert lose(desk, seen().stream) == Tally(deleted=1)
        assert names(desk) == ["message.captured", "message.deleted"]
        assert last(desk, MessageDeleted).noticed_at == TWO

    def test_gone_twice_is_gone_once(self, desk: Desk) -> None:
        keep(desk, seen())
        stream = seen().stream
        assert lose(desk, stream, stream) == Tally(deleted=1, known=1)
        assert lose(desk, stream) == Tally(known=1)
        assert head(desk) == 2

    def test_what_is_gone_is_neither_kept_nor_edited_again(self, desk: Desk) -> None:
        keep(desk, seen())
        lose(desk, seen().stream)
        assert keep(desk, seen(), seen("other words", edited_at=ONE)) == Tally(known=2)

    def test_a_message_that_was_never_kept_cannot_be_gone(self, desk: Desk) -> None:
        keep(desk, seen())
        with pytest.raises(NotFound, match="there is no message"):
            lose(desk, seen().stream, message_stream("discord", "2"))
        assert names(desk) == ["message.captured"]


class TestWhatHappensLive:
    """Posts, edits and deletions in one intake, as a gateway tells of them."""

    def live(self, desk: Desk, *happened: SeenMessage | LostMessage, new: int = 0) -> Tally:
        return capture(
            desk, happened, via="gateway", actor="gateway:discord", at=TWO,
            expected_new=[one.stream for one in happened[:new]],
        )  # fmt: skip

    def test_a_post_its_edit_and_its_end_are_kept_in_their_order(self, desk: Desk) -> None:
        post = msgspec.structs.replace(seen(), received_at=ONE)
        edited = msgspec.structs.replace(post, content="others", edited_at=ONE)
        gone = LostMessage(stream=post.stream, received_at=ONE)
        told = self.live(desk, post, edited, gone, new=1)
        assert told == Tally(captured=1, edited=1, deleted=1)
        assert names(desk) == ["message.captured", "message.edited", "message.deleted"]
        assert last(desk, MessageEdited).received_at == ONE
        assert last(desk, MessageDeleted).noticed_at == ONE

    def test_what_was_thought_to_be_new_and_is_known_adds_nothing(self, desk: Desk) -> None:
        keep(desk, seen())
        leave_unbooked(desk, seen().stream)
        assert self.live(desk, seen(), new=1) == Tally(known=1)
        newer = seen("other words", edited_at=ONE)
        assert self.live(desk, newer, new=1) == Tally(edited=1)
        assert self.live(desk, seen(), newer, seen(number="2"), new=3) == Tally(captured=1, known=2)
        lost = LostMessage(stream=seen().stream)
        assert self.live(desk, seen(), lost, new=1) == Tally(known=1, deleted=1)

    def test_the_end_of_what_nobody_kept_is_nothing(self, desk: Desk) -> None:
        assert self.live(desk, LostMessage(stream=seen().stream)) == Tally(known=1)
        assert head(desk) == 0


class TestIntakesAtTheSameTime:
    def test_two_of_one_channel_keep_each_message_once_and_count_it_once(self, desk: Desk) -> None:
        export = [seen(number=str(number), content=f"no {number}") for number in range(40)]

        def one_by_one(messages: Sequence[SeenMessage]) -> Tally:
            tally = Tally()
            for message in messages:
                tally += keep(desk, message)
            return tally

        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(one_by_one, (export, export))
        first += second
        assert first == Tally(captured=40, known=40)
        assert head(desk) == 40

    def test_who_is_overtaken_knows_what_the_other_kept(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        late = overtaken(lambda: keep(desk, seen()))
        tally = keep(late, seen(), seen("talk", number="2"))
        assert tally == Tally(captured=1, known=1)
        assert head(desk) == 2

    def test_who_is_overtaken_by_other_words_looks_which_are_newer(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        late = overtaken(lambda: keep(desk, seen("third", edited_at=TWO)))
        assert keep(late, seen("first"), seen("second", edited_at=ONE)) == Tally(known=2)
        assert said_now(desk, seen()) == "third"

    def test_an_edit_is_not_lost_to_the_reading_of_the_first_words(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        keep(desk, seen())
        late = overtaken(lambda: leave_unbooked(desk, seen().stream))
        assert keep(late, seen("other words", edited_at=ONE)) == Tally(edited=1)
        assert names(desk) == ["message.captured", "message.unbooked", "message.edited"]

    def test_a_deletion_is_not_lost_to_the_reading_of_the_message(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        keep(desk, seen(), seen("talk", number="2"))
        late = overtaken(lambda: leave_unbooked(desk, seen().stream))
        assert lose(late, seen().stream, seen(number="2").stream) == Tally(deleted=2)
        assert names(desk)[2:] == ["message.unbooked", "message.deleted", "message.deleted"]

    def test_two_who_notice_that_it_is_gone_record_it_once(
        self, desk: Desk, overtaken: Overtaken
    ) -> None:
        keep(desk, seen())
        late = overtaken(lambda: lose(desk, seen().stream))
        assert lose(late, seen().stream) == Tally(known=1)
        assert head(desk) == 2
