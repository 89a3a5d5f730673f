"""A stateful Alpaca market data server on loopback: quotes, chains, bars, and its streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import msgspec
from aiohttp import WSMsgType, web

from adapters.market.access import AlpacaDataAccess
from domain.instruments import instrument
from tests.adapters.alpaca.openapi import market_data
from tests.adapters.market.loopback import Handler, Json, Loopback, Market, Shown, Sockets

Body = Callable[[Sequence[str]], str]

SECRET = "secret-of-the-test"
FEEDS = {"stocks": ("iex",), "options": ("indicative",)}
"""What the free plan includes."""


class FakeAlpacaMarket:
    """One account's market data at a fake Alpaca."""

    def __init__(self, now: datetime) -> None:
        self.market = Market(now)
        self.sockets = Sockets()
        self.breaches: list[str] = []
        """What was asked or answered otherwise than Alpaca describes it."""
        application = web.Application(middlewares=[self._guard])
        add = application.router.add_get
        add("/v2/stocks/quotes/latest", self._latest)
        add("/v1beta1/options/quotes/latest", self._latest)
        add("/v1beta1/options/snapshots/{underlying}", self._chain)
        add("/v2/stocks/bars", self._bars)
        add("/v1beta1/options/bars", self._bars)
        add("/v2/stocks/quotes", self._quotes)
        add("/v2/{feed:iex|sip}", self._stream)
        add("/v1beta1/{feed:indicative|opra}", self._stream)
        self._server = Loopback(application)

    @property
    def access(self) -> AlpacaDataAccess:
        url = self._server.url
        return AlpacaDataAccess(
            key=self.market.key, secret=SECRET, url=url, stream_url="ws" + url[4:]
        )

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.cut()
        self._server.stop()

    def show(self, shown: Shown) -> None:
        self.market.shown.append(shown)
        self._server.do(self._publish(shown))

    def say(self, code: int, words: str) -> None:
        """Tells every connection of an error."""
        self._server.do(self._say(code, words))

    def cut(self) -> None:
        """Cuts every stream off without a word."""
        self._server.do(self._cut())

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        market = self.market
        market.asked.append(unquote(request.path_qs))
        if request.headers.get("Upgrade") == "websocket":
            return await handler(request)
        if market.faults:
            status, headers = market.faults.popleft()
            return web.json_response({"message": "too bad"}, status=status, headers=headers)
        told = request.headers.get("APCA-API-KEY-ID"), request.headers.get("APCA-API-SECRET-KEY")
        if told != (market.key, SECRET):
            return web.json_response({"message": "forbidden."}, status=403)
        answer = await handler(request)
        self._compare(request, answer)
        return answer

    def _compare(self, request: web.Request, answer: web.StreamResponse) -> None:
        described = market_data()
        if described is not None and isinstance(answer, web.Response):
            body = json.loads(answer.text or "null")
            self.breaches += described.breaches(
                "GET", request.path, dict(request.query), None, answer.status, body
            )

    async def _latest(self, request: web.Request) -> web.Response:
        kind = request.path.split("/")[2]
        if request.query["feed"] not in FEEDS[kind]:
            return not_included()
        names = request.query["symbols"].split(",")
        assert kind == "stocks" or len(names) <= 100
        found = {name: self.market.latest(instrument(name).symbol) for name in names}
        rows = [f'"{name}": {_quote(each)}' for name, each in found.items() if each is not None]
        return _text(f'{{"quotes": {{{", ".join(rows)}}}}}')

    async def _chain(self, request: web.Request) -> web.Response:
        underlying = request.match_info["underlying"]
        found = self.market.contracts(underlying, request.query.get("expiration_date", ""))
        rows = []
        for shown in found:
            known = json.dumps(self.market.greeks.get(shown.symbol, {}))[1:-1]
            rest = f", {known}" if known else ""
            rows.append(f'"{_name(shown)}": {{"latestQuote": {_quote(shown)}{rest}}}')
        return self._paged(request, rows, lambda page: f'"snapshots": {{{", ".join(page)}}}')

    async def _bars(self, request: web.Request) -> web.Response:
        query = request.query
        assert query["timeframe"] in ("1Min", "1Day")
        fresh = self.market.now - timedelta(minutes=15)
        since, until = datetime.fromisoformat(query["start"]), datetime.fromisoformat(query["end"])
        if query.get("feed") == "sip" and until > fresh:
            return not_included()
        interval = "minute" if query["timeframe"] == "1Min" else "day"
        found = [
            f'{{"t": "{_moment(bar.start)}", "o": {bar.open}, "h": {bar.high}, "l": {bar.low}, '
            f'"c": {bar.close}, "v": {bar.volume}, "n": 1, "vw": {bar.close}}}'
            for bar in self.market.bars_of(instrument(query["symbols"]).symbol, interval)
            if since <= bar.start <= until
        ]
        return self._of_one(request, "bars", found)

    async def _quotes(self, request: web.Request) -> web.Response:
        query = request.query
        until = datetime.fromisoformat(query["end"]) + timedelta(microseconds=1)
        since = datetime.fromisoformat(query["start"])
        found = [_quote(shown) for shown in self.market.of(query["symbols"], since, until)]
        return self._of_one(request, "quotes", found)

    def _of_one(self, request: web.Request, kind: str, rows: Sequence[str]) -> web.Response:
        name = request.query["symbols"]

        def body(page: Sequence[str]) -> str:
            return f'"{kind}": {{' + (f'"{name}": [{", ".join(page)}]' if page else "") + "}"

        return self._paged(request, rows, body)

    def _paged(self, request: web.Request, rows: Sequence[str], body: Body) -> web.Response:
        start = int(request.query.get("page_token", "0"))
        end = start + min(self.market.page, int(request.query["limit"]))
        token = f'"{end}"' if end < len(rows) else "null"
        return _text(f'{{{body(rows[start:end])}, "next_page_token": {token}}}')

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self.sockets.lets_in:
            return web.Response(status=503)
        assert request.headers["Content-Type"] == "application/msgpack"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await _send(socket, {"T": "success", "msg": "connected"})
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    told = msgspec.msgpack.decode(message.data)
                    await self._hear(socket, told, request.match_info["feed"])
        finally:
            self.sockets.leave(socket)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, told: Json, feed: str) -> None:
        if told["action"] == "auth":
            if (told["key"], told["secret"]) != (self.market.key, SECRET):
                await _send(socket, {"T": "error", "code": 402, "msg": "auth failed"})
            elif feed not in ("iex", "indicative"):
                said = {"T": "error", "code": 409, "msg": "insufficient subscription"}
                await _send(socket, said)
            else:
                await _send(socket, {"T": "success", "msg": "authenticated"})
            return
        names, is_on = set(told["quotes"]), told["action"] == "subscribe"
        self.sockets.change(socket, names if is_on else set(), set() if is_on else names)
        quotes = sorted(self.sockets.open[socket])
        await _send(socket, {"T": "subscription", "trades": [], "quotes": quotes, "bars": []})

    async def _publish(self, shown: Shown) -> None:
        name = _name(shown)
        told = {
            "T": "q", "S": name, "t": shown.at, "bx": "V", "bp": float(shown.bid),
            "bs": shown.bid_size, "ax": "V", "ap": float(shown.offer), "as": shown.offer_size,
            "c": ["R"], "z": "C",
        }  # fmt: skip
        for socket, names in list(self.sockets.open.items()):
            if name in names:
                await _send(socket, told)

    async def _say(self, code: int, words: str) -> None:
        for socket in list(self.sockets.open):
            await _send(socket, {"T": "error", "code": code, "msg": words})

    async def _cut(self) -> None:
        await self.sockets.cut()


def not_included() -> web.Response:
    said = "subscription does not permit querying recent SIP data"
    return web.json_response({"message": said}, status=403)


async def _send(socket: web.WebSocketResponse, told: Json) -> None:
    await socket.send_bytes(msgspec.msgpack.encode([told]))


def _name(shown: Shown) -> str:
    return shown.symbol.replace(" ", "")


def _quote(shown: Shown) -> str:
    return (
        f'{{"t": "{_moment(shown.at)}", "ax": "V", "ap": {shown.offer}, '
        f'"as": {shown.offer_size}, "bx": "V", "bp": {shown.bid}, "bs": {shown.bid_size}, '
        + ('"c": "R"}' if len(shown.symbol) > 15 else '"c": ["R"], "z": "C"}')
    )


def _moment(at: datetime) -> str:
    """A time with nanoseconds, as Alpaca writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def _text(body: str) -> web.Response:
    return web.Response(text=body, content_type="application/json")
