"""A worker that is killed at any moment leaves nothing half-done that the next one does not mend.

Rounds by TRUETAPE_KILL_ROUNDS (5 unless told otherwise).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.sql import SQL, Identifier

from adapters.databases import drop_database, ensure_database
from adapters.exchange_calendar import NewYork
from application.access import LOCAL_OPERATOR
from application.administering import configure_room
from application.desk import Command, derived_id
from domain.approvals import ApprovalRules
from domain.grammar.reading import Room
from interfaces.chat_files import read_chat
from interfaces.cli.imports import import_export
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.demo.files import Community, Session, write_demo
from interfaces.settings import Settings
from projections.models import READ_MODELS
from tests.opened_tape import opened_tape

ROUNDS = int(os.environ.get("TRUETAPE_KILL_ROUNDS", "5"))
AT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
MESSAGES = 500


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Community:
    sessions = [Session(*s) for s in NewYork().sessions(date(2026, 11, 2), date(2026, 11, 13))]
    folder = tmp_path_factory.mktemp("community")
    return write_demo(folder, seed=5, sessions=sessions[-8:], messages=MESSAGES)


@contextmanager
def opened(database_url: str, redis_url: str, folder: Path) -> Iterator[House]:
    settings = Settings(home=folder, database_url=database_url, redis_url=redis_url)
    with open_house(settings, SetClock(AT)) as house:
        yield house


def work(database_url: str, redis_url: str, folder: Path) -> None:
    """What a worker does: rooms, market, every export, and all that follows from them."""
    with opened(database_url, redis_url, folder) as house:
        files = sorted((folder / "chat").glob("*.json"))
        for file in files:
            command_id = derived_id("room", file.stem)
            configure_room(
                house.desk,
                Command.given(command_id, file.stem, actor="member:test", at=AT),
                LOCAL_OPERATOR,
                channel=file.stem,
                room=Room(default_expiry="weekly"),
                approvals=ApprovalRules(window_s=3600),
            )
        for file in files:
            import_export(house, read_chat(file), quiet=True)
        house.import_market(folder / "market" / "quotes.parquet")
        house.catch_up()


def told(database_url: str, redis_url: str, folder: Path) -> dict[UUID, list[tuple[str, Any]]]:
    """The events of each stream, without the times at which they were decided."""
    found: dict[UUID, list[tuple[str, Any]]] = {}
    with opened(database_url, redis_url, folder) as house:
        for event in opened_tape(house, order="stream, version"):
            words = {name: value for name, value in event.body.items() if name != "timestamp"}
            found.setdefault(event.stream, []).append((event.name, words))
    return found


def read_rows(house: House) -> dict[str, list[Any]]:
    """Every row of every read table, versions and all."""
    rows: dict[str, list[Any]] = {}
    with house.reader.connection() as connection:
        for model in READ_MODELS:
            for table in model().tables:
                name = Identifier(table.shape.name)
                query = SQL("SELECT t.* FROM read.{} t ORDER BY t::text").format(name)
                rows[table.shape.name] = connection.execute(query).fetchall()
    return rows


def test_a_killed_worker_leaves_no_gap_and_nothing_twice(
    community: Community, database_url: str, redis_url: str
) -> None:
    folder = community.bars.parent.parent
    undisturbed = ensure_database(database_url, "undisturbed")
    try:
        work(undisturbed, redis_url, folder)
        expected = told(undisturbed, redis_url, folder)
    finally:
        drop_database(database_url, "undisturbed")
    chance = random.Random(11)
    for _ in range(ROUNDS):
        command = [sys.executable, "-m", "tests.faults.test_kill_worker"]
        worker = subprocess.Popen([*command, database_url, redis_url, str(folder)])
        time.sleep(chance.uniform(0.7, 3.0))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    work(database_url, redis_url, folder)

    assert told(database_url, redis_url, folder) == expected
    with opened(database_url, redis_url, folder) as house:
        house.catch_up()
        before = read_rows(house)
        house.projections.rebuild()
        assert read_rows(house) == before


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
