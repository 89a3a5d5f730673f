"""What a command prints: a table that fits the terminal, or JSON for scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

GAP = 2
WORDS_AT_LEAST = (12, 6)
"""How short words are cut: first to this, and to that before a line outgrows the terminal."""

console = Console(highlight=False)
warnings = Console(stderr=True, highlight=False)


class Column(NamedTuple):
    """A column: its heading and how to get the cell of a row.

    Figures, and what is `whole`, are never cut; `spare` columns give way when the terminal is
    too narrow, the last ones first. What cannot give way makes the lines longer than the terminal.
    Nothing gives way in a file or a pipe, unless COLUMNS says how wide it is.
    """

    heading: str
    cell: Callable[[Any], object]
    is_figure: bool = False
    style: Callable[[Any], str] | None = None
    whole: bool = False
    spare: bool = False


def table(
    rows: Sequence[Any],
    columns: Sequence[Column],
    *,
    title: str = "",
    note: str = "",
    empty: str = "nothing here yet",
) -> None:
    """Prints rows as a table, or says that there are none; the note explains what is there."""
    if title:
        console.print(f"[bold]{escape(title)}[/bold]")
    if not rows:
        console.print(f"[dim]{escape(empty)}[/dim]")
        return
    columns = _fitting(columns, rows)
    widths = _widths(columns, rows)
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        grid.add_column(
            column.heading,
            justify="right" if column.is_figure else "left",
            overflow="ellipsis",
            no_wrap=True,
            width=width,
        )
    for row in rows:
        grid.add_row(*(_cell(column, row) for column in columns))
    _print_whole(grid, _total(widths))
    if note:
        console.print(f"[dim]{escape(note)}[/dim]")


def _print_whole(grid: Table, width: int) -> None:
    """Prints a table; what the terminal is too narrow for goes on beyond its edge."""
    if width <= console.width:
        console.print(grid)
        return
    usual, console.width = console.width, width
    try:
        console.print(grid)
    finally:
        console.width = usual


def as_json(value: object) -> None:
    """Prints a value as JSON on one line; Decimals are strings, times are UTC ISO-8601."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")


def gain_style(value: Decimal | float | None) -> str:
    """Green for gains, red for losses; sign and colour both tell, never colour alone."""
    if value is None or value == 0:
        return ""
    return "green" if value > 0 else "red"


def warn(text: str) -> None:
    """Says something to the person without touching what scripts read."""
    warnings.print(f"[yellow]{escape(text)}[/yellow]")


def listed(lines: Iterable[str], *, most: int = 10) -> None:
    """Warns of each line, the first ones only if there are many."""
    shown = list(lines)
    for line in shown[:most]:
        warn(line)
    if len(shown) > most:
        warn(f"... and {len(shown) - most} more")


def _edge() -> int:
    """Where lines have to end: in a file or a pipe nowhere, so no name is cut in them."""
    narrow = console.is_terminal or bool(os.environ.get("COLUMNS"))
    return console.width if narrow else sys.maxsize


def _widest(column: Column, rows: Sequence[Any]) -> int:
    return max(len(column.heading), *(len(_text(column, row)) for row in rows))


def _least(column: Column, rows: Sequence[Any], words: int) -> int:
    """The width below which a column says something wrong or nothing."""
    widest = _widest(column, rows)
    return widest if column.is_figure or column.whole else min(widest, words)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[Column], rows: Sequence[Any]) -> list[int]:
    """What each column gets: the widest words give way until all fit."""
    widths = [_widest(column, rows) for column in columns]
    for words in WORDS_AT_LEAST:
        least = [_least(column, rows, words) for column in columns]
        while _total(widths) > _edge():
            shrinkable = [at for at, width in enumerate(widths) if width > least[at]]
            if not shrinkable:
                break
            widths[max(shrinkable, key=lambda at: widths[at])] -= 1
    return widths


def _fitting(columns: Sequence[Column], rows: Sequence[Any]) -> list[Column]:
    """The columns that fit the terminal."""
    kept = list(columns)
    words, _ = WORDS_AT_LEAST
    while _total([_least(column, rows, words) for column in kept]) > _edge():
        spare = [column for column in kept if column.spare]
        if not spare:
            break
        kept.remove(spare[-1])
    return kept


def _text(column: Column, row: Any) -> str:
    value = column.cell(row)
    return "-" if value is None else str(value)


def _cell(column: Column, row: Any) -> str:
    text = escape(_text(column, row))
    style = column.style(row) if column.style is not None else ""
    return f"[{style}]{text}[/{style}]" if style else text


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
