"""Alerts in blocks: what they open, which part they lack, and what never opens anything."""
# The letters of the Russian alerts are Cyrillic on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from decimal import Decimal
from time import thread_time

import pytest

from domain.grammar.reader import read
from domain.grammar.reading import Kind, Room
from tests.domain.grammar.spoken import card, message, read_text, spoken

OPENED = [
    ("#APT/USDT\nLONG\nEntry: 9.10 - 8.90\nTP1: 9.40\nTP2: 9.90\nSL: 8.55",
     "open BTO APT/USDT @9.10-8.90 SL 8.55 PT 9.40 PT 9.90"),
    ("\U0001f7e2 BUY GBPUSD\nEntry Price : 1.26450\nStop Loss : 1.26150\nTake Profit 1 : 1.26650",
     "open BTO GBPUSD @1.26450 SL 1.26150 PT 1.26650"),
    ("XAUUSDSELL 2651\nSL 2657\nTP 2645\nTP OPEN", "open STO -XAUUSD @2651 SL 2657 PT 2645"),
    ("SELLGOLD 2651 sl 2657 tp 2645", "open STO -XAUUSD @2651 SL 2657 PT 2645"),
    ("Sell Gold @2045.5-2049.5\nSl :2052\nTp1 :2040\nTp2 :2035",
     "open STO -XAUUSD @2045.5-2049.5 SL 2052 PT 2040 PT 2035"),
    ("XAU/USD\nBUY NOW\n2640-2638\nTP 1: 2645\nTP 2: 2650\nTP 3: HOLD\nStop Lose 2633",
     "open BTO XAUUSD @2640-2638 SL 2633 PT 2645 PT 2650"),
    ("gold buy 2650-48 sl 2644 tp 55 60", "open BTO XAUUSD @2650-2648 SL 2644 PT 2655 PT 2660"),
    ("GOLD BUY 2650/2646\nSL 2642\nTP 2658", "open BTO XAUUSD @2650-2646 SL 2642 PT 2658"),
    ("BUY STOP XAUUSD 2665\nSL 2658\nTP 2680", "open BTO XAUUSD @2665 SL 2658 PT 2680"),
    ("#BTC #LONG\nEntry - 64.2k\nTP1 - 65k\nTP2 - 66.5k\nSL - 63k\nLeverage 10x 4H",
     "open BTO BTC/USDT @64200 SL 63000 PT 65000 PT 66500"),
    (("#AVAX/USDT\nSignal Type: Regular (Long)\nEntry Targets:\n1) 35.50\n2) 34.80\n"
      "Take-Profit Targets:\n1) 36.20\n2) 37.00\nStop Targets:\n1) 33.90"),
     "open BTO AVAX/USDT @35.50-34.80 SL 33.90 PT 36.20 PT 37.00"),
    (("Coin: #NEARUSDT\nDirection: Short\nEntry 1: 5.22\nEntry 2: 5.30\n"
      "Targets: 5.10 - 5.00 - 4.85\nStop: 5.45"),
     "open STO -NEAR/USDT @5.22-5.30 SL 5.45 PT 5.10 PT 5.00 PT 4.85"),
    ("LONG #TURBO\nentry 0.0060 (market)\nsl 0.0056\ntps 0.0065 0.0071\n10x",
     "open BTO TURBO/USDT @0.0060 SL 0.0056 PT 0.0065 PT 0.0071"),
    ("ETHUSDT.P SHORT\nEntry @ 3200 & 3250\nSL @ 3310\nTP @ 3100 & 3000",
     "open STO -ETH/USDT @3200-3250 SL 3310 PT 3100 PT 3000"),
    ("BUSDT long entry 0.21 sl 0.20 tp 0.24", "open BTO B/USDT @0.21 SL 0.20 PT 0.24"),
    ("EUR/USD\nType: Buy Limit\nPrice: 1.0850\nS/L: 1.0820\nT/P: 1.0900",
     "open BTO EURUSD @1.0850 SL 1.0820 PT 1.0900"),
    ("Buy 0.25 ETH/USDT @ 3120.5\nSL 5%\nTP 10%",
     "open BTO 0.25 ETH/USDT @3120.5 SL 2964.475 PT 3432.55"),
    ("SILVER SELL 31.20 TP 30.80 SL 31.50 lot 0.02", "open STO -XAGUSD @31.20 SL 31.50 PT 30.80"),
    ("BTC/$USDT LONG\nEntry: 64000\nStop loss: 62000\nTP: 68000",
     "open BTO BTC/USDT @64000 SL 62000 PT 68000"),
    ("Long $ETH/$USDT @ 2500 SL 2400 TP 2700", "open BTO ETH/USDT @2500 SL 2400 PT 2700"),
    ("BTC/USDT\nEntry: 64000\nStop: 62000\nTarget: 68000",
     "open BTO BTC/USDT @64000 SL 62000 PT 68000"),
    ("$SOUN entry area 4.20-4.35, targets 4.8/5.2, stop 3.95",
     "open BTO SOUN @4.20-4.35 SL 3.95 PT 4.8 PT 5.2"),
    ("SHORT $ROKU stock, entry 63.20, stop 66.50, target 57.00",
     "open STO -ROKU @63.20 SL 66.50 PT 57.00"),
    (("Торговая идея на OP/USDT 15М ШОРТ\n\nЖду снижения, если план сработает\n\n"
      "Вход: 1.724 - 1.755\nСтоп: 1.791\n\nТейк 1: 1.683\nТейк 2: 1.640"),
     "open STO -OP/USDT @1.724-1.755 SL 1.791 PT 1.683 PT 1.640"),
    ("Золото покупка 2650\nСтоп-лосс 2644\nЦели: 2656, 2662",
     "open BTO XAUUSD @2650 SL 2644 PT 2656 PT 2662"),
    (("ADA/USDT\nНаправление: ЛОНГ\nТочка входа: 0,789\nТейк-профит: 0,805 / 0,820\nСтоп: 0,774\n"
      "Плечо: 5х"),
     "open BTO ADA/USDT @0.789 SL 0.774 PT 0.805 PT 0.820"),
    ("EURUSD BUY 1.0850\nSL 1.0820\nTP 1.0900\n\nGBPUSD SELL 1.2700\nSL 1.2740\nTP 1.2640",
     "open BTO EURUSD @1.0850 STO -GBPUSD @1.2700"),
]  # fmt: skip

