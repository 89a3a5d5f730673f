"""The command line as a person or a script uses it: real processes on servers of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.embedded import Servers
from application.access import Member
from application.correcting import apply_correction
from application.desk import Command
from domain.approvals import Role
from interfaces.compose import open_house
from interfaces.settings import Settings
from interfaces.wording import money, percent
from tests.conftest import NewDatabase
from tests.interfaces.shell import Shell

NOW = datetime.now(UTC)
EXPIRY = (NOW + timedelta(days=45)).date()


def option(root: str, right: str, strike: int) -> str:
    return f"{root}{EXPIRY:%y%m%d}{right}{strike * 1000:08d}"


def chat(folder: Path) -> Path:
    """Nora's winner and her open trade, Max's boast, and words that are no trade."""
    told = [
        ("77", "Nora", 9, f"BTO 2 TSLA {EXPIRY:%m/%d/%y} 250c @ 2.28"),
        ("77", "Nora", 8, f"STC 2 TSLA {EXPIRY:%m/%d/%y} 250c @ 3.05"),
        ("78", "Max", 7, f"BTO 10 SPY {EXPIRY:%m/%d/%y} 600p @ 1.10"),
        ("79", "Lou", 6, "good morning everybody"),
        ("77", "Nora", 5, f"BTO 3 AAPL {EXPIRY:%m/%d/%y} 300c @ 4.00"),
        ("77", "Nora", 4, f"BTO 1 MSFT {EXPIRY:%m/%d/%y} 500c @ 12.00"),
    ]
    messages = [
        {
            "id": str(1000 + number),
            "type": "Default",
            "timestamp": (NOW - timedelta(minutes=minutes)).isoformat(),
            "content": words,
            "author": {"id": author, "name": name.lower(), "nickname": name},
            "embeds": [],
        }
        for number, (author, name, minutes, words) in enumerate(told)
    ]
    file = folder / "options.json"
    file.write_text(json.dumps({"channel": {"id": "5", "name": "options"}, "messages": messages}))
    return file


def market(folder: Path) -> Path:
    """Quotes just before each claim, and on for an hour; the one in line 4 is crossed."""
    rows = [
        (option("TSLA", "C", 250), 9, "2.25", "2.30"),
        (option("TSLA", "C", 250), 8, "3.05", "3.10"),
        (option("AAPL", "C", 300), 6, "4.20", "3.90"),
        *((option("SPY", "P", 600), minutes, "1.30", "1.35") for minutes in range(-60, 8)),
        (option("AAPL", "C", 300), 5, "3.90", "4.00"),
        *((option("AAPL", "C", 300), minutes, "4.10", "4.20") for minutes in range(-60, 4)),
    ]
    lines = [
        f"{symbol},{(NOW - timedelta(minutes=minutes, seconds=20)).isoformat()},{bid},{offer},99,99"
        for symbol, minutes, bid, offer in rows
    ]
    file = folder / "quotes.csv"
    file.write_text("\n".join(["symbol,time,bid,offer,bid_size,offer_size", *lines]))
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def shell(new_database: NewDatabase, servers: Servers, folder: Path) -> Iterator[Shell]:
    """A record that was brought in with the two imports."""
    with new_database() as url:
        shell = Shell(folder, TRUETAPE_DATABASE_URL=url, TRUETAPE_REDIS_URL=servers.redis_url)
        first = shell("import", "chat", str(chat(folder)))
        assert (first.code, first.err) == (0, "")
        assert "6 messages are new" in first.out
        quotes = shell("import", "market", str(market(folder)))
        # A row was left out: told with its file and line, and by the exit code.
        assert quotes.code == 1
        assert "quotes.csv:4: left out: the bid is above the offer" in quotes.err
        assert "135 rows are new, 0 known already" in quotes.out
        # Whenever the tests run, the market is open for this account.
        assert shell("limits", "--set", "regular_hours=no").code == 0
        yield shell


def the(shell: Shell, root: str) -> dict[str, Any]:
    """The signal of an underlying."""
    (found,) = (row for row in shell("signals", "--json").json if row["symbol"].startswith(root))
    assert isinstance(found, dict)
    return found


def test_the_same_file_twice_adds_nothing(shell: Shell, folder: Path) -> None:
    head = shell("status", "--json").json["head"]
    again = shell("import", "chat", str(folder / "options.json"), "--json")
    assert again.code == 0
    assert again.json["tally"] == {"captured": 0, "edited": 0, "known": 6, "deleted": 0}
    quotes = shell("import", "market", str(folder / "quotes.csv"), "--json")
    assert (quotes.code, quotes.json["added"]) == (1, 0)
    assert quotes.json["bad"] == [["quotes.csv", 4, "the bid is above the offer"]]
    assert shell("status", "--json").json["head"] == head


def test_the_board_says_who_did_what_and_what_it_rests_on(shell: Shell) -> None:
    said = shell("leaderboard")
    assert (said.code, said.err) == (0, "")
    nora = next(line for line in said.out.splitlines() if "Nora" in line)
    # Bought at the offer of 2.30 and sold at the bid of 3.05: two contracts.
    assert "+150.00" in nora
    assert "few trades 1/20" in nora
    assert "ranked: at least 20 scored trades" in said.out
    standings = {row["name"]: row for row in shell("leaderboard", "--json").json["standings"]}
    assert (standings["Nora"]["closed"], standings["Nora"]["checked"]) == (1, 1)
    assert (standings["Max"]["opened"], standings["Max"]["unattainable"]) == (0, 1)


def test_an_empty_window_says_where_the_record_is(shell: Shell) -> None:
    said = shell("leaderboard", "--window", "day", "--at", "2020-01-02")
    assert said.code == 0
    assert "nothing here yet" in said.out
    assert "the record's last day is" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trader", "nora"], "Nora  since"),
        (["positions"], "buy AAPL 300C"),
        (["positions", "--closed", "--trader", "Max"], "unattainable"),
        (["signals", "--trader", "nora"], "TSLA 250C"),
        (["timeline", "Nora"], "signal.posted"),
        (["orders"], "no orders yet"),
        (["exposure"], "nothing is open in the accounts' books"),
        (["exposure", "--kind", "trader"], "legs have no quote; --missing names them"),
        (["exposure", "--by", "trader", "--missing"], "never marked"),
        (["exposure", "--scenario", "--kind", "trader"], "legs have no value; --missing names"),
        (["attribution", "--kind", "trader"], "without commission"),
        (["volatility", "AAPL", "--on", "2026-11-20"], "AAPL: no option of it"),
        (["status"], "the tape ends at position"),
    ],
)
def test_every_view_reads_as_text(shell: Shell, words: list[str], told: str) -> None:
    said = shell(*words)
    assert (said.code, said.err) == (0, ""), said
    assert told in said.out


def test_attribution_as_json_has_names(shell: Shell) -> None:
    found = shell("attribution", "--kind", "trader", "--json").json
    assert found["unit"] == "USD"
    assert {"total", "trading", "residual", "coverage"} <= set(found["total"])


def test_a_date_is_of_a_scenario(shell: Shell) -> None:
    assert "--date is of a scenario" in shell.refused("exposure", "--date", "2026-12-01")


def test_a_trader_s_page_has_the_performance_of_a_window(shell: Shell) -> None:
    said = shell("trader", "Nora", "--window", "all")
    assert "performance, all" in said.out
    assert "no losses: " in said.out
    figures = {row["name"]: row for row in shell("trader", "Nora", "--json").json["performance"]}
    assert (figures["accuracy"]["value"], figures["accuracy"]["n"]) == ("1", 1)
    assert figures["sharpe"]["definition"].startswith("Mean daily return over the risk-free rate")
    assert "'x' is no number" in shell.refused("trader", "Nora", "--risk-free", "x")


def test_views_answer_as_it_was_known_then(shell: Shell) -> None:
    for command in ("signals", "queue", "orders", "positions"):
        assert shell(command, "--as-of", "0", "--json").json == []
    assert "nobody knew of 'Nora' at position 1" in shell.refused("trader", "Nora", "--as-of", "1")


def test_what_is_approved_is_traded_once_however_often_it_is_said(shell: Shell) -> None:
    signal, key = the(shell, "AAPL")["signal"], str(uuid4())
    assert signal[:8] in shell("queue").out
    said = shell("approve", signal[:8], "--key", key)
    assert said.code == 0
    assert "filled at 4.20" in " ".join(said.out.split())
    again = shell("approve", signal[:8], "--key", key, "--json")
    assert (again.code, again.json["stream"]) == (0, signal)
    (order,) = shell("orders", "--json").json
    assert (order["status"], order["avg_px"]) == ("filled", "4.20")
    assert "was approved by" in shell.refused("approve", signal)
    assert "used for other input" in shell.refused(
        "reject", signal[:8], "--reason", "size", "--key", key
    )
    (held,) = shell("positions", "--accounts", "--json").json
    assert (held["name"], held["underlying"]) == ("paper", "AAPL")


def test_two_approve_what_is_large_and_a_moved_price_is_accepted_first(shell: Shell) -> None:
    said = shell("room", "options", "--expiry", "weekly", "--second-approver-above", "500")
    assert (said.code, said.err) == (0, "")
    signal = the(shell, "SPY")["signal"]
    assert "posted at 1.10, the offer is 1.35 by now" in shell.refused(
        "approve", signal, "--as", "dana"
    )
    first = shell("approve", signal, "--as", "dana", "--accept-price", "1.40")
    assert first.code == 0
    told = " ".join(first.out.split())
    assert "recorded: one more approver is needed" in told
    assert "over 500 USD" in told
    again = ("approve", signal, "--as", "dana", "--accept-price", "1.40")
    assert "dana said yes already" in shell.refused(*again)
    (row,) = (row for row in shell("queue", "--json").json if row["signal"] == signal)
    assert (row["given"], row["given_by"], row["needed"], row["refusals"]) == (1, "dana", 2, 2)
    assert "1/2 dana" in " ".join(shell("queue", COLUMNS="160").out.split())
    assert "the accepted price 'high' is no number" in shell.refused(
        "approve", signal, "--accept-price", "high"
    )
    said = shell("approve", signal, "--as", "sam", "--accept-price", "1.35")
    assert (said.code, "approved" in said.out) == (0, True)
    events = shell("timeline", signal, "--json").json
    assert [each["name"] for each in events if each["name"].startswith("signal.approv")] == [
        "signal.approval_refused", "signal.approval_given", "signal.approval_refused",
        "signal.approved",
    ]  # fmt: skip
    yes = next(each for each in events if each["name"] == "signal.approved")["body"]
    assert (yes["by"], yes["accepted_px"], yes["price_stand"]) == ("sam", "1.35", "accepted")
    # Rules that nobody mentions are kept; without a limit one approver is enough again.
    assert shell("room", "options", "--expiry", "0dte").code == 0
    assert shell("room", "options", "--expiry", "0dte", "--approval-window", "86400").code == 0


def test_what_is_rejected_leaves_the_queue(shell: Shell) -> None:
    signal = the(shell, "MSFT")["signal"]
    said = shell("reject", signal[:6], "--reason", "too large", "--as", "dana")
    assert (said.code, f"rejected {signal[:8]}" in said.out) == (0, True)
    assert signal not in {row["signal"] for row in shell("queue", "--json").json}
    events = shell("timeline", signal, "--json").json
    assert (events[-1]["name"], events[-1]["actor"]) == ("signal.rejected", "member:dana")
    assert events[-1]["body"]["reason"] == "too large"


def _approves(shell: Shell, correction: UUID) -> None:
    """Another admin says yes over another way than this machine's command line."""
    settings = Settings(
        home=shell.folder / "home",
        database_url=shell.environment["TRUETAPE_DATABASE_URL"],
        redis_url=shell.environment["TRUETAPE_REDIS_URL"],
    )
    ada = Member(name="ada", roles=frozenset({Role.ADMIN}))
    with open_house(settings) as house:
        agreed = Command.given(uuid4(), correction, actor=ada.actor, at=NOW)
        apply_correction(house.desk, agreed, ada, correction)
        house.catch_up()


