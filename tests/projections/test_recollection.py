"""Recollection never denies a key, and seldom takes a strange one for known."""

from __future__ import annotations

from uuid import UUID, uuid5

from projections.recollection import Recollection

ROOT = UUID(int=7)


def keys(first: int, number: int) -> list[int]:
    return [uuid5(ROOT, str(n)).int for n in range(first, first + number)]


def test_nothing_is_known_at_first() -> None:
    assert 5 not in Recollection()


def test_no_key_is_denied_however_many_there_are() -> None:
    found = Recollection()
    for first in range(0, 200_000, 20_000):
        found.add(keys(first, 20_000))
    assert all(key in found for key in keys(0, 200_000))


def test_few_strange_keys_are_taken_for_known() -> None:
    found = Recollection()
    for first in range(0, 200_000, 20_000):
        found.add(keys(first, 20_000))
    strange = keys(1_000_000, 20_000)
    assert sum(key in found for key in strange) < len(strange) * 0.02


def test_any_hashable_is_a_key() -> None:
    found = Recollection()
    found.add([("TSLA", 3), "main", -5])
    assert ("TSLA", 3) in found
    assert "main" in found
    assert -5 in found
