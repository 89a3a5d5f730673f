"""Checking the log: reads every event again and holds it against all that was ever said of it.

Three things have to agree: the events, the leaves that were stored when they came, and every
checkpoint that was issued. Who changes one of them leaves it at odds with the others; who
changes all of them would have to sign as the log and its witnesses did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from domain.transparency.checkpoints import Checkpoint, parse_checkpoint
from domain.transparency.issued import Fault
from domain.transparency.keys import VerifierKey
from domain.transparency.leaf import LoggedEvent, event_hashes
from domain.transparency.notes import Note
from domain.transparency.refusals import Malformed, Unproven
from domain.transparency.signatures import CheckSignature, verified
from domain.transparency.tree import HASH_SIZE, Frontier

BATCH = 10_000
JUMP_MAX = 1_000_000
"""More missing positions in a row than this are one fault, and the check ends there."""

FAULTS_MAX = 100
"""So many are told; the others are counted."""

Progress = Callable[[int], None]


class LogSource(Protocol):
    """The tape and the log as they are stored."""

    def events(self, after: int, limit: int) -> list[LoggedEvent]:
        """The next events after a position, in the order of their positions."""

    def rows(self, start: int, end: int) -> dict[int, bytes]:
        """What is stored for the leaves from an index to before another."""

    def frontier(self) -> Frontier:
        """Where the log ends by what is stored."""


class Issued(NamedTuple):
    """A checkpoint that has to hold: where on the tape it was issued, 0 for one kept elsewhere."""

    position: int
    note: Note


class Found(NamedTuple):
    """What a check found: what the events come to, and what is at odds with it."""

    frontier: Frontier
    logged: int
    checkpoints: int
    faults: tuple[Fault, ...]
    more: int

    @property
    def is_sound(self) -> bool:
        """Whether all agrees."""
        return not self.faults


class LogChecker:
    """Goes through a tape once. `keys` are the log's: each has to have signed every checkpoint."""

    def __init__(
        self,
        source: LogSource,
        issued: Sequence[Issued],
        keys: Sequence[VerifierKey],
        check: CheckSignature,
    ) -> None:
        self._source = source
        self._keys = keys
        self._check = check
        self._faults = _Faults()
        self._due = self._opened(issued)
        self._checkpoints = len(issued)

    def run(self, progress: Progress = lambda _: None) -> Found:
        """Reads everything.

        Raises:
            Unavailable: the database did not answer.
        """
        stored = self._source.frontier()
        frontier = Frontier()
        while events := self._contiguous(frontier.size):
            frontier = self._taken(frontier, events, stored)
            progress(frontier.size)
        if stored.size > frontier.size:
            self._faults.tell(
                frontier.size + 1,
                f"the tape ends here, and {stored.size - frontier.size} more events were logged: "
                "the last ones were taken away",
            )
        for size, promised in sorted(self._due.items()):
            self._faults.tell(
                promised.position, f"a checkpoint speaks of {size} events, and there are fewer"
            )
        return Found(frontier, stored.size, self._checkpoints, *self._faults.told())

    def _contiguous(self, after: int) -> Sequence[LoggedEvent]:
        """The next events, up to where positions jump so far that nothing can follow."""
        events = self._source.events(after, BATCH)
        before = after
        for place, event in enumerate(events):
            if event.position > before + JUMP_MAX:
                self._faults.tell(
                    before + 1, f"positions jump from {before} to {event.position} on the tape"
                )
                return events[:place]
            before = event.position
        return events

    def _opened(self, issued: Sequence[Issued]) -> dict[int, _Promise]:
        """The checkpoints by their sizes; what nobody signed, or says two things, is a fault."""
        due: dict[int, _Promise] = {}
        for position, note in issued:
            try:
                checkpoint = parse_checkpoint(note.text)
                signed = {one.key for one in verified(note, self._keys, self._check)}
            except (Malformed, Unproven) as why:
                self._faults.tell(position, f"a checkpoint cannot be believed: {why}")
                continue
            for key in self._keys:
                if key not in signed:
                    self._faults.tell(position, f"the key {key.name} did not sign a checkpoint")
            known = due.setdefault(checkpoint.size, _Promise(position, checkpoint))
            if known.checkpoint.root != checkpoint.root:
                self._faults.tell(
                    position, f"two checkpoints of {checkpoint.size} events have different roots"
                )
        return due

    def _taken(self, frontier: Frontier, events: Sequence[LoggedEvent], log: Frontier) -> Frontier:
        """The tree with these events in it, after they were held against what is stored."""
        first, last, logged = frontier.size, events[-1].position, log.size
        stored = self._source.rows(first, last) if first < logged else {}
        hashes = self._aligned(events, first, stored)
        ends = sorted(size for size in {*self._due, logged} if first < size < last)
        for end in (*ends, last):
            begin = frontier.size
            frontier, rows = frontier.grown(hashes[begin - first : end - first])
            for index, row in enumerate(rows, start=begin):
                if index < logged and stored.get(index) != row:
                    self._faults.differs(index + 1, stored.get(index), row)
            self._met(frontier)
            if frontier.size == logged and frontier != log and not self._faults:
                self._faults.tell(0, "where the log ends is not what its events come to")
        return frontier

    def _aligned(
        self, events: Sequence[LoggedEvent], first: int, stored: dict[int, bytes]
    ) -> list[bytes]:
        """A leaf hash for each position; for an event that is gone, the one that was stored."""
        found = event_hashes(events)
        if events[-1].position == first + len(events):
            return found
        by_position = {event.position: h for event, h in zip(events, found, strict=True)}
        hashes = []
        for position in range(first + 1, events[-1].position + 1):
            hashed = by_position.get(position)
            if hashed is None:
                self._faults.missing(position)
                hashed = stored.get(position - 1, bytes(HASH_SIZE))[:HASH_SIZE]
            hashes.append(hashed)
        return hashes

    def _met(self, frontier: Frontier) -> None:
        promised = self._due.pop(frontier.size, None)
        if promised is not None and promised.checkpoint.root != frontier.root:
            self._faults.broken(promised.position, frontier.size)


