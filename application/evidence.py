"""Evidence: weighs every price a trader claims against the quote of that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from application.desk import Work
from application.ports import MarketPrices, QuoteRequest
from application.reaction import Happened, consequence
from application.settling import settlement_of
from domain.legs import strategy_quote, strategy_sizes
from domain.market import Quote, weigh_claim
from domain.shared import Event
from domain.signal_events import (
    PriceEvidence,
    SignalAdded,
    SignalExitCalled,
    SignalPosted,
    SignalSettled,
)
from domain.signals import Signal

Claim = SignalPosted | SignalAdded | SignalExitCalled


class Whole(NamedTuple):
    """A trade's quote, in its own terms; sizes in units of it, None where not told."""

    bid: Decimal
    offer: Decimal
    bid_size: int | None
    offer_size: int | None
    time: datetime
    source: str


class PriceCheck:
    """The reaction that records what the market quoted when a price was claimed.

    Without a quote nothing is recorded and the claim stays "posted"; market data imported
    later is weighed by starting the reaction over, which skips what has its evidence.
    """

    name = "price_check"
    handles: frozenset[type[Event]] = frozenset(
        {SignalPosted, SignalAdded, SignalExitCalled, SignalSettled}
    )

    def __init__(self, market: MarketPrices) -> None:
        self._market = market

    def restore(self, state: Mapping[str, bytes]) -> None:
        """There is nothing to remember."""

    def changes(self) -> Mapping[str, bytes | None]:
        return {}

    def react(self, happened: Sequence[Happened], work: Work) -> None:
        """Checks every claim of the batch with one question to the market."""
        work.prefetch({cause.stream for cause in happened})
        for cause in happened:
            if isinstance(cause.event, SignalSettled) and cause.event.assumed:
                self._settle(cause, cause.event, work)
        claims = [
            (cause, work.get(Signal, cause.stream))
            for cause in happened
            if not isinstance(cause.event, SignalSettled)
        ]
        requests = [
            QuoteRequest(leg.symbol, _claim_of(cause).posted_at)
            for cause, signal in claims
            for leg in signal.legs
        ]
        found = dict(zip(requests, self._market.quotes_at(requests), strict=True))
        for cause, signal in claims:
            self._check(cause, signal, found, work)

    def _settle(self, cause: Happened, settled: SignalSettled, work: Work) -> None:
        """A settlement that was assumed counts at the close once that is recorded."""
        signal = work.get(Signal, cause.stream)
        price, spot = settlement_of(self._market, signal)
        if price is None or settled.number in signal.checked:
            return
        evidence = PriceEvidence(
            claimed=None,
            bid=price,
            offer=price,
            quote_time=settled.settled_at,
            source=f"intrinsic value at {spot}",
            attainable=True,
            price=price,
        )
        signal.check_price(settled.number, evidence, at=settled.timestamp)
        work.save(consequence(self.name, cause))

    def _check(
        self,
        cause: Happened,
        signal: Signal,
        found: Mapping[QuoteRequest, Quote | None],
        work: Work,
    ) -> None:
        claim = _claim_of(cause)
        number = 1 if isinstance(claim, SignalPosted) else claim.number
        if number in signal.checked:
            return
        quotes = [found[QuoteRequest(leg.symbol, claim.posted_at)] for leg in signal.legs]
        whole = as_one(signal, quotes)
        if whole is None:
            return
        side = signal.side.opposite if isinstance(claim, SignalExitCalled) else signal.side
        weighed = weigh_claim(side, claim.price, whole.bid, whole.offer)
        evidence = PriceEvidence(
            claimed=claim.price,
            bid=whole.bid,
            offer=whole.offer,
            bid_size=whole.bid_size,
            offer_size=whole.offer_size,
            quote_time=whole.time,
            source=whole.source,
            attainable=weighed.attainable,
            price=weighed.price,
        )
        signal.check_price(number, evidence, at=claim.timestamp)
        work.save(consequence(self.name, cause))


def _claim_of(cause: Happened) -> Claim:
    assert isinstance(cause.event, SignalPosted | SignalAdded | SignalExitCalled)
    return cause.event


def as_one(signal: Signal, quotes: Sequence[Quote | None]) -> Whole | None:
    """The quote of the whole trade, as old as its oldest; None if a leg has none."""
    known = [quote for quote in quotes if quote is not None and quote.is_usable]
    if len(known) != len(quotes):
        return None
    prices = {quote.symbol: (quote.bid, quote.offer) for quote in known}
    priced = strategy_quote(signal.side, signal.legs, prices)
    if priced is None or priced[1] <= 0:
        return None
    sizes = {quote.symbol: (quote.bid_size, quote.offer_size) for quote in known}
    bid_size, offer_size = strategy_sizes(signal.side, signal.legs, sizes)
    return Whole(
        bid=max(priced[0], Decimal(0)),
        offer=priced[1],
        bid_size=bid_size,
        offer_size=offer_size,
        time=min(quote.time for quote in known),
        source=known[0].source,
    )
