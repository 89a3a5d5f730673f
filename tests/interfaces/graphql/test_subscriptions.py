"""What moves is told as it moves; without Redis later, and never not at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from application.position_reports import Marked
from domain.approvals import Role
from domain.fix import Side
from domain.legs import Leg
from domain.valuation import valued
from interfaces.clock import SetClock
from interfaces.compose import House, open_house
from interfaces.http import GRACE_S
from interfaces.settings import Settings
from tests.interfaces.graphql.live import opened, served
from tests.interfaces.graphql.world import CALL, NOON, World, unknown

CHANGED = """subscription ($after: BigInt, $trader: UUID) { signalChanged(after: $after,
    trader: $trader) { id decision position trader { name } executions { number } } }"""


@pytest.fixture
def secret(world: World) -> str:
    secret = world.token("rob", Role.READER)
    world.catch_up()
    return secret


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with served(house) as address:
        yield address


async def _do(work: object, *given: object) -> None:
    """Runs what takes its time in a thread, so that listening goes on."""
    assert callable(work)
    await asyncio.to_thread(work, *given)


async def test_an_approval_is_told_at_once(address: str, world: World, secret: str) -> None:
    signal = world.post()
    head = world.catch_up()
    async with opened(address, secret) as socket:
        assert (await socket.receive())["type"] == "connection_ack"
        # Nobody tells when the server has begun to listen: what it missed is told as well.
        await socket.subscribe(CHANGED, after=str(head))
        await asyncio.sleep(0.2)
        world.approve(signal)
        await _do(world.catch_up)
        found = await socket.next("signalChanged")
    assert (found["id"], found["decision"]) == (str(signal), "APPROVED")
    assert found["trader"] == {"name": "Nora"}
    assert found["executions"] == [{"number": 1}]


async def test_a_post_is_told_to_who_follows_the_trader(
    address: str, world: World, secret: str
) -> None:
    nora, head = str(world.trader("Nora")), world.catch_up()
    posted = "subscription ($trader: UUID, $after: BigInt) { signalPosted(trader: $trader,"
    posted += " after: $after) { id } }"
    async with opened(address, secret) as socket:
        await socket.receive()
        await socket.subscribe(posted, trader=nora, after=str(head))
        world.post("Miles")
        signal = world.post("Nora")
        world.approve(signal)
        await _do(world.catch_up)
        assert await socket.next("signalPosted") == {"id": str(signal)}
        with pytest.raises(TimeoutError):
            await socket.receive(within=0.5)


async def test_who_comes_back_goes_on_where_they_were(
    address: str, world: World, secret: str
) -> None:
    world.post()
    last = world.catch_up()
    missed = [str(world.post()) for _ in range(3)]
    world.catch_up()
    async with opened(address, secret) as socket:
        await socket.receive()
        await socket.subscribe(CHANGED, after=str(last))
        told = [await socket.next("signalChanged") for _ in missed]
    assert [signal["id"] for signal in told] == missed
    assert [int(signal["position"]) for signal in told] == sorted(
        int(signal["position"]) for signal in told
    )


async def test_events_of_a_subject_are_told_in_their_order(
    address: str, world: World, secret: str
) -> None:
    world.quote("1.98", "2.00")
    signal = world.post()
    events = "subscription ($subject: UUID!, $after: BigInt) { eventRecorded(subject: $subject,"
    events += " after: $after) { name position } }"
    async with opened(address, secret) as socket:
        await socket.receive()
        await socket.subscribe(events, subject=str(signal), after="0")
        world.approve(signal)
        await _do(world.catch_up)
        told = [await socket.next("eventRecorded") for _ in range(8)]
    positions = [int(event["position"]) for event in told]
    assert positions == sorted(positions)
    # The claim is weighed beside what the order goes through, now before it and now after.
    names = [event["name"] for event in told if event["name"] != "signal.price_checked"]
    assert names[:7] == [
        "signal.posted", "signal.approved", "order.requested",
        "order.cleared", "order.submitted", "order.accepted", "order.filled",
    ]  # fmt: skip


async def test_orders_and_read_models_are_told(address: str, world: World, secret: str) -> None:
    world.quote("1.98", "2.00")
    signal = world.post()
    head = world.catch_up()
    changed = "subscription ($after: BigInt) { orderChanged(after: $after) { status fills"
    changed += " { price } } }"
    async with opened(address, secret) as socket:
        await socket.receive()
        await socket.subscribe(changed, after=str(head))
        await asyncio.sleep(0.2)
        world.approve(signal)
        await _do(world.catch_up)
        order = await socket.next("orderChanged")
        while order["status"] != "FILLED":
            order = await socket.next("orderChanged")
        assert order["fills"]
    async with opened(address, secret) as socket:
        await socket.receive()
        await socket.subscribe(
            'subscription { positionsMoved(names: ["blotter"]) { name position } }'
        )
        listening = asyncio.create_task(socket.next("positionsMoved"))
        while not listening.done():
            world.post()
            await _do(world.catch_up)
            await asyncio.wait([listening], timeout=0.2)
        assert (await listening)[0]["name"] == "blotter"


async def test_without_redis_it_is_told_a_little_later(
    database_url: str, tmp_path: Path, clock: SetClock
) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock"
    settings = Settings(home=tmp_path, database_url=database_url, redis_url=nowhere)
    with open_house(settings, clock) as house:
        world = World(house, clock, tmp_path)
        secret, signal = world.token("rob", Role.READER), world.post()
        head = world.catch_up()
        with served(house) as address:
            async with opened(address, secret) as socket:
                await socket.receive()
                await socket.subscribe(CHANGED, after=str(head))
                await asyncio.sleep(0.2)
                world.approve(signal)
                await _do(world.catch_up)
                found = await socket.next("signalChanged")
    assert found["decision"] == "APPROVED"


async def test_without_a_token_nothing_is_told(address: str) -> None:
    for secret in (None, "tt_guessed"):
        async with opened(address, secret) as socket:
            assert (await socket.closed())[0] == 4403


async def test_the_token_may_come_in_the_header(address: str, secret: str) -> None:
    async with opened(address, secret, in_header=True) as socket:
        assert (await socket.receive())["type"] == "connection_ack"


async def test_a_revoked_token_ends_what_it_opened(address: str, world: World, secret: str) -> None:
    async with opened(address, secret) as socket:
        await socket.receive()
        head = world.catch_up()
        world.post()
        await _do(world.catch_up)
        await socket.subscribe(CHANGED, after=str(head))
        await socket.next("signalChanged")
        world.revoke("rob")
        world.post()
        await _do(world.catch_up)
        message = await socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "unauthenticated"
        assert (await socket.receive())["type"] == "complete"


async def test_the_server_ends_although_somebody_listens(house: House, secret: str) -> None:
    async with AsyncExitStack() as connections:
        with served(house) as address:
            socket = await connections.enter_async_context(opened(address, secret))
            await socket.receive()
            await socket.subscribe(CHANGED)
            began = time.monotonic()
        assert time.monotonic() - began < GRACE_S
        assert (await socket.closed())[0] == 1012


async def test_pages_of_other_sites_are_not_connected(address: str, secret: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(address, secret, Origin="https://evil.example"):
            raise AssertionError("it was let in")


async def test_only_sound_subscriptions_run(address: str, secret: str) -> None:
    async with opened(address, secret) as socket:
        await socket.receive()
        for query, code in (
            ("{ status { head } }", "invalid_document"),
            ("subscription { nothing }", "invalid_document"),
            ("subscription {", "not_a_document"),
            ("subscription { signalChanged { " + "id " * 100 + "} }", "too_much"),
        ):
            await socket.subscribe(query)
            message = await socket.receive()
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == code
        await socket.subscribe(CHANGED, after="no position")
        message = await socket.receive()
        found = message["payload"]
        errors = found["errors"] if isinstance(found, dict) else found
        assert errors[0]["extensions"]["code"] == "invalid_input"


async def test_a_holding_that_moved_is_told_with_and_without_commission(
    address: str, world: World, secret: str
) -> None:
    def mark(account: str) -> Marked:
        return Marked(
            plan=unknown("plan"), account=account, trade=unknown("trade"), held=Decimal(9),
            valued=valued(
                Side.BUY, (Leg(symbol=CALL, side=Side.BUY),), held=Decimal(9),
                avg_px=Decimal("5.52"), commission=Decimal("6.30"), mark=Decimal("7.25"),
            ),
            delta=Decimal(612), quote_time=NOON, source="test",
        )  # fmt: skip

    announcer = world.house.announcer
    async with opened(address, secret) as socket:
        assert (await socket.receive())["type"] == "connection_ack"
        await socket.subscribe(
            """subscription { positionMoved(account: "paper") { account held mark value unrealised
            unrealisedNet share delta gamma } }"""
        )
        listening = asyncio.create_task(socket.next("positionMoved"))
        while not listening.done():
            # Nobody tells when the server has begun to listen, so it is told until it hears.
            await _do(announcer.tell, [mark("other"), mark("paper")])
            await asyncio.wait([listening], timeout=0.05)
        found = await listening
    assert found == {
        "account": "paper", "held": "9", "mark": "7.25", "value": "6525.00",
        "unrealised": "1557.00", "unrealisedNet": "1550.70", "share": "0.313405797101",
        "delta": "612", "gamma": None,
    }  # fmt: skip
