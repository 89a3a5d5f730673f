"""Ranking rules as they were published: which hold on a day, and what each version says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg import Connection

from domain.ranking import KNOWN, Rules, ScoreRules
from domain.shared import InvalidInput
from projections.pages import select_all
from projections.shape import Row, Shape
from projections.table import Table


class RulesRow(Row, frozen=True, kw_only=True):
    """Ranking rules and the first exchange day they are for; the last seven are the score's."""

    version: int
    effective: date
    nav_fraction: Decimal
    minimum_trades: int
    sessions_per_year: int
    confidence: Decimal | None = None
    tail_rate: Decimal | None = None
    return_weight: Decimal | None = None
    accuracy_weight: Decimal | None = None
    risk_adjusted_weight: Decimal | None = None
    shares_gap: Decimal | None = None
    naked_call_rise: Decimal | None = None


class Published(NamedTuple):
    """Rules, and the first exchange day that they are for."""

    effective: date
    rules: Rules


_OWN = ("nav_fraction", "minimum_trades", "sessions_per_year")
_OF_SCORE = ScoreRules.__struct_fields__


def rules_table() -> Table[RulesRow]:
    """The versions that were published."""
    return Table("ranking_rules", RulesRow, ["version"])


def row_of(rules: Rules, effective: date) -> RulesRow:
    """Rules as they are stored."""
    own = {name: getattr(rules, name) for name in _OWN}
    score = {name: getattr(rules.score, name) for name in _OF_SCORE if rules.score is not None}
    return RulesRow(version=rules.version, effective=effective, **own, **score)


def rules_of(row: RulesRow) -> Rules:
    """Rules as they were stored."""
    own = {name: getattr(row, name) for name in _OWN}
    score = None
    if row.confidence is not None:
        score = ScoreRules(**{name: getattr(row, name) for name in _OF_SCORE})
    return Rules(version=row.version, **own, score=score)


_RULES: Shape[RulesRow] = rules_table().shape


def published(connection: Connection[Any], *, as_of: int | None = None) -> list[Published]:
    """Every version, the oldest first."""
    rows = select_all(connection, _RULES, {}, as_of, "version")
    return [Published(row.effective, rules_of(row)) for row in rows]


def rules_on(connection: Connection[Any], day: date, as_of: int | None = None) -> Rules:
    """The ranking rules that hold on a day."""
    held = [rules for since, rules in published(connection, as_of=as_of) if since <= day]
    return held[-1] if held else Rules()


def rules_named(connection: Connection[Any], version: int, as_of: int | None = None) -> Rules:
    """Rules by their version: as they were published, or as this program was made with them.

    Raises:
        InvalidInput: there is no such version.
    """
    found = KNOWN | {each.rules.version: each.rules for each in published(connection, as_of=as_of)}
    if version not in found:
        told = ", ".join(map(str, sorted(found)))
        raise InvalidInput(f"there are no ranking rules version {version}, only {told}")
    return found[version]
