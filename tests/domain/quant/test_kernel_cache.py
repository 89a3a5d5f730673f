"""Kernels on disk, while several processes compile: each finds its own or none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from domain.quant import compiling
from domain.quant.kernel_cache import KernelCache, KernelFiles

WRITERS = 8
KERNELS_EACH = 12


def files(folder: Path, stamp: int = 1) -> Any:
    """A process's view of a function's files: a lock is held by who opened it."""
    made: Any = KernelFiles
    return made(cache_path=str(folder), filename_base="value-7.py311", source_stamp=stamp)


def test_whoever_adds_at_the_same_time_finds_his_own(tmp_path: Path) -> None:
    ready = threading.Barrier(WRITERS)

    def add(writer: int) -> list[object]:
        mine = files(tmp_path)
        mistaken: list[object] = []
        ready.wait()
        for number in range(KERNELS_EACH):
            mine.save((writer, number), f"kernel {(writer, number)}")
            for key in ((writer, number), ((writer + 1) % WRITERS, number)):
                found = mine.load(key)
                if found not in (f"kernel {key}", None):
                    mistaken.append((key, found))
        return mistaken

    with ThreadPoolExecutor(WRITERS) as pool:
        assert list(pool.map(add, range(WRITERS))) == [[]] * WRITERS
    keys = [(writer, number) for writer in range(WRITERS) for number in range(KERNELS_EACH)]
    assert [files(tmp_path).load(key) for key in keys] == [f"kernel {key}" for key in keys]


def test_a_kernel_is_replaced_in_its_place(tmp_path: Path) -> None:
    files(tmp_path).save("a", "first")
    files(tmp_path).save("a", "second")
    assert files(tmp_path).load("a") == "second"
    assert len(list(tmp_path.glob("*.nbc"))) == 1


def test_kernels_of_another_source_are_not_found(tmp_path: Path) -> None:
    files(tmp_path, stamp=1).save("a", "old")
    assert files(tmp_path, stamp=2).load("a") is None


def test_kernels_are_kept_this_way() -> None:
    @compiling.kernel
    def doubled(values: Any) -> Any:
        return values * 2.0

    compiled: Any = doubled
    assert isinstance(compiled._cache, KernelCache)
    assert doubled(np.ones(2)).tolist() == [2.0, 2.0]
    assert isinstance(compiled._cache._cache_file, KernelFiles)
