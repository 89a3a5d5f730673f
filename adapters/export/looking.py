"""What looking at an export finds, and the parts of it that are read from end to end.

Written for the verifier that goes with each export, so of the standard library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.export.checking import Note, Tree, Wrong
from adapters.export.layout import (
    INDEXED,
    SEALED,
    TOKEN,
    WORDS,
    name_of,
    note_name,
    object_of,
    quoted,
    words_of,
)

# Where the imports end: in a bundle, these modules are one file.

FAULTS_MAX = 20
EXPECTED = (Wrong, OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""How what somebody changed makes reading it fail."""


class Report:
    """What was found: faults with their places, what was proven, and what was not."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.proven: list[str] = []
        self.unproven: list[str] = []

    def fault(self, place: str, words: object) -> None:
        """Tells that something is not as it was."""
        self.faults.append(f"{place}: {words}")

    def __str__(self) -> str:
        more = len(self.faults) - FAULTS_MAX
        faults = self.faults[:FAULTS_MAX] + ([f"and {more} more"] if more > 0 else [])
        proven = ["nothing: see above"] if faults else self.proven
        parts = (("NOT AS IT WAS", faults), ("PROVEN", proven), ("NOT PROVEN", self.unproven))
        return "\n".join(
            f"{head}\n" + "".join(f"  - {line}\n" for line in lines)
            for head, lines in parts
            if lines
        )


class Copy:
    """A file that says again what events.jsonl says."""

    def __init__(
        self, path: Path, report: Report, line: Callable[[Sequence[str]], str], most: float
    ) -> None:
        self.file = path.open("rb")
        self._place, self._report, self._line, self._most = path.name, report, line, most
        self._rows, self._is_same = 0, True

    def row(self, cells: Sequence[str]) -> None:
        """Looks at the next row."""
        self._rows += 1
        if self._rows <= self._most:
            self.expect(self._line(cells))

    def expect(self, text: str, at_end: int = 0) -> None:
        """Looks at what comes next; the first difference is told."""
        raw = text.encode()
        if self._is_same and self.file.read(len(raw) + at_end) != raw:
            self._is_same = False
            self._report.fault(f"{self._place} row {self._rows}", "not what events.jsonl says")


class Words:
    """What was sealed in the events, as far as it is shown: each line belongs to one of them."""

    def __init__(self, path: Path, report: Report) -> None:
        self.file = path.open("rb")
        self.shown, self.closed = 0, 0
        self._report = report
        self._line, self._number, self._position = b"", 0, 0
        self._next()

    def body(self, event: dict[str, Any]) -> str:
        """The event's body, with the words if they are shown and are those it commits to."""
        body: str = event["body"]
        if self._line and self._position <= event["position"]:
            line, position = self._line, self._position
            try:
                if position != event["position"]:
                    raise Wrong(f"no event here has position {position}")
                body = words_of(line, event)
                self.shown += 1
            except EXPECTED as why:
                self._report.fault(f"words.jsonl line {self._number}", why)
            self._next()
        elif SEALED in body:
            self.closed += 1
        return body

    def end(self) -> None:
        """There are no more words than events."""
        if self._line:
            words = f"no event here has position {self._position}"
            self._report.fault(f"words.jsonl line {self._number}", words)

    def _next(self) -> None:
        before, self._line = self._position, self.file.readline()
        self._number += 1
        try:
            if self._line:
                self._position = object_of(self._line, WORDS)["position"]
                if self._position <= before:
                    raise Wrong(f"position {self._position} stands after {before}")
        except EXPECTED as why:
            self._report.fault(f"words.jsonl line {self._number}", why)
            self._line = b""


class Names:
    """The names that are sealed in the events, as far as they are shown."""

    def __init__(self, path: Path, report: Report) -> None:
        self.closed: set[str] = set()
        self._report = report
        self._lines: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._met: set[str] = set()
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    self._take(line, number)
                except EXPECTED as why:
                    report.fault(f"names.jsonl line {number}", why)

    def _take(self, line: bytes, number: int) -> None:
        token, name = name_of(line)
        if token <= max(self._names, default=""):
            raise Wrong("the names are not in order, each once")
        self._names[token], self._lines[token] = name, number

    @property
    def shown(self) -> int:
        """How many names are shown."""
        return len(self._names)

    def put_into(self, event: dict[str, Any]) -> None:
        """Puts the names where they are sealed in an event."""
        event["actor"] = TOKEN.sub(lambda found: self._name(found[0]), event["actor"])
        if "~" in event["body"]:
            event["body"] = TOKEN.sub(lambda found: self._in_json(found[0]), event["body"])

    def end(self) -> None:
        """There are no more names than are sealed in the events."""
        for token, number in self._lines.items():
            if token not in self._met:
                self._report.fault(f"names.jsonl line {number}", "no event here has it sealed")

    def _name(self, token: str) -> str:
        (self._met if token in self._names else self.closed).add(token)
        return self._names.get(token, token)

    def _in_json(self, token: str) -> str:
        return quoted(self._name(token))[1:-1]


class Whole:
    """A bundle of all events: the tree is made of them again."""

    def __init__(self, leaves: Path, notes: Mapping[int, Note], report: Report) -> None:
        """`leaves` are the stored hashes; they prove nothing, and tell where something is wrong."""
        self.file = leaves.open("rb")
        self.index: dict[str, Any] | None = None
        self._notes, self._report, self._tree = notes, report, Tree()
        self._differ: list[int] = []
        self._is_broken = False

    def take(self, event: dict[str, Any], hashed: bytes) -> None:
        """The next event."""
        tree, notes = self._tree, self._notes
        if event["position"] != tree.size + 1:
            raise Wrong(f"position {event['position']} stands where {tree.size + 1} belongs")
        tree.add(hashed)
        if self.file.read(32) != hashed:
            self._differ.append(tree.size)
        if tree.size in notes and notes[tree.size].root != tree.root:
            self._is_broken = True
            self._report.fault(note_name(tree.size), "the events come to another root")
        if event["name"] == INDEXED:
            self.index = event

    def end(self) -> None:
        """Nothing is missing; where the root is another one, the stored hashes say where."""
        report, size, last = self._report, self._tree.size, max(self._notes)
        if size != last:
            report.fault("events.jsonl", f"{size} events, and the log had {last}")
        if self.file.read(1):
            report.fault("leaves.bin", "there are more hashes than events")
        for position in self._differ[:FAULTS_MAX]:
            if self._is_broken:
                report.fault(f"events.jsonl line {position}", "not the event that leaves.bin is of")
            else:
                report.fault(f"leaves.bin leaf {position - 1}", "not the hash of the event")