def test_a_mistake_is_corrected_and_the_board_follows(shell: Shell) -> None:
    signal = the(shell, "TSLA")["signal"]
    wrong = ("--price", "2.55", "--code", "mistyped_price", "--reason", "the fill was at 2.55")
    moves = shell("correct", signal[:8], *wrong, "--preview", "--json").json["moves"]
    (record,) = (m for m in moves if (m["of"], m["figure"]) == ("trader", "pnl"))
    assert Decimal(record["after"]) - Decimal(record["before"]) == -50
    assert "before" in shell("correct", signal[:8], *wrong, "--preview").out
    asked = shell("correct", signal[:8], *wrong, "--as", "bea", "--json").json["stream"]
    assert shell("correct", asked, "--preview", "--json").json["moves"] == moves
    assert "on the server is one person" in shell.refused("correct", asked, "--approve")
    _approves(shell, UUID(asked))
    (told,) = shell("corrections", "--by", "bea", "--json").json
    assert (told["changes"], told["state"]) == ("price 2.28 -> 2.55", "applied")
    counts = shell("corrections", "--counts", "--json").json
    assert [(row["name"], row["approved"]) for row in counts] == [("bea", 0), ("ada", 1)]
    rows = shell("leaderboard", "--json").json["standings"]
    assert next(row for row in rows if row["name"] == "Nora")["closed"] == 1
    trades = shell("trader", "Nora", "--json").json["trades"]
    assert {"100.00", "100.0000"} & {trade["realised"] for trade in trades}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trader", "nobody"], "no trader goes by 'nobody'"),
        (["trader", "nor"], "did you mean Nora?"),
        (["approve", "00000000"], "there is no signal 00000000"),
        (["approve", "ab"], "give at least 4 of its characters"),
        (["correct", "00000000", "--void", "--reason", "x"], "no signal or order 00000000"),
        (["order", "buy", "1", "$$$"], "names no instrument"),
        (["room", "options", "--trim", "half"], "the fraction of a trim 'half' is no number"),
        (["rebuild", "nothing"], "no read model is called nothing"),
    ],
)
def test_refusals_are_a_sentence_and_exit_code_1(
    shell: Shell, words: list[str], sentence: str
) -> None:
    assert sentence in shell.refused(*words)


