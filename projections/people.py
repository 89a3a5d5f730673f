"""People: which traders are one person, and whose money an account trades.

A link says of one trader that they are the same person as another. Links make groups; a
person goes by the trader of the group that is linked to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.accounts import AccountOwnerNamed
from domain.traders import TraderLinked, TraderUnlinked
from projections.pages import select_all
from projections.readmodel import Index, Projection, Row, Seen, Table, when


class LinkRow(Row, frozen=True, kw_only=True):
    """A trader who is the same person as another. `evidence` is one piece a line."""

    trader: UUID
    to_trader: UUID
    reason: str
    evidence: str
    by: str
    since: datetime


class OwnerRow(Row, frozen=True, kw_only=True):
    """An account and the trader whose money it trades."""

    account: UUID
    name: str
    owner: UUID
    reason: str
    by: str
    since: datetime


class People(Projection):
    """Folds links of traders and owners of accounts; both are few."""

    name = "people"
    kind = "feed"

    def __init__(self) -> None:
        self.links = Table("trader_links", LinkRow, ["trader"], [Index("to_trader")])
        self.owners = Table("account_owners", OwnerRow, ["account"], [Index("owner")])
        self.tables = (self.links, self.owners)

    @when(TraderLinked)
    def linked(self, event: TraderLinked, seen: Seen) -> None:
        row = LinkRow(
            trader=seen.stream,
            to_trader=event.to,
            reason=event.reason,
            evidence="\n".join(event.evidence),
            by=event.by,
            since=event.timestamp,
        )
        self.links.put(row, seen.position)

    @when(TraderUnlinked)
    def unlinked(self, event: TraderUnlinked, seen: Seen) -> None:  # noqa: ARG002
        self.links.remove(seen.stream, seen.position)

    @when(AccountOwnerNamed)
    def owner_named(self, event: AccountOwnerNamed, seen: Seen) -> None:
        if event.owner is None:
            self.owners.remove(seen.stream, seen.position)
            return
        row = OwnerRow(
            account=seen.stream,
            name=event.account,
            owner=event.owner,
            reason=event.reason,
            by=event.by,
            since=event.timestamp,
        )
        self.owners.put(row, seen.position)


def grouped(links: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """The person of every trader that a link is about, from whom each is linked to.

    Two links made at the same moment may lead round in a circle: then the lowest id of it
    stands for the person.
    """
    people: dict[UUID, UUID] = {}
    for trader in links:
        way: list[UUID] = []
        at = trader
        while at in links and at not in people and at not in way:
            way.append(at)
            at = links[at]
        person = min(way[way.index(at) :]) if at in way else people.get(at, at)
        people.update(dict.fromkeys((*way, at), person))
    return people


_PEOPLE = People()
_LINKS, _OWNERS = _PEOPLE.links.shape, _PEOPLE.owners.shape


def links(connection: Connection[Any], *, as_of: int | None = None) -> list[LinkRow]:
    """Every link, the oldest first."""
    return select_all(connection, _LINKS, {}, as_of, "since, trader")


def owners(connection: Connection[Any], *, as_of: int | None = None) -> list[OwnerRow]:
    """Every account whose owner is known, by name."""
    return select_all(connection, _OWNERS, {}, as_of, "name")


def people(connection: Connection[Any], as_of: int | None = None) -> dict[UUID, UUID]:
    """The person, known by one of their traders, of each trader that is linked; everybody else
    is a person of their own.
    """
    return grouped({row.trader: row.to_trader for row in links(connection, as_of=as_of)})


def one_person(connection: Connection[Any], trader: UUID, as_of: int | None = None) -> list[UUID]:
    """All traders who are the same person as one, that one included, in the order of ids."""
    found = people(connection, as_of)
    person = found.get(trader, trader)
    return sorted({trader, *_of(found.items(), person)})


def _of(people: Iterable[tuple[UUID, UUID]], person: UUID) -> Iterable[UUID]:
    return (trader for trader, known_as in people if known_as == person)
