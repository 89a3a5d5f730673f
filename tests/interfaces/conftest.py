"""What tests of the outside share: databases in which a house finds its read tables."""

from __future__ import annotations

import pytest

from tests.conftest import NewDatabase


@pytest.fixture(scope="session")
def new_database(new_furnished_database: NewDatabase) -> NewDatabase:
    """Who opens a house for the first time waits half a second until its read tables are made."""
    return new_furnished_database
