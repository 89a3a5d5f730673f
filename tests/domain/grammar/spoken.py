"""Readings as one line of text, so that a corpus can say what it expects."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from domain.fix import Side
from domain.grammar.reader import read
from domain.grammar.reading import Embed, LegReading, MessageText, Reading, Room, TradeReading

THURSDAY = datetime(2025, 11, 13, 15, 0, tzinfo=UTC)


def message(content: str = "", *embeds: Embed, at: datetime = THURSDAY) -> MessageText:
    return MessageText(content=content, embeds=embeds, posted_at=at)


def card(title: str, description: str) -> MessageText:
    return message("", Embed(title=title, description=description))


def read_text(text: str, room: Room | None = None, at: datetime = THURSDAY) -> Reading:
    return read(message(text, at=at), room or Room())


def spoken(reading: Reading) -> str:
    """`open BTO 5 TSLA 250C 2025-11-21 @2.30 SL 1.50`, or `open? expiry` when not booked."""
    if not reading.trades and reading.missing:
        return f"{reading.kind.value}? {' '.join(reading.missing)}"
    parts = [reading.kind.value, *(_trade(trade) for trade in reading.trades)]
    if reading.stop is not None:
        parts.append(f"SL {reading.stop}")
    if reading.stop_at_entry:
        parts.append("SL BE")
    parts += [f"PT {target}" for target in reading.targets]
    return " ".join(parts)


def _trade(trade: TradeReading) -> str:
    parts: list[str] = [trade.action.value]
    if trade.fraction is not None:
        parts.append(f"{trade.fraction.normalize():f} of")
    elif trade.partial:
        parts.append("some")
    if trade.quantity is not None:
        parts.append(str(trade.quantity))
    parts.append("/".join(map(_leg, trade.legs)) or "that")
    if trade.price is not None:
        to = f"-{trade.price_to}" if trade.price_to is not None else ""
        parts.append(f"@{trade.price}{to}")
    if trade.gain is not None:
        parts.append(f"{(trade.gain * 100).normalize():+f}%")
    if trade.average is not None:
        parts.append(f"avg {trade.average}")
    if trade.reason != "exit":
        parts.append(f"({trade.reason.value})")
    return " ".join(parts)


def _leg(leg: LegReading) -> str:
    sign = "-" if leg.side is Side.SELL else ""
    strike = "" if leg.strike is None else f" {_plain(leg.strike)}"
    right = "" if leg.right is None else leg.right if leg.strike is not None else f" {leg.right}"
    expiry = "" if leg.expiry is None else f" {leg.expiry}"
    return f"{sign}{leg.root or '?'}{strike}{right}{expiry}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