LACKING = [
    ("GOLD BUY NOW", "open? price"),
    ("sell eurusd now", "open? price"),
    ("ETH/USDT SHORT\nEntry: CMP\nStop: 2665\nTP: 2540, 2500", "open? price"),
    ("GOLD BUY\nSL 2640\nTP 2660", "open? price"),
    ("NAS100 SELL 25480\nSL 25560\nTP 25390", "open? symbol"),
    ("$ES long entry 5300 stop 5290 target 5320", "open? symbol"),
    ("EURUSD GBPUSD BUY now\nEntry 1.08\nSL 1.07\nTP 1.10", "open? symbol"),
    ("BTC/USDT BUY 64000\nSL 66000\nTP 62000", "open? action"),
    ("$AMC entry 2.10, stop 1.30, target 3.50", "open? contract"),
]

NOT_OPENED = [
    ("GOLD BUY SETUP FORMING\n2650, SL 2644, TP 2660", Kind.WATCH),
    ("Watchlist:\n$AMD entry area 97-98, stop 94, target 104", Kind.WATCH),
    ("BUY GOLD ABOVE 2655\nSL 2648\nTP 2670", Kind.CONDITIONAL),
    ("If gold breaks 2660 we buy, sl 2655 tp 2675", Kind.CONDITIONAL),
    ("EURUSD SELL 1.0850 only after a retest\nSL 1.0880\nTP 1.0800", Kind.CONDITIONAL),
    ("gold might be a buy at 2640, sl 2635 tp 2655", Kind.CONDITIONAL),
    ("don't buy gold here, entry 2650 sl 2644 tp 2660 is late", Kind.CONDITIONAL),
    ("XAUUSD BUY 2650\nTP1 2655 \u2705\nTP2 2660 \u2705\nTP3 2670\nSL 2645", Kind.RECAP),
    ("XAUUSD BUY 2650 TP 2660 SL 2645\nTP hit, +100 pips", Kind.RECAP),
    ("Results:\nGOLD BUY 2650 TP 2660\nEURUSD SELL 1.0850 SL 1.0880", Kind.RECAP),
    ("I bought gold at 2650 yesterday, sl 2645, tp 2660", Kind.RECAP),
    ("GOLD BUY 2650 SL 2645 TP 2660?", Kind.CHAT),
    ("my brother went long ETH/USDT, entry 3500, sl 3400, tp 3700", Kind.CHAT),
    ("Forwarded from Deep Water VIP:\n#INJ/USDT LONG\nEntry 41\nTP 44\nSL 39", Kind.CHAT),
    ("Example:\nEURUSD BUY 1.0850\nSL 1.0820\nTP 1.0900", Kind.CHAT),
    ("Если золото пробьёт 2660, буду покупать. Стоп 2655, тейк 2675", Kind.CONDITIONAL),
    ("Друг взял шорт ENA/USDT: вход 0.52, стоп 0.54, тейк 0.48", Kind.CHAT),
]


@pytest.mark.parametrize(("text", "meant"), OPENED)
def test_a_block_opens_what_a_person_reads_in_it(text: str, meant: str) -> None:
    said = read_text(text)
    assert _plainly(spoken(said)) == _plainly(meant)


@pytest.mark.parametrize(("text", "lacking"), LACKING)
def test_a_block_that_lacks_a_part_asks_for_it(text: str, lacking: str) -> None:
    reading = read_text(text)
    assert (spoken(reading), reading.trades) == (lacking, ())
    assert reading.why


