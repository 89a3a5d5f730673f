"""Who decided asks to be forgotten: names and ids go, what they did stays, told apart as before."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
import redis

from adapters.postgres import connect
from application.access import Member
from application.administering import configure_room, issue_token
from application.approving import approve
from application.correcting import Change, apply_correction, request_correction
from application.desk import Command
from application.limiting import halt_trading
from domain.approvals import AlreadyDecided, ApprovalRules, Role
from domain.corrections import Target
from domain.grammar.reading import Room
from domain.traders import trader_stream
from interfaces.compose import House
from interfaces.http import create_app
from projections.signal_feed import signals
from tests.interfaces.pages.conftest import browsing
from tests.interfaces.shell import Shell
from tests.stories.telling import Told
from tests.stories.test_a_person_is_erased import found_in_database
from tests.stories.test_an_export_is_proven_elsewhere import verified

pytestmark = pytest.mark.slow

SECRETS = (
    "dana", "551100", "rita", "662200", "hallie", "773300", "Ann Auditor", "880088",
)  # fmt: skip
PEOPLE = ("discord:551100", "discord:662200", "discord:773300", "member:Ann Auditor",
          "discord:880088")  # fmt: skip
SECRET = "a-token-of-ann"


def on_discord(name: str, person: str) -> Member:
    return Member(
        name=f"{name} (discord:{person})",
        roles=frozenset({Role.ADMIN}),
        trader=str(trader_stream("discord", person)),
    )


DANA = on_discord("dana", "551100")
RITA = on_discord("rita", "662200")
HALLIE = on_discord("hallie", "773300")


@pytest.fixture
def shell(house: House, database_url: str, redis_url: str, tmp_path: Path) -> Shell:
    assert house.subjects.master_key is not None
    return Shell(
        tmp_path,
        TRUETAPE_DATABASE_URL=database_url,
        TRUETAPE_REDIS_URL=redis_url,
        TRUETAPE_MASTER_KEY=str(house.subjects.master_key),
    )


class Deciders:
    """What the people of this story do."""

    def __init__(self, told: Told) -> None:
        self.told, self.desk = told, told.house.desk
        with told.house.reader.connection() as connection:
            (row,) = signals(connection)
        self.signal: UUID = row.signal

    def by(self, who: Member) -> Command:
        return Command.given(uuid4(), actor=who.actor, at=self.told.clock.now())

    def yes(self, who: Member) -> None:
        approve(
            self.desk, self.by(who), who, signal=self.signal, account="paper", via="discord",
            assessor=self.told.house.assessor, accept_price=None,
        )  # fmt: skip

    def corrects(self, asks: Member, agrees: Member) -> None:
        wanted = Change(
            target=Target.SIGNAL, stream=self.signal, part="1", price=Decimal("2.28"),
            reason="a typo",
        )  # fmt: skip
        request = request_correction(self.desk, self.by(asks), asks, wanted).stream
        apply_correction(self.desk, self.by(agrees), agrees, request)

    def administers(self, who: Member) -> None:
        issue_token(
            self.desk, self.by(who), who, name="Ann Auditor", roles=frozenset({Role.AUDITOR}),
            secret=SECRET,
        )  # fmt: skip
        configure_room(
            self.desk, self.by(who), who, channel="options", author="880088",
            room=Room(default_root="SPX"), approvals=ApprovalRules(),
        )  # fmt: skip


@pytest.fixture
def decided(story: Told) -> Deciders:
    story.market("SPY261218C00600000 14:59:50 2.25 2.30")
    story.says("15:00:00", "BTO 5 SPY 600c 12/18 @ 2.30")
    people = Deciders(story)
    people.yes(DANA)
    with pytest.raises(AlreadyDecided, match="dana"):
        people.yes(RITA)
    people.corrects(RITA, DANA)
    people.administers(HALLIE)
    halt_trading(people.desk, people.by(HALLIE), HALLIE, account="paper", reason="to look at it")
    story.house.catch_up()
    # So that other processes may keep the read models.
    story.house.projections.close()
    return people


def erase_all(shell: Shell) -> None:
    for person in PEOPLE:
        said = shell("subject", "erase", person, "--reason", "they asked", "--yes")
        assert said.code == 0, (person, said.err)


def who_did(shell: Shell, decided: Deciders) -> dict[str, str]:
    told = shell("timeline", str(decided.signal)[:8], "--json")
    assert told.code == 0, told.err
    return {event["name"]: event["actor"] for event in told.json}


def test_the_tape_never_had_their_names_and_people_read_them(
    decided: Deciders, shell: Shell, database_url: str
) -> None:
    found = {table for table, _ in found_in_database(database_url, SECRETS)}
    assert not {table for table in found if table.startswith(("tape.e", "tape.c", "log."))}
    assert "tape.reaction_memory" in found
    actors = who_did(shell, decided)
    assert actors["signal.approved"] == actors["correction.approved"] == DANA.actor
    assert actors["correction.requested"] == RITA.actor
    assert "dana (discord:551100)" in shell("timeline", str(decided.signal)[:8], "--json").out
    assert RITA.name in shell("corrections", "--all", "--json").out


def test_no_byte_of_any_of_them_is_left_and_two_are_still_two(
    decided: Deciders, shell: Shell, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    head = decided.told.house.head()
    erase_all(shell)
    assert found_in_database(database_url, SECRETS) == set()
    with redis.Redis.from_url(redis_url) as client:
        kept = b"".join(key + (client.get(key) or b"") for key in client.scan_iter("*"))
    assert not [word for word in SECRETS if word.encode() in kept]
    actors = who_did(shell, decided)
    dana, rita = actors["correction.approved"], actors["correction.requested"]
    assert dana.startswith("member:erased person ")
    assert rita.startswith("member:erased person ")
    assert dana == actors["signal.approved"] != rita
    as_known = shell("corrections", "--all", "--json", "--as-of", str(head))
    (row,) = as_known.json
    assert (f"member:{row['by']}", f"member:{row['decided_by']}") == (rita, dana)
    assert shell("replay", "--json").json["agrees"] is True


def test_exports_show_the_living_and_prove_everything_after(
    decided: Deciders, shell: Shell, tmp_path: Path
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    assert shell("export", "--all", "--out", str(before)).code == 0
    named = [msgspec.json.decode(line) for line in _lines(before / "names.jsonl")]
    assert {DANA.name, RITA.name, HALLIE.name, "Ann Auditor", "880088"} <= {
        line["name"] for line in named
    }
    assert "member:dana (discord:551100)" in (before / "events.csv").read_text()
    assert "551100" not in (before / "events.jsonl").read_text()
    erase_all(shell)
    assert shell("fsck").code == 0
    assert shell("export", "--all", "--out", str(after)).code == 0
    assert shell("export", "--trader", "Nora", "--out", str(tmp_path / "nora")).code == 0
    for bundle in (before, after, tmp_path / "nora"):
        for by in ("python", "node"):
            said = verified(bundle, by=by)
            assert (said.code, said.err) == (0, ""), said.out
    assert "sealed names mean: it is not shown" in verified(after).out
    files = [path for folder in (after, tmp_path / "nora") for path in folder.rglob("*")]
    left = {
        (path.name, word)
        for path in files
        for word in SECRETS
        if path.is_file() and word.encode() in path.read_bytes()
    }
    assert left == set()


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


async def test_pages_show_who_and_are_searched_by_it_until_then(
    decided: Deciders, shell: Shell
) -> None:
    address = f"/audit/signal/{decided.signal}"
    async with browsing(create_app(decided.told.house, open_reading=True)) as browser:

        async def timeline(actor: str) -> str:
            page = await browser.http.get(address, params={"actor": actor})
            return page.text.partition('id="timeline"')[2]

        found = await timeline("DANA")
        assert "dana (discord:551100)" in found
        assert "Correction approved" in found
        assert "Correction requested" not in found
        event = found.partition('href="/audit/event/')[2].partition('"')[0]
        assert "dana (discord:551100)" in (await browser.http.get(f"/audit/event/{event}")).text
        erase_all(shell)
        assert "Correction approved" not in await timeline("dana")
        after = await timeline("erased person")
        assert "Correction approved" in after
        assert "551100" not in after
        page = (await browser.http.get(f"/audit/event/{event}")).text
        assert "erased person" in page
        assert "551100" not in page
        assert "stored as" in page


async def test_the_token_of_who_was_erased_opens_nothing(decided: Deciders, shell: Shell) -> None:
    assert "data" in await answered(decided)
    assert shell("subject", "erase", "member:Ann Auditor", "--reason", "x", "--yes").code == 0
    assert "data" not in await answered(decided)


async def answered(decided: Deciders) -> dict[str, object]:
    """What the API says to who shows Ann's token."""
    async with browsing(create_app(decided.told.house)) as browser:
        reply = await browser.http.post(
            "/graphql",
            json={"query": "{ status { head } }"},
            headers={"Authorization": f"Bearer {SECRET}"},
        )
        said: dict[str, object] = reply.json()
        return said


def test_a_hold_keeps_who_decided_too(decided: Deciders, shell: Shell, database_url: str) -> None:
    assert shell("subject", "hold", "discord:551100", "--matter", "SEC 26-1").code == 0
    said = shell.refused("subject", "erase", "discord:551100", "--reason", "x", "--yes")
    assert "SEC 26-1" in said
    assert who_did(shell, decided)["signal.approved"] == DANA.actor


def test_what_was_recorded_before_stays_readable_and_is_counted(
    decided: Deciders, shell: Shell, database_url: str
) -> None:
    with connect(database_url, role=None) as superuser:
        superuser.execute("ALTER TABLE tape.events DISABLE TRIGGER USER")
        for (name,) in superuser.execute("SELECT name FROM tape.partitions").fetchall():
            superuser.execute(f'ALTER TABLE tape."{name}" DISABLE TRIGGER USER')
        superuser.execute(
            "UPDATE tape.events SET actor = %s WHERE name = 'signal.approved'", (DANA.actor,)
        )
    assert who_did(shell, decided)["signal.approved"] == DANA.actor
    assert "1 events were recorded before names were sealed" in shell("subject", "show").out
