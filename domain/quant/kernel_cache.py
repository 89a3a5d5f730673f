"""Kernel cache: compiled kernels on disk, for several processes that write at once.

Numba numbers the files of a function's kernels, one for each signature. Two processes that add
one at the same time both take the next number: the index of one then leads to the file of the
other, and a kernel for other types runs in its place. Here one adds at a time, and an index
never leads to what is not written yet.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from numba.core import caching

# Numba says nothing of its types.
_Files: Any = caching.IndexDataCacheFile
_Cache: Any = caching.FunctionCache


class KernelFiles(_Files):  # type: ignore[misc]
    """The files of one function's kernels."""

    def save(self, key: Any, data: Any) -> None:
        """Adds a kernel: first its file, then its place in the index."""
        with self._alone():
            kernels = self._load_index()
            taken = set(kernels.values())
            numbered = map(self._data_name, count(1))
            name = kernels.get(key) or next(name for name in numbered if name not in taken)
            self._save_data(name, data)
            kernels[key] = name
            self._save_index(kernels)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # The lock ends with the process that holds it, whatever that dies of.
        with Path(f"{self._index_path}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class KernelCache(_Cache):  # type: ignore[misc]
    """Numba's cache of a function's kernels, with these files."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__(function)
        files: Any = KernelFiles
        self._cache_file = files(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )
