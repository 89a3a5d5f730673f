"""Following: who wants to hear of whose signals."""

from __future__ import annotations

from uuid import UUID

from application.access import Member
from application.desk import Command, Desk, Outcome, Work
from domain.follows import Follow, follow_stream
from domain.shared import Impossible
from domain.traders import Trader


def follow(
    desk: Desk, command: Command, member: Member, *, platform: str, follower_id: str, trader: UUID
) -> Outcome:
    """Lets a member follow a trader.

    Raises:
        Forbidden, NotFound: who asks may not, or there is no such trader.
        Impossible: they follow the trader already.
    """
    member.require("read")

    def decide(work: Work) -> Follow:
        work.get(Trader, trader)
        known = work.find(Follow, follow_stream(platform, follower_id, trader))
        if known is None:
            return work.begin(
                Follow.begin(
                    platform=platform, follower_id=follower_id, trader=trader, at=command.at
                )
            )
        known.resume(at=command.at)
        return known

    return desk.run(command, decide)


def unfollow(
    desk: Desk, command: Command, member: Member, *, platform: str, follower_id: str, trader: UUID
) -> Outcome:
    """Ends a member's following of a trader.

    Raises:
        Forbidden: who asks may not.
        Impossible: they do not follow the trader.
    """
    member.require("read")

    def decide(work: Work) -> Follow:
        known = work.find(Follow, follow_stream(platform, follower_id, trader))
        if known is None:
            raise Impossible("you do not follow this trader")
        known.end(at=command.at)
        return known

    return desk.run(command, decide)
