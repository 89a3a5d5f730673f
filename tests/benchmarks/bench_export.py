"""How long somebody who has nothing but the bundle takes to check a million events."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple
from uuid import UUID

import psutil

from adapters.export.bundle import Export, write_bundle
from adapters.signing import new_signer
from domain.transparency.checkpoints import Checkpoint
from domain.transparency.keys import SignatureType
from domain.transparency.leaf import LoggedEvent, event_hashes
from domain.transparency.notes import Note
from domain.transparency.signatures import sign_note
from domain.transparency.tree import Frontier, Node
from tests.benchmarks.harness import Measured, benchmark, seconds

EVENTS = 1_000_000
BATCH = 5_000
WATCHED_S = 0.05
BODY = b'{"at":"2026-01-05T14:30:00Z","text":"BTO 2 SPXW 5900C 01/05 @ 4.20, stop 2.10"}' * 3
BEGAN = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
SIGNERS = (
    new_signer("example.org/log", SignatureType.ED25519),
    new_signer("example.org/log", SignatureType.COSIGNATURE_ML_DSA_44),
)


def batches(events: int) -> Iterator[list[LoggedEvent]]:
    """A tape of ordinary events, the same at each call."""
    chance = Random(7)
    ids = [UUID(int=chance.getrandbits(128)) for _ in range(BATCH)]
    for begin in range(0, events, BATCH):
        yield [
            LoggedEvent(
                position=position,
                stream=ids[position % BATCH],
                version=position // BATCH + 1,
                name="signal.posted",
                body=BODY,
                event_id=ids[-position % BATCH],
                recorded_at=BEGAN + timedelta(microseconds=position * 977),
                actor="member:123456789012345678",
                correlation=ids[0],
                causation=position - 1 or None,
                command_id=ids[1],
            )
            for position in range(begin + 1, begin + BATCH + 1)
        ]


def unread(nodes: Sequence[Node]) -> Sequence[bytes]:
    """An export of everything needs no proofs."""
    raise LookupError(f"nobody asks for {len(nodes)} hashes")


@contextmanager
def exported(events: int) -> Iterator[tuple[Path, float]]:
    """A bundle of so many events, and how long it took to write."""
    frontier = Frontier()
    for batch in batches(events):
        frontier = frontier.grown(event_hashes(batch)).frontier
    text = str(Checkpoint(SIGNERS[0].key.name, frontier.size, frontier.root))
    note = Note(text, tuple(sign_note(text, signer, 0) for signer in SIGNERS))
    keys = [signer.key for signer in SIGNERS]
    export = Export(subject=None, notes=[note], keys=keys, witnesses=[], index=None, read=unread)
    place = Path(tempfile.mkdtemp(prefix="truetape-bench-", dir="/tmp"))
    try:
        took = seconds(lambda: write_bundle(place / "all", export, batches(events)))
        yield place / "all", took
    finally:
        shutil.rmtree(place)


class Ran(NamedTuple):
    """What a process took: seconds, seconds of a core, and the most memory it held, in MB."""

    seconds: float
    core: float
    held: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.core:.1f} s of a core, {self.held:.0f} MB)"


def ran(*command: str) -> Ran:
    """Runs a command that has to go well."""
    begun, held = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        core = 0.0
        while process.poll() is None:
            try:
                held = max(held, watched.memory_info().rss)
                core = sum(watched.cpu_times()[:2])
            except psutil.Error:
                continue
            time.sleep(WATCHED_S)
    assert process.returncode == 0
    return Ran(time.perf_counter() - begun, core, held / 2**20)


@benchmark("export_verify", unit="s", limit=60, better="lower")
def export_verify() -> Measured:
    """verify.py over an export of a million events, from start to end; Node beside it."""
    key = str(SIGNERS[0].key)
    node = shutil.which("node")
    with exported(EVENTS) as (folder, wrote):
        size = sum(path.stat().st_size for path in folder.rglob("*"))
        took = ran(sys.executable, "-I", "-S", str(folder / "verify.py"), "--key", key)
        by_node = "absent"
        if node is not None:
            by_node = str(ran(node, str(folder / "verify.mjs"), "--key", key))
    return Measured(
        value=took.seconds,
        note=f"{EVENTS:,} events, {size / 1e9:.2f} GB, written in {wrote:.1f} s; Python {took}; "
        f"Node {by_node}",
    )
