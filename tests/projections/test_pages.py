"""Queries: pages join up, filters hold, and a page as once known is what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from domain.approvals import Role
from domain.fix import OrdStatus
from domain.members import Token
from domain.signal_events import Decision
from projections import (
    accounts,
    approval_queue,
    blotter,
    signal_feed,
    timeline,
    tokens,
    trader_profiles,
)
from projections.runner import Runner
from projections.signal_rows import TradeState
from tests.benchmarks.history import write_history
from tests.projections import desk
from tests.projections.tape import Tape, reading
from tests.projections.test_versions import FEEDS

EVENTS = 900


@pytest.fixture
def follower(tape: Tape) -> Iterator[Runner]:
    runner = Runner(reading(tape.url), FEEDS)
    runner.start()
    yield runner
    runner.close()


@pytest.fixture
def told(tape: Tape, follower: Runner) -> Tape:
    """A community's history, folded."""
    write_history(tape.url, EVENTS, traders=12, days=6, seed=7)
    follower.catch_up()
    return tape


def pages(page: Callable[[Any], list[Any]], after: Callable[[Any], Any]) -> list[Any]:
    """All rows, a page at a time."""
    found: list[Any] = []
    while rows := page(after(found[-1]) if found else None):
        found += rows
    return found


def signal_pages(told: Tape, limit: int, **wanted: Any) -> list[Any]:
    return pages(
        lambda after: signal_feed.signals(told.connection, after=after, limit=limit, **wanted),
        lambda row: (row.posted_at, row.signal),
    )


def test_pages_of_signals_join_up(told: Tape) -> None:
    in_one = signal_feed.signals(told.connection, limit=1_000)
    assert len(in_one) > 30
    assert in_one == sorted(in_one, key=lambda r: (r.posted_at, r.signal), reverse=True)
    for limit in (1, 7, 50):
        assert signal_pages(told, limit) == in_one


