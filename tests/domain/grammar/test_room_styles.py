"""How single rooms write: parts behind the exit, pictures, shouted tickets, short strikes."""

from __future__ import annotations

import pytest

from tests.domain.grammar.spoken import read_text, spoken

PARTS = [
    ("STC TSLA 250c 11/21 @ 3.10 partial", "trim STC some TSLA 250C 2025-11-21 @3.10"),
    ("STC 4 TSLA 250c 11/21 @ 3.10 partial", "trim STC some 4 TSLA 250C 2025-11-21 @3.10"),
    ("STC TSLA 250c @ 3.10 partial. Half out", "trim STC 0.5 of TSLA 250C @3.10"),
    ("STC TSLA 250c @ 3.10 partial half out.", "trim STC 0.5 of TSLA 250C @3.10"),
    ("STC TSLA 250c @ 3.10 partial, a few left", "trim STC some TSLA 250C @3.10"),
    ("STC TSLA 250c @ 3.10 partial\nmostly out now", "trim STC some TSLA 250C @3.10"),
    ("STC TSLA 250c @ 3.10, so green. Taking a few.\nPartial", "trim STC some TSLA 250C @3.10"),
    ("STC TSLA 250c @ 3.10 all out, securing profits", "close STC TSLA 250C @3.10"),
    (
        "STC TSLA 250c @ 3.10 partial\nSTC TSLA 250c @ 3.40 partial. Half out",
        "trim STC some TSLA 250C @3.10 STC 0.5 of TSLA 250C @3.40",
    ),
    ("SOLD TSLA 11/21 250C $3.10 1/2", "trim STC 0.5 of TSLA 250C 2025-11-21 @3.10"),
    ("**SOLD 1/4 TSLA 250C 11/21 3** - 30% here", "trim STC 0.25 of TSLA 250C 2025-11-21 @3 +30%"),
    ("TSLA taking 30% at $3.10", "trim STC 0.3 of TSLA @3.10"),
    ("TSLA calls at $3.10 taking half. nice run", "trim STC 0.5 of TSLA C @3.10"),
    ("HOOD swings taking 1/3rd at $2.50", "trim STC 0.333333333333 of HOOD @2.50"),
    ("Trim TSLA 60%", "trim STC 0.6 of TSLA"),
    ("selling TSLA 60%", "trim STC 0.6 of TSLA"),
    ("selling here 60% TSLA", "trim STC 0.6 of TSLA"),
    ("sold TSLA 60%", "close? size or gain"),
    ("trimming here 60%", "trim? size or gain"),
    ("AMD TRIMMED MORE", "trim STC some AMD"),
    ("AMD LOTTOS ALL OUT", "close STC AMD"),
    ("all out now, 350%", "close STC that +350%"),
    ("ALL OUT: $AMD\n11/21 70c 100%", "close STC AMD 70C 2025-11-21 +100%"),
    ("Closing the remaining 5 $AMD 70c for 200%", "close STC 5 AMD 70C +200%"),
    ("SL out AMD", "close STC AMD (stop)"),
    ("-2 AMD @ lim0.16", "close STC 2 AMD @0.16"),
    ("Sold -1 Single AMD 11/21/2025 150 PUT @1.38", "close STC 1 AMD 150P 2025-11-21 @1.38"),
    ("Amended stoploss to 2.40", "update SL 2.40"),
]
ENTRIES = [
    "> BOUGHT TSLA 250C 11/21 2.30 - lotto @everyone",
    "BOIGHT TSLA 250c 11/21 2.30",
    "BOUGHT TSLA 11/21 250C $2.30 [ROLL UP]",
    "$TSLA 250c 2.30 11/21 @Lottos",
    "TSLA - $250 CALLS EXPIRATION 11/21 $2.30\n\nCHEAP LOTTO PLAY, CAN SET YOUR OWN SL",
    "TSLA - $250 CALLS EXPIRATION NEXT WEEK $2.30\n\nROUND #2, ROLLING PROFITS",
    "SMALL ACCOUNT : Bought TSLA 250C at 2.30 Exp: 11/21/2025",
    "Bought 1 Single TSLA 11/21/2025 250 CALL @2.30",
]
"""All of them buy TSLA 250c 11/21 at 2.30; a size may stand beside it."""
SAID = [
    ("**$TSLA 11/21 250c 2.30x10**", "open BTO 10 TSLA 250C 2025-11-21 @2.30"),
    ("BOUGHT TSLA 250C 11/21 2.30 - 2 on small account", "open BTO 2 TSLA 250C 2025-11-21 @2.30"),
    ("BOUGHT TSLA 250C 11/21 9 - 1 on small", "open BTO 1 TSLA 250C 2025-11-21 @9"),
    ("Bought TSLA 250C 11/21 at 2.30 (5 Calls)", "open BTO 5 TSLA 250C 2025-11-21 @2.30"),
    ("TSLA calls $250 $2.30 11/21 added SL 1.60", "add BTO TSLA 250C 2025-11-21 @2.30 SL 1.60"),
    ("TSLA calls $250 $2.30 next week expiry added", "add BTO TSLA 250C 2025-11-21 @2.30"),
    ("TSLA $250 calls 11/21 expiry added 5 at $2.30", "add BTO 5 TSLA 250C 2025-11-21 @2.30"),
    ("AVG TSLA 250c 11/21 @ 1.40, added @ .98", "add BTO TSLA 250C 2025-11-21 @0.98 avg 1.40"),
    ("BTO TSLA 250 Puts-.75 C 11/21 SL .65", "open BTO TSLA 250P 2025-11-21 @0.75 SL 0.65"),
    ("sold cash secured puts AMD 100P 11/21 1.75", "open STO -AMD 100P 2025-11-21 @1.75"),
    ("Sold a covered call AMD 150C 11/21 0.35", "open STO -AMD 150C 2025-11-21 @0.35"),
    ("Bought 100 TSLA at 250", "open BTO 100 TSLA @250"),
    ("Taking a position in $SOFI average $12.38", "open BTO SOFI @12.38"),
    ("Taken a starter position on SOFI @12.38", "open BTO SOFI @12.38"),
    ("BTO AMD 240C 11/21 @3.45 take profit 5.80", "open BTO AMD 240C 2025-11-21 @3.45 PT 5.80"),
    ("AMD $246 daytrade puts 11/21 $.40", "open BTO AMD 246P 2025-11-21 @0.40"),
    (
        "BTO AMD 240C / STO AMD 250C 11/21 @4.60 Debit Qty 5",
        "open BTO 5 AMD 240C 2025-11-21/-AMD 250C 2025-11-21 @4.60",
    ),
    (
        "STO AMD 230P / BTO AMD 220P 11/21 @1.60 credit",
        "open STO -AMD 230P 2025-11-21/AMD 220P 2025-11-21 @1.60",
    ),
    ("BTO AMD 240C / STO AMD 250C 11/21 @4.60", "open? expiry price"),
    (
        "BUY AMD 240C + 230P 11/21 @7.10 Debit",
        "open BTO AMD 230P 2025-11-21/AMD 240C 2025-11-21 @7.10",
    ),
    (
        ":RedAlert: AMD - $240 PUTS 11/21 .50, SUPER LOTTOS, EXPECT 0",
        "open BTO AMD 240P 2025-11-21 @0.50",
    ),
    ("out majority AMD here @ 3.00", "trim STC some AMD @3.00"),
    ("out full on AMD 240c", "close STC AMD 240C"),
    ("MOVE SL TO ENTRY (BREAKEVEN)\n\nSecure your position", "update SL BE"),
    ("MOVE SL TO 85\n\nProtect your profit.", "update SL 85"),
    ("AMD $144.5 Call 11/21 \u2022 4 Buys 2.10", "open BTO 4 AMD 144.5C 2025-11-21 @2.10"),
    ("AMD $144 Call\n11/21: 2 Buys 0.35", "open BTO 2 AMD 144C 2025-11-21 @0.35"),
    ("$AMD\n144c\n11/21\n0.85\nLight size", "open BTO AMD 144C 2025-11-21 @0.85"),
    (
        "OPEN\n$SPY 11/21 $685c\nENTRY = $1.35\nSL = $1.00\nTP = $2.00",
        "open BTO SPY 685C 2025-11-21 @1.35 SL 1.00 PT 2.00",
    ),
    (
        "CLOSE\n$SPY 11/21 $685c\nEXIT = $2.35\nGAIN: 40%",
        "close STC SPY 685C 2025-11-21 @2.35 +40%",
    ),
    ("0.67 40% ONDS trimmed 3", "trim STC some 3 ONDS @0.67 +40%"),
    ("1.6 | 28% AMD trimmed 1", "trim STC some 1 AMD @1.6 +28%"),
    ("1.41 I 25% TSLA all out", "close STC TSLA @1.41 +25%"),
    ("1.45 SBUX outta here", "close STC SBUX @1.45"),
    ("Lets cut SOFI", "close STC SOFI"),
    ("Trim 658 here", "trim STC some ? 658"),
    (
        "OPENED: SPX PCS 6435/30 11/21 $0.80 x1",
        "open STO 1 -SPX 6435P 2025-11-21/SPX 6430P 2025-11-21 @0.80",
    ),
    (
        "OPENED: CCS SPX 6900/05 11/21 $1.50",
        "open STO -SPX 6900C 2025-11-21/SPX 6905C 2025-11-21 @1.50",
    ),
]
PICTURED = [
    ("$SOFI\n✅ 2.30\n❌ 2.08\n🎯 2.53...2.77+", "open BTO SOFI @2.30 SL 2.08 PT 2.53 PT 2.77"),
    ("SOFI\n✅ 2.30ish\n❌ -10%\n🎯 2.53-2.77", "open BTO SOFI @2.30 SL 2.070 PT 2.53 PT 2.77"),
    ("$SOFI swing ✅ 2.30 ❌ 2.08 🎯 2.53", "open BTO SOFI @2.30 SL 2.08 PT 2.53"),
    ("SOFI\n✅ clear break of 2.30\n🎯 2.53...2.77", "conditional"),
    ("SOFI\n✅ in again at 2.30\n🎯 2.53....2.77", "open? symbol"),
]  # fmt: skip
IDLE = [
    "> BOUGHT TSLA 250C 11/21 2.30 @everyone\nnice one, who got in?",
    "> BOUGHT TSLA 250C 11/21 2.30",
    "taking 20% risk on this one",
    "TSLA calls $250 by next week",
    "+5 AMD @ lim0.08",
    "TSLA 250c 11/21 tickets sold out",
    "covered calls are free money",
    "TSLA 60% off the highs",
    "0.85 I 100% POET",
    "In case you missed it\nSPY 11/21 685c\nEntry: 1.35\nExit: 2.40",
    "3 buys and 2 sells today",
    "$SPY $646 scalp puts can work here $.40 - in and out",
]


