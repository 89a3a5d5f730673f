"""The mark that a finished demo leaves, so that the next start only shows it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from domain.shared import learned


class Finished(msgspec.Struct):
    """What a finished demo leaves behind, so that the next start only shows it."""

    seed: int
    ends_at: datetime


def finished(folder: Path) -> Finished | None:
    """The finished demo of a folder, if there is one."""
    try:
        return msgspec.json.decode(_marker(folder).read_bytes(), type=learned(Finished))
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def begin(folder: Path) -> None:
    """Forgets that a demo was finished, before its record is dropped."""
    _marker(folder).unlink(missing_ok=True)


def keep(folder: Path, done: Finished) -> None:
    """Leaves the mark."""
    _marker(folder).write_bytes(msgspec.json.encode(done))


def _marker(folder: Path) -> Path:
    return folder / "finished.json"
