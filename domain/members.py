"""Access token: lets a program or person in, with roles; only its hash is recorded."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import BaseAggregate

from domain.approvals import Role
from domain.shared import Created, Event, Impossible, InvalidInput, stream_id


def secret_hash(secret: str) -> str:
    """SHA-256 of a token; enough, as tokens are 256 random bits and not chosen by people."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_stream(name: str) -> UUID:
    """The stream of a token, known from its name."""
    return stream_id("token", name)


class TokenIssued(Created, frozen=True, kw_only=True):
    """A token came into use."""

    TOPIC: ClassVar[str] = "token.issued"
    PEOPLE: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    roles: frozenset[Role]
    sha256: str
    trader: UUID | None = None
    """Whom it stands for when that is a trader: nobody approves their own signals."""


class TokenRevoked(Event, frozen=True, kw_only=True):
    """The token opens nothing any more."""

    TOPIC: ClassVar[str] = "token.revoked"

    by: str

    def apply(self, aggregate: Token) -> None:
        aggregate.revoked = True


class Token(BaseAggregate[UUID]):
    """One access token."""

    TOPIC: ClassVar[str] = "token"

    def __init__(self, name: str, roles: frozenset[Role]) -> None:
        self.name = name
        self.roles = roles
        self.revoked = False

    @classmethod
    def issue(
        cls,
        *,
        name: str,
        roles: frozenset[Role],
        sha256: str,
        trader: UUID | None = None,
        at: datetime,
    ) -> Token:
        """Puts a token into use.

        Raises:
            InvalidInput: no name or no role.
        """
        if not name.strip() or not roles:
            raise InvalidInput("a token needs a name and at least one role")
        return cls._create(
            TokenIssued,
            id=token_stream(name),
            name=name,
            roles=roles,
            sha256=sha256,
            trader=trader,
            timestamp=at,
        )

    def revoke(self, *, by: str, at: datetime) -> None:
        """Ends the token.

        Raises:
            Impossible: it is revoked already.
        """
        if self.revoked:
            raise Impossible(f"the token {self.name} is revoked already")
        self.trigger_event(TokenRevoked, by=by, timestamp=at)
