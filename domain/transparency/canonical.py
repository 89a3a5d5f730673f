"""Canonical JSON (RFC 8785) of what events are made of: text, whole numbers, lists, objects.

Floats are refused, for amounts are kept as text; so the canonical form needs no rule for
printing them, and a verifier with nothing but its standard library can make it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from domain.transparency.refusals import Malformed

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"

INTEGER_MAX = 2**53 - 1
"""Beyond it, a JSON reader that has only IEEE doubles would change the number."""


def canonical(value: Json) -> bytes:
    """The one way to write this value.

    Raises:
        Malformed: it holds a float, an integer that a double can't hold, a text that can't
            be UTF-8, a member whose name isn't text, or what JSON has no word for.
    """
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    return _encoded(text, "utf-8")


def _ordered(value: Json) -> Json:
    """The same value with the members of each object in order, after it was looked at."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return require_safe_integer(value)
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise Malformed(f"canonical JSON has text for names, not {name!r}")
        # RFC 8785 orders names by UTF-16 code units, which differs from Python's order
        # where a name has characters beyond U+FFFF.
        names = sorted(value, key=lambda name: _encoded(name, "utf-16-be"))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    raise Malformed(f"canonical JSON of events has no {type(value).__name__}")


def require_safe_integer(value: int) -> int:
    """The integer, if every reader of JSON gets it whole.

    Raises:
        Malformed: it is too large.
    """
    if not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise Malformed(f"{value} is too large for a number of canonical JSON")
    return value


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as broken:
        raise Malformed("half a surrogate pair is no text") from broken
