"""The shared cases of empyrical: met where our definition is theirs, and told where it is not."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from domain.quant import benchmark, ratios, returns
from domain.quant.definitions import NOT_KEPT
from domain.quant.drawdown import max_drawdown
from domain.quant.figures import Outcome, Status
from domain.shared import InvalidInput
from tests.domain.quant.reference import Case, shared_data

PER_YEAR = {"daily": 252.0, "weekly": 52.0, "monthly": 12.0, "yearly": 1.0}

Dated = dict[date, float | None]
Expected = float | str | None


@cache
def shared() -> dict[str, Any]:
    path = shared_data() / "metrics" / "metrics_cases.json"
    if not path.is_file():
        pytest.skip(f"no cases at {path}; set TRUETAPE_SHARED_DATA to read them")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def fixture(name: str) -> list[Dated]:
    """The series of a fixture: one, or one for each column."""
    made = shared()["fixtures"][name]
    if "constant" in made:
        first = date.fromisoformat(made["start"][:10])
        return [{first + timedelta(day): made["constant"] for day in range(made["length"])}]
    days = [date.fromisoformat(day) for day in made["dates"]]
    columns = made["columns"].values() if "columns" in made else [made["values"]]
    return [dict(zip(days, values, strict=True)) for values in columns]


def expression(words: str) -> list[Dated]:
    """`name`, `-name` or `name[1:]`."""
    (found,) = fixture(words.strip("-").removesuffix("[1:]"))
    if words.endswith("[1:]"):
        return [dict(list(found.items())[1:])]
    if words.startswith("-"):
        return [{day: None if one is None else -one for day, one in found.items()}]
    return [found]


def given(argument: Any) -> Any:
    if isinstance(argument, dict):
        return (
            fixture(argument["fixture"]) if "fixture" in argument else expression(argument["expr"])
        )
    return argument


def known(series: Dated) -> list[float]:
    """Without the missing ones: a figure of ours takes no gaps."""
    return [one for one in series.values() if one is not None]


def filled(series: Dated) -> list[float]:
    """Missing ones as nothing earned, which is what empyrical chains."""
    return [one or 0.0 for one in series.values()]


def aligned(one: Dated, *others: Any) -> list[Any]:
    """Series on the days that all of them have; numbers are left as they are."""
    dated = [series for series in (one, *others) if isinstance(series, dict)]
    days = [day for day in one if all(series.get(day) is not None for series in dated)]
    return [
        [series[day] for day in days] if isinstance(series, dict) else series
        for series in (one, *others)
    ]


def per_year(case: Case) -> float:
    return PER_YEAR[case["args"].get("period", "daily")]


def other(case: Case, *names: str) -> Any:
    """An argument that is a number or one series."""
    found = given(next(case["args"][name] for name in names if name in case["args"]))
    return found[0] if isinstance(found, list) else found


def of_each(case: Case, figure: Callable[[Dated], Any]) -> Any:
    found = [figure(series) for series in given(case["args"]["returns"])]
    return found[0] if len(found) == 1 else found


def required(case: Case, figure: Callable[..., Outcome], *names: str) -> Any:
    least = other(case, *names)

    def of(series: Dated) -> Outcome:
        ours, wanted = aligned(series, least)
        return figure(ours, per_year(case), wanted)

    return of_each(case, of)


def omega(case: Case) -> Any:
    # Their required return is a year's; it is one of each period here.
    try:
        threshold = returns.per_period(case["args"]["required_return"], 252)
    except InvalidInput:
        return None

    def of(series: Dated) -> Outcome:
        ours, free = aligned(series, other(case, "risk_free"))
        return ratios.omega(ours, np.asarray(free) + threshold)

    return of_each(case, of)


def beside(case: Case, figure: Callable[[list[float], list[float]], Any]) -> Any:
    market = other(case, "benchmark", "factor_returns")
    return of_each(case, lambda series: figure(*aligned(series, market)))


def line(ours: Sequence[float], market: Sequence[float], up: bool | None = None) -> Any:
    days = [at for at, one in enumerate(market) if up is None or (one >= 0) is up]
    found = benchmark.fit([ours[at] for at in days], [market[at] for at in days], 252)
    return [None, None] if isinstance(found, Status) else list(found)


def part(place: int) -> Callable[[list[float], list[float]], Any]:
    return lambda ours, market: line(ours, market)[place]


def rolled(case: Case, figure: Callable[..., Any]) -> Any:
    """The figure over each window of so many days, all series moving together."""
    names = [name for name in ("returns", "factor_returns") if name in case["args"]]
    together = [filled(given(case["args"][name])[0]) for name in names]
    size = case["args"]["window"]
    places = range(len(together[0]) - size + 1)
    return [figure(*(series[at : at + size] for series in together)) for at in places]


def sharpe_of(ours: list[float]) -> Outcome:
    return ratios.sharpe(ours, 252)


def up_down(ours: list[float], market: list[float]) -> Outcome:
    up = benchmark.up_capture(ours, market, 252)
    down = benchmark.down_capture(ours, market, 252)
    return Status.TOO_FEW if isinstance(up, Status) or isinstance(down, Status) else up / down


def captured(figure: Callable[..., Outcome]) -> Callable[..., Outcome]:
    return partial(lambda ours, market: figure(ours, market, 252))


def whole_capture(case: Case) -> Any:
    market = filled(other(case, "factor_returns"))
    return of_each(case, lambda one: benchmark.capture(filled(one), market, 252))


def rolled_sharpe(case: Case) -> Any:
    """A missing first day is no return here, theirs keeps the window and leaves it out."""
    series = list(given(case["args"]["returns"])[0].values())
    size = case["args"]["window"]
    windows = (series[at : at + size] for at in range(len(series) - size + 1))
    return [sharpe_of([one for one in window if one is not None]) for window in windows]


def aggregated(case: Case) -> Any:
    every = returns.Every(case["args"]["convert_to"].removesuffix("ly"))
    (series,) = given(case["args"]["returns"])
    return list(returns.chained(list(series), known(series), every).values())


def indexed(case: Case) -> Any:
    start = case["args"]["starting_value"]
    (series,) = given(case["args"]["returns"])
    index = returns.nav_index(filled(series), start or 1.0)[1:]
    return list(index if start else index - 1.0)


def final(case: Case) -> Any:
    start = case["args"]["starting_value"]
    total = of_each(case, lambda series: returns.total_return(filled(series)))
    return total if isinstance(total, Status) or not start else start * (1.0 + total)


def excess_sharpe(case: Case) -> Any:
    def of(ours: list[float], market: Any) -> Outcome:
        found = benchmark.information_ratio(ours, np.broadcast_to(market, len(ours)), 252)
        return found if isinstance(found, Status) else found / math.sqrt(252)

    return beside(case, of)


def calmar(series: Dated, year: float) -> Outcome:
    ours = filled(series)
    return ratios.calmar(returns.annualised_return(ours, year), max_drawdown(ours))


def annual(case: Case) -> Any:
    return of_each(case, lambda one: returns.annualised_return(filled(one), per_year(case)))


OURS: dict[str, Callable[[Case], Any]] = {
    "simple_returns": lambda case: list(
        returns.simple_returns(known(given(case["args"]["prices"])[0]))
    ),
    "cum_returns": indexed,
    "cum_returns_final": final,
    "aggregate_returns": aggregated,
    "max_drawdown": lambda case: of_each(case, lambda one: max_drawdown(filled(one))),
    "annual_return": annual,
    "cagr": annual,
    "annual_volatility": lambda case: of_each(
        case, lambda one: returns.volatility(known(one), per_year(case))
    ),
    "calmar_ratio": lambda case: of_each(case, lambda one: calmar(one, per_year(case))),
    "omega_ratio": omega,
    "sharpe_ratio": lambda case: required(case, ratios.sharpe, "risk_free"),
    "downside_risk": lambda case: required(case, ratios.downside_deviation, "required_return"),
    "sortino_ratio": lambda case: required(case, ratios.sortino, "required_return"),
    "excess_sharpe": excess_sharpe,
    "alpha_beta": lambda case: beside(case, line),
    "up_alpha_beta": lambda case: beside(case, partial(line, up=True)),
    "down_alpha_beta": lambda case: beside(case, partial(line, up=False)),
    "alpha": lambda case: beside(case, part(0)),
    "beta": lambda case: beside(case, part(1)),
    "stability_of_timeseries": lambda case: of_each(case, lambda one: ratios.stability(known(one))),
    "tail_ratio": lambda case: of_each(case, lambda one: ratios.tail_ratio(known(one))),
    "capture": whole_capture,
    "up_capture": lambda case: beside(case, captured(benchmark.up_capture)),
    "down_capture": lambda case: beside(case, captured(benchmark.down_capture)),
    "up_down_capture": lambda case: beside(case, up_down),
    "roll_max_drawdown": lambda case: rolled(case, max_drawdown),
    "roll_sharpe_ratio": rolled_sharpe,
    "roll_up_capture": lambda case: rolled(case, captured(benchmark.up_capture)),
    "roll_down_capture": lambda case: rolled(case, captured(benchmark.down_capture)),
    "roll_up_down_capture": lambda case: rolled(case, up_down),
}


def agrees(found: Any, expected: Any, places: int) -> bool:
    """A number to so many places; NaN and infinity are a status here."""
    if expected is None or expected == "inf":
        alone = found if isinstance(found, list) else [found]
        return all(one is None or isinstance(one, Status) for one in alone)
    if isinstance(expected, list):
        pairs = list(zip(found, expected, strict=False))
        return len(found) == len(expected) and all(agrees(*both, places) for both in pairs)
    is_number = isinstance(found, float | int)
    return is_number and abs(found - expected) < 1.5 * 10.0**-places


def test_each_case_of_the_same_definition_is_met() -> None:
    cases = [case for case in shared()["cases"] if case["function"] in OURS]
    wrong = []
    for case in cases:
        found = OURS[case["function"]](case)
        if not agrees(found, case["expected"], case["decimals"]):
            wrong.append((case["function"], case["args"], case["expected"], found))
    assert wrong == []
    assert len(cases) == 157


def test_what_we_do_not_keep_is_told_with_its_reason() -> None:
    counted = Counter(case["function"] for case in shared()["cases"])
    assert set(counted) - set(OURS) == {name for name in NOT_KEPT if name in counted}
    assert set(NOT_KEPT).isdisjoint(OURS)
