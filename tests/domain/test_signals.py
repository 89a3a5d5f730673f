"""A signal's life: what may happen to it when, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fix import Side
from domain.legs import Leg
from domain.shared import DomainError, Impossible, InvalidInput
from domain.signal_events import (
    Decision,
    SignalExitCalled,
    SignalLevelsMoved,
    SignalPosted,
    SignalPriceChecked,
    SignalSettled,
)
from domain.signals import Signal, signal_stream
from tests.domain.signal_acts import (
    CALL,
    MESSAGE,
    NOON,
    NORA,
    D,
    add,
    approve,
    close,
    correct,
    evidence,
    leave,
    posted,
    reject,
    settle,
    void,
)
from tests.domain.told import last_of, names_of, replayed, state_of, told_by


def test_the_place_in_the_message_names_the_signal() -> None:
    assert posted().id == signal_stream(MESSAGE, 0)
    assert signal_stream(MESSAGE, 0) != signal_stream(MESSAGE, 1)


def test_how_sure_the_reading_was_is_not_made_up_for_old_signals() -> None:
    body = SignalPosted.upcast({"origin": "trader"}, 2)
    assert body["confidence"] is None
    assert SignalPosted.upcast({"confidence": "0.9"}, 2)["confidence"] == "0.9"


def test_a_post_opens_a_trade_in_words() -> None:
    signal = posted()
    (event,) = told_by(signal)
    assert isinstance(event, SignalPosted)
    assert (event.trader, event.quantity, event.price) == (NORA, D(4), D("2.00"))
    assert (signal.open_quantity, signal.average_entry) == (D(4), D(2))
    assert signal.decision is Decision.PENDING


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": "0"}, "the quantity has to be above zero"),
        ({"quantity": "-1"}, "the quantity has to be above zero"),
        ({"price": "0"}, "the price has to be above zero"),
        ({"quantity": "NaN"}, "the quantity has to be above zero"),
        ({"price": "Infinity"}, "the price has to be above zero"),
    ],
)
def test_nobody_opens_nothing_or_for_nothing(changes: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        posted(**changes)  # type: ignore[arg-type]


def test_shares_and_options_are_two_trades() -> None:
    with pytest.raises(InvalidInput, match="options, or shares, not both"):
        posted(legs=(CALL, Leg(symbol="TSLA", side=Side.BUY)))
    with pytest.raises(InvalidInput, match="a trade needs legs"):
        posted(legs=())


def test_an_add_moves_the_average() -> None:
    """4 at 2.00 and 4 more at 1.00 cost 1.50 on average; an exit moves no average."""
    signal = posted()
    add(signal, "4", "1.00")
    leave(signal, "6")
    assert (signal.entry_quantity, signal.open_quantity) == (D(8), D(2))
    assert signal.average_entry == D("1.5")


def test_executions_are_numbered_in_the_order_of_recording() -> None:
    signal = posted()
    add(signal, "1", "1.00")
    leave(signal, "2")
    settle(signal)
    events = told_by(signal)
    assert [getattr(event, "number", 1) for event in events] == [1, 2, 3, 4]
    assert signal.book == {1: D(4), 2: D(1), 3: D(-2), 4: D(-3)}


def test_an_exit_may_be_worthless_or_without_a_price_but_not_below_nothing() -> None:
    signal = posted()
    leave(signal, "1", "0")
    leave(signal, "1", None)
    with pytest.raises(InvalidInput, match="below zero"):
        leave(signal, "1", "-0.01")
    assert [e.price for e in told_by(signal) if isinstance(e, SignalExitCalled)] == [D(0), None]


def test_no_more_can_be_closed_than_is_open() -> None:
    signal = posted()
    leave(signal, "3")
    with pytest.raises(Impossible, match="only 1 are open, 2 cannot be closed"):
        leave(signal, "2")
    with pytest.raises(InvalidInput, match="above zero"):
        leave(signal, "0")


def test_settlement_takes_all_that_is_open() -> None:
    signal = posted()
    leave(signal, "1")
    settle(signal, "7.50")
    event = last_of(signal)
    assert isinstance(event, SignalSettled)
    assert (event.quantity, event.price, signal.open_quantity) == (D(3), D("7.50"), D(0))


def test_a_trade_is_closed_once_nothing_is_open() -> None:
    signal = posted()
    with pytest.raises(Impossible, match="4 are still open"):
        close(signal)
    leave(signal, "4")
    close(signal)
    with pytest.raises(Impossible, match="closed already"):
        close(signal)


@pytest.mark.parametrize(
    "act",
    [
        lambda signal: add(signal, "1", "1.00"),
        lambda signal: leave(signal, "1"),
        settle,
        lambda signal: signal.move_levels(
            stop=D(1), targets=(), message=MESSAGE, posted_at=NOON, at=NOON
        ),
        approve,
    ],
)
@pytest.mark.parametrize("end", ["left", "closed", "voided"])
def test_nothing_more_happens_in_a_trade_that_is_over(
    act: Callable[[Signal], None], end: str
) -> None:
    signal = posted()
    if end == "voided":
        void(signal)
    else:
        leave(signal, "4")
        if end == "closed":
            close(signal)
    before = state_of(signal)
    with pytest.raises(Impossible, match="voided" if end == "voided" else "the trade is closed"):
        act(signal)
    assert state_of(signal) == before


def test_levels_move_one_by_one_or_together() -> None:
    signal = posted()
    signal.move_levels(stop=D("1.80"), targets=(), message=MESSAGE, posted_at=NOON, at=NOON)
    assert (signal.stop, signal.targets) == (D("1.80"), (D("3.00"),))
    signal.move_levels(stop=None, targets=(D(4), D(5)), message=MESSAGE, posted_at=NOON, at=NOON)
    assert (signal.stop, signal.targets) == (D("1.80"), (D(4), D(5)))
    assert isinstance(last_of(signal), SignalLevelsMoved)
    with pytest.raises(InvalidInput, match="needs a stop or a target"):
        signal.move_levels(stop=None, targets=(), message=MESSAGE, posted_at=NOON, at=NOON)


def test_each_execution_gets_its_evidence_once() -> None:
    signal = posted()
    signal.check_price(1, evidence(), at=NOON)
    event = last_of(signal)
    assert isinstance(event, SignalPriceChecked)
    assert (event.number, event.price, event.attainable) == (1, D("2.05"), True)
    with pytest.raises(Impossible, match="price-checked already"):
        signal.check_price(1, evidence("2.10"), at=NOON)
    with pytest.raises(Impossible, match="no execution 2"):
        signal.check_price(2, evidence(), at=NOON)


def test_a_correction_lets_an_entry_count_otherwise() -> None:
    signal = posted()
    add(signal, "4", "1.00")
    correct(signal, 1, price="3.00", quantity="2")
    assert (signal.open_quantity, signal.entry_quantity) == (D(6), D(6))
    assert signal.average_entry == D(10) / 6


def test_a_correction_of_an_exit_keeps_it_an_exit() -> None:
    signal = posted()
    leave(signal, "3")
    correct(signal, 2, price="0", quantity="1")
    assert (signal.book, signal.average_entry) == ({1: D(4), 2: D(-1)}, D(2))


def test_a_corrected_exit_may_open_a_closed_trade_again() -> None:
    signal = posted()
    leave(signal, "4")
    close(signal)
    correct(signal, 2, quantity="3")
    leave(signal, "1")
    close(signal)
    assert signal.open_quantity == 0


@pytest.mark.parametrize(
    ("number", "changes", "refusal", "why"),
    [
        (3, {"price": "1"}, Impossible, "no execution 3"),
        (1, {}, InvalidInput, "needs a price or a quantity"),
        (1, {"price": "0"}, InvalidInput, "cannot be right"),
        (2, {"price": "-1"}, InvalidInput, "cannot be right"),
        (1, {"price": "NaN"}, InvalidInput, "cannot be right"),
        (2, {"price": "Infinity"}, InvalidInput, "cannot be right"),
        (1, {"quantity": "0"}, InvalidInput, "without its first entry"),
        (2, {"quantity": "-1"}, InvalidInput, "below zero"),
        (1, {"quantity": "2"}, Impossible, "more would be closed than was opened"),
        (2, {"quantity": "5"}, Impossible, "more would be closed than was opened"),
    ],
)
def test_a_correction_that_cannot_be_right_is_refused(
    number: int, changes: dict[str, str], refusal: type[DomainError], why: str
) -> None:
    signal = posted()
    leave(signal, "3")
    before = state_of(signal)
    with pytest.raises(refusal, match=why):
        correct(signal, number, **changes)
    assert state_of(signal) == before


def test_a_voided_signal_counts_for_nothing_and_for_good() -> None:
    signal = posted()
    void(signal)
    with pytest.raises(Impossible, match="voided"):
        correct(signal, price="3.00")
    with pytest.raises(Impossible, match="voided already"):
        void(signal)


amounts = st.integers(1, 4).map(str)
prices = st.integers(1, 900).map(lambda cents: str(D(cents) / 100))
acts = st.one_of(
    st.tuples(st.just(add), amounts, prices),
    st.tuples(st.just(leave), amounts, prices | st.none()),
    st.tuples(st.just(settle), prices),
    st.tuples(st.sampled_from([close, approve, reject, void])),
    st.builds(
        lambda number, price, quantity: (
            lambda signal: correct(signal, number, price=price, quantity=quantity),
        ),
        st.integers(1, 4),
        st.none() | prices,
        st.none() | amounts,
    ),
)


@given(st.lists(acts, max_size=12))
def test_whatever_happens_no_more_is_closed_than_opened_and_replay_is_the_same(
    happened: list[tuple[Callable[..., None], *tuple[str, ...]]],
) -> None:
    signal = posted()
    for act, *figures in happened:
        before = state_of(signal)
        try:
            act(signal, *figures)
        except DomainError:
            assert state_of(signal) == before, "a refusal changes nothing"
        assert signal.open_quantity >= 0
        assert not (signal.closed and signal.open_quantity)
    events = told_by(signal)
    assert names_of(events).count("signal.approved") <= 1
    assert state_of(replayed(events)) == state_of(signal)
    assert isinstance(signal.id, UUID)
