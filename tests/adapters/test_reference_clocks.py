"""Clocks beside the machine's, asked over the network and of the database."""

from __future__ import annotations

import socket

import pytest

from adapters.postgres import open_pool
from adapters.reference_clocks import TapeClock, TimeServer, time_servers
from application.ports import Unavailable
from domain.shared import InvalidInput
from tests.adapters.time_server import TimeServerAt


@pytest.mark.parametrize("ahead", [0.0, 3.5, -120.25])
def test_a_time_server_says_how_far_it_is_ahead(ahead: float) -> None:
    with TimeServerAt(ahead) as server:
        offset = TimeServer(server.address).compare()
    assert offset.round_trip_s >= 0
    assert abs(offset.ahead_s - ahead) <= offset.round_trip_s / 2 + 0.001


@pytest.mark.parametrize("state", [{"leap": 3}, {"stratum": 16}, {"stratum": 0}])
def test_a_server_that_does_not_know_the_time_is_not_believed(state: dict[str, int]) -> None:
    with TimeServerAt(0.0, **state) as server, pytest.raises(Unavailable):
        TimeServer(server.address).compare()


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port} did not answer"):
        TimeServer(f"127.0.0.1:{port}").compare()


def test_servers_are_listed_with_commas_or_spaces() -> None:
    listed = time_servers({"TRUETAPE_TIME_SERVERS": "a.example, b.example:1123 a.example"})
    assert [server.name for server in listed] == ["a.example", "b.example:1123"]
    assert time_servers({}) == ()


@pytest.mark.parametrize("address", [":123", "", "a.example:ntp"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="no time server"):
        TimeServer(address)


def test_the_database_on_this_machine_keeps_the_machines_time(database_url: str) -> None:
    pool = open_pool(database_url, size=1)
    try:
        offset = min((TapeClock(pool).compare() for _ in range(5)), key=lambda o: o.round_trip_s)
    finally:
        pool.close()
    assert abs(offset.ahead_s) <= offset.round_trip_s / 2 + 0.001
