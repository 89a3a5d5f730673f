"""What the demo's members say: calls in the room's usual forms, and everything around them.

Calls are unambiguous in the way that a room's own are: a contract is written with its expiry
unless it is the next weekly one. The talk around them is full of tickers, strikes and prices
that are no calls: plans, questions, boasts.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from domain.instruments import Option, Right
from interfaces.demo.characters import Vehicle
from interfaces.demo.market import SYMBOLS, UNDERLYINGS, Market
from interfaces.demo.positions import Deed, Position, Said, Step

Embed = dict[str, str]


def money(cents: int) -> str:
    """Two decimals, as prices are usually written."""
    return f"{Decimal(cents) / 100:.2f}"


def _price(rng: np.random.Generator, cents: int) -> str:
    """A price in one of the ways people write it: 2.30, 2.3, $2.30, .85."""
    text = money(cents)
    style = rng.random()
    if style < 0.12 and text.endswith("0"):
        text = text[:-1]
    elif style < 0.2 and cents < 100:
        text = text[1:]
    return f"${text}" if rng.random() < 0.3 else text


def _strike(contract: Option) -> str:
    return f"{contract.strike.normalize():f}"


def _strikes(position: Position) -> str:
    """A vertical's strikes, the bought one first."""
    bought, sold = (contract for contract, _ in position.legs)
    word = "call" if bought.right is Right.CALL else "put"
    return f"{_strike(bought)}/{_strike(sold)} {word} vertical"


def _right(rng: np.random.Generator, contract: Option) -> str:
    return contract.right.value if rng.random() < 0.3 else contract.right.value.lower()


def _day(expiry: date) -> str:
    return f"{expiry.month}/{expiry.day}"


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


_NOTES = (
    "small size",
    "starter",
    "risky, size down",
    "swing",
    "not financial advice",
    "lotto size",
)


def entry(rng: np.random.Generator, position: Position, step: Step, weekly: date) -> str:
    """The call that opens a position or adds to it; `weekly` is the next weekly expiry."""
    text = _opening_words(rng, position, step, weekly)
    if step.deed is Deed.ADD:
        return f"{text} adding" if rng.random() < 0.5 else text
    if position.stop is not None:
        text += f" SL {money(position.stop)}"
    if position.target is not None:
        text += f" PT {money(position.target)}"
    elif rng.random() < 0.12:
        text += f" ({_pick(rng, _NOTES if position.legs else _NOTES[:-1])})"
    return text


def _opening_words(rng: np.random.Generator, position: Position, step: Step, weekly: date) -> str:
    price, size = _price(rng, step.claimed), step.quantity
    if not position.legs:
        verb = _pick(rng, ("BTO", "BTO", "BOUGHT", "BUY"))
        return f"{verb} {size} {position.symbol} @ {price}"
    contract = position.legs[0][0]
    root, strike, day = contract.root, _strike(contract), _day(contract.expiry)
    if position.vehicle is Vehicle.VERTICAL:
        return f"BTO {size} {root} {day} {_strikes(position)} @ {price}"
    if position.short:
        return f"STO {size} {root} {day} {strike}{_right(rng, contract)} @ {price}"
    style = rng.random()
    plain = step.deed is Deed.OPEN and step.quantity == 1
    if plain and contract.expiry == weekly and style < 0.5:
        return f"BUY {root} {strike}{_right(rng, contract)} @ {price}"
    if plain and style < 0.8:
        return f"BTO {root} {strike}{_right(rng, contract)} {day} @ {price}"
    return f"BTO {size} {root} {day} {strike}{_right(rng, contract)} @ {price}"


