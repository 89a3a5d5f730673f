"""A worker is steady once what its first orders need is loaded and no long pause is left."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interfaces.compose import open_house
from interfaces.settings import Settings
from interfaces.steadying import SWITCH_S, steady


@pytest.fixture
def as_before() -> Iterator[None]:
    """The interpreter is left as it was found."""
    switch_s = sys.getswitchinterval()
    yield
    sys.setswitchinterval(switch_s)
    gc.unfreeze()


@pytest.mark.usefixtures("as_before")
def test_who_is_steady_is_ready_and_pauses_for_nothing_that_was_there(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=redis_url)
    with open_house(settings) as house:
        frozen = gc.get_freeze_count()
        steady(house)
    assert gc.get_freeze_count() - frozen > 10_000
    assert gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    assert "domain.quant.black_scholes" in sys.modules
