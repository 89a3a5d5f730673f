"""Room files: the settings of channels and of their authors, as TOML.

    [rooms.spx-alerts]
    default_root = "SPX"
    default_expiry = "0dte"

    [rooms.spx-alerts.titles]
    "Trade Opened" = "open"

    [rooms.spx-alerts.authors.nora]
    default_expiry = "weekly"

An author's settings stand beside the room's: what they leave out is the room's.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from domain.grammar.reading import Room
from domain.rooms import require_sane
from domain.shared import InvalidInput

Rooms = dict[tuple[str, str], Room]
"""Settings by channel and author; the author is empty for the channel itself."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rooms: dict[str, dict[str, Any]]


def read_rooms(path: Path) -> Rooms:
    """Reads the settings of rooms and authors from a file.

    Raises:
        InvalidInput: no such file, no TOML, or a setting that means nothing; says which.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is no TOML: {error}") from error
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{path}: {error}: write [rooms.CHANNEL]") from error
    found: Rooms = {}
    for channel, settings in file.rooms.items():
        authors = settings.pop("authors", {})
        found[channel, ""] = _room(settings, f"{path}: rooms.{channel}")
        if not isinstance(authors, dict):
            raise InvalidInput(f"{path}: rooms.{channel}.authors is a table of authors")
        for author, own in authors.items():
            where = f"{path}: rooms.{channel}.authors.{author}"
            found[channel, author] = _room({**settings, **own}, where)
    return found


def _room(settings: dict[str, Any], where: str) -> Room:
    unknown = sorted(settings.keys() - set(Room.__struct_fields__))
    if unknown:
        known = ", ".join(Room.__struct_fields__)
        raise InvalidInput(f"{where}: there is no setting {unknown[0]!r}: it is one of {known}")
    titles = settings.get("titles")
    if isinstance(titles, dict):
        settings = {**settings, "titles": list(titles.items())}
    try:
        room = msgspec.convert(settings, Room, strict=False)
        require_sane(room)
    except (msgspec.ValidationError, InvalidInput) as error:
        raise InvalidInput(f"{where}: {error}") from error
    return room