@pytest.mark.parametrize("words", [["nonsense"], ["leaderboard", "--window", "year"]])
def test_a_command_line_that_is_wrong_is_exit_code_2(shell: Shell, words: list[str]) -> None:
    said = shell(*words)
    assert (said.code, said.out) == (2, "")
    assert "Usage: truetape" in said.err


@pytest.mark.parametrize("command", ["chat", "market"])
def test_a_wrong_path_is_told_before_servers_are_started(tmp_path: Path, command: str) -> None:
    bare = Shell(tmp_path)
    assert "nothing.json" in bare.refused("import", command, "nothing.json")
    assert not (tmp_path / "home").exists()


def test_a_database_that_does_not_answer_is_exit_code_3(tmp_path: Path) -> None:
    bare = Shell(
        tmp_path,
        TRUETAPE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
        TRUETAPE_REDIS_URL="redis://127.0.0.1:1/0",
    )
    said = bare("status")
    assert (said.code, said.out) == (3, "")
    assert said.err.strip()
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "environment", "lacking"),
    [
        (["bot", "--channel", "options"], {}, "there is no token"),
        (["bot"], {"TRUETAPE_DISCORD_TOKEN": "a.b.c"}, "no channel is watched"),
        (
            ["bot"],
            {"TRUETAPE_DISCORD_TOKEN": "a.b.c", "TRUETAPE_DISCORD_CHANNELS": " , "},
            "no channel is watched",
        ),
    ],
)
def test_the_bot_needs_a_token_and_channels_before_servers_are_started(
    tmp_path: Path, words: list[str], environment: dict[str, str], lacking: str
) -> None:
    assert lacking in Shell(tmp_path, **environment).refused(*words)
    assert not (tmp_path / "home").exists()