@pytest.mark.parametrize("as_of", [None, 300, 450, EVENTS])
def test_filtered_signals_are_those_of_all_that_fit(told: Tape, as_of: int | None) -> None:
    everything = signal_feed.signals(told.connection, as_of=as_of, limit=1_000)
    some = everything[len(everything) // 2]
    wanted: list[dict[str, Any]] = [
        {"trader": some.trader},
        {"channel": some.channel},
        {"symbol": some.symbol},
        {"state": TradeState.OPEN},
        {"state": TradeState.CLOSED, "trader": some.trader},
        {"decision": Decision.REJECTED},
    ]
    for filters in wanted:
        fitting = [
            row for row in everything if all(getattr(row, n) == v for n, v in filters.items())
        ]
        assert signal_pages(told, 3, as_of=as_of, **filters) == fitting


def test_signals_as_once_known_are_the_versions_of_that_time(told: Tape) -> None:
    for position in (1, 200, 500):
        rows = signal_feed.signals(told.connection, as_of=position, limit=1_000)
        assert all(row.valid_from <= position < row.valid_to for row in rows)
        count = told.connection.execute(
            "SELECT count(*) FROM tape.events WHERE name = 'signal.posted' AND position <= %s",
            (position,),
        ).fetchone()
        assert count == (len(rows),)


def test_one_signal_is_found_with_its_executions_now_and_then(told: Tape) -> None:
    found = next(
        row
        for row in signal_feed.signals(told.connection, limit=1_000)
        if row.state is TradeState.CLOSED
    )
    assert signal_feed.signal(told.connection, found.signal) == found
    now = signal_feed.executions(told.connection, found.signal)
    assert [row.number for row in now] == [1, 2]
    posted = told.connection.execute(
        "SELECT first_position FROM tape.streams WHERE stream = %s", (found.signal,)
    ).fetchone()
    assert posted is not None
    then = signal_feed.signal(told.connection, found.signal, as_of=posted[0])
    assert then is not None
    assert (then.version, then.state) == (1, TradeState.OPEN)
    assert signal_feed.signal(told.connection, found.signal, as_of=posted[0] - 1) is None
    assert len(signal_feed.executions(told.connection, found.signal, as_of=posted[0])) == 1


@pytest.mark.parametrize("as_of", [None, 400])
def test_pages_of_orders_join_up(told: Tape, as_of: int | None) -> None:
    in_one = blotter.orders(told.connection, as_of=as_of, limit=1_000)
    assert len(in_one) > 20
    in_pages = pages(
        lambda after: blotter.orders(told.connection, as_of=as_of, after=after, limit=7),
        lambda row: (row.requested_at, row.order_stream),
    )
    assert in_pages == in_one
    filled = blotter.orders(told.connection, as_of=as_of, status=OrdStatus.FILLED, limit=1_000)
    assert filled == [row for row in in_one if row.status is OrdStatus.FILLED]
    of_signal = blotter.orders(told.connection, as_of=as_of, signal=in_one[0].signal)
    assert of_signal == [row for row in in_one if row.signal == in_one[0].signal]


def test_an_order_is_found_by_either_id_with_its_fills(told: Tape) -> None:
    row = blotter.orders(told.connection, status=OrdStatus.FILLED, limit=1)[0]
    assert blotter.order(told.connection, row.order_stream) == row
    assert blotter.order_by_cl_ord_id(told.connection, row.cl_ord_id) == row
    fills = blotter.fills(told.connection, row.order_stream)
    assert sum(fill.quantity for fill in fills) == row.cum_qty
    assert blotter.order_by_cl_ord_id(told.connection, "none") is None


@pytest.mark.parametrize("as_of", [None, 400])
def test_the_queue_is_in_the_order_of_waiting(
    told: Tape, follower: Runner, as_of: int | None
) -> None:
    for number in (1, 2, 3):
        told.save(desk.signal(number, valid_until=desk.minute(10 * number)))
    follower.catch_up()
    in_one = approval_queue.pending(told.connection, as_of=as_of, limit=1_000)
    assert in_one == sorted(in_one, key=lambda row: (row.posted_at, row.signal))
    in_pages = pages(
        lambda after: approval_queue.pending(told.connection, as_of=as_of, after=after, limit=1),
        lambda row: (row.posted_at, row.signal),
    )
    assert in_pages == in_one


def test_lapsed_signals_are_found_in_the_order_of_their_ends(tape: Tape, follower: Runner) -> None:
    signals = [desk.signal(number, valid_until=desk.minute(number)) for number in (3, 1, 2)]
    tape.save(*signals, desk.signal(4))
    follower.catch_up()
    lapsed = approval_queue.lapsed(tape.connection, desk.minute(3))
    assert lapsed == [signals[1].id, signals[2].id]
    waiting = approval_queue.waiting(tape.connection, signals[0].id)
    assert waiting is not None
    assert waiting.valid_until == desk.minute(3)


def a_trader(told: Tape) -> UUID:
    return trader_profiles.profiles(told.connection, limit=1)[0].trader


def an_ordered_signal(told: Tape) -> UUID:
    """The signal of the first order, which has more than one."""
    signals = [order.signal for order in blotter.orders(told.connection, limit=1_000)]
    assert signals[-1] is not None
    assert signals.count(signals[-1]) > 1
    return signals[-1]


@pytest.mark.parametrize("as_of", [None, 300])
@pytest.mark.parametrize(
    ("subject_of", "name", "more_than"),
    [(a_trader, "trader.registered", 10), (an_ordered_signal, "order.filled", 5)],
)
def test_a_story_is_read_from_either_end(
    told: Tape,
    subject_of: Callable[[Tape], UUID],
    name: str,
    more_than: int,
    as_of: int | None,
) -> None:
    subject = subject_of(told)
    story = timeline.timeline(told.connection, subject, as_of=as_of, limit=1_000)
    assert len(story) > more_than
    assert name in {event.name for event in story}
    assert [event.position for event in story] == sorted(
        {event.position for event in story}, reverse=True
    )
    for descending in (True, False):
        in_pages = pages(
            lambda after, descending=descending: timeline.timeline(  # type: ignore[misc]
                told.connection, subject, as_of=as_of, after=after, limit=4, descending=descending
            ),
            lambda event: event.position,
        )
        assert in_pages == (story if descending else story[::-1])


def test_traders_are_found_by_name_and_page(told: Tape) -> None:
    everyone = trader_profiles.profiles(told.connection, registered=None, limit=1_000)
    assert [row.name for row in everyone] == sorted(row.name for row in everyone)
    in_pages = pages(
        lambda after: trader_profiles.profiles(
            told.connection, registered=None, after=after, limit=5
        ),
        lambda row: (row.name, row.trader),
    )
    assert in_pages == everyone
    one = everyone[3]
    assert trader_profiles.profiles_named(told.connection, one.name.upper()) == [one]
    assert trader_profiles.profile(told.connection, one.trader) == one
    names = trader_profiles.names_of(told.connection, [row.trader for row in everyone])
    assert names == {row.trader: row.name for row in everyone}
    assert trader_profiles.profiles_named(told.connection, one.name, as_of=0) == []


def test_a_token_opens_until_it_is_revoked(tape: Tape, follower: Runner) -> None:
    token = Token.issue(name="bot", roles=frozenset({Role.READER}), sha256="ab" * 32, at=desk.NOON)
    tape.save(token)
    follower.catch_up()
    found = tokens.token_of(tape.connection, "ab" * 32)
    assert found is not None
    assert (found.name, found.roles) == ("bot", frozenset({Role.READER}))
    token.revoke(by="ana", at=desk.NOON)
    tape.save(token)
    follower.catch_up()
    assert tokens.token_of(tape.connection, "ab" * 32) is None
    assert tokens.tokens(tape.connection) == []
    assert [row.name for row in tokens.tokens(tape.connection, as_of=1)] == ["bot"]


def test_accounts_are_listed(told: Tape) -> None:
    assert [row.name for row in accounts.accounts(told.connection)] == ["main"]
