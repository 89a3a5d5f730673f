"""The slots of a trade: what its words fill, before it is judged whether that is a trade."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from domain.grammar.dates import Expiry
from domain.grammar.reading import ExitReason, LegReading
from domain.grammar.strategies import Sign


class Price(msgspec.Struct, gc=False):
    """A price as it was said; the lower the rank, the surer that it is the trade's."""

    rank: int
    low: Decimal
    high: Decimal | None = None


class Slots(msgspec.Struct, gc=False):
    """What the words fill, before it is judged whether that makes a trade."""

    roots: list[tuple[int, str]] = []
    """Tickers with the place where they stand."""
    strikes: list[tuple[Decimal, str]] = []
    strike_at: int = -1
    is_ladder: bool = False
    """The strikes were said as one: 500/505."""
    contracts: list[LegReading] = []
    pair: str = ""
    right: str = ""
    expiries: list[Expiry] = []
    strategy: str = ""
    """A shape that is read, or the word for one that is not."""
    sign: Sign | None = None
    bias: int = 0
    """1 for a bull spread, -1 for a bear spread."""
    iron: bool = False
    option_words: list[str] = []
    quantity: Decimal | None = None
    shares: bool = False
    price: Price | None = None
    stop: Decimal | None = None
    stop_at_entry: bool = False
    stop_share: Decimal | None = None
    targets: list[Decimal] = []
    target_shares: list[Decimal] = []
    fraction: Decimal | None = None
    partial: bool = False
    whole: bool = False
    gain: Decimal | None = None
    average: Decimal | None = None
    keeps: Decimal | None = None
    """What stays open by the author's word, where the sale is told by it."""
    reason: ExitReason | None = None
    """Where the words say at what the trade was closed: at the stop, at the target."""
    at_hand: bool = False
    beyond: str = ""
    garbled: str = ""
    """A price that cannot be read."""
    odd: str = ""
    """A word that may be a broken contract."""
    unclear: str = ""
    loose: list[Decimal] = []

    @property
    def expiry(self) -> Expiry | None:
        return self.expiries[0] if self.expiries else None

    @property
    def option_like(self) -> bool:
        """Whether any word speaks of an option: then this is never a trade in shares."""
        return bool(
            self.strikes or self.contracts or self.right or self.expiries or self.option_words
            or self.strategy
        )  # fmt: skip

    @property
    def root(self) -> str:
        """The ticker that stands closest before the strike, else the first one said."""
        if len(self.roots) < 2:
            return self.roots[0][1] if self.roots else ""
        before = [root for place, root in self.roots if place <= self.strike_at]
        return before[-1] if before else self.roots[0][1]

    @property
    def levels(self) -> bool:
        return self.stop is not None or self.stop_at_entry or bool(self.targets)
