"""Messages are found again by channel and time, as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.messages import Message, author_stream
from projections.messages import (
    Lag,
    Messages,
    Place,
    Span,
    lags,
    listened_until,
    missing_from,
    span_of,
)
from projections.runner import Runner
from projections.timeline import Timeline, timeline
from tests.projections.desk import NOON, minute
from tests.projections.tape import Tape, reading

MANY = 60


@pytest.fixture
def follower(tape: Tape) -> Iterator[Runner]:
    runner = Runner(reading(tape.url), [Messages])
    runner.start()
    yield runner
    runner.close()


ALERTS = Place("alerts", "5")
THREAD = Place("alerts", "6", is_exact=True)


def said(
    number: int,
    channel: str = "alerts",
    *,
    channel_id: str = "",
    lag_s: int | None = None,
    via: str = "import",
) -> Message:
    received_at = None if lag_s is None else minute(number) + timedelta(seconds=lag_s)
    return Message.capture(
        platform="discord", message_id=str(number), channel=channel, channel_id=channel_id,
        author_id="7", author_name="Nora", content=f"words {number}", embeds=(), reply_to="",
        posted_at=minute(number), received_at=received_at, via=via, at=minute(number),
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
        tape.connection, ALERTS, minute(0), minute(MANY + 9), present
    ) == [messages[number].id for number in (0, 20, 30, 59)]  # fmt: skip
    # What lies outside the export's ends is not in it, and not gone.
    assert missing_from(tape.connection, ALERTS, minute(1), minute(58), present) == [
        messages[20].id, messages[30].id,
    ]  # fmt: skip
    assert missing_from(tape.connection, Place("nowhere", "9"), minute(0), minute(99), []) == []


def test_what_is_missing_from_a_channel_is_not_what_was_said_in_its_threads(
    tape: Tape, follower: Runner
) -> None:
    above, without_id, within = said(1, channel_id="5"), said(2), said(3, channel_id="6")
    tape.save(above, without_id, within)
    follower.catch_up()
    ends: tuple[datetime, datetime, list[str]] = (minute(0), minute(9), [])
    assert missing_from(tape.connection, ALERTS, *ends) == [above.id, without_id.id]
    assert missing_from(tape.connection, THREAD, *ends) == [within.id]


def test_the_first_and_the_last_message_of_a_place_say_what_is_known_of_it(
    tape: Tape, follower: Runner
) -> None:
    assert span_of(tape.connection, ALERTS) is None
    last = said(9, channel_id="5")
    last.delete(noticed_at=minute(10), at=minute(10))
    tape.save(said(3), said(5, channel_id="5"), said(50, channel="talk"), last)
    tape.save(said(20, channel_id="6"))
    follower.catch_up()
    assert span_of(tape.connection, ALERTS) == Span(minute(3), minute(9))
    assert span_of(tape.connection, THREAD) == Span(minute(20), minute(20))


def test_what_had_to_be_asked_for_does_not_say_that_somebody_listened(
    tape: Tape, follower: Runner
) -> None:
    assert listened_until(tape.connection, "alerts") is None
    tape.save(said(3), said(5, via="gateway", channel_id="6"), said(8, via="history"))
    follower.catch_up()
    assert listened_until(tape.connection, "alerts") == minute(5)


def test_what_was_filled_in_is_no_part_of_a_channels_history(tape: Tape, follower: Runner) -> None:
    posted = said(3, channel_id="5", via="gateway")
    tape.save(posted, said(4, channel_id="5", via="slash"), said(9, via="slash"))
    follower.catch_up()
    assert span_of(tape.connection, ALERTS) == Span(minute(3), minute(3))
    assert listened_until(tape.connection, "alerts") == minute(3)
    gone = missing_from(tape.connection, ALERTS, minute(0), minute(60), [])
    assert gone == [posted.id]


def test_late_messages_are_counted_by_channel_with_the_worst_of_them(
    tape: Tape, follower: Runner
) -> None:
    edited = said(4, channel="talk", lag_s=1, via="gateway")
    edited.edit("others", (), edited_at=minute(5), received_at=minute(6), at=minute(6))
    tape.save(
        said(1, lag_s=5, via="gateway"), said(2, lag_s=6, via="gateway"),
        said(3, lag_s=90, via="history"), said(6), edited,
    )  # fmt: skip
    follower.catch_up()
    assert lags(tape.connection, minute(0)) == [
        Lag("talk", 1, 60_000, minute(4)),
        Lag("alerts", 2, 90_000, minute(3)),
    ]
    assert lags(tape.connection, minute(5)) == []


def test_the_story_of_an_author_has_every_event_of_their_messages(tape: Tape) -> None:
    runner = Runner(reading(tape.url), [Messages, Timeline])
    runner.start()
    message = said(1)
    message.edit("other words", (), edited_at=minute(2), at=minute(2))
    message.delete(noticed_at=minute(4), at=minute(4))
    tape.save(message)
    tape.save(said(2))
    runner.catch_up()
    author = author_stream("discord", "7")
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
