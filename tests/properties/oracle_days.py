"""The oracle's days and boards: sums over all trades of a book, day by day, from the start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any
from uuid import UUID

from domain import accounts, ranking, signal_events
from tests.properties.oracle import NIL, Figures, Marks, Moves, Told, local_day, twelve
from tests.properties.oracle_accounts import account_figures
from tests.properties.oracle_sums import sums_by_day, sums_until
from tests.properties.oracle_trades import trade_figures

WIDE = Context(prec=80)
COUNTS = ("opened", "closed", "wins", "posted", "checked", "filled", "assumed", "unattainable")


class World:
    """Everything that was known after some events: positions, and the days of each book."""

    def __init__(self, told: Sequence[Told]) -> None:
        marks = Marks(told)
        self.trades: dict[UUID, Figures] = {}
        self.holdings: dict[tuple[str, str], Figures] = {}
        self.days: dict[UUID, dict[date, Figures]] = {}
        self.sums: dict[UUID, dict[date, Figures]] = {}
        self._told = told
        self._tallies: dict[UUID, list[Figures]] = {}
        moves: dict[UUID, list[Moves]] = {}
        for each in told:
            if isinstance(each.event, signal_events.SignalPosted):
                row, moved = trade_figures(told, each.stream, marks)
                self.trades[each.stream] = row
                moves.setdefault(row["book"], []).append(moved)
        for book, moved_by in moves.items():
            tallies = [row for row in self.trades.values() if row["book"] == book]
            self.days[book] = self._trader_days(moved_by, tallies)
            self.sums[book] = sums_by_day(tallies)
            self._tallies[book] = [dict(row) for row in tallies]
        for row in self.trades.values():
            del row["measured"], row["path"]
        by_account: dict[str, list[Moves]] = {}
        for key, (row, moved) in account_figures(told, marks).items():
            self.holdings[key] = row
            by_account.setdefault(key[0], []).append(moved)
        for name, moved_by in by_account.items():
            self.days[accounts.account_stream(name)] = self._account_days(name, moved_by)

    def window_sums(self, book: UUID, end: datetime) -> Figures:
        """The sums of what was closed by a moment, and of what was under water then."""
        return sums_until(self._tallies.get(book, ()), end)

    def _fraction(self, day: date) -> Decimal:
        fraction = Decimal("0.10")
        for event in (each.event for each in self._told):
            match event:
                case ranking.RulesPublished() | ranking.RulesChanged():
                    if local_day(event.timestamp) <= day:
                        fraction = event.rules.nav_fraction
        return fraction

    def _trader_days(
        self, moved_by: Sequence[Moves], tallies: Sequence[Figures]
    ) -> dict[date, Figures]:
        own = _by_day(moved_by)
        for row in tallies:
            if not row["scored"]:
                if row["badge"] == "unattainable":
                    _day(own, local_day(row["opened_at"]))["unattainable"] += 1
                continue
            _day(own, local_day(row["opened_at"]))["opened"] += 1
            if row["closed_at"] is not None:
                closing = _day(own, local_day(row["closed_at"]))
                closing["closed"] += 1
                closing["wins"] += row["pnl"] > 0
                closing[row["badge"]] += 1
        for day, figures in own.items():
            figures["r"] = twelve(self._fraction(day) * figures["contribution"])
        return _summed(own)

    def _account_days(self, name: str, moved_by: Sequence[Moves]) -> dict[date, Figures]:
        own = _by_day(moved_by)
        cash = None
        for each in self._told:
            if isinstance(each.event, accounts.AccountOpened) and each.event.name == name:
                cash = each.event.cash
        nav, earned = Decimal(1), NIL
        for _, figures in sorted(own.items()):
            earned += figures["pnl"] - figures["commission"]
            figures["r"] = NIL
            if cash is not None:
                now = max(twelve(1 + earned / cash), NIL)
                figures["r"] = twelve(now / nav - 1) if nav else NIL
                nav = figures["nav"] = now
        return _summed(own)


def _day(own: dict[date, Figures], day: date) -> Figures:
    empty = {"contribution": NIL, "pnl": NIL, "commission": NIL, **dict.fromkeys(COUNTS, 0)}
    return own.setdefault(day, empty)


def _by_day(moved_by: Sequence[Moves]) -> dict[date, Figures]:
    own: dict[date, Figures] = {}
    for moves in moved_by:
        for at, (ratio, pnl, commission) in moves.items():
            if ratio or pnl or commission:
                figures = _day(own, local_day(at))
                figures["contribution"] += ratio
                figures["pnl"] += pnl
                figures["commission"] += commission
    return own


def _summed(own: dict[date, Figures]) -> dict[date, Figures]:
    """Each day with all sums up to it; days on which nothing happened are left out."""
    nav, first_day = Decimal(1), None
    sums: dict[str, Any] = {"sum_r": NIL, "sum_r2": NIL, "days": 0, "cum_pnl": NIL,
                            "cum_commission": NIL, **dict.fromkeys(COUNTS, 0)}  # fmt: skip
    days: dict[date, Figures] = {}
    for day, figures in sorted(own.items()):
        r = figures["r"]
        nav = figures.get(
            "nav", min(max(twelve(WIDE.multiply(nav, 1 + r)), NIL), Decimal(10) ** 15)
        )
        sums["sum_r"] += r
        sums["sum_r2"] = WIDE.add(sums["sum_r2"], WIDE.multiply(r, r))
        sums["days"] += r != 0
        sums["cum_pnl"] += figures["pnl"]
        sums["cum_commission"] += figures["commission"]
        for count in COUNTS:
            sums[count] += figures[count]
        if first_day is None and sums["opened"]:
            first_day = day
        kept = {name: figures[name] for name in ("contribution", "pnl", "commission", "r")}
        if any(kept.values()) or any(figures[count] for count in COUNTS):
            days[day] = {**kept, **sums, "nav": nav, "first_day": first_day}
    return days
