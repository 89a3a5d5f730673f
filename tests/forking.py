"""Processes forked from one that has loaded what they need: loading is most of a short life."""

from __future__ import annotations

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")

# What a command prints on looks at its surroundings when it is loaded, so that is left out.
PROCESSES.set_forkserver_preload(
    [
        "application.booking",
        "application.proposing",
        "interfaces.compose",
        "redis",
        "rich.console",
        "rich.progress",
        "rich.table",
        "tests.faults.trading_worker",
        "typer",
    ]
)
