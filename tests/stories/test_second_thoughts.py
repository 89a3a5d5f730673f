"""A trader edits a price after the trade went well, and another takes a loser's message away."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from application.access import LOCAL_OPERATOR
from application.correcting import refuse_correction
from application.rereading import Rereading
from interfaces.cli.rereading import read_again
from projections.approval_queue import pending
from projections.corrections import CorrectionState, corrections
from projections.signal_feed import signal as signal_row
from tests.stories.telling import Told


def test_nobody_improves_a_record_by_editing(story: Told) -> None:
    story.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    with story.house.reader.connection() as connection:
        (waiting,) = pending(connection)
    story.says("15:30:00", "all out TSLA 250c @ 3.28")
    story.events()

    story.edits(0, "15:45:00", "BTO 2 TSLA 11/20 250c @ 1.28")
    assert story.events() == ["message.edited", "signal.source_edited", "correction.requested"]
    assert realised(story, waiting.signal) == Decimal(200)
    with story.house.reader.connection() as connection:
        (asked,) = corrections(connection, state=CorrectionState.PENDING)
        row = signal_row(connection, waiting.signal)
    assert (asked.changes, asked.revision) == ("price 2.28 -> 1.28", 1)
    assert row is not None
    assert row.edited_at is not None

    refuse_correction(
        story.house.desk, story.command(), LOCAL_OPERATOR, asked.correction,
        reason="the fill was at 2.28",
    )  # fmt: skip
    story.house.catch_up()
    assert story.events() == ["correction.refused"]
    assert realised(story, waiting.signal) == Decimal(200)


def test_a_loser_whose_message_is_gone_is_scored_all_the_same(story: Told) -> None:
    story.says("14:59:00", "good morning")
    story.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    with story.house.reader.connection() as connection:
        (waiting,) = pending(connection)
    story.says("15:10:00", "stopped out TSLA 250c @ 1.28")
    story.events()
    story.deletes(1, "15:20:00")
    assert story.events() == ["message.deleted", "signal.source_deleted"]
    assert realised(story, waiting.signal) == Decimal(-200)


def test_a_record_that_was_read_by_todays_grammar_reads_the_same_again(story: Told) -> None:
    story.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    story.says("15:30:00", "STC half TSLA 250c @ 3.05")
    story.edits(0, "15:45:00", "BTO 2 TSLA 11/20 250c @ 1.28")
    head = story.house.head()
    again: Rereading = read_again(story.house, since=None, channel=None, quiet=True)
    assert again.differences() == []
    assert story.house.head() == head


def realised(story: Told, signal: UUID) -> Decimal:
    with story.house.reader.connection() as connection:
        (found,) = connection.execute(
            "SELECT realised FROM read.positions"
            " WHERE position = %s AND valid_to = 9223372036854775807 AND scored",
            (signal,),
        ).fetchone() or (None,)
    assert isinstance(found, Decimal)
    return found
