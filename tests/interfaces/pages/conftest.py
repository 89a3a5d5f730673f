"""A record with everything that pages tell of, and browsers that look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from adapters.embedded import Servers
from application.access import LOCAL_OPERATOR, Member
from application.administering import issue_token
from application.correcting import Change, apply_correction, request_correction
from domain.accounts import account_stream
from domain.approvals import Role
from domain.corrections import ReasonCode, Target
from domain.traders import trader_stream
from interfaces.clock import SetClock
from interfaces.compose import DEFAULT_ACCOUNT, House, open_house
from interfaces.http import create_app
from interfaces.settings import Settings
from tests.conftest import NewDatabase
from tests.interfaces.pages.browser import Browser
from tests.stories.telling import Told

NORA = trader_stream("discord", "77")
MALLORY = trader_stream("discord", "99")
HOSTILE = "</blockquote><script>alert('x')</script>\" onload=\"alert(1)"
ADA = Member(name="ada", roles=frozenset({Role.ADMIN}))
CALL = "TSLA261120C00250000"


class Record(NamedTuple):
    """What happened, and whom it is about."""

    house: House
    told: Told
    settings: Settings
    signal: UUID
    before_correction: int
    """The last position before a price was corrected."""

    @property
    def account(self) -> UUID:
        return account_stream(DEFAULT_ACCOUNT)

    def token(self, name: str, *roles: Role) -> str:
        secret = f"tt_{name}_secret"
        issue_token(
            self.house.desk, self.told.command(), LOCAL_OPERATOR,
            name=name, roles=frozenset(roles), secret=secret,
        )  # fmt: skip
        self.house.catch_up()
        return secret


def begin(settings: Settings, house: House, clock: SetClock, folder: Path) -> Record:
    """Nora opens and closes a trade that is approved and filled, edits and deletes; a price is
    put right; Mallory says what would break a careless page.
    """
    told = Told(house, clock, folder)
    told.market(
        f"{CALL} 14:59:30 2.25 2.30",
        f"{CALL} 15:05:00 2.25 2.30",
        f"{CALL} 15:29:30 3.05 3.10",
        f"{CALL} 15:31:00 3.05 3.10",
    )
    told.says("15:00:00", "BTO 2 TSLA 11/20 250c @ 2.28")
    with house.reader.connection() as connection:
        row = connection.execute("SELECT signal FROM read.signal_feed").fetchone()
    assert row is not None
    signal: UUID = row[0]
    told.at("15:05:10")
    told.approves(ADA, signal)
    house.catch_up()
    told.says("15:30:00", "all out TSLA 250c @ 3.05")
    told.edits(0, "15:40:00", "BTO 2 TSLA 11/20 250c @ 2.08")
    told.says("15:50:00", f"BTO 1 TSLA 11/20 250c @ 3.10 {HOSTILE}", author="99", name=HOSTILE[:60])
    told.says("15:55:00", "what a day")
    told.deletes(len(told.messages) - 1, "15:58:00")
    before = house.head()
    change = Change(
        target=Target.SIGNAL, stream=signal, part="1", price=Decimal("2.40"),
        code=ReasonCode.MISTYPED_PRICE, reason="the fill was at that price",
    )  # fmt: skip
    told.at("16:00:00")
    asked = request_correction(house.desk, told.command(), LOCAL_OPERATOR, change)
    apply_correction(house.desk, told.command(), ADA, asked.stream)
    house.catch_up()
    sealer = house.log.sealer()
    sealer.seal(sealer.integrate(), datetime.now(UTC))
    house.catch_up()
    return Record(house, told, settings, signal, before)


@pytest.fixture(scope="module")
def record(
    new_database: NewDatabase, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Record]:
    """A record for all tests of a module that only look."""
    folder = tmp_path_factory.mktemp("record")
    clock = SetClock(datetime(2026, 11, 16, 14, 0, tzinfo=UTC))
    with new_database() as url:
        settings = Settings(home=folder, database_url=url, redis_url=servers.redis_url)
        with open_house(settings, clock) as house:
            yield begin(settings, house, clock, folder)


@pytest.fixture
def own_record(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Record]:
    """A record for a test that goes on with it."""
    clock = SetClock(datetime(2026, 11, 16, 14, 0, tzinfo=UTC))
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings, clock) as house:
        yield begin(settings, house, clock, tmp_path)


@asynccontextmanager
async def browsing(app: FastAPI, base: str = "http://127.0.0.1:8000") -> AsyncIterator[Browser]:
    """A browser that nobody signed in with."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=base) as http,
    ):
        yield Browser(http)


@pytest.fixture
async def browser(record: Record) -> AsyncIterator[Browser]:
    """Whoever looks at a record that is open for reading."""
    async with browsing(create_app(record.house, open_reading=True)) as anybody:
        yield anybody


@pytest.fixture
async def stranger(record: Record) -> AsyncIterator[Browser]:
    """Whoever looks at a record that is not."""
    async with browsing(create_app(record.house)) as stranger:
        yield stranger
