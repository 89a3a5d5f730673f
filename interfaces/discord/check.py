"""Check: whether Discord lets the bot do its work, and what is missing for what, in words.

Asked at every start and by `truetape discord check`. The command only asks Discord's HTTP API: it
opens no gateway, registers no command and posts nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from typing import NamedTuple

import discord

from interfaces.discord.hearing import Watch
from interfaces.discord.reaching import reaching, require_token
from interfaces.discord.settings import DiscordSettings

READ = ("view_channel", "read_message_history")
POST = (*READ, "send_messages", "embed_links")
THREADS = ("create_public_threads", "send_messages_in_threads")
WATCHING = "watching it, and telling authors what could not be booked"
INTENT = (
    "Message Content Intent is off: without it nothing that is said can be read. Switch it on in "
    "Discord's developer portal, under Bot"
)
NO_GUILD = "the bot is in no guild: invite it with the scopes bot and applications.commands"

PERMISSIONS = {
    "view_channel": "View Channel",
    "read_message_history": "Read Message History",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "pin_messages": "Pin Messages",
    "attach_files": "Attach Files",
}
"""All that the bot is invited with, as Discord's settings call them."""


class Need(NamedTuple):
    """What the bot does in a channel of its own, and what that takes."""

    channel: str
    setting: str
    permissions: tuple[str, ...]
    purpose: str


class Guild(NamedTuple):
    """A guild as far as it is looked at."""

    name: str
    roles: frozenset[str]
    """Names and ids."""
    channels: Sequence[discord.abc.GuildChannel]
    me: discord.Member


def needs_of(settings: DiscordSettings) -> list[Need]:
    """What the bot does in the channels that it posts in."""
    found = (
        Need(settings.signals, "SIGNALS", (*POST, *THREADS), "cards with their threads"),
        Need(settings.trades, "TRADES", POST, "fills, exits and milestones"),
        Need(settings.alerts, "ALERTS", POST, "risks"),
        Need(settings.operators, "OPERATORS", POST, "alarms for operators"),
        Need(settings.board, "BOARD", POST, "the pinned leaderboard"),
        Need(settings.record, "RECORD", (*POST, "attach_files"), "the log's checkpoints"),
    )
    return [need for need in found if need.channel]


def missing_of_application(flags: discord.ApplicationFlags) -> list[str]:
    """Which of the needed intents the application lacks; others need not be switched on."""
    has_it = flags.gateway_message_content or flags.gateway_message_content_limited
    return [] if has_it else [INTENT]


def missing_in(settings: DiscordSettings, guilds: Sequence[Guild]) -> list[str]:
    """What keeps the bot from its work, each with what it is for."""
    if not guilds:
        return [NO_GUILD]
    return [*_missing_channels(settings, guilds), *_missing_roles(settings, guilds)]


def _missing_channels(settings: DiscordSettings, guilds: Sequence[Guild]) -> Iterator[str]:
    watch = Watch(settings.channels)
    if not settings.channels:
        yield "TRUETAPE_DISCORD_CHANNELS names no channel: nothing is watched"
    watched = [(guild, channel) for guild in guilds for channel in watch.among(guild.channels)]
    for name in watch.absent([channel for _, channel in watched]):
        yield f"#{name} is not there, or hidden from the bot: it is to be watched"
    for guild, channel in watched:
        needed = (*READ, "send_messages", *THREADS)
        yield from _missing_rights(guild, channel, needed, WATCHING)
    for need in needs_of(settings):
        found = [
            (guild, channel)
            for guild in guilds
            for channel in guild.channels
            if need.channel in (channel.name, str(channel.id))
            and isinstance(channel, discord.TextChannel)
        ]
        if not found:
            yield (
                f"#{need.channel} is not there, or hidden from the bot: it is for {need.purpose}; "
                f"make it, or name another in TRUETAPE_DISCORD_{need.setting}"
            )
        for guild, channel in found:
            yield from _missing_rights(guild, channel, need.permissions, need.purpose)
            if need.setting == "BOARD" and not _may_pin(guild, channel):
                yield f"#{channel.name} lacks Pin Messages: needed for {need.purpose}"


def _missing_rights(
    guild: Guild, channel: discord.abc.GuildChannel, needed: Collection[str], purpose: str
) -> Iterator[str]:
    held = channel.permissions_for(guild.me)
    lacking = [PERMISSIONS[name] for name in needed if not getattr(held, name)]
    if lacking:
        yield f"#{channel.name} lacks {', '.join(lacking)}: needed for {purpose}"


def _may_pin(guild: Guild, channel: discord.abc.GuildChannel) -> bool:
    """Either permission lets a message be pinned."""
    held = channel.permissions_for(guild.me)
    return held.pin_messages or held.manage_messages


def _missing_roles(settings: DiscordSettings, guilds: Sequence[Guild]) -> Iterator[str]:
    known = frozenset[str]().union(*(guild.roles for guild in guilds))
    for setting, named, purpose in (
        ("APPROVERS", settings.approvers, "approves and rejects"),
        ("ADMINS", settings.admins, "decides on corrections"),
    ):
        for name in sorted(named - known):
            yield f"no role is called {name}: whoever has it {purpose}"
        if not named:
            yield f"TRUETAPE_DISCORD_{setting} names no role: nobody {purpose} in Discord"


def guild_seen(guild: discord.Guild) -> Guild:
    """A guild as the gateway told of it."""
    return Guild(guild.name, _roles(guild.roles), guild.channels, guild.me)


def _roles(roles: Sequence[discord.Role]) -> frozenset[str]:
    return frozenset(word for role in roles for word in (role.name, str(role.id)))


async def missing(settings: DiscordSettings) -> list[str]:
    """Asks Discord what is missing, over HTTP alone.

    Raises:
        InvalidInput: there is no token, or Discord does not know it.
        PortRefused: Discord refuses to answer.
        Unavailable: Discord does not answer.
    """
    require_token(settings.token)
    client = discord.Client(intents=discord.Intents.none())
    with reaching():
        async with client:
            await client.login(settings.token)
            application = await client.application_info()
            guilds = [guild async for guild in _guilds(client)]
    return [*missing_of_application(application.flags), *missing_in(settings, guilds)]


async def _guilds(client: discord.Client) -> AsyncIterator[Guild]:
    assert client.user is not None
    async for listed in client.fetch_guilds(with_counts=False):
        guild = await client.fetch_guild(listed.id, with_counts=False)
        channels = await guild.fetch_channels()
        me = await guild.fetch_member(client.user.id)
        yield Guild(guild.name, _roles(guild.roles), channels, me)
