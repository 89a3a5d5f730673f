"""An account at a broker that tells what happens to it without a trade."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from adapters.trading_books import TradingBooks
from application.access import LOCAL_OPERATOR
from application.administering import open_account
from application.books import Book
from application.desk import Desk
from application.guarded import Guarded
from application.reconciling import record_activities
from domain.activities import Activity, ActivityKind
from domain.fix import PositionEffect, Side
from domain.legs import Leg
from tests.application.acts import TSLA, catch_up, command
from tests.application.exit_acts import fill, order
from tests.application.floor import Floor

D = Decimal
CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


class Account:
    """An account at a broker whose activities a test tells."""

    def __init__(self, desk: Desk, floor: Floor, books: TradingBooks, broker: str) -> None:
        self.desk = desk
        self.floor = floor
        self.books = books
        self._broker = broker
        self._ids = count(1)
        open_account(
            desk, command(), LOCAL_OPERATOR, name="paper", broker=broker, cash=D(50_000)
        )  # fmt: skip
        self.follow()

    def follow(self) -> None:
        catch_up(*self.floor.runners)

    def trade(
        self,
        quantity: str,
        px: str,
        symbol: str = TSLA,
        side: Side = Side.BUY,
        legs: tuple[Leg, ...] | None = None,
    ) -> None:
        """Something is bought or sold by hand."""
        name = order(
            self.desk, f"o-{next(self._ids)}", quantity, side=side, effect=PositionEffect.OPEN,
            legs=legs or (Leg(symbol=symbol, side=side),),
        )  # fmt: skip
        fill(self.desk, name, quantity, px)
        self.follow()

    def told(
        self,
        kind: ActivityKind,
        quantity: str = "0",
        symbol: str = TSLA,
        *,
        amount: str = "0",
        name: str = "",
        at: datetime = CLOSE,
    ) -> None:
        """The broker tells of an activity."""
        activity = Activity(
            activity_id=name or f"a-{next(self._ids)}", kind=kind, happened_at=at, symbol=symbol,
            quantity=D(quantity), amount=D(amount),
        )  # fmt: skip
        record_activities(self.desk, "paper", self._broker, [activity], at=at)
        self.follow()

    @property
    def book(self) -> Book:
        book = self.books.book("paper")
        assert book is not None
        return book

    @property
    def guarded(self) -> Guarded:
        """The one holding, as the monitor finds it."""
        (row,) = self.books.guarded()
        return row

    @property
    def holdings(self) -> dict[str, Decimal]:
        return dict(self.books.holdings("paper"))
