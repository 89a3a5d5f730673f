"""What is outside and opened only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.settings import ModelSettings

if TYPE_CHECKING:
    from adapters.account_files import AccountFile
    from application.proposing import Proposing


def open_proposing(settings: ModelSettings) -> Proposing | None:
    """The asking of a language model, where one is set."""
    if not settings.url:
        return None
    # Both load the grammar, and only who reads messages needs it.
    from adapters.llm_proposer import LlmProposer
    from application.proposing import Proposing

    return Proposing(LlmProposer(settings.url, settings.model, settings.key))


def account_file(path: Path) -> AccountFile:
    """The history of an account in a file.

    Raises:
        InvalidInput: it cannot be read, or is none.
    """
    from adapters.account_files import read_account_file

    return read_account_file(path)
