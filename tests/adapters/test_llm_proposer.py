"""A language model that answers, refuses, dawdles, or talks nonsense."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

import pytest

from adapters.llm_proposer import ANSWER_MAX, LlmProposer
from application.ports import PortRefused, Unavailable
from tests.adapters.language_model import LanguageModel, completion, language_model

KEY = "sk-very-secret"
WORDS = "grabbed some TSLA calls, 250s"
SLOTS = ("symbol", "strike")


@pytest.fixture
def model() -> Iterator[LanguageModel]:
    with language_model() as running:
        yield running


def proposer(model: LanguageModel, timeout_s: float = 5.0) -> LlmProposer:
    return LlmProposer(model.url, "small-1", KEY, timeout_s=timeout_s)


def test_it_asks_for_the_slots_of_a_message_which_is_handed_over_as_data(
    model: LanguageModel,
) -> None:
    model.says({"symbol": "TSLA", "strike": "250"})
    assert proposer(model).propose(WORDS, SLOTS) == {"symbol": "TSLA", "strike": "250"}
    (asked,) = model.asked
    system, user = asked["messages"]
    assert (asked["model"], asked["temperature"]) == ("small-1", 0)
    assert (system["role"], WORDS in system["content"]) == ("system", False)
    assert json.loads(user["content"]) == {"message": WORDS, "slots": list(SLOTS)}
    assert model.keys == [f"Bearer {KEY}"]
    assert model.paths == ["/v1/chat/completions"]


@pytest.mark.parametrize("end", ["/", "/chat/completions", "/chat/completions/"])
def test_the_address_may_be_written_whole_or_in_part(model: LanguageModel, end: str) -> None:
    LlmProposer(model.url + end, "small-1").propose(WORDS, SLOTS)
    assert model.paths == ["/v1/chat/completions"]
    assert model.keys == [None]


def test_an_answer_in_fences_is_an_answer(model: LanguageModel) -> None:
    model.says('```json\n{"symbol": "TSLA"}\n```')
    assert proposer(model).propose(WORDS, SLOTS) == {"symbol": "TSLA"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_may_be_asked_again(model: LanguageModel, status: int) -> None:
    model.status = status
    with pytest.raises(Unavailable, match=str(status)):
        proposer(model).propose(WORDS, SLOTS)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_server_that_says_no_is_not(model: LanguageModel, status: int) -> None:
    model.status = status
    model.body = KEY.encode()
    with pytest.raises(PortRefused, match=str(status)) as refused:
        proposer(model).propose(WORDS, SLOTS)
    assert KEY not in str(refused.value)


def test_neither_message_nor_key_follow_a_redirect(model: LanguageModel) -> None:
    with language_model() as elsewhere:
        model.status, model.location = 307, f"{elsewhere.url}/chat/completions"
        with pytest.raises(PortRefused, match="307"):
            proposer(model).propose(WORDS, SLOTS)
        assert elsewhere.asked == []


def test_a_silent_server_is_given_up(model: LanguageModel) -> None:
    model.silent_s = 30
    with pytest.raises(Unavailable, match="does not answer"):
        proposer(model, timeout_s=0.2).propose(WORDS, SLOTS)


def test_a_server_that_sends_drop_by_drop_is_given_up(model: LanguageModel) -> None:
    model.drop_s = 0.05
    model.body = b" " * 1000
    started = time.monotonic()
    with pytest.raises(Unavailable, match="too long"):
        proposer(model, timeout_s=0.3).propose(WORDS, SLOTS)
    assert time.monotonic() - started < 3


def test_nobody_there_is_no_answer() -> None:
    with language_model() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="does not answer"):
        LlmProposer(url, "small-1").propose(WORDS, SLOTS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello</html>",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"error": {"message": "quota"}}',
        b"\xff\xfe\x00",
        b'{"choices":' + b"[" * 20_000,
        completion("Sure! The symbol is TSLA."),
        completion("[]"),
        completion('{"symbol": 5}'),
        completion('{"symbol": {"is": "TSLA"}}'),
        completion('{"symbol": "TSLA"} and more'),
        completion("```"),
        completion("[" * 20_000),
        completion('{"symbol": "\\ud800"}'),
    ],
)
def test_an_answer_that_is_none_is_refused(model: LanguageModel, body: bytes) -> None:
    model.body = body
    with pytest.raises(PortRefused, match=r"chat completion|usable form"):
        proposer(model).propose(WORDS, SLOTS)


def test_an_endless_answer_is_refused(model: LanguageModel) -> None:
    model.body = b" " * (ANSWER_MAX + 1)
    with pytest.raises(PortRefused, match="too long"):
        proposer(model).propose(WORDS, SLOTS)


def test_half_a_character_can_be_asked_about(model: LanguageModel) -> None:
    proposer(model).propose("BTO \ud83d TSLA", SLOTS)
    assert len(model.asked) == 1


def test_the_key_is_never_shown(model: LanguageModel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        proposer(model).propose(WORDS, SLOTS)
    assert KEY not in caplog.text
    assert WORDS not in caplog.text
    assert KEY not in repr(proposer(model))
