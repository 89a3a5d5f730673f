"""Choices while somebody types: traders, positions, what has a story, contracts.

They come from the newest rows of the read models, so that they are there in the blink for which
Discord waits; what is older can still be named in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any

from discord.app_commands import Choice
from psycopg import Connection

from application.tickets import contract_named
from domain.instruments import Instrument, Option, instrument
from domain.market import exchange_day
from domain.shared import InvalidInput
from interfaces.discord.fitting import cut
from interfaces.discord.slash.asking import Interaction, suggest
from interfaces.wording import amount, money
from projections.accounts import accounts
from projections.naming import title_of
from projections.position_pages import positions
from projections.positions import BookKind, PositionRow
from projections.signal_feed import signals
from projections.trader_profiles import names_of, profiles_like

CHOICES_MAX = 25
NAME_MAX = 100
RECENT = 400
"""How many of the newest signals or positions are looked through."""

Choices = list[Choice[str]]


def traders(connection: Connection[Any], typed: str) -> Choices:
    """Traders by a part of their name."""
    found = profiles_like(connection, typed.strip(), limit=CHOICES_MAX)
    return [choice(row.name, str(row.trader)) for row in found]


def held(connection: Connection[Any], typed: str) -> Choices:
    """What the accounts hold."""
    named = {row.account: row.name for row in accounts(connection)}
    rows = positions(connection, kind=BookKind.ACCOUNT, open_only=True, limit=RECENT)
    found = (
        choice(f"{named.get(row.book, '')}: {_position(row)}", str(row.position)) for row in rows
    )
    return _fitting(found, typed)


def books_held(connection: Connection[Any], typed: str) -> Choices:
    """Accounts by name."""
    return _fitting((choice(row.name, row.name) for row in accounts(connection)), typed)


def subjects(connection: Connection[Any], typed: str) -> Choices:
    """What has a story: traders, the newest signals, and what accounts hold."""
    found = [*traders(connection, typed)[:8], *held(connection, typed)[:7]]
    rows = signals(connection, limit=RECENT)
    names = names_of(connection, {row.trader for row in rows})
    told = (
        choice(
            f"{row.side.value} {row.title} by {names.get(row.trader, '')} "
            f"{row.posted_at:%m-%d %H:%M} {str(row.signal)[:8]}",
            str(row.signal),
        )
        for row in rows
    )
    return [*found, *_fitting(told, typed)][:CHOICES_MAX]


def contracts(connection: Connection[Any], typed: str, day: date) -> Choices:
    """What is typed if it names a contract, then contracts that were traded lately: first
    those of the same root, expiry or strike as far as they are typed.
    """
    found = list(_as_typed(typed, day))
    words = typed.upper().split()
    found += [
        choice(_written(named), named.symbol)
        for named in _traded(connection, day)
        if all(any(part.startswith(word) for part in _parts(named)) for word in words)
    ]
    return list({one.value: one for one in found}.values())[:CHOICES_MAX]


async def trader_choices(interaction: Interaction, typed: str) -> Choices:
    """Suggests traders."""
    return await suggest(interaction, lambda connection: traders(connection, typed))


async def held_choices(interaction: Interaction, typed: str) -> Choices:
    """Suggests what accounts hold."""
    return await suggest(interaction, lambda connection: held(connection, typed))


async def account_choices(interaction: Interaction, typed: str) -> Choices:
    """Suggests accounts."""
    return await suggest(interaction, lambda connection: books_held(connection, typed))


async def subject_choices(interaction: Interaction, typed: str) -> Choices:
    """Suggests what has a story."""
    return await suggest(interaction, lambda connection: subjects(connection, typed))


async def contract_choices(interaction: Interaction, typed: str) -> Choices:
    """Suggests contracts."""
    day = exchange_day(interaction.created_at)
    return await suggest(interaction, lambda connection: contracts(connection, typed, day))


def among(kind: type[StrEnum]) -> Choices:
    """The values of a closed set."""
    return [choice(one.value, one.value) for one in kind]


def choice(name: str, value: str) -> Choice[str]:
    """A choice by a name that Discord takes."""
    return Choice(name=cut(name, NAME_MAX) if name.strip() else value, value=value)


def _fitting(found: Iterable[Choice[str]], typed: str) -> Choices:
    """The first choices that have every word that is typed somewhere in them."""
    words = typed.lower().split()
    fit = (
        one
        for one in found
        if all(word in one.name.lower() or one.value.startswith(word) for word in words)
    )
    return list(islice(fit, CHOICES_MAX))


def _position(row: PositionRow) -> str:
    pnl = money(row.pnl, sign=True)
    return f"{amount(row.quantity)} {title_of(row.symbol)} ({pnl}) {str(row.position)[:8]}"


def _as_typed(typed: str, day: date) -> Iterator[Choice[str]]:
    try:
        named = contract_named(typed, day)
    except InvalidInput:
        return
    yield choice(_written(named), named.symbol)


def _traded(connection: Connection[Any], day: date) -> Iterator[Instrument]:
    """Roots and contracts of the newest signals that can still be traded."""
    rows = signals(connection, limit=RECENT)
    for symbol in dict.fromkeys(row.symbol for row in rows):
        if symbol.startswith(("+", "-")):
            continue
        named = instrument(symbol)
        if not isinstance(named, Option) or named.expiry >= day:
            yield named


def _parts(named: Instrument) -> tuple[str, ...]:
    """How the parts of a contract may be typed."""
    if not isinstance(named, Option):
        return (named.symbol,)
    day = named.expiry
    return (
        named.root,
        f"{day.month}/{day.day}/{day:%y}",
        day.isoformat(),
        f"{named.strike.normalize():f}{named.right.value}",
    )


def _written(named: Instrument) -> str:
    if not isinstance(named, Option):
        return named.symbol
    root, expiry, _, strike = _parts(named)
    return f"{root} {expiry} {strike}"
