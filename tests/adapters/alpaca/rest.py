"""The HTTP side of the fake Alpaca: the routes of its Trading API and of option chains."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from threading import RLock
from typing import cast

from aiohttp import web

from tests.adapters.alpaca.book import (
    Json,
    Order,
    Position,
    is_option,
    multiplier,
    named,
    order_json,
    stamp,
    text,
)
from tests.adapters.alpaca.exchange import Exchange
from tests.adapters.alpaca.faults import BREAK, LIMIT, LOSE_ANSWER, LOSE_REQUEST, Fault, Faults
from tests.adapters.alpaca.openapi import market_data, trading
from tests.adapters.alpaca.refusals import BAD_REQUEST, Refusal
from tests.adapters.alpaca.updates import KEY, SECRET

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def reply(value: object, status: int = 200) -> web.Response:
    return web.Response(
        body=json.dumps(value).encode(), status=status, content_type="application/json"
    )


class Rest:
    """Routes over one exchange. `breaches` are requests and answers that are not as described."""

    def __init__(self, exchange: Exchange, faults: Faults, lock: RLock) -> None:
        self._exchange = exchange
        self._faults = faults
        self._lock = lock
        self.requests: list[tuple[str, str]] = []
        self.breaches: list[str] = []
        self.greeks: dict[str, Json] = {}
        self.lists_exits_alone = False
        """Whether open exits of an entry that is closed are listed by themselves."""

    def add_to(self, application: web.Application) -> None:
        for method, path, handler in (
            ("POST", "/v2/orders", self._submit),
            ("GET", "/v2/orders", self._orders),
            ("GET", "/v2/orders:by_client_order_id", self._by_name),
            ("GET", "/v2/orders/{order}", self._order),
            ("PATCH", "/v2/orders/{order}", self._replace),
            ("DELETE", "/v2/orders/{order}", self._cancel),
            ("GET", "/v2/positions", self._positions),
            ("GET", "/v2/account", self._account),
            ("GET", "/v2/account/activities", self._activities),
            ("GET", "/v1beta1/options/snapshots/{underlying}", self._chain),
        ):
            application.router.add_route(method, path, handler)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every request passes here: faults, the key, refusals, and the check of both sides."""
        if not request.path.startswith(("/v1beta1", "/v2")):
            return await handler(request)
        self.requests.append((request.method, request.path))
        # What has come is carried out, even if nobody waits for the answer any more.
        await request.read()
        if self._faults.delay_s:
            await asyncio.sleep(self._faults.delay_s)
        fault = self._faults.befalls(request.method, request.path)
        if fault is not None and (fault.kind != LOSE_ANSWER and not fault.after):
            return self._failed(request, fault)
        answer = await self._answered(request, handler)
        if fault is not None:
            return self._failed(request, fault)
        return answer

    async def _answered(self, request: web.Request, handler: Handler) -> web.Response:
        given = (request.headers.get("APCA-API-KEY-ID"), request.headers.get("APCA-API-SECRET-KEY"))
        if given != (KEY, SECRET):
            return reply({"code": 40110000, "message": "request is not authorized"}, 401)
        try:
            answer = cast("web.Response", await handler(request))
        except Refusal as refusal:
            answer = reply(refusal.body, refusal.status)
        await self._check(request, answer)
        answer.headers["X-RateLimit-Limit"] = "200"
        return answer

    def _failed(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind in (LOSE_ANSWER, LOSE_REQUEST):
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault.kind == LIMIT:
            limited = reply({"code": 42910000, "message": "too many requests."}, 429)
            if fault.retry_after_s is not None:
                limited.headers["Retry-After"] = str(fault.retry_after_s)
            else:
                now = self._exchange.now
                limited.headers["Date"] = format_datetime(now, usegmt=True)
                limited.headers["X-RateLimit-Reset"] = str(int(now.timestamp()) + 2)
            return limited
        assert fault.kind == BREAK
        return web.Response(status=fault.status, text="upstream connect error")

    async def _check(self, request: web.Request, answer: web.Response) -> None:
        described = trading() if request.path.startswith("/v2") else market_data()
        if described is None:
            return
        sent = await request.text()
        body = json.loads(sent) if sent else None
        told = json.loads(cast("bytes", answer.body)) if answer.body else None
        query = dict(request.query)
        self.breaches += described.breaches(
            request.method, request.path, query, body, answer.status, told
        )

    async def _submit(self, request: web.Request) -> web.Response:
        body = await request.json()
        with self._lock:
            return reply(self._exchange.submit(body))

    async def _replace(self, request: web.Request) -> web.Response:
        body = await request.json()
        with self._lock:
            return reply(self._exchange.replace(request.match_info["order"], body))

    async def _cancel(self, request: web.Request) -> web.Response:
        with self._lock:
            self._exchange.cancel(request.match_info["order"])
        return web.Response(status=204)

    async def _order(self, request: web.Request) -> web.Response:
        with self._lock:
            found = self._exchange.found(request.match_info["order"])
            return reply(order_json(found, nested=request.query.get("nested") == "true"))

    async def _by_name(self, request: web.Request) -> web.Response:
        with self._lock:
            found = self._exchange.by_name(request.query.get("client_order_id", ""))
            return reply(order_json(found, nested=False))

    async def _orders(self, request: web.Request) -> web.Response:
        asked = request.query
        status, nested = asked.get("status", "open"), asked.get("nested") == "true"
        limit = int(asked.get("limit", 50))
        if limit > 500:
            raise Refusal(422, BAD_REQUEST, "limit must be at most 500")
        with self._lock:
            rolled = nested and not (self.lists_exits_alone and status == "open")
            found = [each for each in self._top_level(rolled) if _has_status(each, status, rolled)]
            if after := asked.get("after"):
                moment = datetime.fromisoformat(after)
                found = [each for each in found if each.created_at > moment]
            if last := asked.get("after_order_id"):
                ids = [each.id for each in self._exchange.orders.values()]
                found = [each for each in found if ids.index(each.id) > ids.index(last)]
            if asked.get("direction", "desc") == "desc":
                found.reverse()
            return reply([order_json(each, nested=nested) for each in found[:limit]])

    def _top_level(self, nested: bool) -> list[Order]:
        orders = self._exchange.orders
        return [each for each in orders.values() if not (nested and each.parent in orders)]

    async def _positions(self, _: web.Request) -> web.Response:
        with self._lock:
            return reply([self._position(each) for each in self._exchange.positions.values()])

    def _position(self, position: Position) -> Json:
        value = self._exchange.value_of(position)
        cost = position.quantity * position.average * multiplier(position.symbol)
        price = value / position.quantity / multiplier(position.symbol)
        return {
            "asset_id": named("asset", position.symbol),
            "symbol": position.symbol,
            "exchange": "" if is_option(position.symbol) else "NASDAQ",
            "asset_class": "us_option" if is_option(position.symbol) else "us_equity",
            "asset_marginable": not is_option(position.symbol),
            "avg_entry_price": text(position.average),
            "qty": text(position.quantity),
            "qty_available": text(position.quantity - self._exchange.promised(position.symbol)),
            "side": "long" if position.quantity > 0 else "short",
            "market_value": text(value),
            "cost_basis": text(cost),
            "unrealized_pl": text(value - cost),
            "unrealized_plpc": "0",
            "unrealized_intraday_pl": text(value - cost),
            "unrealized_intraday_plpc": "0",
            "current_price": text(price),
            "lastday_price": text(price),
            "change_today": "0",
        }

    async def _account(self, _: web.Request) -> web.Response:
        exchange = self._exchange
        with self._lock:
            return reply(
                {
                    "id": named("account"),
                    "account_number": "PA3LOOPBACK",
                    "status": "ACTIVE",
                    "currency": "USD",
                    "cash": text(exchange.cash),
                    "equity": text(exchange.equity),
                    "portfolio_value": text(exchange.equity),
                    "buying_power": text(exchange.buying_power),
                    "options_buying_power": text(exchange.buying_power),
                    "multiplier": "1",
                    "options_trading_level": 3,
                    "options_approved_level": 3,
                    "shorting_enabled": True,
                    "trading_blocked": False,
                    "transfers_blocked": False,
                    "account_blocked": False,
                    "trade_suspended_by_user": False,
                    "created_at": "2024-01-02T15:00:00.000000Z",
                }
            )

    async def _activities(self, request: web.Request) -> web.Response:
        asked = request.query
        kinds = asked.get("activity_types")
        told = asked.get("page_size", "100")
        size = int(told) if told.isdigit() else 0
        if not 1 <= size <= 100:
            raise Refusal(422, BAD_REQUEST, "page_size must be between 1 and 100")
        with self._lock:
            found = [
                each
                for each in self._exchange.activities
                if (kinds is None or each["activity_type"] in kinds.split(","))
                and asked.get("order_id") in (None, each.get("order_id"))
                and ("after" not in asked or _noted(each) > datetime.fromisoformat(asked["after"]))
            ]
        if asked.get("direction", "desc") == "desc":
            found.reverse()
        if token := asked.get("page_token"):
            ids = [each["id"] for each in found]
            found = found[ids.index(token) + 1 :]
        return reply(found[:size])

    async def _chain(self, request: web.Request) -> web.Response:
        """Contracts in the order of their symbols; the token of a page is the last of them."""
        underlying, asked = request.match_info["underlying"], request.query
        day = asked.get("expiration_date", "").replace("-", "")[2:]
        with self._lock:
            found = sorted(
                symbol
                for symbol in self._exchange.quotes
                if is_option(symbol) and symbol[:-15] == underlying and day in symbol[-15:-9]
            )
            token, limit = asked.get("page_token", ""), int(asked.get("limit", 100))
            page = [symbol for symbol in found if symbol > token][:limit]
            more = page[-1] if page and page[-1] != found[-1] else None
            snapshots = {symbol: self._snapshot(symbol) for symbol in page}
            return reply({"snapshots": snapshots, "next_page_token": more})

    def _snapshot(self, symbol: str) -> Json:
        quote = self._exchange.quotes[symbol]
        return {
            "latestQuote": {
                "t": stamp(self._exchange.now),
                "bp": float(quote.bid),
                "ap": float(quote.offer),
                "bs": int(quote.bid_size or 100),
                "as": int(quote.offer_size or 100),
                "bx": "C",
                "ax": "B",
                "c": "A",
            },
            **self.greeks.get(symbol, {}),
        }


def _has_status(order: Order, status: str, nested: bool) -> bool:
    parts = [order, *(order.legs if nested else ())]
    is_open = any(each.is_open for each in parts)
    return status == "all" or is_open == (status == "open")


def _noted(activity: Json) -> datetime:
    return datetime.fromisoformat(activity.get("transaction_time") or activity["created_at"])
