"""Values and scenarios are the same bits after a restart, which compiles nothing anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
REPLAY = """
import hashlib
from domain.quant import american_implied, scenario_kernel
from domain.quant.scenario import revalue
from domain.quant.valuing import value_options
from tests.benchmarks.bench_quant_exposure import RATE, book, mids

threads = int(__import__("sys").argv[1])
options = book(150, 0.7, seed=9)
terms = options.spot, options.strike, options.years, RATE, options.dividend_yield
styles = options.is_call, options.is_american
found = value_options(mids(options), *terms, *styles, threads=threads)
grid = revalue(*terms, options.vol, *styles, threads=threads)
columns = (*found, *grid)
print(hashlib.sha256(b"".join(one.tobytes() for one in columns)).hexdigest())
kernels = american_implied._kernel, scenario_kernel.fill_grids
print(sum(sum(one.stats.cache_misses.values()) for one in kernels))
"""


def test_values_and_scenarios_are_the_same_after_a_restart_and_on_two_threads() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", REPLAY, threads],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split()
        for threads in ("1", "2")
    ]  # fmt: skip
    assert said[0][0] == said[1][0]
    # The second start finds what the first one compiled.
    assert said[1][1] == "0"
