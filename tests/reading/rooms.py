"""The rooms of tests/data/chat: messages in time order, each with what a person makes of it.

`python -m tests.reading.rooms [ROOM...]` prints how each is read, and what is read otherwise
than a person would.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from application.intake import SeenMessage
from application.parsing import Parsed, Parser, RoomOf
from interfaces.chat_files import BadLine, each_message
from interfaces.room_files import read_rooms

FOLDER = Path(__file__).resolve().parents[1] / "data" / "chat"
SETTINGS = FOLDER / "rooms.toml"


class Line(NamedTuple):
    """One message with its label."""

    message: SeenMessage
    expected: dict[str, Any]
    is_trap: bool

    @property
    def is_actionable(self) -> bool:
        return bool(self.expected.get("trades"))


class Scored(NamedTuple):
    """A line with its reading and what differs."""

    line: Line
    parsed: Parsed
    differences: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return not self.differences

    @property
    def is_false_order(self) -> bool:
        """Something would be booked where a person books nothing."""
        return bool(self.parsed.trades) and not self.line.is_actionable

    @property
    def is_wrong_order(self) -> bool:
        """Something would be booked, but not what the author meant."""
        return bool(self.parsed.trades) and "trades" in " ".join(self.differences)


def room_names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.jsonl"))


def lines_of(room: str) -> list[Line]:
    file = FOLDER / f"{room}.jsonl"
    labels = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    with file.open("rb") as source:
        messages = list(each_message(source, channel=room))
    bad = [message for message in messages if isinstance(message, BadLine)]
    if bad:
        raise ValueError(f"{file}:{bad[0].line}: {bad[0].why}")
    return [
        Line(message, label.get("expect", {}), label.get("trap", False))
        for message, label in zip(messages, labels, strict=True)
        if isinstance(message, SeenMessage)
    ]


def score(room: str) -> list[Scored]:
    """Reads a room from its first message to its last, as `truetape parse` does."""
    settings = read_rooms(SETTINGS) if SETTINGS.is_file() else {}
    parser = Parser(RoomOf(settings))
    return [_scored(line, parser.parse(line.message)) for line in lines_of(room)]


def _scored(line: Line, parsed: Parsed) -> Scored:
    return Scored(line, parsed, tuple(_differences(line, msgspec.to_builtins(parsed))))


def _differences(line: Line, parsed: dict[str, Any]) -> Iterator[str]:
    for key, wanted in line.expected.items():
        found = parsed[key]
        if key == "trades":
            yield from _trade_differences(wanted, found)
        elif key == "missing":
            lacking = set(wanted) - set(found)
            if lacking:
                yield f"missing {sorted(lacking)} is not said: {found}"
        elif not _same(wanted, found):
            yield f"{key}: {wanted!r}, read {found!r}"
    if "trades" not in line.expected and parsed["trades"]:
        yield f"trades: none, read {parsed['trades']}"


def _trade_differences(wanted: Sequence[Any], found: Sequence[Any]) -> Iterator[str]:
    if len(wanted) != len(found):
        yield f"trades: {len(wanted)}, read {len(found)}: {_short(found)}"
        return
    for one, other in zip(wanted, found, strict=True):
        for key, value in one.items():
            if key == "legs":
                yield from _trade_differences(value, other["legs"])
            elif not _same(value, other.get(key)):
                yield f"trades: {key} {value!r}, read {other.get(key)!r}"


def _short(trades: Sequence[Any]) -> str:
    return "; ".join(
        " ".join(f"{value}" for value in trade.values() if value not in (None, []))
        for trade in trades
    )


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list):
        return (
            isinstance(found, list | tuple)
            and len(wanted) == len(found)
            and all(map(_same, wanted, found))
        )
    if wanted == found:
        return True
    if isinstance(wanted, str) and isinstance(found, str) and wanted.lower() == found.lower():
        return True
    if wanted is None or found is None:
        return False
    if isinstance(wanted, str) and isinstance(found, str) and wanted.lower() == found.lower():
        return True
    try:
        return abs(Decimal(str(wanted)) - Decimal(str(found))) <= Decimal("0.0001")
    except InvalidOperation:
        return False


def report(room: str) -> Iterator[str]:
    """One line on how a room is read, and two on each message that is read otherwise."""
    scored = score(room)
    exact = sum(one.is_exact for one in scored)
    traps = sum(one.line.is_trap for one in scored)
    false = sum(one.is_false_order for one in scored)
    wrong = sum(one.is_wrong_order for one in scored)
    yield (
        f"{room}: {exact} of {len(scored)} exact, {traps} traps, "
        f"{false} false orders, {wrong} wrong"
    )
    for one in scored:
        if not one.is_exact:
            yield f"  {one.line.message.message_id}: {one.line.message.content[:150]!r}"
            yield f"     {' | '.join(one.differences)}  [{one.parsed.kind}: {one.parsed.why}]"


if __name__ == "__main__":
    for name in sys.argv[1:] or room_names():
        sys.stdout.writelines(f"{line}\n" for line in report(name))
