"""The fake refuses what the real one refuses, notices what is not as described, and can be run
as a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest
import requests

from adapters.alpaca.access import Access
from adapters.alpaca.broker import AlpacaBroker
from application.brokerage import OrderTicket
from application.ports import Unavailable
from domain.fix import OrdType, PositionEffect, Side
from domain.legs import Leg
from domain.reports import ExecType
from tests.adapters.alpaca.exchange import OPENING
from tests.adapters.alpaca.faults import LOSE_ANSWER, LOSE_REQUEST, Fault, StreamFaults
from tests.adapters.alpaca.under_test import Alpaca, listens
from tests.adapters.alpaca.updates import KEY, SECRET
from tests.adapters.brokers.under_test import CALL, HIGHER, SHARE, D, Told, ticket
from tests.architecture.source import ROOT
from tests.patience import PATIENCE_S

THEIRS = CALL.replace(" ", "")
LEGS = [
    {"symbol": THEIRS, "ratio_qty": "1", "side": "buy", "position_intent": "buy_to_open"},
    {"symbol": HIGHER.replace(" ", ""), "ratio_qty": "1", "side": "sell",
     "position_intent": "sell_to_open"},
]  # fmt: skip
Body = dict[str, Any]
OPTION: Body = {
    "symbol": THEIRS, "qty": "1", "side": "buy", "type": "limit", "limit_price": "5.50",
    "time_in_force": "day",
}  # fmt: skip
STOCK = OPTION | {"symbol": SHARE, "limit_price": "189.00"}
STRATEGY = {"qty": "1", "type": "limit", "limit_price": "3.30", "time_in_force": "day",
            "order_class": "mleg", "legs": LEGS}  # fmt: skip
EXITS = {"take_profit": {"limit_price": "9"}, "stop_loss": {"stop_price": "4"}}


def asked(url: str, method: str, path: str, body: Body | None = None) -> requests.Response:
    headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}
    return requests.request(method, f"{url}{path}", json=body, headers=headers, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (OPTION | {"order_class": "bracket", **EXITS}, "complex orders"),
        (OPTION | {"order_class": "oco", **EXITS}, "complex orders"),
        ({**OPTION, "qty": None, "notional": "500"}, "notional"),
        (OPTION | {"extended_hours": True}, "extended hours"),
        (OPTION | {"qty": "1.5"}, "integer"),
        (OPTION | {"time_in_force": "ioc"}, "time_in_force"),
        (OPTION | {"symbol": "TSLA251120C00250000"}, "expired"),
        (OPTION | {"side": "sell", "position_intent": "sell_to_open"}, "uncovered"),
        (OPTION | {"side": "sell", "position_intent": "sell_to_close"}, "insufficient qty"),
        (OPTION | {"limit_price": None}, "limit price"),
        (STOCK | {"qty": "100000"}, "insufficient buying power"),
        (STOCK | {"qty": "0"}, "qty"),
        (STOCK | {"limit_price": "189.005"}, "sub-penny"),
        (STOCK | {"order_class": "bracket", "take_profit": {"limit_price": "9"}}, "stop_loss"),
        (STOCK | {"order_class": "bracket", "take_profit": {"limit_price": "3"},
                  "stop_loss": {"stop_price": "4"}}, "beyond"),
        (STRATEGY | {"type": "stop", "stop_price": "3"}, "market or limit"),
        (STRATEGY | {"legs": LEGS[:1]}, "2 to 4 legs"),
        (STRATEGY | {"legs": [leg | {"ratio_qty": "2"} for leg in LEGS]}, "prime"),
        (STRATEGY | {"extended_hours": True}, "extended hours"),
        (STRATEGY | EXITS, "complex orders"),
    ],
)  # fmt: skip
def test_it_refuses(under: Alpaca, body: Body, words: str) -> None:
    told = {name: value for name, value in body.items() if value is not None}
    answer = asked(under.fake.url, "POST", "/v2/orders", told)
    assert answer.status_code in (403, 422)
    assert words in answer.json()["message"]
    assert under.fake.exchange.orders == {}
    under.fake.rest.breaches.clear()


def test_it_refuses_market_orders_for_options_outside_hours(under: Alpaca) -> None:
    under.fake.exchange.is_open = False
    body = {name: value for name, value in OPTION.items() if name != "limit_price"}
    answer = asked(under.fake.url, "POST", "/v2/orders", body | {"type": "market"})
    assert "market hours" in answer.json()["message"]


def test_it_refuses_new_terms_of_what_is_filled_or_not_routed_yet(under: Alpaca) -> None:
    under.show(SHARE, "188.00", "188.50")
    filled = asked(under.fake.url, "POST", "/v2/orders", STOCK).json()
    under.fake.exchange.is_open = False
    waiting = asked(under.fake.url, "POST", "/v2/orders", STOCK).json()
    for order, state in ((filled, "filled"), (waiting, "accepted")):
        answer = asked(under.fake.url, "PATCH", f"/v2/orders/{order['id']}", {"qty": "2"})
        assert (answer.status_code, state in answer.json()["message"]) == (422, True)


def test_what_is_not_as_described_is_noticed(under: Alpaca) -> None:
    asked(under.fake.url, "POST", "/v2/orders", STOCK | {"qty": 1})
    asked(under.fake.url, "POST", "/v2/orders", STOCK | {"quantity": "1"})
    asked(under.fake.url, "GET", "/v2/orders?state=open")
    asked(under.fake.url, "GET", "/v2/account/activities?page_size=many")
    with under.fake.market() as exchange:
        next(iter(exchange.orders.values())).status = "sleeping"
    asked(under.fake.url, "GET", "/v2/orders?status=all")
    found = list(under.fake.rest.breaches)
    under.fake.rest.breaches.clear()
    said = ["not of type 'string'", "no field of the request", "no parameter", "not of type",
            "is not one of"]  # fmt: skip
    assert [any(words in breach for breach in found) for words in said] == [True] * len(said)


def test_it_needs_the_key(under: Alpaca) -> None:
    answer = requests.get(f"{under.fake.url}/v2/account", timeout=PATIENCE_S)
    assert answer.status_code == 401


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The fake as a process, and its address."""
    command = [sys.executable, "-m", "tests.adapters.alpaca.server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


@pytest.mark.slow
def test_it_runs_by_itself(process: tuple[subprocess.Popen[str], str]) -> None:
    running, url = process
    quote: Body = {"symbol": SHARE, "bid": "189.00", "offer": "189.20", "offer_size": 6}
    requests.post(f"{url}/control/quote", json=quote, timeout=PATIENCE_S).raise_for_status()
    faults: Body = {"stream": {"double_share": 1.0}, "seed": 7,
              "requests": [{"kind": "lose_answer", "method": "POST"}]}  # fmt: skip
    requests.post(f"{url}/control/faults", json=faults, timeout=PATIENCE_S).raise_for_status()
    with AlpacaBroker(Access(key=KEY, secret=SECRET, trading_url=url)) as broker:
        listens(broker)
        order = OrderTicket(
            cl_ord_id="o-1", side=Side.BUY, position_effect=PositionEffect.OPEN,
            legs=(Leg(symbol=SHARE, side=Side.BUY),), order_qty=D(10),
            ord_type=OrdType.LIMIT, limit_px=D("189.20"), sent_at=OPENING,
        )  # fmt: skip
        with pytest.raises(Unavailable):
            broker.submit(order)
        told = Told(broker)
        told.until("o-1", ExecType.TRADE)
        requests.post(f"{url}/control/cut", json={}, timeout=PATIENCE_S).raise_for_status()
        requests.post(f"{url}/control/clock", json={"end_day": True}, timeout=PATIENCE_S)
        state = requests.get(f"{url}/control/state", timeout=PATIENCE_S).json()
    assert state["orders"][0] == {
        "client_order_id": "o-1", "status": "expired", "filled_qty": "6", "replaces": None,
    }  # fmt: skip
    assert state["positions"] == {SHARE: "6"}
    assert state["breaches"] == []
    assert running.poll() is None


@pytest.mark.parametrize("seed", range(2))
def test_in_a_storm_every_order_is_there_once_and_every_fill_is_told(
    under: Alpaca, seed: int
) -> None:
    chance = Random(seed)
    faults = under.fake.faults
    faults.chance.seed(seed)
    faults.stream = StreamFaults(lose_share=0.1, double_share=0.2, swap_share=0.2)
    faults.requests += [Fault(LOSE_ANSWER, "POST", times=None, chance=0.2),
                        Fault(LOSE_REQUEST, times=None, chance=0.1)]  # fmt: skip
    told = Told(under.broker)
    unknown: list[OrderTicket] = []
    names = [f"o-{number}" for number in range(30)]
    for name in names:
        limit = f"{chance.randrange(18800, 19000) / 100:.2f}"
        order = ticket(under, name, limit=limit, quantity="3")
        try:
            under.broker.submit(order)
        except Unavailable:
            unknown.append(order)
        offer = chance.randrange(18850, 18950)
        under.show(SHARE, f"{(offer - 10) / 100:.2f}", f"{offer / 100:.2f}", offer_size=2)
        if chance.random() < 0.1:
            under.fake.cut()
        with suppress(Unavailable):
            told.hear(under.broker.reports(0.01))
    faults.clear()
    under.fake.cut()
    told.hear(under.heard())
    for order in unknown:
        under.broker.submit(order)
    for name in names:
        told.hear(under.broker.history(name))
        found = under.broker.order(name)
        assert found is not None
        assert sum((fill.last_qty for fill in told.fills(name)), D(0)) == found.cum_qty
    sent = [order.client_order_id for order in under.fake.exchange.orders.values()]
    assert sorted(sent) == sorted(names)
    heard = sum((fill.last_qty for name in names for fill in told.fills(name)), D(0))
    assert heard == sum(position.quantity for position in under.broker.positions())
