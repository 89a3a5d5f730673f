"""Tokens: issued with roles to a name, known by a hash alone, and revoked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.approvals import Role
from domain.members import Token, TokenIssued, TokenRevoked, secret_hash, token_stream
from domain.shared import Impossible, InvalidInput, stream_id
from tests.domain.told import replayed, state_of, told_by

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
NORA = stream_id("trader", "nora")
READER = frozenset({Role.READER})


def issued(name: str = "board", roles: frozenset[Role] = READER) -> Token:
    return Token.issue(
        name=name, roles=roles, sha256=secret_hash("tt_secret"), trader=NORA, at=NOON
    )


def test_the_record_has_the_hash_and_never_the_secret() -> None:
    (event,) = told_by(issued())
    assert isinstance(event, TokenIssued)
    assert (event.name, event.roles, event.trader) == ("board", READER, NORA)
    assert event.sha256 == secret_hash("tt_secret")
    assert "tt_secret" not in repr(event)


def test_the_hash_is_sha_256_as_everybody_computes_it() -> None:
    """FIPS 180-4's own example."""
    found = secret_hash("abc")
    assert found == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_name_has_one_token() -> None:
    assert issued().id == token_stream("board") != token_stream("bot")


@pytest.mark.parametrize(("name", "roles"), [("", READER), ("  ", READER), ("board", frozenset())])
def test_a_token_without_a_name_or_a_role_is_refused(name: str, roles: frozenset[Role]) -> None:
    with pytest.raises(InvalidInput, match="needs a name and at least one role"):
        issued(name, roles)


def test_a_revoked_token_stays_revoked() -> None:
    token = issued()
    token.revoke(by="olga", at=NOON)
    with pytest.raises(Impossible, match="the token board is revoked already"):
        token.revoke(by="max", at=NOON)
    told = told_by(token)
    assert isinstance(told[-1], TokenRevoked)
    assert [type(event) for event in told] == [TokenIssued, TokenRevoked]
    assert state_of(replayed(told)) == state_of(token)
