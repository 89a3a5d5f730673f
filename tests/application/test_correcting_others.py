"""Marks, movements of cash and links between authors are put right by events too."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from application.correcting import Change
from application.desk import Desk, Work
from application.linking import link_traders
from application.ports import NotFound
from domain.accounts import Account, AccountCashMoved, CashKind
from domain.corrections import CorrectionRequested, Target
from domain.market import Mark, MarkCorrected, Quote
from domain.shared import Impossible, InvalidInput
from domain.traders import Trader
from tests.application.acts import ADA, TSLA, begin, command, last, names, put_right
from tests.application.conftest import NOON

D = Decimal


def of(target: Target, stream: UUID, **wanted: object) -> Change:
    return Change(target=target, stream=stream, reason="it was wrong", **wanted)  # type: ignore[arg-type]


@pytest.fixture
def mark(desk: Desk) -> UUID:
    quote = Quote(symbol=TSLA, bid=D("2.00"), offer=D("2.10"), time=NOON, source="test")
    made = Mark.record(quote, underlying_px=D(250), rate=D("0.04"), marked_at=NOON, at=NOON)
    return begin(desk, made)


class TestMarks:
    def test_a_mark_counts_otherwise_and_tells_what_it_was(self, desk: Desk, mark: UUID) -> None:
        put_right(desk, of(Target.MARK, mark, bid=D("1.80")))
        done = last(desk, MarkCorrected)
        assert (done.bid, done.offer, done.was_bid, done.was_offer) == (
            D("1.80"), D("2.10"), D("2.00"), D("2.10"),
        )  # fmt: skip
        assert (done.underlying_px, done.rate, done.marked_at) == (D(250), D("0.04"), NOON)
        put_right(desk, of(Target.MARK, mark, bid=D("1.90")))
        asked = last(desk, CorrectionRequested)
        assert asked.corrects == done.correction
        assert [str(each) for each in asked.changes] == ["bid 1.80 -> 1.90"]

    @pytest.mark.parametrize(
        ("wanted", "why"),
        [
            ({"bid": D("2.20")}, "crossed"),
            ({"bid": D(0), "offer": D(0)}, "no offer"),
            ({"bid": D("NaN")}, "crossed"),
            ({"bid": D("2.00")}, "says that already"),
            ({"void": True}, "not voided"),
            ({"price": D(1)}, "has no price"),
        ],
    )
    def test_what_is_no_mark_is_refused(
        self, desk: Desk, mark: UUID, wanted: dict[str, object], why: str
    ) -> None:
        with pytest.raises(InvalidInput, match=why):
            put_right(desk, of(Target.MARK, mark, **wanted))
        assert names(desk) == ["mark.recorded"]


class TestCash:
    @pytest.fixture
    def account(self, desk: Desk) -> UUID:
        opened = Account.open(name="main", broker="paper", cash=D(10_000), at=NOON)
        opened.move_cash(CashKind.DEPOSIT, D(500), activity="a1", happened_at=NOON, at=NOON)
        return begin(desk, opened)

    def test_a_wrong_amount_is_taken_back_and_the_right_one_booked(
        self, desk: Desk, account: UUID
    ) -> None:
        put_right(desk, of(Target.ACCOUNT, account, part="a1", amount=D(50)))
        book = Work(desk).get(Account, account)
        assert (book.paid_in, book.entries["a1"].amount) == (D(10_050), D(50))
        assert names(desk)[-4:] == [
            "correction.approved",
            "account.cash_moved",
            "account.cash_moved",
            "correction.applied",
        ]
        put_right(desk, of(Target.ACCOUNT, account, part="a1", amount=D(-5)))
        assert Work(desk).get(Account, account).paid_in == D(9_995)

    def test_what_never_moved_is_taken_back_once(self, desk: Desk, account: UUID) -> None:
        put_right(desk, of(Target.ACCOUNT, account, part="a1", void=True))
        assert Work(desk).get(Account, account).paid_in == D(10_000)
        assert last(desk, AccountCashMoved).amount == D(-500)
        with pytest.raises(Impossible, match="no movement 'a1'"):
            put_right(desk, of(Target.ACCOUNT, account, part="a1", void=True))

    @pytest.mark.parametrize(
        ("wanted", "why"),
        [
            ({"part": "a1", "amount": D(0)}, "cannot be right"),
            ({"part": "a1", "amount": D(500)}, "recorded already"),
            ({"amount": D(5)}, "name the movement"),
        ],
    )
    def test_what_puts_nothing_right_is_refused(
        self, desk: Desk, account: UUID, wanted: dict[str, object], why: str
    ) -> None:
        with pytest.raises(InvalidInput, match=why):
            put_right(desk, of(Target.ACCOUNT, account, **wanted))


class TestLinks:
    @pytest.fixture
    def traders(self, desk: Desk) -> list[UUID]:
        return [
            begin(desk, Trader.register(platform="x", author_id=name, name=name, at=NOON))
            for name in ("ann", "ben", "cid")
        ]

    def test_a_wrong_link_is_taken_back_and_the_right_one_made(
        self, desk: Desk, traders: list[UUID]
    ) -> None:
        ann, ben, cid = traders
        link_traders(desk, command(), ADA, trader=ann, to=ben, reason="the same words")
        put_right(desk, of(Target.TRADER, ann, linked_to=cid, evidence="https://a.example/1"))
        found = Work(desk).get(Trader, ann)
        asked = last(desk, CorrectionRequested)
        assert (found.linked_to, found.link_correction) == (cid, asked.originator_id)
        assert names(desk)[-3:] == ["trader.unlinked", "trader.linked", "correction.applied"]
        put_right(desk, of(Target.TRADER, ann, void=True))
        assert Work(desk).get(Trader, ann).linked_to is None

    def test_links_make_no_circles(self, desk: Desk, traders: list[UUID]) -> None:
        ann, ben, _ = traders
        link_traders(desk, command(), ADA, trader=ann, to=ben, reason="the same words")
        with pytest.raises(Impossible, match="one person already"):
            put_right(desk, of(Target.TRADER, ben, linked_to=ann))

    def test_whoever_is_not_there_is_linked_to_nobody(
        self, desk: Desk, traders: list[UUID]
    ) -> None:
        ann, *_ = traders
        with pytest.raises(NotFound):
            put_right(desk, of(Target.TRADER, ann, linked_to=uuid4()))
        with pytest.raises(Impossible, match="linked to nobody"):
            put_right(desk, of(Target.TRADER, ann, void=True))
