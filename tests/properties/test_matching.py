"""Whatever is asked of the engine and however the market moves: what was said adds up to what is
held, to the cent, and nothing trades better than the far side or beyond what was quoted.

The ledger here is kept by reports and entries alone, apart from the engine's own.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fix import OrdStatus, Side
from domain.instruments import instrument
from domain.legs import Leg
from domain.market import Quote
from domain.matching.engine import Engine
from domain.matching.fees import charged
from domain.matching.orders import EngineOrder
from domain.matching.rules import Rules
from domain.reports import ExecType, ExecutionReport, LegFill
from domain.shared import cents
from tests.domain.matching.given import (
    CALL,
    CLOSE,
    FRIDAY,
    HIGHER,
    NOON,
    SHARE,
    TODAY,
    D,
    engine,
    order,
)

SYMBOLS = (SHARE, CALL, HIGHER)
CASH = D(20_000)
SECOND = timedelta(seconds=1)
ENDED = (ExecType.REJECTED, ExecType.CANCELED, ExecType.EXPIRED)

prices = st.integers(1, 1200).map(lambda pennies: D(pennies) / 100)
maybe_price = st.none() | prices.map(str)
sides = st.sampled_from(Side)
rules = st.builds(
    Rules,
    slippage_ticks=st.sampled_from([0, 0, 3]),
    slippage_bps=st.sampled_from([D(0), D(7)]),
    short_shares=st.booleans(),
    commission_per_share=st.sampled_from([D(0), D("0.0035")]),
)


@st.composite
def tickets(draw: st.DrawFn) -> dict[str, Any]:
    side = draw(sides)
    asked: dict[str, Any] = {
        "side": side,
        "symbol": draw(st.sampled_from(SYMBOLS)),
        "quantity": str(draw(st.integers(1, 15))),
        "closing": draw(st.booleans()),
        "limit": draw(maybe_price),
        "stop": draw(st.none() | maybe_price),
    }
    if draw(st.integers(0, 3)) == 0:
        other = side.opposite
        ratio = draw(st.integers(1, 2))
        asked["legs"] = (
            Leg(symbol=CALL, side=side),
            Leg(symbol=HIGHER, side=other, ratio=ratio),
        )
    elif draw(st.integers(0, 3)) == 0:
        asked["stop_loss"], asked["take_profit"] = draw(maybe_price), draw(maybe_price)
    return asked


@st.composite
def quotes(draw: st.DrawFn) -> tuple[str, Decimal, Decimal, int | None, int | None]:
    low, high = sorted((draw(prices), draw(prices)))
    bid = draw(st.sampled_from([low, low, low, D(0)]))
    size = st.none() | st.integers(0, 12)
    return draw(st.sampled_from(SYMBOLS)), bid, high, draw(size), draw(size)


OPENED: list[tuple[str, Any]] = [
    ("look", (SHARE, D("9.90"), D("10.00"), None, 30)),
    ("look", (CALL, D("2.00"), D("2.10"), None, 12)),
    ("look", (HIGHER, D("0.90"), D("1.00"), 9, None)),
    ("take", {"symbol": SHARE, "quantity": "40", "stop_loss": "8", "take_profit": "11"}),
    ("take", {"symbol": CALL, "quantity": "15"}),
    ("take", {"side": Side.SELL, "symbol": HIGHER, "quantity": "12", "limit": "0.80"}),
]
"""Something is held and something rests before chance begins."""

steps = st.lists(
    st.tuples(st.just("take"), tickets())
    | st.tuples(st.just("look"), quotes())
    | st.tuples(st.just("look"), quotes())
    | st.tuples(st.just("cancel"), st.integers(0, 20))
    | st.tuples(st.just("replace"), st.tuples(st.integers(0, 20), maybe_price, st.integers(1, 20)))
    | st.tuples(st.just("end"), st.none()),
    min_size=10,
    max_size=60,
).map(lambda acts: [*OPENED, *acts])


class Ledger:
    """The account by what was said of it, and how much of each quote was taken."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cash = CASH
        self.held: dict[str, Decimal] = defaultdict(Decimal)
        self.shown: dict[str, Quote] = {}
        self.used: dict[tuple[str, Side], Decimal] = defaultdict(Decimal)
        self.traded: dict[str, Decimal] = defaultdict(Decimal)
        self.ids: set[str] = set()

    def show(self, quote: Quote) -> None:
        self.shown[quote.symbol] = quote
        for side in Side:
            self.used.pop((quote.symbol, side), None)

    def hear(self, reports: list[ExecutionReport]) -> None:
        for report in reports:
            order = self.engine.orders.get(report.cl_ord_id)
            if order is None or report.exec_id.endswith("-taken"):
                continue
            assert report.exec_id not in self.ids
            self.ids.add(report.exec_id)
            if report.exec_type is ExecType.TRADE:
                self.fill(order, report)
            assert report.leaves_qty is not None
            assert report.cum_qty == self.traded[report.cl_ord_id]
            if report.exec_type in ENDED:
                assert report.leaves_qty == 0

    def fill(self, order: EngineOrder, report: ExecutionReport) -> None:
        """Books a fill, and holds it against the quote that was shown."""
        self.traded[report.cl_ord_id] += report.last_qty
        leg = order.legs[0]
        parts = report.legs or (
            LegFill(symbol=leg.symbol, side=leg.side, last_qty=report.last_qty,
                    last_px=report.last_px),
        )  # fmt: skip
        for part in parts:
            self.trade(part, single=len(parts) == 1)
        self.cash -= report.commission
        if order.limit_px is not None:
            assert (report.last_px - order.limit_px) * order.side.sign <= 0

    def trade(self, part: LegFill, *, single: bool) -> None:
        quote = self.shown[part.symbol]
        bought = part.side is Side.BUY
        far, size = (quote.offer, quote.offer_size) if bought else (quote.bid, quote.bid_size)
        assert (part.last_px - far) * part.side.sign >= 0
        assert part.last_qty > 0
        self.used[part.symbol, part.side] += part.last_qty
        given_away = not single and not bought and quote.bid == 0
        assert size is None or given_away or self.used[part.symbol, part.side] <= size
        signed = part.side.sign * part.last_qty
        self.held[part.symbol] += signed
        self.cash -= cents(signed * part.last_px * instrument(part.symbol).multiplier)

    def check(self) -> None:
        """What the engine holds is what was said."""
        book = self.engine.book
        assert book.cash == self.cash
        assert {name: held for name, held in self.held.items() if held} == {
            name: position.quantity for name, position in book.positions.items()
        }
        for each in self.engine.orders.values():
            assert each.order_qty - each.cum_qty >= 0 or not each.is_open
            assert each.cum_qty == self.traded[each.cl_ord_id]
            assert (each.status is OrdStatus.FILLED) == (each.cum_qty == each.order_qty)
        resting = self.engine.resting()
        assert {o.cl_ord_id for o in resting} == {
            o.cl_ord_id for o in self.engine.orders.values() if o.is_open
        }
        assert abs(book.held_back - sum(o.held_back for o in resting)) < D("1e-9")
        if not self.engine.rules.short_shares:
            assert book.quantity(SHARE) >= 0

    def settle_fees(self) -> None:
        for name, amount in self.engine.book.accrued.items():
            assert name in ("SEC", "TAF", "ORF")
            self.cash -= charged(amount)


