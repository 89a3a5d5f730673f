"""The benchmarks' own arithmetic."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.benchmarks.harness import Benchmark, Measured, benchmark, in_turns, seconds_each


@pytest.mark.parametrize(
    ("better", "value", "ratio"),
    [("higher", 0.8, 2.0), ("higher", 0.2, 0.5), ("lower", 0.2, 2.0), ("lower", 0.8, 0.5)],
)
def test_the_ratio_is_one_or_more_when_the_limit_is_met(
    better: str, value: float, ratio: float
) -> None:
    found = Benchmark("speed", "of raw", 0.4, better, lambda: Measured(value, "so and so"))  # type: ignore[arg-type]

    assert found.run() == {
        "value": value,
        "unit": "of raw",
        "limit": 0.4,
        "ratio": pytest.approx(ratio),
        "note": "so and so",
    }


def test_what_cannot_be_measured_counts_as_missed_and_takes_no_others_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails() -> Measured:
        raise LookupError("no such table")

    outcome = Benchmark("speed", "of raw", 0.4, "higher", fails).run()

    assert (outcome["value"], outcome["ratio"]) == (None, 0.0)
    assert outcome["note"] == "failed: LookupError: no such table"
    assert "no such table" in capsys.readouterr().err


def test_two_benchmarks_cannot_share_a_name() -> None:
    declare = benchmark("test_of_harness", unit="s", limit=1, better="lower")
    declare(lambda: Measured(1, ""))

    with pytest.raises(ValueError, match="two benchmarks are called test_of_harness"):
        declare(lambda: Measured(2, ""))


def test_sides_are_measured_in_turns_and_their_medians_count() -> None:
    told: list[str] = []
    figures = iter([1.0, 10.0, 9.0, 30.0, 2.0, 20.0])

    def side(name: str) -> float:
        told.append(name)
        return next(figures)

    assert in_turns(3, lambda: side("raw"), lambda: side("ours")) == [2.0, 20.0]
    assert told == ["raw", "ours"] * 3


def test_each_item_is_worked_on_once() -> None:
    worked: list[int] = []

    assert seconds_each(worked.append, range(5)) > 0
    assert worked == [0, 1, 2, 3, 4]


def test_an_unknown_name_is_a_mistake_in_the_call() -> None:
    called = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "no_such_thing", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert called.returncode == 2
    assert "no benchmark is called no_such_thing" in called.stderr
    with pytest.raises(json.JSONDecodeError):
        json.loads(called.stdout)
