"""Readings of real alerts: what has a contract and an entry opens, and nothing else does."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Kind, Reading, Room
from tests.domain.grammar.real_alerts import message_of, needs_real_alerts, rows

pytestmark = needs_real_alerts

CONTRACT = re.compile(r"Contract:\W+([A-Z]+) (\d+)/(\d+) ([\d.]+)([CP])")
ENTRY = re.compile(r"Entry:\W*?(\d*\.\d+|\d+)")
TICKET = re.compile(r"^(BTO|STC|STO|BTC) ")


def reading_of(row: dict[str, Any]) -> Reading:
    return read(message_of(row), Room())


def written(row: dict[str, Any]) -> tuple[re.Match[str], Decimal] | None:
    """Contract and entry of a card, found by other means than the grammar."""
    for embed in row.get("embeds") or ():
        contract = CONTRACT.search(embed["description"])
        entry = ENTRY.search(embed["description"].replace("*", ""))
        if contract and entry:
            return contract, Decimal(entry[1])
    return None


def test_every_card_with_contract_and_entry_opens_that_contract_at_that_price() -> None:
    cards = [(row, card) for row in rows("bear") if (card := written(row))]
    assert len(cards) == 16
    for row, (contract, price) in cards:
        reading = reading_of(row)
        (trade,) = reading.trades
        (leg,) = trade.legs
        assert leg.expiry is not None
        assert (reading.kind, trade.action.value, trade.price) == (Kind.OPEN, "BTO", price)
        assert (leg.root, str(leg.strike), leg.right) == (contract[1], contract[4], contract[5])
        assert (leg.expiry.month, leg.expiry.day) == (int(contract[2]), int(contract[3]))
        assert leg.expiry.year == 2025


def test_one_entry_stands_in_plain_words_and_nothing_else_opens() -> None:
    plain = [row for row in rows("bear") if written(row) is None]
    opened = [reading for row in plain if (reading := reading_of(row)).kind is Kind.OPEN]
    assert len(plain) == 134
    (reading,) = opened
    (leg,) = reading.trades[0].legs
    assert (leg.root, leg.strike, leg.right) == ("IWM", Decimal(245), "P")
    assert reading.trades[0].price == Decimal("0.64")


def test_every_card_that_says_what_a_trim_brought_is_an_exit_with_that_gain() -> None:
    trims = [
        (row, Decimal(said[1]) / 100)
        for row in rows("bear")
        if (said := re.search(r"trimming here for (\d+)%", row["text"]))
    ]
    assert len(trims) == 23
    for row, gain in trims:
        reading = reading_of(row)
        (trade,) = reading.trades
        assert reading.kind in (Kind.TRIM, Kind.CLOSE)
        assert (trade.gain, trade.legs[0].strike is None) == (gain, False)


def test_a_card_that_only_says_how_far_it_is_up_books_nothing() -> None:
    ups = [row for row in rows("bear") if re.search(r"\nUp [*_]*\d", row["text"].replace("\r", ""))]
    assert len(ups) >= 30
    assert [row for row in ups if reading_of(row).trades] == []


def test_no_indicator_alert_becomes_a_trade() -> None:
    alerts = rows("asumasnam-alerts")
    assert len(alerts) == 300
    assert [row for row in alerts if reading_of(row).trades] == []


def test_blocks_with_a_price_open_what_their_labels_say() -> None:
    labelled = [*rows(source="liker0704"), *rows(source="lukacsaron")]
    alerts = [row for row in labelled if (row.get("label") or {}).get("price")]
    entries = [row for row in alerts if row["label"]["action"] in ("BTO", "STO")]
    assert len(entries) >= 45
    wrong = [row["text"] for row in entries if _block_of(reading_of(row)) != _labelled(row)]
    # One label stops counting targets after the sixth.
    assert len(wrong) <= 1, wrong


def test_what_is_announced_without_a_price_asks_for_it() -> None:
    for row in rows(source="lukacsaron"):
        label = row.get("label") or {}
        if label.get("action") in ("BTO", "STO") and not label.get("price"):
            reading = reading_of(row)
            assert (reading.trades, reading.missing) == ((), ("price",)), row["text"]
            assert reading.announced is not None
            assert reading.announced.legs[0].root == label["symbol"]


def test_what_is_said_to_an_open_block_opens_nothing() -> None:
    said = [*rows(source="liker0704"), *rows(source="lukacsaron")]
    later = [row for row in said if not (row.get("label") or {}).get("price")]
    assert len(later) >= 8
    for row in later:
        opened = [trade for trade in reading_of(row).trades if trade.price is not None]
        assert opened == [], row["text"]


def _block_of(reading: Reading) -> tuple[object, ...] | None:
    if len(reading.trades) != 1:
        return None
    (trade,) = reading.trades
    prices = sorted({price for price in (trade.price, trade.price_to) if price is not None})
    return trade.action.value, trade.legs[0].root, prices, reading.stop, list(reading.targets)


def _labelled(row: dict[str, Any]) -> tuple[object, ...]:
    label = row["label"]
    said = label["price"]
    if isinstance(said, str):
        said = said.split("-")
    prices = sorted(map(Decimal, map(str, said if isinstance(said, list) else [said])))
    targets = [Decimal(str(target)) for target in label["targets"]]
    return label["action"], label["symbol"], prices, Decimal(str(label["sl"])), targets


@pytest.mark.parametrize("source", ["AdoNunes/DiscordAlertsTrader:tests/test_", "stored-file"])
def test_labelled_tickets_are_read_exactly_or_ask_for_the_price(source: str) -> None:
    labelled = [row for row in rows(source=source) if row.get("label")]
    exact = 0
    for row in labelled:
        label, reading = row["label"], reading_of(row)
        if not reading.trades:
            assert reading.missing == ("price",), row["text"]
            assert label.get("price") is None, row["text"]
            continue
        (trade,) = reading.trades
        (leg,) = trade.legs
        day = f"{leg.expiry:%m/%d}" if leg.expiry else None
        said = label.get("expiry")
        assert (trade.action.value, leg.root) == (label["action"], label["symbol"]), row["text"]
        assert leg.strike == _number(label.get("strike")), row["text"]
        assert leg.right == label.get("right"), row["text"]
        assert trade.price == _number(label.get("price")), row["text"]
        assert trade.quantity == _number(label.get("qty")), row["text"]
        assert day == (
            f"{int(said.split('/')[0]):02}/{int(said.split('/')[1]):02}" if said else None
        )
        exact += 1
    assert exact >= len(labelled) - 2


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
