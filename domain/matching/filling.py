"""Whether an order trades with the quotes as they are, at which price, and what that books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from domain.fix import OrdStatus, OrdType, Side
from domain.instruments import instrument
from domain.legs import Leg, multiplier_of
from domain.market import exchange_day
from domain.matching import checks
from domain.matching.book import Book
from domain.matching.depth import Depth
from domain.matching.orders import EngineOrder
from domain.matching.rules import Rules
from domain.reports import ExecType, ExecutionReport, LegFill

NOTHING = Decimal(0)
LegPrices = list[tuple[Leg, Decimal]]


class Filler:
    """Trades orders of one account with the quotes."""

    def __init__(self, book: Book, rules: Rules, depth: Depth) -> None:
        self._book = book
        self._rules = rules
        self._depth = depth

    def why_no_market(self, order: EngineOrder, now: datetime) -> str:
        """Why a market order finds nobody, or nothing."""
        why_not = self._depth.why_unusable(order.legs, now, self._rules.quote_age)
        if why_not:
            return why_not
        if len(order.legs) == 1 and order.side is Side.SELL:
            bid = self._depth.far_side(order.side, order.legs)
            if bid is not None and bid <= 0:
                return f"nobody bids for {order.legs[0].symbol}"
        return ""

    def trade(self, order: EngineOrder, now: datetime, reports: list[ExecutionReport]) -> str:
        """Lets an order trade as far as it can.

        Returns why it has to end without having traded whole, or nothing.
        """
        far = self._depth.far_side(order.side, order.legs)
        # Most looks end here, at one comparison.
        if far is None or _is_far_off(order, far):
            return ""
        if self._depth.why_unusable(order.legs, now, self._rules.quote_age):
            return ""
        if order.waits_for_its_stop and not _triggers(order, far, now, reports):
            return ""
        if not _is_reached(order, far):
            return ""
        quantity = order.leaves_qty
        left = self._depth.units_left(order.legs)
        if left is not None:
            quantity = min(quantity, left)
        if order.closes:
            quantity = min(quantity, self._held(order))
            if quantity <= 0 and (left is None or left > 0):
                return "what it would close is no longer held"
        if quantity <= 0:
            return ""
        prices = self._prices(order, far)
        commissions = [self._rules.commission((leg,), quantity) for leg, _ in prices]
        why_not = "" if order.closes else self._why_not_paid(order, prices, quantity, commissions)
        if not why_not:
            reports.append(self._fill(order, prices, quantity, commissions, now))
        return why_not

    def _held(self, order: EngineOrder) -> Decimal:
        """How many units of what the order closes the account has."""
        held = (-leg.side.sign * self._book.quantity(leg.symbol) / leg.ratio for leg in order.legs)
        return max(min(held), NOTHING)

    def _why_not_paid(
        self, order: EngineOrder, prices: LegPrices, quantity: Decimal,
        commissions: Sequence[Decimal],
    ) -> str:  # fmt: skip
        """Why the account cannot pay for a fill: the market may have run away from the price
        that was reckoned with when the order came.
        """
        at = {leg.symbol: px for leg, px in prices}
        needed = self._book.needed(order.legs, quantity, at, sum(commissions, NOTHING))
        return checks.why_not_paid(needed, self._book.buying_power + order.held_back)

    def _prices(self, order: EngineOrder, far: Decimal) -> LegPrices:
        """What each leg trades at: its far side, and worse by the slippage as far as the limit
        of the whole allows.
        """
        net, limit, prices = far, order.limit_px, []
        for leg in order.legs:
            quote = self._depth.quotes[leg.symbol]
            at = quote.offer if leg.side is Side.BUY else quote.bid
            worse = self._rules.slipped(leg.side, at)
            slip = abs(worse - at) * leg.ratio * order.side.sign
            if limit is not None and (net + slip - limit) * order.side.sign > 0:
                worse = limit if len(order.legs) == 1 and leg.ratio == 1 else at
                slip = abs(worse - at) * leg.ratio * order.side.sign
            net += slip
            prices.append((leg, worse))
        return prices

    def _fill(
        self, order: EngineOrder, prices: LegPrices, quantity: Decimal,
        commissions: Sequence[Decimal], now: datetime,
    ) -> ExecutionReport:  # fmt: skip
        day, net = exchange_day(now), NOTHING
        order.cum_qty += quantity
        for (leg, px), commission in zip(prices, commissions, strict=True):
            net += px * leg.ratio * leg.side.sign * order.side.sign
            many = quantity * leg.ratio
            self._depth.take(leg.symbol, leg.side, many)
            entry = self._book.trade(
                leg, many, px, now, day,
                commission=commission, cl_ord_id=order.cl_ord_id, cum_qty=order.cum_qty,
            )  # fmt: skip
            fees = self._rules.fees.of(instrument(leg.symbol), leg.side, many, entry.amount, day)
            self._book.accrue(fees)
        order.notional += quantity * net
        left = order.order_qty - order.cum_qty
        order.status = OrdStatus.PARTIALLY_FILLED if left else OrdStatus.FILLED
        self._release(order, quantity, left)
        legs = [
            LegFill(symbol=leg.symbol, side=leg.side, last_qty=quantity * leg.ratio, last_px=px)
            for leg, px in prices
        ]
        return order.report(
            ExecType.TRADE, now, last_qty=quantity, last_px=net,
            commission=sum(commissions, NOTHING), legs=legs if len(legs) > 1 else (),
            text=_gap(order, net),
        )  # fmt: skip

    def _release(self, order: EngineOrder, quantity: Decimal, left: Decimal) -> None:
        """What has traded holds nothing back any more."""
        kept = order.held_back * left / (left + quantity) if left else NOTHING
        self._book.held_back -= order.held_back - kept
        order.held_back = kept


def _is_far_off(order: EngineOrder, far: Decimal) -> bool:
    """Whether the far side is neither at the stop that the order waits for nor at its limit."""
    is_purchase = order.side is Side.BUY
    if order.waits_for_its_stop:
        stop = order.stop_px
        return stop is not None and (far < stop if is_purchase else far > stop)
    limit = order.limit_px
    return limit is not None and (far > limit if is_purchase else far < limit)


def _triggers(
    order: EngineOrder, far: Decimal, now: datetime, reports: list[ExecutionReport]
) -> bool:
    stop = order.stop_px
    if stop is None or (far - stop) * order.side.sign < 0:
        return False
    order.triggered = True
    side = "offer" if order.side is Side.BUY else "bid"
    word = "came to" if far == stop else "went through"
    reports.append(
        order.report(ExecType.TRIGGERED, now, text=f"the {side} {far} {word} the stop {stop}")
    )
    return True


def _is_reached(order: EngineOrder, far: Decimal) -> bool:
    """Whether the far side is a price the order takes.

    Nobody bids below zero: a strategy is not sold for less than nothing, unless a limit says so.
    """
    if order.limit_px is not None:
        reached = (far - order.limit_px) * order.side.sign <= 0
    else:
        reached = order.side is Side.BUY or far >= 0
    if len(order.legs) == 1 and order.side is Side.SELL:
        return reached and far > 0
    return reached


def _gap(order: EngineOrder, net: Decimal) -> str:
    if order.ord_type is not OrdType.STOP or order.stop_px is None:
        return ""
    if (net - order.stop_px) * order.side.sign <= 0:
        return ""
    return f"gapped through the stop {order.stop_px}: filled at the market, {net}"


def reserved(book: Book, rules: Rules, depth: Depth, order: EngineOrder, now: datetime) -> Decimal:
    """How much buying power an order that opens needs, at the worst price it is meant to pay."""
    shown = not depth.why_unusable(order.legs, now, rules.quote_age)
    prices, net = dict.fromkeys((leg.symbol for leg in order.legs), NOTHING), NOTHING
    if shown:
        for leg in order.legs:
            quote = depth.quotes[leg.symbol]
            px = rules.slipped(leg.side, quote.offer if leg.side is Side.BUY else quote.bid)
            prices[leg.symbol] = px
            net += px * leg.ratio * leg.side.sign * order.side.sign
    meant = order.limit_px
    if meant is None and order.stop_px is not None:
        meant = order.stop_px if not shown else max(order.stop_px, net)
    if meant is None:
        meant = net
    if len(order.legs) == 1 and order.legs[0].ratio == 1:
        prices, net = {order.legs[0].symbol: meant}, meant
    quantity = order.leaves_qty
    commission = rules.commission(order.legs, quantity)
    needed = book.needed(order.legs, quantity, prices, commission)
    return needed + (meant - net) * order.side.sign * quantity * multiplier_of(order.legs)
