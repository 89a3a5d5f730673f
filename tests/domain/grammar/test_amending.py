"""What takes back or mends an earlier message, and what only sounds like it."""

from __future__ import annotations

import pytest

from domain.grammar.reading import Kind
from tests.domain.grammar.spoken import read_text

MENDED = [
    "that was 3 not 33",
    "that was 3.10 not 3.01",
    "meant 11/28",
    "I meant 11/28",
    "i meant the 255c",
    "meant to say 255c",
    "typo",
    "typo, 255c not 250c",
    "typo: 2.30 not 23",
    "* 250c",
    "*250c",
    "*11/28",
    "*2.30",
    "* TSLA 255c",
    "strike is 255 not 250",
    "its 255 not 250",
    "it's 11/28 exp not 11/21",
    "should be 255c",
    "should say 11/28",
    "should read 2.30",
    "that should be 11/28",
    "price was 2.30 not 3.20",
    "2.30 not 3.20 my bad",
    "correction: 255c",
    "Correction on TSLA: 255c",
    "sorry, 255c",
    "sorry 11/28 exp",
    "oops 255c not 250c",
    "my bad, 11/28",
    "edit: 11/28",
    "EDIT: BTO TSLA 255c 11/28 @ 2.30",
    "fixed: BTO TSLA 255c 11/28 @ 2.30",
    "wrong strike, 255c",
    "wrong date, its 11/28",
    "puts not calls",
    "calls not puts sorry",
]

TAKEN_BACK = [
    "ignore that, wrong room",
    "ignore that",
    "ignore last alert",
    "ignore my last",
    "disregard",
    "disregard the last alert",
    "wrong channel sorry",
    "wrong room",
    "cancel that",
    "cancel that order",
    "cancel the TSLA order",
    "scratch that",
    "never mind, not filled",
    "nvm that alert",
    "void last alert",
]

IDLE = [
    "ignore the haters",
    "ignore the noise",
    "that was 3 hours ago",
    "that was 10/10",
    "not a typo",
    "typo in the docs",
    "no 33 for me",
    "sorry I was out",
    "wrong again lol",
    "cancel culture",
    "should be a good day",
]


@pytest.mark.parametrize("text", MENDED)
def test_a_message_that_mends_an_earlier_one_is_a_correction(text: str) -> None:
    reading = read_text(text)
    assert (reading.kind, reading.trades) == (Kind.CORRECTION, ())
    assert reading.why


@pytest.mark.parametrize("text", TAKEN_BACK)
def test_a_message_that_takes_an_earlier_one_back_cancels(text: str) -> None:
    reading = read_text(text)
    assert (reading.kind, reading.trades) == (Kind.CANCEL, ())
    assert reading.why


@pytest.mark.parametrize("text", IDLE)
def test_talk_neither_mends_nor_cancels(text: str) -> None:
    assert read_text(text).kind not in (Kind.CORRECTION, Kind.CANCEL)


def test_a_correction_names_the_contract_that_was_meant() -> None:
    (leg,) = read_text("typo: TSLA 255c 11/28").named
    assert (leg.root, str(leg.strike), leg.right) == ("TSLA", "255", "C")


def test_a_ticket_beside_what_is_taken_back_is_still_a_ticket() -> None:
    reading = read_text("ignore that last one. BTO TSLA 255c 11/28 @ 2.30")
    assert reading.kind is Kind.OPEN
