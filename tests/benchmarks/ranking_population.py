"""A community to try ranking rules on: who is in it, how they trade, and what they tell.

Every repeat is a year of 500 accounts. `kept` is the honest record: what was deleted stays,
losers are marked and expiries settled, a trade is measured by what its first entry tied up, and
accounts are known to be one person's. `told` is what a board gets that believes its traders.

Nobody but the skilled has an expected gain.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from domain.quant.series import Floats

Whole = NDArray[np.int64]
Yes = NDArray[np.bool_]

NAKED_WORST = 5.0
"""A short put is 0 in the end, and its margin was a fifth of its strike."""

SHARES_WORST = 0.25
"""A night's gap in a share; its buyer was paid nothing for bearing the rest."""

FEARED = 0.3
"""The chance of a crash that premiums pay for; how often it comes is the community's."""

LOTS_MAX = 5
ACCOUNTS_EACH = 5


class Kind(IntEnum):
    """What a trader is."""

    SKILLED = 0
    NOISE = 1
    TAIL_SELLER = 2
    MARTINGALER = 3
    DELETER = 4
    MULTI_ACCOUNTER = 5


CHEATS = (Kind.TAIL_SELLER, Kind.MARTINGALER, Kind.DELETER, Kind.MULTI_ACCOUNTER)


class Community(NamedTuple):
    """How many accounts there are of each kind, and how skilled the skilled are: their true
    Sharpe ratios per trade are uniform between the two. A year has a crash with `crash_chance`,
    which finds 5 % to `open_most` of a tail seller's trades open."""

    skilled: int = 50
    noise: int = 325
    tail_sellers: int = 50
    martingalers: int = 25
    deleters: int = 25
    multi_accounts: int = 25
    skill_least: float = 0.10
    skill_most: float = 0.35
    crash_chance: float = 0.3
    open_most: float = 0.20

    def kinds(self) -> Whole:
        counts = np.array(self[: len(Kind)], dtype=np.int64)
        return np.repeat(np.array(list(Kind), dtype=np.int64), counts)


class Trades(NamedTuple):
    """Trades (n,): whose account, the return, and the most that it could have lost."""

    account: Whole
    returns: Floats
    worst: Floats


class Year(NamedTuple):
    """A year of a community: kind and person of each account, what happened, what is told."""

    kind: Whole
    person: Whole
    kept: Trades
    told: Trades


def year(chance: Generator, community: Community) -> Year:
    """A year as chance has it."""
    kind = community.kinds()
    person = _persons(kind)
    counts = np.clip(chance.lognormal(np.log(100), 0.6, kind.size), 15, 500).astype(np.int64)
    honest = np.flatnonzero((kind != Kind.TAIL_SELLER) & (kind != Kind.MARTINGALER))
    directional = _directional(chance, community, kind, honest, counts)
    sellers = np.flatnonzero(kind == Kind.TAIL_SELLER)
    sold, held = _sold_tails(chance, community, sellers, counts)
    over_first, over_all = _martingales(chance, np.flatnonzero(kind == Kind.MARTINGALER), counts)
    deleted = (kind[directional.account] == Kind.DELETER) & (directional.returns < 0)
    deleted &= chance.random(deleted.size) < 0.8
    return Year(
        kind,
        person,
        _together(directional, sold, over_first),
        _together(_only(directional, ~deleted), _only(sold, ~held), over_all),
    )


def _persons(kind: Whole) -> Whole:
    """Each account is a person's own but for those who have several."""
    person = np.arange(kind.size)
    several = np.flatnonzero(kind == Kind.MULTI_ACCOUNTER)
    if several.size:
        person[several] = several[0] + np.arange(several.size) // ACCOUNTS_EACH
    return person


def _directional(
    chance: Generator, community: Community, kind: Whole, accounts: Whole, counts: Whole
) -> Trades:
    """Those who take a view: three in four buy options, others trade shares or sell premium and
    lose by it where all can see."""
    least, most = community.skill_least, community.skill_most
    skill = chance.normal(-0.03, 0.03, kind.size).clip(max=0.0)
    is_skilled = kind == Kind.SKILLED
    skill[is_skilled] = chance.uniform(least, most, int(is_skilled.sum()))
    manner = chance.choice(3, kind.size, p=[0.75, 0.15, 0.10])
    account = np.repeat(accounts, counts[accounts])
    returns = np.empty(account.size)
    for way, draw in enumerate((_bought_options, _shares, _visible_premium)):
        these = manner[account] == way
        returns[these] = draw(chance, skill, account[these])
    worst = np.where(manner[account] == 1, np.maximum(SHARES_WORST, -returns), 1.0)
    return Trades(account, returns, worst)


