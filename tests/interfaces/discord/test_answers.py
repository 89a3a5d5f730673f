"""Answers as plain values: what fits into a button and an embed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared import InvalidInput
from interfaces.discord.slash.answers import (
    DESCRIPTION_MAX,
    GAIN,
    ID_MAX,
    LINE_MAX,
    LOSS,
    PLAIN,
    Question,
    colour_of,
    instant,
    listing,
    moment_of,
    packed,
    place,
    place_of,
    plain,
    unpacked,
)

AT = datetime(2026, 11, 16, 17, 0, 0, 123456, tzinfo=UTC)


@given(st.uuids(), st.integers(0, 2**52))
def test_a_place_comes_back_from_a_button_as_it_went(stream: UUID, after: int) -> None:
    moment = AT + timedelta(microseconds=after)
    assert place_of(*place(moment, stream)) == (moment, stream)
    assert len(packed(stream)) == 22
    assert ":" not in "".join(place(moment, stream))


def test_no_place_is_the_first_page() -> None:
    assert packed(None) == ""
    assert unpacked("") is None
    assert place_of("", "") is None
    assert moment_of(instant(AT)) == AT


@pytest.mark.parametrize("text", ["x", "not an id at all", "ä", "=" * 22])
def test_what_is_no_id_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidInput, match="another version: ask again"):
        unpacked(text)


def test_the_longest_question_fits_into_a_button() -> None:
    latest = datetime(2286, 1, 1, tzinfo=UTC)
    longest = Question("positions", (packed(uuid4()), "a", *place(latest, uuid4())))
    assert len(longest.custom_id) <= ID_MAX
    board = Question("leaderboard", ("month", "accuracy", str(2**33), str(2**62), packed(uuid4())))
    assert len(board.custom_id) <= ID_MAX


def test_an_embed_stays_within_what_discord_takes() -> None:
    embed = listing("t" * 300, ["x" * 500] * 30, empty="", note="n" * 3_000)
    assert embed.description is not None
    lines = embed.description.split("\n")
    assert len(embed.title or "") == 256
    assert len(lines[0]) == LINE_MAX
    assert lines[0].endswith("…")
    assert lines[-1] == "… and 20 more"
    assert len(embed.description) <= DESCRIPTION_MAX + 100
    assert len(embed.footer.text or "") == 2_048


def test_an_empty_list_says_so() -> None:
    assert listing("Open", [], empty="nothing is open").description == "nothing is open"


def test_what_others_wrote_formats_and_mentions_nothing() -> None:
    assert plain("**@everyone**\nsaid_it") == "\\*\\*@\u200beveryone\\*\\* said\\_it"
    assert plain("x" * 80) == "x" * 63 + "…"


def test_a_gain_a_loss_and_neither_have_their_colours() -> None:
    assert [colour_of(value) for value in (1, -1, 0, None)] == [GAIN, LOSS, PLAIN, PLAIN]
