"""What a reading does to the author's open trades, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import pytest

from application.recalling import OpenTrade, Subject
from application.resolving import (
    AddCall,
    ExitCall,
    Intent,
    LevelsCall,
    OpenCall,
    Unbooked,
    resolve,
)
from domain.fix import Side
from domain.grammar.reader import read
from domain.grammar.reading import Embed, Kind, MessageText, Room
from domain.legs import Leg, strategy_symbol
from domain.shared import NAMESPACE
from domain.signal_events import ClosedBy

NOON = datetime(2025, 11, 13, 17, tzinfo=UTC)
TSLA = "TSLA  251121C00250000"
TSLA_LATER = "TSLA  251128C00250000"
AMD_PUT = "AMD   251121P00240000"
SPXW = "SPXW  251113P06725000"
VERTICAL = (
    Leg(symbol="SPY   251121C00500000", side=Side.BUY),
    Leg(symbol="SPY   251121C00505000", side=Side.SELL),
)


def message_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def held(
    *symbols: str,
    side: Side = Side.BUY,
    legs: tuple[Leg, ...] = (),
    average: str | None = "2.00",
    quantity: str = "1",
    entered: str | None = None,
    stop: str | None = None,
    touched: datetime = NOON - timedelta(hours=1),
    messages: tuple[str, ...] = (),
) -> OpenTrade:
    legs = legs or tuple(Leg(symbol=symbol, side=side) for symbol in symbols)
    name = strategy_symbol(side, legs)
    return OpenTrade(
        signal_id=message_id(name),
        symbol=name,
        side=side,
        legs=legs,
        average_entry=None if average is None else Decimal(average),
        entry_quantity=Decimal(entered or quantity),
        open_quantity=Decimal(quantity),
        stop=None if stop is None else Decimal(stop),
        messages=tuple(message_id(m) for m in messages),
        opened_at=touched,
        touched_at=touched,
    )


def intents(
    text: str,
    *trades: OpenTrade,
    room: Room | None = None,
    reply_to: str = "",
    after: str = "",
    at: datetime = NOON,
) -> tuple[Intent, ...]:
    """What the words do, said after `after` and in reply to the message named `reply_to`."""
    room = room or Room()
    subject = None
    if after:
        subject = Subject.after(read(MessageText(content=after, posted_at=at), room), at, None)
    reading = read(MessageText(content=text, posted_at=at), room)
    parent = message_id(reply_to) if reply_to else None
    return resolve(reading, room, trades, posted_at=at, reply_to=parent, subject=subject)


def only(text: str, *trades: OpenTrade, **context: object) -> Intent:
    (intent,) = intents(text, *trades, **context)  # type: ignore[arg-type]
    return intent


def exit_of(intent: Intent) -> ExitCall:
    assert isinstance(intent, ExitCall), intent
    return intent


def unbooked(intent: Intent) -> Unbooked:
    assert isinstance(intent, Unbooked), intent
    return intent


class TestOpening:
    def test_a_ticket_opens_a_trade_with_its_levels(self) -> None:
        call = only("BTO 5 TSLA 11/21 250c @ 2.30 SL 1.50 PT 3.50")
        assert isinstance(call, OpenCall)
        assert call.legs == (Leg(symbol=TSLA, side=Side.BUY),)
        assert (call.side, call.quantity, call.price) == (Side.BUY, Decimal(5), Decimal("2.30"))
        assert (call.stop, call.targets) == (Decimal("1.50"), (Decimal("3.50"),))

    def test_a_size_that_was_not_said_is_the_rooms_and_named(self) -> None:
        call = only("BTO TSLA 11/21 250c @ 2.30", room=Room(default_quantity=Decimal(2)))
        assert isinstance(call, OpenCall)
        assert call.quantity == 2
        assert "quantity 2: the room's default" in call.rules

    def test_a_spread_is_one_trade(self) -> None:
        call = only("BTO 2 SPY 11/21 500/505 call vertical @ 1.85")
        assert isinstance(call, OpenCall)
        assert set(call.legs) == set(VERTICAL)

    def test_an_index_option_gets_the_root_it_is_listed_under(self) -> None:
        weekly = only("BTO SPX 11/13 6725p @ 1.80")
        monthly = only("BTO SPX 11/21 6725p @ 18")
        assert isinstance(weekly, OpenCall)
        assert isinstance(monthly, OpenCall)
        assert weekly.legs[0].symbol == SPXW
        assert any("SPXW" in rule for rule in weekly.rules)
        assert monthly.legs[0].symbol == "SPX   251121P06725000"

    def test_a_contract_that_is_open_already_is_added_to(self) -> None:
        call = only("BTO 2 TSLA 11/21 250c @ 1.50", held(TSLA))
        assert isinstance(call, AddCall)
        assert (call.quantity, call.price) == (Decimal(2), Decimal("1.50"))
        assert any("open already" in rule for rule in call.rules)

    def test_another_expiry_is_another_trade(self) -> None:
        assert isinstance(only("BTO 2 TSLA 11/28 250c @ 3", held(TSLA)), OpenCall)

    def test_selling_to_open_what_is_held_is_refused(self) -> None:
        refusal = unbooked(only("STO 1 TSLA 11/21 250c @ 3", held(TSLA)))
        assert refusal.missing == ("action",)

    def test_an_incomplete_option_is_refused_with_what_it_lacks(self) -> None:
        refusal = unbooked(only("BTO TSLA 250c @ 2.30"))
        assert (refusal.kind, refusal.missing) == (Kind.OPEN, ("expiry",))

    def test_a_bare_ticker_at_an_options_price_is_not_taken_for_shares(self) -> None:
        refusal = unbooked(only("BTO 2 TSLA @ 2.10", held(TSLA)))
        assert refusal.missing == ("contract",)

    def test_a_bare_ticker_at_a_shares_price_is(self) -> None:
        assert isinstance(only("BTO 2 TSLA @ 240.10", held(TSLA)), OpenCall)

    def test_a_strike_that_cannot_exist_is_refused(self) -> None:
        assert unbooked(only("BTO TSLA 11/21 0c @ 2.30")).missing == ("strike",)


class TestAdding:
    def test_an_add_with_its_average_has_a_price_that_can_be_computed(self) -> None:
        call = only("Adding here new avg 0.55", held(TSLA, average="0.69"))
        assert isinstance(call, AddCall)
        assert (call.quantity, call.price) == (Decimal(1), Decimal("0.4100"))
        assert any("bring the average to 0.55" in rule for rule in call.rules)

    def test_an_average_above_the_old_one_says_no_price_without_a_size(self) -> None:
        refusal = unbooked(only("added here new avg 1.50", held(TSLA, average="1.06")))
        assert refusal.missing == ("price",)

    def test_an_average_that_no_price_can_bring_is_refused(self) -> None:
        refusal = unbooked(only("Adding here new avg 0.20", held(TSLA, average="0.69")))
        assert refusal.missing == ("price",)

    def test_an_add_without_a_price_is_refused(self) -> None:
        assert unbooked(only("Adding here", held(TSLA))).missing == ("price",)

    def test_a_named_contract_that_is_not_open_is_opened_by_an_add(self) -> None:
        call = only("Added 2 TSLA 250c 11/21 @ 2.10")
        assert isinstance(call, OpenCall)
        assert call.legs[0].symbol == TSLA

    def test_an_add_to_nothing_is_refused(self) -> None:
        assert "no open position" in unbooked(only("added to my calls at 1.10")).why


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


class TestContext:
    def test_the_only_open_trade_is_meant_and_named_as_the_rule(self) -> None:
        call = exit_of(only("all out", held(TSLA)))
        assert "the only open position here" in call.rules

    def test_nothing_open_is_said_so(self) -> None:
        assert unbooked(only("all out")).why == "no open position in this channel"

    def test_a_bare_exit_with_two_open_trades_is_ambiguous(self) -> None:
        refusal = unbooked(only("all out", held(TSLA), held(AMD_PUT)))
        assert refusal.why == "2 positions are open here and none is named"

    def test_the_rest_is_of_the_last_touched_today(self) -> None:
        older = held(TSLA, touched=NOON - timedelta(hours=3))
        call = exit_of(only("out the rest", older, held(AMD_PUT)))
        assert call.signal_id == held(AMD_PUT).signal_id

    def test_the_rest_is_not_of_a_trade_of_yesterday(self) -> None:
        older = NOON - timedelta(days=1)
        trades = held(TSLA, touched=older), held(AMD_PUT, touched=older - timedelta(hours=1))
        assert "none is named" in unbooked(only("out the rest", *trades)).why

    def test_the_reply_parent_comes_first(self) -> None:
        first, second = held(TSLA, messages=("open tsla",)), held(AMD_PUT, messages=("open amd",))
        call = exit_of(only("out", first, second, reply_to="open tsla"))
        assert call.signal_id == first.signal_id
        assert "the trade of the message it replies to" in call.rules

    def test_a_reply_to_something_else_never_falls_on_another_trade(self) -> None:
        refusal = unbooked(only("out", held(TSLA, messages=("open",)), reply_to="old talk"))
        assert "replies to" in refusal.why

    def test_a_reply_that_names_another_contract_means_that_one(self) -> None:
        first, second = held(TSLA, messages=("open tsla",)), held(AMD_PUT)
        call = exit_of(only("STC AMD 240p @ 3", first, second, reply_to="open tsla"))
        assert call.signal_id == second.signal_id

    def test_the_puts_are_the_only_puts(self) -> None:
        call = exit_of(only("Closing the rest of the puts", held(TSLA), held(AMD_PUT)))
        assert call.signal_id == held(AMD_PUT).signal_id

    def test_the_rest_is_of_the_contract_that_was_last_named(self) -> None:
        older = held(TSLA, touched=NOON - timedelta(hours=3))
        call = exit_of(only("out the rest", older, held(AMD_PUT), after="TSLA 250c up 80%"))
        assert call.signal_id == older.signal_id
        assert any("last named here" in rule for rule in call.rules)

    def test_the_rest_of_a_contract_that_is_not_open_is_refused(self) -> None:
        talk = "I did not take SPX 6805C 11/13 @1.70"
        refusal = unbooked(only("out the rest", held(TSLA), after=talk))
        assert refusal.why == "SPX 6805C 2025-11-13, last named here, is not open"

    def test_a_ticker_alone_does_not_change_the_subject(self) -> None:
        call = exit_of(only("out the rest", held(TSLA), after="SPY looks strong"))
        assert call.signal_id == held(TSLA).signal_id

    def test_the_talk_of_yesterday_is_no_subject(self) -> None:
        reading = read(MessageText(content="SPX 6805C 11/13 up 5%", posted_at=NOON), Room())
        subject = Subject.after(reading, NOON - timedelta(days=1), None)
        rest = read(MessageText(content="out the rest", posted_at=NOON), Room())
        (call,) = resolve(rest, Room(), [held(TSLA)], posted_at=NOON, subject=subject)
        assert isinstance(call, ExitCall)


class TestLevels:
    def test_a_stop_moves_on_the_only_trade(self) -> None:
        call = only("SL moved to 1.80", held(TSLA))
        assert isinstance(call, LevelsCall)
        assert (call.signal_id, call.stop) == (held(TSLA).signal_id, Decimal("1.80"))

    def test_a_stop_to_break_even_is_the_average_entry(self) -> None:
        call = only("SL to BE on TSLA", held(TSLA, average="2.15"), held(AMD_PUT))
        assert isinstance(call, LevelsCall)
        assert call.stop == Decimal("2.15")
        assert "stop 2.15: the average entry" in call.rules

    def test_break_even_of_an_unknown_entry_is_refused(self) -> None:
        assert unbooked(only("SL to BE", held(TSLA, average=None))).missing == ("stop",)

    def test_targets_move_too(self) -> None:
        call = only("new PT 4.50", held(TSLA))
        assert isinstance(call, LevelsCall)
        assert call.targets == (Decimal("4.50"),)

    def test_levels_for_two_open_trades_are_ambiguous(self) -> None:
        assert "none is named" in unbooked(only("SL 1.80", held(TSLA), held(AMD_PUT))).why

    def test_levels_without_an_open_trade_are_reported(self) -> None:
        assert unbooked(only("SL 1.80")).kind is Kind.UPDATE

    def test_a_level_of_the_underlying_is_not_the_options(self) -> None:
        assert "level of TSLA" in unbooked(only("mental stop 245", held(TSLA))).why

    def test_a_trim_may_move_the_stop_of_what_is_left(self) -> None:
        trim, levels = intents("trim half TSLA @ 3, SL BE", held(TSLA))
        assert isinstance(trim, ExitCall)
        assert isinstance(levels, LevelsCall)
        assert levels.stop == Decimal("2.00")

    def test_a_full_exit_moves_no_stop(self) -> None:
        assert isinstance(only("all out TSLA @ 3, SL BE", held(TSLA)), ExitCall)


class TestSilence:
    @pytest.mark.parametrize("text", ["good morning", "TSLA 250c up 100%", "took 40% on TSLA"])
    def test_talk_and_boasts_leave_no_trace(self, text: str) -> None:
        assert intents(text, held(TSLA)) == ()

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("if it breaks 250 I'm buying the TSLA 255c", Kind.CONDITIONAL),
            ("watching TSLA 250c 11/21", Kind.WATCH),
            ("ignore that, wrong room", Kind.CANCEL),
            ("correction: BTO 3 TSLA 250c 11/21 @ 2.30", Kind.CORRECTION),
        ],
    )
    def test_plans_watches_and_amendments_are_kept_with_their_reason(
        self, text: str, kind: Kind
    ) -> None:
        refusal = unbooked(only(text, held(TSLA)))
        assert refusal.kind is kind
        assert refusal.why

    def test_what_is_complete_is_booked_beside_what_is_not(self) -> None:
        text = "STC TSLA 250c @ 3.40\nBTO 2 TSLA 260c @ 1.80"
        first, second = intents(text, held(TSLA))
        assert isinstance(first, ExitCall)
        assert unbooked(second).missing == ("expiry",)

    def test_another_persons_words_touch_nothing(self) -> None:
        assert not any(
            isinstance(intent, ExitCall)
            for intent in intents("> STC TSLA 250c @ 3.40\nMike: all out", held(TSLA))
        )


def test_a_card_and_its_notes_make_one_exit() -> None:
    embed = Embed(
        description="Contract: TSLA 11/21 250C\nI'm trimming here for 121%\n"
        "Notes: Taking full profit on these"
    )
    reading = read(MessageText(embeds=(embed,), posted_at=NOON), Room())
    (call,) = resolve(reading, Room(), [held(TSLA)], posted_at=NOON)
    assert exit_of(call).quantity == 1
