"""Keys of people: made once, found by who they are, gone for everybody when they are destroyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from adapters.master_key import MasterKey, load_master_key, make_master_key
from adapters.postgres import READER_ROLE, WRITER_ROLE, connect
from adapters.subject_keys import SubjectKeys
from application.ports import PortRefused
from domain.shared import InvalidInput
from tests.adapters.notes import append, as_owner, batch_of

Opened = Callable[[], SubjectKeys]


@pytest.fixture
def master(home: Path) -> Path:
    return home / "keys" / "master.key"


@pytest.fixture
def opened(database_url: str, master: Path) -> Iterator[Opened]:
    """Opens the keys as one more process does."""
    made: list[SubjectKeys] = []

    def one_more() -> SubjectKeys:
        made.append(SubjectKeys(database_url, master, fresh_s=0.0))
        return made[-1]

    yield one_more
    for keys in made:
        keys.close()


def happened(url: str, key_id: UUID, *names: str, after: int = 0) -> None:
    """Puts what happened to a key on the tape, past the program."""
    events = [
        StoredEvent(key_id, version, name, b'{"timestamp":"2026-11-18T15:30:00Z"}')
        for version, name in enumerate(names, start=after + 1)
    ]
    append(url, batch_of(events))


def test_a_person_has_one_key_whichever_process_hears_them_first(opened: Opened) -> None:
    several = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda keys: keys.of("discord", "4711"), several))
    assert len({key.id for key in found}) == 1
    assert several[0].of("discord", "4712").id != found[0].id
    sealed = found[0].cipher.encrypt(bytes(12), b"words", None)
    assert found[1].cipher.decrypt(bytes(12), sealed, None) == b"words"


def test_the_table_of_keys_names_nobody(opened: Opened, database_url: str) -> None:
    key = opened().of("discord", "4711")
    with connect(database_url) as connection:
        rows = connection.execute("SELECT t::text FROM tape.subject_keys t").fetchall()
    assert len(rows) == 1
    assert str(key.id) in rows[0][0]
    assert "4711" not in rows[0][0]


def test_the_master_key_is_made_once_and_for_its_owner_alone(opened: Opened, master: Path) -> None:
    opened().of("discord", "4711")
    made = master.read_bytes()
    assert master.stat().st_mode & 0o077 == 0
    opened().of("discord", "4712")
    assert master.read_bytes() == made
    assert [file.name for file in master.parent.iterdir()] == ["master.key"]


def test_without_its_master_key_a_record_is_not_gone_on_with(opened: Opened, master: Path) -> None:
    opened().of("discord", "4711")
    master.unlink()
    with pytest.raises(PortRefused, match="missing"):
        opened().of("discord", "4712")
    assert not master.exists(), "none is made anew"


def test_a_start_makes_sure_of_the_key_where_it_is_needed(opened: Opened, master: Path) -> None:
    opened().require()
    assert not master.exists(), "nothing was sealed, so nothing is needed"
    opened().of("discord", "4711")
    opened().require()
    master.unlink()
    with pytest.raises(PortRefused, match="put it back from your backup"):
        opened().require()


def test_another_master_key_is_refused(opened: Opened, master: Path) -> None:
    key = opened().of("discord", "4711")
    master.unlink()
    make_master_key(master)
    with pytest.raises(PortRefused, match="not the one"):
        opened().of("discord", "4712")
    with pytest.raises(PortRefused, match="not the one"):
        opened().by_id(key.id.bytes)


def test_a_master_key_that_others_may_read_is_refused(opened: Opened, master: Path) -> None:
    make_master_key(master)
    master.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        opened().of("discord", "4711")


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "zz" * 32])
def test_a_file_that_holds_no_key_is_refused(master: Path, content: str) -> None:
    make_master_key(master).wrapped(uuid4(), bytes(32))
    master.write_text(content)
    with pytest.raises(InvalidInput):
        load_master_key(master)


def test_a_wrapped_key_is_of_one_id_alone() -> None:
    master = MasterKey(bytes(32))
    one = uuid4()
    wrapped = master.wrapped(one, b"k" * 32)
    assert master.unwrapped(one, wrapped) == b"k" * 32
    with pytest.raises(PortRefused):
        master.unwrapped(uuid4(), wrapped)


def test_the_event_of_an_erasure_destroys_the_key(opened: Opened, database_url: str) -> None:
    here, elsewhere = opened(), opened()
    key = here.of("discord", "4711")
    assert elsewhere.by_id(key.id.bytes) is not None
    happened(database_url, key.id, "subject.opened", "subject.erased")
    assert here.by_id(key.id.bytes) is None
    assert elsewhere.by_id(key.id.bytes) is None
    assert opened().by_id(key.id.bytes) is None
    assert elsewhere.find("discord", "4711") is None


def test_who_is_heard_again_after_that_gets_another_key(opened: Opened, database_url: str) -> None:
    keys = opened()
    key = keys.of("discord", "4711")
    happened(database_url, key.id, "subject.opened", "subject.erased")
    assert keys.of("discord", "4711").id != key.id


def test_the_database_refuses_an_erasure_under_a_hold(opened: Opened, database_url: str) -> None:
    keys = opened()
    key = keys.of("discord", "4711")
    happened(database_url, key.id, "subject.opened", "subject.hold_placed")
    with pytest.raises(PortRefused, match="a hold is in force"):
        happened(database_url, key.id, "subject.erased", after=2)
    happened(database_url, key.id, "subject.hold_lifted", "subject.erased", after=2)
    with connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM tape.subject_keys").fetchone() == (0,)


def test_the_database_refuses_an_erasure_in_the_same_breath_as_a_hold(
    opened: Opened, database_url: str
) -> None:
    key = opened().of("discord", "4711")
    with pytest.raises(PortRefused, match="a hold is in force"):
        happened(database_url, key.id, "subject.hold_placed", "subject.erased")


def test_there_is_no_second_erasure(opened: Opened, database_url: str) -> None:
    key = opened().of("discord", "4711")
    happened(database_url, key.id, "subject.erased")
    with pytest.raises(PortRefused, match="there is no key"):
        happened(database_url, key.id, "subject.erased", after=1)


def test_a_destroyed_key_does_not_come_back_from_a_backup(
    opened: Opened, database_url: str
) -> None:
    key = opened().of("discord", "4711")
    with connect(database_url, role=WRITER_ROLE) as connection:
        kept = connection.execute("SELECT * FROM tape.subject_keys").fetchone()
        happened(database_url, key.id, "subject.erased")
        with pytest.raises(psycopg.errors.CheckViolation, match="does not come back"):
            connection.execute("INSERT INTO tape.subject_keys VALUES (%s, %s, %s, %s)", kept)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tape.subject_keys",
        "TRUNCATE tape.subject_keys",
        "UPDATE tape.subject_keys SET wrapped = wrapped",
        "DELETE FROM tape.erased_keys",
        "TRUNCATE tape.erased_keys",
        "SELECT tape.destroy_subject_key()",
    ],
)
def test_nobody_destroys_a_key_by_hand(opened: Opened, database_url: str, statement: str) -> None:
    opened().of("discord", "4711")
    for role in (WRITER_ROLE, READER_ROLE):
        with (
            connect(database_url, role=role) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
    with as_owner(database_url) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)


def test_the_reader_makes_no_keys(opened: Opened, database_url: str) -> None:
    opened().of("discord", "4711")
    with (
        connect(database_url, role=READER_ROLE) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("INSERT INTO tape.subject_keys TABLE tape.subject_keys")
