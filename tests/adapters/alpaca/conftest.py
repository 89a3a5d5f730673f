"""A broker at a fake Alpaca for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.alpaca.under_test import Alpaca, alpaca


@pytest.fixture
def under() -> Iterator[Alpaca]:
    with alpaca() as found:
        yield found
