"""A guild as Discord keeps it: people, channels, messages, and the JSON in which it tells them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

EPOCH_MS = 1_420_070_400_000
"""Discord counts its ids' milliseconds from the first second of 2015."""

TEXT, PUBLIC_THREAD, FORUM = 0, 11, 15
EPHEMERAL, LOADING = 1 << 6, 1 << 7
DEFAULT, REPLY, CHAT_COMMAND = 0, 19, 20
EVERYTHING = str((1 << 50) - 1)


class Snowflakes:
    """Makes ids that tell their time, as Discord's do, never the same one twice."""

    def __init__(self) -> None:
        self._made: set[int] = set()

    def at(self, moment: datetime) -> int:
        """The next free id of a moment."""
        number = ((int(moment.timestamp() * 1000) - EPOCH_MS) << 22) + 1
        while number in self._made:
            number += 1
        self._made.add(number)
        return number


def time_of(snowflake: int) -> datetime:
    """When an id was made."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, UTC)


@dataclass(slots=True)
class Person:
    """A member of the guild, or a bot."""

    id: int
    name: str
    nickname: str | None = None
    bot: bool = False
    roles: tuple[int, ...] = ()
    is_webhook: bool = False

    def user(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }

    def member(self) -> Json:
        """The person in the guild; in an interaction `user` and permissions belong to it."""
        return {
            "nick": self.nickname,
            "roles": [str(role) for role in self.roles],
            "joined_at": "2025-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }


@dataclass(slots=True, eq=False)
class Post:
    """A message of a channel as it now stands."""

    id: int
    channel: Channel
    author: Person
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    reply_to: int | None = None
    kind: int = DEFAULT
    flags: int = 0
    nonce: str | int | None = None
    edited_at: datetime | None = None
    is_pinned: bool = False
    reactions: set[tuple[str, int]] = field(default_factory=set)
    """Which emoji whom by."""

    @property
    def posted_at(self) -> datetime:
        return time_of(self.id)

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def custom_ids(self) -> list[str]:
        """What can be pressed or chosen below the message."""
        return [part["custom_id"] for part in _all_parts(self.components) if "custom_id" in part]

    def change(self, body: Json, at: datetime | None = None) -> None:
        """Takes over what a request says of the message."""
        self.content = body.get("content", self.content) or ""
        self.embeds = body.get("embeds", self.embeds) or []
        self.components = body.get("components", self.components) or []
        self.flags = body.get("flags", self.flags) or 0
        self.edited_at = at or self.edited_at

    def payload(self) -> Json:
        message: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.kind,
            "author": self.author.user(),
            "content": self.content,
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [self._attachment(*file) for file in enumerate(self.files)],
            "timestamp": self.posted_at.isoformat(),
            "edited_timestamp": None if self.edited_at is None else self.edited_at.isoformat(),
            "flags": self.flags,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": self.is_pinned,
            "tts": False,
        }
        if self.author.is_webhook:
            message["webhook_id"] = str(self.author.id)
        if self.nonce is not None:
            message["nonce"] = self.nonce
        if self.reply_to is not None:
            message["message_reference"] = {
                "message_id": str(self.reply_to),
                "channel_id": str(self.channel.id),
                "guild_id": str(self.channel.guild.id),
            }
        return message

    def _attachment(self, number: int, name: str) -> Json:
        url = f"http://127.0.0.1/attachments/{self.id}/{name}"
        size = len(self.files[name])
        return {"id": str(number), "filename": name, "size": size, "url": url, "proxy_url": url}


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, a forum, or a thread of one of them (`above`).

    Without the right to read it, its history is refused.
    """

    guild: Guild
    id: int
    name: str
    is_readable: bool = True
    posts: dict[int, Post] = field(default_factory=dict)
    kind: int = TEXT
    above: Channel | None = None
    archived_at: datetime | None = None
    denied: int = 0
    """The permissions that nobody has here."""

    def payload(self) -> Json:
        if self.above is not None:
            return self._thread_payload(self.above)
        return {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": 0,
            "permission_overwrites": [
                {"id": str(self.guild.id), "type": 0, "allow": "0", "deny": str(self.denied)}
            ],
            "nsfw": False,
            "topic": None,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": None,
            "flags": 0,
        }

    def _thread_payload(self, above: Channel) -> Json:
        return {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "parent_id": str(above.id),
            "owner_id": "1",
            "name": self.name,
            "last_message_id": None,
            "message_count": len(self.posts),
            "member_count": 1,
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": self.archived_at is not None,
                "auto_archive_duration": 1440,
                "archive_timestamp": (self.archived_at or time_of(self.id)).isoformat(),
                "locked": False,
            },
        }

    def page(self, *, limit: int, after: int | None, before: int | None) -> list[Post]:
        """A page of the history, the newest first; `after` takes the oldest of what follows."""
        if after is not None:
            return sorted(self._between(after, None), key=_newest)[-limit:]
        return sorted(self._between(0, before), key=_newest)[:limit]

    def _between(self, after: int, before: int | None) -> Iterable[Post]:
        return (
            post
            for post in self.posts.values()
            if post.id > after and (before is None or post.id < before) and not post.is_ephemeral
        )


