"""`truetape reread` and `corrections` as a person uses them, on a record with a mistake in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.embedded import Servers
from application.desk import Command, Desk
from domain.fix import Side
from domain.grammar.reading import PARSER
from domain.legs import Leg
from domain.messages import message_stream
from domain.signal_events import Source
from domain.signals import Signal
from domain.traders import trader_stream
from tests.application.conftest import desk_on
from tests.conftest import NewDatabase
from tests.interfaces.shell import Shell
from tests.interfaces.test_cli import EXPIRY, NOW, chat, option


def mistake(desk: Desk, number: str, price: str) -> None:
    """An older version booked a trade of Lou's out of a good morning."""
    posted_at = NOW - timedelta(minutes=6)
    signal = Signal.post(
        place=7, origin="trader", trader=trader_stream("discord", "77"),
        source=Source(
            platform="discord", channel="options", message=message_stream("discord", number)
        ),
        side=Side.BUY, legs=(Leg(symbol=option("AMD", "C", 150).replace("AMD", "AMD   "),
                                 side=Side.BUY),),
        quantity=Decimal(1), price=Decimal(price), price_to=None, stop=None, targets=(),
        valid_until=None, parser="canonical-0", rules=(), posted_at=posted_at, at=posted_at,
    )  # fmt: skip
    desk.run(
        Command.given(uuid4(), actor="reaction:booking", at=posted_at),
        lambda work: work.begin(signal),
    )


@pytest.fixture(scope="module")
def shell(
    new_database: NewDatabase, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("reread")
    with new_database() as url:
        shell = Shell(folder, TRUETAPE_DATABASE_URL=url, TRUETAPE_REDIS_URL=servers.redis_url)
        assert shell("import", "chat", str(chat(folder))).code == 0
        with desk_on(url) as desk:
            mistake(desk, "1003", "1.00")
        yield shell


def head(shell: Shell) -> int:
    found = shell("status", "--json").json["head"]
    assert isinstance(found, int)
    return found


def test_it_shows_what_differs_and_changes_nothing(shell: Shell) -> None:
    before = head(shell)
    said = shell("reread", "--diff", "--json")
    assert (said.code, said.err) == (0, "")
    (gone,) = said.json["differences"]
    assert (gone["trade_is"], gone["booked_by"], gone["name"]) == ("gone", "canonical-0", "Nora")
    assert gone["changes"][0]["was"] == f"buy 1 AMD 150C {EXPIRY} @ 1.00"
    assert {"trade_is": "same", "parser": PARSER, "trades": 4} in said.json["counts"]
    assert said.json["messages"] == 6
    in_words = shell("reread", "--diff", COLUMNS="160").out
    assert "gone" in in_words
    assert f"6 messages read by {PARSER}" in in_words
    assert head(shell) == before


def test_it_can_be_narrowed_to_a_channel_and_a_time(shell: Shell) -> None:
    assert shell("reread", "--diff", "--channel", "other", "--json").json["differences"] == []
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    said = shell("reread", "--diff", "--since", tomorrow, "--json").json
    assert (said["differences"], said["messages"]) == ([], 0)


def test_it_has_to_be_said_what_is_wanted_and_why(shell: Shell) -> None:
    assert "--diff" in shell.refused("reread")
    assert "takes a --reason" in shell.refused("reread", "--accept")
    assert "--diff" in shell.refused("reread", "--diff", "--accept", "--reason", "x")


def test_what_is_accepted_is_corrected_and_then_nothing_differs(shell: Shell) -> None:
    said = shell("reread", "--accept", "--reason", "that was a greeting")
    assert (said.code, said.err) == (0, "")
    assert "1 of 1 differences were accepted" in said.out
    voided = [row for row in shell("signals", "--json").json if row["state"] == "voided"]
    assert [row["reason"] for row in voided] == [
        f"that was a greeting (read again by {PARSER}, booked by canonical-0)"
    ]
    assert shell("reread", "--diff", "--json").json["differences"] == []
    before = head(shell)
    again = shell("reread", "--accept", "--reason", "again", "--json")
    assert (again.code, again.json["differences"], head(shell)) == (0, [], before)


def export_again(folder: Path, words: str | None) -> None:
    """The channel's export after Nora changed the price of her open AAPL trade, or took it away."""
    file = folder / "options.json"
    told = json.loads(file.read_text())
    for message in told["messages"]:
        if message["id"] == "1004" and words is not None:
            message["content"] = words
            message["timestampEdited"] = (NOW - timedelta(minutes=1)).isoformat()
    if words is None:
        told["messages"] = [m for m in told["messages"] if m["id"] != "1004"]
    file.write_text(json.dumps(told))


def test_an_edit_waits_for_an_admin_who_decides_as_over_a_signal(shell: Shell) -> None:
    file = str(shell.folder / "options.json")
    for price, verb in (("3.00", "reject"), ("3.50", "approve")):
        export_again(shell.folder, f"BTO 3 AAPL {EXPIRY:%m/%d/%y} 300c @ {price}")
        assert shell("import", "chat", file).code == 0
        (asked,) = shell("corrections", "--json").json
        assert asked["changes"] == f"price 4.00 -> {price}"
        assert "AAPL" not in asked["changes"]
        assert str(asked["correction"])[:8] in shell("corrections").out
        reason = ["--reason", "the fill was at 4.00"] if verb == "reject" else []
        said = shell(verb, asked["correction"], *reason)
        assert (said.code, said.err) == (0, "")
    assert shell("corrections", "--json").json == []
    assert [row["state"] for row in shell("corrections", "--all", "--json").json][:2] == [
        "applied",
        "refused",
    ]
    timeline = shell("timeline", asked["target_stream"], COLUMNS="200").out
    assert "signal.source_edited" in timeline
    assert "price 4.00 -> 3.50" in timeline


def test_a_deletion_is_seen_on_the_signal_which_goes_on(shell: Shell) -> None:
    export_again(shell.folder, None)
    assert shell("import", "chat", str(shell.folder / "options.json")).code == 0
    (aapl,) = (row for row in shell("signals", "--json").json if row["symbol"][:4] == "AAPL")
    assert (aapl["state"], aapl["deleted_at"] is not None) == ("open", True)
    assert "deleted by its author" in shell("signals", COLUMNS="240").out
