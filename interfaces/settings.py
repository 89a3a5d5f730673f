"""Settings: what the surroundings say, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from domain.shared import InvalidInput


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are. Without the two URLs, embedded servers run under `home`."""

    home: Path
    database_url: str = ""
    redis_url: str = ""
    demo: bool = False
    """Work on the demo's record, which is kept in a database of its own."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Reads `TRUETAPE_HOME`, `TRUETAPE_DATABASE_URL`, `TRUETAPE_REDIS_URL` and
        `TRUETAPE_DEMO`.

        Raises:
            InvalidInput: only one of the two URLs is set.
        """
        words = os.environ if environment is None else environment
        database = words.get("TRUETAPE_DATABASE_URL", "")
        redis = words.get("TRUETAPE_REDIS_URL", "")
        if bool(database) != bool(redis):
            raise InvalidInput(
                "set both TRUETAPE_DATABASE_URL and TRUETAPE_REDIS_URL to use your own servers, "
                "or neither to use the embedded ones"
            )
        demo = words.get("TRUETAPE_DEMO", "") not in ("", "0")
        home = Path(words.get("TRUETAPE_HOME") or ".truetape")
        return cls(home=home.absolute(), database_url=database, redis_url=redis, demo=demo)

    @property
    def demo_folder(self) -> Path:
        """Where the demo's files are."""
        return self.home / "demo"
