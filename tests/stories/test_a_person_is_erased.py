"""Nora asks to be forgotten: her words and name go, her record and its proofs stay."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import redis
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Identifier

from adapters.postgres import connect
from application.erasing import erase
from application.ports import PortRefused
from interfaces.compose import House
from interfaces.erasing import affected
from projections.signal_feed import signals
from tests.adapters.notes import append, batch_of
from tests.application.acts import ADA
from tests.interfaces.shell import Shell
from tests.stories.telling import Told
from tests.stories.test_an_export_is_proven_elsewhere import verified

pytestmark = pytest.mark.slow

SECRETS = ("Nora", "nora", "770077", "grandmother", "sunshine")
SCHEMAS = ["read", "tape", "log", "market"]


@pytest.fixture
def shell(house: House, database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    """A second process of the same community: it has the same master key."""
    assert house.subjects.master_key is not None
    return Shell(
        tmp_path,
        TRUETAPE_DATABASE_URL=database_url,
        TRUETAPE_REDIS_URL=redis_url,
        TRUETAPE_MASTER_KEY=str(house.subjects.master_key),
    )


@pytest.fixture
def told(story: Told) -> Told:
    """Nora trades, chats and edits; Olga is somebody else."""
    story.market("SPY261218C00600000 14:59:50 2.25 2.30")
    story.says("15:00:00", "BTO 5 SPY 600c 12/18 @ 2.30 for my grandmother", author="770077")
    story.says("15:01:00", "what a day of sunshine", author="770077")
    story.says("15:02:00", "hello Nora", author="88", name="Olga")
    story.edits(1, "15:03:00", "what a day of sunshine, again")
    story.says("15:04:00", "BTO SPY 600c lotto, grandmother said so", author="770077")
    # So that other processes may keep the read models.
    story.house.projections.close()
    return story


def found_in_database(url: str, words: tuple[str, ...] = SECRETS) -> set[tuple[str, str]]:
    """Which of the words lie in which table, as text or as bytes, in rows of any version."""
    with connect(url, role=None) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = ANY(%s) AND c.relkind = 'r'",
            (SCHEMAS,),
        ).fetchall()
        found = set()
        for schema, table in tables:
            query = SQL("SELECT t::text FROM {} t").format(Identifier(schema, table))
            text = "\n".join(row[0] for row in connection.execute(query))
            found |= {
                (f"{schema}.{table}", word)
                for word in words
                if word in text or word.encode().hex() in text
            }
    return found


def found_in_redis(url: str) -> set[str]:
    with redis.Redis.from_url(url) as client:
        kept = [key + (client.get(key) or b"") for key in client.scan_iter("*")]
    return {word for word in SECRETS for one in kept if word.encode() in one}


def found_in_files(folder: Path) -> set[tuple[str, str]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        (path.name, word)
        for path in files
        for word in SECRETS
        if word.encode() in path.read_bytes()
    }


@pytest.fixture
def erased(told: Told, shell: Shell) -> Told:
    said = shell("subject", "erase", "Nora", "--reason", "she asked", "--yes")
    assert said.code == 0, said.err
    return told


def test_the_tape_never_had_her_words_in_the_clear(told: Told, database_url: str) -> None:
    """Olga's greeting names her, and is Olga's."""
    assert {table for table, _ in found_in_database(database_url)} <= {
        "read.messages_b1", "read.trader_profiles_b1", "tape.reaction_memory",
    }  # fmt: skip
    assert ("read.trader_profiles_b1", "Nora") in found_in_database(database_url)


def test_no_byte_of_her_is_left(
    erased: Told, shell: Shell, database_url: str, redis_url: str
) -> None:
    assert found_in_database(database_url) == set()
    assert found_in_redis(redis_url) == set()
    assert shell("status", "--json").json["erasing"] == []


def test_her_trade_and_figures_stay(erased: Told, shell: Shell) -> None:
    with erased.house.reader.connection() as connection:
        assert len(signals(connection)) == 1
    board = shell("leaderboard", "--json")
    assert board.code == 0
    assert "[erased]" in shell("signals", "--json").out


def test_nobody_elses_words_are_touched(erased: Told, shell: Shell) -> None:
    assert "hello Nora" in shell("timeline", "Olga", "--json").out
    assert "what a day" not in shell("timeline", "[erased]", "--json").out


def test_the_log_holds_before_and_after(told: Told, shell: Shell, tmp_path: Path) -> None:
    assert shell("log", "seal").code == 0
    checkpoint = tmp_path / "kept.note"
    checkpoint.write_text(shell("log", "seal").out)
    before, after = tmp_path / "before", tmp_path / "after"
    assert shell("export", "--all", "--out", str(before)).code == 0
    assert shell("export", "--trader", "Nora", "--out", str(tmp_path / "nora")).code == 0
    assert shell("subject", "erase", "Nora", "--reason", "she asked", "--yes").code == 0
    assert shell("fsck", "--checkpoint", str(checkpoint)).code == 0
    assert shell("export", "--all", "--out", str(after)).code == 0
    for bundle in (before, tmp_path / "nora", after):
        for by in ("python", "node"):
            said = verified(bundle, by=by)
            assert (said.code, said.err) == (0, ""), said.out
    assert {word for _, word in found_in_files(after)} <= {"Nora"}, "Olga's greeting names her"
    assert b"grandmother" not in (after / "events.jsonl").read_bytes()


def test_a_replay_agrees_with_the_rows_made_anew(erased: Told, shell: Shell) -> None:
    assert shell("replay", "--json").json["agrees"] is True


def test_a_hold_comes_before_an_erasure(told: Told, shell: Shell, database_url: str) -> None:
    assert shell("subject", "hold", "Nora", "--matter", "SEC 26-1").code == 0
    refused = shell.refused("subject", "erase", "Nora", "--reason", "she asked", "--yes")
    assert "SEC 26-1" in refused
    subject = next(iter(shell("subject", "show", "--json").json))
    assert subject["holds"] == ["SEC 26-1"]
    with pytest.raises(PortRefused, match="a hold is in force"):
        append(database_url, batch_of(_past_the_program(subject["subject"])))
    assert found_in_database(database_url) != set(), "nothing was lost"
    lifted = shell("subject", "release", "Nora", "--matter", "SEC 26-1", "--reason", "settled")
    assert lifted.code == 0
    assert shell("subject", "erase", "Nora", "--reason", "she asked", "--yes").code == 0
    assert "erased already" in shell.refused(
        "subject", "erase", subject["subject"], "--reason", "again", "--yes"
    )
    assert found_in_database(database_url) == set()


def _past_the_program(subject: str) -> list[StoredEvent]:
    body = b'{"timestamp":"2026-11-16T16:00:00Z","reason":"x","by":"x"}'
    return [StoredEvent(UUID(subject), 3, "subject.erased", body)]


def test_what_was_interrupted_is_told_and_finished_later(
    told: Told, shell: Shell, database_url: str
) -> None:
    key = told.house.subjects.key_of("discord", "770077")
    assert key is not None
    with connect(database_url) as connection:
        # Nora, Olga, and whoever brought their messages in.
        assert connection.execute("SELECT count(*) FROM tape.subject_keys").fetchone() == (3,)
    erase(told.house.desk, told.command(), ADA, subject=key, reason="she asked")
    status = shell("status", "--json")
    assert status.json["erasing"] == [str(key)]
    assert "not finished" in shell("status").err
    assert found_in_database(database_url) != set()
    assert shell("subject", "clean", "--json").json == {"finished": 1}
    assert found_in_database(database_url) == set()
    assert shell("subject", "clean", "--json").json == {"finished": 0}


def test_who_speaks_again_is_heard_under_another_key(erased: Told, database_url: str) -> None:
    erased.says("16:00:00", "back again", author="770077", name="Nora B")
    key = erased.house.subjects.key_of("discord", "770077")
    assert key is not None
    assert "messages" in affected()
    with erased.house.reader.connection() as connection:
        row = connection.execute(
            "SELECT author_name FROM read.messages ORDER BY posted_at DESC LIMIT 1"
        ).fetchone()
    assert row == ("Nora B",)


def test_an_old_export_brings_nothing_back(erased: Told, database_url: str) -> None:
    """The channel is exported once more, with all that she ever said in it."""
    erased.says("16:00:00", "hello again", author="88", name="Olga")
    assert found_in_database(database_url, ("grandmother", "sunshine")) == set()
