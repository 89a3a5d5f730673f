"""The paper broker: fills orders in process against the recorded or live quote.

Buys fill at the offer and sells at the bid, never between; several legs fill as one, each
at its own far side. Orders that the quote does not satisfy are refused or canceled in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from application.ports import (
    Acceptance,
    Cancellation,
    ExecutionReport,
    Fill,
    MarketPrices,
    QuoteRequest,
    Rejection,
    Ticket,
)
from domain.fix import OrdType, Side
from domain.instruments import Option, instrument
from domain.legs import strategy_quote
from domain.shared import cents

COMMISSION_PER_CONTRACT = Decimal("0.70")


class PaperBroker:
    """Executes tickets at the quote of the moment they were sent."""

    name = "paper"

    def __init__(
        self, market: MarketPrices, *, commission_per_contract: Decimal = COMMISSION_PER_CONTRACT
    ) -> None:
        self._market = market
        self._commission = commission_per_contract

    def submit(self, ticket: Ticket) -> Sequence[ExecutionReport]:
        """Fills the whole order at once, or says why not.

        Deterministic in the ticket: sending it twice gives the same order and fill ids.
        """
        at = ticket.sent_at
        requests = [QuoteRequest(leg.symbol, at) for leg in ticket.legs]
        quotes = [quote for quote in self._market.quotes_at(requests) if quote is not None]
        usable = {quote.symbol: (quote.bid, quote.offer) for quote in quotes if quote.is_usable}
        whole = strategy_quote(ticket.side, ticket.legs, usable)
        if whole is None:
            missing = sorted({leg.symbol for leg in ticket.legs} - usable.keys())
            reason = f"no usable quote for {', '.join(missing)} at {at:%Y-%m-%d %H:%M:%S} UTC"
            return (Rejection(reason=reason, transact_time=at),)
        price = max(whole[1] if ticket.side is Side.BUY else whole[0], Decimal(0))
        accepted = Acceptance(order_id=f"paper-{ticket.cl_ord_id}", transact_time=at)
        if _is_beyond_limit(ticket, price):
            return (accepted, Cancellation(transact_time=at))
        fill = Fill(
            exec_id=f"{ticket.cl_ord_id}-1",
            last_qty=ticket.order_qty,
            last_px=price,
            commission=self._commission_of(ticket),
            transact_time=at,
        )
        return (accepted, fill)

    def _commission_of(self, ticket: Ticket) -> Decimal:
        contracts = sum(
            leg.ratio for leg in ticket.legs if isinstance(instrument(leg.symbol), Option)
        )
        return cents(self._commission * contracts * ticket.order_qty)


def _is_beyond_limit(ticket: Ticket, price: Decimal) -> bool:
    if ticket.ord_type is not OrdType.LIMIT or ticket.limit_px is None:
        return False
    return (price - ticket.limit_px) * ticket.side.sign > 0
