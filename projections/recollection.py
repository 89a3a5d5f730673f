"""Recollection: which rows a table has given away, without keeping their keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

FIRST_BYTES = 1 << 17
BITS_PER_KEY = 32
"""With two bits set for each key, about one "maybe" in 270 is wrong."""


class Recollection:
    """Says of a key that it was surely never added, or that it may have been (Bloom, 1970).

    When it is full, a layer four times as large is laid over it.
    """

    __slots__ = ("_layers", "_room")

    def __init__(self) -> None:
        self._layers: list[bytearray] = []
        self._room = 0

    def add(self, keys: Sequence[Hashable]) -> None:
        """Remembers the keys."""
        if self._room < len(keys):
            size = len(self._layers[-1]) * 4 if self._layers else FIRST_BYTES
            while size * 8 < len(keys) * BITS_PER_KEY:
                size *= 4
            self._layers.append(bytearray(size))
            self._room = size * 8 // BITS_PER_KEY
        self._room -= len(keys)
        _mark(self._layers[-1], keys)

    def __contains__(self, key: Hashable) -> bool:
        number = hash(key)
        return any(
            layer[number >> 3 & len(layer) - 1] & 1 << (number & 7)
            and layer[number >> 28 & len(layer) - 1] & 1 << (number >> 25 & 7)
            for layer in self._layers
        )


def _mark(bits: bytearray, keys: Iterable[Hashable]) -> None:
    last = len(bits) - 1
    for number in map(hash, keys):
        bits[number >> 3 & last] |= 1 << (number & 7)
        bits[number >> 28 & last] |= 1 << (number >> 25 & 7)
