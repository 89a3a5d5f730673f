"""Writes docs/figures.md from the definitions: `python docs/generate_figures.py`.

With `--check` it writes nothing and ends with 1 if the page is not what it would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.quant.definitions import DEFINITIONS, DIFFERENCES, NOT_KEPT
from domain.quant.figures import Definition, Status

PAGE = Path(__file__).with_name("figures.md")

STATUSES = {
    Status.OK: "there is a value",
    Status.TOO_FEW: "fewer observations than the least n below",
    Status.NO_VARIATION: "all observations are the same: there is nothing to divide by",
    Status.NO_LOSSES: "nothing was lost, so a ratio to losses would be without end",
    Status.NO_WINS: "nothing was won",
    Status.NO_DRAWDOWN: "the index never fell",
    Status.NOT_RECOVERED: "the index has not been back at its peak",
    Status.RUINED: "the index came to nothing",
    Status.NO_BENCHMARK: "fewer than 20 sessions have a price of the benchmark on record",
    Status.NO_RATE: "no yearly rate between -99.99 % and 100,000,000 % makes the flows worth "
    "nothing",
    Status.SEVERAL_RATES: "more than one yearly rate does",
    Status.NO_STOPS: "no trade was posted with a stop",
    Status.NEVER: "no length of record would do",
    Status.BEYOND: "beyond 10^15: the record is short, or a price mistyped",
}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Performance figures"
    yield ""
    yield "Generated from the code by `python docs/generate_figures.py`; do not edit."
    yield ""
    yield (
        "Each figure comes with its status, unit, n, ddof, period, risk-free rate and "
        "annualisation: `truetape trader NAME --window all`, or `trader { performance }` in "
        "GraphQL. They are worked out from the stored days and trades when asked for, as known "
        "at any position of the tape; the same record gives the same digits."
    )
    yield ""
    yield (
        "r is a day's return: the ranking rules' share of NAV times what each scored trade moved. "
        "Sessions are the exchange's, from the first scored trade on, and any other day on which "
        "something moved; idle ones have the return 0. rf and b are the risk-free rate (0 unless "
        "another is asked for; (1 + yearly rate)^(1 / sessions a year) - 1) and the benchmark's "
        "return (SPY unless another is asked for, at the last mark of each day). Sessions a year "
        "are the ranking rules'. Intervals hold 95 %; those of the stationary bootstrap (Politis "
        "and Romano, 1994) take 1,000 samples in stretches of n^(1/3) on average, with chance "
        "derived from the record itself."
    )
    yield from _table(
        ("figure", "unit", "n counts", "least n", "meaning", "formula", "ddof", "source"),
        [_row(definition) for definition in DEFINITIONS.values()],
    )
    yield from _titled("Why there is none")
    yield from _table(("status", "meaning"), [(f"`{one.value}`", STATUSES[one]) for one in Status])
    yield from _titled("Where empyrical differs")
    yield (
        "The shared cases of empyrical-reloaded 0.7.1 are met to their digits where the "
        "definition is the same; here it is not."
    )
    yield from _table(("of", "empyrical", "here"), DIFFERENCES)
    yield ""
    yield "Not kept: " + "; ".join(f"`{name}` ({why})" for name, why in NOT_KEPT.items()) + "."


def _titled(words: str) -> Iterator[str]:
    yield ""
    yield f"## {words}"
    yield ""


def _row(definition: Definition) -> tuple[str, ...]:
    tags = [tag for tag, has in (("per year", definition.yearly),) if has]
    return (
        f"`{definition.name}`",
        ", ".join([definition.unit.value, *tags]),
        definition.of,
        str(definition.least),
        definition.meaning,
        f"`{definition.formula}`",
        "" if definition.ddof is None else str(definition.ddof),
        definition.source,
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> int:
    """Writes or checks the page; returns the exit code."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return 0 if current == page() else 1


if __name__ == "__main__":
    sys.exit(main())
