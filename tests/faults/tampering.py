"""Who changes one thing of a bundle at random, with and without putting the manifest right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from adapters.export.layout import MANIFEST, manifest_of

PROVEN = (
    "consistency/", "events.csv", "events.jsonl", "export.json", "index", "leaves.bin",
    "names.jsonl", "proofs/", "words.jsonl",
)  # fmt: skip
"""What has to hold whatever the manifest says."""


def files_of(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


class Tamperer:
    """Changes a bundle in one place, and says which files may be named for it."""

    def __init__(self, folder: Path, chance: Random) -> None:
        self._folder = folder
        self._chance = chance
        self._files = files_of(folder)

    def anything(self) -> tuple[str, Sequence[str]]:
        """What was done, and to which files; the manifest stays as it was."""
        chance = self._chance
        acts = [self._bytes] * 4 + [self._lines] * 4 + [self._files_moved] * 2
        return chance.choice(acts)(chance.choice(self._files))

    def what_is_proven(self) -> tuple[str, Sequence[str]]:
        """The same of what does not need the manifest, which is made again."""
        self._files = [name for name in self._files if name.startswith(PROVEN)]
        try:
            return self.anything()
        finally:
            (self._folder / MANIFEST).write_text(manifest_of(self._folder))

    def _bytes(self, name: str) -> tuple[str, Sequence[str]]:
        path, chance = self._folder / name, self._chance
        content = bytearray(path.read_bytes())
        at = chance.randrange(len(content)) if content else 0
        act = chance.choice(("flip", "drop", "insert", "cut")) if content else "insert"
        if act == "flip":
            content[at] ^= 1 << chance.randrange(8)
        elif act == "drop":
            del content[at]
        elif act == "cut":
            del content[at:]
        else:
            content.insert(at, chance.randrange(256))
        path.write_bytes(content)
        return f"{act} byte {at}", [name]

    def _lines(self, name: str) -> tuple[str, Sequence[str]]:
        path, chance = self._folder / name, self._chance
        before = path.read_bytes()
        lines = before.splitlines(keepends=True)
        at, other = (chance.randrange(len(lines)) for _ in range(2)) if lines else (0, 0)
        act = chance.choice(("drop", "double", "swap", "move"))
        if lines and act == "drop":
            del lines[at]
        elif lines and act == "double":
            lines.insert(at, lines[at])
        elif lines and act == "swap":
            lines[at], lines[other] = lines[other], lines[at]
        elif lines:
            lines.insert(other, lines.pop(at))
        after = b"".join(lines)
        if after == before:
            return self._bytes(name)
        path.write_bytes(after)
        return f"{act} line {at} and {other}", [name]

    def _files_moved(self, name: str) -> tuple[str, Sequence[str]]:
        """Files that change places: a proof for another, an older checkpoint for a newer one."""
        path, chance = self._folder / name, self._chance
        alike = [one for one in self._files if Path(one).parent == Path(name).parent]
        act = chance.choice(("drop", "swap", "replace", "add"))
        other = self._folder / chance.choice(alike)
        mine, theirs = path.read_bytes(), other.read_bytes()
        if act == "drop":
            path.unlink()
            return "drop the file", [name]
        if act == "add" and self._folder != path.parent:
            (path.parent / f"0{path.name}").write_bytes(mine)
            return "one file more", [f"0{path.name}"]
        if mine == theirs:
            return self._bytes(name)
        path.write_bytes(theirs)
        if act == "swap":
            other.write_bytes(mine)
        named = [name, other.relative_to(self._folder).as_posix()]
        return f"{act} with {named[1]}", named
