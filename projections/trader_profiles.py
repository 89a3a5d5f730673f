"""Trader profiles: who posts in the watched channels, under which name, and how much."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import Connection

from domain.messages import MessageCaptured, MessageDeleted, MessageEdited, MessageUnbooked
from domain.signal_events import SignalCorrected, SignalPosted, SignalVoided
from domain.traders import TraderRegistered, TraderRenamed
from projections.pages import Past, select_one, select_page
from projections.readmodel import (
    Index,
    Line,
    Projection,
    Register,
    Row,
    Seen,
    Table,
    known_at,
    when,
)


class TraderRow(Row, frozen=True, kw_only=True):
    """An author of a watched channel; `registered` once there is a signal of theirs."""

    trader: UUID
    platform: str
    author_id: str
    name: str
    registered: bool
    first_seen: datetime
    last_signal_at: datetime | None = None
    edited: int = 0
    """Edits, not edited messages: the same message counts each time."""
    deleted: int = 0
    unbooked: int = 0
    """Messages that looked like a trade and were not booked."""
    signals: int = 0
    corrections: int = 0
    """Corrected executions and voided signals."""


class PostedByLine(Line, frozen=True, kw_only=True):
    """Whose a message or signal is."""

    stream: UUID
    trader: UUID


class TraderProfiles(Projection):
    """Counts what traders do; chatter is not counted, it would make a version each time."""

    name = "trader_profiles"
    kind = "feed"
    weight = 3

    def __init__(self) -> None:
        self.profiles = Table(
            "trader_profiles",
            TraderRow,
            ["trader"],
            [
                Index("name, trader"),
                Index("lower(name)"),
                Index("platform, author_id"),
                Index("valid_from"),
            ],
        )
        self.posted_by = Register("posted_by", PostedByLine, "stream")
        self.tables = (self.profiles, self.posted_by)

    @when(MessageCaptured)
    def captured(self, event: MessageCaptured, seen: Seen) -> None:
        trader = event.trader
        self.posted_by.append(PostedByLine(stream=seen.stream, trader=trader))
        row = self.profiles.current(trader)
        if row is None:
            row = TraderRow(
                trader=trader,
                platform=event.platform,
                author_id=event.author_id,
                name=event.author_name,
                registered=False,
                first_seen=event.posted_at,
            )
            self.profiles.insert(row, seen.position)
        elif event.posted_at < row.first_seen:
            self.profiles.put(replace(row, first_seen=event.posted_at), seen.position)

    @when(TraderRegistered)
    def registered(self, event: TraderRegistered, seen: Seen) -> None:
        row = self.profiles.current(seen.stream)
        if row is None:
            row = TraderRow(
                trader=seen.stream,
                platform=event.platform,
                author_id=event.author_id,
                name=event.name,
                registered=True,
                first_seen=event.timestamp,
            )
        self.profiles.put(replace(row, name=event.name, registered=True), seen.position)

    @when(TraderRenamed)
    def renamed(self, event: TraderRenamed, seen: Seen) -> None:
        self.profiles.put(replace(self._profile(seen.stream), name=event.name), seen.position)

    @when(MessageEdited)
    def edited(self, event: MessageEdited, seen: Seen) -> None:  # noqa: ARG002
        row = self._profile_behind(seen)
        self.profiles.put(replace(row, edited=row.edited + 1), seen.position)

    @when(MessageDeleted)
    def deleted(self, event: MessageDeleted, seen: Seen) -> None:  # noqa: ARG002
        row = self._profile_behind(seen)
        self.profiles.put(replace(row, deleted=row.deleted + 1), seen.position)

    @when(MessageUnbooked)
    def unbooked(self, event: MessageUnbooked, seen: Seen) -> None:  # noqa: ARG002
        row = self._profile_behind(seen)
        self.profiles.put(replace(row, unbooked=row.unbooked + 1), seen.position)

    @when(SignalPosted)
    def posted(self, event: SignalPosted, seen: Seen) -> None:
        self.posted_by.append(PostedByLine(stream=seen.stream, trader=event.trader))
        row = self._profile(event.trader)
        last = row.last_signal_at
        if last is None or last < event.posted_at:
            last = event.posted_at
        self.profiles.put(replace(row, signals=row.signals + 1, last_signal_at=last), seen.position)

    @when(SignalCorrected, SignalVoided)
    def corrected(self, event: object, seen: Seen) -> None:  # noqa: ARG002
        row = self._profile_behind(seen)
        self.profiles.put(replace(row, corrections=row.corrections + 1), seen.position)

    def _profile_behind(self, seen: Seen) -> TraderRow:
        owner = self.posted_by.find(seen.stream)
        if owner is None:
            raise LookupError(f"nobody is known to have posted {seen.stream}")
        return self._profile(owner.trader)

    def _profile(self, trader: UUID) -> TraderRow:
        row = self.profiles.current(trader)
        if row is None:
            raise LookupError(f"trader {trader} was never seen")
        return row


_PROFILES = TraderProfiles().profiles.shape


def profile(
    connection: Connection[Any], trader: UUID, *, as_of: int | None = None
) -> TraderRow | None:
    """One trader."""
    return select_one(connection, _PROFILES, {"trader": trader}, as_of)


def profiles_named(
    connection: Connection[Any], name: str, *, as_of: int | None = None
) -> list[TraderRow]:
    """The traders of that name, whatever the case; the one with most signals first."""
    found = connection.execute(
        f"SELECT {_PROFILES.column_list} FROM {_PROFILES.view}"
        f" WHERE lower(name) = lower(%(name)s) AND {known_at(as_of)}"
        " ORDER BY signals DESC, first_seen, trader",
        {"name": name, "as_of": as_of},
    )
    return [_PROFILES.made_of(row) for row in found.fetchall()]


def profiles_like(connection: Connection[Any], typed: str, *, limit: int = 25) -> list[TraderRow]:
    """Traders with these characters in their name, those that begin with them first, then by
    how many signals they posted."""
    found = connection.execute(
        f"SELECT {_PROFILES.column_list} FROM {_PROFILES.view}"
        f" WHERE registered AND {known_at(None)} AND strpos(lower(name), lower(%(typed)s)) > 0"
        " ORDER BY NOT starts_with(lower(name), lower(%(typed)s)), signals DESC, name, trader"
        " LIMIT %(limit)s",
        {"typed": typed, "limit": limit},
        binary=True,
    )
    return [_PROFILES.made_of(row) for row in found.fetchall()]


def profiles(
    connection: Connection[Any],
    *,
    registered: bool | None = True,
    as_of: int | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[TraderRow]:
    """Traders by name; `after` is (name, trader) of the last one seen."""
    return select_page(
        connection, _PROFILES, where={"registered": registered}, order=["name", "trader"],
        past=Past(is_lasting=True), as_of=as_of, after=after, limit=limit, descending=False,
    )  # fmt: skip


def names_of(
    connection: Connection[Any], traders: Collection[UUID], *, as_of: int | None = None
) -> dict[UUID, str]:
    """The names of these traders, for a page of rows that hold only ids."""
    found = connection.execute(
        f"SELECT trader, name FROM {_PROFILES.view}"
        f" WHERE trader = ANY(%(traders)s) AND {known_at(as_of)}",
        {"traders": list(traders), "as_of": as_of},
        binary=True,
    )
    return dict(found.fetchall())
