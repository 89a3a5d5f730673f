"""Whole rooms, read in time order with what their authors have open."""

from __future__ import annotations

import pytest

from tests.reading.rooms import lines_of, room_names, score

EXACT = 0.95
"""Of the messages of each room."""


def test_the_rooms_are_many_and_full_of_traps() -> None:
    lines = [line for room in room_names() for line in lines_of(room)]
    assert len(room_names()) >= 20
    assert len(lines) >= 600
    assert sum(line.is_trap for line in lines) >= 150


def test_every_message_of_a_room_has_its_own_id_and_they_are_in_time_order() -> None:
    for room in room_names():
        messages = [line.message for line in lines_of(room)]
        assert len({message.message_id for message in messages}) == len(messages), room
        assert messages == sorted(messages, key=lambda message: message.posted_at), room


@pytest.mark.parametrize("room", room_names())
def test_a_room_is_read_as_a_person_would(room: str) -> None:
    scored = score(room)
    otherwise = [
        f"{one.line.message.message_id}: {' | '.join(one.differences)}"
        for one in scored
        if not one.is_exact
    ]
    assert len(otherwise) <= len(scored) * (1 - EXACT), "\n".join(otherwise)


@pytest.mark.parametrize("room", room_names())
def test_no_trap_is_booked(room: str) -> None:
    booked = [one.line.message.content for one in score(room) if one.is_false_order]
    assert booked == []


@pytest.mark.parametrize("room", room_names())
def test_no_option_is_booked_as_a_stock(room: str) -> None:
    for one in score(room):
        wanted = one.line.expected.get("trades", ())
        contracts = {trade["symbol"] for trade in wanted if trade.get("strike")}
        for trade in one.parsed.trades:
            is_stock = trade.strike is None and not trade.legs
            assert not (is_stock and trade.symbol in contracts), one.line.message.content
