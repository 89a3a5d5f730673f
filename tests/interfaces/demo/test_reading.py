"""The demo's calls are read as what they are, and its talk books nothing."""

from __future__ import annotations

from decimal import Decimal

from domain.grammar.reader import read
from domain.grammar.reading import Embed, MessageText, Reading, Room
from interfaces.demo.files import Community
from interfaces.demo.positions import Deed, Position, Step
from interfaces.demo.posts import Post

ROOM = Room(default_expiry="weekly")


def reading(post: Post) -> Reading:
    embeds = tuple(
        Embed(title=card["title"], description=card["description"]) for card in post.embeds
    )
    return read(MessageText(content=post.content, embeds=embeds, posted_at=post.at), ROOM)


def contracts(position: Position) -> list[tuple[object, ...]]:
    if not position.legs:
        return [(position.symbol, None, None, None)]
    return [(leg.root, leg.strike, leg.right.value, leg.expiry) for leg, _ in position.legs]


def opens(step: Step) -> bool:
    return step.deed in (Deed.OPEN, Deed.ADD)


def test_every_call_is_booked_at_the_price_that_it_claims(demo: Community) -> None:
    for post in demo.posts:
        if post.step is not None:
            (trade,) = reading(post).trades
            assert trade.price == Decimal(post.step.claimed) / 100, post.content
            assert trade.action.position_effect.value == ("open" if opens(post.step) else "close")


def test_every_entry_names_the_contract_that_was_traded(demo: Community) -> None:
    for post in demo.posts:
        if post.step is not None and post.position is not None and opens(post.step):
            (trade,) = reading(post).trades
            named = [(leg.root, leg.strike, leg.right, leg.expiry) for leg in trade.legs]
            assert named == contracts(post.position), post.content


def test_talk_around_the_calls_books_nothing(demo: Community) -> None:
    for post in demo.posts:
        if post.step is None:
            assert reading(post).trades == (), post.content
