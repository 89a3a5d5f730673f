"""The language of Alpaca's streams of quotes: MsgPack, the one that its options speak too."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from websockets.sync.client import ClientConnection

from adapters.alpaca.wire import moment
from adapters.market.access import AlpacaDataAccess
from application.ports import PortRefused, Unavailable
from domain.instruments import Equity, Option, instrument
from domain.market import Quote
from domain.shared import InvalidInput, learned

NAME = "alpaca"
ANSWER_S = 10.0
AT_ONCE = 500
"""Symbols in one message."""

AUTH_FAILED, AUTH_TIMEOUT, SYMBOL_LIMIT, CONNECTION_LIMIT = 402, 404, 405, 406
NOT_SUBSCRIBED = 409

_NOTHING = Decimal(0)
_log = logging.getLogger(__name__)


class _Told(msgspec.Struct, kw_only=True, frozen=True):
    """One message: a quote, or a word of the server. A figure in MsgPack is a double, whose
    shortest spelling is the price that was meant.
    """

    kind: str = msgspec.field(default="", name="T")
    symbol: str = msgspec.field(default="", name="S")
    msg: str = ""
    code: int = 0
    t: datetime | None = None
    bp: Decimal = _NOTHING
    ap: Decimal = _NOTHING
    bs: int = 0
    as_: int = msgspec.field(default=0, name="as")


class AlpacaChannel:
    """Quotes of `stocks` or of `options`."""

    def __init__(self, access: AlpacaDataAccess, kind: str) -> None:
        self._access = access
        self._kind = kind
        self._feed = access.options_feed if kind == "options" else access.stocks_feed
        self._ours: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"AlpacaChannel({self.url!r})"

    @property
    def url(self) -> str:
        version = "v1beta1" if self._kind == "options" else "v2"
        return f"{self._access.stream_url.rstrip('/')}/{version}/{self._feed}"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Content-Type": "application/msgpack"}

    def covers(self, symbol: str) -> bool:
        try:
            found = instrument(symbol)
        except InvalidInput:
            return False
        return isinstance(found, Option if self._kind == "options" else Equity)

    def enter(self, socket: ClientConnection) -> None:
        """Shows the key, after the greeting.

        Raises:
            PortRefused: the key or the feed is refused.
            Unavailable: another program is connected with it.
        """
        self._require(socket, "connected")
        key = {"action": "auth", "key": self._access.key, "secret": self._access.secret}
        socket.send(msgspec.msgpack.encode(key))
        self._require(socket, "authenticated")

    def subscribe(self, socket: ClientConnection, symbols: Sequence[str], *, on: bool) -> None:
        for start in range(0, len(symbols), AT_ONCE):
            some = {symbol.replace(" ", ""): symbol for symbol in symbols[start : start + AT_ONCE]}
            if on:
                self._ours.update(some)
            action = "subscribe" if on else "unsubscribe"
            socket.send(msgspec.msgpack.encode({"action": action, "quotes": list(some)}))

    def read(self, message: str | bytes) -> Iterator[Quote]:
        """The quotes in a message.

        Raises:
            PortRefused: the subscription does not include what was asked for.
            Unavailable: the connection is given up.
        """
        for told in _decoded(message):
            if told.kind == "error":
                self._heed(told)
            elif told.kind == "q" and told.symbol in self._ours:
                yield self._quote(told)

    def _quote(self, told: _Told) -> Quote:
        return Quote(
            symbol=self._ours[told.symbol],
            bid=told.bp,
            offer=told.ap,
            time=moment(told.t),
            source=f"{NAME} {self._feed}",
            bid_size=told.bs,
            offer_size=told.as_,
        )

    def _require(self, socket: ClientConnection, word: str) -> None:
        for told in _decoded(socket.recv(ANSWER_S)):
            if told.kind == "error":
                self._heed(told)
            if told.msg == word:
                return
        raise Unavailable(f"Alpaca's stream of {self._kind} does not answer with {word}")

    def _heed(self, told: _Told) -> None:
        said = f"{told.msg}, {told.code}"
        if told.code == AUTH_FAILED:
            raise PortRefused(
                f"Alpaca refuses the key for its stream ({said}): set TRUETAPE_ALPACA_KEY and "
                "TRUETAPE_ALPACA_SECRET"
            )
        if told.code == NOT_SUBSCRIBED:
            raise PortRefused(
                f"Alpaca's plan does not include the feed {self._feed} ({said}): set "
                "TRUETAPE_ALPACA_STOCKS_FEED=iex and TRUETAPE_ALPACA_FEED=indicative, or subscribe"
            )
        if told.code == SYMBOL_LIMIT:
            raise PortRefused(
                f"Alpaca's plan does not stream so many symbols ({said}): watch fewer, or subscribe"
            )
        if told.code == CONNECTION_LIMIT:
            raise Unavailable(
                f"Alpaca allows no further connection ({said}): another program is connected "
                "with this key"
            )
        raise Unavailable(f"Alpaca's stream of {self._kind} gives up: {said}")


def _decoded(message: str | bytes) -> list[_Told]:
    try:
        if isinstance(message, str):
            return msgspec.json.decode(message, type=learned(list[_Told]))
        return msgspec.msgpack.decode(message, type=learned(list[_Told]))
    except msgspec.MsgspecError as error:
        raise PortRefused(f"Alpaca's answer is in no known form: {error}") from None
