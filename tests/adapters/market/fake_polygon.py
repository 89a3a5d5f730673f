"""A stateful Polygon on loopback: snapshots, chains, aggregates, quotes, and its streams.

Prices are written into the answers as the texts they were shown with, as bare numbers: as
Polygon does, and so that a digit that is lost on the way is seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from adapters.market.access import PolygonAccess
from domain.instruments import Option, instrument
from tests.adapters.market.loopback import Handler, Json, Loopback, Market, Shown, Sockets, Traded

EPOCH = datetime.fromtimestamp(0, UTC)
UPGRADE = "Please upgrade your plan at https://polygon.io/pricing"


class FakePolygon:
    """One account at a fake Polygon."""

    def __init__(self, now: datetime) -> None:
        self.market = Market(now)
        self.sockets = Sockets()
        application = web.Application(middlewares=[self._guard])
        add = application.router.add_get
        add("/v3/snapshot", self._snapshot)
        add("/v3/snapshot/options/{underlying}", self._chain)
        add("/v2/aggs/ticker/{ticker}/range/1/{span}/{since}/{until}", self._aggregates)
        add("/v3/quotes/{ticker}", self._quotes)
        add("/{cluster:stocks|options}", self._stream)
        self._server = Loopback(application)

    @property
    def access(self) -> PolygonAccess:
        url = self._server.url
        return PolygonAccess(key=self.market.key, url=url, stream_url="ws" + url[4:])

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.cut()
        self._server.stop()

    def show(self, shown: Shown) -> None:
        """Quotes an instrument: whoever has subscribed to it is told."""
        self.market.shown.append(shown)
        self._server.do(self._publish(shown))

    def say(self, text: str) -> None:
        """Tells every connection what no client can foresee."""
        self._server.do(self._say(text))

    def cut(self) -> None:
        """Cuts every stream off without a word."""
        self._server.do(self._cut())

    def topic(self, symbol: str) -> str:
        return f"Q.{ticker_of(symbol)}"

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        market = self.market
        market.asked.append(request.path_qs)
        if request.headers.get("Upgrade") == "websocket":
            return await handler(request)
        if market.faults:
            status, headers = market.faults.popleft()
            said = "You've exceeded the maximum requests per minute, please wait or upgrade."
            return web.json_response(
                {"status": "ERROR", "error": said}, status=status, headers=headers
            )
        if request.headers.get("Authorization") != f"Bearer {market.key}":
            return web.json_response({"status": "ERROR", "error": "Unknown API Key"}, status=401)
        return await handler(request)

    async def _snapshot(self, request: web.Request) -> web.Response:
        tickers = request.query["ticker.any_of"].split(",")
        assert len(tickers) <= 250
        assert int(request.query["limit"]) <= 250
        return self._paged(request, [self._row(ticker) for ticker in sorted(tickers)])

    def _row(self, ticker: str) -> str:
        symbol = symbol_of(ticker)
        shown = self.market.latest(symbol)
        kind = "options" if ticker.startswith("O:") else "stocks"
        if kind == self.market.refused_plan:
            return json.dumps(
                {"ticker": ticker, "error": "NOT_ENTITLED", "message": "Not entitled to this."}
            )
        if shown is None:
            return json.dumps(
                {"ticker": ticker, "error": "NOT_FOUND", "message": "Ticker not found."}
            )
        return (
            f'{{"ticker": "{ticker}", "type": "{kind}", "market_status": "open", "name": "A name"'
            f"{self._last_quote(shown)}}}"
        )

    async def _chain(self, request: web.Request) -> web.Response:
        if self.market.refused_plan == "options":
            return not_entitled()
        underlying = request.match_info["underlying"].removeprefix("I:")
        found = self.market.contracts(underlying, request.query.get("expiration_date", ""))
        return self._paged(request, [self._contract(shown) for shown in found])

    def _contract(self, shown: Shown) -> str:
        contract = instrument(shown.symbol)
        assert isinstance(contract, Option)
        details = {
            "contract_type": "call" if contract.right == "C" else "put",
            "exercise_style": "american",
            "expiration_date": contract.expiry.isoformat(),
            "shares_per_contract": 100,
            "strike_price": float(contract.strike),
            "ticker": ticker_of(shown.symbol),
        }
        told: Json = self.market.greeks.get(shown.symbol, {"greeks": {}})
        rest = json.dumps({"details": details, **told})
        return rest[:-1] + self._last_quote(shown) + "}"

    def _last_quote(self, shown: Shown) -> str:
        if self.market.refused_plan == "quotes":
            return ""
        return (
            f', "last_quote": {{"bid": {shown.bid}, "bid_size": {shown.bid_size}, '
            f'"ask": {shown.offer}, "ask_size": {shown.offer_size}, '
            f'"last_updated": {nanoseconds(shown.at)}, "timeframe": "REAL-TIME"}}'
        )

    async def _aggregates(self, request: web.Request) -> web.Response:
        told = request.match_info
        assert request.query["adjusted"] == "false"
        since, until = int(told["since"]), int(told["until"])
        bars = [
            _aggregate(bar)
            for bar in self.market.bars_of(symbol_of(told["ticker"]), told["span"])
            if since <= milliseconds(bar.start) <= until
        ]
        return self._paged(request, bars)

    async def _quotes(self, request: web.Request) -> web.Response:
        if self.market.refused_plan == "quotes":
            return not_entitled()
        since, until = int(request.query["timestamp.gte"]), int(request.query["timestamp.lt"])
        symbol = symbol_of(request.match_info["ticker"])
        found = [
            f'{{"sip_timestamp": {nanoseconds(shown.at)}, "sequence_number": 1, '
            f'"bid_price": {shown.bid}, "bid_size": {shown.bid_size}, '
            f'"ask_price": {shown.offer}, "ask_size": {shown.offer_size}}}'
            for shown in self.market.of(symbol, moment(since), moment(until))
        ]
        return self._paged(request, found)

    def _paged(self, request: web.Request, rows: Sequence[str]) -> web.Response:
        """A page of the answer; the next one is named by a cursor, at Polygon's own address."""
        start = int(request.query.get("cursor", "0"))
        size = min(self.market.page, int(request.query["limit"]))
        rest = ""
        if start + size < len(rows):
            query = urlencode({**request.query, "cursor": start + size})
            rest = f', "next_url": "https://api.polygon.io{request.path}?{query}"'
        body = f'{{"status": "OK", "request_id": "1", "results": [{", ".join(rows[start : start + size])}]{rest}}}'  # noqa: E501 - a body
        return web.Response(text=body, content_type="application/json")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self.sockets.lets_in:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await _status(socket, "connected", "Connected Successfully")
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(message.data))
        finally:
            self.sockets.leave(socket)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, told: Json) -> None:
        if told["action"] == "auth":
            if told["params"] == self.market.key:
                await _status(socket, "auth_success", "authenticated")
            else:
                await _status(socket, "auth_failed", "authentication failed")
            return
        topics = set(told["params"].split(","))
        if self.market.refused_plan == "stream":
            await _status(socket, "error", "not authorized")
            return
        is_on = told["action"] == "subscribe"
        for topic in sorted(topics):
            await _status(socket, "success", f"{told['action']}d to: {topic}")
        self.sockets.change(socket, topics if is_on else set(), set() if is_on else topics)

    async def _publish(self, shown: Shown) -> None:
        ticker = ticker_of(shown.symbol)
        text = (
            f'[{{"ev": "Q", "sym": "{ticker}", "bx": 4, "bp": {shown.bid}, '
            f'"bs": {shown.bid_size}, "ax": 7, "ap": {shown.offer}, "as": {shown.offer_size}, '
            f'"c": 0, "t": {milliseconds(shown.at)}, "q": 1, "z": 3}}]'
        )
        for socket, topics in list(self.sockets.open.items()):
            if f"Q.{ticker}" in topics:
                await socket.send_str(text)

    async def _say(self, text: str) -> None:
        for socket in list(self.sockets.open):
            await socket.send_str(text)

    async def _cut(self) -> None:
        await self.sockets.cut()


async def _status(socket: web.WebSocketResponse, status: str, message: str) -> None:
    await socket.send_json([{"ev": "status", "status": status, "message": message}])


def not_entitled() -> web.Response:
    said = f"You are not entitled to this data. {UPGRADE}"
    return web.json_response({"status": "NOT_AUTHORIZED", "message": said}, status=403)


def _aggregate(bar: Traded) -> str:
    return (
        f'{{"v": {bar.volume}, "vw": {bar.close}, "o": {bar.open}, "c": {bar.close}, '
        f'"h": {bar.high}, "l": {bar.low}, "t": {milliseconds(bar.start)}, "n": 1}}'
    )


def ticker_of(symbol: str) -> str:
    """Told anew, so that the adapter's own naming is held against something."""
    squeezed = symbol.replace(" ", "")
    return f"O:{squeezed}" if len(squeezed) > 15 else squeezed


def symbol_of(ticker: str) -> str:
    return instrument(ticker.removeprefix("O:").removeprefix("I:")).symbol


def nanoseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def moment(at_nanoseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=at_nanoseconds // 1000)
