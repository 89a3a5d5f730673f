"""Whatever is changed in a bundle, both verifiers say so and where; of a clean one they do not.

`TRUETAPE_TAMPERINGS` says how many changes, and how many clean bundles, are tried.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from adapters.export.layout import MANIFEST, manifest_of
from adapters.export.verify import verify
from tests.adapters.exports import LOG, NORA, WITNESS, small_bundle
from tests.faults.tampering import Tamperer

COUNT = int(os.environ.get("TRUETAPE_TAMPERINGS", "60"))
BASES = 8
SUBJECTS = (NORA, None)
KEYS = [str(signer.key) for signer in LOG]
WITNESSES = [str(WITNESS.key)]
ROOT = Path(__file__).resolve().parents[2]


class ByNode:
    """The verifier in JavaScript, in a process that stays."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.skip("Node is not installed here: its verifier is not tried")
        driver = Path(__file__).with_name("verify_many.mjs")
        self._process = subprocess.Popen(
            [node, driver, ROOT / "adapters" / "export" / "verify.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, folder: Path) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"folder": str(folder), "keys": KEYS, "witnesses": WITNESSES}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        faults: list[str] = json.loads(self._process.stdout.readline())
        return faults

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def by_node() -> Iterator[ByNode]:
    found = ByNode()
    yield found
    found.close()


def by_python(folder: Path) -> list[str]:
    return verify(folder, KEYS, WITNESSES).faults


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Clean bundles to be changed."""
    folder = tmp_path_factory.mktemp("bundles")
    for seed in range(BASES):
        small_bundle(folder / str(seed), Random(seed), SUBJECTS[seed % 2])
    return sorted(folder.iterdir())


def changed(bundles: Sequence[Path], seed: int, place: Path) -> tuple[Path, Random]:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(bundles[seed % len(bundles)], place)
    return place, Random(seed)


@pytest.mark.slow
def test_no_single_change_goes_unseen(bundles: list[Path], by_node: ByNode, tmp_path: Path) -> None:
    for seed in range(COUNT):
        folder, chance = changed(bundles, seed, tmp_path / "changed")
        act, names = Tamperer(folder, chance).anything()
        for faults in (by_python(folder), by_node(folder)):
            is_told = any(name in fault for fault in faults for name in names)
            assert is_told, (seed, act, names, faults)


@pytest.mark.slow
def test_no_single_change_goes_unseen_when_the_manifest_is_put_right(
    bundles: list[Path], by_node: ByNode, tmp_path: Path
) -> None:
    for seed in range(COUNT):
        folder, chance = changed(bundles, seed, tmp_path / "changed")
        act, names = Tamperer(folder, chance).what_is_proven()
        for faults in (by_python(folder), by_node(folder)):
            assert faults, (seed, act, names)


@pytest.mark.parametrize("which", range(2))
def test_an_older_checkpoint_does_not_pass_for_the_last(
    bundles: list[Path], by_node: ByNode, tmp_path: Path, which: int
) -> None:
    folder, _ = changed(bundles, which, tmp_path / "changed")
    older, last = sorted((folder / "checkpoints").iterdir())
    last.write_bytes(older.read_bytes())
    put_right(folder)
    for faults in (by_python(folder), by_node(folder)):
        assert any(f"checkpoints/{last.name}" in fault for fault in faults)
    last.unlink()
    put_right(folder)
    for faults in (by_python(folder), by_node(folder)):
        assert any("its checkpoint is not the last" in fault for fault in faults)


@pytest.mark.slow
def test_no_bit_of_what_the_log_signed_can_be_another(
    bundles: list[Path], by_node: ByNode, tmp_path: Path
) -> None:
    """The text, and the Ed25519 signature, which stands first; ML-DSA-44 is not checked."""
    for seed in range(COUNT):
        folder, chance = changed(bundles, seed, tmp_path / "changed")
        note = chance.choice(sorted((folder / "checkpoints").iterdir()))
        raw = bytearray(note.read_bytes())
        second = raw.index(b"\n", raw.index(b"\n\n") + 2)
        raw[chance.randrange(second)] ^= 1 << chance.randrange(8)
        note.write_bytes(raw)
        put_right(folder)
        for faults in (by_python(folder), by_node(folder)):
            assert any(f"checkpoints/{note.name}" in fault for fault in faults), seed


def put_right(folder: Path) -> None:
    (folder / MANIFEST).write_text(manifest_of(folder))


@pytest.mark.slow
def test_no_alarm_is_false(by_node: ByNode, tmp_path: Path) -> None:
    alarms = []
    for seed in range(COUNT):
        folder = tmp_path / "clean"
        small_bundle(folder, Random(10**6 + seed), SUBJECTS[seed % 2])
        alarms += [(seed, fault) for fault in (*by_python(folder), *by_node(folder))]
        shutil.rmtree(folder)
    assert alarms == []
