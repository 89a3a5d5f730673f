"""The embedded servers: shared by processes, private to their user, mended after any crash."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from adapters.embedded import embedded_servers, force_stop
from adapters.embedded.place import can_hold_programs, settle
from adapters.embedded.processes import ServerLog, end, is_alive
from application.ports import Unavailable
from tests.conftest import temporary_home
from tests.patience import PATIENCE_S, quickest

IS_ROOT = os.geteuid() == 0
USER = """
import sys
from pathlib import Path
from adapters.embedded import embedded_servers
with embedded_servers(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that uses the servers until its input ends or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "in\n"
        yield user
        if user.poll() is None:
            user.kill()


def postmaster(home: Path) -> psutil.Process:
    pid_file = settle(home).cluster / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().split()[0]))


def valkey(home: Path) -> psutil.Process:
    return psutil.Process(int(settle(home).valkey_pid.read_text()))


def are_stopped(home: Path) -> bool:
    place = settle(home)
    return not (place.cluster / "postmaster.pid").exists() and not place.valkey_socket.exists()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def write_a_row(home: Path) -> None:
    with embedded_servers(home) as servers, psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")


def kept_row(home: Path) -> object:
    with embedded_servers(home) as servers:
        return ask(servers.database_url, "SELECT n FROM kept")


def test_a_first_start_gives_a_database_and_a_message_bus(home: Path) -> None:
    with embedded_servers(home) as servers:
        assert ask(servers.database_url, "SELECT current_database()") == "truetape"
        with redis.Redis.from_url(servers.redis_url) as bus:
            assert bus.ping()
    assert are_stopped(home)


def test_what_was_written_is_there_at_the_next_start(home: Path) -> None:
    write_a_row(home)
    assert kept_row(home) == 7


def test_a_first_start_takes_under_three_seconds_and_the_next_under_one() -> None:
    def start(home: Path) -> float:
        before = time.monotonic()
        with embedded_servers(home):
            return time.monotonic() - before

    def first_start() -> float:
        with temporary_home() as home:
            return start(home)

    assert quickest(first_start, under=3.0) < 3.0
    with temporary_home() as home:
        start(home)
        assert quickest(lambda: start(home), under=1.0) < 1.0


@pytest.fixture(scope="module")
def untouched() -> Iterator[psycopg.Connection]:
    """A database as the product starts it: that of the whole run waits for no disk."""
    with (
        temporary_home() as home,
        embedded_servers(home) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        yield connection


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("timezone", "UTC"),
        ("server_encoding", "UTF8"),
    ],
)
def test_the_database_is_durable_and_deaf_to_the_network(
    untouched: psycopg.Connection, setting: str, value: str
) -> None:
    row = untouched.execute("SELECT current_setting(%s)", [setting]).fetchone()
    assert row == (value,)


def test_the_database_keeps_an_eighth_of_the_memory_for_pages(
    administration: psycopg.Connection,
) -> None:
    eighth = psutil.virtual_memory().total // 8 // 2**20
    query = "SELECT setting::bigint / 128 FROM pg_settings WHERE name = 'shared_buffers'"
    assert administration.execute(query).fetchone() == (min(max(eighth, 128), 2_048),)


def test_text_sorts_the_same_everywhere(administration: psycopg.Connection) -> None:
    row = administration.execute(
        "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'truetape'"
    ).fetchone()
    assert row == ("b", "C.UTF-8")


def test_only_the_owner_can_look_into_the_folders(home: Path) -> None:
    with embedded_servers(home):
        place = settle(home)
        for folder in (place.cluster, place.sockets):
            found = folder.stat()
            assert (found.st_mode & 0o777, found.st_uid) == (0o700, place.account.uid)


