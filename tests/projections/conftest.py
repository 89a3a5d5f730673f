"""A tape of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.projections.tape import Tape


@pytest.fixture
def tape(database_url: str) -> Iterator[Tape]:
    tape = Tape(database_url)
    with tape.connection:
        yield tape
