"""Keeps what was found of a word, for most of what is said is said again and again.

`functools.lru_cache` orders what it keeps by its last use, which here takes longer than to look
it up. What is kept here is thrown away together once there is too much of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
WORDS_MAX = 4_096


class Kept(dict[str, _T]):
    """What was found of each word, by the word; looked for where it is asked for first."""

    def __init__(self, find: Callable[[str], _T], most: int = WORDS_MAX) -> None:
        super().__init__()
        self._find = find
        self._most = most

    def __missing__(self, said: str) -> _T:
        if len(self) >= self._most:
            self.clear()
        found = self[said] = self._find(said)
        return found


def kept(most: int = WORDS_MAX) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """Keeps what the function finds for so many different words."""

    def keep(find: Callable[[str], _T]) -> Callable[[str], _T]:
        return Kept(find, most).__getitem__

    return keep
