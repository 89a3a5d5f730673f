"""Several processes have the same house open, and one of them does the work."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Command
from interfaces.compose import House, open_house
from interfaces.settings import Settings


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
