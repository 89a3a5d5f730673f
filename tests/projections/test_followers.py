"""Who follows whom, folded and asked for."""

from __future__ import annotations

from domain.follows import Follow
from projections.followers import Followers, followed_by, followers_of
from projections.runner import Runner
from tests.projections import desk
from tests.projections.given import Story, current, fields
from tests.projections.tape import Tape, reading


def following(author: str = "7", by: str = "5") -> Follow:
    return Follow.begin(
        platform="discord", follower_id=by, trader=desk.trader(author).id, at=desk.NOON
    )


def test_who_stops_stays_known_and_is_not_told() -> None:
    model = Followers()
    found = following()
    story = Story(model)
    story.tell(found)
    found.end(at=desk.minute(1))
    story.tell(found)
    assert fields(current(model.rows)[0], "is_on", "since") == (False, desk.NOON)
    found.resume(at=desk.minute(2))
    story.tell(found)
    assert fields(current(model.rows)[0], "is_on", "since") == (True, desk.minute(2))


def test_a_trader_has_followers_and_a_member_traders_now_or_as_once_known(tape: Tape) -> None:
    first, second, other = following(by="5"), following(by="6"), following("8", by="5")
    for found in (first, second, other):
        tape.save(found)
    first.end(at=desk.minute(1))
    position = tape.save(first)
    runner = Runner(reading(tape.url), [Followers])
    runner.start()
    runner.catch_up()
    trader, who = desk.trader().id, tape.connection
    assert [row.follower_id for row in followers_of(who, trader, "discord")] == ["6"]
    assert [row.trader for row in followed_by(who, "discord", "5")] == [desk.trader("8").id]
    before = followers_of(who, trader, "discord", as_of=position - 1)
    assert {row.follower_id for row in before} == {"5", "6"}
    assert followers_of(who, trader, "elsewhere") == []
    runner.close()
