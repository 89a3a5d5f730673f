"""Around the queries: known documents by their hash, health, and errors that tell no secrets."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import urllib.request
from uuid import uuid4

import psycopg
import pytest

from application.ports import PortRefused
from interfaces.compose import House
from interfaces.graphql.schema import SCHEMA
from interfaces.http import SCHEMA_FILE, serve
from tests.interfaces.graphql.live import served
from tests.interfaces.graphql.world import Client, World

SIGNALS = "query ($first: Int! = 5) { signals(first: $first) { nodes { id } } }"
HASH = hashlib.sha256(SIGNALS.encode()).hexdigest()


def _extensions(digest: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


async def test_a_known_document_is_asked_for_by_its_hash(reader: Client, world: World) -> None:
    signal = str(world.post())
    world.catch_up()
    headers = reader.headers
    for params in (
        {"extensions": json.dumps(_extensions(HASH)), "variables": '{"first": 1}'},
        {"documentId": HASH, "variables": '{"first": 1}'},
    ):
        unknown = await reader.http.get("/graphql", params=params, headers=headers)
        error = unknown.json()["errors"][0]
        assert error["extensions"]["code"] == "persisted_query_not_found"
    await reader.ask(SIGNALS)
    for params in (
        {"extensions": json.dumps(_extensions(HASH)), "variables": '{"first": 1}'},
        {"documentId": HASH},
    ):
        known = await reader.http.get("/graphql", params=params, headers=headers)
        assert known.json() == {"data": {"signals": {"nodes": [{"id": signal}]}}}
    posted = await reader.http.post(
        "/graphql", json={"extensions": _extensions(HASH)}, headers=headers
    )
    assert posted.json() == known.json()


async def test_nothing_is_changed_by_get(reader: Client) -> None:
    document = f"""mutation {{ reject(signal: "{uuid4()}", reason: "no",
        idempotencyKey: "{uuid4()}") {{ id }} }}"""
    await reader.reply(document)
    digest = hashlib.sha256(document.encode()).hexdigest()
    reply = await reader.http.get("/graphql", params={"documentId": digest}, headers=reader.headers)
    assert reply.status_code == 400
    assert "only queries can be asked by GET" in reply.text


async def test_get_takes_no_text(reader: Client) -> None:
    for params, said in (
        ({"query": SIGNALS}, "POST the document once"),
        ({}, "no query"),
        ({"documentId": HASH, "variables": "["}, "JSON objects"),
    ):
        reply = await reader.http.get("/graphql", params=params, headers=reader.headers)
        assert reply.status_code == 400
        assert said in reply.text


async def test_an_operation_is_chosen_by_name(reader: Client) -> None:
    document = "query A { status { head } } query B { accounts { name } }"
    ask = {"query": document, "operationName": "B"}
    reply = await reader.http.post("/graphql", json=ask, headers=reader.headers)
    assert reply.json() == {"data": {"accounts": [{"name": "paper"}]}}
    for name in (None, "C"):
        reply = await reader.http.post(
            "/graphql", json={**ask, "operationName": name}, headers=reader.headers
        )
        assert reply.json()["errors"][0]["extensions"]["code"] == "invalid_document"


async def test_what_does_not_parse_or_fit_is_told_with_its_place(reader: Client) -> None:
    for document, code in (("{ signals", "not_a_document"), ("{ nothing }", "invalid_document")):
        reply = await reader.reply(document)
        assert reply.status_code == 400
        (error,) = reply.json()["errors"]
        assert error["extensions"] == {"code": code}
        assert error["locations"]


async def test_a_variable_of_the_wrong_kind_is_told(reader: Client) -> None:
    code, sentence = await reader.refused(SIGNALS, first="many")
    assert (code, "$first" in sentence) == ("invalid_input", True)
    document = "query ($id: UUID!) { signal(id: $id) { id } }"
    code, sentence = await reader.refused(document, id="no id")
    assert (code, "$id" in sentence) == ("invalid_input", True)


async def test_what_was_not_foreseen_is_internal_and_logged(
    reader: Client, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER VIEW read.signal_feed RENAME TO elsewhere")
    with caplog.at_level(logging.ERROR, "interfaces.graphql.errors"):
        reply = await reader.reply(SIGNALS)
    (error,) = reply.json()["errors"]
    assert error["extensions"]["code"] == "internal"
    assert "SELECT" not in reply.text
    assert "signal_feed" not in reply.text
    assert error["extensions"]["request"] in caplog.text
    assert "Traceback" in caplog.text
    assert await reader.ask("{ accounts { name } }") == {"accounts": [{"name": "paper"}]}


async def test_health_needs_no_token(nobody: Client, world: World) -> None:
    reply = await nobody.http.get("/health")
    assert reply.status_code == 200
    found = reply.json()
    assert (found["status"], found["database"]) == ("up", "up")
    assert found["lag"]["signal_feed"] == 0
    world.trader()
    assert (await nobody.http.get("/health")).json()["lag"]["signal_feed"] == 1


async def test_without_a_database_health_is_down_and_queries_say_so(
    reader: Client, house: House
) -> None:
    house.views.close()
    reply = await reader.http.get("/health")
    assert (reply.status_code, reply.json()["status"]) == (503, "down")
    asked = await reader.reply(SIGNALS)
    assert asked.status_code == 503
    assert asked.json()["errors"][0]["extensions"]["code"] == "unavailable"


async def test_the_first_address_says_where_to_go(nobody: Client) -> None:
    assert (await nobody.http.get("/")).json()["graphql"] == "/graphql"
    schema = await nobody.http.get("/graphql/schema.graphql")
    assert "type Query" in schema.text


def test_the_schema_file_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == f"{SCHEMA}\n", (
        "run: .venv/bin/python -m interfaces.graphql"
    )


def test_an_address_that_is_taken_is_told(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortRefused, match=f"127.0.0.1:{port} cannot be listened on"):
            serve(house, "127.0.0.1", port)


def test_serving_ends_in_order(house: House) -> None:
    with served(house) as address, urllib.request.urlopen(f"http://{address}/health") as reply:
        assert reply.status == 200
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://{address}/health")
