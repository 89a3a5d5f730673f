"""Trader: the person or bot behind a record; a new name keeps the record."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import Created, Event, Impossible, InvalidInput, stream_id


def trader_stream(platform: str, author_id: str) -> UUID:
    """The stream of a trader, known from the platform's own author id."""
    return stream_id("trader", platform, author_id)


class TraderRegistered(Created, frozen=True, kw_only=True):
    """An author posted for the first time; the record begins."""

    TOPIC: ClassVar[str] = "trader.registered"

    platform: str
    author_id: str
    name: str


class TraderRenamed(Event, frozen=True, kw_only=True):
    """The author goes by another name; the record is the same one."""

    TOPIC: ClassVar[str] = "trader.profile_changed"

    name: str

    def apply(self, aggregate: Trader) -> None:
        aggregate.name = self.name


class Trader(BaseAggregate[UUID]):
    """An author with a record."""

    TOPIC: ClassVar[str] = "trader"

    def __init__(self, platform: str, author_id: str, name: str) -> None:
        self.platform = platform
        self.author_id = author_id
        self.name = name

    @classmethod
    def register(cls, *, platform: str, author_id: str, name: str, at: datetime) -> Trader:
        """Begins a record.

        Raises:
            InvalidInput: no author id.
        """
        if not author_id:
            raise InvalidInput("a trader needs the author id of the platform")
        return cls._create(
            TraderRegistered,
            id=trader_stream(platform, author_id),
            platform=platform,
            author_id=author_id,
            name=name or author_id,
            timestamp=at,
        )

    def rename(self, name: str, *, at: datetime) -> None:
        """Records a new display name.

        Raises:
            Impossible: it is the name already.
        """
        if name == self.name:
            raise Impossible("the trader already goes by that name")
        self.trigger_event(TraderRenamed, name=name, timestamp=at)
