"""An account whose owner is named is shown to its owner and those who oversee, to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from application.access import LOCAL_OPERATOR, Member
from application.linking import name_owner
from domain.accounts import account_stream
from domain.approvals import Role
from interfaces.compose import DEFAULT_ACCOUNT, House
from projections.models import READ_MODELS
from tests.interfaces.graphql.world import Client, World

ASKED = """
{ accounts { name } orders { nodes { account fills { price } } }
  positions { nodes { book } } exitPlans { nodes { account triggers { bid } } } }
"""
STORY = "query ($subject: UUID!) { timeline(subject: $subject, first: 100) { nodes { name } } }"

PREVIEW = """
query ($correction: CorrectionInput!) { previewCorrection(correction: $correction) { recorded } }
"""

OTHERS = Member(name="rob", roles=frozenset({Role.READER}))

Seen = dict[str, int]


def owns(world: World, trader: str) -> UUID:
    """From now on the account that traded is this trader's."""
    owner = world.trader(trader)
    name_owner(
        world.house.desk,
        world.command(),
        LOCAL_OPERATOR,
        account=DEFAULT_ACCOUNT,
        owner=owner,
        reason="it is her money",
    )
    world.catch_up()
    return owner


def seen(house: House, member: Member) -> Seen:
    """How many versions of rows, and events, a member finds."""
    with house.seen_by(member) as connection:
        return counted(connection)


def counted(connection: psycopg.Connection) -> Seen:
    found = {}
    for name in (*("read." + name for name in tables()), "tape.events"):
        row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert row is not None
        found[name.removeprefix("read.")] = row[0]
    return found


def tables() -> Iterator[str]:
    return (table.shape.name for model in READ_MODELS for table in model().tables)


def hidden(all_there_is: Seen, found: Seen) -> set[str]:
    return {name for name in all_there_is if found[name] < all_there_is[name]}


def test_what_is_the_communitys_is_shown_to_everybody(world: World, traded: str) -> None:
    everything = seen(world.house, LOCAL_OPERATOR)
    assert everything["fills"] > 0
    assert everything["exit_triggers"] == 0 < everything["exit_plans"]
    assert hidden(everything, seen(world.house, OTHERS)) == set()
    assert traded


def test_an_owned_account_is_shown_to_its_owner_and_those_who_oversee(
    world: World, traded: str
) -> None:
    owner = owns(world, "Vic")
    vic = Member(name="vic", roles=frozenset({Role.TRADER}), trader=str(owner))
    nora = Member(name="nora", roles=frozenset({Role.TRADER}), trader=str(world.trader()))
    everything = seen(world.house, LOCAL_OPERATOR)
    for member in (OTHERS, nora):
        found = seen(world.house, member)
        lost = hidden(everything, found)
        assert {"accounts", "blotter", "fills", "exit_plans", "book_orders"} <= lost
        assert [found[name] for name in ("accounts", "blotter", "fills", "exit_plans")] == [0] * 4
        assert 0 < found["positions"] < everything["positions"], "the trader's own are public"
        assert found["signal_feed"] == everything["signal_feed"]
    assert hidden(everything, seen(world.house, vic)) == set()
    for role in (Role.APPROVER, Role.ADMIN, Role.AUDITOR):
        assert seen(world.house, Member(name="ada", roles=frozenset({role}))) == everything
    assert traded


def test_events_of_an_owned_account_are_its_owners(world: World, traded: str) -> None:
    world.token("ada", Role.ADMIN)
    owner = owns(world, "Vic")
    vic = Member(name="vic", roles=frozenset({Role.TRADER}), trader=str(owner))
    about = "SELECT DISTINCT split_part(name, '.', 1) FROM tape.events ORDER BY 1"
    found = {}
    for member in (LOCAL_OPERATOR, vic, OTHERS):
        with world.house.seen_by(member) as connection:
            found[member.name] = {row[0] for row in connection.execute(about)}
    assert {"account", "exit_plan", "order", "signal"} <= found["vic"]
    assert found["rob"] == found["vic"] - {"account", "exit_plan", "order"}
    assert found["operator"] - found["vic"] == {"token"}, "what is not said to be for all is not"
    assert traded


async def test_the_api_leaves_out_what_is_others(world: World, traded: str, nobody: Client) -> None:
    owner = owns(world, "Vic")
    others = nobody.having(world.token("rob", Role.READER))
    vic = nobody.having(world.token("vic", Role.TRADER, trader=owner))
    admin = nobody.having(world.token("ada", Role.ADMIN))
    world.catch_up()
    # Whoever asks first must not decide what the next one is told.
    for client in (admin, others, vic, others):
        data = await client.ask(ASKED)
        is_other = client is others
        assert [bool(data["orders"]["nodes"]), bool(data["accounts"])] == [not is_other] * 2
        assert bool(data["exitPlans"]["nodes"]) is not is_other
        story = await client.ask(STORY, subject=str(account_stream(DEFAULT_ACCOUNT)))
        assert bool(story["timeline"]["nodes"]) is not is_other
    assert traded


def test_a_login_for_reading_alone_cannot_say_that_it_is_somebody(
    world: World, traded: str, database_url: str
) -> None:
    owner = owns(world, "Vic")
    login = f"outside_{uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE truetape_reader")
    url = make_conninfo(database_url, user=login)
    with psycopg.connect(url, autocommit=True) as connection:
        before = counted(connection)
        connection.execute("SELECT set_config('truetape.viewer', %s, false)", (str(owner),))
        assert counted(connection) == before
        assert before["blotter"] == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET row_security = off; SELECT count(*) FROM read.blotter_b1")
        # A function of one's own that is cheap to call is asked after the rule, not before it.
        connection.execute(
            "CREATE FUNCTION pg_temp.told(v text) RETURNS boolean LANGUAGE plpgsql COST 0.0001"
            " AS 'BEGIN RAISE EXCEPTION ''%'', v; END'"
        )
        connection.execute("SET row_security = on")
        query = "SELECT count(*) FROM read.blotter WHERE pg_temp.told(account)"
        assert connection.execute(query).fetchone() == (0,)
    assert traded


def test_tokens_are_for_no_reader(world: World) -> None:
    world.token("rob", Role.READER)
    world.catch_up()
    assert seen(world.house, LOCAL_OPERATOR)["tokens"] == 1
    assert seen(world.house, OTHERS)["tokens"] == 0


async def test_what_a_correction_would_move_is_told_to_who_may_ask_for_it(
    world: World, nobody: Client
) -> None:
    """Among the figures may be those of accounts that are not theirs."""
    change = {
        "target": "SIGNAL", "record": str(world.post("Nora")), "part": "1", "price": "2.50",
        "reason": "a slip",
    }  # fmt: skip
    nora = nobody.having(world.token("nora", Role.TRADER, trader=world.trader("Nora")))
    vic = nobody.having(world.token("vic", Role.TRADER, trader=world.trader("Vic")))
    world.catch_up()
    assert (await nora.ask(PREVIEW, correction=change))["previewCorrection"]["recorded"]
    code, words = await vic.refused(PREVIEW, correction=change)
    assert (code, "their own signals only" in words) == ("forbidden", True)
