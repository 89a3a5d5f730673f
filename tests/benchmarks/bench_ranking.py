"""Who gets to the top: ranking rules v2 beside the usual rankings, over simulated years.

Each run takes fresh seeds. The usual rankings are shown twice: on what traders tell, which is
what other boards have, and on the honest record.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.random import SeedSequence, default_rng

from domain.quant.ranking import Formula, Standing, rank
from domain.quant.ranking_sums import TradeSums, pooled, trade_sums
from domain.quant.series import Floats
from tests.benchmarks.harness import Measured, benchmark
from tests.benchmarks.ranking_population import CHEATS, Community, Kind, Trades, Whole, Year, year

REPEATS = 200
TOP = 25
SKILLED_LIMIT, CHEATS_LIMIT = 0.70, 0.02
MINIMUM_TRADES = 20
RULES = "rules v2"
USUAL = ("win rate", "sharpe", "total return", "accuracy")


class Seats(NamedTuple):
    """Who sat in the top seats of all repeats, by kind; `empty` ones are nobody's."""

    by_kind: Whole
    empty: int

    @property
    def skilled(self) -> float:
        """The share of all seats, empty ones too."""
        return float(self.by_kind[Kind.SKILLED] / (self.by_kind.sum() + self.empty))

    @property
    def cheats(self) -> float:
        """The share of the seats that somebody sat in."""
        return float(self.by_kind[list(CHEATS)].sum() / max(self.by_kind.sum(), 1))


class Simulation(NamedTuple):
    """The seats under each ranking, and the seed that gives the same years again."""

    seats: dict[str, Seats]
    repeats: int
    seed: int
    seconds: float


def simulate(
    repeats: int = REPEATS,
    seed: int | None = None,
    community: Community | None = None,
    formula: Formula | None = None,
    linked: bool = True,
) -> Simulation:
    """Ranks so many years. Unless `linked`, nobody knows which accounts are one person's."""
    begun = time.process_time()
    people = Community() if community is None else community
    chosen = int(SeedSequence().generate_state(1)[0]) if seed is None else seed
    tops: dict[str, list[Whole]] = {}
    for child in SeedSequence(chosen).spawn(repeats):
        for name, top in _tops(year(default_rng(child), people), formula, linked).items():
            tops.setdefault(name, []).append(top)
    seats = {name: _seats(found) for name, found in tops.items()}
    return Simulation(seats, repeats, chosen, time.process_time() - begun)


def _tops(of: Year, formula: Formula | None, linked: bool) -> dict[str, Whole]:
    """The kinds of those in the top seats under each ranking."""
    person = of.person if linked else np.arange(of.kind.size)
    accounts = np.maximum(np.bincount(person, minlength=of.kind.size), 1)
    kept = pooled(_sums(of.kept, of.kind.size), person, of.kind.size)
    found = rank(kept, formula, accounts)
    ranked = np.flatnonzero(found.standing == Standing.RANKED)
    best = ranked[np.argsort(found.place[ranked])][:TOP]
    tops = {RULES: of.kind[best]}
    for where, sums in (("told", _sums(of.told, of.kind.size)), ("kept", kept)):
        for name, figure in _usual(sums).items():
            figure[sums.trades < MINIMUM_TRADES] = -np.inf
            tops[f"{name}, {where}"] = of.kind[np.argsort(-figure, kind="stable")[:TOP]]
    return tops


def _sums(trades: Trades, accounts: int) -> TradeSums:
    return trade_sums(trades.returns, trades.worst, trades.account, accounts)


def _usual(sums: TradeSums) -> dict[str, Floats]:
    """What other boards rank by; accuracy is the lower end of Wilson's interval of wins."""
    n = np.maximum(sums.trades, 2.0)
    share, mean = sums.wins / n, sums.total / n
    variance = np.maximum((sums.squares - n * mean * mean) / (n - 1.0), 1e-12)
    z = 1.959963984540054
    half = z * np.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low = (share + z * z / (2.0 * n) - half) / (1.0 + z * z / n)
    figures = (share, mean / np.sqrt(variance), sums.total.copy(), low)
    return dict(zip(USUAL, figures, strict=True))


def _seats(tops: list[Whole]) -> Seats:
    sitting = np.concatenate(tops)
    by_kind = np.bincount(sitting, minlength=len(Kind))
    return Seats(by_kind, TOP * len(tops) - sitting.size)


def table(simulation: Simulation) -> str:
    """Shares of the top seats in per cent, one ranking a line."""
    heads = [*(_word(kind) for kind in Kind), "empty"]
    lines = [f"{'top 25 by':<20}" + "".join(f"{head:>17}" for head in heads)]
    for name, seats in simulation.seats.items():
        lines.append(f"{name:<20}" + "".join(f"{share:>15.1f} %" for share in _shares(seats)))
    return "\n".join(lines)


def _word(kind: Kind) -> str:
    return kind.name.lower().replace("_", " ")


def _shares(seats: Seats) -> list[float]:
    """Of all seats in per cent, by kind, and the empty ones at the end."""
    total = seats.by_kind.sum() + seats.empty
    return [100.0 * share / total for share in (*seats.by_kind.tolist(), seats.empty)]


@cache
def _run() -> Simulation:
    """One run for both benchmarks."""
    return simulate()


def _heading(simulation: Simulation) -> str:
    return (
        f"{simulation.repeats} years of 500 traders, seed {simulation.seed}, "
        f"{simulation.seconds:.0f} s of processor time"
    )


def _note(simulation: Simulation) -> str:
    """The table with as few words as a narrow column needs."""
    lines = [f"{_heading(simulation)}; top {TOP} in %:"]
    for name, seats in simulation.seats.items():
        shares = zip([*(_word(kind) for kind in Kind), "empty"], _shares(seats), strict=True)
        told = ", ".join(f"{word} {share:.1f}" for word, share in shares if share >= 0.05)
        lines.append(f"{name}: {told}")
    return "\n".join(lines)


@benchmark("ranking_simulation", unit="of top 25", limit=SKILLED_LIMIT, better="higher")
def skilled_at_the_top() -> Measured:
    """The share of the top seats that the skilled get."""
    return Measured(_run().seats[RULES].skilled, _note(_run()))


@benchmark("ranking_cheats", unit="of top 25", limit=CHEATS_LIMIT, better="lower")
def cheats_at_the_top() -> Measured:
    """The share of the taken top seats that cheats get; half a seat stands for none."""
    seats = _run().seats[RULES]
    least = 0.5 / (TOP * REPEATS)
    return Measured(max(seats.cheats, least), _note(_run()))


def main() -> None:
    """Prints the table for other communities than the usual one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--unlinked", action="store_true", help="nobody knows who has accounts")
    usual = Community()
    for name, value in usual._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--tail-rate", type=float, default=Formula().tail_rate)
    chosen = vars(parser.parse_args())
    repeats, seed, apart = (chosen.pop(name) for name in ("repeats", "seed", "unlinked"))
    formula = Formula(tail_rate=chosen.pop("tail_rate"))
    found = simulate(repeats, seed, Community(**chosen), formula, linked=not apart)
    sys.stdout.write(f"{_heading(found)}\n{table(found)}\n")


if __name__ == "__main__":
    main()
