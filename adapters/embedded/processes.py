"""Server processes: started to outlive us, recognised without trust in files, ended in order."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from adapters.embedded.place import Account
from application.ports import Unavailable

START_S_MAX = 120.0
LOG_BYTES_MAX = 5_000_000
GRAVE = re.compile(r"FATAL|PANIC|[Ee]rror")
DETAIL = re.compile(r"DETAIL|HINT")


class ServerLog:
    """A server's log file, and what it said since this start."""

    def __init__(self, server: str, file: Path) -> None:
        self.server = server
        self.file = file
        if file.exists() and file.stat().st_size > LOG_BYTES_MAX:
            file.replace(file.with_suffix(".log.1"))
        self._start = file.stat().st_size if file.exists() else 0

    def open(self) -> int:
        return os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def refusal(self) -> Unavailable:
        """Why the server did not start, from its own last complaint."""
        with self.file.open("rb") as log:
            log.seek(self._start)
            lines = log.read().decode(errors="replace").splitlines()
        if any("No space left on device" in line for line in lines):
            return Unavailable(
                f"{self.server} did not start: the disk is full. Free some space and start again."
            )
        return Unavailable(
            f"{self.server} did not start: {_last_complaint(lines)}\nIts log is {self.file}."
        )


def _last_complaint(lines: Sequence[str]) -> str:
    """The last grave line without its time, and the details that follow it."""
    grave = [n for n, line in enumerate(lines) if GRAVE.search(line)]
    if not grave:
        return lines[-1].strip() if lines else "it said nothing."
    told = [
        line.strip() for line in lines[grave[-1] :] if GRAVE.search(line) or DETAIL.search(line)
    ]
    return " ".join(re.sub(r"^.*?(FATAL|PANIC|DETAIL|HINT): *", "", line) for line in told)


def run(command: Sequence[str], account: Account, log: ServerLog, text: str = "") -> None:
    """Runs a program to its end.

    Raises:
        Unavailable: it failed.
    """
    output = log.open()
    try:
        done = subprocess.run(
            command,
            input=text.encode(),
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            check=False,
            **account.identity(),
        )
    finally:
        os.close(output)
    if done.returncode != 0:
        raise log.refusal()


def spawn(command: Sequence[str], account: Account, log: ServerLog) -> psutil.Process:
    """Starts a server in its own session (Ctrl-C is ours alone) and not as our child.

    A child that died would stay as a zombie for as long as we live, and PostgreSQL would
    take it for a running server.
    """
    output = log.open()
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@" </dev/null >&2 & echo $!', "sh", *command],
            stdout=subprocess.PIPE,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            check=True,
            **account.identity(),
        )
        return psutil.Process(int(done.stdout))
    except psutil.NoSuchProcess:
        raise log.refusal() from None
    finally:
        os.close(output)


def wait_until(ready: Callable[[], bool], process: psutil.Process, log: ServerLog) -> bool:
    """Waits until the server is ready (True) or its process is gone (False)."""
    deadline = time.monotonic() + START_S_MAX
    while not ready():
        if not is_alive(process):
            return False
        if time.monotonic() > deadline:
            raise Unavailable(
                f"{log.server} has not answered for {START_S_MAX:.0f} s; it may be mending itself "
                f"after a crash. Look into {log.file} and start again."
            )
        time.sleep(0.005)
    return True


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not, though its pid lasts until its parent looks."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def named_in(pid_file: Path, folder: Path) -> psutil.Process | None:
    """The process a pid file names, if it lives and works in `folder`: pids are used again."""
    with suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if works_in(process, folder):
            return process
    return None


def works_in(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error, OSError):
        return Path(process.cwd()) == folder and is_alive(process)
    return False


def answers(address: Path, question: bytes, answer: bytes) -> bool:
    """Whether what listens there replies as expected: a connection alone may be to the dying."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2.0)
        line.connect(str(address))
        line.sendall(question)
        return line.recv(16).startswith(answer)
    return False


def end(processes: Sequence[psutil.Process | None], by: signal.Signals, wait_s: float) -> None:
    """Ends them as asked; those still there after `wait_s`, at once."""
    living = [process for process in processes if process is not None]
    for signal_, patience_s in ((by, wait_s), (signal.SIGKILL, 5.0)):
        for process in living:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal_)
        deadline = time.monotonic() + patience_s
        while living and time.monotonic() < deadline:
            time.sleep(0.005)
            living = [process for process in living if is_alive(process)]


def _environment() -> dict[str, str]:
    """Ours alone: a PGPORT or a language of the person's shell must not reach the servers."""
    return {"PATH": os.defpath, "LC_ALL": "C"}
