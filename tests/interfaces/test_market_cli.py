"""`truetape market` as a person uses it: a process, against a Polygon on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from adapters.embedded import Servers
from adapters.leases import Lease
from tests.adapters.market.fake_polygon import FakePolygon
from tests.adapters.market.loopback import Shown
from tests.conftest import NewDatabase
from tests.interfaces.shell import ROOT, Said, Shell
from tests.patience import PATIENCE_S, wait_until

OPENS = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALL = "TSLA  261218C00250000"


class Desk:
    """A shell, its database and the source that it is set up with."""

    def __init__(self, shell: Shell, database_url: str, fake: FakePolygon) -> None:
        self.database_url = database_url
        self.fake = fake
        access = fake.access
        self.environment = {
            "TRUETAPE_POLYGON_KEY": access.key,
            "TRUETAPE_POLYGON_URL": access.url,
            "TRUETAPE_POLYGON_STREAM_URL": access.stream_url,
        }
        self.shell = shell

    def __call__(self, *words: str) -> Said:
        return self.shell("market", *words, **self.environment)

    def recorded(self) -> list[tuple[str, str]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(
                "SELECT symbol, trim_scale(bid)::text FROM market.quotes ORDER BY quoted_at, symbol"
            ).fetchall()

    def tells(self, minute: int, bid: str = "189.00", offer: str = "189.20") -> Shown:
        shown = Shown("AAPL", bid, offer, OPENS + minute * MINUTE + timedelta(seconds=59), 3, 4)
        self.fake.market.shown.append(shown)
        return shown

    def records(self, shown: Shown) -> None:
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                "INSERT INTO market.quotes VALUES (%s, %s, %s, %s, 1, 1, 'alpaca iex')",
                (shown.symbol, shown.at, shown.bid, shown.offer),
            )


@pytest.fixture
def desk(servers: Servers, new_database: NewDatabase, tmp_path: Path) -> Iterator[Desk]:
    fake = FakePolygon(OPENS)
    fake.market.page = 250
    fake.start()
    with new_database() as url:
        shell = Shell(tmp_path, TRUETAPE_DATABASE_URL=url, TRUETAPE_REDIS_URL=servers.redis_url)
        try:
            yield Desk(shell, url, fake)
        finally:
            fake.stop()


def test_sources_that_agree_pass_and_others_end_with_one(desk: Desk) -> None:
    for minute in range(30):
        desk.records(desk.tells(minute))
    words = ("check", "--since", "2026-11-18T14:30Z", "--until", "2026-11-18T15:00Z",
             "--symbols", "aapl")  # fmt: skip
    good = desk(*words, "--json")
    assert good.code == 0, good.err
    (compared,) = good.json["compared"]
    assert (compared["symbol"], compared["minutes"], compared["both"]) == ("AAPL", 30, 30)
    assert [told["source"] for told in (compared["first"], compared["second"])] == [
        "record",
        "polygon",
    ]
    desk.tells(28, "170.00", "170.10")
    desk.fake.market.shown = desk.fake.market.shown[10:]
    bad = desk(*words)
    assert bad.code == 1
    assert "polygon: 10 of 30 minutes are missing (33.3%, at most 2.0%)" in bad.err
    assert "AAPL" in bad.out
    assert desk.environment["TRUETAPE_POLYGON_KEY"] not in bad.out + bad.err


def test_a_chain_is_printed(desk: Desk) -> None:
    for symbol in (CALL, "TSLA  261218P00250000"):
        desk.fake.market.shown.append(Shown(symbol, "5.40", "5.50", OPENS))
    desk.fake.market.greeks[CALL] = {"greeks": {"delta": 0.55}, "implied_volatility": 0.31}
    printed = desk("chain", "TSLA")
    assert printed.code == 0, printed.err
    assert "TSLA: 2 contracts from polygon" in printed.out
    assert "250 C" in printed.out
    assert "0.550" in printed.out
    assert "31.0%" in printed.out
    told = desk("chain", "TSLA", "--expiry", "2026-12-18", "--json").json
    assert [each["bid"] for each in told["contracts"]] == ["5.40", "5.40"]


def test_what_is_not_set_up_says_what_to_set(desk: Desk) -> None:
    found = desk.shell("market", "chain", "TSLA")
    assert found.code == 1
    assert "TRUETAPE_POLYGON_KEY" in found.err
    assert desk("record", "--only").code == 1
    assert "is before --until" in desk("check", "--since", "2026-01-01", "--symbols", "AAPL").err


@contextmanager
def recording(desk: Desk, ended: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that records two instruments; what it said and its code, when it has ended."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "interfaces.cli", "market", "record", "--only",
         "--symbols", "AAPL," + CALL],
        cwd=ROOT, env={**desk.shell.environment, **desk.environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE_S)
        ended += [out, err, str(process.returncode)]


def test_quotes_are_recorded_as_they_come(desk: Desk) -> None:
    ended: list[str] = []
    with recording(desk, ended) as process:
        desk.fake.sockets.wait_for("Q.AAPL", "Q.TSLA", f"Q.O:{CALL.replace(' ', '')}")
        desk.fake.show(Shown("AAPL", "189.10", "189.20", OPENS))
        desk.fake.show(Shown(CALL, "5.40", "5.50", OPENS + MINUTE))
        until = OPENS + 2 * MINUTE
        desk.fake.show(Shown("TSLA", "250.5", "250.6", until))
        wait_until(lambda: len(desk.recorded()) == 3 or process.poll() is not None)
    out, err, code = ended
    assert desk.recorded() == [("AAPL", "189.1"), (CALL, "5.4"), ("TSLA", "250.5")], err
    assert "recorded 3 quotes of 3 instruments, 0 gaps" in out
    assert code == "0"


def test_of_two_that_record_a_source_one_stands_by_and_takes_over(desk: Desk) -> None:
    other = Lease(desk.database_url, "market record polygon")
    ended: list[str] = []
    assert other.is_mine()
    with closing(other), recording(desk, ended) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert "another process records it: standing by" in lines[1]
        assert desk.fake.sockets.topics() == set()
        other.close()
        desk.fake.sockets.wait_for("Q.AAPL")
