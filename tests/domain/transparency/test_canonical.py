"""Our canonical JSON is RFC 8785's wherever it is one at all."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.canonical import INTEGER_MAX, canonical
from domain.transparency.refusals import Malformed

texts = st.text(st.characters(codec="utf-8"))
scalars = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=12
)


@given(values)
def test_it_writes_what_a_general_library_writes(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_names_stand_in_the_order_of_utf_16() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [0.5, 56.0, float("nan"), INTEGER_MAX + 1, -INTEGER_MAX - 1, b"bytes", {1: "one"}, "\ud800",
     {"\udfff": 1}, [{"deep": [1.5]}], {1, 2}],
)  # fmt: skip
def test_what_has_no_canonical_form_here_is_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        canonical(value)
