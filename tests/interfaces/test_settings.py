"""What the surroundings say, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.shared import InvalidInput
from interfaces.settings import Settings

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
