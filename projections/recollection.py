"""Recollection: which rows a table has given away, without keeping their keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

FIRST_CELLS = 1 << 20
CELLS_PER_KEY = 32
"""With two cells set for each key, about one "maybe" in 270 is wrong."""
HALF = 30
"""A hash has 61 bits: the lower ones choose one cell, the others a second."""


class Recollection:
    """Says of a key that it was surely never added, or that it may have been (Bloom, 1970).

    When it is full, a layer four times as large is laid over it. A cell is a byte: a bit would
    take an eighth of the memory and longer to set.
    """

    __slots__ = ("_layers", "_room")

    def __init__(self) -> None:
        self._layers: list[bytearray] = []
        self._room = 0

    def add(self, keys: Sequence[Hashable]) -> None:
        """Remembers the keys."""
        if self._room < len(keys):
            cells = len(self._layers[-1]) * 4 if self._layers else FIRST_CELLS
            while cells < len(keys) * CELLS_PER_KEY:
                cells *= 4
            self._layers.append(bytearray(cells))
            self._room = cells // CELLS_PER_KEY
        self._room -= len(keys)
        _mark(self._layers[-1], keys)

    def __contains__(self, key: Hashable) -> bool:
        number = hash(key)
        for layer in self._layers:
            last = len(layer) - 1
            if layer[number & last] and layer[number >> HALF & last]:
                return True
        return False


def _mark(layer: bytearray, keys: Iterable[Hashable]) -> None:
    last = len(layer) - 1
    for number in map(hash, keys):
        layer[number & last] = layer[number >> HALF & last] = 1
