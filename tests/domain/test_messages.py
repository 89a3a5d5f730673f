"""A message as it was said, changed, taken back, and why it is in no book."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.grammar.reading import Embed, EmbedField
from domain.messages import (
    Message,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    MessageUnbooked,
    author_stream,
    is_late,
    message_stream,
)
from domain.shared import ERASED, DomainError, Impossible
from domain.traders import trader_stream
from tests.domain.told import last_of, names_of, replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
CARD = Embed(title="Entry", fields=(EmbedField(name="price", value="2.28"),))


def captured(content: str = "BTO TSLA 250c", embeds: tuple[Embed, ...] = ()) -> Message:
    return Message.capture(
        platform="discord",
        message_id="1001",
        channel="options",
        author_id="77",
        author_name="Nora",
        content=content,
        embeds=embeds,
        reply_to="1000",
        posted_at=NOON,
        via="gateway",
        at=LATER,
    )


def edit(message: Message, content: str, embeds: tuple[Embed, ...] = ()) -> None:
    message.edit(content, embeds, edited_at=NOON, at=LATER)


def delete(message: Message) -> None:
    message.delete(noticed_at=NOON, at=LATER)


def leave_unbooked(message: Message) -> None:
    message.leave_unbooked(
        kind="open", missing=("price",), why="no price", parser="canonical-1", at=LATER
    )


def test_the_platform_and_its_id_name_the_message() -> None:
    assert captured().id == message_stream("discord", "1001")
    assert message_stream("discord", "1001") != message_stream("telegram", "1001")


def test_it_is_kept_as_it_was_said_with_when_it_was_said_and_seen() -> None:
    (event,) = told_by(captured(embeds=(CARD,)))
    assert isinstance(event, MessageCaptured)
    assert (event.content, event.embeds, event.author_name) == ("BTO TSLA 250c", (CARD,), "Nora")
    assert (event.reply_to, event.via) == ("1000", "gateway")
    assert (event.posted_at, event.timestamp) == (NOON, LATER)


@pytest.mark.parametrize(
    ("lag_s", "via", "late"),
    [(5, "gateway", False), (6, "gateway", True), (1, "history", True), (None, "import", False)],
)
def test_what_took_more_than_five_seconds_or_had_to_be_asked_for_came_late(
    lag_s: int | None, via: str, late: bool
) -> None:
    received_at = None if lag_s is None else NOON + timedelta(seconds=lag_s)
    message = Message.capture(
        platform="discord", message_id="1", channel="options", channel_id="5", author_id="77",
        author_name="Nora", content="BTO", embeds=(), reply_to="", posted_at=NOON,
        received_at=received_at, via=via, at=LATER,
    )  # fmt: skip
    (event,) = told_by(message)
    assert isinstance(event, MessageCaptured)
    assert (event.late, event.channel_id, event.received_at) == (late, "5", received_at)


def test_an_edit_and_a_deletion_say_when_they_reached_us() -> None:
    message = captured()
    message.edit("BTO", (), edited_at=NOON, received_at=NOON + timedelta(seconds=6), at=LATER)
    message.delete(noticed_at=LATER, received_at=LATER, at=LATER)
    _, edited, deleted = told_by(message)
    assert isinstance(edited, MessageEdited)
    assert isinstance(deleted, MessageDeleted)
    assert is_late(edited.lag)
    assert deleted.received_at == LATER


def test_an_edit_is_another_revision_and_the_first_words_stay() -> None:
    message = captured()
    edit(message, "BTO TSLA 260c")
    edit(message, "BTO TSLA 260c", (CARD,))
    first, second, third = told_by(message)
    assert isinstance(first, MessageCaptured)
    assert isinstance(second, MessageEdited)
    assert isinstance(third, MessageEdited)
    assert [first.content, second.content] == ["BTO TSLA 250c", "BTO TSLA 260c"]
    assert (message.revision, message.embeds) == (2, (CARD,))


def test_the_same_words_are_no_edit() -> None:
    message = captured(embeds=(CARD,))
    assert message.says("BTO TSLA 250c", (CARD,))
    assert not message.says("BTO TSLA 250c", ())
    with pytest.raises(Impossible, match="already says that"):
        edit(message, "BTO TSLA 250c", (CARD,))


def test_what_is_gone_is_neither_changed_nor_taken_back_again() -> None:
    message = captured()
    delete(message)
    assert isinstance(last_of(message), MessageDeleted)
    with pytest.raises(Impossible, match="a deleted message cannot be edited"):
        edit(message, "BTO TSLA 260c")
    with pytest.raises(Impossible, match="already deleted"):
        delete(message)


def test_why_it_is_in_no_book_is_said_of_the_words_that_were_read() -> None:
    message = captured()
    edit(message, "BTO TSLA")
    leave_unbooked(message)
    event = last_of(message)
    assert isinstance(event, MessageUnbooked)
    assert (event.missing, event.why, event.revision) == (("price",), "no price", 1)


def test_words_that_are_gone_may_still_be_read_later() -> None:
    message = captured()
    delete(message)
    leave_unbooked(message)
    assert isinstance(last_of(message), MessageUnbooked)


acts = st.one_of(
    st.sampled_from(["", "a", "b"]).map(lambda words: lambda message: edit(message, words)),
    st.sampled_from([delete, leave_unbooked]),
)


@given(st.lists(acts, max_size=8))
def test_whatever_happens_every_revision_is_other_words_and_replay_is_the_same(
    happened: list[Callable[[Message], None]],
) -> None:
    message = captured("a")
    for act in happened:
        with suppress(DomainError):
            act(message)
    events = told_by(message)
    said = [e.content for e in events if isinstance(e, MessageCaptured | MessageEdited)]
    assert all(before != after for before, after in pairwise(said))
    assert message.revision == len(said) - 1
    assert names_of(events).count("message.deleted") <= 1
    assert state_of(replayed(events)) == state_of(message)


def test_what_an_erased_author_changes_is_not_kept() -> None:
    erased = Message.capture(
        platform="discord", message_id="1", channel="c", author_id=ERASED, author_name=ERASED,
        content=ERASED, embeds=(), reply_to="", posted_at=NOON, via="gateway", at=NOON,
    )  # fmt: skip
    assert erased.is_erased
    with pytest.raises(Impossible, match="erased author"):
        erased.edit("other words", (), edited_at=NOON, at=NOON)


def test_the_record_of_an_author_is_that_of_the_trader() -> None:
    assert author_stream("discord", "7") == trader_stream("discord", "7")
