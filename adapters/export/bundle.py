"""Writes an export: everything that somebody needs who checks a record without us.

It is written beside the place where it is wanted and gets its name when it is whole, so that
there is never half a one. A million events pass through; no more than a batch is held.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from adapters.export.layout import (
    CSV_HEAD,
    FORMAT,
    HTML_HEAD,
    HTML_ROWS,
    HTML_TAIL,
    MANIFEST,
    SALT,
    TOKEN,
    consistency_name,
    csv_line,
    html_line,
    manifest_of,
    note_name,
    proof_name,
    quoted,
    with_words,
)
from adapters.export.schema import event_schema
from adapters.export.verifier import readme, verify_mjs, verify_py
from application.ports import PortRefused
from domain.shared import InvalidInput
from domain.transparency.canonical import Json, canonical
from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.indexed import TraderEntry
from domain.transparency.keys import VerifierKey
from domain.transparency.leaf import LoggedEvent, leaf_bytes, utc_text
from domain.transparency.notes import Note
from domain.transparency.proof_file import ProofFile
from domain.transparency.proofs import consistency_proof, inclusion_proof, verify_inclusion
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.tree import Frontier, Node, ReadNodes, hash_at, leaf_hash, place_of
from domain.transparency.words import hash_lines, to_base64

PARQUET_ROWS = 20_000

Progress = Callable[[int], None]
Said = Callable[[str, bytes, UUID, int], bytes | None]
Named = Callable[[str], bytes | None]

_encode = msgspec.json.Encoder().encode


class Index(NamedTuple):
    """The index of the traders' events that the export goes by: its event, and all entries."""

    event: LoggedEvent
    entries: Sequence[TraderEntry]


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be exported, all of it under the last of the notes.

    `subject` is the trader whose story it is, None for everything; `notes` are checkpoints of
    growing size.
    """

    subject: UUID | None
    notes: Sequence[Note]
    keys: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey]
    index: Index | None
    read: ReadNodes
    said: Said | None = None
    """What was sealed in an event, salt and fields, where somebody may still read it."""
    named: Named | None = None
    """The salt and the name that were sealed to a text, where somebody may still read it."""


def write_bundle(
    folder: Path,
    export: Export,
    batches: Iterable[Sequence[LoggedEvent]],
    progress: Progress = lambda _: None,
) -> None:
    """Writes the export of these events, in order, into a folder that is not there yet.

    Raises:
        InvalidInput: the folder is there, or cannot be written.
        PortRefused: the events are not those that the checkpoints speak of.
    """
    with _made_whole(folder) as place:
        try:
            _Bundle(place, export).write(batches, progress)
        except (Malformed, Unproven, UnicodeDecodeError) as error:
            words = f"the tape is not what was signed of it: {error}; truetape fsck tells more"
            raise PortRefused(words) from error


@contextmanager
def _made_whole(folder: Path) -> Iterator[Path]:
    if folder.exists():
        raise InvalidInput(f"{folder} is there already: name a folder that is not")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            yield partial
            partial.chmod(0o755)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written: {error}") from error


class _Bundle:
    """The files of an export while they are written."""

    def __init__(self, place: Path, export: Export) -> None:
        self._place = place
        self._export = export
        self._note = export.notes[-1]
        self._last: Checkpoint = parse_checkpoint(self._note.text)
        self._frontier = Frontier()
        self._names: dict[str, bytes | None] = {}

    def write(self, batches: Iterable[Sequence[LoggedEvent]], progress: Progress) -> None:
        """Everything, the manifest last."""
        self._texts()
        self._checkpoints()
        count = self._events(batches, progress)
        if self._export.subject is None:
            found = (self._frontier.size, self._frontier.root)
            if found != (self._last.size, self._last.root):
                raise Unproven(f"{count} events come to another root than was signed")
        if self._export.index is not None:
            self._index(self._export.index)
        _write_parquet(self._place)
        self._put(MANIFEST, manifest_of(self._place).encode())

    def _put(self, name: str, content: bytes) -> None:
        path = self._place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def _texts(self) -> None:
        subject = self._export.subject
        told = {
            "checkpoint": self._last.size,
            "format": FORMAT,
            "subject": None if subject is None else str(subject),
        }
        keys, witnesses = self._export.keys, self._export.witnesses
        policy = [f"log {key}" for key in keys]
        policy += [f"witness {key.name}-{key.id.hex()} {key}" for key in witnesses]
        self._put("export.json", canonical(told) + b"\n")
        self._put("keys.txt", "".join(f"{key}\n" for key in keys).encode())
        self._put("policy.txt", "".join(f"{line}\n" for line in (*policy, "quorum none")).encode())
        self._put("schema.json", event_schema())
        self._put("verify.py", verify_py())
        self._put("verify.mjs", verify_mjs())
        self._put("README.txt", readme())

    def _checkpoints(self) -> None:
        sizes = []
        for note in self._export.notes:
            sizes.append(parse_checkpoint(note.text).size)
            self._put(note_name(sizes[-1]), bytes(note))
        if self._export.subject is not None:
            for old, new in pairwise(sizes):
                proof = consistency_proof(old, new, self._export.read)
                self._put(consistency_name(old, new), hash_lines(tuple(proof)).encode())

    def _events(self, batches: Iterable[Sequence[LoggedEvent]], progress: Progress) -> int:
        """The events with their proofs, and the copies to read; how many there are."""
        names = ("events.jsonl", "events.csv", "index.html", "words.jsonl")
        rows = 0
        with ExitStack() as stack:
            lines, table, page, words = (
                stack.enter_context((self._place / name).open("wb")) for name in names
            )
            table.write(CSV_HEAD.encode())
            page.write(HTML_HEAD.encode())
            for batch in batches:
                leaves = [leaf_bytes(event) for event in batch]
                self._proofs(batch, [leaf_hash(leaf) for leaf in leaves])
                lines.writelines(map(exported_line, batch, leaves))
                shown = [self._shown(event) for event in batch]
                words.writelines(line for line, _ in shown)
                cells = [self._cells(e, body) for e, (_, body) in zip(batch, shown, strict=True)]
                table.write("".join(map(csv_line, cells)).encode())
                page.write("".join(map(html_line, cells[: max(HTML_ROWS - rows, 0)])).encode())
                rows += len(batch)
                progress(rows)
            page.write(HTML_TAIL.encode())
        self._put("names.jsonl", b"".join(self._name_lines()))
        return rows

    def _shown(self, event: LoggedEvent) -> tuple[bytes, str]:
        """The line of the words of an event, if it has any to show, and its body with them."""
        body, said = event.body.decode("utf-8"), self._export.said
        if "~" in body:
            body = TOKEN.sub(lambda found: quoted(self._name(found[0]))[1:-1], body)
        salted = None if said is None else said(event.name, event.body, event.stream, event.version)
        if salted is None:
            return b"", body
        fields = salted[SALT:].decode("utf-8")
        told: dict[str, Json] = {
            "fields": fields,
            "position": event.position,
            "salt": to_base64(salted[:SALT]),
        }
        return canonical(told) + b"\n", with_words(body, fields)

    def _cells(self, event: LoggedEvent, body: str) -> tuple[str, ...]:
        """An event as a row of the copies to read: `layout.CELLS`."""
        return (
            str(event.position),
            utc_text(event.recorded_at),
            event.name,
            str(event.stream),
            str(event.version),
            TOKEN.sub(lambda found: self._name(found[0]), event.actor),
            body,
        )

    def _name(self, token: str) -> str:
        """The name that is sealed, if anybody may still read it; else as it is."""
        if token not in self._names:
            named = self._export.named
            self._names[token] = None if named is None else named(token)
        salted = self._names[token]
        return token if salted is None else salted[SALT:].decode("utf-8")

    def _name_lines(self) -> Iterator[bytes]:
        for token, salted in sorted(self._names.items()):
            if salted is not None:
                told: dict[str, Json] = {
                    "name": salted[SALT:].decode("utf-8"),
                    "salt": to_base64(salted[:SALT]),
                    "token": token,
                }
                yield canonical(told) + b"\n"

    def _proofs(self, batch: Sequence[LoggedEvent], hashes: Sequence[bytes]) -> None:
        if self._export.subject is None:
            self._frontier = self._frontier.grown(hashes).frontier
            with (self._place / "leaves.bin").open("ab") as stored:
                stored.writelines(hashes)
            return
        for event, hashed in zip(batch, hashes, strict=True):
            self._proof(event.position, hashed)

    def _proof(self, position: int, hashed: bytes) -> None:
        index, last = position - 1, self._last
        proof = inclusion_proof(index, last.size, self._export.read)
        verify_inclusion(index, last.size, hashed, proof, last.root)
        self._put(proof_name(position), bytes(ProofFile(index, tuple(proof), self._note)))

    def _index(self, index: Index) -> None:
        if self._export.subject is None:
            self._put("index/entries.jsonl", b"".join(bytes(e) + b"\n" for e in index.entries))
            return
        leaf = leaf_bytes(index.event)
        self._put("index/event.jsonl", exported_line(index.event, leaf))
        self._proof(index.event.position, leaf_hash(leaf))
        traders = [entry.trader for entry in index.entries]
        if self._export.subject not in traders:
            raise Unproven("the index does not speak of this trader")
        at = traders.index(self._export.subject)
        proof = inclusion_proof(at, len(traders), _kept(index.entries))
        told: dict[str, Json] = {
            "entry": index.entries[at].told(),
            "hashes": [to_base64(value) for value in proof],
            "index": at,
        }
        self._put("index/entry.json", canonical(told) + b"\n")


def exported_line(event: LoggedEvent, leaf: bytes) -> bytes:
    """A line of events.jsonl: the members of the leaf and, in its place among them, the body."""
    place = len(b'{"actor":,') + len(_encode(event.actor))
    body = _encode(event.body.decode("utf-8"))
    return b"".join((leaf[:place], b'"body":', body, b",", leaf[place:], b"\n"))


def _kept(entries: Sequence[TraderEntry]) -> ReadNodes:
    """The hashes of the tree over these entries."""
    rows = Frontier().grown([leaf_hash(bytes(entry)) for entry in entries]).rows

    def read(nodes: Sequence[Node]) -> Sequence[bytes]:
        places = map(place_of, nodes)
        return [hash_at(rows[place.row], place) for place in places]

    return read


def _write_parquet(place: Path) -> None:
    """The events for programs, made of the lines; what takes a file at once would hold it all."""
    # The library takes a quarter of a second to load.
    import polars

    texts = ("actor", "body", "body_sha256", "command_id", "correlation", "event_id", "name")
    kinds = {
        **dict.fromkeys((*texts, "recorded_at", "stream"), polars.String),
        **dict.fromkeys(("causation", "position"), polars.Int64),
        **dict.fromkeys(("leaf", "version"), polars.Int32),
    }
    schema = dict(sorted(kinds.items()))
    at = polars.col("recorded_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.6fZ", time_zone="UTC")
    with (
        tempfile.TemporaryDirectory(dir=place) as folder,
        (place / "events.jsonl").open("rb") as lines,
    ):
        parts = [Path(folder) / "0"]
        polars.DataFrame(schema=schema).with_columns(at).write_parquet(parts[0])
        while piece := b"".join(islice(lines, PARQUET_ROWS)):
            parts.append(Path(folder) / str(len(parts)))
            events = polars.read_ndjson(piece, schema=schema).with_columns(at)
            events.write_parquet(parts[-1])
        polars.scan_parquet(parts).sink_parquet(place / "events.parquet")
