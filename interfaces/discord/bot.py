"""The bot: it listens, shows a card for every signal, and lets members decide and ask.

One client of discord.py with everything in it. Commands go through the application like those of
every other interface; a click is durable before Discord shows it.
"""

from __future__ import annotations

import asyncio
import logging
import signal as signals
from collections.abc import Iterable, Iterator
from typing import Any

import discord
from discord import app_commands

from application.access import Member
from application.noticing import EVERYTHING, Topic
from domain.notices import NoticeKind
from interfaces.compose import House
from interfaces.discord import forms, rewording
from interfaces.discord.alarms import Alarms
from interfaces.discord.alerts import Alerts
from interfaces.discord.boards import Boards
from interfaces.discord.buttons import BUTTONS
from interfaces.discord.capture import CaptureClient, listening
from interfaces.discord.check import guild_seen, missing_in, missing_of_application
from interfaces.discord.checkpoints import Checkpoints
from interfaces.discord.figures import PACE_S, Figures
from interfaces.discord.members import member_of
from interfaces.discord.milestones import Milestones
from interfaces.discord.noticeboard import OUTSIDE, Noticeboard
from interfaces.discord.owing import settle
from interfaces.discord.posting import Cards
from interfaces.discord.reaching import reaching
from interfaces.discord.reacting import reacted
from interfaces.discord.recognising import is_stale
from interfaces.discord.repairing import Repair
from interfaces.discord.replies import Replies
from interfaces.discord.scribe import LINE_MAX, RETRY_S
from interfaces.discord.settings import DiscordSettings
from interfaces.discord.slash.commands import add_commands, register
from interfaces.discord.threads import Threads
from interfaces.discord.trades import Trades
from interfaces.ending import ended

STALE = "This has changed since: look at it again."

_log = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """What the gateway has to tell: Guilds, Guild Messages, Message Content, Guild Message
    Reactions.
    """
    asked = listening()
    asked.guild_reactions = True
    return asked


