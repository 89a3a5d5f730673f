"""Chat exports: what is read of a file, and what is told of the rest."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.intake import SeenMessage
from domain.grammar.reading import Embed, EmbedField
from domain.shared import InvalidInput
from interfaces.chat_files import BadLine, ChatExport, read_chat

AT = "2026-11-16T12:00:00.5-05:00"
UTC_AT = datetime(2026, 11, 16, 17, 0, 0, 500_000, UTC)


def export(folder: Path, *messages: dict[str, Any]) -> ChatExport:
    """A file as DiscordChatExporter writes it."""
    file = folder / "options.json"
    about = {
        "guild": {"id": "1", "name": "The pit"},
        "channel": {"id": "5", "type": "GuildTextChat", "name": "options"},
        "exportedAt": AT,
        "messages": list(messages),
        "messageCount": len(messages),
    }
    file.write_text(json.dumps(about, indent=2))
    return read_chat(file)


def exported(number: int, **changes: Any) -> dict[str, Any]:
    """One message of such a file."""
    return {
        "id": str(number),
        "type": "Default",
        "timestamp": AT,
        "timestampEdited": None,
        "isPinned": False,
        "content": "BTO 2 TSLA 250c @ 2.28",
        "author": {"id": "77", "name": "nora", "nickname": "Nora", "isBot": False},
        "attachments": [],
        "embeds": [],
        "reactions": [],
        **changes,
    }


def lines(folder: Path, *written: dict[str, Any] | str) -> ChatExport:
    file = folder / "chat.jsonl"
    file.write_text(
        "\n".join(line if isinstance(line, str) else json.dumps(line) for line in written)
    )
    return read_chat(file)


def line(**changes: Any) -> dict[str, Any]:
    """One line of a file of JSON lines; what is None is left out."""
    said = {
        "id": "1001",
        "channel": "options",
        "author": "Nora",
        "timestamp": AT,
        "content": "BTO 2 TSLA 250c @ 2.28",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def only(found: ChatExport) -> SeenMessage:
    assert found.bad == []
    (message,) = found.messages
    return message


def test_an_export_is_a_whole_channel_of_messages(tmp_path: Path) -> None:
    found = export(tmp_path, exported(1001))
    assert found.channel == "options"
    assert only(found) == SeenMessage(
        platform="discord",
        message_id="1001",
        channel="options",
        channel_id="5",
        author_id="77",
        author_name="Nora",
        content="BTO 2 TSLA 250c @ 2.28",
        posted_at=UTC_AT,
    )


def test_who_has_no_nickname_goes_by_the_name(tmp_path: Path) -> None:
    author = {"id": "77", "name": "nora", "nickname": None}
    assert only(export(tmp_path, exported(1, author=author))).author_name == "nora"


def test_an_edited_message_says_when(tmp_path: Path) -> None:
    edited = exported(1, timestampEdited="2026-11-16T17:05:00+00:00")
    assert only(export(tmp_path, edited)).edited_at == datetime(2026, 11, 16, 17, 5, tzinfo=UTC)


def test_a_reply_names_what_it_answers(tmp_path: Path) -> None:
    reply = exported(2, type="Reply", reference={"messageId": "1", "channelId": "5"})
    forward = exported(3, reference={"messageId": None})
    found = export(tmp_path, reply, forward)
    assert [message.reply_to for message in found.messages] == ["1", ""]


def test_cards_are_kept_with_their_fields(tmp_path: Path) -> None:
    card = {
        "title": "Entry",
        "url": None,
        "timestamp": None,
        "description": None,
        "color": "#0F0",
        "fields": [{"name": "Price", "value": "2.28", "isInline": True}],
        "images": [],
    }
    assert only(export(tmp_path, exported(1, content="", embeds=[card]))).embeds == (
        Embed(title="Entry", fields=(EmbedField(name="Price", value="2.28"),)),
    )


def test_messages_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    found = export(
        tmp_path,
        exported(3, timestamp="2026-11-16T17:02:00Z"),
        exported(1, timestamp="2026-11-16T17:00:00Z"),
        exported(2, timestamp="2026-11-16T12:01:00-05:00"),
    )
    assert [message.message_id for message in found.messages] == ["1", "2", "3"]


def test_a_message_of_an_export_that_cannot_be_used_is_told_by_its_place(tmp_path: Path) -> None:
    found = export(
        tmp_path,
        exported(1),
        exported(2, author=None),
        exported(3, timestamp="yesterday"),
        exported(4),
    )
    assert [message.message_id for message in found.messages] == ["1", "4"]
    assert [bad.line for bad in found.bad] == [2, 3]
    assert "author" in found.bad[0].why
    assert "timestamp" in found.bad[1].why


def test_an_export_without_messages_is_an_empty_channel(tmp_path: Path) -> None:
    assert export(tmp_path) == ChatExport([], [], "options", "5")


def test_a_line_is_a_message_and_the_file_no_whole_channel(tmp_path: Path) -> None:
    found = lines(tmp_path, line(reply_to=1000, edited_at="2026-11-16T17:05:00Z"))
    assert found.channel is None
    assert only(found) == SeenMessage(
        platform="discord",
        message_id="1001",
        channel="options",
        author_id="options/Nora",
        author_name="Nora",
        content="BTO 2 TSLA 250c @ 2.28",
        reply_to="1000",
        posted_at=UTC_AT,
        edited_at=datetime(2026, 11, 16, 17, 5, tzinfo=UTC),
    )


def test_other_names_of_the_same_things_are_understood(tmp_path: Path) -> None:
    said = line(timestamp=None, ts=AT, content=None, text="hello", id=1001)
    message = only(lines(tmp_path, said))
    assert (message.message_id, message.content, message.posted_at) == ("1001", "hello", UTC_AT)


def test_an_author_may_be_written_out_or_left_to_the_channel(tmp_path: Path) -> None:
    known = {"id": "77", "name": "nora", "nickname": "Nora"}
    assert only(lines(tmp_path, line(author=known))).author_id == "77"
    for nobody in (None, ""):
        message = only(lines(tmp_path, line(author=nobody)))
        assert (message.author_id, message.author_name) == ("options/options", "options")


def test_a_line_without_an_id_gets_one_of_its_words_and_time(tmp_path: Path) -> None:
    first = only(lines(tmp_path, line(id=None)))
    again = only(lines(tmp_path, line(id=None)))
    other = only(lines(tmp_path, line(id=None, content="STC all @ 3.00")))
    later = only(lines(tmp_path, line(id=None, timestamp="2026-11-16T17:00:01Z")))
    assert first.message_id == again.message_id
    assert len({first.message_id, other.message_id, later.message_id}) == 3


def test_a_line_without_timestamp_is_told_with_its_number(tmp_path: Path) -> None:
    found = lines(tmp_path, line(id="1"), "", line(id="2", timestamp=None), line(id="3"))
    assert [message.message_id for message in found.messages] == ["1", "3"]
    assert found.bad == [BadLine(3, "the message has no timestamp")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"channel": None}, "the message has no channel"),
        ({"content": None}, "neither content nor embeds"),
        ({"timestamp": "2026-11-16T17:00:00"}, "has no offset from UTC"),
        ({"timestamp": "0001-01-01T00:00:00+10:00"}, "beyond the calendar"),
        ({"timestamp": "noon"}, "timestamp"),
        ({"embeds": "none"}, "embeds"),
        ({"edited_at": "9999-12-31T23:00:00-10:00"}, "beyond the calendar"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_others_are_read(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    found = lines(tmp_path, line(**changes), line(id="2"))
    assert [message.message_id for message in found.messages] == ["2"]
    (bad,) = found.bad
    assert bad.line == 1
    assert why in bad.why


def test_broken_and_foreign_lines_are_told(tmp_path: Path) -> None:
    found = lines(tmp_path, line(id="1"), '{"id": "2", "channel"', "good morning", "[]")
    assert [bad.line for bad in found.bad] == [2, 3, 4]
    assert len(found.messages) == 1


def test_a_line_that_is_no_utf8_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    bad = json.dumps(line(content="50?")).encode().replace(b"?", b"\xa3")
    file.write_bytes(bad + b"\n" + json.dumps(line(id="2")).encode())
    found = read_chat(file)
    assert [message.message_id for message in found.messages] == ["2"]
    assert found.bad[0].line == 1
    assert "utf-8" in found.bad[0].why


def test_a_byte_order_mark_is_no_word(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(json.dumps(line()), encoding="utf-8-sig")
    assert only(read_chat(file)).message_id == "1001"


def test_an_export_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    export(tmp_path, exported(1), exported(2))
    file = tmp_path / "options.json"
    file.write_text(file.read_text()[:-40])
    with pytest.raises(InvalidInput, match=r"options\.json is no chat export \(.*truncated"):
        read_chat(file)


@pytest.mark.parametrize("text", ["", "\n\n", "[1, 2]", "<html></html>", "id,channel\n1,options"])
def test_a_file_of_another_kind_is_refused_with_what_to_give(tmp_path: Path, text: str) -> None:
    file = tmp_path / "what.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="give DiscordChatExporter's JSON format"):
        read_chat(file)


def test_lines_of_which_none_is_a_message_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="the first: the message has no timestamp"):
        lines(tmp_path, line(timestamp=None), line(channel=None))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"gone\.json cannot be read: No such file"):
        read_chat(tmp_path / "gone.json")


def test_nesting_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no chat export"):
        lines(tmp_path, '{"embeds":' * 50_000)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside),
    max_leaves=8,
)
fields = st.sampled_from(["id", "channel", "author", "timestamp", "content", "embeds", "messages"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(fields, anything).map(lambda said: json.dumps(said).encode())
        | st.binary(max_size=40).map(lambda words: b"{" + words),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_in_a_file_it_is_read_or_refused_in_words(
    tmp_path: Path, written: list[bytes]
) -> None:
    file = tmp_path / "any.jsonl"
    file.write_bytes(b"\n".join(written))
    with suppress(InvalidInput):
        found = read_chat(file)
        assert found.messages or found.bad or found.channel is not None
