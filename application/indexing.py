"""Indexing: the log says of every trader how many events there are, before anybody asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from application.desk import Command, Desk, Work, derived_id
from application.sealing import ACTOR
from domain.transparency.indexed import LogIndex, TraderEntry, index_frontier, index_stream


def record_index(
    desk: Desk, entries: Sequence[TraderEntry], *, until: int, rules: int, now: datetime
) -> LogIndex:
    """Records the index of these entries; the one that there is, if there is.

    Raises:
        Unavailable: the database did not answer.
    """
    stream = index_stream(until, index_frontier(entries).root.hex())
    command = Command.given(derived_id("index", str(stream)), stream, actor=ACTOR, at=now)

    def decide(work: Work) -> LogIndex:
        known = work.find(LogIndex, stream)
        if known is not None:
            return known
        return work.begin(LogIndex.record(entries, until=until, rules=rules, at=now))

    desk.run(command, decide)
    return Work(desk).get(LogIndex, stream)
