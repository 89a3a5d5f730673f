"""Members follow traders, and stop."""

from __future__ import annotations

from uuid import UUID

import pytest

from application.access import Member
from application.desk import Command, Desk, Work
from application.following import follow, unfollow
from application.ports import Forbidden, NotFound
from domain.follows import FollowBegun
from domain.shared import Impossible, InvalidInput
from domain.traders import Trader, trader_stream
from tests.application.acts import ROB, command, head, last, member, names
from tests.application.conftest import NOON

NORA = trader_stream("discord", "77")


def known(desk: Desk) -> UUID:
    work = Work(desk)
    made = work.begin(Trader.register(platform="discord", author_id="77", name="Nora", at=NOON))
    work.save(command())
    work.commit()
    return made.id


def begin(desk: Desk, *, asked: Command | None = None, who: Member = ROB, by: str = "5") -> UUID:
    given = asked or command(NORA)
    return follow(
        desk, given, who, platform="discord", follower_id=by, trader=NORA
    ).stream  # fmt: skip


def end(desk: Desk, *, who: Member = ROB, by: str = "5") -> None:
    unfollow(desk, command(NORA), who, platform="discord", follower_id=by, trader=NORA)


def test_a_member_follows_stops_and_follows_again(desk: Desk) -> None:
    assert known(desk) == NORA
    begin(desk)
    begun = last(desk, FollowBegun)
    assert (begun.platform, begun.follower_id, begun.trader) == ("discord", "5", NORA)
    end(desk)
    begin(desk)
    assert names(desk)[1:] == ["follow.begun", "follow.ended", "follow.resumed"]


def test_each_follows_for_themselves(desk: Desk) -> None:
    known(desk)
    assert begin(desk, by="5") != begin(desk, by="6")


def test_nobody_follows_twice_or_stops_what_they_never_began(desk: Desk) -> None:
    known(desk)
    with pytest.raises(Impossible, match="you do not follow this trader"):
        end(desk)
    begin(desk)
    with pytest.raises(Impossible, match="you follow this trader already"):
        begin(desk)
    end(desk)
    with pytest.raises(Impossible, match="you do not follow this trader"):
        end(desk)


def test_the_same_command_again_follows_once(desk: Desk) -> None:
    known(desk)
    asked = command(NORA)
    assert begin(desk, asked=asked) == begin(desk, asked=asked)
    assert head(desk) == 2


def test_only_who_posted_can_be_followed(desk: Desk) -> None:
    with pytest.raises(NotFound, match="there is no trader"):
        begin(desk)
    assert names(desk) == []


def test_following_takes_a_role_and_an_id_to_be_mentioned_by(desk: Desk) -> None:
    known(desk)
    with pytest.raises(Forbidden, match="x may not read"):
        begin(desk, who=member("x"))
    with pytest.raises(Forbidden, match="x may not read"):
        end(desk, who=member("x"))
    with pytest.raises(InvalidInput, match="known by a platform and an id there"):
        begin(desk, by="")
