"""Who may look: a token of an auditor or admin, kept as a session that ends; forms of our own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from application.access import LOCAL_OPERATOR
from application.administering import revoke_token
from domain.approvals import Role
from interfaces.graphql.moves import FRESH_S
from interfaces.http import create_app
from interfaces.pages.sessions import LASTS, SESSIONS_MAX, Sessions
from interfaces.pages.site import COOKIE, local
from tests.interfaces.pages.browser import Browser
from tests.interfaces.pages.conftest import NORA, Record, browsing

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
EVERY_PAGE = (
    "/audit", f"/audit/trader/{NORA}", f"/audit/trader/{NORA}/diff?from=3",
    f"/audit/trader/{NORA}/why", "/audit/event/3", "/audit/event/3/tlog-proof",
    f"/audit/id/{NORA}", "/audit/account/paper", f"/audit/signal/{NORA}",
)  # fmt: skip


async def test_without_a_session_every_page_asks_for_one(stranger: Browser) -> None:
    for path in EVERY_PAGE:
        reply = await stranger.http.get(path)
        assert reply.status_code == 303
        assert reply.headers["location"].startswith("/audit/sign-in?next=%2Faudit")
        assert reply.content == b""
    export = await stranger.http.post(f"/audit/trader/{NORA}/export")
    assert (export.status_code, export.headers["location"]) == (
        303, "/audit/sign-in?next=%2Faudit"
    )  # fmt: skip


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
async def test_an_auditor_and_an_admin_come_in_and_get_where_they_were_going(
    record: Record, stranger: Browser, role: Role
) -> None:
    secret = record.token(f"in-{role}", role)
    asked = await stranger.look(f"/audit/trader/{NORA}?order=oldest")
    assert asked.address.startswith("/audit/sign-in")
    reply = await stranger.http.post(asked.address, data={"token": f" {secret} "})
    assert (reply.status_code, reply.headers["location"]) == (
        303, f"/audit/trader/{NORA}?order=oldest"
    )  # fmt: skip
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert secret not in cookie
    page = await stranger.get(f"/audit/trader/{NORA}")
    assert f"in-{role} Sign out" in page.words


@pytest.mark.parametrize("role", [Role.READER, Role.TRADER, Role.APPROVER])
async def test_other_roles_stay_outside(record: Record, stranger: Browser, role: Role) -> None:
    secret = record.token(f"out-{role}", role)
    reply = await stranger.sign_in(secret)
    assert reply.status_code == 403
    assert "may not audit: that takes admin or auditor" in reply.text
    assert "set-cookie" not in reply.headers
    seen = await stranger.http.get("/audit", headers={"Authorization": f"Bearer {secret}"})
    assert seen.status_code == 403


async def test_a_program_may_look_with_its_token_in_a_header(
    record: Record, stranger: Browser
) -> None:
    headers = {"Authorization": f"Bearer {record.token('program', Role.AUDITOR)}"}
    assert (await stranger.http.get("/audit", headers=headers)).status_code == 200


async def test_a_wrong_token_is_told_so_and_not_repeated(stranger: Browser) -> None:
    for token in ("tt_guessed", "", "<script>"):
        reply = await stranger.sign_in(token)
        assert reply.status_code == 401
        assert "this token opens nothing" in reply.text
        assert "tt_guessed" not in reply.text
        assert "<script>" not in reply.text


async def test_over_https_the_cookie_stays_there(record: Record) -> None:
    secret = record.token("secure", Role.AUDITOR)
    async with browsing(create_app(record.house), base="https://audit.example") as browser:
        assert "Secure" in (await browser.sign_in(secret)).headers["set-cookie"]


async def test_who_signs_out_is_out_also_with_the_same_cookie(
    record: Record, stranger: Browser
) -> None:
    reply = await stranger.sign_in(record.token("leaver", Role.AUDITOR))
    kept = reply.cookies[COOKIE]
    await stranger.get("/audit")
    await stranger.http.post("/audit/sign-out")
    stranger.http.cookies.set(COOKIE, kept, path="/audit")
    assert (await stranger.http.get("/audit")).status_code == 303


async def test_a_revoked_token_ends_its_session(own_record: Record) -> None:
    async with browsing(create_app(own_record.house)) as browser:
        await browser.sign_in(own_record.token("short", Role.AUDITOR))
        await browser.get("/audit")
        house = own_record.house
        revoke_token(house.desk, own_record.told.command(), LOCAL_OPERATOR, name="short")
        house.catch_up()
        await asyncio.sleep(2 * FRESH_S + 0.2)
        assert (await browser.http.get("/audit")).status_code == 303


async def test_a_guessed_cookie_opens_nothing(stranger: Browser) -> None:
    for guess in ("x", "a" * 43, ""):
        stranger.http.cookies.set(COOKIE, guess, path="/audit")
        assert (await stranger.http.get("/audit")).status_code == 303


async def test_forms_of_other_sites_do_nothing(record: Record, stranger: Browser) -> None:
    secret = record.token("lured", Role.AUDITOR)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        reply = await stranger.sign_in(secret, **headers)
        assert (reply.status_code, "set-cookie" in reply.headers) == (403, False)
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert (await stranger.sign_in(secret, **own)).status_code == 303
    for path in ("/audit/sign-out", f"/audit/trader/{NORA}/export"):
        reply = await stranger.http.post(path, headers={"Origin": "https://evil.example"})
        assert reply.status_code == 403
    await stranger.get("/audit")


async def test_only_forms_are_read_and_no_long_ones(stranger: Browser) -> None:
    json = await stranger.http.post("/audit/sign-in", json={"token": "tt"})
    assert json.status_code == 400
    long = await stranger.http.post("/audit/sign-in", data={"token": "x" * 10_000})
    assert long.status_code == 400
    for path in ("/audit/sign-out", f"/audit/trader/{NORA}/export"):
        assert (await stranger.http.get(path)).status_code == 405


def test_nobody_is_sent_elsewhere_after_signing_in() -> None:
    for address in (
        "https://evil.example", "//evil.example", "/\\evil.example", "/graphql", "javascript:x",
        "/audit-evil", "", "/audit/sign-in", "\\\\evil.example/audit", "//evil.example/audit",
    ):  # fmt: skip
        assert local(address) == "/audit"
    assert local("/audit/trader/x?as_of=3") == "/audit/trader/x?as_of=3"


def test_a_session_is_over_after_twelve_hours() -> None:
    sessions = Sessions()
    key = sessions.begin("hash", NOW)
    assert sessions.token_hash(key, NOW + LASTS - timedelta(seconds=1)) == "hash"
    assert sessions.token_hash(key, NOW + LASTS) is None
    assert sessions.token_hash(key, NOW) is None


def test_the_oldest_session_makes_room() -> None:
    sessions = Sessions()
    keys = [sessions.begin("hash", NOW) for _ in range(SESSIONS_MAX + 1)]
    assert sessions.token_hash(keys[0], NOW) is None
    assert sessions.token_hash(keys[1], NOW) == "hash"


async def test_anybody_may_read_where_reading_is_open_and_take_nothing_home(
    record: Record,
) -> None:
    async with browsing(create_app(record.house, open_reading=True, export=_never)) as browser:
        page = await browser.get(f"/audit/trader/{NORA}")
        assert "anybody may read here" in page.words
        assert "Export with proofs" not in page.words
        assert (await browser.http.post(f"/audit/trader/{NORA}/export")).status_code == 403


async def _never(*_: object) -> None:
    raise AssertionError("nobody who may not asks for an export")
