"""The embedded Valkey: carries notifications only, so it keeps nothing on disk."""

from __future__ import annotations

import signal

from adapters.embedded.place import Place
from adapters.embedded.processes import ServerLog, answers, end, named_in, spawn, wait_until

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "64mb",
    "set-proc-title": "no",
}


def start(place: Place) -> None:
    """Returns when Valkey answers, whoever started it.

    Raises:
        Unavailable: it does not start.
    """

    def ready() -> bool:
        return answers(place.valkey_socket, b"PING\r\n", b"+PONG")

    if ready():
        return
    stop(place)
    settings = SETTINGS | {
        "dir": str(place.sockets),
        "unixsocket": str(place.valkey_socket),
        "pidfile": str(place.valkey_pid),
    }
    command = [str(place.programs.valkey_server)]
    for name, value in settings.items():
        command += [f"--{name}", value]
    log = ServerLog("Valkey", place.log("valkey"))
    started = spawn(command, place.account, log)
    if not wait_until(ready, started, log):
        raise log.refusal()


def stop(place: Place) -> None:
    """At once: there is nothing to save, and asking in order takes it half a second."""
    end([named_in(place.valkey_pid, place.sockets)], signal.SIGKILL, 5.0)
    place.valkey_pid.unlink(missing_ok=True)
    place.valkey_socket.unlink(missing_ok=True)
