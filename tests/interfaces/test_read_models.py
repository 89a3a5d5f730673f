"""The read models follow the tape from a process of their own, which outlives nobody."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.desk import Command
from interfaces.clock import SystemClock
from interfaces.compose import House, open_house
from interfaces.read_models import follow_apart
from interfaces.settings import Settings
from tests.patience import PATIENCE_S, wait_until


@pytest.fixture
def house(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as opened:
        yield opened


@contextmanager
def following(house: House) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=follow_apart, args=(house, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def happen(house: House, name: str) -> None:
    """Something that read models show."""
    command = Command.given(uuid4(), actor="test", at=house.clock.now())
    open_account(
        house.desk, command, LOCAL_OPERATOR, name=name, broker="paper", cash=Decimal(1_000)
    )


def is_shown(house: House) -> bool:
    return house.read_until() == house.head()


def followers(worker: psutil.Process | None = None) -> list[psutil.Process]:
    """The processes of a worker, which is this one unless told otherwise, that keep read models."""
    children = (worker or psutil.Process()).children()
    return [each for each in children if "interfaces.read_models" in each.cmdline()]


def test_what_happens_is_shown_by_another_process_which_ends_with_the_worker(house: House) -> None:
    with following(house):
        happen(house, "second")
        wait_until(lambda: is_shown(house), "nobody follows")
        (follower,) = followers()
    assert not follower.is_running()


def test_who_has_them_kept_elsewhere_waits_for_them_and_takes_none(house: House) -> None:
    with following(house):
        happen(house, "second")
        house.catch_up()
        assert is_shown(house)
        assert house.projections.position() == 0, "no read model is led here"


def test_a_process_that_dies_is_followed_by_another(house: House) -> None:
    with following(house):
        wait_until(lambda: bool(followers()))
        (first,) = followers()
        first.kill()
        happen(house, "second")
        wait_until(lambda: is_shown(house), "nobody follows")
        assert followers() != [first]


def test_it_outlives_no_worker_that_is_killed(house: House) -> None:
    worker = multiprocessing.get_context("spawn").Process(
        target=_work, args=(house.database_url, house.redis_url)
    )
    worker.start()
    happen(house, "second")
    wait_until(lambda: is_shown(house), "nobody follows")
    (follower,) = followers(psutil.Process(worker.pid))
    worker.kill()
    worker.join(PATIENCE_S)
    follower.wait(PATIENCE_S)
    assert not follower.is_running()


def _work(database_url: str, redis_url: str) -> None:
    with closing(House(database_url, redis_url, SystemClock())) as house:
        follow_apart(house, threading.Event())
