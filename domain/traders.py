"""Trader: the person or bot behind a record; a new name keeps the record.

One person may post under several authors. Linked, their records stay apart and count as one.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.shared import ERASED, Created, Event, Impossible, InvalidInput, stream_id


@lru_cache(maxsize=65_536)
def trader_stream(platform: str, author_id: str) -> UUID:
    """The stream of a trader, known from the platform's own author id."""
    return stream_id("trader", platform, author_id)


class TraderRegistered(Created, frozen=True, kw_only=True):
    """An author posted for the first time; the record begins."""

    TOPIC: ClassVar[str] = "trader.registered"
    PERSONAL: ClassVar[tuple[str, ...]] = ("author_id", "name")
    SUBJECT: ClassVar[tuple[str, str] | None] = ("platform", "author_id")

    platform: str
    author_id: str
    name: str


class TraderRenamed(Event, frozen=True, kw_only=True):
    """The author goes by another name; the record is the same one."""

    TOPIC: ClassVar[str] = "trader.profile_changed"
    PERSONAL: ClassVar[tuple[str, ...]] = ("name",)

    name: str

    def apply(self, aggregate: Trader) -> None:
        aggregate.name = self.name


class TraderLinked(Event, frozen=True, kw_only=True):
    """The author was found to be the same person as another; boards count both as one."""

    TOPIC: ClassVar[str] = "trader.linked"
    class_version: ClassVar[int] = 2
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason", "evidence")

    to: UUID
    """The trader that they are."""
    reason: str
    evidence: tuple[str, ...] = ()
    """What shows it: ids of signals or messages, addresses, a person's own words."""
    by: str
    correction: UUID | None = None

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first links were not made by corrections."""
        body.setdefault("correction", None)

    def apply(self, aggregate: Trader) -> None:
        aggregate.linked_to = self.to
        aggregate.link_correction = self.correction


class TraderUnlinked(Event, frozen=True, kw_only=True):
    """The link was a mistake or holds no more; the author is a person of their own again."""

    TOPIC: ClassVar[str] = "trader.unlinked"
    class_version: ClassVar[int] = 2
    PERSONAL: ClassVar[tuple[str, ...]] = ("reason", "evidence")

    to: UUID
    reason: str
    evidence: tuple[str, ...] = ()
    by: str
    correction: UUID | None = None

    @staticmethod
    def upcast_v1_v2(body: dict[str, Any]) -> None:
        """At first links were not taken back by corrections."""
        body.setdefault("correction", None)

    def apply(self, aggregate: Trader) -> None:
        aggregate.linked_to = None
        aggregate.link_correction = self.correction


class Trader(BaseAggregate[UUID]):
    """An author with a record."""

    TOPIC: ClassVar[str] = "trader"

    def __init__(self, platform: str, author_id: str, name: str) -> None:
        self.platform = platform
        self.author_id = author_id
        self.name = name
        self.linked_to: UUID | None = None
        self.link_correction: UUID | None = None
        """The correction by which they are linked to whom they are, or to nobody."""

    @property
    def is_erased(self) -> bool:
        """Whether nobody can read any more who it is; the record goes on without a name."""
        return self.author_id == ERASED

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
            Impossible: it is the name already, or the trader was erased.
        """
        if self.is_erased:
            raise Impossible("an erased trader has no name any more")
        if name == self.name:
            raise Impossible("the trader already goes by that name")
        self.trigger_event(TraderRenamed, name=name, timestamp=at)

    def link(
        self,
        to: UUID,
        *,
        reason: str,
        evidence: tuple[str, ...] = (),
        by: str,
        correction: UUID | None = None,
        at: datetime,
    ) -> None:
        """Records that the author is the same person as another.

        Raises:
            InvalidInput: no reason, or they would be linked to themselves.
            Impossible: they are linked already.
        """
        _require_reason(reason)
        if to == self.id:
            raise InvalidInput(f"{self.name} cannot be linked to themselves")
        if self.linked_to is not None:
            raise Impossible(f"{self.name} is linked already: unlink them first")
        self.trigger_event(
            TraderLinked,
            to=to,
            reason=reason,
            evidence=evidence,
            by=by,
            correction=correction,
            timestamp=at,
        )

    def unlink(
        self,
        *,
        reason: str,
        evidence: tuple[str, ...] = (),
        by: str,
        correction: UUID | None = None,
        at: datetime,
    ) -> None:
        """Takes the link back.

        Raises:
            InvalidInput: no reason.
            Impossible: they are not linked.
        """
        _require_reason(reason)
        if self.linked_to is None:
            raise Impossible(f"{self.name} is linked to nobody")
        self.trigger_event(
            TraderUnlinked,
            to=self.linked_to,
            reason=reason,
            evidence=evidence,
            by=by,
            correction=correction,
            timestamp=at,
        )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("say why: whoever looks at the record later will ask")
