"""The index of traders: counted as they stand, in order, and recorded once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest

from domain.transparency.indexed import (
    LogIndex,
    LogIndexRecorded,
    TraderEntry,
    index_frontier,
    index_stream,
    trader_entries,
)
from domain.transparency.refusals import Malformed
from domain.transparency.tree import EMPTY_ROOT, leaf_hash, node_hash

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NORA, OTTO = UUID(int=1), UUID(int=2)
STORIES = [(NORA, 3), (NORA, 7), (OTTO, 5)]


def test_an_entry_counts_a_story_and_names_its_events() -> None:
    nora, otto = trader_entries(STORIES)
    assert nora == TraderEntry(NORA, 2, 7, sha256(b"3\n7\n").hexdigest())
    assert otto == TraderEntry(OTTO, 1, 5, sha256(b"5\n").hexdigest())


def test_an_entry_is_canonical_json() -> None:
    entry = trader_entries(STORIES)[0]
    assert list(json.loads(bytes(entry))) == ["events", "last", "positions", "trader"]


def test_nobody_has_no_entries() -> None:
    assert trader_entries([]) == []
    assert index_frontier([]).root == EMPTY_ROOT


def test_stories_come_in_order() -> None:
    with pytest.raises(Malformed, match="traders"):
        trader_entries(STORIES[::-1])
    with pytest.raises(Malformed, match="positions"):
        trader_entries([(NORA, 7), (NORA, 7)])


def test_the_root_is_that_over_the_entries() -> None:
    nora, otto = trader_entries(STORIES)
    root = node_hash(leaf_hash(bytes(nora)), leaf_hash(bytes(otto)))
    index = LogIndex.record([nora, otto], until=9, rules=1, at=NOON)
    (event,) = index.collect_events()
    assert isinstance(event, LogIndexRecorded)
    assert (event.until, event.traders, event.root, event.rules) == (9, 2, root.hex(), 1)
    assert index.id == index_stream(9, root.hex())


def test_an_index_speaks_of_nothing_later() -> None:
    with pytest.raises(Malformed, match="no later event"):
        LogIndex.record(trader_entries(STORIES), until=6, rules=1, at=NOON)
