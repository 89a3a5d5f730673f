"""The embedded PostgreSQL: makes the cluster, starts it, mends what a crash left, stops it."""

from __future__ import annotations

import shutil
import signal
import struct
from contextlib import suppress

import psutil

from adapters.embedded.place import Place, private_folder
from adapters.embedded.processes import (
    ServerLog,
    answers,
    end,
    is_alive,
    named_in,
    run,
    spawn,
    wait_until,
    works_in,
)

STOP_S_MAX = 60.0
BUFFERS_MB_MAX = 2_048
# The protocol's SSLRequest: a session answers it before anybody has to say who they are.
MAY_I_ENCRYPT = struct.pack("!ii", 8, 80877103)

# Durability is PostgreSQL's own default (fsync, synchronous_commit) and stays untouched.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    # No standby and no archive reads the log, so tables and indexes that are made in one
    # transaction, as those of a rebuild, need not pass through it; backups are dumps.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}


def start(place: Place) -> None:
    """Returns when PostgreSQL takes connections, whoever started it.

    Raises:
        Unavailable: it does not start.
    """
    log = ServerLog("PostgreSQL", place.log("postgres"))
    running = _postmaster(place)
    if running is not None and _is_ready(place, running, log):
        return
    if place.cluster.exists():
        _clear_after_crash(place)
    else:
        _make_cluster(place, log)
    _write_admission(place)
    started = spawn(_command(place), place.account, log)
    if not _is_ready(place, started, log):
        raise log.refusal()


def stop(place: Place) -> None:
    """Fast shutdown: ends all sessions and loses nothing."""
    end([_postmaster(place)], signal.SIGINT, STOP_S_MAX)


def _command(place: Place) -> list[str]:
    settings = SETTINGS | {
        "shared_buffers": f"{_buffers_mb(psutil.virtual_memory().total)}MB",
        "unix_socket_directories": '"{}"'.format(str(place.sockets).replace('"', '""')),
        "hba_file": str(place.root / "pg_hba.conf"),
        "ident_file": str(place.root / "pg_ident.conf"),
    }
    command = [str(place.programs.postgres_bin / "postgres"), "-D", str(place.cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _buffers_mb(memory: int) -> int:
    """Megabytes of shared buffers on a machine with so many bytes: an eighth of it, from 128 up.

    It is taken as it is filled. Rows that a fold ends lie all over tables of millions; what does
    not stay here is read and written again and again.
    """
    return min(max(memory // 8 // 2**20, 128), BUFFERS_MB_MAX)


def _make_cluster(place: Place, log: ServerLog) -> None:
    """Makes the cluster beside its place and renames it, so that half a one is never used."""
    half_made = place.root / "postgres.half-made"
    shutil.rmtree(half_made, ignore_errors=True)
    private_folder(half_made, place.account)
    programs = place.programs.postgres_bin
    initdb = [str(programs / "initdb"), "-D", str(half_made), "-U", "truetape", "--auth=reject"]
    initdb += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    initdb += ["--builtin-locale=C.UTF-8", "--no-instructions"]
    run(initdb, place.account, log)
    alone = [str(programs / "postgres"), "--single", "-D", str(half_made), "postgres"]
    run(alone, place.account, log, "CREATE DATABASE truetape\n")
    half_made.rename(place.cluster)


def _write_admission(place: Place) -> None:
    """The kernel says who calls; the servers' account and root may be any role."""
    callers = sorted({place.account.name, "root"})
    admission = {
        "pg_hba.conf": "local all all peer map=owner\n",
        "pg_ident.conf": "".join(f'owner "{caller}" all\n' for caller in callers),
    }
    for name, text in admission.items():
        file = place.root / name
        file.write_text(text)
        file.chmod(0o644)


def _postmaster(place: Place) -> psutil.Process | None:
    return named_in(place.cluster / "postmaster.pid", place.cluster)


def _is_ready(place: Place, process: psutil.Process, log: ServerLog) -> bool:
    """Waits until it takes connections (True) or is gone (False)."""

    def ready() -> bool:
        with suppress(OSError):
            lines = (place.cluster / "postmaster.pid").read_text().splitlines()
            says_ready = lines[:1] == [str(process.pid)] and lines[7:8] == ["ready   "]
            return (
                says_ready
                and answers(place.postgres_socket, MAY_I_ENCRYPT, b"N")
                and is_alive(process)
            )
        return False

    return wait_until(ready, process, log)


def _clear_after_crash(place: Place) -> None:
    """Ends backends that outlived their postmaster, then removes what it left behind.

    PostgreSQL itself refuses to start when the old pid is in use again by any process of
    the same user, or while an orphaned backend still holds the old shared memory.
    """
    pid_file = place.cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    orphans = [process for process in psutil.process_iter() if works_in(process, place.cluster)]
    end(orphans, signal.SIGKILL, 5.0)
    pid_file.unlink(missing_ok=True)
    for stale in place.sockets.glob(".s.PGSQL.*"):
        stale.unlink(missing_ok=True)