@pytest.mark.parametrize(("text", "kind"), NOT_OPENED)
def test_a_block_that_is_no_alert_of_now_opens_nothing(text: str, kind: Kind) -> None:
    reading = read_text(text)
    assert (reading.trades, reading.kind) == ((), kind)
    assert reading.why


@pytest.mark.parametrize(
    "text",
    [
        "$TSLA 250C 11/21 entry 2.30 stop 1.50 target 3.50",
        "$TSLA calls entry area 5.20-5.40, targets 7/9, stop 3.80",
        "$SPX 6700 entry 6.50 stop 4.00 target 10",
        "ETH 3500c 12/26 long entry 120 stop 80 target 200",
        "TSLA premium entry 5.20, stop 4.60, target 6.50",
    ],
)
def test_what_speaks_of_an_option_is_never_booked_as_its_root(text: str) -> None:
    legs = [leg for trade in read_text(text).trades for leg in trade.legs]
    assert [leg for leg in legs if leg.strike is None] == []


def test_time_frames_and_leverage_are_no_prices() -> None:
    reading = read_text("SOL/USDT 15M LONG 20x\n142.50\nSL 139 (1H close)\nTP1 147 in 24h\nRisk 2%")
    assert spoken(reading) == "open BTO SOL/USDT @142.50 SL 139 PT 147"


def test_levels_on_the_wrong_side_are_left_out_and_named() -> None:
    reading = read_text("XAUUSD BUY 2650\nSL 2655\nTP1 2640\nTP2 2660")
    assert spoken(reading) == "open BTO XAUUSD @2650 PT 2660"
    assert [rule for rule in reading.rules if "2655" in rule and "left out" in rule]
    assert [rule for rule in reading.rules if "2640" in rule and "left out" in rule]


def test_pips_are_named_and_not_taken_for_prices() -> None:
    reading = read_text("GOLD SELL 2650\nSL 20 pips\nTP 40 pips")
    assert spoken(reading) == "open STO -XAUUSD @2650"
    assert "SL 20 pips is no price: left out" in reading.rules


def test_what_filled_a_slot_from_elsewhere_is_named() -> None:
    reading = read_text("gold entry 2650 sl 2644 tp 60")
    assert spoken(reading) == "open BTO XAUUSD @2650 SL 2644 PT 2660"
    assert {"'gold' is XAUUSD", "60 read as 2660"} <= set(reading.rules)
    assert [rule for rule in reading.rules if rule.startswith("bought")]


def test_a_side_and_price_without_levels_open_where_nothing_else_is_said() -> None:
    assert spoken(read_text("BUY XAUUSD 2650")) == "open BTO XAUUSD @2650"
    talk = "We had a good week and gold could go and buy you dinner at 2650 if you let it"
    assert read_text(talk).trades == ()


def test_a_room_for_one_pair_need_not_name_it() -> None:
    reading = read_text("BUY 2650\nSL 2644\nTP 2660", Room(default_root="XAUUSD"))
    assert spoken(reading) == "open BTO XAUUSD @2650 SL 2644 PT 2660"
    assert "root XAUUSD: the room's default" in reading.rules


def test_an_entry_without_a_pair_waits_for_what_was_announced() -> None:
    reading = read_text("Entry 2650-2646\nSL 2642\nTP1 2656\nTP2 2664")
    assert (reading.kind, reading.trades) == (Kind.UPDATE, ())
    assert (reading.entry, reading.entry_to) == (Decimal(2650), Decimal(2646))
    assert (reading.stop, reading.targets) == (Decimal(2642), (Decimal(2656), Decimal(2664)))


def test_an_announcement_keeps_side_and_pair_for_its_price() -> None:
    announced = read_text("Sell gold now").announced
    assert announced is not None
    assert (announced.action.value, announced.legs[0].root) == ("STO", "XAUUSD")


def test_a_card_is_a_block_too() -> None:
    said = card(
        "\U0001f7e2 AAVE/USDT LONG", "Entry: 281.5 - 276\nSL: 268.4\nTP1: 290\nLeverage: 8x"
    )
    assert spoken(read(said, Room())) == "open BTO AAVE/USDT @281.5-276 SL 268.4 PT 290"


@pytest.mark.parametrize(
    "bit",
    ["entry 1 ", "1,", "1-", "1/", "TP 1 2 ", "sl ", "buy gold ", "BTCUSDT ", "eur ", "\n1", "1) ",
     "$A ", "entry\n", "if it breaks ", "\u0442\u0435\u0439\u043a 1 ", "20x "],
)  # fmt: skip
@pytest.mark.parametrize("size", [310, 4_000])
def test_the_worst_block_is_read_in_a_blink(bit: str, size: int) -> None:
    text = message(("gold buy sl close be " + bit * size)[:size])
    began = thread_time()
    read(text, Room())
    assert thread_time() - began < 0.3


def _plainly(said: str) -> str:
    """Prices compare as numbers: 64.2k is 64200."""
    return " ".join(word.rstrip("0").rstrip(".") if "." in word else word for word in said.split())
