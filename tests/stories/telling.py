"""Tells a story: what is said and done on one Monday, and which events come of it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from application.access import Member
from application.approving import Answer, approve
from application.desk import Command
from application.intake import Tally
from interfaces.chat_files import read_chat
from interfaces.cli.imports import import_export
from interfaces.clock import SetClock
from interfaces.compose import House

MONDAY = "2026-11-16"


class Told:
    """Tells the story: what is said and done, and which events came of it."""

    def __init__(self, house: House, clock: SetClock, folder: Path) -> None:
        self.house = house
        self.clock = clock
        self.folder = folder
        self.messages: list[dict[str, object]] = []
        self.head = house.head()

    def at(self, time: str) -> datetime:
        moment = datetime.fromisoformat(f"{MONDAY}T{time}+00:00")
        self.clock.set(moment)
        return moment

    def market(self, *rows: str) -> None:
        file = self.folder / "quotes.csv"
        header = "symbol,time,bid,offer,bid_size,offer_size"
        lines = [
            f"{symbol},{MONDAY}T{time}Z,{bid},{offer},90,90"
            for symbol, time, bid, offer in (row.split() for row in rows)
        ]
        file.write_text("\n".join([header, *lines]))
        tally = self.house.import_market(file)
        assert not tally.bad

    def says(self, time: str, words: str, *, author: str = "77", name: str = "Nora") -> Tally:
        moment = self.at(time)
        self.messages.append(
            {
                "id": str(1000 + len(self.messages)),
                "type": "Default",
                "timestamp": moment.isoformat(),
                "timestampEdited": None,
                "content": words,
                "author": {"id": author, "name": name.lower(), "nickname": name},
                "embeds": [],
            }
        )
        return self._exported()

    def _exported(self) -> Tally:
        """The channel is exported and brought in once more."""
        file = self.folder / "options.json"
        channel = {"id": "5", "name": "options"}
        file.write_text(json.dumps({"channel": channel, "messages": self.messages}))
        tally = import_export(self.house, read_chat(file), quiet=True)
        self.house.catch_up()
        return tally

    def edits(self, number: int, time: str, words: str) -> None:
        """The author changes what they said; numbers count from 0."""
        message = self.messages[number]
        message["content"] = words
        message["timestampEdited"] = self.at(time).isoformat()
        self._exported()

    def deletes(self, number: int, time: str) -> None:
        """The author takes away what they said."""
        self.at(time)
        del self.messages[number]
        self._exported()

    def events(self) -> list[str]:
        """The names of what was recorded since the last look."""
        log = self.house.desk.recorder.select_notifications(
            start=self.head, limit=100, inclusive_of_start=False
        )
        self.head = self.house.head()
        return [event.topic for event in log]

    def approves(self, who: Member, signal: UUID, *, accept_price: str | None = None) -> Answer:
        return approve(
            self.house.desk,
            self.command(),
            who,
            signal=signal,
            account="paper",
            via="cli",
            assessor=self.house.assessor,
            accept_price=None if accept_price is None else Decimal(accept_price),
        )

    def command(self) -> Command:
        return Command.given(uuid4(), actor="member:story", at=self.clock.now())
