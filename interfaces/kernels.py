"""Kernels: what values options is compiled at its first use, which takes half a minute, and kept on
disk. A process of its own does that beside whatever comes before options are valued.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from domain.quant.watching import (
    Instruments,
    Quotes,
    flags,
    floats,
    greeks_per_share,
    ints,
    no_greeks,
)


def value_an_option() -> None:
    """A call and a put at the money on a share at 100, with a year to go: they load the compiled
    kernels of both exercise styles."""
    nobody = np.nan
    share_call_put = Instruments(
        strike=floats([nobody, 100, 100]),
        expires_s=floats([nobody, 365 * 86_400, 365 * 86_400]),
        is_call=flags([False, True, False]),
        is_american=flags([False, True, True]),
        spot=ints([-1, 0, 0]),
    )
    quotes = Quotes(floats([99, 7, 6]), floats([101, 9, 8]), floats([0, 0, 0]))
    greeks_per_share(share_call_put, quotes, no_greeks(3), rate=0.04, now_s=0.0)


@contextmanager
def compiling(environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Compiles what is not compiled yet, in another process, which can be waited for."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "interfaces.kernels"],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    value_an_option()
