"""How functions of domain.quant are compiled: cached on disk, with the same bits everywhere.

Numba notices a change in the file that a cached function stands in, and not in those that it
calls: after an update a kernel would go on with old parts of other files. The names under which
ours are cached therefore carry a digest of all files of the package that are compiled this way.

No fast mathematics, no sums over threads; division by zero gives infinity or NaN as in IEEE 754
and not an exception, since the check would keep loops from being vectorised.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit, types
from numba.extending import intrinsic

from domain.quant.kernel_cache import KernelCache

_Function = TypeVar("_Function", bound=Callable[..., object])


def _load_without_blas() -> None:
    """Loads numba's array functions without those of linear algebra, which no kernel uses: to
    see whether there is a BLAS, numba loads SciPy's, a quarter of a second and 16 MB of it."""
    looked_for = "scipy.linalg"
    if looked_for in sys.modules:
        return
    # What stands for None cannot be imported.
    sys.modules[looked_for] = cast(Any, None)
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        del sys.modules[looked_for]


_load_without_blas()


def _digest() -> str:
    sources = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    compiled = [source for source in sources if b"quant.compiling import" in source]
    return sha256(b"".join(compiled)).hexdigest()[:12]


_PACKAGE = _digest()


def kernel(function: _Function) -> _Function:
    """A compiled function over arrays; it lets other threads run."""
    return _compiled(function, {"nogil": True})


def part(function: _Function) -> _Function:
    """A compiled function for use in others, into which it is copied."""
    return _compiled(function, {"forceinline": True})


def inner(function: _Function) -> _Function:
    """Compiles a function that only compiled ones call, without what Python would call it by (a
    third of the time that takes), and without counting references to the arrays it works on (a
    third of the time it runs): it can make none, its caller holds all.
    """
    bare = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return _compiled(function, bare)


def _compiled(function: _Function, options: dict[str, Any]) -> _Function:
    function.__qualname__ = f"{function.__qualname__}_{_PACKAGE}"
    compiled: Any = njit(error_model="numpy", **options)(function)
    # What `cache=True` would set, with files that several processes may add to at once.
    compiled._cache = KernelCache(function)
    return cast(_Function, compiled)


_inlined: Any = intrinsic


@_inlined  # type: ignore[untyped-decorator]
def at_full_width(_typing: Any) -> Any:
    """Lets the loops of the function that says it take the widest registers there are.

    Left to itself the compiler keeps to half of them on processors of which early models slowed
    down under full ones. llvmlite knows no such attribute of functions, hence `set.add`; figures
    have the same bits at any width, and a processor without such registers ignores it.
    """

    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate
