"""A house with traders, signals and tokens, and a client that asks it over ASGI."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from application.access import LOCAL_OPERATOR
from application.administering import issue_token, revoke_token
from application.approving import approve
from application.desk import Command, Work
from domain.approvals import Role
from domain.fix import Side
from domain.legs import Leg
from domain.messages import message_stream
from domain.shared import stream_id
from domain.signal_events import ClosedBy, Source
from domain.signals import Signal
from domain.traders import Trader
from interfaces.clock import SetClock
from interfaces.compose import DEFAULT_ACCOUNT, House

NOON = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
CALL = "TSLA  261120C00250000"


class World:
    """What happens in the house, in few words."""

    def __init__(self, house: House, clock: SetClock, folder: Path) -> None:
        self.house = house
        self.clock = clock
        self._folder = folder
        self._posts = 0
        self._traders: dict[str, UUID] = {}

    def command(self) -> Command:
        return Command.given(uuid4(), actor="member:test", at=self.clock.now())

    def trader(self, name: str = "Nora") -> UUID:
        if name not in self._traders:
            work = Work(self.house.desk)
            made = Trader.register(platform="discord", author_id=name, name=name, at=NOON)
            self._traders[name] = work.begin(made).id
            work.save(self.command())
            work.commit()
        return self._traders[name]

    def post(
        self, trader: str = "Nora", *, price: str = "2.00", at: datetime | None = None
    ) -> UUID:
        """A signal of two calls, a minute after the one before; `catch_up` shows it."""
        self._posts += 1
        posted_at = at or NOON + timedelta(minutes=self._posts)
        work = Work(self.house.desk)
        signal = work.begin(
            Signal.post(
                place=0,
                origin="trader",
                trader=self.trader(trader),
                source=Source(
                    platform="discord",
                    channel="options",
                    message=message_stream("discord", str(self._posts)),
                ),
                side=Side.BUY,
                legs=(Leg(symbol=CALL, side=Side.BUY),),
                quantity=Decimal(2),
                price=Decimal(price),
                price_to=None,
                stop=None,
                targets=(),
                valid_until=None,
                parser="test",
                rules=(),
                posted_at=posted_at,
                at=posted_at,
            )
        )
        work.save(self.command())
        work.commit()
        return signal.id

    def approve(self, signal: UUID) -> None:
        approve(
            self.house.desk,
            self.command(),
            LOCAL_OPERATOR,
            signal=signal,
            account=DEFAULT_ACCOUNT,
            via="test",
            assessor=self.house.assessor,
        )

    def exit(self, signal: str, price: str) -> None:
        """The trader sells both calls."""

        def decide(work: Work) -> Signal:
            found = work.get(Signal, UUID(signal))
            found.call_exit(
                quantity=Decimal(2),
                price=Decimal(price),
                reason=ClosedBy.EXIT,
                message=uuid4(),
                rules=(),
                posted_at=NOON + timedelta(minutes=50),
                at=NOON + timedelta(minutes=50),
            )
            return found

        self.house.desk.run(self.command(), decide)

    def quote(self, bid: str, offer: str) -> None:
        """What the market showed of the call from noon on, fresh for each signal of the hour."""
        rows = [
            f"{CALL},{(NOON + timedelta(minutes=minute)).isoformat()},{bid},{offer},50,50"
            for minute in range(-1, 60)
        ]
        file = self._folder / "quotes.csv"
        file.write_text("\n".join(["symbol,time,bid,offer,bid_size,offer_size", *rows]))
        assert not self.house.import_market(file).bad

    def token(self, name: str, *roles: Role, trader: UUID | None = None) -> str:
        """A new token; it opens something after `catch_up`."""
        secret = f"tt_{name}_{uuid4().hex}"
        issue_token(
            self.house.desk,
            self.command(),
            LOCAL_OPERATOR,
            name=name,
            roles=frozenset(roles),
            secret=secret,
            trader=trader,
        )
        return secret

    def revoke(self, name: str) -> None:
        revoke_token(self.house.desk, self.command(), LOCAL_OPERATOR, name=name)

    def catch_up(self) -> int:
        self.house.catch_up()
        return self.house.head()


def unknown(*words: str) -> UUID:
    return stream_id("unknown", *words)


class Client:
    """Asks the application as a member."""

    def __init__(self, http: httpx.AsyncClient, secret: str | None = None) -> None:
        self.http = http
        self.headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def having(self, secret: str | None) -> Client:
        return Client(self.http, secret)

    async def reply(self, query: str, **variables: Any) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers=self.headers)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a request that is answered."""
        found = (await self.reply(query, **variables)).json()
        assert "errors" not in found, found
        data: dict[str, Any] = found["data"]
        return data

    async def refused(self, query: str, **variables: Any) -> tuple[str, str]:
        """Code and sentence of a request that is refused."""
        found = (await self.reply(query, **variables)).json()
        error = found["errors"][0]
        return error["extensions"]["code"], error["message"]
