"""Which trade is meant where the words do not name one."""

from __future__ import annotations

from datetime import timedelta

from application.intents import ExitCall
from application.recalling import Subject
from application.resolving import resolve
from domain.grammar.reader import read
from domain.grammar.reading import MessageText, Room
from tests.application.said import AMD_PUT, NOON, TSLA, exit_of, held, only, unbooked


class TestContext:
    def test_the_only_open_trade_is_meant_and_named_as_the_rule(self) -> None:
        call = exit_of(only("all out", held(TSLA)))
        assert "the only open position here" in call.rules

    def test_nothing_open_is_said_so(self) -> None:
        assert unbooked(only("all out")).why == "no open position in this channel"

    def test_a_bare_exit_with_two_open_trades_is_ambiguous(self) -> None:
        refusal = unbooked(only("all out", held(TSLA), held(AMD_PUT)))
        assert refusal.why == "2 positions are open here and none is named"

    def test_the_pair_that_is_said_beside_an_exit_is_meant(self) -> None:
        gold, euro = held("XAUUSD", average="2650"), held("EURUSD", average="1.08")
        call = exit_of(only("XAUUSD did what it had to, all out", gold, euro))
        assert call.signal_id == gold.signal_id
        assert "XAUUSD: said beside it" in call.rules

    def test_a_pair_that_is_not_open_leaves_no_other(self) -> None:
        refusal = unbooked(only("XAUUSD did it, all out", held("EURUSD", average="1.08")))
        assert refusal.why == "no open position in XAUUSD"

    def test_a_market_that_is_said_beside_an_exit_is_no_pair(self) -> None:
        call = exit_of(only("gold is dumping, all out", held(TSLA)))
        assert call.signal_id == held(TSLA).signal_id

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
