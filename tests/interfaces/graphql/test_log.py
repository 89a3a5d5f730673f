"""Who asks the API gets checkpoints and proofs that hold without it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from adapters.signing import check_signature
from adapters.tape_log import TapeLog
from domain.transparency.leaf import event_hash
from domain.transparency.policy import Policy
from domain.transparency.proof_file import parse_proof_file
from interfaces.compose import House
from tests.interfaces.graphql.world import Client, World

LOG = """
query ($asOf: AsOf) {
  log(asOf: $asOf) { checkpoint { origin size root note witnesses } check { sound faults } }
}
"""
PROOF = "query ($position: BigInt!) { proof(position: $position) { position text } }"


def seal(house: House) -> int:
    sealer = house.log.sealer()
    size = sealer.seal(sealer.integrate(), datetime.now(UTC)).size
    house.catch_up()
    return size


async def test_before_anything_is_signed_there_is_nothing(reader: Client) -> None:
    assert (await reader.ask(LOG))["log"] == {"checkpoint": None, "check": None}
    assert (await reader.ask(PROOF, position=1))["proof"] is None


async def test_a_proof_holds_by_the_logs_keys(reader: Client, house: House, world: World) -> None:
    world.post()
    size = seal(house)
    told = (await reader.ask(LOG))["log"]["checkpoint"]
    assert (int(told["size"]), told["witnesses"]) == (size, [])
    found = (await reader.ask(PROOF, position=size))["proof"]
    proof = parse_proof_file(found["text"].encode())
    assert str(proof.note) == told["note"]
    with closing(TapeLog(house.database_url)) as log:
        event = log.events(size - 1, 1)[0]
    policy = Policy(told["origin"], house.log.keys)
    assert proof.verified(event_hash(event), policy, check_signature).checkpoint.size == size


async def test_the_log_is_answered_as_it_was_known(reader: Client, house: House) -> None:
    first = seal(house)
    second = seal(house)
    assert second > first
    then = (await reader.ask(LOG, asOf=second))["log"]["checkpoint"]
    assert int(then["size"]) == first


async def test_what_is_no_position_is_refused(reader: Client) -> None:
    code, words = await reader.refused(PROOF, position=0)
    assert (code, "positions begin at 1" in words) == ("invalid_input", True)
