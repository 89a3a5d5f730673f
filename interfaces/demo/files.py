"""Makes the demo: a folder with the market and the chat of a simulated community.

market/bars.parquet, market/quotes.parquet
chat/<channel>.json         the messages as they were posted
chat-later/<channel>.json   the same channels at the end: deletions gone, edits in place
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from interfaces.demo.community import USUAL_MESSAGES, Chatter, Member, gather
from interfaces.demo.export import channel_export
from interfaces.demo.market import Market, Session, simulate
from interfaces.demo.options import Listings
from interfaces.demo.posts import CHANNELS, Post
from interfaces.demo.tape import write_bars, write_quotes

__all__ = ["Community", "Session", "write_demo"]

_EXPORTED_AFTER = timedelta(hours=1)
_EXPORTED_LATER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Community:
    """What was written, and the truth behind it, which the product is never shown."""

    members: tuple[Member, ...]
    posts: tuple[Post, ...]
    listings: Listings
    bars: Path
    quotes: Path
    chat: tuple[Path, ...]
    chat_later: tuple[Path, ...]
    bar_rows: int
    quote_rows: int

    @property
    def market(self) -> Market:
        return self.listings.market


def write_demo(
    folder: Path,
    *,
    seed: int,
    sessions: Sequence[Session],
    messages: int = USUAL_MESSAGES,
    progress: Callable[[str, float], None] | None = None,
) -> Community:
    """Simulates the sessions and writes all files; the same arguments give the same bytes.

    `messages` is the least number of messages; trading grows with it. `progress` is told
    what is being done and how much of the whole is behind it, from 0 to 1.
    """
    told = progress or (lambda _what, _done: None)
    told("simulating the market", 0.0)
    listings = Listings(simulate(sessions, seed))
    told("letting the community trade", 0.1)
    chatter = gather(listings, seed, messages)
    positions = [position for member in chatter.members for position in member.positions]

    told("writing bars", 0.6)
    (folder / "market").mkdir(parents=True, exist_ok=True)
    bars, quotes = folder / "market" / "bars.parquet", folder / "market" / "quotes.parquet"
    bar_rows = write_bars(listings.market, bars)
    told("writing quotes", 0.7)
    quote_rows = write_quotes(listings, positions, quotes)
    told("writing the chat", 0.9)
    close = sessions[-1].closes_at
    community = Community(
        members=chatter.members, posts=chatter.posts, listings=listings, bars=bars,
        quotes=quotes, bar_rows=bar_rows, quote_rows=quote_rows,
        chat=_write_chat(folder / "chat", chatter, close + _EXPORTED_AFTER, as_left=False),
        chat_later=_write_chat(
            folder / "chat-later", chatter, close + _EXPORTED_LATER, as_left=True
        ),
    )  # fmt: skip
    told("done", 1.0)
    return community


def _write_chat(folder: Path, chatter: Chatter, at: datetime, *, as_left: bool) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    crowd = tuple(member.person for member in chatter.members)
    paths = []
    for channel in CHANNELS.values():
        path = folder / f"{channel.name}.json"
        path.write_bytes(channel_export(channel, chatter.posts, crowd, at, as_left=as_left))
        paths.append(path)
    return tuple(paths)
