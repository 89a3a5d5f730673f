"""Follow: a member wants to hear of a trader's signals, until they say that it is enough."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, stream_id


def follow_stream(platform: str, follower_id: str, trader: UUID) -> UUID:
    """The stream of one member's following of one trader."""
    return stream_id("follow", platform, follower_id, str(trader))


class FollowBegun(Created, frozen=True, kw_only=True):
    """A member follows a trader: they are mentioned where the trader's new signals stand."""

    TOPIC: ClassVar[str] = "follow.begun"
    PERSONAL: ClassVar[tuple[str, ...]] = ("follower_id",)
    SUBJECT: ClassVar[tuple[str, str] | None] = ("platform", "follower_id")

    platform: str
    follower_id: str
    """The platform's id of the member, by which they are mentioned."""
    trader: UUID


class FollowEnded(Event, frozen=True, kw_only=True):
    """The member follows the trader no more."""

    TOPIC: ClassVar[str] = "follow.ended"

    def apply(self, aggregate: Follow) -> None:
        aggregate.is_on = False


class FollowResumed(Event, frozen=True, kw_only=True):
    """The member follows the trader again."""

    TOPIC: ClassVar[str] = "follow.resumed"

    def apply(self, aggregate: Follow) -> None:
        aggregate.is_on = True


class Follow(BaseAggregate[UUID]):
    """Whether one member follows one trader."""

    TOPIC: ClassVar[str] = "follow"

    def __init__(self, trader: UUID) -> None:
        self.trader = trader
        self.is_on = True

    @classmethod
    def begin(cls, *, platform: str, follower_id: str, trader: UUID, at: datetime) -> Follow:
        """Begins to follow.

        Raises:
            InvalidInput: no platform or no member.
        """
        if not (platform and follower_id):
            raise InvalidInput("who follows is known by a platform and an id there")
        return cls._create(
            FollowBegun,
            id=follow_stream(platform, follower_id, trader),
            platform=platform,
            follower_id=follower_id,
            trader=trader,
            timestamp=at,
        )

    def resume(self, *, at: datetime) -> None:
        """Follows again.

        Raises:
            Impossible: they do.
        """
        if self.is_on:
            raise Impossible("you follow this trader already")
        self.trigger_event(FollowResumed, timestamp=at)

    def end(self, *, at: datetime) -> None:
        """Follows no more.

        Raises:
            Impossible: they do not.
        """
        if not self.is_on:
            raise Impossible("you do not follow this trader")
        self.trigger_event(FollowEnded, timestamp=at)
