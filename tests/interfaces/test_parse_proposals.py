"""`truetape parse --propose`: a language model may suggest, and nothing it says is booked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.adapters.language_model import LanguageModel, language_model
from tests.interfaces.shell import Said, truetape

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-very-secret"
HALF = "BTO 5 TSLA 250c @ 2.30"


@pytest.fixture
def model() -> Iterator[LanguageModel]:
    with language_model() as running:
        yield running


def parse(*words: str, settings: Mapping[str, str], given: str = "") -> Said:
    environment = {
        "PATH": os.environ["PATH"], "TRUETAPE_HOME": "/nowhere", "COLUMNS": "90", **settings,
    }  # fmt: skip
    return truetape(["parse", *words], environment, given)


def settings_of(model: LanguageModel) -> dict[str, str]:
    return {
        "TRUETAPE_LLM_URL": model.url, "TRUETAPE_LLM_MODEL": "small-1", "TRUETAPE_LLM_KEY": KEY,
    }  # fmt: skip


def line(number: int, content: str) -> str:
    return json.dumps({"id": str(number), "channel": "options", "author": "nora",
                       "timestamp": "2025-11-13T15:00:00Z", "content": content})  # fmt: skip


def test_without_the_option_nobody_is_asked_and_no_key_is_there(model: LanguageModel) -> None:
    done = parse("--text", HALF, settings=settings_of(model))
    assert done.code == 0
    assert "proposal" not in json.loads(done.out)
    assert model.asked == []


def test_what_lacks_something_has_its_proposal_beside_the_reading(model: LanguageModel) -> None:
    model.says({"symbol": "TSLA", "strike": "250", "price": "2.30"})
    given = "\n".join([line(1, HALF), line(2, "gm"), line(3, "BTO 5 TSLA 11/21 250c @ 2.30")])
    done = parse("-", "--propose", settings=settings_of(model), given=given)
    half, talk, whole = map(json.loads, done.out.splitlines())
    slots = {"symbol": "TSLA", "strike": "250", "price": "2.30"}
    assert half["proposal"] == {"slots": slots, "why": ""}
    assert (half["trades"], half["missing"]) == ([], ["expiry"])
    assert (talk["proposal"], whole["proposal"]) == (None, None)
    assert len(model.asked) == 1
    assert KEY not in done.out + done.err


def test_a_proposal_that_is_no_quotation_is_refused_whole(model: LanguageModel) -> None:
    model.says({"symbol": "TSLA", "expiry": "2025-11-21"})
    done = parse("--text", HALF, "--propose", settings=settings_of(model))
    assert json.loads(done.out)["proposal"] == {
        "slots": {},
        "why": "refused: its expiry does not stand in the message",
    }


def test_a_model_that_does_not_answer_leaves_the_reading_as_it_is() -> None:
    with language_model() as gone:
        settings = settings_of(gone)
    done = parse("--text", HALF, "--propose", settings=settings)
    told = json.loads(done.out)
    assert done.code == 0
    assert told["proposal"]["why"] == "no answer: the language model does not answer"
    assert told["missing"] == ["expiry"]


def test_people_see_that_it_is_a_proposal(model: LanguageModel) -> None:
    model.says({"symbol": "TSLA"})
    done = parse("--text", HALF, "--propose", "--explain", settings=settings_of(model))
    shown = " ".join(done.out.split())
    assert 'a language model\'s proposal, booked by nobody symbol "TSLA"' in shown


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "--propose needs TRUETAPE_LLM_URL"),
        ({"TRUETAPE_LLM_URL": "ftp://x", "TRUETAPE_LLM_MODEL": "m"}, "TRUETAPE_LLM_URL is no"),
        ({"TRUETAPE_LLM_URL": "https://models.example/v1"}, "names no model"),
    ],
)
def test_asking_needs_somebody_to_ask(settings: dict[str, str], told: str) -> None:
    done = parse("--text", HALF, "--propose", settings=settings)
    assert (done.code, done.out) == (1, "")
    assert told in " ".join(done.err.split())
