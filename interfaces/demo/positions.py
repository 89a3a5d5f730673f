"""What the demo's traders hold: the steps of a position, and the quotes that are true of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.instruments import Option, Right
from interfaces.demo.characters import Trader, Vehicle
from interfaces.demo.market import INDEX, Ints
from interfaces.demo.options import Listings, equity_quotes, option_quotes

Legs = tuple[tuple[Option, int], ...]
"""Contracts with +1 for bought and -1 for sold when the position is opened as bought."""


class Deed(StrEnum):
    """What a step does to the position."""

    OPEN = "open"
    ADD = "add"
    TRIM = "trim"
    CLOSE = "close"


class Said(StrEnum):
    """What a message truly is: the words that a careful reader of the room would use."""

    OPEN = "open"
    ADD = "add"
    TRIM = "trim"
    CLOSE = "close"
    UPDATE = "update"
    CONDITIONAL = "conditional"
    WATCH = "watch"
    RECAP = "recap"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Step:
    """One deed at a node; claim, bid and offer in cents per share, net over the legs."""

    deed: Deed
    node: int
    quantity: int
    claimed: int
    bid: int
    offer: int


@dataclass(frozen=True, slots=True)
class Position:
    """A trade from its opening to its end, with the truth about it.

    `legs` is empty for shares. `left` is what no step closed; it was settled at expiry, or is
    still held, at `final` cents. `fair_return` counts every step at the price attainable at
    its minute (bought at the offer, sold at the bid), over what was paid or received to open.
    """

    trader: Trader
    symbol: str
    vehicle: Vehicle
    legs: Legs
    short: bool
    steps: tuple[Step, ...]
    stop: int | None
    target: int | None
    left: int
    expiry_node: int | None
    final: int
    fair_return: float

    @property
    def opened(self) -> Step:
        return self.steps[0]

    @property
    def ended(self) -> int | None:
        """The node at which nothing of it was left to trade, or None while it is held."""
        return self.steps[-1].node if self.left == 0 else self.expiry_node

    @property
    def expired(self) -> bool:
        """Part of it was held through an expiry inside the simulated past."""
        return self.left > 0 and self.expiry_node is not None


def quotes_of(listings: Listings, symbol: str, legs: Legs, nodes: Ints) -> tuple[Ints, Ints]:
    """Bid and offer in cents of the whole position bought, at the natural of its legs."""
    if not legs:
        shares = equity_quotes(listings.market, INDEX[symbol], nodes)
        return shares.bid, shares.offer
    which = np.repeat(np.arange(len(legs)), len(nodes))
    quoted = option_quotes(
        listings, [contract for contract, _ in legs], which, np.tile(nodes, len(legs))
    )
    bids, offers = quoted.bid.reshape(len(legs), -1), quoted.offer.reshape(len(legs), -1)
    bid, offer = bids[0], offers[0]
    for place in range(1, len(legs)):
        bid, offer = bid - offers[place], offer - bids[place]
    return bid, offer


def intrinsic_cents(contract: Option, spot: int) -> int:
    """Value in cents per share at expiry with the underlying at `spot` cents."""
    strike = int(contract.strike * 100)
    return max(spot - strike if contract.right is Right.CALL else strike - spot, 0)
