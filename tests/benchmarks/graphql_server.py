"""The API and, beside it, the plain REST endpoint it is compared with, in one server.

`python -m tests.benchmarks.graphql_server DATABASE_URL REDIS_URL PORT` serves until its
standard input ends.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from psycopg.rows import dict_row
from pydantic import BaseModel

from interfaces.clock import SystemClock
from interfaces.compose import House
from interfaces.http import create_app

ROWS = 50

_SIGNALS = """
SELECT s.signal AS id, s.version, t.name AS trader, s.channel, s.symbol, s.side,
    s.quantity, s.open_quantity, s.claimed_px, s.entry_value / s.quantity AS average_price,
    s.badge, s.decision, s.state, s.posted_at
FROM read.signal_feed s
JOIN read.trader_profiles t ON t.trader = s.trader AND t.valid_to = 9223372036854775807
WHERE s.valid_to = 9223372036854775807
ORDER BY s.posted_at DESC, s.signal DESC LIMIT %s
"""


class PlainSignal(BaseModel):
    """A row of the REST endpoint: the fields that the GraphQL document asks for."""

    id: UUID
    version: int
    trader: str
    channel: str
    symbol: str
    side: str
    quantity: Decimal
    open_quantity: Decimal
    claimed_px: Decimal
    average_price: Decimal
    badge: str
    decision: str
    state: str
    posted_at: datetime


def plain_endpoint(app: FastAPI, house: House) -> None:
    """Adds the endpoint as FastAPI's own documentation would have it."""

    @app.get("/rest/signals")
    def signals(first: int = ROWS) -> list[PlainSignal]:
        with (
            house.reader.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            rows: list[Any] = cursor.execute(_SIGNALS, [first]).fetchall()
        return rows


def main(database_url: str, redis_url: str, port: int) -> None:
    house = House(database_url, redis_url, SystemClock())
    app = create_app(house, open_reading=True)
    plain_endpoint(app, house)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))

    def end_with_input() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    server.run()
    house.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
