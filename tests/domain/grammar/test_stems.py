"""Tests that a text's stems hide nothing from the patterns that ask for them first."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.grammar import block_words, frames, stance
from domain.grammar.stems import (
    Hint,
    Pattern,
    each_stem,
    holds_any,
    letters_of,
    page_of,
    stem_mark,
    word_mark,
)

_SIGNS = dict.fromkeys(
    sign
    for signs in (frames._ANYWHERE, frames._BEFORE, frames._BEHIND_NOW, frames._BEHIND_PAST)
    for sign in signs.signs
)
HINTED = {
    **{
        f"{module.__name__}.{name}": found
        for module in (block_words, stance)
        for name, found in vars(module).items()
        if isinstance(found, Pattern)
    },
    **{f"{sign.why} {at}": sign.words for at, sign in enumerate(_SIGNS)},
}


@pytest.mark.parametrize("name", HINTED)
@settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_a_hint_hides_nothing_that_its_pattern_finds(name: str, data: st.DataObject) -> None:
    hinted = HINTED[name]
    text = data.draw(st.from_regex(hinted.pattern))
    assert (hinted.search(text) is None) == (hinted.pattern.search(text) is None)


@pytest.mark.parametrize("pattern", ["\u2705|done", r"\u2705|done", "[A-Z]\u2705?", r"\bd\w+"])
@pytest.mark.parametrize(
    "text", ["\u2705", "DONE", "\U0001f525 Done", "a \U0001f525", "\u0434", ""]
)
def test_a_pattern_without_case_finds_what_it_finds_in_the_letters_as_written(
    pattern: str, text: str
) -> None:
    wanted = re.search(pattern, text, re.IGNORECASE)
    found = Pattern(pattern, re.IGNORECASE).find(text)
    assert (found and found.span()) == (wanted and wanted.span())


@given(st.text())
def test_letters_stay_in_their_places(text: str) -> None:
    low = letters_of(text)
    assert len(low) == len(text)
    assert [sign.isalnum() for sign in low] == [sign.isalnum() for sign in text]


def test_stems_are_taken_of_letters_alone() -> None:
    assert each_stem("TP1 hit, B/E @ 2.30") == ["tp", "hit", "b", "e"]


@pytest.mark.parametrize("said", ["h\u0131t", "H\u0130T", "\u017ftop", "\u212aeep"])
def test_letters_that_patterns_take_for_plain_ones_are_plain(said: str) -> None:
    assert len(each_stem(said)) == 1
    assert {*each_stem(said)} <= {"hit", "sto", "kee"}


def test_parts_are_found_anywhere() -> None:
    assert holds_any("unusual flow", ("xyz", "sua"))
    assert not holds_any("unusual flow", ("xyz",))


def test_a_text_has_the_marks_of_what_its_words_may_begin() -> None:
    mark = stem_mark({"unu", "swe"})
    assert page_of("Unusual flow\n").marks & mark
    assert not page_of("a swap, not usual").marks & mark


def test_a_text_has_the_marks_of_its_words_whatever_signs_stand_beside_them() -> None:
    mark = word_mark({"zqw", "zqw's"})
    assert all(page_of(said).marks & mark for said in ("a ZQW", "(zqw)", "2zqw's,", "zqw's"))
    assert not any(page_of(said).marks & mark for said in ("zqwx", "a zq w", "zqw'sx"))


@pytest.mark.parametrize(
    "said", ["the zqxly", "zqx ly", "no zq xly", "(zqx)", "ZQX", "a#", "# 5", "5", "\u0130#", ""]
)
def test_a_hint_is_in_a_text_only_where_one_of_its_parts_stands(said: str) -> None:
    hint = Hint("zqx", " zq x", "#")
    assert hint.is_in(page_of(said)) == holds_any(said.lower(), hint.parts)


def test_a_text_has_the_marks_of_its_words_in_small_letters_as_well() -> None:
    # In small letters the dotted capital has its dot beside it, which ends a word.
    mark = stem_mark({"zqp"})
    assert page_of("2\u0130zqposs").marks & mark
