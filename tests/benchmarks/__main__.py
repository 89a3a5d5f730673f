"""Runs the benchmarks: `python -m tests.benchmarks [NAME...] [--json]`.

Ends with 1 when a limit is missed or a benchmark fails, and with 2 when a name is unknown. A
benchmark whose peer is not installed is skipped and says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.harness import benchmarks


def main() -> int:
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="truetape bench", description="Measures Truetape.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(known))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")
    outcomes = {}
    progress = Console(stderr=True)
    for name in chosen.names or known:
        with progress.status(f"measuring {name}"):
            outcomes[name] = known[name].run()
    if chosen.json:
        json.dump(outcomes, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        Console().print(_table(outcomes))
    ratios = [outcome["ratio"] for outcome in outcomes.values()]
    return 0 if all(ratio is None or ratio >= 1 for ratio in ratios) else 1


def _table(outcomes: dict[str, dict[str, Any]]) -> Table:
    table = Table("benchmark", "value", "limit", "met", "note")
    for name, outcome in outcomes.items():
        value, ratio = outcome["value"], outcome["ratio"]
        said = "-" if value is None or ratio is None else f"{_figure(value)} {outcome['unit']}"
        met = "-" if ratio is None else "yes" if ratio >= 1 else "NO"
        table.add_row(name, said, _figure(outcome["limit"]), met, outcome["note"])
    return table


def _figure(number: float) -> str:
    """Four digits are enough, but nobody reads 1.062e+04."""
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.4g}"


if __name__ == "__main__":
    sys.exit(main())
