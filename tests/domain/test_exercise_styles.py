"""Which options may be exercised early: stated root by root, shares' all."""

from __future__ import annotations

import pytest

from domain.exercise_styles import INDEX_STYLES, ExerciseStyle, exercise_style
from domain.instruments import Option, instrument


@pytest.mark.parametrize(
    "root", ["SPX", "SPXW", "XSP", "NDX", "NDXP", "RUT", "RUTW", "VIX", "DJX", "XEO"]
)
def test_most_index_options_are_european(root: str) -> None:
    assert exercise_style(root) is ExerciseStyle.EUROPEAN
    option = instrument(f"{root:<6}261218P00250000")
    assert isinstance(option, Option)
    assert option.is_european


@pytest.mark.parametrize("root", ["OEX", "SPY", "QQQ", "TSLA", "TSLA1", "BRKB"])
def test_options_on_shares_funds_and_the_old_hundred_are_american(root: str) -> None:
    assert exercise_style(root) is ExerciseStyle.AMERICAN
    option = instrument(f"{root:<6}261218P00250000")
    assert isinstance(option, Option)
    assert not option.is_european


def test_every_index_root_that_is_settled_in_cash_has_a_stated_style() -> None:
    for root in INDEX_STYLES:
        option = instrument(f"{root:<6}261218P00250000")
        assert isinstance(option, Option)
        assert option.is_index
