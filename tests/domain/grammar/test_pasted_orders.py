"""Orders as thinkorswim writes them, and spreads in words: which legs, on which side."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.grammar.reading import Kind
from tests.domain.grammar.spoken import read_text, spoken

AT = datetime(2025, 11, 13, 15, tzinfo=UTC)

ORDERS = [
    ("BOT +1 VERTICAL SPX 100 (Weeklys) 16 JAN 26 5900/5910 CALL @3.10 LMT",
     "open BTO 1 SPX 5900C 2026-01-16/-SPX 5910C 2026-01-16 @3.10"),
    ("SOLD -2 VERTICAL QQQ 100 (Weeklys) 14 NOV 25 620/615 PUT @1.35",
     "open STO 2 -QQQ 620P 2025-11-14/QQQ 615P 2025-11-14 @1.35"),
    ("SELL -1 IRON CONDOR SPX 100 21 NOV 25 6000/6010/5800/5790 CALL/PUT @1.20",
     ("open STO 1 -SPX 6000C 2025-11-21/SPX 6010C 2025-11-21/-SPX 5800P 2025-11-21"
      "/SPX 5790P 2025-11-21 @1.20")),
    ("BOT +1 IRON CONDOR SPX 100 21 NOV 25 6000/6010/5800/5790 CALL/PUT @.60",
     ("close BTC 1 -SPX 6000C 2025-11-21/SPX 6010C 2025-11-21/-SPX 5800P 2025-11-21"
      "/SPX 5790P 2025-11-21 @0.60")),
    ("BUY +1 CALENDAR SPY 100 16 JAN 26/19 DEC 25 600 CALL @1.10",
     "open BTO 1 SPY 600C 2026-01-16/-SPY 600C 2025-12-19 @1.10"),
    ("BUY +1 DIAGONAL SPY 100 16 JAN 26/19 DEC 25 600/610 CALL @4.10",
     "open BTO 1 SPY 600C 2026-01-16/-SPY 610C 2025-12-19 @4.10"),
    ("BOT +3 BUTTERFLY SMH 100 (Weeklys) 28 NOV 25 350/340/330 PUT @.95 LMT",
     "open BTO 3 SMH 350P 2025-11-28/-SMH 340P 2025-11-28/SMH 330P 2025-11-28 @0.95"),
    ("SOLD -1 STRANGLE SPY 100 21 NOV 25 690/660 CALL/PUT @2.00",
     "open STO 1 -SPY 690C 2025-11-21/-SPY 660P 2025-11-21 @2.00"),
    ("BUY +1 STRADDLE AMZN 100 (Weeklys) 21 NOV 25 255 CALL/PUT @5.00 LMT",
     "open BTO 1 AMZN 255C 2025-11-21/AMZN 255P 2025-11-21 @5.00"),
    ("BUY +1 CALENDAR SPX 100 19 DEC 25 [AM]/5 DEC 25 6900 PUT @22.75 LMT GTC",
     "open BTO 1 SPX 6900P 2025-12-19/-SPX 6900P 2025-12-05 @22.75"),
    ("+10 AAPL 100 16 JAN 26 190 PUT @2.05", "open BTO 10 AAPL 190P 2026-01-16 @2.05"),
    ("SOLD -2 TSLA 100 21 NOV 25 400 CALL @3.05 [TO CLOSE]",
     "close STC 2 TSLA 400C 2025-11-21 @3.05"),
    ("SELL -2 TSLA 100 21 NOV 25 400 PUT @3.05 [TO OPEN]",
     "open STO 2 -TSLA 400P 2025-11-21 @3.05"),
    ("BUY +1 1/2 BACKRATIO NFLX 100 21 NOV 25 1100/1110 CALL @.32", "open? legs"),
    ("BOT -1 SPY 100 21 NOV 25 690 CALL @1.00", "open? action"),
    ("BOT +1 SPY 100 21 NOV 25 690 CALL", "open? price"),
    ("BOT +1 SPY 100 7 NOV 25 690 CALL @1.00", "open? expiry"),
    ("BUY +1 SPY 100 21 NOV 25 690 CALL @1.00 LMT WORKING", "open? fill"),
]  # fmt: skip

SPREADS = [
    ("STO SPY 650/645 pcs 11/21 @ 1.10",
     "open STO -SPY 650P 2025-11-21/SPY 645P 2025-11-21 @1.10"),
    ("STO 2 HOOD 100 CSP 11/21 1.10", "open STO 2 -HOOD 100P 2025-11-21 @1.10"),
    ("Covered call: STO HOOD 120C 11/21 @ 2.00", "open STO -HOOD 120C 2025-11-21 @2.00"),
    ("Selling to open 2 SPY 650p 11/21 for 1.10 credit", "open STO 2 -SPY 650P 2025-11-21 @1.10"),
    ("SPY 650/645 PCS 11/21 @ 1.10", "open STO -SPY 650P 2025-11-21/SPY 645P 2025-11-21 @1.10"),
    ("sold SPX 6900/6910 CCS 11/14 for 1.20 credit",
     "open STO -SPX 6900C 2025-11-14/SPX 6910C 2025-11-14 @1.20"),
    ("opened SPY bull put spread 650/645 11/21 1.10 credit",
     "open STO -SPY 650P 2025-11-21/SPY 645P 2025-11-21 @1.10"),
    ("in SPY bear put spread 650/645 11/21 1.90",
     "open BTO SPY 650P 2025-11-21/-SPY 645P 2025-11-21 @1.90"),
    ("BTO SPY 600-605 call debit spread 11/21 @ 2.10",
     "open BTO SPY 600C 2025-11-21/-SPY 605C 2025-11-21 @2.10"),
    ("SPX iron fly 6800/6850/6900 11/14 @ 22.50 credit",
     ("open STO SPX 6800P 2025-11-14/-SPX 6850P 2025-11-14/-SPX 6850C 2025-11-14"
      "/SPX 6900C 2025-11-14 @22.50")),
    ("BTO AAPL 250/260/270 call butterfly 12/19 @ 1.10",
     "open BTO AAPL 250C 2025-12-19/-AAPL 260C 2025-12-19/AAPL 270C 2025-12-19 @1.10"),
    ("BTO AAPL 11/21 12/19 250c calendar @ 3.10",
     "open BTO AAPL 250C 2025-12-19/-AAPL 250C 2025-11-21 @3.10"),
    ("STO AAPL 250 straddle 12/19 @ 13.10",
     "open STO -AAPL 250C 2025-12-19/-AAPL 250P 2025-12-19 @13.10"),
    ("BTO AAPL 240/260 strangle 12/19 @ 5.10",
     "open BTO AAPL 240P 2025-12-19/AAPL 260C 2025-12-19 @5.10"),
    ("BTO SPX 6800/6790 put credit spread 11/14 @ 1.40", "open? action"),
    ("BTO IWM 195/200/230/235 iron condor 11/21 @ 1.20", "open? action"),
    ("STO SPY 600/605 call debit spread 11/21 @ 2.10", "open? action"),
    ("BTO SPY 670 diagonal 11/21 @ 3.00", "open? strike right legs"),
    ("rolling SPY 670c to 11/28 for 1.00", "chat? action"),
]  # fmt: skip


@pytest.mark.parametrize(("order", "meant"), ORDERS)
def test_a_pasted_order_has_the_legs_that_the_platform_means(order: str, meant: str) -> None:
    assert spoken(read_text(order, at=AT)) == meant


def test_the_middle_of_a_butterfly_counts_twice() -> None:
    for text in (ORDERS[6][0], "BTO AAPL 250/260/270 call butterfly 12/19 @ 1.10"):
        legs = read_text(text, at=AT).trades[0].legs
        assert [leg.ratio for leg in legs] == [1, 2, 1]


@pytest.mark.parametrize(
    "said",
    [
        "if we dip: {}", "Recap: {}", "{}?", "yesterday {}", "watching {}", "Sam says {}",
        "might {} later", "do not {}",
    ],
)  # fmt: skip
def test_a_pasted_order_is_weighed_by_the_words_around_it(said: str) -> None:
    assert read_text(said.format(ORDERS[0][0]), at=AT).trades == ()


def test_a_fill_that_does_not_say_whether_it_opens_is_marked() -> None:
    (trade,) = read_text("SOLD -2 TSLA 100 21 NOV 25 400 CALL @3.05", at=AT).trades
    assert trade.either_way
    (sure,) = read_text(ORDERS[12][0], at=AT).trades
    assert not sure.either_way


def test_two_orders_in_one_message_are_two_trades() -> None:
    reading = read_text(f"{ORDERS[0][0]}\n{ORDERS[10][0]}", at=AT)
    assert reading.kind is Kind.OPEN
    assert len(reading.trades) == 2


@pytest.mark.parametrize(("text", "meant"), SPREADS)
def test_a_spread_in_words_is_on_the_side_that_its_price_says(text: str, meant: str) -> None:
    assert spoken(read_text(text, at=AT)) == meant
