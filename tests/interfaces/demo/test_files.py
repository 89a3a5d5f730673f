"""The demo's files: the exporter's format, the counts, and the same bytes for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interfaces.demo.files import Community, Session, write_demo
from interfaces.demo.positions import Said

Sessions = Callable[..., list[Session]]


def messages(paths: tuple[Path, ...]) -> dict[str, dict[str, Any]]:
    return {
        message["id"]: message
        for path in paths
        for message in json.loads(path.read_text())["messages"]
    }


@pytest.fixture(scope="module")
def posted(demo: Community) -> dict[str, dict[str, Any]]:
    return messages(demo.chat)


@pytest.fixture(scope="module")
def left(demo: Community) -> dict[str, dict[str, Any]]:
    return messages(demo.chat_later)


def test_there_is_one_file_for_each_channel_and_it_says_that_it_is_simulated(
    demo: Community,
) -> None:
    assert sorted(path.name for path in demo.chat) == [
        "lotto.json", "options-alerts.json", "stock-alerts.json",
    ]  # fmt: skip
    for path in (*demo.chat, *demo.chat_later):
        document = json.loads(path.read_text())
        assert list(document) == [
            "guild", "channel", "dateRange", "exportedAt", "messages", "messageCount",
        ]  # fmt: skip
        assert document["guild"]["name"] == "Truetape Demo (simulated)"
        assert document["channel"]["type"] == "GuildTextChat"
        assert document["channel"]["name"] == path.stem
        assert document["messageCount"] == len(document["messages"]) > 200


def test_a_message_has_the_exporters_fields(posted: dict[str, dict[str, Any]]) -> None:
    fields: dict[str, type] = {
        "id": str, "type": str, "timestamp": str, "timestampEdited": type(None),
        "callEndedTimestamp": type(None), "isPinned": bool, "content": str, "author": dict,
        "attachments": list, "components": list, "embeds": list, "stickers": list,
        "reactions": list, "mentions": list, "inlineEmojis": list,
    }  # fmt: skip
    author = ["id", "name", "discriminator", "nickname", "color", "isBot", "roles", "avatarUrl"]
    for message in posted.values():
        assert [name for name in message if name != "reference"] == list(fields)
        assert all(isinstance(message[name], kind) for name, kind in fields.items())
        assert list(message["author"]) == author
        assert ("reference" in message) == (message["type"] == "Reply")
        for embed in message["embeds"]:
            assert {"title", "url", "timestamp", "description", "color", "fields"} <= set(embed)
        for mention in message["mentions"]:
            assert list(mention) == author
        for reaction in message["reactions"]:
            assert len(reaction["users"]) == reaction["count"]
    kinds = {message["type"] for message in posted.values()}
    assert kinds == {"Default", "Reply", "GuildMemberJoin"}


def test_there_are_as_many_messages_as_were_asked_for(demo: Community) -> None:
    assert len(demo.posts) == len(messages(demo.chat)) == 3200


def test_an_id_is_a_snowflake_of_its_time(posted: dict[str, dict[str, Any]]) -> None:
    for message in posted.values():
        milliseconds = (int(message["id"]) >> 22) + 1_420_070_400_000
        assert datetime.fromisoformat(message["timestamp"]).timestamp() * 1000 == pytest.approx(
            milliseconds, abs=0.5
        )


def test_messages_are_in_order_and_inside_the_simulated_days(
    demo: Community, posted: dict[str, dict[str, Any]]
) -> None:
    for path in demo.chat:
        document = json.loads(path.read_text())
        times = [datetime.fromisoformat(m["timestamp"]) for m in document["messages"]]
        assert times == sorted(times)
        assert times[0] > demo.market.sessions[0].opens_at - timedelta(hours=1)
        assert times[-1] < demo.market.sessions[-1].closes_at + timedelta(minutes=45)
        assert times[-1] < datetime.fromisoformat(document["exportedAt"])


def test_calls_are_posted_while_the_market_is_open(demo: Community) -> None:
    for post in demo.posts:
        if post.step is not None:
            session = demo.market.sessions[int(demo.market.day[post.step.node])]
            assert session.opens_at <= post.at < session.closes_at
            assert post.at - demo.market.time(post.step.node) < timedelta(minutes=1)


def test_every_call_finds_its_quote_in_the_file_at_its_minute(demo: Community) -> None:
    rows = pl.read_parquet(demo.quotes).select("symbol", "time", "bid", "offer").rows()
    quoted = {(symbol, time): (bid, offer) for symbol, time, bid, offer in rows}
    for post in demo.posts:
        if post.step is None or post.position is None:
            continue
        at = demo.market.time(post.step.node)
        legs = post.position.legs
        for symbol in [leg.symbol for leg, _ in legs] or [post.position.symbol]:
            assert (symbol, at) in quoted
        if len(legs) < 2:
            symbol = legs[0][0].symbol if legs else post.position.symbol
            bid, offer = quoted[symbol, at]
            assert (bid * 100, offer * 100) == (post.step.bid, post.step.offer)


def test_the_later_export_lacks_what_was_deleted_and_shows_what_was_edited(
    demo: Community, posted: dict[str, dict[str, Any]], left: dict[str, dict[str, Any]]
) -> None:
    assert set(posted) - set(left) == {p.id for p in demo.posts if p.deleted_at is not None}
    assert not set(left) - set(posted)
    changed = {i for i, m in left.items() if m["content"] != posted[i]["content"]}
    assert changed == {i for i, m in left.items() if m["timestampEdited"] is not None}
    assert changed == {p.id for p in demo.posts if p.edited_at is not None and p.deleted_at is None}
    for message in left.values():
        if message["timestampEdited"] is not None:
            assert message["timestampEdited"] > message["timestamp"]


def test_exits_may_be_replies_to_the_entry(demo: Community) -> None:
    replies = [post for post in demo.posts if post.reply_to is not None]

    assert len(replies) > 100
    for post in replies:
        assert post.kind in (Said.TRIM, Said.CLOSE)
        assert post.reply_to is not None
        assert post.reply_to.kind is Said.OPEN
        assert post.reply_to.position is post.position


@pytest.mark.parametrize(
    "form",
    [
        r"^BTO \d+ [A-Z]+ \d+/\d+ [\d.]+[cpCP] @ \$?[\d.]+",
        r"^BTO [A-Z]+ [\d.]+[cpCP] \d+/\d+ @ \$?[\d.]+",
        r"^BTO .* SL [\d.]+ PT [\d.]+",
        r"^BUY [A-Z]+ [\d.]+[cpCP] @ \$?[\d.]+",
        r"^BTO \d+ [A-Z]+ @ \$?[\d.]+",
        r"^BOUGHT \d+ [A-Z]+ @ \$?[\d.]+",
        r"^BTO \d+ [A-Z]+ \d+/\d+ [\d.]+/[\d.]+ (call|put) vertical @",
        r"^STO \d+ [A-Z]+ \d+/\d+ [\d.]+[cpCP] @",
        r"^BTC [A-Z]+ ",
        r"^STC [A-Z]+ [\d.]+[cpCP] @",
        r"^STC half ",
        r"^STC \d+ [A-Z]+",
        r"^STC @ ",
        r"^all out [A-Z]+ @",
        r"@Options Alerts$",
        r"<@&\d+>$",
        r"^took \d+% on [A-Z]+$",
        r"\?$",
        r"^if [A-Z]+ breaks",
        r"^watching [A-Z]+",
    ],
)
def test_the_rooms_usual_forms_all_occur(posted: dict[str, dict[str, Any]], form: str) -> None:
    contents = pl.Series([message["content"] for message in posted.values()])

    assert contents.str.contains(form).sum() >= 3


def test_the_relay_posts_its_entries_as_cards(posted: dict[str, dict[str, Any]]) -> None:
    cards = [message for message in posted.values() if message["embeds"]]

    assert len(cards) > 20
    assert all(message["author"]["isBot"] for message in cards)
    assert {message["embeds"][0]["title"] for message in cards} == {"Daytrade", "LOTTO", "UPDATE"}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    tmp_path: Path, sessions: Sessions
) -> None:
    def made(name: str, seed: int) -> dict[str, bytes]:
        folder = tmp_path / name
        write_demo(folder, seed=seed, sessions=sessions(6), messages=300)
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    first, again, other = made("first", 5), made("again", 5), made("other", 6)

    assert len(first) == 8
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_more_messages_bring_more_trades_not_only_more_talk(
    tmp_path: Path, sessions: Sessions
) -> None:
    small = write_demo(tmp_path / "small", seed=5, sessions=sessions(10), messages=400)
    large = write_demo(tmp_path / "large", seed=5, sessions=sessions(10), messages=1600)

    opened = [sum(p.kind is Said.OPEN for p in made.posts) for made in (small, large)]
    assert len(large.posts) >= 1600
    assert opened[1] > 2.5 * opened[0]


def test_progress_is_told_from_nothing_to_all(tmp_path: Path, sessions: Sessions) -> None:
    told: list[tuple[str, float]] = []

    write_demo(
        tmp_path, seed=5, sessions=sessions(3), messages=100,
        progress=lambda what, done: told.append((what, done)),
    )  # fmt: skip

    done = [share for _, share in told]
    assert done[0] == 0.0
    assert done[-1] == 1.0
    assert done == sorted(done)
