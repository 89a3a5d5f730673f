"""Settings: what the surroundings say, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from domain.shared import InvalidInput

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


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


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which language model may propose readings; without a URL, none."""

    url: str = ""
    model: str = ""
    key: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ModelSettings:
        """Reads `TRUETAPE_LLM_URL`, `TRUETAPE_LLM_MODEL` and `TRUETAPE_LLM_KEY`.

        Raises:
            InvalidInput: the URL is none that can be asked, or no model is named with it.
        """
        words = os.environ if environment is None else environment
        found = cls(
            url=words.get("TRUETAPE_LLM_URL", "").strip(),
            model=words.get("TRUETAPE_LLM_MODEL", "").strip(),
            key=words.get("TRUETAPE_LLM_KEY", "").strip(),
        )
        if found.url:
            found.check()
        return found

    def check(self) -> None:
        """Refuses what cannot be asked, and a key that would travel in the clear."""
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            raise InvalidInput("TRUETAPE_LLM_URL is no address: https://host/v1")
        if parts.username is not None or parts.query or parts.fragment:
            raise InvalidInput("TRUETAPE_LLM_URL is an address only: the key is TRUETAPE_LLM_KEY")
        if not self.model:
            raise InvalidInput("TRUETAPE_LLM_MODEL names no model")
        if not (self.key.isascii() and self.key.isprintable()):
            raise InvalidInput("TRUETAPE_LLM_KEY is no key: it has characters that cannot be sent")
        if self.key and parts.scheme == "http" and host not in _THIS_MACHINE:
            raise InvalidInput("TRUETAPE_LLM_URL has to be https: a key is not sent in the clear")

    def __repr__(self) -> str:
        return f"ModelSettings(url={self.url!r}, model={self.model!r})"
