"""What a channel takes for granted: data that an admin records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import convert

from domain.approvals import APPROVAL_WINDOW_S, ApprovalRules
from domain.grammar.reading import Kind, Room
from domain.rooms import RoomChanged, RoomConfigured, RoomSettings, room_stream
from domain.shared import Impossible, InvalidInput
from tests.domain.told import last_of, replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
WEEKLY = Room(default_root="SPX", default_expiry="weekly")


def configured(
    room: Room = WEEKLY, channel: str = "options", window_s: int = APPROVAL_WINDOW_S
) -> RoomSettings:
    return RoomSettings.configure(
        channel=channel, room=room, approvals=ApprovalRules(window_s=window_s), by="olga", at=NOON
    )


def change(settings: RoomSettings, room: Room = WEEKLY, window_s: int = APPROVAL_WINDOW_S) -> None:
    settings.change(room=room, approvals=ApprovalRules(window_s=window_s), by="max", at=NOON)


def test_a_channel_has_one_record_of_its_settings() -> None:
    settings = configured()
    (event,) = told_by(settings)
    assert isinstance(event, RoomConfigured)
    assert (event.channel, event.room, event.by) == ("options", WEEKLY, "olga")
    assert settings.id == room_stream("options") != room_stream("stocks")


def test_other_settings_hold_from_then_on() -> None:
    settings = configured()
    change(settings, Room(default_expiry="0dte"), 600)
    told = told_by(settings)
    assert isinstance(told[-1], RoomChanged)
    assert (settings.room.default_expiry, settings.approvals.window_s) == ("0dte", 600)
    assert state_of(replayed(told)) == state_of(settings)


def test_the_window_alone_may_change() -> None:
    settings = configured()
    change(settings, window_s=60)
    assert isinstance(last_of(settings), RoomChanged)


def test_the_same_settings_again_are_no_change() -> None:
    settings = configured()
    with pytest.raises(Impossible, match="the settings of options are these already"):
        change(settings)


@pytest.mark.parametrize("name", ["", "  "])
def test_settings_belong_to_a_channel(name: str) -> None:
    with pytest.raises(InvalidInput, match="need the channel's name"):
        configured(channel=name)


@pytest.mark.parametrize(
    ("room", "window_s", "why"),
    [
        (Room(default_expiry="monthly"), 600, "the default expiry is"),
        (Room(default_trim=Decimal(0)), 600, "a trim is a fraction"),
        (Room(default_trim=Decimal("1.01")), 600, "a trim is a fraction"),
        (Room(default_quantity=Decimal(0)), 600, "is above zero"),
        (Room(default_quantity=Decimal(-1)), 600, "is above zero"),
        (Room(titles=((" ", Kind.OPEN),)), 600, "needs a word"),
        (Room(titles=(("\u2728", Kind.OPEN),)), 600, "needs a word"),
        (Room(titles=(("Flash", Kind.OPEN), ("flash ", Kind.TRIM))), 600, "'flash' is there twice"),
        (Room(titles=(("F" * 257, Kind.OPEN),)), 600, "of 256 letters"),
        (Room(titles=tuple((f"F{n}", Kind.OPEN) for n in range(101))), 600, "at most 100 titles"),
        (WEEKLY, 0, "is above zero"),
        (WEEKLY, -1, "is above zero"),
    ],
)
def test_settings_that_mean_nothing_are_refused_at_first_and_later(
    room: Room, window_s: int, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        configured(room, window_s=window_s)
    settings = configured()
    with pytest.raises(InvalidInput, match=why):
        change(settings, room, window_s)
    assert settings.room == WEEKLY


@pytest.mark.parametrize("expiry", ["", "0dte", "weekly"])
@pytest.mark.parametrize("trim", ["0.01", "0.5", "1"])
def test_everything_that_means_something_is_taken(expiry: str, trim: str) -> None:
    room = Room(default_expiry=expiry, default_trim=Decimal(trim))
    assert configured(room).room == room


def test_a_room_may_have_titles_of_its_own() -> None:
    room = Room(titles=(("Flash", Kind.OPEN), ("Bye", Kind.CLOSE)))
    settings = configured(room)
    assert settings.room == room
    assert state_of(replayed(told_by(settings))) == state_of(settings)


STRICT = ApprovalRules(
    window_s=600, second_approver_above=Decimal(5000), price_move_limit=Decimal("0.05")
)


def test_what_approvals_take_is_recorded_and_may_change_alone() -> None:
    settings = configured()
    settings.change(room=WEEKLY, approvals=STRICT, by="max", at=NOON)
    assert settings.approvals == STRICT
    assert state_of(replayed(told_by(settings))) == state_of(settings)


@pytest.mark.parametrize(
    "rules",
    [
        ApprovalRules(second_approver_above=Decimal(-1)),
        ApprovalRules(price_move_limit=Decimal(0)),
    ],
)
def test_approval_rules_that_mean_nothing_are_refused(rules: ApprovalRules) -> None:
    settings = configured()
    with pytest.raises(InvalidInput):
        settings.change(room=WEEKLY, approvals=rules, by="max", at=NOON)


def test_an_author_has_a_time_for_approvals_and_no_other_rule_of_their_own() -> None:
    def of_nora(rules: ApprovalRules) -> RoomSettings:
        return RoomSettings.configure(
            channel="options", author="nora", room=WEEKLY, approvals=rules, by="olga", at=NOON
        )

    settings = of_nora(ApprovalRules(window_s=60))
    sentence = "the channel's rules: set them without an author"
    with pytest.raises(InvalidInput, match=sentence):
        of_nora(STRICT)
    with pytest.raises(InvalidInput, match=sentence):
        settings.change(room=WEEKLY, approvals=STRICT, by="max", at=NOON)


@pytest.mark.parametrize(
    ("body", "window_s"), [({}, APPROVAL_WINDOW_S), ({"approval_window_s": 60}, 60)]
)
def test_settings_of_old_ask_for_one_approver(body: dict[str, int], window_s: int) -> None:
    for kind in (RoomConfigured, RoomChanged):
        upcast = kind.upcast({"channel": "options", "room": {}, **body}, 2)
        assert "approval_window_s" not in upcast
        assert convert(upcast["approvals"], ApprovalRules) == ApprovalRules(window_s=window_s)
