"""A channel that an older version has read, and its history read again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from adapters.history import history
from adapters.mapper import decode_of
from application.desk import Desk
from application.differing import Difference
from application.reaction import Happened
from application.rereading import HISTORY, Rereading
from domain.fix import Side
from domain.legs import Leg
from domain.messages import message_stream
from domain.signal_events import (
    ClosedBy,
    Source,
)
from domain.signals import Signal
from domain.traders import trader_stream
from tests.application.acts import (
    TSLA,
    begin,
    change,
    head,
)
from tests.application.channel import Channel
from tests.application.conftest import NOON

D = Decimal
OPEN = "BTO 2 TSLA 11/20 250c @ 2.28"
LATER = NOON + timedelta(days=30)
OLD = "canonical-0"


class Before(Channel):
    """A channel that an older version has read: what that booked is booked by hand."""

    def booked(
        self,
        number: str,
        *,
        symbol: str = TSLA,
        quantity: str = "2",
        price: str = "2.28",
        side: Side = Side.BUY,
    ) -> UUID:
        """The older version took a message for this trade."""
        message = message_stream("discord", number)
        posted_at = NOON + timedelta(minutes=int(number))
        return begin(
            self.desk,
            Signal.post(
                place=0,
                origin="trader",
                trader=self.author,
                source=Source(platform="discord", channel="options", message=message),
                side=side,
                legs=(Leg(symbol=symbol, side=Side.BUY),),
                quantity=D(quantity),
                price=D(price),
                price_to=None,
                stop=None,
                targets=(),
                valid_until=posted_at + timedelta(days=1),
                parser=OLD,
                rules=(),
                posted_at=posted_at,
                at=posted_at,
            ),
        )

    @property
    def author(self) -> UUID:
        return trader_stream("discord", "77")

    def left(self, signal: UUID, number: str, quantity: str, price: str | None) -> None:
        """The older version took a message for this exit."""
        posted_at = NOON + timedelta(minutes=int(number))

        def act(found: Signal) -> None:
            found.call_exit(
                quantity=D(quantity),
                price=None if price is None else D(price),
                reason=ClosedBy.EXIT,
                message=message_stream("discord", number),
                rules=(),
                posted_at=posted_at,
                at=posted_at,
            )
            if found.open_quantity == 0:
                found.close(reason=ClosedBy.EXIT, closed_at=posted_at, at=posted_at)

        change(self.desk, Signal, signal, act)

    def has_read_all(self) -> None:
        """Booking is at the head of the tape, by whatever version it came there."""
        self.runner.close()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO tape.reactions (reaction, position) VALUES ('booking', %s)"
                " ON CONFLICT (reaction) DO UPDATE SET position = excluded.position",
                (head(self.desk),),
            )


def happened(desk: Desk, url: str) -> list[Happened]:
    with psycopg.connect(url, autocommit=True) as connection:
        return list(history(connection, HISTORY, head(desk), decode_of(desk.mapper)))


def reread(desk: Desk, url: str, **scope: Any) -> Rereading:
    rereading = Rereading(**scope)
    for one in happened(desk, url):
        rereading.take(one)
    return rereading


def differing(desk: Desk, url: str, **scope: Any) -> list[Difference]:
    return reread(desk, url, **scope).differences()


def only(desk: Desk, url: str) -> Difference:
    (difference,) = differing(desk, url)
    return difference


def said(difference: Difference) -> list[str]:
    return [str(change) for change in difference.changes]