@settings(max_examples=150)
@given(rules, steps)
def test_what_was_said_adds_up_to_what_is_held(
    given_rules: Rules, acts: list[tuple[str, Any]]
) -> None:
    made = engine(str(CASH), given_rules)
    ledger, now = Ledger(made), NOON
    for number, (act, said) in enumerate(acts):
        now += SECOND
        if act == "take":
            # In a market that is closed only pairs trade; here it is open.
            ledger.hear(made.take(order(f"o{number}", **said), [], now))
        elif act == "look":
            symbol, bid, offer, bid_size, offer_size = said
            quote = Quote(
                symbol=symbol, bid=bid, offer=offer, time=now, source="test",
                bid_size=bid_size, offer_size=offer_size,
            )  # fmt: skip
            ledger.show(quote)
            ledger.hear(made.look([quote]))
        elif act == "cancel":
            ledger.hear(made.cancel(f"o{said}", now))
        elif act == "replace":
            which, limit, quantity = said
            terms = order("-", limit=limit, quantity=str(quantity))
            ledger.hear(made.replace(f"o{which}", terms, now))
        else:
            ledger.settle_fees()
            ledger.hear(made.end_of_day(TODAY, now))
        ledger.check()


@settings(max_examples=150)
@given(rules, steps, prices, prices)
def test_entries_alone_give_cash_and_holdings(
    given_rules: Rules, acts: list[tuple[str, Any]], share: Decimal, tesla: Decimal
) -> None:
    made, now = engine(str(CASH), given_rules), NOON
    for number, (act, said) in enumerate(acts):
        now += SECOND
        if act == "take":
            made.take(order(f"o{number}", **said), [], now)
        elif act == "look":
            made.look([Quote(symbol=said[0], bid=said[1], offer=said[2], time=now, source="t")])
    made.end_of_day(TODAY, CLOSE)
    made.settle(FRIDAY, {("TSLA", FRIDAY): tesla + 245, ("AAPL", FRIDAY): share}, CLOSE)
    entries = made.drain().entries
    assert made.book.cash == CASH + sum(entry.amount - entry.commission for entry in entries)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        assert entry.amount == cents(entry.amount)
        held[entry.symbol] += entry.quantity
    assert {name: quantity for name, quantity in held.items() if quantity} == {
        name: position.quantity for name, position in made.book.positions.items()
    }
    assert not {CALL, HIGHER} & made.book.positions.keys()
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
