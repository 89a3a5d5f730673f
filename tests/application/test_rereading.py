"""History read again by today's grammar, beside what an older one had booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from application.administering import configure_room
from application.correcting import Change
from application.desk import Desk
from application.differing import Sort
from application.reaction import Happened
from application.rereading import Rereading
from domain.corrections import Target
from domain.fix import Side
from domain.grammar.reading import PARSER, Room
from domain.messages import message_stream
from domain.signals import signal_stream
from tests.application.acts import (
    ADA,
    TSLA_HIGHER,
    command,
    head,
    names,
    put_right,
)
from tests.application.before import (
    OLD,
    OPEN,
    Before,
    D,
    differing,
    happened,
    only,
    reread,
    said,
)
from tests.application.conftest import NOON


@pytest.fixture
def channel(desk: Desk, database_url: str) -> Iterator[Before]:
    with closing(Before(desk, database_url)) as channel:
        yield channel


class TestDifferences:
    def test_what_today_would_book_alike_is_the_same(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        for words in (OPEN, "STC half TSLA 250c @ 3.05", "good morning", "all out @ 3.40"):
            channel.books(words)
        channel.books("BTO 1 AMD 12/18 150c @ 1.00", channel="other", by="78")
        before = head(desk)
        rereading = reread(desk, database_url)
        assert rereading.differences() == []
        assert rereading.messages == 5
        assert dict(rereading.counts) == {("same", PARSER): 2}
        assert head(desk) == before

    def test_a_trade_that_nobody_booked_is_new_with_all_that_was_said_of_it(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        channel.hears("all out TSLA 250c @ 3.40")
        new = only(desk, database_url)
        assert (new.sort, said(new)) == (
            Sort.NEW,
            ["trade none -> buy 2 TSLA 250C 2026-11-20 @ 2.28"],
        )
        assert new.read is not None
        assert [(e.kind, e.price) for e in new.read.executions.values()] == [
            ("entry", D("2.28")),
            ("exit", D("3.40")),
        ]

    def test_a_trade_of_words_that_are_none_is_gone(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.booked(channel.hears("good morning everyone"))
        gone = only(desk, database_url)
        assert (gone.sort, said(gone)) == (
            Sort.GONE,
            ["trade buy 2 TSLA 250C 2026-11-20 @ 2.28 -> none"],
        )

    @pytest.mark.parametrize(
        ("booked", "sort", "changes"),
        [
            ({"price": "22.80"}, Sort.CHANGED, ["price 22.80 -> 2.28"]),
            ({"quantity": "1"}, Sort.CHANGED, ["quantity 1 -> 2"]),
            (
                {"symbol": TSLA_HIGHER},
                Sort.REPLACED,
                ["contract TSLA 260C 2026-11-20 -> TSLA 250C 2026-11-20"],
            ),
            ({"side": Side.SELL}, Sort.REPLACED, ["side sell -> buy"]),
        ],
    )
    def test_what_differs_is_told_field_by_field(
        self,
        desk: Desk,
        database_url: str,
        channel: Before,
        booked: dict[str, Any],
        sort: Sort,
        changes: list[str],
    ) -> None:
        channel.booked(channel.hears(OPEN), **booked)
        rereading = reread(desk, database_url)
        (difference,) = rereading.differences()
        assert (difference.sort, said(difference)) == (sort, changes)
        assert dict(rereading.counts) == {(sort.value, OLD): 1}

    def test_exits_are_compared_one_by_one(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears("BTO 4 TSLA 11/20 250c @ 2.28"), quantity="4")
        channel.left(signal, channel.hears("STC half TSLA 250c @ 3.00"), "2", "30.0")
        channel.left(signal, channel.hears("what a day"), "1", "3.10")
        channel.hears("all out TSLA 250c @ 3.50")
        changed = only(desk, database_url)
        assert said(changed) == [
            "exit 2 price 30.0 -> 3.00",
            "exit 3 1 @ 3.10 -> none",
            "exit none -> 2 @ 3.50",
        ]

    def test_levels_matter_while_a_trade_is_open(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        signal = channel.booked(channel.hears(f"{OPEN} SL 1.50"))
        assert said(only(desk, database_url)) == ["stop none -> 1.50"]
        channel.left(signal, channel.hears("all out TSLA 250c @ 3.50"), "2", "3.50")
        assert differing(desk, database_url) == []

    def test_the_settings_are_those_of_the_time(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        def settings(expiry: str) -> None:
            configure_room(
                desk, command(), ADA, channel="options",
                room=Room(default_expiry=expiry),
            )  # fmt: skip

        settings("weekly")
        channel.books("BTO 2 TSLA 250c @ 2.28")
        settings("")
        channel.books("BTO 2 TSLA 255c @ 2.28")
        assert names(desk).count("signal.posted") == 1
        assert differing(desk, database_url) == []

    def test_only_what_was_said_since_and_only_the_channel_asked_for(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.hears(OPEN)
        channel.hears("BTO 1 AMD 12/18 150c @ 1.00", at=NOON + timedelta(days=2))
        channel.hears("BTO 1 AMD 12/18 160c @ 1.00", channel="other", at=NOON)
        since = NOON + timedelta(days=1)
        rereading = reread(desk, database_url, since=since, channel="options")
        (new,) = rereading.differences()
        assert new.trade.legs[0].symbol.startswith("AMD   261218C00150000")
        assert rereading.messages == 1

    def test_what_was_open_before_is_what_words_since_then_are_about(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.booked(channel.hears(OPEN))
        channel.hears("all out @ 3.50", at=NOON + timedelta(days=1))
        (changed,) = differing(desk, database_url, since=NOON + timedelta(hours=20))
        assert said(changed) == ["exit none -> 2 @ 3.50"]

    def test_what_an_edit_says_is_not_what_was_said_first(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        number = channel.books(OPEN)
        channel.edits(number, "BTO 2 TSLA 11/20 260c @ 9.99")
        assert differing(desk, database_url) == []

    @pytest.mark.parametrize("void", [True, False])
    def test_what_a_person_put_right_no_reading_undoes(
        self, desk: Desk, database_url: str, channel: Before, void: bool
    ) -> None:
        channel.books(OPEN)
        stream = signal_stream(message_stream("discord", "1"), 0)
        wanted = Change(
            target=Target.SIGNAL, stream=stream, part="" if void else "1", void=void,
            price=None if void else D("2.40"), reason="the fill was at 2.40",
        )  # fmt: skip
        put_right(desk, wanted)
        assert differing(desk, database_url) == []

    def test_a_long_history_keeps_only_what_differs_or_is_open(
        self, desk: Desk, database_url: str, channel: Before
    ) -> None:
        channel.books(OPEN)
        channel.books("all out TSLA 250c @ 3.50")
        rereading = Rereading()
        told = happened(desk, database_url)
        for one in told:
            rereading.take(one)
        chatter = next(one for one in told if one.event.TOPIC == "message.captured")
        quiet = type(chatter.event)(**{**_fields(chatter.event), "content": "hm"})
        for position in range(1_000_000, 1_002_000):
            rereading.take(
                Happened(position, message_stream("x", str(position)), NOON, "", None, quiet)
            )
        assert rereading.kept == 0
        assert rereading.differences() == []
        assert dict(rereading.counts) == {("same", PARSER): 1}


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