def _bought_options(chance: Generator, skill: Floats, account: Whole) -> Floats:
    """Log-normal with a floor of -1, and one in twenty ends worthless."""
    volatility = chance.uniform(0.4, 0.9, skill.size)
    drift = skill * np.sqrt(np.exp(volatility**2) / 0.95 - 1.0)
    sigma = volatility[account]
    grown: Floats = np.exp(sigma * chance.standard_normal(account.size) - sigma**2 / 2)
    alive: Yes = chance.random(account.size) >= 0.05
    returns: Floats = alive * grown * (1.0 + drift[account]) / 0.95 - 1.0
    return returns


def _shares(chance: Generator, skill: Floats, account: Whole) -> Floats:
    """Student's t of four degrees of freedom, of a few per cent."""
    spread = chance.uniform(0.03, 0.08, skill.size)[account]
    drawn = chance.standard_t(4, account.size) / np.sqrt(2.0)
    returns: Floats = np.maximum(spread * (skill[account] + drawn), -1.0)
    return returns


def _visible_premium(chance: Generator, skill: Floats, account: Whole) -> Floats:
    """Spreads sold near the money: one in ten to one in three loses, each on its own."""
    losing, depth = chance.uniform(0.1, 0.33, skill.size), chance.uniform(0.5, 1.0, skill.size)
    fair = losing * depth / (1.0 - losing)
    drift = skill * np.sqrt(losing * (1.0 - losing)) * (fair + depth)
    gain = (drift + losing * depth) / (1.0 - losing)
    won = gain[account] * chance.uniform(0.6, 1.4, account.size)
    lost = chance.random(account.size) < losing[account]
    return np.where(lost, -depth[account], won)


def _sold_tails(
    chance: Generator, community: Community, accounts: Whole, counts: Whole
) -> tuple[Trades, Yes]:
    """Far options sold, half of them naked: small gains until a crash takes all that is open.

    What is earned is at most what the crash is worth. Three losers in four are told to be open
    still (the second value).
    """
    size = counts.size
    naked = np.arange(size) % 2 == 0
    worst = np.where(naked, NAKED_WORST, 1.0)
    open_in_crash = chance.uniform(0.05, community.open_most, size)
    expected = worst * 0.5 * (FEARED * open_in_crash + 0.002)
    gain = expected * chance.uniform(0.6, 1.0, size)
    account = np.repeat(accounts, counts[accounts])
    crash = chance.random() < community.crash_chance
    losing = 0.002 + (open_in_crash[account] if crash else 0.0)
    lost = chance.random(account.size) < losing
    depth = worst[account] * chance.uniform(0.2, 0.8, account.size)
    won = gain[account] * chance.uniform(0.5, 1.5, account.size)
    trades = Trades(account, np.where(lost, -depth, won), worst[account])
    return trades, lost & (chance.random(account.size) < 0.75)


def _martingales(chance: Generator, accounts: Whole, counts: Whole) -> tuple[Trades, Trades]:
    """Twice as much is bought at every fall, until a rise or the last of five lots.

    Kept is the whole over what the first lot cost; told is the same over all that was paid.
    """
    account = np.repeat(accounts, counts[accounts])
    step = chance.uniform(0.1, 0.3, counts.size)[account]
    falls = np.minimum(chance.geometric(0.49, account.size) - 1, LOTS_MAX)
    end = (1.0 - step) ** falls * np.where(falls == LOTS_MAX, 1.0, 1.0 + step)
    paid, gained = np.zeros(account.size), np.zeros(account.size)
    for number in range(LOTS_MAX):
        price = (1.0 - step) ** number
        size = np.where(number <= falls, 2.0**number, 0.0)
        paid += size * price
        gained += size * (end - price)
    return Trades(account, gained, paid), Trades(account, gained / paid, np.ones(account.size))


def _only(trades: Trades, which: Yes) -> Trades:
    return Trades(trades.account[which], trades.returns[which], trades.worst[which])


def _together(*many: Trades) -> Trades:
    account, returns, worst = (np.concatenate(columns) for columns in zip(*many, strict=True))
    return Trades(account, returns, worst)
