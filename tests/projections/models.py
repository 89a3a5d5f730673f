"""Read models for trying the engine: small, and they fail when they are told to."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec.structs import replace

from domain.messages import MessageCaptured
from projections.readmodel import Index, Line, Projection, Row, Seen, Strip, Table, when

POISON = "poison"


class TalkRow(Row, frozen=True, kw_only=True):
    """What an author said, how often and last."""

    author: str
    said: int
    last: str


class Talk(Projection):
    """Counts what each author says; keeps two rows in memory."""

    name = "talk"
    kind: ClassVar[Literal["money", "feed"]] = "feed"

    def __init__(self) -> None:
        self.rows = Table("talk", TalkRow, ["author"], [Index("said")], rows_in_memory=2)
        self.tables = (self.rows,)

    @when(MessageCaptured)
    def captured(self, event: MessageCaptured, seen: Seen) -> None:
        row = self.rows.current(event.author_id) or TalkRow(author=event.author_id, said=0, last="")
        self.rows.put(replace(row, said=row.said + 1, last=event.content), seen.position)
        if event.content == POISON:
            raise ValueError("this word cannot be folded")


class Till(Talk):
    """The same, where every event counts."""

    name = "till"
    kind = "money"

    def __init__(self) -> None:
        self.rows = Table("till", TalkRow, ["author"])
        self.tables = (self.rows,)


class LogLine(Line, frozen=True, kw_only=True):
    """One message."""

    position: int
    content: str


class Log(Projection):
    """Lists what is said."""

    name = "log"
    kind = "feed"

    def __init__(self) -> None:
        self.lines = Strip("log", LogLine, ["position"])
        self.tables = (self.lines,)

    @when(MessageCaptured)
    def captured(self, event: MessageCaptured, seen: Seen) -> None:
        self.lines.append(LogLine(position=seen.position, content=event.content))


class LengthRow(Row, frozen=True, kw_only=True):
    """How long the last message of an author is, where the database allows up to 9 digits."""

    author: str
    length: float


class Lengths(Projection):
    """Makes a row that the database refuses, when a message is empty."""

    name = "lengths"
    kind = "feed"

    def __init__(self) -> None:
        self.rows = Table("lengths", LengthRow, ["author"])
        self.tables = (self.rows,)

    @when(MessageCaptured)
    def captured(self, event: MessageCaptured, seen: Seen) -> None:
        length = len(event.content) or float("nan")
        self.rows.put(LengthRow(author=event.author_id, length=length), seen.position)