def leaving(rng: np.random.Generator, position: Position, step: Step, *, replies: bool) -> str:
    """The call that takes part or all of a position off."""
    price = _price(rng, step.claimed)
    if position.short:
        return f"BTC {_named(rng, position)} @ {price}"
    if step.deed is Deed.TRIM:
        held = sum(s.quantity for s in position.steps if s.deed in (Deed.OPEN, Deed.ADD))
        size = "half" if 2 * step.quantity == held and rng.random() < 0.7 else str(step.quantity)
        return (
            f"STC {size} @ {price}" if replies else f"STC {size} {_named(rng, position)} @ {price}"
        )
    if replies and rng.random() < 0.5:
        return f"STC @ {price}"
    if rng.random() < 0.2 and position.vehicle is not Vehicle.VERTICAL:
        return f"all out {position.symbol} @ {price}"
    return f"STC {_named(rng, position)} @ {price}"


def _named(rng: np.random.Generator, position: Position) -> str:
    """The position as it is called when it is closed: the expiry is often left out."""
    if not position.legs:
        return position.symbol
    contract = position.legs[0][0]
    day = f"{_day(contract.expiry)} "
    if position.vehicle is Vehicle.VERTICAL:
        return f"{contract.root} {day}{_strikes(position)}"
    if rng.random() < 0.6:
        day = ""
    return f"{contract.root} {day}{_strike(contract)}{_right(rng, contract)}"


def card(rng: np.random.Generator, position: Position, step: Step) -> Embed:
    """The relay's card for an entry."""
    contract = position.legs[0][0]
    named = f"{contract.root} {_day(contract.expiry)} {_strike(contract)}{contract.right.value}"
    if rng.random() < 0.7:
        body = f"Contract: **{named}**\n\nEntry: **{money(step.claimed)}**"
        note = _pick(rng, _NOTES)
        return {"title": "Daytrade", "description": f"{body}\n\nNotes: **{note}**"}
    body = f"**Contract:** ${named}\n\n**Entry:** @{money(step.claimed)}"
    return {"title": "LOTTO", "description": body}


def progress_card(position: Position, gain: float) -> Embed:
    """The relay's card on how an open position is doing; it asks for nothing."""
    contract = position.legs[0][0]
    named = f"{contract.root} {_day(contract.expiry)} {_strike(contract)}{contract.right.value}"
    return {"title": "UPDATE", "description": f"Contract: **{named}**\n\nUp **{gain:.0%}**"}


def boast(rng: np.random.Generator, position: Position, gain: float) -> str:
    """A member's own account of a closed trade, in per cent of what they claim to have paid."""
    size = f"{abs(gain):.0%}"
    if gain < 0:
        return _pick(rng, (
            f"gave back {size} on {position.symbol}, my fault",
            f"{position.symbol} stopped me for -{size}, moving on",
            f"{position.symbol} was a loser, -{size}",
        ))  # fmt: skip
    return _pick(rng, (
        f"took {size} on {position.symbol}", f"{position.symbol} paid {size}, thank you",
        f"closed {position.symbol} earlier for +{size}", f"+{size} on the {position.symbol} trade",
        f"another {size} on {position.symbol}, who followed?",
    ))  # fmt: skip


def mourning(rng: np.random.Generator, position: Position) -> str:
    """What is said, if anything, of what expired without value."""
    return _pick(rng, (
        f"my {position.symbol} faded into the close, lesson learned",
        f"rip {position.symbol}, went out at zero",
        f"{position.symbol} never came back, full loss on that one",
    ))  # fmt: skip


