"""An embed's texts as if they had been typed plainly: no frames, no ornament, no snake case."""

from __future__ import annotations

import re

from domain.grammar.keeping import kept
from domain.grammar.normalise import clean, cleaned
from domain.grammar.stems import holds_any

_BLOCKQUOTE = re.compile(r"^\s{0,3}>(?:>>)? ?", re.MULTILINE)
_FENCE = re.compile(r"```[a-z]{0,12}\n")
_BROKER_SYMBOL = re.compile(
    r"\b([A-Z]{1,5})_([01][0-9])([0-3][0-9])([0-9]{2})([CP])([0-9]{1,5}(?:\.[0-9]{1,3})?)\b"
)
"""How a broker's interface spells an option: TSLA_112125C250."""
_SNAKE = re.compile(r"(?<=[A-Za-z])_(?=[A-Za-z])")
_POINTERS = "\u00bb\u203a\u27a4\u25b8\u25b6\u25ba"
_POINTER = re.compile(rf"(?<=[A-Za-z)*_])[ *_]{{0,6}}[{_POINTERS}]\s*")
"""Stands for the colon behind a label: "Entry » 2.30"."""
_ORNAMENT = re.compile(r"[\U0001f3af\U0001f945\u2705\u274c](?![\s:*_]{0,3}[$@.0-9])")
"""Pictures that stand for a word beside a number alone: before a label they are ornament."""
_FIGURE = re.compile(r"[0-9$.,/%+-]{1,60}")


def plain(text: str) -> str:
    """An embed's text as if it had been typed plainly."""
    return clean(_unframed(text)).strip("\n")


def value_of(text: str) -> str:
    """The same of a field's value; to a number nothing has to be done."""
    return text if _FIGURE.fullmatch(text) else cleaned(_unframed(text)).strip("\n")


def _unframed(text: str) -> str:
    """Without frames: in an embed a block quote and a code block are not somebody's words."""
    if not text.isascii():
        text = _ORNAMENT.sub(" ", text)
        if holds_any(text, _POINTERS):
            text = _POINTER.sub(": ", text)
    if "_" in text:
        text = _BROKER_SYMBOL.sub(r"\1 \2/\3/\4 \6\5", text)
        text = _SNAKE.sub(" ", text)
    if ">" in text:
        text = _BLOCKQUOTE.sub("", text)
    if "```" in text:
        text = _FENCE.sub("```", text).replace("```", "\n")
    return text


@kept()
def label_of(name: str) -> str:
    """The name of a field in one line; a room's are always the same."""
    return " ".join(value_of(name).split()).strip(" :@#")
