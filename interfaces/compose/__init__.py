"""The composition root: the one place where adapters are put behind the ports.

`open_house` starts or joins the servers, migrates, and hands out a `House`: the desk for
commands, connections for queries, and `catch_up`, which lets reactions and projections follow
the tape to its head.
"""

from __future__ import annotations

from interfaces.compose.house import (
    DEFAULT_ACCOUNT,
    DEMO_DATABASE,
    House,
    open_house,
)
from interfaces.compose.outside import account_file, open_proposing

__all__ = [
    "DEFAULT_ACCOUNT",
    "DEMO_DATABASE",
    "House",
    "account_file",
    "open_house",
    "open_proposing",
]
