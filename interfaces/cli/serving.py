"""`truetape serve`: the API and the pages, with a worker beside it unless another process works."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Annotated

import typer

from interfaces.cli.output import console, warn
from interfaces.cli.running import working
from interfaces.cli.session import house
from interfaces.compose import House

HOST, PORT = "127.0.0.1", 8000

Host = Annotated[str, typer.Option(help="Where the API listens.")]
Port = Annotated[int, typer.Option(help="Its port.")]


def serve(
    host: Host = HOST,
    port: Port = PORT,
    open_reading: Annotated[
        bool, typer.Option("--open-reading", help="Let anybody read without a token.")
    ] = False,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="Leave reactions and read models to `work`.")
    ] = False,
) -> None:
    """Serve GraphQL and the auditor's pages, on this machine only unless told otherwise."""
    with house() as opened:
        serve_until_stopped(opened, host, port, open_reading=open_reading, work=not no_work)


def serve_until_stopped(
    opened: House, host: str, port: int, *, open_reading: bool, work: bool = True
) -> None:
    """Serves the API until Ctrl-C or SIGTERM, following the tape meanwhile."""
    from interfaces.http import serve as serve_http

    if open_reading and host != HOST:
        warn(f"anybody who reaches {host}:{port} can read everything")
    console.print(f"GraphQL on http://{host}:{port}/graphql, pages on http://{host}:{port}/audit")
    console.print("Ctrl-C ends it")
    with working(opened, threading.Event(), alone=True) if work else nullcontext():
        serve_http(opened, host, port, open_reading=open_reading)
