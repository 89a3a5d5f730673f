"""What an exit sells of which trade, at which price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from application.resolving import resolve
from domain.fix import Side
from domain.grammar.reader import read
from domain.grammar.reading import Embed, MessageText, Room
from domain.signal_events import ClosedBy
from tests.application.said import (
    AMD_PUT,
    NOON,
    SPXW,
    TSLA,
    TSLA_LATER,
    VERTICAL,
    exit_of,
    held,
    intents,
    only,
    unbooked,
)


class TestExits:
    def test_a_contract_is_found_by_what_was_said_of_it(self) -> None:
        call = exit_of(only("STC TSLA 250c @ 3.10", held(TSLA), held(AMD_PUT)))
        assert (call.signal_id, call.price) == (held(TSLA).signal_id, Decimal("3.10"))
        assert call.rules[0] == "the only open position that fits TSLA 250C"

    def test_a_close_without_an_open_is_reported_and_not_booked(self) -> None:
        refusal = unbooked(only("STC TSLA 250c 11/21 @ 3.10", held(TSLA_LATER)))
        assert refusal.why == "no open position in TSLA 250C 2025-11-21"

    def test_two_trades_that_fit_are_one_too_many(self) -> None:
        refusal = unbooked(only("STC TSLA @ 3.10", held(TSLA), held(TSLA_LATER)))
        assert refusal.why == "2 open positions fit TSLA"

    def test_a_word_at_hand_takes_the_last_touched_of_two(self) -> None:
        older = held(TSLA, touched=NOON - timedelta(hours=3))
        call = exit_of(only("closing TSLA here", older, held(TSLA_LATER)))
        assert call.signal_id == held(TSLA_LATER).signal_id
        assert any("last touched" in rule for rule in call.rules)

    def test_a_quantity_below_what_is_open_is_a_partial_exit(self) -> None:
        assert exit_of(only("STC 3 TSLA 250c @ 3", held(TSLA, quantity="5"))).quantity == 3

    def test_a_quantity_above_what_is_open_is_cut_and_said_so(self) -> None:
        call = exit_of(only("STC 8 TSLA 250c @ 3", held(TSLA, quantity="5")))
        assert call.quantity == 5
        assert "8 called, 5 open: all of it" in call.rules

    def test_a_fraction_is_of_what_is_open(self) -> None:
        call = exit_of(only("STC half TSLA 250c @ 3", held(TSLA, quantity="4", entered="8")))
        assert call.quantity == 2

    def test_contracts_stay_whole_where_more_than_one_was_entered(self) -> None:
        call = exit_of(only("STC half TSLA 250c @ 3", held(TSLA, quantity="5")))
        assert call.quantity == 2
        assert "0.5 of 5 is 2.5: 2 whole" in call.rules

    def test_the_last_whole_contract_goes_as_one(self) -> None:
        call = exit_of(only("trim half TSLA", held(TSLA, quantity="1", entered="5")))
        assert call.quantity == 1

    def test_a_unit_is_sold_in_fractions(self) -> None:
        assert exit_of(only("trim half TSLA", held(TSLA))).quantity == Decimal("0.5")

    def test_coins_are_sold_in_fractions(self) -> None:
        coins = held("BTC/USD", average="60000", quantity="3")
        assert exit_of(only("STC half BTC/USD @ 64000", coins)).quantity == Decimal("1.5")

    def test_a_trim_without_a_size_is_the_rooms_and_named(self) -> None:
        room = Room(default_trim=Decimal("0.25"))
        call = exit_of(only("Trimming TSLA @ 3", held(TSLA, quantity="8"), room=room))
        assert call.quantity == 2
        assert any("room's default" in rule for rule in call.rules)

    def test_a_gain_becomes_a_price_on_the_average_entry(self) -> None:
        call = exit_of(only("Trimming TSLA 250c for 51%", held(TSLA, average="0.72")))
        assert call.price == Decimal("1.0872")
        assert any("+51 % on the average entry 0.72" in rule for rule in call.rules)

    def test_a_gain_on_a_short_trade_lowers_the_price(self) -> None:
        short = held(TSLA, side=Side.SELL, average="2.00")
        assert exit_of(only("closing TSLA for 40%", short)).price == Decimal("1.2000")

    def test_a_price_beats_a_gain(self) -> None:
        assert exit_of(only("STC TSLA 250c @ 3.10 (+35%)", held(TSLA))).price == Decimal("3.10")

    def test_a_stop_out_is_priced_at_the_stop_that_was_said(self) -> None:
        call = exit_of(only("stopped out", held(TSLA, stop="1.40")))
        assert (call.price, call.reason) == (Decimal("1.40"), ClosedBy.STOP)

    def test_a_stop_out_without_a_known_stop_has_no_price(self) -> None:
        call = exit_of(only("stopped out", held(TSLA)))
        assert (call.price, call.reason) == (None, ClosedBy.STOP)

    def test_an_exit_without_any_price_says_so(self) -> None:
        call = exit_of(only("out TSLA", held(TSLA)))
        assert call.price is None
        assert "no price was said" in call.rules

    def test_a_gain_without_a_known_entry_is_no_price(self) -> None:
        assert exit_of(only("closing TSLA for 40%", held(TSLA, average=None))).price is None

    def test_a_hit_target_is_the_reason(self) -> None:
        assert exit_of(only("PT hit, all out @ 5.40", held(TSLA))).reason is ClosedBy.TARGET

    def test_stc_does_not_close_what_was_sold_short(self) -> None:
        refusal = unbooked(only("STC TSLA 250c @ 3", held(TSLA, side=Side.SELL)))
        assert "sold short" in refusal.why

    def test_out_closes_either_side(self) -> None:
        assert exit_of(only("out TSLA @ 1", held(TSLA, side=Side.SELL))).price == 1

    def test_the_price_of_the_underlying_is_not_the_options(self) -> None:
        refusal = unbooked(only("out TSLA @ 251.30", held(TSLA)))
        assert refusal.missing == ("price",)

    def test_legs_compare_as_a_set(self) -> None:
        spread = held(legs=VERTICAL, average="1.85", quantity="2")
        call = exit_of(only("STC 1 SPY 11/21 505/500 call vertical @ 2.9", spread))
        assert (call.signal_id, call.quantity) == (spread.signal_id, Decimal(1))

    def test_one_leg_of_a_spread_does_not_close_it(self) -> None:
        spread = held(legs=VERTICAL, average="1.85")
        assert "no open position" in unbooked(only("STC SPY 500c 11/21 @ 5", spread)).why

    def test_the_ticker_of_a_spread_does(self) -> None:
        spread = held(legs=VERTICAL, average="1.85")
        assert exit_of(only("out SPY @ 2.9", spread)).signal_id == spread.signal_id

    def test_an_index_is_found_under_its_weekly_root(self) -> None:
        assert exit_of(only("STC SPX 6725p 11/13 @ 3", held(SPXW))).price == 3

    def test_two_named_trades_are_both_left(self) -> None:
        calls = intents("Trimming both TSLA and AMD", held(TSLA), held(AMD_PUT))
        assert [exit_of(call).signal_id for call in calls] == [
            held(TSLA).signal_id,
            held(AMD_PUT).signal_id,
        ]

    def test_two_exits_in_one_message_never_sell_more_than_is_open(self) -> None:
        calls = intents("STC 4 TSLA 250c @ 3\nSTC 4 TSLA 250c @ 4", held(TSLA, quantity="5"))
        assert [exit_of(call).quantity for call in calls] == [4, 1]


def test_a_card_and_its_notes_make_one_exit() -> None:
    embed = Embed(
        description="Contract: TSLA 11/21 250C\nI'm trimming here for 121%\n"
        "Notes: Taking full profit on these"
    )
    reading = read(MessageText(embeds=(embed,), posted_at=NOON), Room())
    (call,) = resolve(reading, Room(), [held(TSLA)], posted_at=NOON)
    assert exit_of(call).quantity == 1
