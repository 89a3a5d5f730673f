"""What happens to orders when Alpaca does not answer, answers late, or says no."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest

from adapters.alpaca.access import Access
from application.brokerage import Replacement
from application.ports import Unavailable
from domain.reports import ExecType
from tests.adapters.alpaca.faults import BREAK, LIMIT, Fault
from tests.adapters.alpaca.under_test import Alpaca
from tests.adapters.alpaca.updates import KEY, SECRET
from tests.adapters.brokers.under_test import SHARE, Told, ticket

D = Decimal


def orders_there(under: Alpaca) -> list[str]:
    with under.fake.market() as exchange:
        return [order.client_order_id for order in exchange.orders.values()]


def posts(under: Alpaca) -> int:
    return under.fake.rest.requests.count(("POST", "/v2/orders"))


def test_an_order_that_was_not_taken_is_sent_again_when_alpaca_says(under: Alpaca) -> None:
    with under.failing(Fault(LIMIT, "POST", times=1, retry_after_s=3)):
        (report,) = under.broker.submit(ticket(under, "o-1", limit="100.00"))
    assert report.exec_type is ExecType.PENDING_NEW
    assert under.waits == [3.0]
    assert orders_there(under) == ["o-1"]


def test_without_seconds_the_wait_ends_with_the_minute_of_alpaca(under: Alpaca) -> None:
    with under.failing(Fault(LIMIT, "POST", times=1)):
        under.broker.submit(ticket(under, "o-1", limit="100.00"))
    assert under.waits == [2.0]


def test_nobody_waits_for_ever(under: Alpaca) -> None:
    limits: tuple[tuple[float, int | None], ...] = ((60.0, 1), (0.0, None))
    for seconds, times in limits:
        fault = Fault(LIMIT, "POST", times=times, retry_after_s=seconds)
        with under.failing(fault), pytest.raises(Unavailable):
            under.broker.submit(ticket(under, "o-1", limit="100.00"))
    assert orders_there(under) == []
    assert sum(under.waits) < 5


def test_an_order_is_never_sent_again_for_an_answer_that_is_broken(under: Alpaca) -> None:
    for number, status in enumerate((500, 502, 503, 504)):
        fault = Fault(BREAK, "POST", times=None, status=status, after=True)
        with under.failing(fault), pytest.raises(Unavailable):
            under.broker.submit(ticket(under, f"o-{number}", limit="100.00"))
        assert under.broker.order(f"o-{number}") is not None
    assert posts(under) == 4
    assert under.waits == []


def test_what_is_only_read_is_read_again(under: Alpaca) -> None:
    with under.failing(Fault(BREAK, "GET", "/account$", times=2)):
        assert under.broker.account().cash == 100_000
    assert under.waits == [0.1875, 0.375]


def test_reading_ends_too(under: Alpaca) -> None:
    with under.failing(Fault(BREAK, "GET", times=None)), pytest.raises(Unavailable, match="503"):
        under.broker.account()


def test_a_second_refusal_does_not_hide_the_order_that_is_there(under: Alpaca) -> None:
    """The order itself has taken the buying power for which it is refused when sent again."""
    under.show(SHARE, "189.00", "189.20")
    order = ticket(under, "o-1", limit="189.00", quantity="500")
    with under.losing_answers(), pytest.raises(Unavailable):
        under.broker.submit(order)
    again = under.broker.submit(order)
    assert [report.exec_type for report in again] == [ExecType.NEW]


def test_while_nobody_can_look_a_second_refusal_says_nothing(under: Alpaca) -> None:
    order = ticket(under, "o-1", limit="100.00")
    under.broker.submit(order)
    with under.failing(Fault(BREAK, "GET", times=None)), pytest.raises(Unavailable):
        under.broker.submit(order)


def test_another_order_under_the_same_name_is_refused(under: Alpaca) -> None:
    under.broker.submit(ticket(under, "o-1", limit="100.00"))
    (report,) = under.broker.submit(ticket(under, "o-1", limit="100.00", quantity="11"))
    assert report.exec_type is ExecType.REJECTED
    assert "another order" in report.text
    assert orders_there(under) == ["o-1"]


def test_an_answer_that_takes_too_long_is_none(under: Alpaca) -> None:
    """The order comes to Alpaca when nobody waits for its answer any more."""
    impatient = under.connect(timeout_s=0.05)
    order = ticket(under, "o-1", limit="100.00")
    under.fake.faults.delay_s = 0.2
    with pytest.raises(Unavailable, match="Timeout"):
        impatient.submit(order)
    under.fake.faults.delay_s = 0.0
    for _ in range(5000):
        if under.broker.order("o-1") is not None:
            break
    assert [r.exec_type for r in under.broker.submit(order)] == [ExecType.NEW]
    assert orders_there(under) == ["o-1"]


def test_two_threads_that_send_the_same_order_send_it_once(under: Alpaca) -> None:
    order = ticket(under, "o-1", limit="100.00")
    answers: list[str] = []

    def send() -> None:
        answers.extend(report.cl_ord_id for report in under.broker.submit(order))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["o-1"] * 4
    assert orders_there(under) == ["o-1"]


def test_a_cancel_whose_answer_is_lost_is_asked_for_again(under: Alpaca) -> None:
    told = Told(under.broker)
    told.hear(under.broker.submit(ticket(under, "o-1", limit="100.00")))
    with under.failing(Fault("lose_answer", "DELETE", times=1)), pytest.raises(Unavailable):
        under.broker.cancel("o-1", at=under.now())
    (report,) = under.broker.cancel("o-1", at=under.now())
    assert report.exec_type is ExecType.CANCELED


def test_a_key_that_is_refused_says_so(under: Alpaca) -> None:
    other = under.connect(_with(under.fake.access, "another"))
    order = ticket(under, "o-1", limit="100.00")
    asks: tuple[Callable[[], object], ...] = (other.account, lambda: other.submit(order))
    for ask in asks:
        with pytest.raises(Unavailable, match="not authorized"):
            ask()
    assert orders_there(under) == []


def test_the_key_is_never_shown(under: Alpaca, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = [under.fake.access, under.broker, under.broker.__dict__]
    asks: tuple[Callable[[], object], ...] = (
        under.broker.account,
        lambda: under.broker.submit(ticket(under, "o-1", limit="100.00")),
        lambda: under.broker.replace("o-1", Replacement(), at=under.now()),
    )
    with under.unreachable():
        for ask in asks:
            with pytest.raises(Unavailable) as error:
                ask()
            seen += [error.value, error.value.__cause__, error.getrepr()]
    logged = [record for record in caplog.records if not record.name.startswith("websockets")]
    shown = " ".join([*map(repr, seen), *(record.getMessage() for record in logged)])
    assert KEY not in shown
    assert SECRET not in shown


def _with(access: Access, secret: str) -> Access:
    return type(access)(
        key=access.key, secret=secret, trading_url=access.trading_url, data_url=access.data_url
    )