@pytest.mark.parametrize(
    "text",
    [
        "Bought TSLA 2.30",
        "BTO 5 AAPL @ 1.10",
        "long AMD @ 2.15",
        "Entered QQQ 0.85 sl .60",
        "TSLA\nEntry: 2.30\nStop: 2.00\nTarget: 3.00",
        "Taking a position in NVDA average $3.40",
    ],
)
def test_the_price_of_an_option_is_no_price_of_dear_shares(text: str) -> None:
    reading = read_text(text)
    assert reading.trades == ()
    assert reading.missing == ("contract",)
    assert "no price of" in reading.why


@pytest.mark.parametrize(("text", "meant"), [*PARTS, *SAID, *PICTURED])
def test_what_a_room_means_is_read(text: str, meant: str) -> None:
    assert spoken(read_text(text)) == meant


@pytest.mark.parametrize("text", ENTRIES)
def test_an_entry_in_a_rooms_style_is_an_entry(text: str) -> None:
    (trade,) = read_text(text).trades
    assert spoken(read_text(text)).startswith("open BTO")
    assert spoken(read_text(text)).endswith("TSLA 250C 2025-11-21 @2.30")
    assert trade.fraction is None


@pytest.mark.parametrize("text", IDLE)
def test_what_only_looks_like_it_is_not_booked(text: str) -> None:
    assert read_text(text).trades == ()
