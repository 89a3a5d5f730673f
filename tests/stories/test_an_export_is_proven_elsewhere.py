"""Nora hands her record to somebody who has no reason to believe anybody, and who checks it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars
import pytest

from adapters.signing import new_signer
from domain.transparency.keys import SignatureType
from tests.adapters.notes import as_owner
from tests.conftest import NewDatabase
from tests.interfaces.shell import Said, Shell
from tests.interfaces.test_cli import chat

pytestmark = pytest.mark.slow


class Desk(NamedTuple):
    """A community with a record, and the keys that it gave away long before."""

    shell: Shell
    keys: list[str]
    url: str


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase, servers: Any) -> Any:
    folder = tmp_path_factory.mktemp("export")
    with new_database() as url:
        shell = Shell(folder, TRUETAPE_DATABASE_URL=url, TRUETAPE_REDIS_URL=servers.redis_url)
        assert shell("import", "chat", str(chat(folder))).code == 0
        keys = shell("log", "keys").out.split()
        assert shell("log", "seal").code == 0
        yield Desk(shell, keys, url)


@pytest.fixture(scope="module")
def noras(desk: Desk) -> Path:
    out = desk.shell.folder / "nora"
    told = desk.shell("export", "--trader", "Nora", "--out", str(out), "--json").json
    assert told["events"] == len(lines(out))
    return out


@pytest.fixture(scope="module")
def everything(desk: Desk) -> Path:
    out = desk.shell.folder / "all"
    assert desk.shell("export", "--all", "--out", str(out)).code == 0
    return out


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def verified(folder: Path, *words: str, by: str = "python") -> Said:
    """What the bundle's own verifier says, of a process that knows nothing of this project."""
    node = shutil.which("node")
    if by == "node" and node is None:
        pytest.skip("Node is not installed here: its verifier is not tried")
    program: Sequence[str | Path] = (
        (str(node), folder / "verify.mjs")
        if by == "node"
        else (sys.executable, "-I", "-S", folder / "verify.py")
    )
    done = subprocess.run([*program, *words], cwd="/", capture_output=True, text=True, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def given(desk: Desk) -> list[str]:
    return [word for key in desk.keys for word in ("--key", key)]


@pytest.mark.parametrize("by", ["python", "node"])
def test_a_traders_record_is_whole_and_proven(desk: Desk, noras: Path, by: str) -> None:
    said = verified(noras, *given(desk), by=by)
    assert (said.code, said.err) == (0, "")
    events = lines(noras)
    assert f"The {len(events)} events of events.jsonl are in" in said.out
    assert "They are the whole story of Nora" in said.out
    assert "who made this" not in said.out
    assert "that what was recorded is true" in said.out


@pytest.mark.parametrize("by", ["python", "node"])
def test_everything_is_proven(desk: Desk, everything: Path, by: str) -> None:
    said = verified(everything, *given(desk), by=by)
    assert (said.code, said.err) == (0, "")
    assert "holds every event" in said.out
    assert "counts 3 traders' events" in said.out


def test_her_record_is_what_her_timeline_tells(desk: Desk, noras: Path) -> None:
    posted = [line for line in lines(noras) if line["name"] == "signal.posted"]
    assert {json.loads(line["body"])["trader"] for line in posted} == {
        json.loads((noras / "export.json").read_text())["subject"]
    }
    assert len(posted) == 3
    captured = [line for line in lines(noras) if line["name"] == "message.captured"]
    words = [json.loads(line) for line in (noras / "words.jsonl").read_text().splitlines()]
    said = {line["position"]: json.loads(line["fields"]) for line in words}
    assert {said[line["position"]]["author_name"] for line in captured} == {"Nora"}


def test_the_copies_hold_the_same_events(noras: Path) -> None:
    frame = polars.read_parquet(noras / "events.parquet")
    assert frame["position"].to_list() == [line["position"] for line in lines(noras)]
    assert frame["recorded_at"][0].isoformat()[:19] == lines(noras)[0]["recorded_at"][:19]
    assert len((noras / "events.csv").read_text().splitlines()) == frame.height + 1


def test_keys_from_inside_prove_nothing_of_who_made_it(noras: Path) -> None:
    said = verified(noras)
    assert said.code == 0
    assert "who made this: the keys came with the bundle" in said.out


@pytest.mark.parametrize("by", ["python", "node"])
def test_another_logs_key_does_not_open_it(desk: Desk, noras: Path, by: str) -> None:
    name = desk.keys[0].partition("+")[0]
    other = new_signer(name, SignatureType.ED25519).key
    said = verified(noras, "--key", str(other), by=by)
    assert said.code == 1
    assert f"the log's key {name}+{other.id.hex()} did not sign it" in said.out


@pytest.mark.parametrize("by", ["python", "node"])
def test_what_cannot_be_looked_at_ends_with_2(noras: Path, by: str) -> None:
    assert verified(noras, "--key", "nonsense", by=by).code == 2
    assert verified(noras, str(noras / "nowhere"), by=by).code == 2


@pytest.mark.parametrize("by", ["python", "node"])
def test_a_checkpoint_that_was_kept_is_held_against_it(
    desk: Desk, everything: Path, by: str
) -> None:
    first = min((everything / "checkpoints").iterdir())
    assert verified(everything, "--checkpoint", str(first), by=by).code == 0
    newer = desk.shell.folder / "newer.note"
    newer.write_text(desk.shell("log", "seal").out)
    said = verified(everything, "--checkpoint", str(newer), by=by)
    assert said.code == 0
    assert "is of the same history: nothing here speaks of" in said.out


@pytest.mark.parametrize("by", ["python", "node"])
def test_who_leaves_a_loss_out_is_found_out(desk: Desk, noras: Path, by: str) -> None:
    """The bundle made again without an event, its manifest right: every single proof holds."""
    folder = desk.shell.folder / f"without-{by}"
    shutil.copytree(noras, folder)
    rows = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    lost = json.loads(rows.pop(4))
    (folder / "events.jsonl").write_bytes(b"".join(rows))
    (folder / "proofs" / f"{lost['position']:012}.tlog-proof").unlink()
    said = verified(folder, *given(desk), by=by)
    assert said.code == 1
    assert "the log counts" in said.out
    shutil.rmtree(folder)


def test_an_export_says_what_is_missing(desk: Desk, noras: Path) -> None:
    refused = desk.shell.refused
    out = str(desk.shell.folder / "else")
    assert "say which" in refused("export", "--out", out)
    assert "say which" in refused("export", "--all", "--trader", "Nora", "--out", out)
    assert "no trader goes by" in refused("export", "--trader", "Zoe", "--out", out)
    again = desk.shell("export", "--trader", "Nora", "--out", str(noras))
    assert (again.code, "is there already" in " ".join(again.err.split())) == (1, True)


def test_a_tape_that_somebody_changed_is_not_exported(desk: Desk) -> None:
    out = desk.shell.folder / "changed"
    with as_owner(desk.url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE tape.events SET actor = actor || 'x' WHERE position = 2")
        said = desk.shell("export", "--all", "--out", str(out))
        superuser.execute("UPDATE tape.events SET actor = rtrim(actor, 'x') WHERE position = 2")
    assert said.code == 3
    assert "the tape is not what was signed of it" in " ".join(said.err.split())
    assert [path.name for path in desk.shell.folder.glob(".changed*")] == []
