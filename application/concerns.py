"""Concerns: which holdings somebody should look at, and why, by what the monitor has just seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from application.position_reports import Terms
from application.watchlist import WatchList
from domain.exit_changes import Concern
from domain.quant.watching import Floats, Holdings, Survey, Why, near, places

WHY_IN_WORDS = {
    Why.MISSING: "no quote",
    Why.STALE: "a stale quote",
    Why.CROSSED: "a crossed quote",
    Why.NO_OFFER: "no offer",
    Why.NO_BID: "no bid",
}


class Worry(NamedTuple):
    """The holding at a place of the list, and what of it is to be told."""

    place: int
    concern: Concern
    words: str


def count_blind(listed: WatchList, looked: Survey) -> None:
    """Counts for how many looks in a row each holding could not be looked at."""
    for place in places(looked.why == Why.USABLE):
        listed.states[place].cycles_blind = 0
    for place in places(looked.why != Why.USABLE):
        listed.states[place].cycles_blind += 1


def concerns(
    listed: WatchList,
    holdings: Holdings,
    looked: Survey,
    theta: Floats,
    terms: Terms,
    today: date,
) -> Iterator[Worry]:
    """What is to be told and was not told today, the most urgent first."""
    for found in (
        _near(holdings, looked, terms),
        _blind(listed, looked, terms),
        _fading(looked, theta, terms),
        _expiring(listed, terms, today),
    ):
        for worry in found:
            known = listed.rows[worry.place].warned, listed.states[worry.place].warned
            if today not in (told.get(worry.concern) for told in known):
                yield worry


def _near(holdings: Holdings, looked: Survey, terms: Terms) -> Iterator[Worry]:
    stops, targets, levels = near(holdings, looked, float(terms.near_share))
    for place in places(stops):
        words = f"{looked.exit_px[place]:.2f} is near the stop at {levels[place]:.2f}"
        yield Worry(place, Concern.NEAR_STOP, words)
    for place in places(targets):
        words = f"{looked.exit_px[place]:.2f} is near the target {holdings.target[place]:.2f}"
        yield Worry(place, Concern.NEAR_TARGET, words)


def _blind(listed: WatchList, looked: Survey, terms: Terms) -> Iterator[Worry]:
    """Holdings that could not be looked at for too long."""
    for place in places(looked.why != Why.USABLE):
        row, looks = listed.rows[place], listed.states[place].cycles_blind
        if looks > terms.blind_cycles:
            why = WHY_IN_WORDS[Why(looked.why[place])]
            guard = "" if row.stop is None else f", and the stop {row.stop} guards nothing"
            yield Worry(place, Concern.BLIND, f"{why} for {looks} looks{guard}")


def _fading(looked: Survey, theta: Floats, terms: Terms) -> Iterator[Worry]:
    """Holdings that lose much of their value each day."""
    for place in places(-theta > float(terms.theta_share) * abs(looked.value)):
        part = -theta[place] / abs(looked.value[place])
        words = f"a day costs {-theta[place]:.2f} USD, {part:.0%} of its value"
        yield Worry(place, Concern.THETA, words)


def _expiring(listed: WatchList, terms: Terms, today: date) -> Iterator[Worry]:
    for place, expiry in enumerate(listed.expiries):
        days = None if expiry is None else (expiry - today).days
        if days is None or days > terms.expiry_days:
            continue
        words = f"it expires in {days} days" if days > 0 else "it expires today"
        words = f"it expired {-days} days ago" if days < 0 else words
        yield Worry(place, Concern.EXPIRY, words)
