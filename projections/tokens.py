"""Tokens: which access tokens open something, found by the hash of their secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection

from domain.approvals import Role
from domain.members import TokenIssued, TokenRevoked
from projections.pages import select_all
from projections.readmodel import Index, Private, Projection, Row, Seen, Table, when


class TokenRow(Row, frozen=True, kw_only=True):
    """A token that is in use."""

    token: UUID
    name: str
    sha256: str
    role_names: str
    """Separated by blanks, in the order of their names."""
    trader: UUID | None
    issued_at: datetime

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(map(Role, self.role_names.split()))


class Tokens(Projection):
    """Folds tokens coming into use and being revoked."""

    name = "tokens"
    kind = "money"
    """A revocation that cannot be folded must stop it rather than be left out."""

    def __init__(self) -> None:
        self.tokens = Table(
            "tokens", TokenRow, ["token"], [Index("sha256"), Index("name")], private=Private()
        )
        self.tables = (self.tokens,)

    @when(TokenIssued)
    def issued(self, event: TokenIssued, seen: Seen) -> None:
        row = TokenRow(
            token=seen.stream,
            name=event.name,
            sha256=event.sha256,
            role_names=" ".join(sorted(role.value for role in event.roles)),
            trader=event.trader,
            issued_at=event.timestamp,
        )
        self.tokens.insert(row, seen.position)

    @when(TokenRevoked)
    def revoked(self, event: TokenRevoked, seen: Seen) -> None:  # noqa: ARG002
        self.tokens.remove(seen.stream, seen.position)


_TOKENS = Tokens().tokens.shape


def token_of(connection: Connection[Any], sha256: str) -> TokenRow | None:
    """The token in use whose secret has this hash."""
    found = select_all(connection, _TOKENS, {"sha256": sha256}, None)
    return found[0] if found else None


def tokens(connection: Connection[Any], *, as_of: int | None = None) -> list[TokenRow]:
    """All tokens in use, by name."""
    return select_all(connection, _TOKENS, {}, as_of, "name")
