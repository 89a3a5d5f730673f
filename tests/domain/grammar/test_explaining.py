"""Each slot of a reading can be traced to the words that it hangs on."""

from __future__ import annotations

from domain.grammar.explaining import WORDS_MAX, explain, parts_of
from domain.grammar.reading import Embed, EmbedField, MessageText, Room
from tests.domain.grammar.spoken import THURSDAY, message


def slots(text: MessageText) -> dict[str, tuple[str, ...]]:
    return {word.text: word.slots for word in explain(text, Room())}


def test_every_slot_of_a_ticket_has_its_word() -> None:
    assert slots(message("BTO 5 TSLA 250c 11/21 @ 2.30 risky")) == {
        "BTO": ("action",),
        "5": ("quantity",),
        "TSLA": ("symbol",),
        "250c": ("strike", "right"),
        "11/21": ("expiry",),
        "2.30": ("price",),
    }


def test_words_of_an_exit_say_how_much_and_of_what() -> None:
    found = slots(message("trim half TSLA 250c @ 3"))
    assert found["half"] == ("fraction",)
    assert found["3"] == ("price",)
    assert "TSLA" in found


def test_the_minus_of_a_size_says_that_it_is_sold() -> None:
    assert slots(message("-1 TSLA 250c 3.10"))["-1"] == ("action",)


def test_talk_hangs_on_nothing() -> None:
    assert explain(message("good morning everyone, have a great day"), Room()) == ()


def test_the_words_of_cards_are_found_in_their_parts() -> None:
    fields = (EmbedField(name="Contract", value="TSLA 250C 11/21"),
              EmbedField(name="Entry", value="2.30"))  # fmt: skip
    text = MessageText(embeds=(Embed(title="Entry", fields=fields),), posted_at=THURSDAY)
    parts = parts_of(text)
    for word in explain(text, Room()):
        assert parts[word.part][word.start : word.end] == word.text
    assert slots(text)["2.30"] == ("price",)


def test_a_very_long_message_is_explained_as_far_as_it_is_tried() -> None:
    words = explain(message("BTO 5 TSLA 250c 11/21 @ 2.30 " + "la " * WORDS_MAX), Room())
    assert {word.text for word in words} >= {"BTO", "TSLA"}
