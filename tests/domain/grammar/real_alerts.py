"""The shared sample of real alerts, where it is at hand; its words are never copied here."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.grammar.reading import Embed, MessageText

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("TRUETAPE_SHARED_DATA") or ROOT.parent / "shared" / "data")
FILE = FOLDER / "chat" / "alerts.jsonl"

needs_real_alerts = pytest.mark.skipif(
    not FILE.is_file(), reason=f"the sample of real alerts is not at {FILE}"
)
UNDATED = datetime(2025, 5, 1, 15, tzinfo=UTC)
"""For the lines that were kept without their time."""


def rows(channel: str | None = None, source: str = "") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [
        row
        for row in found
        if (channel is None or row.get("channel") == channel) and source in row["source"]
    ]


def message_of(row: dict[str, Any]) -> MessageText:
    posted_at = datetime.fromisoformat(row["ts"]) if row.get("ts") else UNDATED
    embeds = tuple(
        Embed(title=embed.get("title") or "", description=embed.get("description") or "")
        for embed in row.get("embeds") or ()
    )
    content = row["content"] if "content" in row else row["text"]
    return MessageText(content=content or "", embeds=embeds, posted_at=posted_at)
