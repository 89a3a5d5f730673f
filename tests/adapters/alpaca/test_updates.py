"""The stream of updates: lost and found again, doubled, out of order, in words nobody knows."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.alpaca.lines import Line
from adapters.alpaca.reports import of_leg, of_update
from adapters.alpaca.stream import _update
from adapters.alpaca.wire import RawOrder, RawUpdate
from application.ports import Unavailable
from domain.fix import Side
from domain.reports import ExecType, ExecutionReport
from tests.adapters.alpaca.faults import BREAK, Fault
from tests.adapters.alpaca.settlement import bust
from tests.adapters.alpaca.under_test import Alpaca, listens
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, VERTICAL, Told, ticket
from tests.patience import wait_until

D = Decimal
NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)


def fills(reports: list[ExecutionReport]) -> list[tuple[str, Decimal | None]]:
    return [(r.cl_ord_id, r.cum_qty) for r in reports if r.exec_type is ExecType.TRADE]


def cut(under: Alpaca) -> None:
    """The stream is cut, and nobody is let in again until `let_in`."""
    under.fake.cut(lets_in=False)

    def is_lost() -> bool:
        with suppress(Unavailable):
            under.broker.reports(0.02)
        return not under.broker.is_connected

    wait_until(is_lost, "the stream was not lost")


def test_nothing_is_heard_before_the_start(under: Alpaca) -> None:
    other = under.connect()
    assert not other.is_connected
    with pytest.raises(Unavailable, match="down"):
        other.reports(0)


def test_while_the_stream_is_cut_nobody_is_connected(under: Alpaca) -> None:
    cut(under)
    assert not under.broker.is_connected
    with pytest.raises(Unavailable, match="down"):
        under.broker.reports(0)
    under.fake.let_in()
    listens(under.broker)


def test_what_was_told_before_the_cut_is_given_out(under: Alpaca) -> None:
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="100.00")))
    told.until("o-1", ExecType.NEW)
    under.show(SHARE, "99.00", "99.90")
    under.fake.cut(lets_in=False)
    (fill,) = told.until("o-1", ExecType.TRADE)
    assert (fill.last_qty, fill.last_px) == (D(10), D("99.90"))
    under.fake.let_in()
    listens(under.broker)


def test_fills_that_were_missed_are_found_once(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="189.20")))
    told.until("o-1", ExecType.TRADE)
    cut(under)
    under.show(SHARE, "189.00", "189.10", offer_size=3)
    under.show(SHARE, "189.00", "189.15")
    under.fake.let_in()
    found = under.heard()
    assert fills(found) == [("o-1", D(7)), ("o-1", D(10))]
    assert [f.last_px for f in found if f.exec_type is ExecType.TRADE] == [D("189.10"), D("189.15")]
    cut(under)
    under.fake.let_in()
    listens(under.broker)
    assert under.heard() == []


def test_an_end_that_was_missed_is_found(under: Alpaca) -> None:
    under.broker.submit(ticket(under, "o-1", limit="100.00"))
    under.heard()
    cut(under)
    with under.fake.market() as exchange:
        exchange.end_day()
    under.fake.let_in()
    assert [report.exec_type for report in under.heard()] == [ExecType.EXPIRED]


def test_a_fill_of_an_order_sent_elsewhere_is_found_too(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    other = under.another()
    under.broker.submit(ticket(under, "before"))
    under.heard()
    cut(under)
    other.submit(ticket(under, "elsewhere"))
    under.fake.let_in()
    assert fills(under.heard()) == [("elsewhere", D(10))]


def test_what_was_missed_is_asked_for_until_it_is_known(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    under.broker.submit(ticket(under, "o-1", limit="188.00"))
    under.heard()
    cut(under)
    under.show(SHARE, "187.00", "187.50")
    with under.failing(Fault(BREAK, "GET", times=None)):
        under.fake.let_in()
        assert under.broker.await_connection(5)
        with pytest.raises(Unavailable):
            under.broker.reports(1)
    assert fills(under.heard()) == [("o-1", D(10))]


def test_a_message_that_comes_twice_is_told_once(under: Alpaca) -> None:
    under.fake.faults.stream.double = 100
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    under.broker.submit(ticket(under, "o-1", limit="189.20"))
    under.show(SHARE, "189.00", "189.10")
    found = under.heard()
    assert len({report.exec_id for report in found}) == len(found)
    assert fills(found) == [("o-1", D(4)), ("o-1", D(10))]


def test_messages_out_of_order_are_all_told(under: Alpaca) -> None:
    under.fake.faults.stream.swap = 2
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    under.broker.submit(ticket(under, "o-1", limit="189.20"))
    under.show(SHARE, "189.00", "189.10")
    kinds = [report.exec_type for report in under.heard()]
    assert sorted(kinds) == sorted([ExecType.NEW, ExecType.PENDING_NEW, *[ExecType.TRADE] * 2])
    assert kinds[0] is not ExecType.PENDING_NEW


def test_a_message_that_cannot_be_read_loses_nothing(under: Alpaca) -> None:
    """The connection is given up for it, and what was told is asked for at the next."""
    under.show(SHARE, "189.00", "189.20")
    under.broker.submit(ticket(under, "o-1", limit="188.00"))
    under.heard()
    under.fake.faults.stream.lose = 100
    under.show(SHARE, "187.00", "187.50")
    under.fake.faults.clear()
    under.fake.exchange.publish({"event": "fill", "order": {"id": 7}})
    assert fills(under.heard()) == [("o-1", D(10))]


def test_a_message_that_is_lost_is_in_the_history(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    under.fake.faults.stream.lose = 100
    under.broker.submit(ticket(under, "o-1"))
    assert under.heard() == []
    assert fills(list(under.broker.history("o-1"))) == [("o-1", D(10))]


def test_a_fill_of_several_legs_waits_for_its_legs(under: Alpaca) -> None:
    under.show(CALL, "5.40", "5.50", offer_size=4)
    under.show(HIGHER, "2.20", "2.30")
    with under.failing(Fault(BREAK, "GET", "activities", times=None)):
        under.broker.submit(ticket(under, "o-1", legs=VERTICAL, limit="3.30"))
        for _ in range(3):
            try:
                assert fills(list(under.broker.reports(0.05))) == []
            except Unavailable:
                continue
    under.show(CALL, "5.40", "5.45")
    found = under.heard()
    assert fills(found) == [("o-1", D(4)), ("o-1", D(10))]
    assert {report.cl_ord_id for report in found} == {"o-1"}


def test_a_bust_takes_its_fill_back_and_the_order_trades_again(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20", offer_size=4)
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="189.20")))
    (fill,) = told.until("o-1", ExecType.TRADE)
    with under.fake.market() as exchange:
        bust(exchange, "o-1")
    (taken_back,) = told.until("o-1", ExecType.TRADE_CANCEL)
    assert (taken_back.ref_exec_id, taken_back.cum_qty) == (fill.exec_id, D(0))
    under.show(SHARE, "189.00", "189.15", offer_size=4)
    fills_told = told.until("o-1", ExecType.TRADE, count=2)
    assert [(each.cum_qty, each.last_px) for each in fills_told] == [
        (D(4), D("189.20")),
        (D(4), D("189.15")),
    ]


def test_a_bust_of_one_leg_is_told_of_the_whole_and_names_no_fill() -> None:
    (report,) = of_leg(update("trade_bust", executed="e-2", corrects="e-1", px="1.5"), "o-1")
    assert (report.exec_type, report.cl_ord_id) == (ExecType.TRADE_CANCEL, "o-1")
    assert report.ref_exec_id == ""
    assert "one leg" in report.text
    assert of_leg(update("fill", executed="e-1", px="1.5"), "o-1") == []


def test_an_order_that_nobody_here_sent_has_its_own_name(under: Alpaca) -> None:
    under.show(SHARE, "189.00", "189.20")
    with under.fake.market() as exchange:
        body = {"symbol": SHARE, "qty": "1", "side": "buy", "type": "market",
                "time_in_force": "day", "client_order_id": "from-the-dashboard"}  # fmt: skip
        exchange.submit(body)
    assert fills(under.heard()) == [("from-the-dashboard", D(1))]


def test_a_key_that_the_stream_refuses_is_said(under: Alpaca) -> None:
    access = under.fake.access
    other = under.connect(
        type(access)(
            key=access.key, secret="other", trading_url=access.trading_url, data_url=access.data_url
        )
    )
    with other:

        def is_refused() -> bool:
            with pytest.raises(Unavailable) as error:
                other.reports(0.02)
            return "refuses the key" in str(error.value)

        wait_until(is_refused)
        assert not other.is_connected


def update(
    event: str, *, executed: str = "", corrects: str = "", px: str = "", replaces: str | None = None
) -> RawUpdate:
    order = RawOrder(
        id="a-1", client_order_id="o-1", symbol=SHARE, side="buy", qty=D(10), filled_qty=D(4),
        replaces=replaces,
    )  # fmt: skip
    return RawUpdate(
        event=event, order=order, timestamp=NOON, execution_id=executed or None,
        previous_execution_id=corrects or None, price=D(px) if px else None,
        qty=D(4) if px else None,
    )  # fmt: skip


def reported(told: RawUpdate) -> ExecutionReport:
    return of_update(told, Line("o-1", Side.BUY, (told.order,)))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("new", ExecType.NEW),
        ("accepted", ExecType.NEW),
        ("held", ExecType.NEW),
        ("pending_new", ExecType.PENDING_NEW),
        ("canceled", ExecType.CANCELED),
        ("expired", ExecType.EXPIRED),
        ("done_for_day", ExecType.DONE_FOR_DAY),
        ("replaced", ExecType.STATUS),
        ("rejected", ExecType.REJECTED),
        ("pending_cancel", ExecType.PENDING_CANCEL),
        ("pending_replace", ExecType.PENDING_REPLACE),
        ("stopped", ExecType.STATUS),
        ("suspended", ExecType.SUSPENDED),
        ("calculated", ExecType.STATUS),
        ("order_replace_rejected", ExecType.REPLACE_REJECTED),
        ("order_cancel_rejected", ExecType.CANCEL_REJECTED),
        ("something_new_in_2027", ExecType.STATUS),
    ],
)
def test_every_event_has_its_kind_of_report(event: str, kind: ExecType) -> None:
    report = reported(update(event))
    assert (report.exec_type, report.cl_ord_id, report.cum_qty) == (kind, "o-1", D(4))
    assert report.transact_time == NOON
    if kind is ExecType.STATUS:
        assert report.text == event


@pytest.mark.parametrize(
    ("event", "corrects", "kind", "ids"),
    [
        ("fill", "", ExecType.TRADE, ("e-2", "")),
        ("partial_fill", "", ExecType.TRADE, ("e-2", "")),
        ("trade_bust", "e-1", ExecType.TRADE_CANCEL, ("e-2", "e-1")),
        ("trade_correct", "e-1", ExecType.TRADE_CORRECT, ("e-2", "e-1")),
        ("trade_bust", "", ExecType.TRADE_CANCEL, ("e-2:trade_bust", "e-2")),
    ],
)
def test_trades_have_the_execution_and_its_figures(
    event: str, corrects: str, kind: ExecType, ids: tuple[str, str]
) -> None:
    report = reported(update(event, executed="e-2", corrects=corrects, px="1.5"))
    assert report.exec_type is kind
    assert (report.exec_id, report.ref_exec_id) == ids
    assert (report.last_qty, report.last_px) == (D(4), D("1.5"))
    assert (report.cum_qty, report.leaves_qty) == (D(4), D(6))


def test_a_fill_without_figures_says_only_how_much_has_traded() -> None:
    report = reported(update("fill", executed="e-1"))
    assert (report.exec_type, report.cum_qty, report.last_qty) == (ExecType.STATUS, D(4), D(0))


def test_a_rejected_replacement_rejects_no_order() -> None:
    assert reported(update("rejected", replaces="a-0")).exec_type is ExecType.REPLACE_REJECTED


def test_a_message_is_read_as_text_or_bytes_and_figures_stay_exact() -> None:
    text = (
        '{"stream":"trade_updates","data":{"event":"fill","price":"0.1","qty":0.30,'
        '"timestamp":"2026-11-18T17:00:00.123456789Z","order":{"id":"a-1","new_field":{}}}}'
    )
    for message in (text, text.encode()):
        found = _update(message)
        assert found is not None
        assert (found.price, found.qty) == (D("0.1"), D("0.30"))
        assert found.happened_at == NOON.replace(microsecond=123457)
    assert _update('{"stream":"listening","data":{"streams":[]}}') is None
