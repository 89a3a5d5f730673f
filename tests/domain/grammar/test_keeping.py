"""What is kept of words, and that it does not grow without end."""

from __future__ import annotations

from domain.grammar.keeping import kept


def test_what_was_found_of_a_word_is_not_looked_for_again() -> None:
    asked: list[str] = []

    @kept()
    def shout(said: str) -> str:
        asked.append(said)
        return said.upper()

    assert [shout("out"), shout("out"), shout("trim")] == ["OUT", "OUT", "TRIM"]
    assert asked == ["out", "trim"]


def test_too_much_of_it_is_thrown_away_and_found_anew() -> None:
    asked: list[str] = []

    @kept(most=2)
    def length(said: str) -> int:
        asked.append(said)
        return len(said)

    assert [length(word) for word in ("a", "bb", "a", "ccc", "a")] == [1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc", "a"]
