"""Fixing: a signal's figures as somebody may fill them in anew, and the change that comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from application.correcting import Change
from application.revising import GRACE
from application.tickets import contract_named
from domain.corrections import Target
from domain.fix import Side
from domain.legs import Leg, multiplier_of, strategy_symbol
from domain.market import exchange_day
from domain.shared import InvalidInput, require_nonnegative, require_positive
from domain.signals import Signal
from domain.terms import HINDSIGHT, TRADER, Changed, Terms
from interfaces.wording import amount
from projections.naming import title_of

BY_HAND = "by hand"
"""The parser of a trade whose terms somebody filled in."""

_LEVELS = re.compile(r"(?:stop:? *(?P<stop>[\d.]+))?[ ,;]*(?:targets?:? *(?P<targets>[\d., ]+))?")
_RATIO = re.compile(r"([+-]\d+) +(.+)")


def reading_of(signal: Signal) -> dict[str, str]:
    """A signal's first entry as it is filled in: by field, in words."""
    levels = [] if signal.stop is None else [f"stop {signal.stop:f}"]
    if signal.targets:
        levels.append(f"targets {' '.join(f'{target:f}' for target in signal.targets)}")
    return {
        "contract": contract_of(signal.side, signal.legs),
        "quantity": amount(signal.book[1]),
        "price": f"{signal.entry_prices[1]:f}",
        "levels": ", ".join(levels),
    }


def change_of(signal: Signal, filled: Mapping[str, str], reason: str, *, at: datetime) -> Change:
    """What is to be put right by what was filled in.

    Another contract is another trade in the place of this one. Filled in when others may know
    how it went, it is shown and not scored.

    Raises:
        InvalidInput: nothing differs, or something was filled in that cannot be right.
    """
    before = reading_of(signal)
    side, legs = legs_named(filled["contract"], exchange_day(at))
    quantity = _number(filled["quantity"], "quantity")
    price = _number(filled["price"], "price")
    stop, targets = levels_named(filled["levels"])
    require_positive(quantity=quantity, price=price)
    after = {
        "contract": contract_of(side, legs),
        "quantity": amount(quantity),
        "price": f"{price:f}",
        "levels": filled["levels"].strip(),
    }
    changes = tuple(
        Changed(field=name, was=was, now=after[name])
        for name, was in before.items()
        if after[name] != was
    )
    change = Change(target=Target.SIGNAL, stream=signal.id, changes=changes, reason=reason)
    if "contract" in {changed.field for changed in changes}:
        terms = _terms(signal, side, legs, late=at > signal.posted_at + GRACE)
        terms = replace(terms, quantity=quantity, price=price, stop=stop, targets=targets)
        return replace(change, void=True, instead=terms)
    if not changes:
        raise InvalidInput("nothing is filled in otherwise than it is recorded")
    if (stop is None and signal.stop is not None) or (signal.targets and not targets):
        raise InvalidInput("stops and targets are moved, not taken away: leave them filled in")
    figures = quantity != signal.book[1] or price != signal.entry_prices[1]
    return replace(
        change,
        part="1" if figures else "",
        price=price if price != signal.entry_prices[1] else None,
        quantity=quantity if quantity != signal.book[1] else None,
        stop=stop if stop != signal.stop else None,
        targets=targets if targets != signal.targets else (),
    )


def contract_of(side: Side, legs: tuple[Leg, ...]) -> str:
    """`BUY TSLA 250C 2026-11-20`; several legs as when the whole is bought."""
    return f"{side.value.upper()} {title_of(strategy_symbol(side, legs))}"


def legs_named(text: str, day: date) -> tuple[Side, tuple[Leg, ...]]:
    """The trade that `contract_of` writes, and what people write like it.

    Raises:
        InvalidInput: the side or a contract is missing.
    """
    word, _, rest = text.strip().partition(" ")
    try:
        side = Side(word.lower())
    except ValueError:
        raise InvalidInput("begin the contract with BUY or SELL") from None
    legs = tuple(_leg(part.strip(), side, day) for part in re.split(r" / |\|", rest))
    multiplier_of(legs)
    return side, legs


def _leg(text: str, side: Side, day: date) -> Leg:
    signed = _RATIO.fullmatch(text)
    ratio, name = (int(signed[1]), signed[2]) if signed else (1, text)
    if ratio == 0:
        raise InvalidInput("a leg is bought (+1) or sold (-1), not +0")
    bought = side if ratio > 0 else side.opposite
    return Leg(symbol=contract_named(name, day).symbol, side=bought, ratio=abs(ratio))


def levels_named(text: str) -> tuple[Decimal | None, tuple[Decimal, ...]]:
    """Stop and targets of `stop 1.50, targets 3.00 3.50`; either may be missing.

    Raises:
        InvalidInput: it says something else.
    """
    found = _LEVELS.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidInput(f"{text!r} is no stop and targets: stop 1.50, targets 3.00 3.50")
    stop = _number(found["stop"], "stop") if found["stop"] else None
    words = re.split(r"[ ,]+", (found["targets"] or "").strip(" ,"))
    targets = tuple(_number(word, "target") for word in words if word)
    if stop is not None:
        require_nonnegative(stop=stop)
    for target in targets:
        require_positive(target=target)
    return stop, targets


def _terms(signal: Signal, side: Side, legs: tuple[Leg, ...], *, late: bool) -> Terms:
    source = signal.source
    return Terms(
        origin=HINDSIGHT if late else TRADER,
        platform=source.platform,
        channel=source.channel,
        message=source.message,
        revision=source.revision,
        place=f"{BY_HAND}: {signal.version}: {strategy_symbol(side, legs)}",
        side=side,
        legs=legs,
        quantity=signal.book[1],
        price=signal.entry_prices[1],
        valid_until=signal.posted_at if late else signal.valid_until,
        parser=BY_HAND,
        posted_at=signal.posted_at,
    )


def _number(text: str, what: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise InvalidInput(f"the {what} {text!r} is no number") from None
    if not found.is_finite():
        raise InvalidInput(f"the {what} {text!r} is no number")
    return found
