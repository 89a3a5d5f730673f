"""The page of a trader: figures by window, what was put right, and the whole story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.ports import NotFound
from interfaces.graphql.boards import MODELS, sessions_of
from interfaces.lookups import trader_named
from interfaces.pages.timelines import timeline_of
from interfaces.pages.visiting import Look, Page, one_of
from projections.flags import flag_marks
from projections.leaderboards import Standing, alone
from projections.people import People, one_person
from projections.trader_profiles import TraderProfiles, TraderRow, profile
from projections.windows import Window, span_of

WORDS = {
    Window.DAY: "the day",
    Window.LAST_24H: "24 hours",
    Window.LAST_7D: "7 days",
    Window.LAST_30D: "30 days",
    Window.WEEK: "the week",
    Window.MONTH: "the month",
    Window.ALL: "all time",
}


class WindowShown(NamedTuple):
    """A trader's figures in a window; None where nothing happened in it."""

    window: Window
    words: str
    standing: Standing | None


of_trader = one_of(
    "trader", lambda visit, key: visit.read(lambda look: trader_named(look.of(TraderProfiles), key))
)
"""Of a page of the trader that the path names, by their name too."""


def known_trader(look: Look, trader: UUID) -> TraderRow:
    """The trader as they are or were known.

    Raises:
        NotFound: there was no such trader.
    """
    found = profile(look.of(TraderProfiles), trader, as_of=look.as_of)
    if found is None:
        raise NotFound(f"there is no trader {trader}, or there was none then")
    return found


def windows_of(
    look: Look, trader: UUID, at: datetime, as_of: int | None
) -> Sequence[WindowShown]:  # fmt: skip
    """A trader's figures in each window that ends at a moment."""
    database = look.of(*MODELS, as_of=as_of)
    spans = {span: sessions_of(look.asking, span) for span in (span_of(w, at) for w in WORDS)}
    standings = alone(database, trader, spans, as_of=as_of)
    return [
        WindowShown(window, words, standing)
        for (window, words), standing in zip(WORDS.items(), standings, strict=True)
    ]


@of_trader
def trader_page(look: Look, trader: UUID) -> Page:
    """The trader's figures and story."""
    row = known_trader(look, trader)
    is_first = look.visit.asked.number("after") is None
    at = look.moment(look.as_of)
    database = look.of(*MODELS, People)
    return Page(
        "trader.html",
        {
            "trader": row,
            "at": at,
            "windows": windows_of(look, trader, at, look.as_of) if is_first else (),
            "flags": flag_marks(database, [trader], as_of=look.as_of).get(trader, 0),
            "others": [
                other for other in one_person(database, trader, look.as_of) if other != trader
            ],
            "timeline": timeline_of(look, trader),
        },
    )
