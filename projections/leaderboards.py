"""Leaderboards: who did what in a window, and in which order.

All figures are differences of sums that are kept by day, so the length of the record does not
matter. Accounts of one person count as one. Who left stays; who is not ranked is listed behind
those who are, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from math import isnan, nan
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from domain.ranking import Rules
from domain.shared import InvalidInput, ratio
from domain.standings import sharpe_like, wilson_interval
from projections.board_definitions import definitions
from projections.board_figures import BookFigures
from projections.board_records import BoardRecord, read_record, record_of
from projections.kept_records import KeptRecords
from projections.people import one_person
from projections.ranking_rules import rules_named, rules_on
from projections.skill import Skill
from projections.windows import Span, Window, sessions_between

__all__ = ["Board", "By", "Standing", "board", "definitions", "rules_on"]


class By(StrEnum):
    """The figure a board is ordered by."""

    SCORE = "score"
    RETURN = "return"
    ACCURACY = "accuracy"
    SHARPE = "sharpe"
    PNL = "pnl"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One trader's figures in a window. `return_` and `accuracy` are ratios, `pnl` is USD.

    `posted` to `assumed` count the closed trades by what they rest on; `unattainable` the trades
    entered in the window that could not be had and so do not count. `accounts` of one person
    are one standing; `skill` is there from version 2 of the rules on.
    """

    rank: int | None
    trader: UUID
    name: str
    return_: Decimal
    accuracy: Decimal | None
    accuracy_low: Decimal | None
    accuracy_high: Decimal | None
    sharpe: Decimal | None
    pnl: Decimal
    opened: int
    closed: int
    wins: int
    sessions: int
    posted: int
    checked: int
    filled: int
    assumed: int
    unattainable: int
    unranked: str = ""
    accounts: int = 1
    skill: Skill | None = None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A board: its window, rules and definitions, and the traders in their order."""

    window: Window
    by: By
    first: date
    last: date
    rules: Rules
    definitions: Mapping[str, str]
    traders: int
    standings: Sequence[Standing]


def board(
    connection: Connection[Any],
    span: Span,
    by: By | None,
    sessions: Sequence[date],
    *,
    as_of: int | None = None,
    trader: UUID | None = None,
    limit: int | None = None,
    after: UUID | None = None,
    shown: int = 0,
    version: int | None = None,
    kept: KeptRecords | None = None,
) -> Board:
    """The board of a window; of one trader alone if asked, or a page after a trader or after as
    many as were shown.

    `sessions` are the exchange's trading days in order, at least those of the window. Without
    `by` the order is by score if the rules have one, else by return. The rules are those that
    hold on the window's last day, or a `version` to look at beside it. What is `kept` in memory
    is only brought up to date.

    Raises:
        InvalidInput: there are no such rules, or they have no score to order by.
    """
    if version is None:
        rules = rules_on(connection, span.last, as_of)
    else:
        rules = rules_named(connection, version, as_of)
    if by is None:
        by = By.RETURN if rules.score is None else By.SCORE
    if by is By.SCORE and rules.score is None:
        raise InvalidInput(
            f"ranking rules version {rules.version} have no score: order by another figure, or"
            " look at the record by rules version 2"
        )
    if kept is None:
        record = read_record(connection, span, rules, as_of)
    else:
        record = kept.record(connection, span, rules, as_of)
    order = _Order(record, by, rules, span, sessions)
    begin, end = shown, len(record.rows)
    if trader is not None:
        begin = end if (own := record.place_of(trader)) is None else order.places.index(own)
        end = min(begin + 1, end)
    elif after is not None and (last := record.place_of(after)) is not None:
        begin = order.places.index(last) + 1
    return Board(
        window=span.window,
        by=by,
        first=max(span.first, min((s for s in sessions), default=span.first)),
        last=span.last,
        rules=rules,
        definitions=definitions(rules),
        traders=len(record.rows) if trader is None else end - begin,
        standings=order.standings(begin, end if limit is None else min(begin + limit, end)),
    )


def alone(
    connection: Connection[Any],
    trader: UUID,
    spans: Mapping[Span, Sequence[date]],
    *,
    as_of: int | None = None,
) -> list[Standing | None]:
    """A trader's figures in each window, beside its trading days, without what it takes to rank
    them: neither rank nor skill. All windows end on one day; None where nothing happened."""
    rules = rules_on(connection, next(iter(spans)).last, as_of)
    person = one_person(connection, trader, as_of)
    found: list[Standing | None] = []
    for span, sessions in spans.items():
        record = record_of(connection, span, rules, as_of, person)
        own = _Order(record, By.RETURN, rules, span, sessions).standings(0, len(record.rows))
        found += [msgspec.structs.replace(row, rank=None, unranked="") for row in own] or [None]
    return found


_Value = tuple[float, float] | Decimal | None
"""What is ordered by: a figure, or a score with the mean that decides between equals."""


class _Order:
    """A record in the order of a figure; `places` are those of its rows."""

    def __init__(
        self, record: BoardRecord, by: By, rules: Rules, span: Span, sessions: Sequence[date]
    ) -> None:
        self._rows = record.rows
        self._rules = rules
        self._span = span
        self._sessions = sessions
        self._skill = record.ranked(rules)
        self._is_ranked = self._who_is_ranked()
        self._keys, self._value_of = self._figures_by(by)
        self.places = self._ordered()

    def _who_is_ranked(self) -> list[bool]:
        if self._skill is not None:
            return self._skill.is_ranked()
        return [row.closed >= self._rules.minimum_trades for row in self._rows]

    def _figures_by(self, by: By) -> tuple[list[float], Callable[[int], _Value]]:
        """The figure of each row as float64, nan where there is none, and the exact ones."""
        values: Sequence[Decimal | None]
        match by:
            case By.SCORE:
                assert self._skill is not None
                scores, means = self._skill.scores()
                return scores, lambda at: None if isnan(scores[at]) else (scores[at], means[at])
            case By.RETURN:
                values = [row.return_ for row in self._rows]
            case By.PNL:
                values = [row.pnl for row in self._rows]
            case By.ACCURACY:
                values = [_accuracy(row.wins, row.closed) for row in self._rows]
            case By.SHARPE:
                values = [self._sharpe(row) for row in self._rows]
        return [nan if value is None else float(value) for value in values], values.__getitem__

    def _ordered(self) -> list[int]:
        """The ranked by the figure, then the others; equal figures stand by name."""
        from domain.quant.ranking import order_of, ties

        keys, is_ranked = self._keys, self._is_ranked
        order = order_of(keys, is_ranked)
        places: list[int] = order.tolist()

        def place(at: int) -> tuple[bool, bool, _Negated, str, UUID]:
            row, value = self._rows[at], self._value_of(at)
            return not is_ranked[at], value is None, _negated(value), row.name, row.book

        # Numbers as float64 are in order but for those that are too near to be told apart.
        for begin, end in ties(keys, is_ranked, order).tolist():
            places[begin:end] = sorted(places[begin:end], key=place)
        return places

    def standings(self, begin: int, end: int) -> list[Standing]:
        """The figures of those who stand from one place of the order up to another."""
        places = self.places[begin:end]
        skills: Sequence[Skill | None] = [None] * len(places)
        if self._skill is not None:
            skills = self._skill.of(places)
        return [
            self._standing(self._rows[place], rank if self._is_ranked[place] else None, skill)
            for place, rank, skill in zip(places, self._ranks(begin, end), skills, strict=True)
        ]

    def _ranks(self, begin: int, end: int) -> Iterator[int]:
        """What rank they would have; equal figures share the first one's."""
        first = begin
        while 0 < first < end and self._is_equal(first - 1, first):
            first -= 1
        for at in range(begin, end):
            if at > begin and not self._is_equal(at - 1, at):
                first = at
            yield first + 1

    def _is_equal(self, one: int, other: int) -> bool:
        return self._value_of(self.places[one]) == self._value_of(self.places[other])

    def _standing(self, row: BookFigures, rank: int | None, skill: Skill | None) -> Standing:
        low, high = wilson_interval(row.wins, row.closed) or (None, None)
        unranked = ""
        if skill is not None:
            unranked = skill.why_unranked(self._rules)
        elif rank is None:
            unranked = f"{row.closed}/{self._rules.minimum_trades}"
        own = row._asdict()
        for name in ("book", "total", "squares", "days", "first_day", "moved"):
            del own[name]
        return Standing(
            **own,
            rank=rank,
            trader=row.book,
            accuracy=_accuracy(row.wins, row.closed),
            accuracy_low=low,
            accuracy_high=high,
            sharpe=self._sharpe(row),
            sessions=self._sessions_of(row),
            unranked=unranked,
            skill=skill,
        )

    def _sharpe(self, row: BookFigures) -> Decimal | None:
        n = self._sessions_of(row)
        return _sharpe_like(row.total, row.squares, n, self._rules.sessions_per_year)

    def _sessions_of(self, row: BookFigures) -> int:
        """The sessions since the first scored trade, idle ones too."""
        if row.first_day is None:
            return row.days
        begun = max(self._span.first, row.first_day)
        return max(sessions_between(self._sessions, begun, self._span.last), row.days)


_sharpe_like = lru_cache(maxsize=16_384)(sharpe_like)


@lru_cache(maxsize=16_384)
def _accuracy(wins: int, closed: int) -> Decimal | None:
    return ratio(Decimal(wins) / closed) if closed else None


_Negated = tuple[float, float] | Decimal


def _negated(value: _Value) -> _Negated:
    if value is None:
        return Decimal(0)
    return (-value[0], -value[1]) if isinstance(value, tuple) else -value
