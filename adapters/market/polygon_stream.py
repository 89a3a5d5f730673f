"""The language of Polygon's streams: JSON messages, a server for each market."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence

from websockets.sync.client import ClientConnection

from adapters.market.access import PolygonAccess
from adapters.market.polygon_wire import NOTHING, Told, decoded, of_milliseconds, whole
from adapters.market.tickers import INDEXES, ticker_of
from application.ports import PortRefused, Unavailable
from domain.instruments import Equity, Option, instrument
from domain.market import Quote
from domain.shared import InvalidInput

NAME = "polygon"
ANSWER_S = 10.0
AT_ONCE = 500
"""Symbols in one message."""

_log = logging.getLogger(__name__)


class PolygonChannel:
    """Quotes of one market: `stocks` or `options`."""

    def __init__(self, access: PolygonAccess, market: str) -> None:
        self._access = access
        self._market = market
        self._ours: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"PolygonChannel({self.url!r})"

    @property
    def url(self) -> str:
        return f"{self._access.stream_url.rstrip('/')}/{self._market}"

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    def covers(self, symbol: str) -> bool:
        try:
            found = instrument(symbol)
        except InvalidInput:
            return False
        if self._market == "options":
            return isinstance(found, Option)
        return isinstance(found, Equity) and found.symbol not in INDEXES

    def enter(self, socket: ClientConnection) -> None:
        """Shows the key, after the greeting.

        Raises:
            PortRefused: the key is refused.
            Unavailable: another program is connected with it.
        """
        self._require(socket, "connected")
        socket.send(json.dumps({"action": "auth", "params": self._access.key}))
        self._require(socket, "auth_success")

    def subscribe(self, socket: ClientConnection, symbols: Sequence[str], *, on: bool) -> None:
        for start in range(0, len(symbols), AT_ONCE):
            some = {ticker_of(symbol): symbol for symbol in symbols[start : start + AT_ONCE]}
            if on:
                self._ours.update(some)
            topics = ",".join(f"Q.{ticker}" for ticker in some)
            action = "subscribe" if on else "unsubscribe"
            socket.send(json.dumps({"action": action, "params": topics}))

    def read(self, message: str | bytes) -> Iterator[Quote]:
        """The quotes in a message.

        Raises:
            PortRefused: the plan does not include what was asked for.
            Unavailable: the connection is given up.
        """
        for told in decoded(message, list[Told]):
            if told.ev == "status":
                self._heed(told)
            elif told.ev == "Q" and told.sym in self._ours:
                yield _quote(told, self._ours[told.sym])

    def _require(self, socket: ClientConnection, status: str) -> None:
        for told in decoded(socket.recv(ANSWER_S), list[Told]):
            self._heed(told)
            if told.status == status:
                return
        raise Unavailable(f"Polygon's stream does not answer with {status}")

    def _heed(self, told: Told) -> None:
        if told.status == "max_connections":
            raise Unavailable(
                f"Polygon allows no further connection ({told.message}): another program is "
                "connected with this key"
            )
        if told.status == "auth_failed" or ("authenticat" in told.message and _is_no(told)):
            raise PortRefused(
                f"Polygon refuses the key for its stream ({told.message}): "
                "set TRUETAPE_POLYGON_KEY to a valid one"
            )
        if _is_no(told) and "not authorized" in told.message.lower():
            raise PortRefused(
                f"Polygon's plan does not include streamed quotes of {self._market} "
                f"({told.message}): choose a plan with them, or another source"
            )
        if _is_no(told):
            _log.warning("Polygon's stream of %s says: %s", self._market, told.message)


def _is_no(told: Told) -> bool:
    return told.status == "error"


def _quote(told: Told, symbol: str) -> Quote:
    return Quote(
        symbol=symbol,
        bid=told.bp or NOTHING,
        offer=told.ap or NOTHING,
        time=of_milliseconds(told.t),
        source=NAME,
        bid_size=whole(told.bs),
        offer_size=whole(told.as_),
    )
