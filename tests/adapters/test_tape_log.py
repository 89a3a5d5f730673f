"""The tape becomes the leaves of a tree, in its order, and the tree only grows."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest

from adapters.postgres import READER_ROLE, RUNTIME_ROLE, SIGNER_ROLE, connect
from adapters.tape_log import TapeLog
from application.ports import NotFound, PortRefused
from domain.transparency.leaf import event_hashes
from domain.transparency.proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.tree import EMPTY_ROOT, Frontier, node_hash
from tests.adapters.notes import append, as_owner, batch


@pytest.fixture
def log(database_url: str) -> Iterator[TapeLog]:
    found = TapeLog(database_url)
    yield found
    found.close()


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 6962's own definition, by recursion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def append_notes(url: str, count: int) -> None:
    append(url, *(batch(uuid4(), 1) for _ in range(count)))


def test_an_empty_tape_is_an_empty_tree(log: TapeLog) -> None:
    assert log.integrate() == log.frontier() == Frontier()
    assert log.frontier().root == EMPTY_ROOT
    with pytest.raises(NotFound):
        log.first_event()


@pytest.mark.parametrize("step", [1, 3, 100])
def test_whatever_the_steps_the_root_is_that_of_all_events(
    log: TapeLog, database_url: str, step: int
) -> None:
    append_notes(database_url, 21)
    while log.integrate(step).size < 21:
        continue
    hashes = event_hashes(log.events(0, 100))
    assert log.frontier() == log.at(21)
    for size in range(22):
        assert log.at(size).root == root_of(hashes[:size])


def test_every_event_and_every_prefix_is_proven_from_what_is_stored(
    log: TapeLog, database_url: str
) -> None:
    append_notes(database_url, 13)
    root = log.integrate().root
    leaves = event_hashes(log.events(0, 100))
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(index, 13, log.read)
        verify_inclusion(index, 13, leaf, proof, root)
        with pytest.raises(Unproven):
            verify_inclusion(index, 13, leaves[index - 1], proof, root)
    for size in range(1, 14):
        proof = consistency_proof(size, 13, log.read)
        verify_consistency(size, 13, log.at(size).root, root, proof)
        with pytest.raises(Unproven):
            verify_consistency(size, 13, leaves[size % 13], root, proof)
    assert log.at(13).root == root


def test_a_size_that_it_has_not_come_to_is_refused(log: TapeLog, database_url: str) -> None:
    append_notes(database_url, 2)
    log.integrate()
    with pytest.raises(Malformed):
        log.at(3)


def test_a_tape_with_a_gap_is_not_taken_in(log: TapeLog, database_url: str) -> None:
    append_notes(database_url, 5)
    log.integrate(2)
    with as_owner(database_url) as superuser:
        superuser.execute("ALTER TABLE tape.events DISABLE TRIGGER ALL")
        superuser.execute("ALTER TABLE tape.events_from_1 DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM tape.events WHERE position = 4")
    with pytest.raises(PortRefused, match="position 4 is missing"):
        log.integrate()
    assert log.frontier().size == 2


def test_two_who_take_in_at_once_do_it_once(log: TapeLog, database_url: str) -> None:
    append_notes(database_url, 8)
    other = TapeLog(database_url)
    sizes = [one.integrate(3).size for one in (log, other, log, other)]
    other.close()
    assert sizes == [3, 6, 8, 8]
    assert log.at(8) == log.frontier()


def test_what_the_house_records_of_itself_is_told_apart(log: TapeLog, database_url: str) -> None:
    append_notes(database_url, 2)
    assert log.has_other_than(("checkpoint.",), 1)
    assert not log.has_other_than(("checkpoint.",), 2)
    assert not log.has_other_than(("checkpoint.", "test_note."), 0)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (SIGNER_ROLE, "UPDATE log.leaves SET hashes = hashes"),
        (SIGNER_ROLE, "DELETE FROM log.leaves"),
        (SIGNER_ROLE, "TRUNCATE log.leaves"),
        (SIGNER_ROLE, "DELETE FROM log.frontier"),
        (SIGNER_ROLE, "UPDATE log.frontier SET size = 1, peaks = substr(peaks, 1, 32)"),
        (SIGNER_ROLE, "UPDATE log.frontier SET peaks = sha256('x')"),
        (SIGNER_ROLE, "UPDATE tape.events SET actor = 'nobody'"),
        (SIGNER_ROLE, "SELECT tape.append_event(uuidv7(), '', '', NULL, 1, uuidv7(), 1, '', '')"),
        (SIGNER_ROLE, "SELECT * FROM tape.commands"),
        (RUNTIME_ROLE, "INSERT INTO log.leaves SELECT 99, hashes FROM log.leaves"),
        (RUNTIME_ROLE, "UPDATE log.frontier SET size = 4"),
        (READER_ROLE, "INSERT INTO log.leaves SELECT 99, hashes FROM log.leaves"),
    ],
)  # fmt: skip
def test_the_log_only_grows_and_only_by_its_own_role(
    log: TapeLog, database_url: str, role: str, statement: str
) -> None:
    append_notes(database_url, 2)
    before = log.integrate()
    with (
        connect(database_url, role=role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    assert log.frontier() == log.at(2) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log.leaves SET index = index + 9",
        "TRUNCATE log.leaves",
        "DELETE FROM log.frontier",
    ],
)
def test_the_owner_runs_into_the_second_wall_here_too(
    log: TapeLog, database_url: str, statement: str
) -> None:
    append_notes(database_url, 2)
    log.integrate()
    with (
        as_owner(database_url) as superuser,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        superuser.execute(statement)
