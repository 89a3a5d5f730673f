"""What an account holds and earned, worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.executions import Contribution
from domain.positions import Booking, Kind, Position

D = Decimal
START = datetime(2025, 3, 3, 15, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


class Account:
    """A position and the marks recorded so far."""

    def __init__(self, multiplier: int = 100) -> None:
        self.marks: dict[datetime, tuple[Decimal, Decimal]] = {}
        self.position = Position(multiplier, [], self.since)
        self.events = 0

    def since(self, moment: datetime) -> list[tuple[datetime, Decimal, Decimal]]:
        return sorted((when, *quote) for when, quote in self.marks.items() if when >= moment)

    def fill(
        self, quantity: str, price: str, hour: float, commission: str = "0"
    ) -> tuple[Contribution, ...]:
        self.events += 1
        return self.position.book(
            Booking(at=at(hour), event=self.events, quantity=D(quantity), price=D(price),
                    commission=D(commission))
        )  # fmt: skip

    def book(self, kind: Kind, quantity: str, hour: float, price: str = "0") -> None:
        self.events += 1
        self.position.book(Booking(at=at(hour), event=self.events, kind=kind,
                                   quantity=D(quantity), price=D(price)))  # fmt: skip

    def mark(self, bid: str, offer: str, hour: float) -> tuple[Contribution, ...]:
        self.marks[at(hour)] = (D(bid), D(offer))
        return self.position.mark(at(hour), D(bid), D(offer))


def moved(*moves: tuple[float, str, str]) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(at(hour), D(0), D(pnl), D(commission)) for hour, pnl, commission in moves
    )


def test_commission_is_kept_beside_the_pnl() -> None:
    account = Account()
    assert account.fill("2", "1.00", 0, "1.40") == moved((0, "0", "1.40"))
    assert account.fill("-1", "1.50", 1, "0.70") == moved((1, "50", "0.70"))
    assert account.position.held.commission == D("2.10")


def test_long_is_marked_at_the_bid_and_short_at_the_offer() -> None:
    account = Account()
    account.fill("1", "1.00", 0)
    assert account.mark("1.20", "1.40", 1) == moved((1, "20", "0"))
    account.fill("-2", "1.20", 2)
    assert account.mark("1.00", "1.10", 3) == moved((3, "10", "0"))


def test_a_new_round_starts_at_cost_and_not_at_an_old_mark() -> None:
    account = Account()
    account.fill("1", "1.00", 0)
    account.mark("1.20", "1.40", 1)
    account.fill("-1", "1.20", 2)
    assert account.fill("1", "0.50", 3) == ()
    assert account.position.held.pnl == D(20)


def test_a_corrected_fill_moves_everything_after_it() -> None:
    account = Account()
    account.fill("1", "1.00", 0)
    account.mark("1.20", "1.40", 1)
    account.fill("-1", "1.50", 2)
    was = account.position.bookings[0]
    changed = msgspec.structs.replace(was, price=D("1.10"))
    assert account.position.rebook(1, changed) == moved((1, "-10", "0"))
    assert account.position.held.pnl == D(40)


def test_a_busted_fill_takes_its_commission_with_it() -> None:
    account = Account()
    account.fill("1", "1.00", 0, "0.70")
    account.fill("1", "2.00", 1, "0.70")
    assert account.position.rebook(2, None) == moved((1, "0", "-0.70"))
    assert account.position.held.lots.open == 1


def test_an_exercised_call_leaves_its_cost_in_the_shares() -> None:
    """A 250 call bought @ 5.00 and exercised: 100 shares that cost 25,500."""
    option, shares = Account(), Account(multiplier=1)
    option.fill("1", "5.00", 0)
    option.book(Kind.DELIVERY, "1", 1)
    assert option.position.held.pnl == 0
    shares.position.book(Booking(at=at(1), event=3, kind=Kind.EXCHANGE, quantity=D(100),
                                 price=D(250), brought=option.position.gone[2]))  # fmt: skip
    held = shares.position.held.lots
    assert (held.open, held.cost) == (D(100), D(25500))


def test_an_assigned_put_buys_shares_less_the_premium() -> None:
    option, shares = Account(), Account(multiplier=1)
    option.fill("-1", "2.00", 0)
    option.book(Kind.DELIVERY, "-1", 1)
    shares.position.book(Booking(at=at(1), event=3, kind=Kind.EXCHANGE, quantity=D(100),
                                 price=D(50), brought=option.position.gone[2]))  # fmt: skip
    held = shares.position.held.lots
    assert (held.open, held.cost) == (D(100), D(4800))


def test_no_more_can_be_delivered_than_is_held() -> None:
    account = Account()
    account.fill("1", "5.00", 0)
    account.book(Kind.DELIVERY, "3", 1)
    assert account.position.held.lots.open == 0
    assert account.position.gone[2].open == 1


def test_a_split_keeps_cost_and_pnl() -> None:
    account = Account(multiplier=1)
    account.fill("10", "900", 0)
    account.book(Kind.SPLIT, "10", 1, "1")
    assert account.mark("91", "92", 2) == moved((2, "100", "0"))


hours = st.integers(0, 20)
prices = st.decimals(D("0.05"), D("9"), places=2)
fills = st.tuples(st.integers(-3, 3).filter(bool), prices, hours)


@given(
    st.lists(fills, min_size=1, max_size=6),
    st.dictionaries(hours, prices, max_size=4),
    st.data(),
)
def test_the_order_in_which_facts_are_heard_does_not_matter(
    traded: list[tuple[int, Decimal, int]], marks: dict[int, Decimal], data: st.DataObject
) -> None:
    bookings = [
        Booking(at=at(hour), event=event, quantity=D(quantity), price=price)
        for event, (quantity, price, hour) in enumerate(traded)
    ]
    account = Account()
    total = D(0)
    facts: list[Booking | tuple[int, Decimal]] = [*bookings, *marks.items()]
    for fact in data.draw(st.permutations(facts)):
        if isinstance(fact, Booking):
            moves = account.position.book(fact)
        else:
            moves = account.mark(str(fact[1]), str(fact[1] + 1), fact[0])
        total += sum((move.pnl for move in moves), D(0))
    whole = Position(100, bookings, account.since)
    assert whole.held == account.position.held
    assert total == whole.held.pnl
