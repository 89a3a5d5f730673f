"""Checks an export of a Truetape log, offline, by Python 3.11 and nothing else.

    python3 verify.py [FOLDER] --key 'NAME+ID+BASE64' [--witness KEY] [--checkpoint FILE]

Get the keys from the log's operator on another way than this bundle, and this program from the
project: who makes a bundle chooses what lies in it. Exit code 0: all that is said to be proven
was proven; 1: something is not as it was, and the place is told; 2: it could not be looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.export.checking import (
    Key,
    Note,
    Tree,
    Wrong,
    check_consistency,
    check_inclusion,
    from_base64,
    key_of,
    leaf_hash,
    note_of,
    signed,
    text_of,
)
from adapters.export.layout import (
    CELLS,
    CSV_HEAD,
    ENTRY,
    FILES,
    FORMAT,
    HTML_HEAD,
    HTML_ROWS,
    HTML_TAIL,
    INDEXED,
    MANIFEST,
    PROOF,
    canonical,
    consistency_name,
    csv_line,
    event_of,
    html_line,
    manifest_of,
    note_name,
    object_of,
    proof_name,
)
from adapters.export.looking import EXPECTED, Copy, Names, Report, Whole, Words

# Where the imports end: in a bundle, these modules are one file.


class Bundle:
    """An export in a folder, looked at once."""

    def __init__(self, folder: Path, keys: Sequence[Key], witnesses: Sequence[Key]) -> None:
        self.folder, self.keys, self.witnesses = folder, keys, witnesses
        self.report = Report()
        self.notes: dict[int, Note] = {}
        self.positions: list[int] = []
        self.names: list[str] = []
        self.index: dict[str, Any] | None = None
        self.words: Words | None = None
        self.sealed: Names | None = None
        self.until = 0
        self.traders = 0
        self.known = {MANIFEST, *FILES}

    def check(self, kept: Sequence[Path], cosigned: Sequence[Key]) -> Report:
        """Looks at everything; `cosigned` have to stand under the last checkpoint."""
        self._step(MANIFEST, self._manifest)
        for path in sorted((self.folder / "checkpoints").iterdir()):
            self._step(f"checkpoints/{path.name}", self._checkpoint, path)
        self._step("export.json", self._export, kept, cosigned)
        return self.report

    def _step(self, place: str, look: Callable[..., None], *given: Any) -> None:
        try:
            look(*given)
        except EXPECTED as why:
            self.report.fault(place, str(why) or type(why).__name__)

    def _manifest(self) -> None:
        listed, found = text_of((self.folder / MANIFEST).read_bytes()), manifest_of(self.folder)
        for line in sorted(set(listed.splitlines()) ^ set(found.splitlines())):
            words = f"{MANIFEST} names" if line in listed else f"here is, not so in {MANIFEST},"
            self.report.fault(line[66:] or MANIFEST, f"{words} a file of SHA-256 {line[:64]}")
        if listed != found and not self.report.faults:
            raise Wrong("it does not name each file once and in order")

    def _checkpoint(self, path: Path) -> None:
        note = self._believed(path)
        if f"checkpoints/{path.name}" != note_name(note.size):
            raise Wrong(f"this is the checkpoint of {note.size} events, which is another one")
        self.notes[note.size] = note
        self.known.add(note_name(note.size))

    def _believed(self, path: Path) -> Note:
        """The checkpoint, which every key of the log has signed; what witnesses signed holds."""
        note = note_of(path.read_bytes())
        for key in self.keys:
            if note.origin != key.name or signed(note, key) is None:
                raise Wrong(f"the log's key {key.name}+{key.id.hex()} did not sign it")
        for key in self.witnesses:
            signed(note, key)
        return note

    def _export(self, kept: Sequence[Path], cosigned: Sequence[Key]) -> None:
        raw = (self.folder / "export.json").read_bytes()
        told = object_of(raw, ("checkpoint", "format", "subject"))
        subject, note = told["subject"], self.notes.get(told["checkpoint"])
        if note is None or note.size != max(self.notes) or told["format"] != FORMAT:
            raise Wrong("its checkpoint is not the last that is here and holds")
        for key in cosigned:
            if signed(note, key) is None:
                self.report.fault(note_name(note.size), f"{key.name} did not cosign it")
        for path in kept:
            self._step(str(path), self._kept, path, note, subject)
        self._step("events.jsonl", self._events, note, subject)
        if subject is None:
            self._step("index/entries.jsonl", self._entries)
        else:
            self._step("consistency", self._consistency)
            self._step("index/entry.json", self._completeness, note, subject)
        self._step("this folder", self._strangers, subject)
        tell(self, note, subject)

    def _strangers(self, subject: str | None) -> None:
        """There is nothing in here that was not looked at."""
        if subject is not None:
            self.known |= {"index/event.jsonl", "index/entry.json"}
        else:
            self.known |= {"leaves.bin"} | ({"index/entries.jsonl"} if self.index else set())
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name not in self.known:
                self.report.fault(name, "it belongs to nothing that is here")

    def _kept(self, path: Path, last: Note, subject: str | None) -> None:
        note = self._believed(path)
        if note.size not in self.notes and (subject is not None or note.size > last.size):
            words = f"that the checkpoint in {path} is of the same history: nothing here speaks of"
            self.report.unproven.append(f"{words} {note.size:,} events.")
        elif self.notes.setdefault(note.size, note).root != note.root:
            raise Wrong(f"this bundle has another root for {note.size} events")

    def _events(self, last: Note, subject: str | None) -> None:
        """Every event, and row by row the copies beside it."""
        whole = None
        with ExitStack() as stack:
            if subject is None:
                whole = Whole(self.folder / "leaves.bin", self.notes, self.report)
                stack.enter_context(whole.file)
            lines = stack.enter_context((self.folder / "events.jsonl").open("rb"))
            table = Copy(self.folder / "events.csv", self.report, csv_line, float("inf"))
            page = Copy(self.folder / "index.html", self.report, html_line, HTML_ROWS)
            stack.enter_context(table.file)
            stack.enter_context(page.file)
            words = self.words = Words(self.folder / "words.jsonl", self.report)
            stack.enter_context(words.file)
            sealed = self.sealed = Names(self.folder / "names.jsonl", self.report)
            table.expect(CSV_HEAD)
            page.expect(HTML_HEAD)
            for count, line in enumerate(lines, 1):
                try:
                    event, hashed = event_of(line)
                    whole.take(event, hashed) if whole else self._proven(event, hashed, last)
                except EXPECTED as why:
                    self.report.fault(f"events.jsonl line {count}", why)
                    if whole:
                        return
                    continue
                sealed.put_into(event)
                event["body"] = words.body(event)
                cells = [str(event[name]) for name in CELLS]
                table.row(cells)
                page.row(cells)
                if event["stream"] == subject and event["name"].startswith("trader.re"):
                    self.names += filter(None, [json.loads(event["body"]).get("name")])
            words.end()
            sealed.end()
            table.expect("", 1)
            page.expect(HTML_TAIL, 1)
            if whole:
                whole.end()
                self.index = whole.index

    def _proven(self, event: dict[str, Any], hashed: bytes, last: Note) -> None:
        """An event of a trader's story, by the proof beside it."""
        position = event["position"]
        if self.positions and position <= self.positions[-1]:
            raise Wrong(f"position {position} stands after {self.positions[-1]}")
        self.positions.append(position)
        self._included(position, hashed, last)

    def _included(self, position: int, hashed: bytes, last: Note) -> None:
        name = proof_name(position)
        raw = (self.folder / name).read_bytes()
        self.known.add(name)
        lines, _, note = text_of(raw).partition("\n\n")
        header, index, *hashes = lines.split("\n")
        if header != PROOF or index != f"index {position - 1}":
            raise Wrong(f"{name} is not the proof of position {position}")
        if note.encode() != last.raw:
            raise Wrong(f"{name} is by another checkpoint than {note_name(last.size)}")
        try:
            proof = [from_base64(line) for line in hashes]
            check_inclusion(position - 1, last.size, hashed, proof, last.root)
        except Wrong as why:
            raise Wrong(f"{name}, position {position}: {why}") from why

    def _consistency(self) -> None:
        """Each checkpoint that is here continues the one before."""
        sizes = sorted(self.notes)
        for old, new in pairwise(sizes):
            name = consistency_name(old, new)
            self.known.add(name)
            text = text_of((self.folder / name).read_bytes())
            proof = [from_base64(line) for line in text.split("\n")[:-1]]
            self._step(
                name,
                check_consistency,
                self.notes[old],
                self.notes[new],
                proof,
            )

    def _completeness(self, last: Note, subject: str) -> None:
        """The story is all that the log's own index counted."""
        self.index, hashed = event_of((self.folder / "index/event.jsonl").read_bytes())
        if self.index["name"] != INDEXED:
            raise Wrong(f"index/event.jsonl holds no {INDEXED}")
        self._included(self.index["position"], hashed, last)
        body = json.loads(self.index["body"])
        raw = (self.folder / "index/entry.json").read_bytes()
        told = object_of(raw, ("entry", "hashes", "index"))
        entry = object_of(canonical(told["entry"]).encode() + b"\n", ENTRY)
        proof = [from_base64(text) for text in told["hashes"]]
        leaf = leaf_hash(canonical(entry).encode())
        check_inclusion(told["index"], body["traders"], leaf, proof, bytes.fromhex(body["root"]))
        self.until, self.traders = body["until"], body["traders"]
        mine = [position for position in self.positions if position <= self.until]
        listed = sha256("".join(f"{position}\n" for position in mine).encode()).hexdigest()
        if entry["trader"] != subject:
            raise Wrong(f"this is the entry of {entry['trader']}")
        if (len(mine), mine[-1] if mine else 0) != (entry["events"], entry["last"]):
            raise Wrong(
                f"the log counts {entry['events']} events, the last at {entry['last']}; here are "
                f"{len(mine)} up to position {self.until}"
            )
        if listed != entry["positions"]:
            raise Wrong(f"of the {len(mine)} events up to {self.until}, some are not the trader's")

    def _entries(self) -> None:
        """The last index of all traders is what the log says."""
        path = self.folder / "index/entries.jsonl"
        if self.index is None:
            return
        body, tree, before = json.loads(self.index["body"]), Tree(), ""
        with path.open("rb") as lines:
            for line in lines:
                entry = object_of(line, ENTRY)
                if entry["trader"] <= before:
                    raise Wrong(f"the entry of {entry['trader']} stands after {before}")
                before = entry["trader"]
                tree.add(leaf_hash(line[:-1]))
        if (tree.size, tree.root.hex()) != (body["traders"], body["root"]):
            raise Wrong(f"these are not the entries of the index at {self.index['position']}")
        self.until, self.traders = body["until"], body["traders"]