class Guild:
    """One community: its clock moves on a second with every message."""

    def __init__(self, now: datetime, name: str = "The pit") -> None:
        self.now = now
        self._ids = Snowflakes()
        self.id = self.new_id()
        self.name = name
        self.permissions = EVERYTHING
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, Person] = {}
        self.roles: dict[str, int] = {"@everyone": self.id}

    def new_id(self) -> int:
        return self._ids.at(self.now)

    def channel(self, name: str) -> Channel:
        """The channel of that name; it is made when it is first spoken of."""
        if name not in self.channels:
            self.channels[name] = Channel(self, self.new_id(), name)
        return self.channels[name]

    def forum(self, name: str) -> Channel:
        """A new channel in which there are only threads."""
        made = self.channel(name)
        made.kind = FORUM
        return made

    def thread(self, name: str, above: Channel) -> Channel:
        """A new public thread in a channel, or a post in a forum."""
        self.now += timedelta(seconds=1)
        made = Channel(self, self.new_id(), name, kind=PUBLIC_THREAD, above=above)
        self.channels[name] = made
        return made

    def thread_of(self, post: Post, name: str) -> Channel:
        """The new thread of a message, which has the message's own id."""
        made = Channel(self, post.id, name, kind=PUBLIC_THREAD, above=post.channel)
        self.channels[f"{name} ({post.id})"] = made
        return made

    def machine(self, name: str, *, is_webhook: bool = False) -> Person:
        """Another bot of that name, or a webhook."""
        made = Person(self.new_id(), name.lower(), None, True, is_webhook=is_webhook)
        self.people[name] = made
        return made

    def role(self, name: str) -> int:
        """The id of the role of that name."""
        return self.roles.setdefault(name, 0) or self._new_role(name)

    def person(self, name: str, *roles: str) -> Person:
        """The member of that name; further roles are given to them."""
        if name not in self.people:
            self.people[name] = Person(self.new_id(), name.lower(), nickname=name)
        found = self.people[name]
        found.roles = tuple({*found.roles, *(self.role(role) for role in roles)})
        return found

    def post(self, channel: Channel, author: Person, **said: Any) -> Post:
        """A new message, a second after the one before."""
        self.now += timedelta(seconds=1)
        made = Post(id=self.new_id(), channel=channel, author=author, **said)
        channel.posts[made.id] = made
        return made

    def take_away(self, channel: Channel) -> None:
        """A channel or thread is deleted with all that was said in it."""
        self.channels = {n: c for n, c in self.channels.items() if c is not channel}

    def channel_of(self, number: int) -> Channel | None:
        return next((c for c in self.channels.values() if c.id == number), None)

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": "1",
            "roles": [self._role(place, *role) for place, role in enumerate(self.roles.items())],
            "channels": [c.payload() for c in self.channels.values() if c.above is None],
            "members": [
                {**person.member(), "user": person.user()}
                for person in self.people.values()
                if not person.is_webhook
            ],
            "member_count": len(self.people),
            "threads": [
                c.payload()
                for c in self.channels.values()
                if c.above is not None and c.archived_at is None
            ],
            "emojis": [],
            "stickers": [],
            "features": [],
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "unavailable": False,
        }

    def _new_role(self, name: str) -> int:
        self.roles[name] = self.new_id()
        return self.roles[name]

    def _role(self, place: int, name: str, number: int) -> Json:
        return {
            "id": str(number),
            "name": name,
            "permissions": self.permissions if number == self.id else "0",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "position": place,
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


def _newest(post: Post) -> int:
    return -post.id


def _all_parts(components: Iterable[Json]) -> Iterable[Json]:
    for component in components:
        yield component
        yield from _all_parts(component.get("components", ()))
        if "accessory" in component:
            yield component["accessory"]
