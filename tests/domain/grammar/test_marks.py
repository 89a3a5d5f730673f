"""Tokens carry what they may be good for, and are cut alike from texts of any letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.grammar.marks import TICKER, marked
from domain.grammar.tokens import marks_in, tokens

SAID = st.text(st.sampled_from("abcdopstu'BE 0123456789$@#%.,:;!?()-+&/=>\"\n\x1c"), max_size=60)


def test_a_word_has_the_marks_that_are_given_to_it() -> None:
    mark = marked({"zqxly"})
    assert [token.marks & mark > 0 for token in tokens("no ZQXLY here")] == [False, True, False]


def test_a_token_that_was_cut_before_has_later_marks_as_well() -> None:
    tokens("zqxla 2.30")
    mark = marked({"zqxla"}, kinds={"num"})
    assert all(token.marks & mark for token in tokens("zqxla 2.30"))


def test_marks_are_given_by_kind_by_stem_and_to_tickers() -> None:
    by_kind, by_stem = marked(kinds={"strike"}), marked(stems={"zqx"})
    strike, stem, ticker = tokens("250c zqxlying TSLA")
    assert (strike.marks & by_kind, stem.marks & by_kind) == (by_kind, 0)
    assert (stem.marks & by_stem, strike.marks & by_stem) == (by_stem, 0)
    assert (ticker.marks & TICKER, stem.marks & TICKER) == (TICKER, 0)


def test_words_have_together_the_marks_of_each() -> None:
    one, other = marked({"zqxone"}), marked({"zqxtwo"})
    assert marks_in(tokens("zqxone and zqxtwo")) & (one | other) == one | other
    assert marks_in([]) == 0


@given(SAID)
def test_a_letter_beyond_ascii_changes_nothing_before_its_line(said: str) -> None:
    said = said.strip()
    alone = tokens(said)
    assert tokens(f"{said}\n\u00e9")[: len(alone)] == alone
