"""What is left unfinished of an erasure, a worker finishes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.desk import Command
from application.erasing import erase
from application.intake import SeenMessage, capture
from application.ports import PortRefused
from interfaces.compose import House, open_house
from interfaces.erasing import affected, clean, finish_erasures
from interfaces.settings import Settings
from projections.messages import message
from projections.models import READ_MODELS
from tests.application.acts import ADA
from tests.patience import PATIENCE_S

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as opened:
        yield opened


def say(house: House, words: str) -> UUID:
    seen = SeenMessage(
        platform="discord", message_id="1", channel="options", author_id="7711",
        author_name="Nora", content=words, posted_at=NOW,
    )  # fmt: skip
    capture(house.desk, [seen], via="gateway", actor="test", at=NOW)
    house.catch_up()
    house.projections.close()
    return seen.stream


def erased(house: House) -> UUID:
    key = house.subjects.key_of("discord", "7711")
    assert key is not None
    asked = Command.given(uuid4(), key, actor=ADA.actor, at=NOW)
    erase(house.desk, asked, ADA, subject=key, reason="she asked")
    return key


def author_of(house: House, stream: UUID) -> str:
    with house.reader.connection() as connection:
        row = message(connection, stream)
    assert row is not None
    return row.author_name


def test_the_read_models_that_hold_words_are_known_by_their_events() -> None:
    assert {"messages", "trader_profiles", "followers", "people"} <= set(affected())
    assert set(affected()) < {model.name for model in READ_MODELS}


def test_what_others_left_is_finished_by_the_worker(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = say(house, "hello")
    erased(house)
    assert author_of(house, said) == "Nora", "the rows were made before"
    monkeypatch.setenv("TRUETAPE_DATABASE_URL", house.database_url)
    monkeypatch.setenv("TRUETAPE_REDIS_URL", house.redis_url)
    monkeypatch.setenv("TRUETAPE_MASTER_KEY", str(house.subjects.master_key))
    stop = threading.Event()
    worker = threading.Thread(
        target=finish_erasures,
        args=(house, stop),
        kwargs={"every_s": 0.1, "given_up": timedelta(0)},
    )
    worker.start()
    for _ in range(int(PATIENCE_S * 10)):
        if not house.subjects.unfinished():
            break
        stop.wait(0.1)
    stop.set()
    worker.join()
    assert house.subjects.unfinished() == []
    assert author_of(house, said) == "[erased]"


def test_who_is_still_at_it_is_left_alone(house: House) -> None:
    say(house, "hello")
    key = erased(house)
    stop = threading.Event()
    worker = threading.Thread(target=finish_erasures, args=(house, stop), kwargs={"every_s": 0.01})
    worker.start()
    stop.wait(0.3)
    stop.set()
    worker.join()
    assert [erasure.key_id for erasure in house.subjects.unfinished()] == [key]


def test_a_reader_who_holds_the_old_rows_holds_up_the_end_of_it(house: House) -> None:
    """The erasure counts as finished when the old tables are gone, and not before."""
    said = say(house, "hello")
    erased(house)
    holding = threading.Event()
    with house.reader.connection() as reader, reader.transaction():
        reader.execute("SELECT * FROM read.messages").fetchall()
        worker = threading.Thread(target=clean, args=(house,))
        worker.start()
        holding.wait(4)
        assert house.subjects.unfinished() != []
    worker.join()
    assert house.subjects.unfinished() == []
    assert author_of(house, said) == "[erased]"


def test_without_the_master_key_nothing_starts(house: House, tmp_path: Path) -> None:
    say(house, "hello")
    assert house.subjects.master_key is not None
    elsewhere = Settings(
        home=tmp_path / "other", database_url=house.database_url, redis_url=house.redis_url
    )
    with pytest.raises(PortRefused, match="is missing, and without it"), open_house(elsewhere):
        pytest.fail("it opened")
