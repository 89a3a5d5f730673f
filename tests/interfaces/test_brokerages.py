"""Every account is served by its broker, and none that fails keeps another from its turn."""

from __future__ import annotations

import threading

import msgspec
import pytest

from application.ports import Conflict, PortRefused, Unavailable
from application.sending import ACCOUNT_PREFIX, AtBroker
from domain.accounts import Account
from domain.shared import InvalidInput
from interfaces.brokerages import Brokerages
from tests.application.conftest import NOON
from tests.application.scripted import ACCOUNT, D, Office, ScriptedBroker, trade
from tests.patience import PATIENCE_S, wait_until


class Turn:
    """The right to a job, by hand."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.mine = True
        self.is_closed = False
        self.failures: list[Exception] = []

    def is_mine(self) -> bool:
        if self.failures:
            raise self.failures.pop()
        return self.mine

    def close(self) -> None:
        self.is_closed = True


class Floor:
    """Accounts and their brokers."""

    def __init__(self) -> None:
        self.office = Office()
        self.brokers: dict[str, ScriptedBroker] = {}
        self.turns: dict[str, Turn] = {}
        self.refuses: dict[str, Exception] = {}
        self.opened: list[str] = []
        office = self.office
        self.brokerages = Brokerages(
            office.desk.as_desk, office.dues, office.holdings, office.clock,
            open_broker=self.open, turn=self.turn,
        )  # fmt: skip

    def add(self, account: str, broker: str = "paper") -> ScriptedBroker:
        at = AtBroker(account=account, broker=broker, cash=D(100_000))
        if account != ACCOUNT:
            self.office.desk.keep(
                Account.open(name=account, broker=broker, cash=D(100_000), at=NOON)
            )
        # The reaction knows the account by what it was opened with.
        self.office.mark()
        self.office.dues.kept[f"{ACCOUNT_PREFIX}{account}"] = msgspec.json.encode(at)
        return self.brokers.setdefault(account, ScriptedBroker())

    def open(self, at: AtBroker) -> ScriptedBroker | None:
        self.opened.append(at.account)
        if at.account in self.refuses:
            raise self.refuses[at.account]
        return None if at.broker == "unknown" else self.brokers[at.account]

    def turn(self, job: str) -> Turn:
        return self.turns.setdefault(job, Turn(job))

    def clear(self, name: str) -> str:
        self.office.clear(name)
        self.office.mark()
        return name


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_what_is_due_at_a_broker_of_our_own_is_done_by_whoever_follows_the_tape(
    floor: Floor,
) -> None:
    broker = floor.add(ACCOUNT)
    floor.clear("o-1")
    assert floor.brokerages.waiting() == 1
    assert floor.brokerages.step()
    assert list(broker.tickets) == ["o-1"]
    assert floor.brokerages.waiting() == 0
    broker.news.append(trade("o-1", "e-1", "2", "2"))
    assert floor.brokerages.step()
    assert floor.office.status("o-1") == "filled"
    assert not floor.brokerages.step()


def test_who_does_not_have_the_turn_does_nothing(floor: Floor) -> None:
    broker = floor.add(ACCOUNT)
    floor.turn(f"account {ACCOUNT}").mine = False
    floor.clear("o-1")
    assert not floor.brokerages.step()
    assert floor.brokerages.reconcile() == {}
    assert broker.asked == []


def test_a_broker_that_is_not_set_up_here_lets_its_orders_wait(floor: Floor) -> None:
    floor.add(ACCOUNT, "unknown")
    floor.clear("o-1")
    assert not floor.brokerages.step()
    assert not floor.brokerages.step()
    assert floor.opened == [ACCOUNT]
    assert floor.office.status("o-1") == "pending_new"


@pytest.mark.parametrize("no", [PortRefused("nobody opened it"), InvalidInput("half a key")])
def test_an_account_that_cannot_be_opened_keeps_no_other_from_its_turn(
    floor: Floor, no: Exception
) -> None:
    floor.add("broken")
    floor.refuses["broken"] = no
    broker = floor.add(ACCOUNT)
    floor.clear("o-1")
    assert floor.brokerages.step()
    assert list(broker.tickets) == ["o-1"]


@pytest.mark.parametrize("error", [Conflict("again and again"), PortRefused("no")])
def test_an_account_that_fails_keeps_no_other_from_its_turn(floor: Floor, error: Exception) -> None:
    class Failing(ScriptedBroker):
        def reports(self, timeout_s: float) -> list[object]:  # type: ignore[override]
            raise error

    floor.brokers["a-failing"] = Failing()
    floor.add("a-failing")
    broker = floor.add(ACCOUNT)
    floor.clear("o-1")
    assert floor.brokerages.step()
    assert list(broker.tickets) == ["o-1"]


def test_a_database_that_is_lost_is_told_to_whoever_follows_the_tape(floor: Floor) -> None:
    floor.add(ACCOUNT)
    floor.clear("o-1")
    floor.office.desk.is_lost = True
    with pytest.raises(Unavailable):
        floor.brokerages.step()


def test_a_broker_without_an_answer_keeps_no_other_account_from_being_reconciled(
    floor: Floor,
) -> None:
    floor.add("a-silent")
    other = floor.add(ACCOUNT)
    floor.brokers["a-silent"].open_orders = _unavailable  # type: ignore[method-assign, assignment]
    other.cash = D(7)
    with pytest.raises(Unavailable):
        floor.brokerages.reconcile()
    assert floor.office.desk.names()[-1] == "account.reported"
    assert list(floor.brokerages.reconcile(ACCOUNT)) == [ACCOUNT]


def test_a_broker_outside_has_a_thread_of_its_own_that_outlives_what_fails(floor: Floor) -> None:
    broker = floor.add(ACCOUNT, "outside")
    floor.clear("o-1")
    assert not floor.brokerages.step()
    stop = threading.Event()
    runs = threading.Thread(target=floor.brokerages.run, args=(stop,), daemon=True)
    runs.start()
    wait_until(lambda: "o-1" in broker.tickets)
    broker.news.append(trade("o-1", "e-1", "2", "2"))
    wait_until(lambda: floor.office.status("o-1") == "filled")
    stop.set()
    runs.join(PATIENCE_S)
    assert not runs.is_alive()


def test_what_nobody_foresaw_does_not_end_the_thread_of_a_broker(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    broker = floor.add(ACCOUNT, "outside")
    floor.turn(f"account {ACCOUNT}").failures.append(ZeroDivisionError("a price of nothing"))
    floor.clear("o-1")
    stop = threading.Event()
    runs = threading.Thread(target=floor.brokerages.run, args=(stop,), daemon=True)
    runs.start()
    wait_until(lambda: "o-1" in broker.tickets)
    stop.set()
    runs.join(PATIENCE_S)
    assert "a price of nothing" in caplog.text


def test_several_that_ask_at_once_open_each_account_once(floor: Floor) -> None:
    floor.add(ACCOUNT)
    threads = [threading.Thread(target=floor.brokerages.waiting) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert floor.opened == [ACCOUNT]


def test_in_the_end_every_account_is_given_back(floor: Floor) -> None:
    floor.add(ACCOUNT)
    floor.brokerages.step()
    floor.brokerages.close()
    assert floor.turn(f"account {ACCOUNT}").is_closed


def _unavailable() -> list[object]:
    raise Unavailable("no answer")
