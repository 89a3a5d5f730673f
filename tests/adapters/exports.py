"""Exports of small records that were never on a tape: made in memory, signed, and written."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import UUID

import msgspec

from adapters.export.bundle import Export, Index, write_bundle
from adapters.mapper import encode_body
from adapters.signing import KeySigner, new_signer
from domain.shared import stream_id
from domain.transparency.checkpoints import Checkpoint
from domain.transparency.indexed import LogIndex, TraderEntry, trader_entries
from domain.transparency.keys import SignatureType
from domain.transparency.leaf import LoggedEvent, event_hashes
from domain.transparency.notes import Note
from domain.transparency.signatures import sign_note
from domain.transparency.tree import Frontier, Node, hash_at, place_of

ORIGIN = "example.org/log"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRADERS = [stream_id("trader", name) for name in ("nora", "otto", "pia")]
NORA = TRADERS[0]
LOG = (
    new_signer(ORIGIN, SignatureType.ED25519),
    new_signer(ORIGIN, SignatureType.COSIGNATURE_ML_DSA_44),
)
WITNESS = new_signer("example.com/witness", SignatureType.COSIGNATURE_ED25519)
WORDS = (
    "BTO 2 SPX 5900C @ 4.20",
    'she said "out" \\ \n\t',
    "größer <b> & ' \U0001f680",
    "\x7f\x01",
)
PEOPLE = ("nora (discord:4711)", 'ann "\U0001f680" \\\n', None, None)


class Record:
    """A tape in memory, with a log over it."""

    def __init__(self, chance: Random, events: int) -> None:
        self._chance = chance
        self.events: list[LoggedEvent] = []
        self.stories: dict[UUID, list[int]] = {}
        self.rows: list[bytes] = []
        self.words: dict[bytes, bytes] = {}
        self.names = dict(map(self._sealed_name, PEOPLE))
        self.frontier = Frontier()
        self.notes: list[Note] = []
        for trader in TRADERS:
            self._register(trader)
        for _ in range(events):
            self._say()
        self.entries: Sequence[TraderEntry] = ()

    def _add(self, stream: UUID, version: int, name: str, body: bytes) -> LoggedEvent:
        chance, position = self._chance, len(self.events) + 1
        event = LoggedEvent(
            position=position,
            stream=stream,
            version=version,
            name=name,
            body=body,
            event_id=UUID(int=chance.getrandbits(128)),
            recorded_at=NOON + timedelta(microseconds=position * chance.randrange(1, 10**7)),
            actor=chance.choice(("member:1", "reaction:book", "größer=", self._member())),
            correlation=UUID(int=chance.getrandbits(128)) if chance.random() < 0.5 else None,
            causation=position - 1 or None,
            command_id=UUID(int=chance.getrandbits(128)),
        )
        self.events.append(event)
        return event

    def _sealed_name(self, name: str | None) -> tuple[str, bytes | None]:
        """What stands for a name, and the salt and the name, which nobody may be able to read."""
        salted = self._chance.randbytes(16) + (name or "gone").encode()
        raw = self._chance.randbytes(16) + sha256(salted).digest() + self._chance.randbytes(20)
        token = f"~{urlsafe_b64encode(raw).decode().rstrip('=')}~"
        return token, None if name is None else salted

    def _member(self) -> str:
        """Somebody who acts; of some of them nobody can tell any more who they are."""
        return f"member:{self._chance.choice(tuple(self.names))}"

    def _register(self, trader: UUID) -> None:
        body = b'{"author_id":"1","name":"Nora","platform":"test"}'
        event = self._add(trader, 1, "trader.registered", body)
        self.stories[trader] = [event.position]

    def _say(self) -> None:
        trader = self._chance.choice(TRADERS)
        body = self._chance.choice(WORDS).join(("{", "}")).encode()
        if self._chance.random() < 0.3:
            body = b'{"by":"%s"}' % self._chance.choice(tuple(self.names)).encode()
        if self._chance.random() < 0.5:
            body = self._sealed()
        event = self._add(UUID(int=self._chance.getrandbits(128)), 1, "message.captured", body)
        self.stories[trader].append(event.position)

    def _sealed(self) -> bytes:
        """A body that commits to some words; some of them can be read by nobody any more."""
        fields = msgspec.json.encode({"author_id": "1", "content": self._chance.choice(WORDS)})
        salted = self._chance.randbytes(16) + fields
        sealed = self._chance.randbytes(29) + sha256(salted).digest() + self._chance.randbytes(40)
        body = b'{"channel":"alerts","sealed":"%s","v":5}' % b64encode(sealed)
        if self._chance.random() < 0.8:
            self.words[body] = salted
        return body

    def named(self, token: str) -> bytes | None:
        """The name that is sealed, if it can be read."""
        return self.names[token]

    def said(self, _name: str, body: bytes, _stream: UUID, _version: int) -> bytes | None:
        """The words that a body commits to, if they can be read."""
        return self.words.get(body)

    def seal(self) -> Note:
        """A checkpoint of what there is, signed by the log and its witness."""
        hashes = event_hashes(self.events[self.frontier.size :])
        self.frontier, rows = self.frontier.grown(hashes)
        self.rows += rows
        text = str(Checkpoint(ORIGIN, self.frontier.size, self.frontier.root))
        signers: Sequence[KeySigner] = (*LOG, WITNESS)
        lines = (sign_note(text, one, int(NOON.timestamp())) for one in signers)
        self.notes.append(Note(text, tuple(lines)))
        return self.notes[-1]

    def index(self) -> LoggedEvent:
        """The log counts everybody's events."""
        lines = ((trader, p) for trader in sorted(self.stories) for p in self.stories[trader])
        self.entries = trader_entries(lines)
        index = LogIndex.record(self.entries, until=len(self.events), rules=1, at=NOON)
        (event,) = index.collect_events()
        return self._add(index.id, 1, "log_index.recorded", encode_body(event))

    def read(self, nodes: Sequence[Node]) -> Sequence[bytes]:
        return [hash_at(self.rows[place.row], place) for place in map(place_of, nodes)]

    def export(self, index: LoggedEvent | None, subject: UUID | None) -> Export:
        return Export(
            subject=subject,
            notes=self.notes,
            keys=[signer.key for signer in LOG],
            witnesses=[WITNESS.key],
            index=None if index is None else Index(index, self.entries),
            read=self.read,
            said=self.said,
            named=self.named,
        )

    def write(self, folder: Path, index: LoggedEvent | None, subject: UUID | None) -> None:
        """The export, in batches of a few."""
        own = (
            self.events if subject is None else [self.events[p - 1] for p in self.stories[subject]]
        )
        size = self.frontier.size
        events = [event for event in own if event.position <= size]
        batches = [events[at : at + 5] for at in range(0, len(events), 5)]
        write_bundle(folder, self.export(index, subject), batches)


def small_bundle(folder: Path, chance: Random, subject: UUID | None) -> Record:
    """A bundle of a few dozen events with checkpoints and an index."""
    record = Record(chance, chance.randrange(1, 30))
    record.seal()
    index = record.index()
    for _ in range(chance.randrange(4)):
        record._say()
    record.seal()
    record.write(folder, index, subject)
    return record
