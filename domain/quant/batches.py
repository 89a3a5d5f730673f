"""Batches of options as flat arrays: made to fit each other, refused by name where they cannot.

Kernels take contiguous float64 arrays of n options, or of one where all share a number, so that
a surface on one spot costs no copies of that spot.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.quant.compiling import part
from domain.shared import InvalidInput

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Shape = tuple[int, ...]

BLOCK = 64
"""How many options a kernel works on at a time: as many as stay in the nearest cache."""

WORTH_A_THREAD = 8192
"""Fewer options than this are done before a second thread has begun."""

_Told = TypeVar("_Told")


class Batch(NamedTuple):
    """`columns` in the order of their names, each (n) or (1); `is_call` likewise."""

    columns: tuple[Floats, ...]
    is_call: Flags
    shape: Shape
    size: int


def batch(is_call: ArrayLike, **numbers: ArrayLike) -> Batch:
    """The named numbers as arrays that a kernel takes, and the shape they broadcast to.

    Raises:
        InvalidInput: shapes that do not broadcast, or words where numbers belong.
    """
    try:
        arrays = [np.asarray(value, dtype=np.float64) for value in numbers.values()]
        calls = np.asarray(is_call, dtype=np.bool_)
        shapes = {array.shape for array in arrays if array.size != 1 or array.ndim}
        shapes.add(calls.shape)
        shapes.discard(())
        shape = shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(calls.shape, *shapes)
        columns = tuple(_flat(array, shape) for array in arrays)
        flags = _flat(calls, shape)
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"{', '.join(numbers)} and is_call do not fit: {wrong}") from wrong
    size = 1
    for length in shape:
        size *= length
    return Batch(columns, flags, shape, size)


def _flat(array: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Contiguous and writable (one type of array is one compiled kernel), of n or of one."""
    if array.shape != shape and array.size != 1:
        array = np.broadcast_to(array, shape)
    flat = array.reshape(-1)
    if flat.flags.c_contiguous and flat.flags.writeable:
        return flat
    return flat.copy()


def in_parts(size: int, threads: int, work: Callable[[int, int], _Told]) -> list[_Told]:
    """What `work(start, stop)` says of each part of the batch, over so many threads at most.

    Parts are whole blocks and no figure depends on its neighbours, so the bits are those of one
    thread. The work has to release the interpreter's lock.

    Raises:
        InvalidInput: fewer threads than one.
    """
    if threads < 1:
        raise InvalidInput(f"threads must be at least 1, not {threads}")
    parts = min(threads, size // WORTH_A_THREAD)
    if parts <= 1:
        return [work(0, size)]
    length = -(-size // (parts * BLOCK)) * BLOCK
    starts = range(0, size, length)
    with ThreadPoolExecutor(len(starts)) as pool:
        return list(pool.map(lambda start: work(start, min(start + length, size)), starts))


def require_between(name: str, values: Floats, least: float, most: float) -> None:
    """Refuses what is no number, not finite, or out of the range.

    Raises:
        InvalidInput: such a number, by name.
    """
    wrong = ~(np.isfinite(values) & (values >= least) & (values <= most))
    if wrong.any():
        limits = f"at least {least:g}" if np.isinf(most) else f"from {least:g} to {most:g}"
        raise InvalidInput(f"{name} must be {limits}, not {values[wrong][0]:g}")


@part
def fill(stage: Any, place: int, values: Any, start: int, count: int, rest: float) -> None:
    """Puts `count` values from `start` on into the stage at `place`, and `rest` after them up to
    a whole block; a single value goes everywhere.
    """
    if values.size == 1:
        for i in range(BLOCK):
            stage[place + i] = values[0]
        return
    for i in range(count):
        stage[place + i] = values[start + i]
    for i in range(count, BLOCK):
        stage[place + i] = rest
