"""What the surroundings say, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.shared import InvalidInput
from interfaces.settings import ModelSettings, Settings

DATABASE, REDIS = "postgresql://own/tape", "redis://own/0"


def test_without_words_the_servers_are_embedded_below_the_folder() -> None:
    found = Settings.from_environment({})
    assert found.home == Path.cwd() / ".truetape"
    assert (found.database_url, found.redis_url, found.demo) == ("", "", False)


def test_own_servers_are_used_where_both_are_named() -> None:
    found = Settings.from_environment(
        {"TRUETAPE_DATABASE_URL": DATABASE, "TRUETAPE_REDIS_URL": REDIS}
    )
    assert (found.database_url, found.redis_url) == (DATABASE, REDIS)


@pytest.mark.parametrize(
    "words",
    [
        {"TRUETAPE_DATABASE_URL": DATABASE},
        {"TRUETAPE_REDIS_URL": REDIS},
        {"TRUETAPE_DATABASE_URL": DATABASE, "TRUETAPE_REDIS_URL": ""},
    ],
)
def test_one_server_without_the_other_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="set both TRUETAPE_DATABASE_URL and TRUETAPE_REDIS_URL"):
        Settings.from_environment(words)


def test_the_home_may_be_anywhere_and_is_known_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({"TRUETAPE_HOME": "/srv/tape"}).home == Path("/srv/tape")
    assert Settings.from_environment({"TRUETAPE_HOME": "tape"}).home == tmp_path / "tape"
    assert Settings.from_environment({"TRUETAPE_HOME": ""}).home == tmp_path / ".truetape"


@pytest.mark.parametrize(("word", "is_demo"), [("", False), ("0", False), ("1", True)])
def test_the_demo_has_a_folder_of_its_own_and_is_only_meant_when_said(
    word: str, is_demo: bool
) -> None:
    found = Settings.from_environment({"TRUETAPE_HOME": "/srv/tape", "TRUETAPE_DEMO": word})
    assert found.demo is is_demo
    assert found.demo_folder == Path("/srv/tape/demo")


def test_the_environment_of_the_process_is_read_without_being_given_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRUETAPE_HOME", "/srv/tape")
    assert Settings.from_environment().home == Path("/srv/tape")


MODEL = {"TRUETAPE_LLM_URL": "https://models.example/v1", "TRUETAPE_LLM_MODEL": "small-1"}


def test_no_language_model_is_asked_unless_one_is_named() -> None:
    assert ModelSettings.from_environment({}) == ModelSettings()
    assert ModelSettings.from_environment({"TRUETAPE_LLM_KEY": "sk-1"}).url == ""


def test_a_language_model_has_an_address_a_name_and_perhaps_a_key() -> None:
    found = ModelSettings.from_environment({**MODEL, "TRUETAPE_LLM_KEY": "sk-1\n"})
    assert (found.url, found.model, found.key) == (*MODEL.values(), "sk-1")
    assert "sk-1" not in repr(found)
    assert "sk-1" not in str(found)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "http://localhost/v1"])
def test_on_this_machine_a_key_may_go_in_the_clear(url: str) -> None:
    words = {**MODEL, "TRUETAPE_LLM_URL": url, "TRUETAPE_LLM_KEY": "sk-1"}
    assert ModelSettings.from_environment(words).url == url


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"TRUETAPE_LLM_URL": "file:///etc/passwd"}, "is no address"),
        ({"TRUETAPE_LLM_URL": "models.example/v1"}, "is no address"),
        ({"TRUETAPE_LLM_URL": "https://"}, "is no address"),
        ({"TRUETAPE_LLM_URL": "https://[::1/v1"}, "is no address"),
        ({"TRUETAPE_LLM_URL": "https://host:99999/v1"}, "is no address"),
        ({"TRUETAPE_LLM_URL": "https://me:sk-1@models.example/v1"}, "an address only"),
        ({"TRUETAPE_LLM_URL": "https://models.example/v1?key=sk-1"}, "an address only"),
        ({"TRUETAPE_LLM_MODEL": ""}, "names no model"),
        ({"TRUETAPE_LLM_KEY": "sk\r\nX-Evil: 1"}, "cannot be sent"),
        ({"TRUETAPE_LLM_KEY": "sk\u00e9"}, "cannot be sent"),
        (
            {"TRUETAPE_LLM_URL": "http://models.example/v1", "TRUETAPE_LLM_KEY": "sk-1"},
            "in the clear",
        ),
    ],
)
def test_a_language_model_that_cannot_be_asked_is_refused(words: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        ModelSettings.from_environment({**MODEL, **words})
    assert "sk-1" not in str(refused.value)
