"""What a reading opens, adds, moves, and what it leaves alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from application.intents import AddCall, ExitCall, LevelsCall, OpenCall
from domain.fix import Side
from domain.grammar.reading import Kind, Room
from domain.legs import Leg
from tests.application.said import AMD_PUT, SPXW, TSLA, VERTICAL, held, intents, only, unbooked


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

    def test_the_price_of_an_option_opens_no_dear_shares(self) -> None:
        told = unbooked(only("added TSLA @ 1.90"))
        assert told.missing == ("contract",)
        assert "no price of TSLA shares" in told.why

    def test_what_was_added_first_is_opened(self) -> None:
        (opened,) = intents("TSLA calls $250 $2.30 11/21 added")
        assert isinstance(opened, OpenCall)
        assert opened.price == Decimal("2.30")

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
    @pytest.mark.parametrize(
        "text", ["good morning", "TSLA 250c will be up 100%", "took 40% on TSLA"]
    )
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
