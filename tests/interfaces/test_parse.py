"""`truetape parse` as a person or a script uses it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.interfaces.shell import Said, truetape

ROOT = Path(__file__).resolve().parents[2]
AT = "2025-11-13T15:00:00Z"


def run(*words: str, given: str = "", home: Path | None = None) -> Said:
    environment = {
        "PATH": os.environ["PATH"],
        "TRUETAPE_HOME": str(home or "/nowhere"),
        "COLUMNS": "90",
    }
    return truetape(["parse", *words], environment, given)


def line(number: int, content: str, **more: Any) -> str:
    said = {"id": str(number), "channel": "options", "author": "nora", "timestamp": AT,
            "content": content}  # fmt: skip
    return json.dumps({**said, **more})


def readings(done: Said) -> list[dict[str, Any]]:
    return [json.loads(said) for said in done.out.splitlines()]


def test_each_line_has_its_reading_and_no_server_is_needed(tmp_path: Path) -> None:
    told = [line(1, "BTO 5 TSLA 250c 11/21 @ 2.30"), "", line(2, "gm"), line(3, "trim half @ 3")]
    done = run("-", given="\n".join(told), home=tmp_path / "home")
    entry, talk, trim = readings(done)
    assert done.code == 0
    assert entry["trades"] == [
        {"action": "BTO", "symbol": "TSLA", "strike": 250, "right": "C", "expiry": "2025-11-21",
         "price": 2.30, "price_to": None, "quantity": 5, "fraction": None, "gain": None, "legs": []}
    ]  # fmt: skip
    assert (talk["id"], talk["kind"], talk["trades"]) == ("2", "chat", [])
    assert (trim["kind"], trim["trades"][0]["fraction"]) == ("trim", 0.4)
    assert not (tmp_path / "home").exists()


def test_a_malformed_line_is_told_with_its_number_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    untimed = json.dumps({"id": "2", "channel": "x", "content": "BTO"})
    file.write_text("\n".join([line(1, "gm"), "{broken", untimed, line(3, "gn")]))
    done = run(str(file))
    assert done.code == 1
    assert [reading["id"] for reading in readings(done)] == ["1", "3"]
    assert "chat.jsonl:2: left out" in done.err
    assert "chat.jsonl:3: left out: the message has no timestamp" in done.err


def test_the_prices_keep_their_digits() -> None:
    done = run("-", given=line(1, "BTO 5 TSLA 250c 11/21 @ 2.3050"))
    assert '"price":2.3050' in done.out


def test_exports_of_a_channel_are_read_too(tmp_path: Path) -> None:
    message = {"id": "7", "timestamp": AT, "content": "BTO 5 TSLA 250c 11/21 @ 2.30",
               "author": {"id": "1", "name": "nora"}}  # fmt: skip
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"channel": {"id": "5", "name": "x"}, "messages": [message]},
                               indent=1))  # fmt: skip
    (reading,) = readings(run(str(file)))
    assert (reading["id"], reading["kind"]) == ("7", "open")


def test_without_context_an_exit_needs_no_position() -> None:
    given = line(1, "STC 5 SPY 600c 11/21 @ 1.40")
    assert readings(run("-", given=given))[0]["trades"] == []
    (trade,) = readings(run("-", "--no-context", given=given))[0]["trades"]
    assert (trade["action"], trade["price"]) == ("STC", 1.40)


def test_rooms_of_a_file_say_what_goes_without_saying(tmp_path: Path) -> None:
    rooms = tmp_path / "rooms.toml"
    rooms.write_text(
        '[rooms.options]\ndefault_root = "SPX"\ndefault_expiry = "0dte"\n'
        '[rooms.options.authors.max]\ndefault_root = "XSP"\n'
    )
    given = "\n".join([line(1, "BTO 5950c @ 4.20"), line(2, "BTO 595c @ 1.20", author="max")])
    first, second = readings(run("-", "--rooms", str(rooms), given=given))
    assert (first["trades"][0]["symbol"], first["trades"][0]["expiry"]) == ("SPX", "2025-11-13")
    assert (second["trades"][0]["symbol"], second["trades"][0]["expiry"]) == ("XSP", "2025-11-13")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("[rooms.options]\ndefault_expiry = 'monthly'\n", "rooms.options: the default expiry is"),
        ("[rooms.options]\nroot = 'SPX'\n", "there is no setting 'root'"),
        ("[options]\n", "write [rooms.CHANNEL]"),
        ("nonsense", "is no TOML"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, settings: str, told: str) -> None:
    rooms = tmp_path / "rooms.toml"
    rooms.write_text(settings)
    done = run("-", "--rooms", str(rooms))
    assert (done.code, done.out) == (1, "")
    assert told in " ".join(done.err.split())


def test_a_message_is_explained_in_words() -> None:
    done = run("--text", "BTO 5 TSLA 250c 12/19/31 @ 2.30 SL 1.50", "--explain")
    shown = " ".join(done.out.split())
    assert "BTO 5 TSLA 250C 2031-12-19 @ 2.30" in shown
    assert 'expiry "12/19/31"' in shown
    assert 'price "2.30"' in shown


def test_what_is_missing_is_explained() -> None:
    done = run("--text", "BTO 5 TSLA 250c @ 2.30", "--explain")
    assert "missing expiry" in " ".join(done.out.split())


@pytest.mark.parametrize("words", [[], ["-", "--text", "BTO"], ["nothing.jsonl"]])
def test_a_wrong_command_line_is_a_sentence(words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.out) == (1, "")
    assert "Traceback" not in done.err
    assert done.err.strip()


def test_nothing_reads_as_nothing() -> None:
    done = run("-", given="\n\n")
    assert (done.code, done.out) == (0, "")
