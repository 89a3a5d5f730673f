"""Followers: who is to be told of a trader's new signals."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.follows import FollowBegun, FollowEnded, FollowResumed
from domain.shared import ERASED
from projections.pages import select_all
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class FollowerRow(Row, frozen=True, kw_only=True):
    """A member who follows a trader, or once did."""

    follow: UUID
    platform: str
    follower_id: str
    trader: UUID
    is_on: bool = True
    since: datetime


class Followers(Projection):
    """Folds who follows whom."""

    name = "followers"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table(
            "followers",
            FollowerRow,
            ["follow"],
            [Index("trader", where="is_on"), Index("platform, follower_id", where="is_on")],
        )
        self.tables = (self.rows,)

    @when(FollowBegun)
    def begun(self, event: FollowBegun, seen: Seen) -> None:
        row = FollowerRow(
            follow=seen.stream,
            platform=event.platform,
            follower_id=event.follower_id,
            trader=event.trader,
            since=event.timestamp,
            is_on=event.follower_id != ERASED,
        )
        self.rows.insert(row, seen.position)

    @when(FollowEnded)
    def ended(self, event: FollowEnded, seen: Seen) -> None:  # noqa: ARG002
        self.rows.put(replace(self._row(seen), is_on=False), seen.position)

    @when(FollowResumed)
    def resumed(self, event: FollowResumed, seen: Seen) -> None:
        row = self._row(seen)
        # Who cannot be told who it is cannot be called either.
        is_on = row.follower_id != ERASED
        self.rows.put(replace(row, is_on=is_on, since=event.timestamp), seen.position)

    def _row(self, seen: Seen) -> FollowerRow:
        row = self.rows.current(seen.stream)
        if row is None:
            raise LookupError(f"the following {seen.stream} never began")
        return row


_FOLLOWERS = Followers().rows.shape


def followers_of(
    connection: Connection[Any], trader: UUID, platform: str, *, as_of: int | None = None
) -> list[FollowerRow]:
    """Who follows a trader on a platform, the most faithful first."""
    where = {"trader": trader, "platform": platform, "is_on": True}
    return select_all(connection, _FOLLOWERS, where, as_of, "since, follow")


def followed_by(
    connection: Connection[Any], platform: str, follower_id: str, *, as_of: int | None = None
) -> list[FollowerRow]:
    """Whom a member follows, the longest first."""
    where = {"platform": platform, "follower_id": follower_id, "is_on": True}
    return select_all(connection, _FOLLOWERS, where, as_of, "since, follow")
