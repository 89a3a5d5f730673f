"""Messages are found again by channel and time, as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.messages import Message
from projections.messages import Messages, last_posted, missing_from
from projections.runner import Runner
from projections.timeline import Timeline, timeline
from projections.trader_profiles import trader_of
from tests.projections.desk import NOON, minute
from tests.projections.tape import Tape, reading

MANY = 60


@pytest.fixture
def follower(tape: Tape) -> Iterator[Runner]:
    runner = Runner(reading(tape.url), [Messages])
    runner.start()
    yield runner
    runner.close()


def said(number: int, channel: str = "alerts") -> Message:
    return Message.capture(
        platform="discord", message_id=str(number), channel=channel, author_id="7",
        author_name="Nora", content=f"words {number}", embeds=(), reply_to="",
        posted_at=minute(number), via="import", at=minute(number),
    )  # fmt: skip


def row(tape: Tape, message: Message) -> tuple[Any, ...]:
    found = tape.connection.execute(
        "SELECT revision, edited_at, deleted_at, unbooked_why FROM read.messages"
        " WHERE message = %s AND valid_to = 9223372036854775807",
        (message.id,),
    ).fetchone()
    assert found is not None
    return tuple(found)


def test_a_message_is_followed_through_edits_and_deletion(tape: Tape, follower: Runner) -> None:
    message = said(1)
    tape.save(message)
    follower.catch_up()
    assert row(tape, message) == (0, None, None, "")
    message.edit("other words", (), edited_at=minute(2), at=minute(2))
    message.edit("again others", (), edited_at=minute(3), at=minute(3))
    message.leave_unbooked(
        kind="open", missing=("price",), why="it has no price", parser="p", at=minute(3)
    )
    message.delete(noticed_at=minute(4), at=minute(4))
    tape.save(message)
    follower.catch_up()
    assert row(tape, message) == (2, minute(3), minute(4), "it has no price")
    assert len(tape.versions("messages")) == 5


def test_what_an_export_lacks_is_missing_between_its_ends(tape: Tape, follower: Runner) -> None:
    messages = [said(number) for number in range(MANY)]
    elsewhere = said(MANY, channel="talk")
    gone = said(MANY + 1)
    gone.delete(noticed_at=NOON, at=NOON)
    tape.save(*messages, elsewhere, gone)
    follower.catch_up()
    present = [str(number) for number in range(MANY) if number not in (0, 20, 30, 59)]
    assert missing_from(
        tape.connection, "alerts", minute(0), minute(MANY + 9), present
    ) == [messages[number].id for number in (0, 20, 30, 59)]  # fmt: skip
    # What lies outside the export's ends is not in it, and not gone.
    assert missing_from(tape.connection, "alerts", minute(1), minute(58), present) == [
        messages[20].id, messages[30].id,
    ]  # fmt: skip
    assert missing_from(tape.connection, "nowhere", minute(0), minute(99), []) == []


def test_the_newest_message_of_a_channel_says_where_to_go_on(tape: Tape, follower: Runner) -> None:
    assert last_posted(tape.connection, "alerts") is None
    late = said(9)
    late.delete(noticed_at=minute(10), at=minute(10))
    tape.save(said(3), said(5), said(50, channel="talk"), late)
    follower.catch_up()
    assert last_posted(tape.connection, "alerts") == NOON + timedelta(minutes=9)


def test_the_story_of_an_author_has_every_event_of_their_messages(tape: Tape) -> None:
    runner = Runner(reading(tape.url), [Messages, Timeline])
    runner.start()
    message = said(1)
    message.edit("other words", (), edited_at=minute(2), at=minute(2))
    message.delete(noticed_at=minute(4), at=minute(4))
    tape.save(message)
    tape.save(said(2))
    runner.catch_up()
    author = trader_of("discord", "7")
    story = timeline(tape.connection, author, descending=False)
    assert [(event.position, event.name) for event in story] == [
        (1, "message.captured"),
        (2, "message.edited"),
        (3, "message.deleted"),
        (4, "message.captured"),
    ]
    known = timeline(tape.connection, author, as_of=3, after=3)
    assert [event.position for event in known] == [2, 1]
    runner.close()
