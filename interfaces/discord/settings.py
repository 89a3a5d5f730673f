"""Discord settings: which channels are watched and posted in, and which roles may decide."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.shared import InvalidInput
from interfaces.compose import DEFAULT_ACCOUNT

HERE, ELSEWHERE = "here", "elsewhere"


class DiscordSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot is told by its surroundings.

    Channels and roles are given by name or by id. A channel to post in that is named by nothing
    is not posted in. Without roles nobody decides in Discord: no name is taken for granted.
    """

    token: str = ""
    channels: tuple[str, ...] = ()
    """The channels that are watched."""
    signals: str = "signals"
    """Where each signal has its card."""
    trades: str = "trades"
    """Where fills and exits are told."""
    alerts: str = "alerts"
    """Where risks are told."""
    operators: str = "operators"
    """Where alarms are told."""
    board: str = "leaderboard"
    """Where the leaderboard is pinned."""
    record: str = "record"
    """Where each checkpoint of the log is posted."""
    approvers: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    account: str = DEFAULT_ACCOUNT
    """The account in which an approved signal is traded."""
    works: bool = True
    """Whether the process of the bot moves reactions and read models along as well."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> DiscordSettings:
        """Reads `TRUETAPE_DISCORD_...` and `TRUETAPE_WORKER`.

        Raises:
            InvalidInput: `TRUETAPE_WORKER` is neither `here` nor `elsewhere`.
        """
        words = os.environ if environment is None else environment

        def word(name: str, default: str) -> str:
            return words.get(f"TRUETAPE_DISCORD_{name}", default).strip().removeprefix("#")

        def listed(name: str) -> tuple[str, ...]:
            parts = words.get(f"TRUETAPE_DISCORD_{name}", "").split(",")
            return tuple(part.strip() for part in parts if part.strip())

        worker = words.get("TRUETAPE_WORKER", "").strip() or HERE
        if worker not in (HERE, ELSEWHERE):
            raise InvalidInput(f"TRUETAPE_WORKER is {HERE} or {ELSEWHERE}, not {worker!r}")
        return cls(
            token=word("TOKEN", ""),
            channels=listed("CHANNELS"),
            signals=word("SIGNALS", "signals"),
            trades=word("TRADES", "trades"),
            alerts=word("ALERTS", "alerts"),
            operators=word("OPERATORS", "operators"),
            board=word("BOARD", "leaderboard"),
            record=word("RECORD", "record"),
            approvers=frozenset(listed("APPROVERS")),
            admins=frozenset(listed("ADMINS")),
            account=word("ACCOUNT", DEFAULT_ACCOUNT) or DEFAULT_ACCOUNT,
            works=worker == HERE,
        )

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"DiscordSettings({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """All but the token: whoever has it is the bot."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "token"]
