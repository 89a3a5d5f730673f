"""Tickets: a trade filled in field by field, said in the words that the grammar knows best.

A ticket becomes a message of its author like any other, so that one reading and one booking hold
for all. Before that it is read as the channel will read it: what would be booked otherwise than
it was filled in is refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from application.desk import Desk, Work
from domain.grammar.reading import Action, MessageText, Reading, Room, TradeReading
from domain.grammar.weighing import read
from domain.instruments import Instrument, Option, Right, instrument
from domain.market import exchange_day
from domain.rooms import RoomSettings, room_stream
from domain.shared import InvalidInput, Value, require_positive

NOTE_MAX = 500
TARGETS_MAX = 5

_EXPIRY = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{2}|\d{4}))?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_STRIKE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(C|P|CALL|PUT)", re.ASCII)
_ROOT = re.compile(r"[A-Z]{1,5}(?:\.[A-Z])?\d?", re.ASCII)


class TradeTicket(Value, frozen=True, kw_only=True):
    """What somebody filled in. Prices are USD per share; `symbol` is the instrument's own."""

    action: Action
    symbol: str
    quantity: Decimal
    price: Decimal
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    note: str = ""


def contract_named(text: str, day: date) -> Instrument:
    """The instrument that a person names: `TSLA 11/20/26 250c` in any order, an OSI symbol, a
    ticker or a pair. A date without a year is the next such day.

    Raises:
        InvalidInput: the text names none; it says how to.
    """
    words = text.upper().split()
    expiries = [expiry for word in words if (expiry := _expiry(word, day)) is not None]
    strikes = [strike for word in words if (strike := _STRIKE.fullmatch(word)) is not None]
    roots = [word for word in words if _ROOT.fullmatch(word)]
    if len(words) == 3 and (len(expiries), len(strikes), len(roots)) == (1, 1, 1):
        price, right = strikes[0].groups()
        # Roots of options have no dot.
        root = roots[0].replace(".", "")
        return Option(root, expiries[0], Right(right[0]), Decimal(price))
    try:
        return instrument(text)
    except InvalidInput:
        raise InvalidInput(
            f"{text!r} names no contract: write it as TSLA 11/20/26 250c, or give a ticker"
        ) from None


def words_of(ticket: TradeTicket, room: Room) -> str:
    """The ticket as a message: `BTO 2 TSLA 11/20/26 250c @ 2.30 SL 1.50 PT 3.50`, and the note
    on a line of its own.
    """
    words = [ticket.action.value, f"{ticket.quantity.normalize():f}"]
    words += [*_contract_words(instrument(ticket.symbol), room), "@", _price(ticket.price)]
    if ticket.stop is not None:
        words += ["SL", _price(ticket.stop)]
    if ticket.targets:
        words += ["PT", *map(_price, ticket.targets)]
    said = " ".join(words)
    return f"{said}\n{ticket.note}" if ticket.note else said


def check(ticket: TradeTicket) -> None:
    """Refuses what cannot be traded.

    Raises:
        InvalidInput: a figure is not above zero, or there is too much of something.
    """
    require_positive(quantity=ticket.quantity, price=ticket.price)
    if ticket.stop is not None:
        require_positive(stop=ticket.stop)
    for target in ticket.targets:
        require_positive(target=target)
    if len(ticket.targets) > TARGETS_MAX:
        raise InvalidInput(f"a signal has {TARGETS_MAX} targets at most")
    if len(ticket.note) > NOTE_MAX:
        raise InvalidInput(f"a note has {NOTE_MAX} characters at most")


def message_of(ticket: TradeTicket, room: Room, posted_at: datetime) -> str:
    """The message that says the ticket.

    Raises:
        InvalidInput: the ticket cannot be traded, is over already, or its message would be read
            otherwise, mostly because of its note; the text says how.
    """
    check(ticket)
    named = instrument(ticket.symbol)
    if isinstance(named, Option) and named.expiry < exchange_day(posted_at):
        raise InvalidInput(f"{named} expired on {named.expiry}")
    words = words_of(ticket, room)
    if not _says(read(MessageText(content=words, posted_at=posted_at), room), ticket):
        bare = words.partition("\n")[0]
        reading = read(MessageText(content=bare, posted_at=posted_at), room)
        if ticket.note and _says(reading, ticket):
            raise InvalidInput("the note changes how the order reads: word it otherwise")
        why = reading.why or "it reads as something else"
        raise InvalidInput(f"{bare!r} cannot be booked in this channel: {why}")
    return words


def room_of(desk: Desk, channel: str, *authors: str) -> Room:
    """How an author, by id or name, is read in a channel."""
    streams = [room_stream(channel, author) for author in (*authors, "")]
    work = Work(desk)
    work.prefetch(streams)
    found = (work.find(RoomSettings, stream) for stream in streams)
    return next((settings.room for settings in found if settings is not None), Room())


def _says(reading: Reading, ticket: TradeTicket) -> bool:
    """Whether a message is read as exactly this ticket."""
    if len(reading.trades) != 1:
        return False
    (trade,) = reading.trades
    levels = (reading.stop, reading.targets) == (ticket.stop, ticket.targets)
    figures = (trade.action, trade.quantity, trade.price, trade.price_to) == (
        ticket.action, ticket.quantity, ticket.price, None,
    )  # fmt: skip
    return levels and figures and _is_of(trade, instrument(ticket.symbol))


def _is_of(trade: TradeReading, named: Instrument) -> bool:
    if len(trade.legs) != 1:
        return False
    (leg,) = trade.legs
    if not isinstance(named, Option):
        return leg.strike is None and instrument(leg.root) == named
    read_as = (leg.root.replace(".", ""), leg.strike, leg.right, leg.expiry)
    return read_as == (named.root, named.strike, named.right.value, named.expiry)


def _contract_words(named: Instrument, room: Room) -> list[str]:
    if not isinstance(named, Option):
        return [named.symbol]
    day = named.expiry
    said = day.isoformat() if room.day_first else f"{day.month}/{day.day}/{day:%y}"
    return [named.root, said, f"{named.strike.normalize():f}{named.right.value.lower()}"]


def _expiry(word: str, today: date) -> date | None:
    """The day that a word names, month first."""
    try:
        if iso := _ISO.fullmatch(word):
            return date(*map(int, iso.groups()))
        if (found := _EXPIRY.fullmatch(word)) is None:
            return None
        month, day, year = found.groups()
        if year is not None:
            return date(int(year) % 100 + 2000, int(month), int(day))
        this_year = date(today.year, int(month), int(day))
        return this_year if this_year >= today else this_year.replace(year=today.year + 1)
    except ValueError:
        raise InvalidInput(f"{word!r} is no day") from None


def _price(value: Decimal) -> str:
    """A price with two decimals at least and none that was not given."""
    exponent = value.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:.{places}f}"
