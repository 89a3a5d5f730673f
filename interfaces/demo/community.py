"""The simulated community: everyone's trades told as messages, and the talk between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from interfaces.demo import words
from interfaces.demo.characters import (
    LOTTO_ROOM,
    ONLOOKERS,
    OPTIONS_ROOM,
    STOCK_ROOM,
    TRADERS,
    Character,
    Trader,
)
from interfaces.demo.market import Market
from interfaces.demo.options import Listings
from interfaces.demo.positions import Deed, Position, Said, Step, quotes_of
from interfaces.demo.posts import CHANNELS, Person, Post, person, snowflake
from interfaces.demo.trading import lives

USUAL_MESSAGES = 3200
USUAL_SESSIONS = 60
_TRADES_SHARE = 0.9
"""Keeps room for talk between the calls at any size."""
_ENTRY_WORDS = (Deed.OPEN, Deed.ADD)
_REACTIONS = (("🔥", "fire"), ("👀", "eyes"), ("🚀", "rocket"), ("💯", "100"), ("😂", "joy"))


@dataclass(frozen=True, slots=True)
class Member:
    """A trader with the positions that their calls are about."""

    person: Person
    trader: Trader
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Chatter:
    """Everything that was ever posted, in order of time, and by whom."""

    members: tuple[Member, ...]
    posts: tuple[Post, ...]


def gather(listings: Listings, seed: int, messages: int) -> Chatter:
    """Lets the community live through the market; at least `messages` messages come of it."""
    days = len(listings.market.sessions)
    pace = messages / USUAL_MESSAGES * (USUAL_SESSIONS / days) * _TRADES_SHARE
    rng = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    members = tuple(_member(listings, trader, seed, pace) for trader in TRADERS)
    posts = [
        post
        for member in members
        for position in member.positions
        for post in _told(listings, rng, member, position)
    ]
    posts += _arrivals(listings.market, members)
    posts += _talk(listings.market, rng, members, messages - len(posts))
    posts.sort(key=lambda post: (post.at, post.author.id))
    for place, post in enumerate(posts):
        post.id = snowflake(post.at, place)
    return Chatter(members, tuple(posts))


def _member(listings: Listings, trader: Trader, seed: int, pace: float) -> Member:
    author = person(trader.name, trader.nickname, trader.character, is_bot=trader.speaks == "cards")
    return Member(author, trader, tuple(lives(listings, trader, seed, pace)))


def _within(market: Market, rng: np.random.Generator, node: int) -> datetime:
    """A moment inside the minute that begins at the node."""
    return market.time(node) + timedelta(milliseconds=int(rng.integers(2_000, 55_000)))


def _told(
    listings: Listings, rng: np.random.Generator, member: Member, position: Position
) -> list[Post]:
    """The messages about one position, in order, and what becomes of them later."""
    entry = _call(listings, rng, member, position, position.opened, None)
    posts = [entry]
    posts += [_call(listings, rng, member, position, step, entry) for step in position.steps[1:]]
    if member.trader.speaks == "cards":
        posts += _progress(listings, rng, member, position)
    _regretted(listings.market, rng, member, position, posts)
    return posts + _afterwards(listings.market, rng, member, position)


def _call(
    listings: Listings, rng: np.random.Generator, member: Member, position: Position, step: Step,
    entry: Post | None,
) -> Post:  # fmt: skip
    """The message of one step; those after the entry may be replies to it."""
    market, channel = listings.market, CHANNELS[member.trader.channel]
    embeds: tuple[words.Embed, ...] = ()
    reply = None
    if step.deed in _ENTRY_WORDS:
        if member.trader.speaks == "cards":
            content, embeds = "", (words.card(rng, position, step),)
        else:
            content = words.entry(rng, position, step, _weekly(listings, step.node))
    else:
        reply = entry if rng.random() < 0.35 else None
        content = words.leaving(rng, position, step, replies=reply is not None)
    if rng.random() < (1.0 if embeds else 0.18):
        called = f"<@&{channel.alerts.id}>" if channel.raw_mentions else f"@{channel.alerts.name}"
        content = f"{content} {called}".strip()
    return Post(
        member.person, channel, _within(market, rng, step.node), Said(step.deed.value), content,
        embeds, reply, position, step, reactions=_reactions(rng, 0.12),
    )  # fmt: skip


def _weekly(listings: Listings, node: int) -> date:
    """The expiry a room takes for granted. On its own day nobody relies on that."""
    day = int(listings.market.day[node])
    weekly = listings.weeklies(day)[0].date
    return date.min if weekly == listings.market.sessions[day].date else weekly


def _progress(
    listings: Listings, rng: np.random.Generator, member: Member, position: Position
) -> list[Post]:
    """A card on the way, when the position is well ahead."""
    if len(position.steps) < 2 or position.steps[1].node - position.opened.node < 8:
        return []
    node = (position.opened.node + position.steps[1].node) // 2
    bids, _ = quotes_of(listings, position.symbol, position.legs, np.array([node]))
    gain = int(bids[0]) / position.opened.claimed - 1
    if gain < 0.05 or rng.random() < 0.2:
        return []
    card = words.progress_card(position, gain)
    return [Post(
        member.person, CHANNELS[member.trader.channel], _within(listings.market, rng, node),
        Said.UPDATE, "", (card,), position=position,
    )]  # fmt: skip


def _regretted(
    market: Market, rng: np.random.Generator, member: Member, position: Position,
    posts: list[Post],
) -> None:  # fmt: skip
    """Deleters take losers away, editors rewrite what they paid for them."""
    ended = position.ended
    if ended is None or position.fair_return > -0.02 or rng.random() > 0.85:
        return
    at = _within(market, rng, ended) + timedelta(minutes=int(rng.integers(6, 120)))
    if at > market.time(market.last):
        return
    if member.trader.character is Character.DELETER:
        for post in posts:
            post.deleted_at = at
    elif member.trader.character is Character.EDITOR:
        opening = posts[0]
        worse = 1 + max(position.fair_return, -0.6) * rng.uniform(1.05, 1.5)
        better = round(position.opened.claimed * worse)
        before, _, after = opening.content.partition("@ ")
        rest = after.partition(" ")[2]
        opening.edited_at = at
        opening.edited_content = f"{before}@ {words.money(max(better, 1))} {rest}".strip()


def claimed_return(position: Position) -> float:
    """What the steps come to at the prices that were claimed; the unclosed rest is left out."""
    opened = [(s.quantity, s.claimed) for s in position.steps if s.deed in _ENTRY_WORDS]
    closed = [(s.quantity, s.claimed) for s in position.steps if s.deed not in _ENTRY_WORDS]
    paid = sum(size * price for size, price in opened) / sum(size for size, _ in opened)
    got = sum(size * price for size, price in closed) / sum(size for size, _ in closed)
    return (paid - got) / paid if position.short else got / paid - 1


def _afterwards(
    market: Market, rng: np.random.Generator, member: Member, position: Position
) -> list[Post]:
    """What the trader says of it when it is over."""
    ended = position.ended
    if ended is None:
        return []
    if position.left > 0:
        worthless = position.final == 0 and not position.short
        if not worthless or rng.random() > 0.3:
            return []
        content, late = words.mourning(rng, position), int(rng.integers(2, 25))
    else:
        gain = claimed_return(position)
        if rng.random() > (0.2 if gain > 0.05 else 0.04):
            return []
        content, late = words.boast(rng, position, gain), int(rng.integers(2, 25))
    at = _within(market, rng, ended) + timedelta(minutes=late)
    if at > market.time(market.last):
        return []
    return [Post(
        member.person, CHANNELS[member.trader.channel], at, Said.RECAP, content,
        position=position, picture=rng.random() < 0.15, reactions=_reactions(rng, 0.3),
    )]  # fmt: skip


def _reactions(rng: np.random.Generator, chance: float) -> tuple[tuple[str, str, int], ...]:
    if rng.random() >= chance:
        return ()
    emoji, code = _REACTIONS[int(rng.integers(len(_REACTIONS)))]
    return ((emoji, code, int(rng.integers(1, 4))),)


def _arrivals(market: Market, members: tuple[Member, ...]) -> list[Post]:
    """The system's own message when somebody joins later than the others."""
    return [
        Post(
            member.person, CHANNELS[OPTIONS_ROOM],
            market.sessions[member.trader.habits.from_day].opens_at - timedelta(minutes=9),
            Said.CHAT, "Joined the server.", joins=True,
        )
        for member in members
        if 0 < member.trader.habits.from_day < len(market.sessions)
    ]  # fmt: skip


