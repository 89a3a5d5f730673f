"""Bodies are told by the types that their events declare, whatever version they were stored in."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
import pytest

from domain.catalogue import event_classes
from interfaces.pages.bodies import about, fields_of, ids_in
from interfaces.pages.events import brief, changed_of, lasting
from tests.domain.test_golden_events import GOLDEN

ID = "6f2d3c1e-0a57-4c1b-9d2e-7472756574a9"


ANY = {"none", "text", "number", "usd", "moment", "id", "symbol", "items", "fields"}
KINDS: dict[Any, set[str]] = {
    UUID: {"id"}, UUID | None: {"id"}, datetime: {"moment"}, datetime | None: {"moment"},
    Decimal: {"number", "usd"}, Decimal | None: {"number", "usd"}, bool: {"text"}, int: {"number"},
}  # fmt: skip


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_every_stored_body_can_be_told(file: Path) -> None:
    name = file.stem.rpartition(".")[0]
    body = msgspec.json.decode(file.read_bytes())
    fields = fields_of(name, body)
    assert [field.name for field in fields] == list(body)
    hints = get_type_hints(event_classes()[name])
    for field in fields:
        # Older versions have fields that the event has no more.
        assert field.shown.kind in KINDS.get(hints.get(field.name), ANY), field


def test_every_event_says_what_it_is() -> None:
    assert [name for name in event_classes() if not about(name)] == []
    assert about("nothing.known") == ""


def test_a_posted_signal_is_told_by_its_types() -> None:
    body = {
        "timestamp": "2026-11-16T15:00:00Z",
        "trader": ID,
        "source": {"platform": "discord", "channel": "options", "message": ID},
        "legs": [{"symbol": "TSLA  261120C00250000", "side": "buy"}],
        "quantity": "12000", "price": "2.30", "targets": ["3.10", "4.00"], "late": False,
    }  # fmt: skip
    found = {field.name: field.shown for field in fields_of("signal.posted", body)}
    assert (found["trader"].kind, found["timestamp"].kind) == ("id", "moment")
    assert (found["quantity"].kind, found["quantity"].text) == ("number", "12,000")
    assert (found["price"].kind, found["price"].title) == ("usd", "2.30")
    assert [part.kind for part in found["targets"].parts] == ["usd", "usd"]
    assert found["late"].text == "no"
    ((symbol, _),) = [leg.parts for leg in found["legs"].parts]
    assert symbol.shown.text == "TSLA 250C 2026-11-20"
    assert set(ids_in(fields_of("signal.posted", body))) == {UUID(ID)}


def test_what_is_not_what_it_should_be_is_told_as_it_is() -> None:
    odd = {"timestamp": "noon", "trader": "nora", "price": "cheap", "unheard": {"a": [1, None]}}
    found = {field.name: field.shown for field in fields_of("signal.posted", odd)}
    for name in ("timestamp", "trader", "price"):
        assert (found[name].kind, found[name].text) == ("text", odd[name])
    assert found["unheard"].kind == "fields"
    assert fields_of("nothing.known", {"symbol": "no such"})[0].shown.text == "no such"


def test_a_body_in_brief_leaves_out_ids_and_times() -> None:
    body = {"timestamp": "2026-11-16T15:00:00Z", "trader": ID, "side": "buy", "price": "2.30"}
    assert brief(fields_of("signal.posted", body)) == "side buy, price 2.30"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=7), "7 s"),
        (timedelta(minutes=2, seconds=5), "2 min 5 s"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=1_200, minutes=4), "1,200 d"),
        (timedelta(milliseconds=10), ""),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(span: timedelta, words: str) -> None:
    assert lasting(span) == words


def test_what_a_row_keeps_of_a_change_is_old_and_new() -> None:
    kept = ("price 2.00 -> 2.05", "stop none -> 1.50", "trade none -> BTO 1 TSLA 250c")
    assert [(one.field, one.was, one.now) for one in map(changed_of, kept)] == [
        ("price", "2.00", "2.05"),
        ("stop", "", "1.50"),
        ("trade", "", "BTO 1 TSLA 250c"),
    ]
