"""Several processes have the same house open, and one of them does the work."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.postgres import (
    AUDITOR_ROLE,
    PROJECTOR_ROLE,
    READER_ROLE,
    RUNTIME_ROLE,
    SIGNER_ROLE,
    WRITER_ROLE,
)
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Command
from interfaces.compose import House, open_house
from interfaces.settings import Settings

WORKING = (WRITER_ROLE, PROJECTOR_ROLE, RUNTIME_ROLE, SIGNER_ROLE, READER_ROLE, AUDITOR_ROLE)


def is_read(house: House) -> bool:
    """Whether the read models tell all that is on the tape."""
    return house.read_until() == house.head()


def test_who_only_asks_leaves_the_work_to_others(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as asking, open_house(settings) as working:
        command = Command.given(uuid4(), actor="test", at=asking.clock.now())
        open_account(
            asking.desk, command, LOCAL_OPERATOR, name="second", broker="paper", cash=Decimal(1_000)
        )
        assert not is_read(asking)
        working.catch_up()
        assert is_read(asking)


def test_a_login_that_may_not_become_the_owner_runs_everything(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Who migrates and who works may be two: then no connection of the program is an owner's."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE working LOGIN IN ROLE {', '.join(WORKING)}")
    url = make_conninfo(database_url, user="working")
    settings = Settings(home=tmp_path, database_url=url, redis_url=redis_url)
    with open_house(settings) as house:
        house.catch_up()
        assert house.log.sealer().step(house.clock.now()) is not None
        assert house.log.tree.frontier().size == house.head() - 1 > 0
        assert house.log.checker().run().faults == ()
        assert is_read(house) or house.projections.catch_up() > 0
    with psycopg.connect(url, autocommit=True) as connection:
        for attempt in ("SET ROLE truetape_owner", "DELETE FROM tape.events"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)