def test_one_server_without_the_other_is_refused(tmp_path: Path) -> None:
    bare = Shell(tmp_path, TRUETAPE_REDIS_URL="redis://127.0.0.1:1/0")
    assert "set both" in bare.refused("status")


@pytest.mark.parametrize("columns", ["60", "30"])
def test_a_narrow_terminal_cuts_no_figure(shell: Shell, columns: str) -> None:
    board = shell("leaderboard", "--json").json["standings"]
    trades = shell("positions", "--closed", "--json").json
    narrow = shell("leaderboard", COLUMNS=columns).out
    for row in board:
        assert money(Decimal(row["pnl"]), sign=True) in narrow
        assert percent(Decimal(row["return_"])) in narrow
    narrow = shell("positions", "--closed", COLUMNS=columns).out
    for row in trades:
        assert money(Decimal(row["pnl"]), sign=True) in narrow
        assert percent(Decimal(row["pnl_ratio"])) in narrow
        assert row["position"][:8] in narrow
    if columns == "60":
        assert max(map(len, narrow.splitlines())) <= 60


def test_a_pipe_has_no_edge_that_words_are_cut_at(shell: Shell) -> None:
    words = ("positions", "--closed")
    assert "\u2026" in shell(*words, COLUMNS="60").out
    assert "\u2026" not in shell(*words, COLUMNS="").out


def test_rebuilt_read_models_show_the_same(shell: Shell) -> None:
    before = shell("trader", "Nora", "--json").json
    assert "rebuilt" in shell("rebuild").out
    assert shell("trader", "Nora", "--json").json == before


def test_ranking_rules_are_told_and_the_next_version_is_published(shell: Shell) -> None:
    (first,) = shell("rules", "--json").json
    assert (first["version"], first["score"]["confidence"]) == (2, "0.95")
    beside = shell("leaderboard", "--rules", "1")
    assert "by return, rules 1" in beside.out
    assert "unranked 1/7" in beside.out
    refused = shell("leaderboard", "--rules", "1", "--by", "score")
    assert (refused.code, "have no score" in refused.err) == (1, True)
    assert shell("rules", "publish", "--return-weight", "0.9").code == 1
    said = shell("rules", "publish", "--tail-rate", "0.10")
    assert (said.code, "rules 3 from today on" in said.out) == (0, True)
    assert "by score, rules 3" in shell("leaderboard").out
    assert "tail" in shell("rules").out
