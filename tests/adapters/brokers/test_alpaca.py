"""Alpaca is held to what every broker is held to, against its fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.alpaca.under_test import Alpaca, alpaca
from tests.adapters.brokers.contract import BrokerContract


class TestAlpaca(BrokerContract):
    @pytest.fixture
    def under(self) -> Iterator[Alpaca]:
        with alpaca() as found:
            yield found
