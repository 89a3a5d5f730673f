"""Of several who ask for a lease one has it, until its session ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from adapters.leases import PING_S, Lease
from application.ports import Unavailable

Leased = Callable[[str], Lease]


@pytest.fixture
def lease(database_url: str) -> Iterator[Leased]:
    with ExitStack() as stack:

        def ask(job: str) -> Lease:
            made = Lease(database_url, job)
            stack.callback(made.close)
            return made

        yield ask


def test_the_second_who_asks_stands_by(lease: Leased) -> None:
    first, second = lease("monitor"), lease("monitor")
    assert (first.is_mine(), second.is_mine()) == (True, False)
    assert (first.is_mine(), second.is_mine()) == (True, False)


def test_jobs_of_other_names_are_other_leases(lease: Leased) -> None:
    assert lease("monitor").is_mine()
    assert lease("risk").is_mine()


def test_who_stands_by_takes_over_from_who_ends(lease: Leased) -> None:
    first, second = lease("monitor"), lease("monitor")
    assert (first.is_mine(), second.is_mine()) == (True, False)
    first.close()
    assert second.is_mine()
    assert not first.is_mine()


def test_a_session_that_the_server_ended_has_lost_its_lease(
    lease: Leased, database_url: str
) -> None:
    first, second = lease("monitor"), lease("monitor")
    assert first.is_mine()
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    assert second.is_mine()
    first._seen -= PING_S  # the second in which it is believed has passed
    with pytest.raises(Unavailable):
        first.is_mine()
    assert not first.is_mine()
