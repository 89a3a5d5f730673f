"""Room files: the settings of channels and of their authors, as TOML.

    [rooms.spx-alerts]
    default_root = "SPX"
    default_expiry = "0dte"
    replies = false

    [rooms.spx-alerts.titles]
    "Trade Opened" = "open"

    [rooms.spx-alerts.approvals]
    window_s = 3600
    second_approver_above = 5000
    price_move_limit = 0.05

    [rooms.spx-alerts.authors.nora]
    default_expiry = "weekly"

An author's settings stand beside the room's: what they leave out is the room's. Of the approvals
only the time, `window_s`, may be an author's own. A room without approvals keeps those it has,
and so it is with `replies`: whether authors are told what could not be booked.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.approvals import ApprovalRules
from domain.grammar.reading import Room
from domain.rooms import require_sane
from domain.shared import InvalidInput, learned

Place = tuple[str, str]
"""A channel and an author; the author is empty for the channel itself."""

Rooms = dict[Place, Room]


class Wanted(NamedTuple):
    """How a place is read, and what it asks of approvals, if the file says so."""

    room: Room
    approvals: ApprovalRules | None
    replies: bool | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rooms: dict[str, dict[str, Any]]


def read_rooms(path: Path) -> Rooms:
    """Reads from a file how rooms and authors are read.

    Raises:
        InvalidInput: as `read_settings` says.
    """
    return {place: wanted.room for place, wanted in read_settings(path).items()}


def read_settings(path: Path) -> dict[Place, Wanted]:
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
        file = msgspec.convert(data, learned(_File))
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{path}: {error}: write [rooms.CHANNEL]") from error
    found: dict[Place, Wanted] = {}
    for channel, settings in file.rooms.items():
        authors = settings.pop("authors", {})
        said = settings.pop("approvals", None)
        where = f"{path}: rooms.{channel}"
        replies = _replies(settings.pop("replies", None), where)
        rules = None if said is None else _approvals(said, where)
        found[channel, ""] = Wanted(_room(settings, where), rules, replies)
        if not isinstance(authors, dict):
            raise InvalidInput(f"{path}: rooms.{channel}.authors is a table of authors")
        for author, own in authors.items():
            where = f"{path}: rooms.{channel}.authors.{author}"
            window = _window_of(own.pop("approvals", None), rules, where)
            found[channel, author] = Wanted(_room({**settings, **own}, where), window)
    return found


def _approvals(said: object, where: str) -> ApprovalRules:
    if not isinstance(said, dict):
        raise InvalidInput(f"{where}.approvals is a table of rules")
    _require_known(said, ApprovalRules, f"{where}.approvals")
    try:
        rules = msgspec.convert(said, learned(ApprovalRules), strict=False)
        rules.require_sane()
    except (msgspec.ValidationError, InvalidInput) as error:
        raise InvalidInput(f"{where}.approvals: {error}") from error
    return rules


def _replies(said: object, where: str) -> bool | None:
    if said is None or isinstance(said, bool):
        return said
    raise InvalidInput(f"{where}.replies is true or false, not {said!r}")


def _window_of(said: object, room: ApprovalRules | None, where: str) -> ApprovalRules | None:
    """The author's own time for approvals, else the room's."""
    if said is None:
        return None if room is None else ApprovalRules(window_s=room.window_s)
    own = _approvals(said, where)
    if own != ApprovalRules(window_s=own.window_s):
        raise InvalidInput(f"{where}.approvals: only window_s may be an author's own")
    return own


def _require_known(settings: dict[str, Any], kind: type[msgspec.Struct], where: str) -> None:
    unknown = sorted(settings.keys() - set(kind.__struct_fields__))
    if unknown:
        known = ", ".join(kind.__struct_fields__)
        raise InvalidInput(f"{where}: there is no setting {unknown[0]!r}: it is one of {known}")


def _room(settings: dict[str, Any], where: str) -> Room:
    _require_known(settings, Room, where)
    titles = settings.get("titles")
    if isinstance(titles, dict):
        settings = {**settings, "titles": list(titles.items())}
    try:
        room = msgspec.convert(settings, learned(Room), strict=False)
        require_sane(room)
    except (msgspec.ValidationError, InvalidInput) as error:
        raise InvalidInput(f"{where}: {error}") from error
    return room