def tell(bundle: Bundle, last: Note, subject: str | None) -> None:
    """Says in words what was proven of a bundle in which nothing is wrong, and what was not."""
    proven, unproven = bundle.report.proven, bundle.report.unproven
    sizes = sorted(bundle.notes)
    at = f"the checkpoint of {last.size:,} events of the log {last.origin}"
    if subject is None:
        proven.append(f"events.jsonl holds every event of {at}: none is changed, missing or moved.")
    else:
        name = bundle.names[-1] if bundle.names else "a trader"
        count, early = len(bundle.positions), sum(p <= bundle.until for p in bundle.positions)
        proven.append(f"The {count:,} events of events.jsonl are in {at}, unchanged.")
        proven.append(
            f"They are the whole story of {name} ({subject}): up to position {bundle.until:,} the "
            f"log's own index counts {early:,} events, and exactly these are here."
        )
        if early < count:
            words = f"that the {count - early:,} events after position {bundle.until:,} are all"
            unproven.append(f"{words}: no index has counted them yet.")
        unproven.append("that the index counts by the rules: an export of everything shows it.")
    if len(sizes) > 1:
        proven.append(f"{len(sizes):,} checkpoints from {sizes[0]:,} events on are one history.")
    if subject is None and bundle.index is not None:
        proven.append(
            f"index/entries.jsonl counts {bundle.traders:,} traders' events up to position "
            f"{bundle.until:,} as the log recorded it; by which rules, this did not look at."
        )
    for key in (*bundle.keys, *bundle.witnesses):
        when = signed(last, key)
        if when is not None and key.type != 6:
            proven.append(
                f"{key.name}+{key.id.hex()} signed that checkpoint (Ed25519){moment(when)}."
            )
    if bundle.words is not None and bundle.words.shown:
        proven.append(f"words.jsonl: what {bundle.words.shown:,} of these events had sealed.")
    if bundle.words is not None and bundle.words.closed:
        unproven.append(f"what {bundle.words.closed:,} events have sealed: it is not shown.")
    if bundle.sealed is not None and bundle.sealed.shown:
        proven.append(
            f"names.jsonl: the {bundle.sealed.shown:,} names that these events had sealed."
        )
    if bundle.sealed is not None and bundle.sealed.closed:
        unproven.append(f"whom {len(bundle.sealed.closed):,} sealed names mean: it is not shown.")
    proven.append("events.csv and index.html say what events.jsonl says.")
    unproven.append("that what was recorded is true; only that it was recorded so, in this order.")
    unproven.append("ML-DSA-44 signatures: they were not checked, which takes more than this has.")
    unproven.append(
        "events.parquet, schema.json, README.txt and the verifiers themselves: they are "
        f"the files that {MANIFEST} names, which nobody signed."
    )


