"""People in a Discord who post, change, take back and click, whether a bot listens or not."""

from __future__ import annotations

import asyncio
import random
from datetime import date
from typing import NamedTuple
from uuid import UUID

from tests.interfaces.discord.deck import button, pressable, signal_of
from tests.interfaces.discord.gateway import LoopbackDiscord, until
from tests.interfaces.discord.guild import Post
from tests.interfaces.discord.interactions import ASKED, Interaction

PLACES = ("options", "TSLA", "stocks")
APPROVERS, OTHERS = ("Olga", "Ada"), ("Rob",)
RECENT = 30


class Click(NamedTuple):
    """A button that somebody pressed, and the form that they filled in then, if there was one."""

    pressed: Interaction
    card: Post
    verb: str
    sent: list[Interaction]


class Crowd:
    """Does one thing after the other; what nobody answered is tried again."""

    def __init__(self, discord: LoopbackDiscord, chance: random.Random, expiry: date) -> None:
        self._discord = discord
        self._chance = chance
        self._expiry = f"{expiry:%m/%d/%y}"
        self._recent: list[Post] = []
        self._said = 0
        self.clicks: list[Click] = []
        self.wanted: set[UUID] = set()
        """Signals that somebody who may decide wanted decided."""
        self._acts = {
            self._talk: 4, self._call: 2, self._edit: 3, self._delete: 1, self._click: 3,
            self._insist: 1,
        }  # fmt: skip
        # The history does not tell nicknames: a card has the name by which its author was heard.
        discord.guild.person("Nora").nickname = None
        for name in APPROVERS:
            discord.guild.person(name, "Approver")
        discord.guild.person("Rob")

    async def begin(self) -> None:
        """Says what cards are made of, so that there is something to click on from now on."""
        for _ in range(3):
            await self._call()

    async def act(self, times: int, pause_s: float) -> None:
        """Does so many things, at uneven moments that are a pause apart on average."""
        for _ in range(times):
            kinds, weights = zip(*self._acts.items(), strict=True)
            (act,) = self._chance.choices(kinds, weights)
            await act()
            await asyncio.sleep(self._chance.uniform(0, 2 * pause_s))

    def cards(self) -> list[Post]:
        """The cards that people see."""
        return self.cards_of(self._discord)

    @staticmethod
    def cards_of(discord: LoopbackDiscord) -> list[Post]:
        """The cards that stand in the signals channel."""
        posts = discord.guild.channel("signals").posts.values()
        return [post for post in posts if any("tt:why:" in one for one in post.custom_ids)]

    async def insist(self) -> None:
        """Repeats everything that was not answered.

        Raises:
            TimeoutError: a click is not answered although a bot is there.
        """
        for click in list(self._unanswered()):
            await self._again(click)

    async def decide(self) -> None:
        """Whoever was refused because something had changed looks again, and says yes.

        Raises:
            TimeoutError: a click is not answered although a bot is there.
        """
        waiting = [card for card in self.cards() if signal_of(card) in self.wanted]
        for card in waiting:
            if pressable(card)["approve"]:
                await (await self._press(card, "approve", "Olga")).answered()

    def _unanswered(self) -> list[Click]:
        """Clicks after which whoever pressed saw nothing: the bot was away, or died."""
        last = (click.sent[-1] if click.sent else click.pressed for click in self.clicks)
        return [
            click
            for click, one in zip(self.clicks, last, strict=True)
            if one.callback is None or not (one.is_answered or one.callback["type"] == ASKED)
        ]

    async def _talk(self) -> None:
        self._said += 1
        await self._say(f"words {self._said}")

    async def _call(self) -> None:
        self._said += 1
        await self._say(self._words_of_call(self._said, "2.30"))

    async def _say(self, words: str) -> None:
        post = await self._discord.say(self._chance.choice(PLACES), "Nora", words)
        self._recent = [*self._recent[-RECENT:], post]

    async def _edit(self) -> None:
        if not self._recent:
            return
        self._said += 1
        post = self._chance.choice(self._recent)
        if post.content.startswith("BTO"):
            price = f"{self._chance.randint(200, 260) / 100:.2f}"
            words = f"{post.content.partition('@')[0]}@ {price}"
        else:
            words = f"other words {self._said}"
        await self._discord.edit(post, words)

    async def _delete(self) -> None:
        if self._recent:
            post = self._recent.pop(self._chance.randrange(len(self._recent)))
            await self._discord.delete(post)

    async def _click(self) -> None:
        cards = self.cards()
        if not cards:
            return
        # People mostly press below what is new.
        card = self._chance.choice(cards[-8:])
        verb = self._chance.choice(["approve", "approve", "reject", "why"])
        by = self._chance.choice([*APPROVERS, *APPROVERS, *OTHERS])
        await self._press(card, verb, by)

    async def _insist(self) -> None:
        """Fills in a form that is shown, or presses again what was not answered."""
        asked = [click for click in self.clicks if _is_asked(click) and not click.sent]
        if asked:
            click = self._chance.choice(asked)
            form = await self._discord.submit(click.pressed, {"reason": "too far"})
            click.sent.append(form)
            self.wanted.add(signal_of(click.card))
        elif unanswered := self._unanswered():
            await self._again(self._chance.choice(unanswered[-8:]), waits=False)

    async def _press(self, card: Post, verb: str, by: str) -> Interaction:
        pressed = await self._discord.press(card, button(card, verb), by)
        self.clicks.append(Click(pressed, card, verb, []))
        if by in APPROVERS and verb == "approve":
            self.wanted.add(signal_of(card))
        return pressed

    async def _again(self, click: Click, *, waits: bool = True) -> None:
        """The same act once more: by its own id, or by another one."""
        one = click.sent[-1] if click.sent else click.pressed
        if self._chance.random() < 0.5:
            payload = one.payload(self._discord.application_id)
            await self._discord.sessions.tell("INTERACTION_CREATE", payload)
            if one.callback is not None:
                # Somebody began to answer and died: Discord lets nobody begin again.
                return
        else:
            self.clicks.remove(click)
            one = await self._press(click.card, click.verb, one.by.nickname or one.by.name)
        if waits:
            await until(lambda: _is_heard(one))

    def _words_of_call(self, number: int, price: str) -> str:
        return f"BTO 2 TSLA {100 + number}c {self._expiry} @ {price}"


def _is_asked(click: Click) -> bool:
    callback = click.pressed.callback
    return callback is not None and callback["type"] == ASKED


def _is_heard(one: Interaction) -> bool:
    return one.is_answered or (one.callback is not None and one.callback["type"] == ASKED)