_TALK: tuple[tuple[Said, str], ...] = (
    (Said.WATCH, "watching {sym} {strike}c over {up}"),
    (Said.WATCH, "{sym} on watch, {up} is the level"),
    (Said.WATCH, "eyes on {sym} {strike}p if {down} goes"),
    (Said.WATCH, "{sym} and {sym2} on my list for tomorrow"),
    (Said.WATCH, "keeping an eye on {sym} {strike}c @ {premium} or lower, no entry yet"),
    (Said.WATCH, "watchlist: {sym} over {up}, {sym2} under {down2}"),
    (Said.CONDITIONAL, "if {sym} breaks {up} I'm taking the {strike}c"),
    (Said.CONDITIONAL, "will BTO {sym} {strike}c if it reclaims {up}"),
    (Said.CONDITIONAL, "might buy {sym} {strike}p under {down}, not yet"),
    (Said.CONDITIONAL, "if we lose {down} on {sym} I will STC everything"),
    (Said.CONDITIONAL, "would add {sym} at {down} if it gets there"),
    (Said.RECAP, "last week I bought {sym} {strike}c @ {premium} and sold way too early"),
    (Said.RECAP, "green day, {n} for {m}"),
    (Said.RECAP, "recap: {n} winners {k} losers, happy with that"),
    (Said.RECAP, "sold my {sym} calls yesterday up {pct}%, would have been double today"),
    (Said.RECAP, "week so far +{pct}%"),
    (Said.CHAT, "anyone still in {sym} {strike}c?"),
    (Said.CHAT, "is {sym} {strike}c @ {premium} still ok to enter?"),
    (Said.CHAT, "what's the stop on the {sym} calls?"),
    (Said.CHAT, "did everyone get out of {sym}?"),
    (Said.CHAT, "should I sell my {sym} {strike}c here or hold?"),
    (Said.CHAT, "who sold the {sym} top lol"),
    (Said.CHAT, "{sym} volume looks thin"),
    (Said.CHAT, "{sym} is at {at} and I am in pain"),
    (Said.CHAT, "spreads on {sym} are awful right now"),
    (Said.CHAT, "{sym} rejected at {up} again"),
    (Said.CHAT, "nice bounce on {sym} from {down}"),
    (Said.CHAT, "what do we think of {sym} into the close"),
    (Said.CHAT, "missed the {sym} entry, not chasing"),
    (Said.CHAT, "congrats to whoever held {sym}"),
    (Said.CHAT, "{sym} implied vol is silly"),
    (Said.CHAT, "good morning all"),
    (Said.CHAT, "coffee then charts"),
    (Said.CHAT, "quiet tape today"),
    (Said.CHAT, "no trade is a trade"),
    (Said.CHAT, "be careful around the fed minutes"),
    (Said.CHAT, "chop chop chop"),
    (Said.CHAT, "taking the afternoon off, good luck everyone"),
    (Said.CHAT, "size small until the range breaks"),
    (Said.CHAT, "can a mod fix the alert role?"),
    (Said.CHAT, "thanks for the call"),
    (Said.CHAT, "what broker are you all using for spreads?"),
    (Said.CHAT, "that candle was rude"),
    (Said.CHAT, "lunch time algos"),
    (Said.CHAT, "so close to my target"),
    (Said.CHAT, "how do I turn off notifications for this channel"),
    (Said.CHAT, "patience"),
    (Said.CHAT, "vwap held like a charm"),
    (Said.CHAT, "who else is flat?"),
    (Said.CHAT, "reading the rules before I post, promise"),
)


def talk(rng: np.random.Generator, market: Market, node: int) -> tuple[Said, str]:
    """Something said around the calls, with the prices of that minute in it."""
    kind, pattern = _TALK[int(rng.integers(len(_TALK)))]
    one, two = (int(place) for place in rng.choice(len(SYMBOLS), 2, replace=False))
    at, at2 = (int(market.price[place, node]) for place in (one, two))
    step = UNDERLYINGS[one].strike_step
    strike = Decimal(round(at / 100 / step) * round(step * 10)) / 10
    games = int(rng.integers(2, 7))
    won = int(rng.integers(1, games + 1))
    return kind, pattern.format(
        sym=SYMBOLS[one], sym2=SYMBOLS[two], strike=f"{strike.normalize():f}", at=money(at),
        up=money(round(at * 1.006 / 50) * 50), down=money(round(at * 0.994 / 50) * 50),
        down2=money(round(at2 * 0.992 / 50) * 50), n=won, m=games, k=games - won,
        premium=money(int(rng.integers(30, 600))), pct=int(rng.integers(5, 90)),
    )  # fmt: skip