def moment(when: int) -> str:
    """When a witness says that it signed."""
    if not when:
        return ""
    return f" at {datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S} UTC by its clock"


def verify(
    folder: Path,
    keys: Sequence[str] = (),
    witnesses: Sequence[str] = (),
    kept: Sequence[Path] = (),
) -> Report:
    """Looks at a bundle; keys that are not given are taken from inside it, and the report says so.

    Raises:
        Wrong: a key that is given is none.
    """
    given, cosigned = [key_of(text) for text in keys], [key_of(text) for text in witnesses]
    report = Report()
    try:
        inside = [key_of(line) for line in text_of((folder / "keys.txt").read_bytes()).splitlines()]
        policy = text_of((folder / "policy.txt").read_bytes()).splitlines()
        known = [key_of(line.split(" ")[2]) for line in policy if line.startswith("witness ")]
        bundle = Bundle(folder, given or inside, cosigned or known)
        if not any(key.type == 1 for key in bundle.keys):
            raise Wrong("there is no Ed25519 key of the log, and no other kind is checked here")
        report = bundle.check(kept, cosigned)
    except EXPECTED as why:
        report.fault("keys.txt or policy.txt", why)
    if not given:
        report.unproven.insert(
            0,
            "who made this: the keys came with the bundle, and whoever makes a bundle can make "
            "keys. Get the log's keys from its operator and give them with --key.",
        )
    return report


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    usage = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    usage.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    usage.add_argument("--key", action="append", default=[], help="a key that the log signs by")
    usage.add_argument("--witness", action="append", default=[], help="a key that has to cosign")
    usage.add_argument("--checkpoint", action="append", default=[], type=Path, help="one you kept")
    told = usage.parse_args(words)
    if not told.folder.is_dir():
        usage.error(f"{told.folder} is no folder")
    try:
        report = verify(told.folder, told.key, told.witness, told.checkpoint)
    except Wrong as why:
        usage.error(str(why))
    sys.stdout.write(str(report))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
