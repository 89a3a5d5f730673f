"""What a message was read as.

A reading never guesses: a slot that the words do not fill is listed in `missing`, and every
rule that filled one from elsewhere (the room's default, the message's own date) is named in
`rules`. Resolving against open positions comes after, in the application.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.fix import PositionEffect, Side
from domain.shared import Value

PARSER = "rooms-6/intent-1"
"""Versions of the rules and of the second opinion, stored with every reading so that it can be
recomputed."""


class Kind(StrEnum):
    """What the author is doing with the message."""

    OPEN = "open"
    ADD = "add"
    TRIM = "trim"
    CLOSE = "close"
    UPDATE = "update"
    CANCEL = "cancel"
    CORRECTION = "correction"
    CONDITIONAL = "conditional"
    WATCH = "watch"
    RECAP = "recap"
    CHAT = "chat"


class Action(StrEnum):
    """The order ticket's four words: buy/sell to open/close."""

    BTO = "BTO"
    STC = "STC"
    STO = "STO"
    BTC = "BTC"

    @property
    def side(self) -> Side:
        return _SIDES[self]

    @property
    def position_effect(self) -> PositionEffect:
        return _EFFECTS[self]


_SIDES = {
    Action.BTO: Side.BUY,
    Action.BTC: Side.BUY,
    Action.STC: Side.SELL,
    Action.STO: Side.SELL,
}
_EFFECTS = {
    Action.BTO: PositionEffect.OPEN,
    Action.STO: PositionEffect.OPEN,
    Action.STC: PositionEffect.CLOSE,
    Action.BTC: PositionEffect.CLOSE,
}


class ExitReason(StrEnum):
    """Why the author closes: by choice, at the stop, or at the target."""

    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"


class EmbedField(Value, frozen=True, kw_only=True):
    """One name and value of an embed."""

    name: str
    value: str


class Embed(Value, frozen=True, kw_only=True):
    """A structured card in a message."""

    title: str = ""
    description: str = ""
    fields: tuple[EmbedField, ...] = ()


class MessageText(Value, frozen=True, kw_only=True):
    """The words of one message at one revision, as far as reading needs them."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    posted_at: datetime


class Room(Value, frozen=True, kw_only=True):
    """What a channel takes for granted; data, never code."""

    default_root: str = ""
    default_expiry: str = ""
    """`""` (must be said), `0dte` (the message's day), or `weekly` (the next Friday)."""
    default_trim: Decimal = Decimal("0.5")
    """The fraction of what is open that a trim without a size sells."""
    default_quantity: Decimal = Decimal(1)
    titles: tuple[tuple[str, Kind], ...] = ()
    """What the room's own card titles say that a card is for; they override the usual sense."""
    language: str = ""
    """Its BCP 47 tag (`en-GB`, `ru`). American English, which goes without saying, writes
    11/21 for 21 November; elsewhere the day comes first."""

    @property
    def day_first(self) -> bool:
        """Whether a date in numbers begins with its day."""
        return self.language not in ("", "en", "en-US")


class LegReading(Value, frozen=True, kw_only=True):
    """One contract or share as far as it was said; None (or no root) where it was not."""

    root: str
    side: Side = Side.BUY
    """The side the leg takes when the trade is opened, in exits too."""
    ratio: int = 1
    strike: Decimal | None = None
    right: str | None = None
    expiry: date | None = None


class TradeReading(Value, frozen=True, kw_only=True):
    """One trade as far as it was said. `price` is per share and net over the legs."""

    action: Action
    legs: tuple[LegReading, ...] = ()
    quantity: Decimal | None = None
    fraction: Decimal | None = None
    price: Decimal | None = None
    price_to: Decimal | None = None
    gain: Decimal | None = None
    """The profit over the average entry that the author states (0.51 for 51 %), for exits."""
    average: Decimal | None = None
    """The average entry after an add, where the author says that instead of a price."""
    keeps: Decimal | None = None
    """What an exit leaves open, where that is said instead of what is sold: "all but 1"."""
    partial: bool = False
    """A trim: some of what is open, even where no size was said."""
    at_hand: bool = False
    """The words point at the trade being talked about: "the rest", "here", "these"."""
    either_side: bool = False
    """An exit by a word such as "out", which ends a bought trade as well as a sold one."""
    either_way: bool = False
    """A fill of which the words do not say whether it opens or closes: the book decides."""
    bare: bool = False
    """An entry that no word speaks of: of a contract that is open it may tell how it stands."""
    reason: ExitReason = ExitReason.EXIT
    reached: int | None = None
    """The last of the trade's targets that was reached, where the words count them."""


class Reading(Value, frozen=True, kw_only=True):
    """The whole reading of one message. `trades` is empty unless it is meant to be booked.

    `stop` and `targets` belong to the one trade of the message, or to what `named` names when
    the message only moves levels. `named` holds every contract and ticker the words name,
    booked or not: it tells what the next "out the rest" is about.
    """

    kind: Kind
    confidence: Decimal = Decimal(1)
    trades: tuple[TradeReading, ...] = ()
    named: tuple[LegReading, ...] = ()
    spoken_of: tuple[str, ...] = ()
    """Tickers in the words around an exit that names nothing: "GOOGL gapped, all out"."""
    gain: Decimal | None = None
    """How an open trade stands over its average entry by the author's word, where nothing is
    done: 0.8 for "up 80 %"."""
    stop: Decimal | None = None
    stop_at_entry: bool = False
    targets: tuple[Decimal, ...] = ()
    announced: TradeReading | None = None
    """An entry that lacks its price alone, which the author's next words may give."""
    entry: Decimal | None = None
    """An entry price with levels, said of no instrument: of the trade announced before."""
    entry_to: Decimal | None = None
    missing: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    why: str = ""
    parser: str = PARSER
