"""Who works around the log, each as a process that is killed whenever a test likes: four that
write, one that keeps the read models, one that seals the log, and a witness.

What somebody was told is done, they write down before they go on.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.appender import Appender
from adapters.mapper import encode_body
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Command, Work, derived_id
from application.ports import Appended, ApplicationError, Batch, Envelope, PortError, Unavailable
from application.sealing import Sealer
from domain.shared import DomainError
from domain.traders import Trader, TraderRegistered
from domain.transparency.keys import verifier_key
from interfaces.clock import SystemClock
from interfaces.compose import House
from interfaces.compose.log import open_witness
from interfaces.log_settings import LogSettings, WitnessAt
from tests.benchmarks.trading_life import ACCOUNT, Recorded, Trading

WRITERS = 4
TRADERS = 40
FIRST_DAY = date(2026, 1, 5)
ORIGIN = "example.org/killed"
WITNESS = "example.com/witness"
WRITING_S = 0.008
SEALING_S = 0.25
"""A worker seals once a minute: so many checkpoints would take too long to come."""


class Place(NamedTuple):
    """Where they work."""

    database_url: str
    redis_url: str
    folder: Path
    witness_port: int
    witness_keys: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return (self.folder / "over").exists()

    def told(self, who: str) -> list[list[str]]:
        """What somebody wrote down, word by word."""
        file = self.folder / who
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def house(self) -> House:
        return House(
            self.database_url,
            self.redis_url,
            SystemClock(),
            log=LogSettings(
                keys=self.folder / "keys",
                origin=ORIGIN,
                witnesses=(
                    WitnessAt(
                        f"http://127.0.0.1:{self.witness_port}",
                        tuple(map(verifier_key, self.witness_keys)),
                    ),
                ),
            ),
        )


def found(place: Place) -> tuple[str, ...]:
    """Makes what they all need; the keys of the witness."""
    now = datetime.now(UTC)
    with closing(place.house()) as house:
        work = Work(house.desk)
        for number in range(TRADERS):
            made = Trader.register(
                platform="discord", author_id=str(number), name=f"trader{number:04d}", at=now
            )
            work.begin(made)
        work.save(Command.given(derived_id("crowd", "traders"), actor="member:test", at=now))
        work.commit()
        open_account(
            house.desk,
            Command.given(derived_id("crowd", "account"), actor="member:test", at=now),
            LOCAL_OPERATOR,
            name=ACCOUNT,
            broker="paper",
            cash=Decimal(100_000),
        )
        keys = house.log.keys
    _, own = open_witness(WITNESS, place.folder / "witness", [keys])
    return tuple(map(str, own))


def write(place: Place, number: int) -> None:
    """One of those who write: always the same story, from where it was told to be stored."""
    name, chance = f"writer-{number}", random.Random()
    told = len(place.told(name))
    with (
        closing(Appender(place.database_url, patience_s=0.5)) as appender,
        (place.folder / name).open("a") as kept,
    ):
        for batch in islice(_batches(number), told, None):
            if place.is_over:
                return
            stored = _appended(appender, batch)
            command = batch.envelope.command_id
            kept.write(f"{command} {stored.first_position} {stored.last_position}\n")
            kept.flush()
            time.sleep(chance.uniform(0, 2 * WRITING_S))


def _appended(appender: Appender, batch: Batch) -> Appended:
    while True:
        try:
            (outcome,) = appender.append([batch])
        except Unavailable:
            # The same command id again: it goes in once, whatever became of the first try.
            continue
        assert isinstance(outcome, Appended), outcome
        return outcome


def command_of(number: int, part: int) -> UUID:
    """The id of a writer's command."""
    return derived_id("crowd", str(number), str(part))


def _batches(number: int) -> Iterator[Batch]:
    """What a writer has to tell, a few events at a time."""
    chance = random.Random(number)
    story = _story(Trading(chance, TRADERS, first=10**12 * (number + 1)))
    for part in count():
        events = list(islice(story, chance.choice((1, 1, 2, 3, 5))))
        envelope = Envelope(
            command_id=command_of(number, part),
            input_hash=bytes(32),
            actor=events[0].actor,
            correlation=events[0].correlation,
        )
        yield Batch(list(map(_stored, events)), envelope)


def _story(life: Trading) -> Iterator[Recorded]:
    for number in count():
        day = FIRST_DAY + timedelta(days=number // 20)
        trade = life.next_trade(day, [day + timedelta(days=n) for n in range(1, 9)])
        if trade.expires:
            # The holdings of the account are one stream for all who write.
            continue
        for told in (*life.entry(trade), *life.exit(trade)):
            if not isinstance(told.event, TraderRegistered):
                yield told


def _stored(told: Recorded) -> StoredEvent:
    return StoredEvent(told.stream, told.version, told.event.TOPIC, encode_body(told.event))


def keep_read_models(place: Place) -> None:
    """Follows the tape until it is killed."""
    with closing(place.house()) as house:
        while True:
            try:
                house.projections.run(threading.Event())
            except house.reading.lost:
                # The database was away before there was anything to follow.
                time.sleep(0.05)


def seal(place: Place) -> None:
    """Does what a worker does for the log, again and again, until it is killed."""
    sealer: Sealer | None = None
    with closing(place.house()) as house, (place.folder / "sealer").open("a") as kept:
        turn = house.turn("log")
        while True:
            try:
                if turn.is_mine():
                    sealer = sealer or house.log.sealer()
                    issued = sealer.seal(sealer.integrate(), datetime.now(UTC))
                    kept.write(f"{issued.size} {issued.root.hex()} {','.join(issued.witnesses)}\n")
                    kept.flush()
            except (DomainError, ApplicationError, PortError):
                sealer = None
            time.sleep(SEALING_S)


def witness(place: Place) -> None:
    """Signs what continues what it has signed, until it is killed."""
    import uvicorn

    from interfaces.witness import witness_app

    with closing(place.house()) as house:
        holding, _ = open_witness(WITNESS, place.folder / "witness", [house.log.keys])
    uvicorn.run(witness_app(holding), host="127.0.0.1", port=place.witness_port, log_level="error")
