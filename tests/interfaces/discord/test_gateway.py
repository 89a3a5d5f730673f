"""The loopback Discord as a bot of the library's own meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import discord
import pytest
from discord import app_commands

from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.rest import MISSING_ACCESS, UNAVAILABLE

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


class Form(discord.ui.Modal, title="Why?"):
    """Asks for a reason."""

    reason: discord.ui.TextInput[Form] = discord.ui.TextInput(label="Reason", custom_id="reason")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"because {self.reason.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """A message's buttons, which outlive a restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Yes", custom_id="yes")
    async def yes(
        self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]
    ) -> None:
        await interaction.response.edit_message(
            content=f"yes by {interaction.user.display_name}", view=None
        )

    @discord.ui.button(label="No", custom_id="no")
    async def no(
        self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]
    ) -> None:
        await interaction.response.send_modal(Form())


class Bot(discord.Client):
    """Uses every part of Discord that the loopback one knows."""

    def __init__(self, guild: int, *, content: bool = True) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=content)
        super().__init__(intents=intents, max_messages=None, guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        self.guild = discord.Object(guild)
        self.tree.command(name="board", guild=self.guild)(board)
        self.tree.command(name="think", guild=self.guild)(think)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync(guild=self.guild)

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.content)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self.heard.append(f"edited: {payload.message.content}")

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.heard.append("deleted")

    def channel(self, name: str) -> discord.TextChannel:
        found = discord.utils.get(self.get_all_channels(), name=name)
        assert isinstance(found, discord.TextChannel)
        return found


async def board(interaction: discord.Interaction, window: str, most: int = 3) -> None:
    """Show the board"""
    await interaction.response.send_message(f"{window} {most}", ephemeral=True)
    await interaction.followup.send("and more")


async def think(interaction: discord.Interaction) -> None:
    """Take your time"""
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="thought")


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(NOON) as running:
        running.guild.channel("options")
        yield running


@pytest.fixture
async def bot(loopback: LoopbackDiscord) -> AsyncIterator[Bot]:
    bot = Bot(loopback.guild.id)
    async with loopback.running(bot):
        yield bot


async def test_what_people_say_change_and_take_back_is_heard(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    post = await loopback.say("options", "Nora", "hello")
    await loopback.edit(post, "hallo")
    await loopback.delete(post)
    await until(lambda: bot.heard == ["hello", "edited: hallo", "deleted"])
    assert loopback.sessions.heartbeats >= 1


async def test_words_of_others_need_the_intent_to_read_them(loopback: LoopbackDiscord) -> None:
    bot = Bot(loopback.guild.id, content=False)
    async with loopback.running(bot):
        await loopback.say("options", "Nora", "hello")
        await bot.channel("options").send("mine")
        await until(lambda: len(bot.heard) == 2)
    assert bot.heard == ["", "mine"]


async def test_a_wrong_token_is_refused(loopback: LoopbackDiscord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with loopback.running(Bot(loopback.guild.id), token="wrong"):
            pass


async def test_the_history_comes_in_pages_either_way(loopback: LoopbackDiscord, bot: Bot) -> None:
    for number in range(250):
        await loopback.say("options", "Nora", str(number))
    channel = bot.channel("options")
    oldest = [m.content async for m in channel.history(limit=None, oldest_first=True)]
    newest = [m.content async for m in channel.history(limit=120)]
    since = NOON + timedelta(seconds=200)
    later = [m.content async for m in channel.history(after=since, limit=None)]
    assert oldest == [str(number) for number in range(250)]
    assert newest == oldest[::-1][:120]
    assert later == oldest[200:]


async def test_what_is_not_there_or_not_allowed_is_refused(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    post = await loopback.say("options", "Nora", "hello")
    channel = bot.channel("options")
    message = await channel.fetch_message(post.id)
    with pytest.raises(discord.Forbidden):
        await message.edit(content="mine")
    await loopback.delete(post)
    with pytest.raises(discord.NotFound):
        await channel.fetch_message(post.id)
    with pytest.raises(discord.HTTPException, match="empty message"):
        await channel.send("")
    loopback.guild.channel("options").is_readable = False
    with pytest.raises(discord.Forbidden):
        _ = [m async for m in channel.history()]


async def test_trouble_strikes_the_next_requests_and_no_more(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    channel = bot.channel("options")
    loopback.troubles.add("POST", "/messages", UNAVAILABLE)
    loopback.troubles.add("POST", "/messages", MISSING_ACCESS)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("one")
    with pytest.raises(discord.Forbidden):
        await channel.send("two")
    await channel.send("three")
    assert [post.content for post in loopback.posted] == ["three"]


async def test_a_session_is_resumed_and_told_what_it_missed(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    async with loopback.outage():
        await loopback.say("options", "Nora", "while away")
    await until(lambda: bot.heard == ["while away"])
    assert (loopback.sessions.identified, loopback.sessions.resumed) == (1, 1)


@pytest.mark.slow
async def test_a_forgotten_session_begins_anew_without_what_it_missed(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    """The library waits five seconds before it identifies again."""
    async with loopback.outage(forgetting=True):
        await loopback.say("options", "Nora", "while away")
    await until(lambda: loopback.sessions.identified == 2)
    await loopback.say("options", "Nora", "hello")
    await until(lambda: bot.heard == ["hello"])
    assert loopback.sessions.resumed == 0


async def test_what_the_bot_posts_is_kept_with_its_buttons_and_files(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    file = discord.File(fp=BytesIO(b"figures"), filename="board.csv")
    await bot.channel("options").send("look", view=Buttons(), file=file)
    (post,) = loopback.posted
    assert (post.content, post.custom_ids) == ("look", ["yes", "no"])
    assert post.files == {"board.csv": b"figures"}


async def test_a_pressed_button_changes_the_message(loopback: LoopbackDiscord, bot: Bot) -> None:
    await bot.channel("options").send("well?", view=Buttons())
    (post,) = loopback.posted
    pressed = await loopback.press(post, "yes", by="Olga")
    assert await pressed.answered() is post
    assert (post.content, post.custom_ids) == ("yes by Olga", [])


async def test_a_form_is_shown_and_sent(loopback: LoopbackDiscord, bot: Bot) -> None:
    await bot.channel("options").send("well?", view=Buttons())
    asked = await loopback.press(loopback.posted[0], "no", by="Olga")
    said = await (await loopback.submit(asked, {"reason": "of size"})).answered()
    assert (said.content, said.is_ephemeral) == ("because of size", True)


async def test_a_command_is_answered_to_one_member_and_followed_up(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    given = await loopback.command("board", "Olga", "options", window="7d")
    answer = await given.answered()
    await until(lambda: len(given.followups) == 1)
    assert (answer.content, answer.is_ephemeral) == ("7d 3", True)
    assert given.followups[0].content == "and more"
    assert bot.heard == []


async def test_an_answer_may_take_its_time(loopback: LoopbackDiscord, bot: Bot) -> None:
    given = await loopback.command("think", "Olga", "options")
    assert (await given.answered()).content == "thought"
    assert not (await given.answered()).is_ephemeral


async def test_commands_that_the_bot_never_registered_cannot_be_given(
    loopback: LoopbackDiscord, bot: Bot
) -> None:
    with pytest.raises(AssertionError, match="the bot has no 'nothing'"):
        await loopback.command("nothing", "Olga", "options")
    with pytest.raises(AssertionError, match="needs"):
        await loopback.command("board", "Olga", "options")
