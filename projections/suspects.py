"""Suspects: in memory, the trades and fills of those people who have more than one account.

Few traders are linked to others or own an account whose fills are known. Of these all trades
are at hand, by underlying, so that what one does is held against what the others do without
looking anything up; everybody else's trades stay in their table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar
from uuid import UUID

from projections.flag_rows import LinkedRow, OwnedRow, OwnFillRow, TradeRow, underlying_of
from projections.people import grouped
from projections.readmodel import Row, Table

R = TypeVar("R", bound=Row)


class Suspects:
    """Who is one person, and what they and their accounts traded."""

    def __init__(self, trades: Table[TradeRow], fills: Table[OwnFillRow]) -> None:
        self._stored_trades = trades
        self._stored_fills = fills
        self._links: dict[UUID, LinkedRow] = {}
        self._owned: dict[UUID, OwnedRow] = {}
        self._people: dict[UUID, UUID] = {}
        self._members: dict[UUID, set[UUID]] = {}
        self._watched: set[UUID] = set()
        self._trades: dict[tuple[UUID, str], dict[UUID, TradeRow]] = {}
        self._fills: dict[tuple[UUID, str], dict[tuple[UUID, str], OwnFillRow]] = {}

    def load(self, links: Iterable[LinkedRow], owned: Iterable[OwnedRow]) -> None:
        """Takes all that is stored of suspects into memory."""
        self._links = {row.trader: row for row in links}
        self._owned = {row.account: row for row in owned}
        self._group()
        self._watch({*self._people, *(row.owner for row in self._owned.values())})
        self._take_fills(self._owned)

    def link(self, row: LinkedRow) -> set[UUID]:
        """Takes note of a link; says whose trades have to be looked at anew."""
        self._links[row.trader] = row
        self._group()
        affected = self.same_person(row.trader)
        self._watch(affected)
        return affected

    def unlink(self, trader: UUID) -> set[UUID]:
        """Forgets a link; says whose trades have to be looked at anew."""
        affected = self.same_person(trader)
        self._links.pop(trader, None)
        self._group()
        return affected

    def own(self, account: UUID, row: OwnedRow | None) -> set[UUID]:
        """Takes note of whose an account is; says whose trades have to be looked at anew."""
        before = self._owned.pop(account, None)
        affected = set() if before is None else self.same_person(before.owner)
        if row is not None:
            self._owned[account] = row
            affected |= self.same_person(row.owner)
            if before is None:
                self._take_fills([account])
        self._watch(affected)
        return affected

    def let_go(self, traders: Iterable[UUID]) -> None:
        """Forgets the trades of those who are nobody else and own nothing any more."""
        for trader in traders:
            if trader in self._watched and not self._is_suspect(trader):
                self._watched.remove(trader)
                for key in [key for key in self._trades if key[0] == trader]:
                    del self._trades[key]

    def is_watched(self, trader: UUID) -> bool:
        return trader in self._watched

    def is_owned(self, account: UUID) -> bool:
        return account in self._owned

    def keep(self, row: TradeRow) -> None:
        """Takes a watched trader's trade as it is now."""
        self._trades.setdefault((row.trader, row.underlying), {})[row.trade] = row

    def keep_fill(self, row: OwnFillRow) -> None:
        """Takes an owned account's fill as it is now."""
        key = (row.account, underlying_of(row.symbol))
        self._fills.setdefault(key, {})[row.order_id, row.exec_id] = row

    def trades_of(self, trader: UUID) -> list[TradeRow]:
        """All trades of a watched trader."""
        return [row for key, rows in self._trades.items() if key[0] == trader
                for row in rows.values()]  # fmt: skip

    def trades_of_others(self, row: TradeRow) -> Iterator[TradeRow]:
        """Trades about the same underlying in the other accounts of the same person."""
        for trader in self.same_person(row.trader) - {row.trader}:
            yield from self._trades.get((trader, row.underlying), {}).values()

    def trades_about(self, fill: OwnFillRow) -> Iterator[TradeRow]:
        """Trades about the underlying of a fill, of the person whose account it is in."""
        for trader in self.same_person(self._owned[fill.account].owner):
            yield from self._trades.get((trader, underlying_of(fill.symbol)), {}).values()

    def own_fills(self, row: TradeRow) -> Iterator[tuple[OwnedRow, list[OwnFillRow]]]:
        """The fills about the underlying in each account of the trade's person."""
        person = self.same_person(row.trader)
        for account, owned in self._owned.items():
            if owned.owner in person:
                fills = self._fills.get((account, row.underlying))
                if fills:
                    yield owned, list(fills.values())

    def same_person(self, trader: UUID) -> set[UUID]:
        """All traders who are the same person, that one included."""
        return self._members.get(self._people.get(trader, trader), set()) | {trader}

    def links_of(self, *traders: UUID) -> list[int]:
        """The events that say who these are."""
        return [self._links[trader].event for trader in traders if trader in self._links]

    def _is_suspect(self, trader: UUID) -> bool:
        if trader in self._people:
            return True
        return any(row.owner == trader for row in self._owned.values())

    def _group(self) -> None:
        self._people = grouped({row.trader: row.to_trader for row in self._links.values()})
        self._members = {}
        for trader, person in self._people.items():
            self._members.setdefault(person, set()).add(trader)

    def _watch(self, traders: Iterable[UUID]) -> None:
        fresh = set(traders) - self._watched
        if not fresh:
            return
        self._watched |= fresh
        found = _all(
            self._stored_trades, "trader = ANY(%s)", list(fresh), lambda row: row.trader in fresh
        )
        for row in found:
            self.keep(row)

    def _take_fills(self, accounts: Iterable[UUID]) -> None:
        fresh = set(accounts)
        if not fresh:
            return
        found = _all(
            self._stored_fills, "account = ANY(%s)", list(fresh), lambda row: row.account in fresh
        )
        for row in found:
            self.keep_fill(row)


def _all(
    table: Table[R], where: str, values: list[UUID], belongs: Callable[[R], bool]
) -> Iterable[R]:
    """The current rows of these values, stored ones and those that are not yet."""
    key = table.shape.key_of
    found = {key(row): row for row in table.select_current(where, (values,))}
    found.update((key(row), row) for row in table.in_memory() if belongs(row))
    return found.values()
