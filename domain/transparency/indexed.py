"""The log's index of traders: how many events each one's story has, and which.

An event is proven to be in the log by itself; that none was left out is proven by what the log
said of the whole story before anybody asked for it. So the log records, once a day, the root
of a Merkle tree (RFC 6962, as the log's own) over an entry for each trader, in the order of
their ids. An entry is the RFC 8785 canonical JSON of exactly these members::

    events      number: how many events the story has
    last        number: position of the last one
    positions   text: SHA-256 of the positions, each in decimal with a newline after it
    trader      text: UUID of the trader

An export of a trader carries the entry and its proof; an export of everything all entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, NamedTuple
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, stream_id
from domain.transparency.canonical import canonical
from domain.transparency.refusals import Malformed
from domain.transparency.tree import Frontier, leaf_hash


def index_stream(until: int, root: str) -> UUID:
    """The stream of the index that counts up to a position and comes to a root: there is one."""
    return stream_id("log-index", str(until), root)


class TraderEntry(NamedTuple):
    """What the index says of one trader."""

    trader: UUID
    events: int
    last: int
    positions: str

    def told(self) -> dict[str, int | str]:
        """The members of the entry."""
        return {**self._asdict(), "trader": str(self.trader)}

    def __bytes__(self) -> bytes:
        return canonical(self.told())


def trader_entries(stories: Iterable[tuple[UUID, int]]) -> list[TraderEntry]:
    """The entries of traders and positions, which come in the order of both.

    Raises:
        Malformed: they do not.
    """
    entries: list[TraderEntry] = []
    before: tuple[UUID | None, int] = (None, 0)
    events, hashed = 0, sha256()
    for trader, position in stories:
        if trader != before[0]:
            if before[0] is not None:
                if trader < before[0]:
                    raise Malformed("the traders of an index come in order")
                entries.append(TraderEntry(before[0], events, before[1], hashed.hexdigest()))
            events, hashed = 0, sha256()
        elif position <= before[1]:
            raise Malformed("the positions of a story come in order")
        events += 1
        hashed.update(b"%d\n" % position)
        before = (trader, position)
    if before[0] is not None:
        entries.append(TraderEntry(before[0], events, before[1], hashed.hexdigest()))
    return entries


def index_frontier(entries: Sequence[TraderEntry]) -> Frontier:
    """The tree over these entries."""
    return Frontier().grown([leaf_hash(bytes(entry)) for entry in entries]).frontier


class LogIndexRecorded(Created, frozen=True, kw_only=True):
    """The log counted every trader's events.

    `until` is the position up to which it did, `root` the hex of the tree over `traders`
    entries, and `rules` the edition of what makes an event part of a story.
    """

    TOPIC: ClassVar[str] = "log_index.recorded"

    until: int
    traders: int
    root: str
    rules: int


class LogIndex(BaseAggregate[UUID]):
    """An index of the traders' events."""

    TOPIC: ClassVar[str] = "log_index"

    def __init__(self, until: int, traders: int, root: str, rules: int) -> None:
        self.until = until
        self.traders = traders
        self.root = root
        self.rules = rules

    @classmethod
    def record(
        cls, entries: Sequence[TraderEntry], *, until: int, rules: int, at: datetime
    ) -> LogIndex:
        """Records what the entries come to.

        Raises:
            Malformed: an entry speaks of what lies beyond the position.
        """
        if any(entry.last > until for entry in entries):
            raise Malformed(f"an index up to position {until} speaks of no later event")
        root = index_frontier(entries).root.hex()
        return cls._create(
            LogIndexRecorded,
            id=index_stream(until, root),
            until=until,
            traders=len(entries),
            root=root,
            rules=rules,
            timestamp=at,
        )
