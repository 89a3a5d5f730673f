"""Each page tells what is on record, in words, and leads on to what it speaks of."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from html import unescape

import msgspec
import pytest

from adapters.signing import check_signature
from application.erasing import erase
from domain.clocks import ClockDay, Sample
from domain.transparency.leaf import event_hash
from domain.transparency.policy import Policy
from domain.transparency.proof_file import parse_proof_file
from interfaces.erasing import clean
from interfaces.http import create_app
from projections.log_checkpoints import last_checkpoint
from projections.timeline import timeline
from projections.trail import event_at
from tests.application.acts import begin as began
from tests.interfaces.pages.browser import Browser
from tests.interfaces.pages.conftest import ADA, HOSTILE, MALLORY, NORA, Record, browsing

LINKS_MAX = 1_500


async def test_every_link_leads_somewhere(browser: Browser) -> None:
    seen, ways = {"/audit", "/"}, deque(["/audit"])
    while ways:
        found = await browser.get(ways.popleft())
        if found.reply.headers["content-type"].startswith("text/html"):
            new = [link for link in found.links if link not in seen]
            seen.update(new)
            ways.extend(new)
        assert len(seen) < LINKS_MAX
    assert len(seen) > 100


async def test_the_search_finds_by_name_symbol_id_and_position(
    browser: Browser, record: Record
) -> None:
    begin = await browser.get("/audit")
    for words in ("Nora", "paper", "TSLA 250C 2026-11-20", "Checkpoints"):
        assert words in begin.words
    assert f"/audit/trader/{NORA}" in (await browser.get("/audit", q="nor")).links
    assert f"/audit/signal/{record.signal}" in (await browser.get("/audit", q="tsla")).links
    by_id = await browser.get("/audit", q=str(record.signal)[:8])
    assert f"/audit/signal/{record.signal}" in by_id.links
    assert (await browser.get("/audit", q=str(record.signal))).address == (
        f"/audit/signal/{record.signal}"
    )
    assert (await browser.get("/audit", q="3")).address == "/audit/event/3"
    nothing = await browser.get("/audit", q="nobody goes by this")
    assert "No trader. Signals No signal. Accounts No account." in nothing.words


async def test_names_and_short_ids_lead_to_the_page_of_the_id(
    browser: Browser, record: Record
) -> None:
    assert (await browser.get("/audit/trader/nora")).address == f"/audit/trader/{NORA}"
    short = await browser.get(f"/audit/signal/{str(record.signal)[:8]}", order="oldest")
    assert short.address == f"/audit/signal/{record.signal}?order=oldest"
    assert (await browser.get("/audit/account/paper")).address == f"/audit/account/{record.account}"
    assert (await browser.get("/audit/trader/nora/why")).address == f"/audit/trader/{NORA}/why"


async def test_a_trader_has_figures_and_the_whole_story(browser: Browser, record: Record) -> None:
    page = await browser.get(f"/audit/trader/{NORA}")
    with record.house.reader.connection() as connection:
        story = timeline(connection, NORA, limit=1_000)
    assert page.positions() == [event.position for event in story][:50]
    for words in (
        "Trader Nora", "first seen 2026-11-16 15:00:00", "edits 1", "put right 1",
        "Signal posted", "Message captured", "Order filled", "Correction requested",
        "booking automatic", "ada person", "10:00:00 EST",
    ):  # fmt: skip
        assert words in page.words
    assert "BTO 2 TSLA 11/20 250c @ 2.28" in page.words
    # A price of 2.40 for the entry and 3.05 for the exit of two contracts.
    assert "+130.00" in page.words


async def test_a_signal_shows_what_was_said_what_counts_and_what_was_put_right(
    browser: Browser, record: Record
) -> None:
    page = await browser.get(f"/audit/signal/{record.signal}")
    said = page.words.partition("What was said")[2].partition("Entries and exits")[0]
    first, second = said.index("@ 2.28"), said.index("@ 2.08")
    assert first < second
    assert "edited 2026-11-16 15:40:00" in said
    assert "price 2.28 → 2.40" in page.words
    assert "the fill was at that price mistyped price" in page.words
    assert "applied ; asked for by operator" in page.words
    assert "entry 2 2.28 2.25 2.30 2.40 corrected" in page.words
    assert "standing fill" in page.words
    assert "approve approved" in page.words


async def test_an_account_shows_cash_holdings_and_what_it_earned(
    browser: Browser, record: Record
) -> None:
    page = await browser.get(f"/audit/account/{record.account}")
    assert "Account at paper paper equity" in page.words
    assert "paid in 100,000.00" in page.words
    assert "Order filled" in page.words


async def test_an_event_has_its_envelope_its_body_and_its_proof(
    browser: Browser, record: Record
) -> None:
    with record.house.reader.connection() as connection:
        posted = next(e for e in timeline(connection, record.signal) if e.name == "signal.posted")
        event = event_at(connection, posted.position)
    assert event is not None
    page = await browser.get(f"/audit/event/{posted.position}")
    for words in (
        "Signal posted", str(event.event_id), str(event.command_id), str(event.stream),
        f"leaf {event.position - 1}", "Proven.", event_hash(event).hex(),
        event.recorded_at.strftime("%H:%M:%S.%f"), "TSLA 250C 2026-11-20", "2.28 USD",
    ):  # fmt: skip
        assert words in page.words
    assert "signed 20" in page.words
    assert event.body.decode() in unescape(page.html)
    assert f"/audit/event/{event.causation}" in page.links


async def test_the_proof_of_an_event_is_one_for_who_has_the_keys(
    browser: Browser, record: Record
) -> None:
    page = await browser.get("/audit/event/4")
    reply = (await browser.get(page.link("download the proof"))).reply
    assert reply.headers["content-disposition"] == 'attachment; filename="4.tlog-proof"'
    keys = record.house.log.keys
    with record.house.reader.connection() as connection:
        event = event_at(connection, 4)
    assert event is not None
    opened = parse_proof_file(reply.content).verified(
        event_hash(event), Policy(keys[0].name, tuple(keys)), check_signature
    )
    assert opened.checkpoint.size > 4


async def test_what_no_checkpoint_covers_yet_is_said_to_be_so(own_record: Record) -> None:
    own_record.told.says("16:10:00", "and one more")
    house = own_record.house
    with house.reader.connection() as connection:
        last = last_checkpoint(connection)
    assert last is not None
    assert last.size < house.head()
    async with browsing(create_app(house, open_reading=True)) as browser:
        page = await browser.get(f"/audit/event/{house.head()}")
        assert "No checkpoint covers it yet" in page.words
        missing = await browser.look(f"/audit/event/{house.head()}/tlog-proof")
        assert (missing.reply.status_code, "try again in a minute" in missing.words) == (404, True)


async def test_why_makes_the_figure_again_step_by_step(browser: Browser, record: Record) -> None:
    page = await browser.get(f"/audit/signal/{record.signal}/why")
    assert "Why the P&L is +130.00 The steps make it." in page.words
    trader = await browser.get(f"/audit/trader/{NORA}/why", figure="return", window="month")
    assert "Day by day" in trader.words
    assert "The steps make it." in trader.words
    account = await browser.get(f"/audit/account/{record.account}/why")
    assert "The steps make it." in account.words


async def test_hostile_words_stay_words(browser: Browser) -> None:
    for address in ("/audit", f"/audit/trader/{MALLORY}", "/audit?q=%3Cscript%3Ealert(1)"):
        page = await browser.get(address)
        assert "<script" not in page.html.lower()
        assert 'onload="alert' not in page.html
    page = await browser.get(f"/audit/trader/{MALLORY}")
    assert HOSTILE in page.words
    seen = await browser.look(f"/audit/trader/{'<script>alert(1)</script>'}")
    assert seen.reply.status_code == 404
    assert "<script" not in seen.html


async def test_pages_take_nothing_from_elsewhere(browser: Browser) -> None:
    page = await browser.get("/audit")
    policy = page.reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.reply.headers["cache-control"] == "no-store"
    assert page.reply.headers["x-content-type-options"] == "nosniff"
    for forbidden in ("http://", "https://", "<script", "style=", " onclick"):
        assert forbidden not in page.html
    sheet = await browser.get("/audit/style.css")
    assert sheet.reply.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.html
    assert "@import" not in sheet.html


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/trader/nobody", 404),
        ("/audit/trader/00000000-0000-0000-0000-000000000000", 404),
        ("/audit/signal/00000000-0000-0000-0000-000000000000", 404),
        ("/audit/signal/xyz", 400),
        ("/audit/account/nothing", 404),
        ("/audit/event/0", 404),
        ("/audit/event/1000000", 404),
        ("/audit/event/99999999999999999999", 404),
        ("/audit/event/x", 404),
        ("/audit/id/x", 404),
        ("/audit/id/00000000-0000-0000-0000-000000000000", 404),
        ("/audit?as_of=yesterday", 400),
        ("/audit?as_of=1000000", 400),
        ("/audit?as_of=-1", 400),
        ("/audit?as_of=2199-01-01", 400),
        ("/audit?as_of=9999-12-31", 400),
        ("/audit?q=" + "x" * 300, 400),
        (f"/audit/trader/{NORA}?since=noon", 400),
        (f"/audit/trader/{NORA}?after=x", 400),
        (f"/audit/trader/{NORA}/why?figure=luck", 400),
        (f"/audit/trader/{NORA}/why?window=24y", 400),
        (f"/audit/trader/{NORA}/diff", 400),
        (f"/audit/trader/{NORA}/diff?from=0", 400),
        (f"/audit/trader/{NORA}/diff?from=9&to=3", 400),
    ],
)
async def test_what_is_not_there_is_told_in_words(browser: Browser, path: str, status: int) -> None:
    seen = await browser.look(path)
    assert seen.reply.status_code == status, seen.words
    assert "Traceback" not in seen.html
    assert "To the search" in seen.words


async def test_what_was_recorded_while_a_clock_was_off_is_marked(own_record: Record) -> None:
    sample = Sample(
        host="desk-1", reference="time.example.org", machine_ms=Decimal(1_500),
        machine_trip_ms=Decimal(1), tape_ms=Decimal(0), tape_trip_ms=Decimal(1),
    )  # fmt: skip
    house = own_record.house
    began(house.desk, ClockDay.begin(sample, at=own_record.told.at("16:20:00")))
    house.catch_up()
    async with browsing(create_app(house, open_reading=True)) as browser:
        page = await browser.get(f"/audit/trader/{NORA}")
        assert "a clock was off by +1,500.0 ms" in page.words
        panel = (await browser.get("/audit")).words.partition("Clocks")[2]
        assert "off by +1500.0 ms against time.example.org" in panel
        assert "off by up to +1,500.0 ms" in panel


async def test_who_is_erased_is_read_no_more_and_the_proofs_stay(own_record: Record) -> None:
    house = own_record.house
    async with browsing(create_app(house, open_reading=True)) as browser:
        before = await browser.get(f"/audit/trader/{NORA}?kind=message")
        assert "BTO 2 TSLA" in before.words
        captured = min(before.positions())
        assert "stored encrypted" in (await browser.get(f"/audit/event/{captured}")).words
        key = house.subjects.key_of("discord", "77")
        assert key is not None
        erase(house.desk, own_record.told.command(), ADA, subject=key, reason="she asked")
        assert clean(house) == 1
        for path in (
            f"/audit/trader/{NORA}", f"/audit/trader/{NORA}?kind=message",
            f"/audit/signal/{own_record.signal}", f"/audit/trader/{NORA}/diff?from=3",
            f"/audit/signal/{own_record.signal}/why", f"/audit/event/{captured}", "/audit",
        ):  # fmt: skip
            page = await browser.get(path)
            assert "BTO 2 TSLA" not in page.html
            assert "Nora" not in page.words
        assert "[erased]" in page.words
        event = await browser.get(f"/audit/event/{captured}")
        assert "[erased]" in event.words
        assert "Proven." in event.words


async def test_the_demo_says_that_it_is_one(record: Record) -> None:
    async with browsing(create_app(record.house, open_reading=True, demo=True)) as browser:
        assert "Truetape demo" in (await browser.get("/audit")).words
        assert "demo" in (await browser.http.get("/", headers={"accept": "text/html"})).text
    async with browsing(create_app(record.house, open_reading=True)) as browser:
        assert "demo" not in (await browser.get("/audit")).words


async def test_who_opens_the_address_in_a_browser_gets_a_page_and_a_program_json(
    browser: Browser,
) -> None:
    page = await browser.http.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="/audit"' in page.text
    assert msgspec.json.decode((await browser.http.get("/")).content)["audit"] == "/audit"
