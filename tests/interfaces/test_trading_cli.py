"""Trading at the command line, as a person does it: real processes on a Monday at noon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.databases import drop_database
from adapters.embedded import Servers
from interfaces.compose import DEMO_DATABASE
from interfaces.demo.done import Finished, keep
from tests.interfaces.shell import Shell

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
CALL = "TSLA  261120C00250000"


def market(folder: Path) -> Path:
    """The call at 1.90 to 2.00 around noon."""
    rows = [
        f"{CALL},{(NOON + timedelta(minutes=minute)).isoformat()},1.90,2.00,50,50"
        for minute in (-2, -1)
    ]
    file = folder / "quotes.csv"
    file.write_text("\n".join(["symbol,time,bid,offer,bid_size,offer_size", *rows]))
    return file


@pytest.fixture(scope="module")
def shell(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A record whose clock stands at noon: the demo's is the one that can stand still."""
    folder = tmp_path_factory.mktemp("trading")
    demo = folder / "home" / "demo"
    demo.mkdir(parents=True)
    keep(demo, Finished(seed=1, ends_at=NOON))
    shell = Shell(
        folder,
        TRUETAPE_DEMO="1",
        TRUETAPE_DATABASE_URL=servers.database_url,
        TRUETAPE_REDIS_URL=servers.redis_url,
        COLUMNS="160",
    )
    drop_database(servers.database_url, DEMO_DATABASE)
    assert shell("import", "market", str(market(folder))).code == 0
    yield shell
    drop_database(servers.database_url, DEMO_DATABASE)


def said(shell: Shell, *words: str) -> str:
    """What a command that is carried out says, on one line."""
    found = shell(*words)
    assert (found.code, found.err) == (0, ""), found
    return " ".join(found.out.split())


def test_limits_are_shown_and_changed_by_name(shell: Shell) -> None:
    told = said(shell, "limits", "--set", "daily_trades=5", "--set", "blocked_symbols=GME, AMC")
    assert "limits of paper are recorded" in told
    shown = said(shell, "limits")
    assert "daily_trades 5 trades a day set by an admin" in shown
    assert "blocked_symbols GME, AMC set by an admin" in shown
    assert "drawdown_halt none" in shown
    assert "'rho=1' sets no limit" in shell.refused("limits", "--set", "rho=1")


def test_an_order_that_rests_is_replaced_and_canceled_once(shell: Shell) -> None:
    order = shell("order", "buy", "2", CALL, "--limit", "1.50", "--json").json["stream"]
    assert "TSLA 250C 2026-11-20 new" in said(shell, "replace", order[:8], "--limit", "1.60")
    assert "canceled (not today)" in said(shell, "cancel", order[:8], "--reason", "not today")
    assert "canceled" in shell.refused("cancel", order)
    (row,) = shell("orders", "--json").json
    assert (row["limit_px"], row["replaced"], row["status"]) == ("1.60", 1, "canceled")
    assert [check["name"] for check in row["checks"]][:3] == ["account", "signal", "hours"]


def test_what_is_held_is_guarded_by_other_levels(shell: Shell) -> None:
    assert "filled at 2.00" in said(shell, "order", "buy", "2", CALL)
    (plan,) = shell("exits", "paper", "--json").json
    assert (plan["held"], plan["targets"], plan["due"], plan["blind"]) == ("2", [], None, "")
    # Two contracts, bought at 2.00, would bring 1.90; opening them cost 2 x 0.70 and fees.
    assert (plan["worth"]["value"], plan["worth"]["unrealised"]) == ("380.00", "-20.00")
    trade = plan["trade"]
    told = said(
        shell, "levels", trade[:8], "--stop", "1.00", "--target", "3:1", "--target", "4",
        "--trailing", "50%", "--days-left", "0",
    )  # fmt: skip
    assert (
        "TSLA 250C 2026-11-20 in paper is guarded by a stop at 1.00, a target at 3.00, a target at "
        "4.00, a stop 50% behind the best price, its end 0 days before expiry" in told
    )
    assert "1.00 (50% trailing) 3.00:1 4.00 0d left -20.00" in said(shell, "exits")
    assert "does not lie beyond the stop" in shell.refused("levels", trade, "--stop", "3.50")
    assert "there is no account nobody" in shell.refused("exits", "nobody")


def test_a_closing_order_grows_as_far_as_something_is_held(shell: Shell) -> None:
    order = shell("order", "sell", "1", CALL, "--close", "--limit", "3.00", "--json").json["stream"]
    assert "no more than 1 beyond its 1 are held" in shell.refused(
        "replace", order, "--quantity", "3"
    )
    assert "sell 2 TSLA 250C" in said(shell, "replace", order, "--quantity", "2")
    (plan,) = shell("exits", "--json").json
    assert [each["left"] for each in plan["orders"].values()] == ["2"]
    said(shell, "cancel", order)
    (plan,) = shell("exits", "--json").json
    assert plan["orders"] == {}


def test_what_the_paper_broker_holds_is_not_adjusted(shell: Shell) -> None:
    why = ("--reason", "a merger")
    assert "name what becomes of it" in shell.refused("adjust", "paper", CALL, *why)
    assert "the paper broker knows no corporate actions" in shell.refused(
        "adjust", "paper", CALL, "--ratio", "10:1", *why
    )
    assert "names no instrument" in shell.refused("adjust", "paper", "?", *why)


def test_a_halted_account_opens_nothing_until_it_is_resumed(shell: Shell) -> None:
    told = said(shell, "halt", "paper", "--reason", "the news")
    assert "trading of paper is halted; exits go on" in told
    assert "denied (trading of paper is halted: the news)" in said(shell, "order", "buy", "1", CALL)
    assert "halted: the news" in said(shell, "risk", "paper")
    assert "is halted already" in shell.refused("halt", "paper", "--reason", "again")
    assert "paper trades again" in said(shell, "resume", "paper", "--reason", "it is over")


def test_our_books_agree_with_the_broker(shell: Shell) -> None:
    found = shell("reconcile", "paper", "--json").json
    assert (found["paper"]["differences"], found["paper"]["strays"]) == ([], 0)


def test_everything_is_closed_and_nothing_opened_after(shell: Shell) -> None:
    assert "is no clock time: write it as 15:45" in shell.refused("close-all", "--at", "later")
    assert "everything in paper is closed now" in said(shell, "close-all")
    assert "nothing is held" in said(shell, "exits")
    told = said(shell, "order", "buy", "1", CALL)
    assert "denied" in told
    assert "nothing is opened before the next session" in told