@pytest.mark.skipif(not IS_ROOT, reason="only root can try as somebody else")
def test_another_user_of_the_machine_is_kept_out(home: Path) -> None:
    stranger = pwd.getpwnam("nobody").pw_uid
    with embedded_servers(home):
        place = settle(home)
        try_it = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        for address in (place.postgres_socket, place.valkey_socket):
            tried = subprocess.run(
                ["/usr/bin/env", "python3", "-c", try_it, str(address)],
                user=stranger,
                env={"PATH": os.defpath},
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
            assert "PermissionError" in tried.stderr


def test_a_second_process_shares_and_the_last_one_stops_them(home: Path) -> None:
    with another_process(home) as other:
        shared = postmaster(home)
        with embedded_servers(home) as servers:
            assert postmaster(home) == shared
            other.communicate("")
            assert other.returncode == 0
            assert ask(servers.database_url, "SELECT 1") == 1
    assert are_stopped(home)


def test_who_leaves_first_leaves_them_running(home: Path) -> None:
    with another_process(home) as other:
        with embedded_servers(home):
            shared = postmaster(home)
        assert postmaster(home) == shared
        other.communicate("")
    assert are_stopped(home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(home: Path, number: signal.Signals) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored here, as under nohup: children ignore it too")
    with another_process(home) as other:
        # As the terminal does it: to the whole process group.
        os.killpg(other.pid, number)
        other.wait(PATIENCE_S)
    assert are_stopped(home)


def test_ctrl_c_in_one_terminal_leaves_the_servers_to_the_other(home: Path) -> None:
    with another_process(home) as first, embedded_servers(home) as servers:
        os.killpg(first.pid, signal.SIGINT)
        first.wait(PATIENCE_S)
        assert ask(servers.database_url, "SELECT 1") == 1


def test_servers_of_a_killed_process_are_joined_and_then_stopped(home: Path) -> None:
    write_a_row(home)
    with another_process(home) as killed:
        killed.kill()
        killed.wait()
        orphaned = postmaster(home)
        with embedded_servers(home):
            assert postmaster(home) == orphaned
    assert are_stopped(home)
    assert kept_row(home) == 7


def test_a_killed_database_is_mended_by_the_next_start(home: Path) -> None:
    write_a_row(home)
    with another_process(home):
        postmaster(home).kill()
        assert kept_row(home) == 7


def test_a_killed_database_with_a_busy_session_is_mended(home: Path) -> None:
    write_a_row(home)
    with embedded_servers(home) as servers:
        busy = psycopg.connect(servers.database_url)
        backend = psutil.Process(busy.info.backend_pid)
        # Stopped, the backend cannot notice that its postmaster is gone.
        backend.suspend()
        postmaster(home).kill()
        try:
            assert kept_row(home) == 7
            assert not is_alive(backend)
        finally:
            end([backend], signal.SIGKILL, 5.0)
            busy.close()


def test_a_killed_message_bus_is_mended_by_the_next_start(home: Path) -> None:
    with another_process(home):
        valkey(home).kill()
        with embedded_servers(home) as servers, redis.Redis.from_url(servers.redis_url) as bus:
            assert bus.ping()


def test_everything_killed_at_once_is_mended(home: Path) -> None:
    write_a_row(home)
    with another_process(home) as other:
        for victim in (postmaster(home), valkey(home), psutil.Process(other.pid)):
            victim.kill()
    assert kept_row(home) == 7
    assert are_stopped(home)


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(home: Path) -> None:
    write_a_row(home)
    place = settle(home)
    with subprocess.Popen(["sleep", "60"], **place.account.identity()) as innocent:
        for stale in (place.cluster / "postmaster.pid", place.sockets / ".s.PGSQL.5432.lock"):
            stale.write_text(f"{innocent.pid}\n{place.cluster}\n1700000000\n5432\n\n\n\nready   \n")
            os.chown(stale, place.account.uid, place.account.gid)
        place.valkey_pid.write_text(str(innocent.pid))
        assert kept_row(home) == 7
        assert innocent.poll() is None
        innocent.kill()


def test_a_half_made_database_is_made_anew(home: Path) -> None:
    home.mkdir(mode=0o711)
    left = home / "postgres.half-made"
    left.mkdir()
    (left / "PG_VERSION").write_text("18\n")
    with embedded_servers(home) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
    assert not left.exists()


@pytest.mark.parametrize("name", ["x" * 90, "a, b", "it's 100% odd", "two words"])
def test_any_folder_name_will_do(home: Path, name: str) -> None:
    odd = home / name / "home"
    home.mkdir(mode=0o711)
    with embedded_servers(odd) as servers:
        assert ask(servers.database_url, "SELECT 1") == 1
        with redis.Redis.from_url(servers.redis_url) as bus:
            assert bus.ping()
        sockets = settle(odd).sockets
    if sockets.parent == Path("/tmp"):
        sockets.rmdir()


@pytest.mark.parametrize("name", ["$HOME", "a`b", 'a"b', "a\\b"])
def test_programs_are_not_kept_where_a_shell_would_stumble(name: str) -> None:
    assert not can_hold_programs(Path("/srv") / name)
    assert can_hold_programs(Path("/srv/it's (100%) plain; & new"))


def test_the_shell_of_the_person_does_not_reach_the_servers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with embedded_servers(home) as servers:
        assert ask(servers.database_url, "SHOW port") == "5432"


def test_forced_to_stop_they_stop_while_in_use(home: Path) -> None:
    with another_process(home):
        force_stop(home)
        assert are_stopped(home)


@pytest.mark.skipif(not IS_ROOT, reason="only root's servers run as somebody else")
def test_root_under_a_closed_folder_keeps_the_servers_elsewhere(home: Path) -> None:
    home.mkdir(mode=0o700)
    write_a_row(home)
    assert settle(home).root.parent == Path("/var/lib/truetape")
    assert home.stat().st_mode & 0o777 == 0o700
    assert kept_row(home) == 7


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away")
def test_root_does_not_work_in_the_home_of_another_user(home: Path) -> None:
    home.mkdir()
    os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
    with (
        pytest.raises(Unavailable, match="belongs to 'nobody': run as that user"),
        embedded_servers(home),
    ):
        pytest.fail("started in a home that is not ours")


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said_in_words(home: Path) -> None:
    home.parent.chmod(0o555)
    try:
        with (
            pytest.raises(Unavailable, match="no permission: set TRUETAPE_HOME"),
            embedded_servers(home),
        ):
            pytest.fail("started without a folder")
    finally:
        home.parent.chmod(0o755)


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    log = ServerLog("PostgreSQL", tmp_path / "postgres.log")
    log.file.write_text("FATAL:  could not write file: No space left on device\n")
    assert "the disk is full. Free some space" in str(log.refusal())


def test_a_server_that_does_not_start_says_why(home: Path) -> None:
    write_a_row(home)
    (settle(home).cluster / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(Unavailable, match=r"PostgreSQL did not start: .*version 12"),
        embedded_servers(home),
    ):
        pytest.fail("started with the files of another version")
