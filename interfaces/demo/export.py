"""Writes posts as the JSON export of DiscordChatExporter, one file a channel.

The field names and their order are those of its `JsonMessageWriter`, in the version that
writes `components`, `images` and `inlineEmojis`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from interfaces.demo.posts import CATEGORY_ID, GUILD_ID, GUILD_NAME, Channel, Person, Post

_AVATARS = "https://cdn.discordapp.com/embed/avatars"
_EMOJI = "https://cdn.jsdelivr.net/gh/twitter/twemoji@latest/assets/svg"
_ATTACHMENTS = "https://cdn.discordapp.com/attachments"

Json = dict[str, Any]


def channel_export(
    channel: Channel, posts: Iterable[Post], crowd: tuple[Person, ...], at: datetime, *,
    as_left: bool,
) -> bytes:  # fmt: skip
    """The export of one channel.

    With `as_left`, what an export at `at` finds: deleted messages are gone and edited ones
    hold their last words. Without, the messages as they were first posted, as somebody who
    listened all along would have them. `crowd` lends the names behind reactions.
    """
    here = [post for post in posts if post.channel is channel]
    if as_left:
        here = [post for post in here if post.deleted_at is None or post.deleted_at > at]
    document = {
        "guild": {"id": GUILD_ID, "name": GUILD_NAME, "iconUrl": f"{_AVATARS}/0.png"},
        "channel": {
            "id": channel.id, "type": "GuildTextChat",
            "categoryId": CATEGORY_ID, "category": "Alerts",
            "name": channel.name, "topic": channel.topic,
        },
        "dateRange": {"after": None, "before": None},
        "exportedAt": _time(at),
        "messages": [_message(post, crowd, as_left=as_left) for post in here],
        "messageCount": len(here),
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _message(post: Post, crowd: tuple[Person, ...], *, as_left: bool) -> Mapping[str, Any]:
    edited = as_left and post.edited_at is not None
    kind = "GuildMemberJoin" if post.joins else "Default" if post.reply_to is None else "Reply"
    message: Json = {
        "id": post.id, "type": kind, "timestamp": _time(post.at),
        "timestampEdited": _time(post.edited_at) if edited and post.edited_at else None,
        "callEndedTimestamp": None, "isPinned": False,
        "content": post.edited_content if edited else post.content,
        "author": _user(post.author),
        "attachments": _attachments(post),
        "components": [],
        "embeds": [_embed(embed) for embed in post.embeds],
        "stickers": [],
        "reactions": [_reaction(*given, crowd) for given in post.reactions],
        "mentions": [_user(person) for person in _mentioned(post)],
    }  # fmt: skip
    if post.reply_to is not None:
        message["reference"] = {
            "type": "Default", "messageId": post.reply_to.id,
            "channelId": post.channel.id, "guildId": GUILD_ID,
        }  # fmt: skip
    message["inlineEmojis"] = []
    return message


def _mentioned(post: Post) -> tuple[Person, ...]:
    """Those named in the text, and whoever is replied to."""
    return post.mentions if post.reply_to is None else (*post.mentions, post.reply_to.author)


def _user(person: Person, *, roles: bool = True) -> Json:
    color = next((role.color for role in person.roles if role.color), None)
    user: Json = {
        "id": person.id, "name": person.name, "discriminator": "0000",
        "nickname": person.nickname, "color": color, "isBot": person.is_bot,
    }  # fmt: skip
    if roles:
        user["roles"] = [
            {"id": role.id, "name": role.name, "color": role.color, "position": role.position}
            for role in person.roles
        ]
    user["avatarUrl"] = f"{_AVATARS}/{int(person.id) % 6}.png"
    return user


def _embed(embed: Mapping[str, str]) -> Json:
    return {
        "title": embed["title"], "url": None, "timestamp": None,
        "description": embed["description"], "color": "#2ECC71", "images": [], "fields": [],
        "inlineEmojis": [],
    }  # fmt: skip


def _attachments(post: Post) -> list[Json]:
    if not post.picture:
        return []
    name = "screenshot.png"
    return [{
        "id": str(int(post.id) + 1),
        "url": f"{_ATTACHMENTS}/{post.channel.id}/{int(post.id) + 1}/{name}",
        "fileName": name, "fileSizeBytes": 40_000 + int(post.id) % 200_000,
    }]  # fmt: skip


def _reaction(emoji: str, code: str, count: int, crowd: tuple[Person, ...]) -> Json:
    image = f"{_EMOJI}/{'-'.join(f'{ord(sign):x}' for sign in emoji)}.svg"
    return {
        "emoji": {"id": "", "name": emoji, "code": code, "isAnimated": False, "imageUrl": image},
        "count": count,
        "users": [_user(person, roles=False) for person in crowd[:count]],
    }
