"""A timeline shows what is looked for, page by page, and the past stays as it was."""

from __future__ import annotations

from datetime import datetime
from html import escape

import msgspec
import pytest

from interfaces.http import create_app
from interfaces.pages import timelines
from projections.timeline import TimelineEvent, timeline
from projections.trail import HAPPENED, Sought, trail
from tests.interfaces.pages.browser import Browser
from tests.interfaces.pages.conftest import NORA, Record, browsing


@pytest.fixture
def story(record: Record) -> list[TimelineEvent]:
    """All of Nora's, the newest first."""
    with record.house.reader.connection() as connection:
        return timeline(connection, NORA, limit=1_000)


async def seen(browser: Browser, **words: str | int) -> list[int]:
    return (await browser.get(f"/audit/trader/{NORA}", **words)).positions()


async def test_kinds_are_first_words_or_whole_names(
    browser: Browser, story: list[TimelineEvent]
) -> None:
    found = await browser.get(f"/audit/trader/{NORA}?kind=order&kind=signal.posted")
    assert found.positions() == [
        event.position
        for event in story
        if event.name.startswith("order.") or event.name == "signal.posted"
    ]
    assert await seen(browser, kind="ord") == []


async def test_actors_are_found_by_a_part_of_their_name(
    browser: Browser, story: list[TimelineEvent]
) -> None:
    expected = [event.position for event in story if "booking" in event.actor]
    assert expected
    assert await seen(browser, actor="BOOK") == expected
    assert await seen(browser, actor="%") == []


async def test_dates_are_of_what_happened_or_of_what_was_recorded(
    browser: Browser, story: list[TimelineEvent]
) -> None:
    everything = [event.position for event in story]
    happened = [
        event.position
        for event in story
        if datetime.fromisoformat("2026-11-16T15:10Z") <= happened_at(event)
        < datetime.fromisoformat("2026-11-16T15:35Z")
    ]  # fmt: skip
    between = {"since": "2026-11-16T15:10Z", "before": "2026-11-16T15:35Z"}
    assert 0 < len(happened) < len(everything)
    assert await seen(browser, **between) == happened
    assert await seen(browser, since="2026-11-16", before="2026-11-16") == everything[:50]
    assert await seen(browser, since="2026-11-17") == []
    # It was recorded when the test ran.
    middle = story[len(story) // 2]
    earlier = [event.position for event in story if event.recorded_at < middle.recorded_at]
    assert await seen(
        browser, by="recorded", before=middle.recorded_at.isoformat()
    ) == earlier  # fmt: skip
    later = [event.position for event in story if event.recorded_at >= middle.recorded_at]
    assert await seen(browser, by="recorded", since=middle.recorded_at.isoformat()) == later


def happened_at(event: TimelineEvent) -> datetime:
    body = msgspec.json.decode(event.body)
    return datetime.fromisoformat(next(body[name] for name in HAPPENED if body.get(name)))


async def test_the_oldest_can_come_first(browser: Browser, story: list[TimelineEvent]) -> None:
    assert await seen(browser, order="oldest") == [event.position for event in story][::-1][:50]


async def test_pages_follow_each_other_and_keep_the_filters(
    own_record: Record,
) -> None:
    for number in range(60):
        own_record.told.messages.append(
            {
                "id": str(5000 + number), "type": "Default", "timestampEdited": None,
                "timestamp": f"2026-11-16T16:{number:02d}:00+00:00", "content": f"chatter {number}",
                "author": {"id": "77", "name": "nora", "nickname": "Nora"}, "embeds": [],
            }
        )  # fmt: skip
    own_record.told.says("17:10:00", "and that was it")
    async with browsing(create_app(own_record.house, open_reading=True)) as browser:
        first = await browser.get(f"/audit/trader/{NORA}?kind=message&order=oldest")
        assert len(first.positions()) == timelines.PAGE
        second = await browser.get(first.link("further"))
        with own_record.house.reader.connection() as connection:
            whole = trail(
                connection, NORA, Sought(kinds=("message",)), limit=1_000, descending=False
            )
        assert first.positions() + second.positions() == [event.position for event in whole]
        assert "further" not in second.words.rpartition("because of")[2]
        assert (await browser.get(second.link("to the beginning"))).positions() == (
            first.positions()
        )
        # What comes in meanwhile shifts nothing.
        own_record.told.says("17:20:00", "one more thing")
        again = await browser.get(first.link("further"))
        assert again.positions()[: len(second.positions())] == second.positions()


def test_a_filter_that_lets_all_pass_finds_the_story(
    record: Record, story: list[TimelineEvent]
) -> None:
    with record.house.reader.connection() as connection:
        for subject in (NORA, record.signal, record.account):
            for descending in (True, False):
                plain = timeline(connection, subject, limit=1_000, descending=descending)
                sieved = trail(
                    connection, subject, Sought(after=0), limit=1_000, descending=descending
                )
                assert sieved == plain
    assert len({event.position for event in story}) == len(story)


async def test_what_was_known_does_not_change_when_more_is_recorded(own_record: Record) -> None:
    house, as_of = own_record.house, own_record.before_correction
    paths = (
        "/audit", f"/audit/trader/{NORA}", f"/audit/signal/{own_record.signal}",
        f"/audit/account/{own_record.account}", f"/audit/trader/{NORA}/why",
        f"/audit/signal/{own_record.signal}/why", f"/audit/trader/{NORA}/why?figure=return",
    )  # fmt: skip
    async with browsing(create_app(house, open_reading=True)) as browser:

        async def known() -> list[str]:
            join = ["&" if "?" in path else "?" for path in paths]
            return [
                (await browser.get(f"{path}{sign}as_of={as_of}")).html
                for path, sign in zip(paths, join, strict=True)
            ]

        before = await known()
        own_record.told.market("TSLA261120C00250000 16:29:30 4.00 4.10")
        own_record.told.says("16:30:00", "BTO 5 TSLA 11/20 250c @ 4.10")
        own_record.told.edits(1, "16:40:00", "out of nothing")
        assert await known() == before
        page = await browser.get(f"/audit/signal/{own_record.signal}", as_of=as_of)
        assert f"As known at position {as_of} , recorded 20" in page.words
        assert "UTC, whatever came since." in page.words
        assert "entry 2 2.28 2.25 2.30 2.30 checked" in page.words
        assert "2.40" not in page.words
        now = await browser.get(page.link("Show what is known now"))
        assert "entry 2 2.28 2.25 2.30 2.40 corrected" in now.words


async def test_a_moment_is_the_last_position_recorded_by_then(
    browser: Browser, record: Record, story: list[TimelineEvent]
) -> None:
    middle = story[len(story) // 2]
    at = middle.recorded_at.isoformat()
    page = await browser.get(f"/audit/trader/{NORA}", as_of=at)
    assert f"As known at position {record.house.position_at(middle.recorded_at)} " in page.words
    assert max(page.positions()) <= record.house.position_at(middle.recorded_at)


async def test_links_take_along_what_was_known(browser: Browser, record: Record) -> None:
    as_of = record.before_correction
    page = await browser.get(f"/audit/trader/{NORA}", as_of=as_of)
    inside = page.html.partition("<main")[2]
    links = [link for link in page.links if "/audit/" in link and f'"{escape(link)}"' in inside]
    assert links
    assert [link for link in links if f"as_of={as_of}" not in link] == []
    late = await browser.look(f"/audit/event/{as_of + 1}", as_of=as_of)
    assert late.reply.status_code == 404