class Bot(CaptureClient):
    """Capture, noticeboard and commands in one client.

    Needs, beside the right to read the watched channels: View Channel, Send Messages, Embed Links,
    Read Message History, Create Public Threads, Send Messages in Threads and Attach Files where it
    posts.
    """

    def __init__(
        self,
        house: House,
        settings: DiscordSettings,
        *,
        retry_s: float = RETRY_S,
        line_max: int = LINE_MAX,
        pace_s: float = PACE_S,
        **options: Any,
    ) -> None:
        """`options` are the library's own."""
        super().__init__(
            house,
            settings.channels,
            retry_s=retry_s,
            line_max=line_max,
            intents=intents(),
            # Nothing that somebody wrote may call anybody when we repeat it.
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.house = house
        self.settings = settings
        self.tree = app_commands.CommandTree(self)
        self.board = Noticeboard(house, retry_s=retry_s)
        self.cards = Cards(
            house,
            self,
            lambda: self.channel_named(settings.signals),
            account=settings.account,
        )
        self.boards = Boards(house, self, settings.board)
        self.alarms = Alarms(house, self, lambda: self.channel_named(settings.operators))
        self._pace_s = pace_s
        self._retry_s = retry_s
        self._beginning = asyncio.Lock()
        self._take_up_topics()
        add_commands(self, self.tree)
        self.add_dynamic_items(*BUTTONS, rewording.Reword)

    async def setup_hook(self) -> None:
        """What happens from here on is told, even if the connection takes its time."""
        await self.board.prepare()
        await settle(self.house, self)

    async def on_ready(self) -> None:
        """Tells what is due while the history of the watched channels is fetched."""
        # None may keep the others waiting.
        await asyncio.gather(
            super().on_ready(), register(self.tree, self.guilds), self._begin_to_tell()
        )
        for line in self._missing():
            _log.warning("Discord does not let the bot work: %s", line)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Brings the commands along."""
        await register(self.tree, [guild])

    async def on_guild_channel_create(self, _channel: discord.abc.GuildChannel) -> None:
        """A channel that was missing may be there now."""
        self._hold_what_has_no_channel()

    async def on_guild_channel_update(self, *_: discord.abc.GuildChannel) -> None:
        """A channel may go by another name now."""
        self._hold_what_has_no_channel()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Takes in forms; buttons and commands find their own way, if they are still there."""
        if interaction.type is discord.InteractionType.modal_submit:
            await forms.submitted(interaction)
            await rewording.submitted(interaction)
        elif interaction.type is discord.InteractionType.component and is_stale(interaction):
            await interaction.response.send_message(STALE, ephemeral=True)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """A tick or cross below a card is a yes or no."""
        await reacted(self, self.house, self.settings, payload)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A card or board that was deleted is posted again."""
        self._miss([payload.message_id])

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Cards and boards that were deleted are posted again."""
        self._miss(payload.message_ids)

    async def close(self) -> None:
        """Stops telling, and ends when all that was heard is written."""
        await self.alarms.close()
        await self.board.close()
        await super().close()

    def member(self, person: discord.Member | discord.User) -> Member:
        """Who somebody is to the application, with the roles they hold at this moment."""
        return member_of(person, self.settings)

    def channel_named(self, name: str) -> discord.TextChannel | None:
        """The text channel of this name or id that the bot sees; None if there is none."""
        return next(self._channels_named(name), None) if name else None

    def _missing(self) -> list[str]:
        """What the bot lacks in its guilds, and what for."""
        flags = None if self.application is None else self.application.flags
        return [
            *([] if flags is None else missing_of_application(flags)),
            *missing_in(self.settings, [guild_seen(guild) for guild in self.guilds]),
        ]

    def _take_up_topics(self) -> None:
        """Has each topic told that has a channel in the settings."""
        threads = Threads(self.house, self, self.cards)
        trades = Trades(self.house, self.cards, lambda: self.channel_named(self.settings.trades))
        if self.settings.signals:
            self.board.handlers[Topic.CARD] = self.cards.tell
            self.board.handlers[Topic.LINE] = threads.tell
        if self.settings.trades:
            self.board.handlers[Topic.TRADE] = trades.tell
        if self.settings.alerts:
            alerts = Alerts(
                self.house, Topic.ALERT, lambda: self.channel_named(self.settings.alerts)
            )
            self.board.handlers[Topic.ALERT] = alerts.tell
        if self.settings.operators:
            operations = Alerts(
                self.house, Topic.OPERATION, lambda: self.channel_named(self.settings.operators)
            )
            self.board.handlers[Topic.OPERATION] = operations.tell
        if self.settings.record:
            checkpoints = Checkpoints(
                self.house, self, lambda: self.channel_named(self.settings.record)
            )
            self.board.handlers[Topic.CHECKPOINT] = checkpoints.tell
        milestones = Milestones(self.house, lambda: self.channel_named(self.settings.trades))
        figures = Figures(self.boards, milestones, self._move_figures, pace_s=self._pace_s)
        self.board.handlers[Topic.BOARD] = figures.tell
        self.board.handlers[Topic.REPLY] = Replies(self.house, self).tell

    def _hold_what_has_no_channel(self) -> None:
        """What is due waits for a channel that somebody has yet to make."""
        named = {
            Topic.CARD: self.settings.signals,
            Topic.LINE: self.settings.signals,
            Topic.TRADE: self.settings.trades,
            Topic.ALERT: self.settings.alerts,
            Topic.OPERATION: self.settings.operators,
            Topic.CHECKPOINT: self.settings.record,
        }
        held = {topic for topic, name in named.items() if self.channel_named(name) is None}
        for name in sorted({named[topic] for topic in held - self.board.held if named[topic]}):
            _log.warning("no channel #%s that the bot sees: what belongs there waits", name)
        self.board.held.difference_update(named)
        self.board.held.update(topic for topic in held if named[topic])
        self.board.stir()

    async def _begin_to_tell(self) -> None:
        """Puts right what is in the channels, then tells what is due."""
        async with self._beginning:
            self._hold_what_has_no_channel()
            while not self.is_closed():
                try:
                    await self._repair()
                    break
                except discord.Forbidden as refusal:
                    _log.error("what was posted before cannot be looked at: %s", refusal)
                    break
                except OUTSIDE as error:
                    _log.warning("the channels are looked at again in a little: %s", error)
                    await asyncio.sleep(self._retry_s)
            self.board.start()
            self._move_figures()
            self.board.look_again(Topic.CHECKPOINT, EVERYTHING)
            self.alarms.start()

    async def _repair(self) -> None:
        own = self.user
        assert own is not None
        repair = Repair(self.house, own.id, self.board, self.cards)
        if (signals := self.channel_named(self.settings.signals)) is not None:
            await repair.cards(signals)
        if (trades := self.channel_named(self.settings.trades)) is not None:
            await repair.told(trades, NoticeKind.TRADE)
        for name in (self.settings.alerts, self.settings.operators):
            if (channel := self.channel_named(name)) is not None:
                await repair.told(channel, NoticeKind.ALERT)

    def _move_figures(self) -> None:
        self.board.look_again(Topic.BOARD, EVERYTHING)

    def _miss(self, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            if self.boards.gone(message_id):
                self._move_figures()
            if (signal := self.cards.gone(message_id)) is not None:
                self.board.look_again(Topic.CARD, signal)

    def _channels_named(self, name: str) -> Iterator[discord.TextChannel]:
        return (
            channel
            for channel in self.get_all_channels()
            if isinstance(channel, discord.TextChannel) and name in (channel.name, str(channel.id))
        )


async def run(client: discord.Client, token: str) -> None:
    """Lets a client be in Discord until the process is told to end.

    Raises:
        InvalidInput, PortRefused, Unavailable: Discord does not let it in; the text says what
            to do.
    """
    loop, told_to_end = asyncio.get_running_loop(), asyncio.Event()
    for number in (signals.SIGINT, signals.SIGTERM):
        loop.add_signal_handler(number, told_to_end.set)
    with reaching():
        async with client:
            await _until_told(client, token, told_to_end)


async def _until_told(client: discord.Client, token: str, told_to_end: asyncio.Event) -> None:
    tasks = [asyncio.create_task(client.start(token)), asyncio.create_task(told_to_end.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(tasks)
    if tasks[0].cancelled():
        _log.info("the bot has left")
    else:
        tasks[0].result()