class _Promise(NamedTuple):
    """What a checkpoint says, and where it was issued."""

    position: int
    checkpoint: Checkpoint


class _Faults:
    """What was found, neighbours told as one."""

    def __init__(self) -> None:
        self._found: list[Fault] = []
        self._runs: dict[str, tuple[int, int]] = {}
        self._broken: list[tuple[int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._found or self._runs or self._broken)

    def tell(self, position: int, words: str) -> None:
        self._found.append(Fault(position=position, words=words))

    def missing(self, position: int) -> None:
        self._run("gone from the tape", position)

    def differs(self, position: int, stored: bytes | None, made: bytes) -> None:
        """Tells apart an event that is another one, and a stored hash over others that is."""
        if stored is None:
            self._run("on the tape, and gone from the log", position)
        elif stored[:HASH_SIZE] != made[:HASH_SIZE]:
            self._run("not what was logged", position)
        elif not self:
            # Hashes over a leaf that is another one differ because of it.
            self._run("at odds with the hashes over it in the log", position)

    def broken(self, position: int, size: int) -> None:
        self._broken.append((position, size))

    def told(self) -> tuple[tuple[Fault, ...], int]:
        """The first faults, by their places, and how many more there are."""
        for words, (first, last) in self._runs.items():
            self._flush(words, first, last)
        if self._broken:
            position, size = self._broken[0]
            more = f", nor do {len(self._broken) - 1} later ones" if self._broken[1:] else ""
            self.tell(position, f"the checkpoint of {size} events has another root{more}")
        ordered = sorted(self._found, key=lambda fault: (fault.position, fault.words))
        return tuple(ordered[:FAULTS_MAX]), max(len(ordered) - FAULTS_MAX, 0)

    def _run(self, words: str, position: int) -> None:
        first, last = self._runs.get(words, (position, position - 1))
        if position != last + 1:
            self._flush(words, first, last)
            first = position
        self._runs[words] = (first, position)

    def _flush(self, words: str, first: int, last: int) -> None:
        is_one = first == last
        what = (
            f"the event at position {first} is"
            if is_one
            else (f"the events at positions {first} to {last} are")
        )
        self.tell(first, f"{what} {words}")
