"""Alpaca is held to what every broker is held to, against its fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.alpaca.under_test import alpaca
from tests.adapters.brokers.contract import BrokerContract
from tests.adapters.brokers.under_test import BrokerUnderTest, MakeBroker

MAKE: MakeBroker = alpaca


class TestAlpaca(BrokerContract):
    @pytest.fixture
    def under(self) -> Iterator[BrokerUnderTest]:
        with MAKE() as found:
            yield found