def _talk(
    market: Market, rng: np.random.Generator, members: tuple[Member, ...], count: int
) -> list[Post]:
    """So many messages that are no calls, over all days and rooms."""
    onlookers = [person(name, nickname) for name, nickname in ONLOOKERS]
    rooms = [CHANNELS[name] for name in (OPTIONS_ROOM, LOTTO_ROOM, STOCK_ROOM)]
    posts = []
    for _ in range(max(count, 0)):
        day = int(rng.integers(len(market.sessions)))
        here = [
            member.person for member in members
            if member.trader.habits.from_day <= day < member.trader.habits.until_day
            and member.trader.speaks == "plain"
        ]  # fmt: skip
        crowd = here if rng.random() < 0.45 else onlookers
        author = crowd[int(rng.integers(len(crowd)))]
        channel = rooms[int(rng.choice(3, p=(0.55, 0.27, 0.18)))]
        node, at = _moment(market, rng, day)
        kind, content = words.talk(rng, market, node)
        post = Post(author, channel, at, kind, content, reactions=_reactions(rng, 0.04))
        if rng.random() < 0.06:
            _address(rng, post, here)
        if rng.random() < 0.015:
            post.edited_at = at + timedelta(seconds=int(rng.integers(5, 240)))
            post.edited_content = f"{post.content} (typo)"
        posts.append(post)
    return posts


def _moment(market: Market, rng: np.random.Generator, day: int) -> tuple[int, datetime]:
    """When something is said: mostly in the session, now and then before or after it.

    The node is the last whose price could be known then.
    """
    session, when = market.sessions[day], rng.random()
    seconds = timedelta(milliseconds=int(rng.integers(0, 60_000)))
    if when < 0.08 and day > 0:
        before = session.opens_at - timedelta(minutes=int(rng.integers(3, 45)))
        return market.close_node(day - 1), before + seconds
    if when < 0.14 and day < len(market.sessions) - 1:
        after = session.closes_at + timedelta(minutes=int(rng.integers(0, 40)))
        return market.close_node(day), after + seconds
    node = market.node(day, int(session.minutes * rng.beta(0.9, 1.3)))
    return node, market.time(node) + seconds


def _address(rng: np.random.Generator, post: Post, people: list[Person]) -> None:
    """Puts somebody's name in front of what is said."""
    addressed = people[int(rng.integers(len(people)))]
    called = f"<@{addressed.id}>" if post.channel.raw_mentions else f"@{addressed.nickname}"
    post.content = f"{called} {post.content}"
    post.mentions = (addressed,)
