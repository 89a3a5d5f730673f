"""Recollection: which rows a table has given away, without keeping their keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

BYTES = 1 << 22
"""Two bits for each key: a million and a half keys leave one wrong "maybe" in a hundred."""


class Recollection:
    """Says of a key that it was surely never added, or that it may have been (Bloom, 1970)."""

    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, keys: Iterable[Hashable]) -> None:
        """Remembers the keys."""
        bits = self._bits
        if not bits:
            bits = self._bits = bytearray(BYTES)
        for key in keys:
            number = hash(key)
            bits[number >> 3 & BYTES - 1] |= 1 << (number & 7)
            number >>= 25
            bits[number >> 3 & BYTES - 1] |= 1 << (number & 7)

    def __contains__(self, key: Hashable) -> bool:
        bits = self._bits
        if not bits:
            return False
        number = hash(key)
        if not bits[number >> 3 & BYTES - 1] & 1 << (number & 7):
            return False
        number >>= 25
        return bool(bits[number >> 3 & BYTES - 1] & 1 << (number & 7))
