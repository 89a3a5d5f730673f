"""The log at the command line: sealed, proven, checked, witnessed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from adapters.signing import check_signature
from adapters.tape_log import TapeLog
from domain.transparency.keys import VerifierKey, verifier_key
from domain.transparency.leaf import event_hash
from domain.transparency.policy import Policy
from domain.transparency.proof_file import parse_proof_file
from tests.adapters.notes import as_owner
from tests.interfaces.shell import ROOT, Shell
from tests.patience import PATIENCE_S


@pytest.fixture
def shell(database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    # Wide, because a long path would be broken in two.
    urls = {"TRUETAPE_DATABASE_URL": database_url, "TRUETAPE_REDIS_URL": redis_url}
    return Shell(tmp_path, COLUMNS="300", **urls)


def keys_of(shell: Shell) -> list[VerifierKey]:
    return [verifier_key(line) for line in shell("log", "keys").out.splitlines()]


def test_what_is_sealed_can_be_proven_to_who_has_the_keys(shell: Shell, database_url: str) -> None:
    sealed = shell("log", "seal", "--json").json
    proof = parse_proof_file(shell("log", "prove", "1").out.encode())
    keys = keys_of(shell)
    with closing(TapeLog(database_url)) as log:
        first = log.events(0, 1)[0]
    policy = Policy(keys[0].name, tuple(keys))
    opened = proof.verified(event_hash(first), policy, check_signature)
    assert (opened.checkpoint.size, opened.checkpoint.root.hex()) == (
        sealed["size"],
        sealed["root"],
    )


def test_a_proof_of_what_was_not_signed_yet_has_it_signed(shell: Shell) -> None:
    size = shell("log", "status", "--json").json["head"]
    proof = parse_proof_file(shell("log", "prove", str(size)).out.encode())
    assert proof.index == size - 1
    assert shell("log", "status", "--json").json["checkpoint"]["size"] == size


def test_a_proof_goes_to_a_file_and_what_is_not_there_is_refused(shell: Shell) -> None:
    out = shell.folder / "first.tlog-proof"
    assert shell("log", "prove", "1", "--out", str(out)).code == 0
    assert parse_proof_file(out.read_bytes()).index == 0
    assert "the tape ends at position" in shell.refused("log", "prove", "1000000")
    assert "cannot be written" in shell.refused("log", "prove", "1", "--out", str(shell.folder))


def test_a_sound_tape_is_told_so_and_the_check_is_on_record(shell: Shell) -> None:
    shell("log", "seal")
    checked = shell("fsck", "--json")
    assert (checked.code, checked.json["sound"], checked.json["checkpoints"]) == (0, True, 1)
    status = shell("log", "status", "--json").json
    assert status["check"]["root"] == checked.json["root"]
    assert "sound" in shell("log", "status").out


def test_a_tape_that_somebody_changed_ends_with_1_and_the_place(
    shell: Shell, database_url: str
) -> None:
    shell("log", "seal")
    with as_owner(database_url) as superuser, superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.execute("UPDATE tape.events SET actor = 'nobody' WHERE position = 2")
    checked = shell("fsck")
    assert checked.code == 1
    assert "position 2: the event at position 2 is not what was logged" in checked.err
    assert "not what was logged" in shell("log", "status").out


def test_a_checkpoint_kept_elsewhere_is_checked_too(shell: Shell) -> None:
    kept = shell.folder / "kept.txt"
    kept.write_text(shell("log", "seal").out)
    assert shell("fsck", "--checkpoint", str(kept)).code == 0
    kept.write_text(re.sub(r"\n\d+\n", "\n77\n", kept.read_text(), count=1))
    told = shell("fsck", "--checkpoint", str(kept))
    assert (told.code, "cannot be believed" in told.err) == (1, True)
    kept.write_text("nothing")
    assert "kept.txt is no checkpoint" in shell.refused("fsck", "--checkpoint", str(kept))


def test_lost_keys_are_not_made_anew(shell: Shell) -> None:
    shell("log", "seal")
    (shell.folder / "home" / "keys" / "ed25519.pem").unlink()
    told = shell("log", "seal")
    assert told.code == 3
    assert "put it back from your backup" in " ".join(told.err.split())


@pytest.fixture
def witness(shell: Shell, tmp_path: Path) -> Iterator[Path]:
    """A witness process on loopback, and the file that names it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
    words = ["witness", str(tmp_path / "witness"), "--name", "example.com/witness"]
    keys = shell(*words, "--keys").out.split()
    logs = [word for key in keys_of(shell) for word in ("--log", str(key))]
    process = subprocess.Popen(
        [sys.executable, "-m", "interfaces.cli", *words, *logs, "--port", port],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        stdout=subprocess.DEVNULL,
    )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_S
    while True:
        try:
            requests.get(f"{url}/health", timeout=5)
            break
        except requests.ConnectionError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    listed = tmp_path / "witnesses"
    listed.write_text(f"# ours\n{url} {' '.join(keys)}\n")
    yield listed
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_S)


def test_a_witness_in_a_process_of_its_own_signs_what_continues(
    shell: Shell, witness: Path
) -> None:
    shell.environment["TRUETAPE_WITNESSES"] = str(witness)
    first = shell("log", "seal", "--json").json
    second = shell("log", "seal", "--json").json
    assert first["witnesses"] == second["witnesses"] == ["example.com/witness"]
    assert second["size"] > first["size"]
    assert "cosigned by example.com/witness" in shell("log", "status").out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("example.com key", "no address of a witness"),
        ("https://example.com", "keys of the witness come after"),
        ("https://example.com nonsense", "a verifier key is"),
    ],
)
def test_a_file_of_witnesses_that_is_wrong_is_told_by_its_line(
    shell: Shell, line: str, words: str
) -> None:
    listed = shell.folder / "witnesses"
    listed.write_text(f"# ours\n{line}\n")
    shell.environment["TRUETAPE_WITNESSES"] = str(listed)
    told = shell.refused("log", "seal")
    assert words in told
    assert "witnesses:2" in told.replace(" ", "")


def test_a_witness_without_a_log_says_what_it_needs(shell: Shell) -> None:
    told = shell.refused("witness", str(shell.folder / "w"), "--name", "example.com/witness")
    assert "name a key of the log" in told
