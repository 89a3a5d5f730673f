"""Brokerages: the accounts of the house, each with the broker that carries its orders.

The paper broker lives in our own database, so whoever follows the tape runs its errands on the
way. Brokers in the outside world have a thread of their own in the worker, since they take their
time. Of several processes one serves an account at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from application.brokerage import Activity, Broker, BrokerPosition
from application.desk import Desk
from application.dispatching import Dispatcher
from application.ports import ApplicationError, Clock, PortError, PortRefused, Unavailable
from application.reconciling import Holdings, Reconciled, Reconciler
from application.sending import ACCOUNT_PREFIX, DUE_PREFIX, AtBroker, DueList, account_of
from domain.shared import DomainError, learned

LOCAL = frozenset({"paper"})
LISTEN_S = 0.25
"""How long a broker outside is listened to before errands are looked for again."""

ASK_S = 1.0
"""How long a new account may wait to be listened to; what is due there does not wait for it."""

_log = logging.getLogger(__name__)


class Turn(Protocol):
    """The right to do a job that one process does at a time."""

    def is_mine(self) -> bool: ...
    def close(self) -> None: ...


class Served(NamedTuple):
    """One account and all that serves it."""

    at: AtBroker
    broker: Broker
    turn: Turn
    dispatcher: Dispatcher
    reconciler: Reconciler


class Brokerages:
    """Serves the accounts that are on the tape."""

    def __init__(
        self,
        desk: Desk,
        due: DueList,
        holdings: Holdings,
        clock: Clock,
        *,
        open_broker: Callable[[AtBroker], Broker | None],
        turn: Callable[[str], Turn],
    ) -> None:
        """`open_broker` gives None for a broker that is not set up here: what is due there
        waits.
        """
        self._desk = desk
        self._due = due
        self._holdings = holdings
        self._clock = clock
        self._open_broker = open_broker
        self._turn = turn
        self._served: dict[str, Served | None] = {}
        self._asked = float("-inf")
        # Errands, reconciling and the threads of brokers outside ask for the accounts at once.
        self._opening = threading.Lock()

    def step(self) -> bool:
        """Runs what is due at the brokers of our own, and listens to them; True if anything was
        done. An account that fails keeps no other one from its turn.

        Raises:
            Unavailable: the database did not answer; nothing is lost.
        """
        return self._serve_own(listen=True)

    def send(self) -> bool:
        """Runs what is due at the brokers of our own; True if anything was done.

        Raises:
            Unavailable: the database did not answer; nothing is lost.
        """
        return self._serve_own(listen=False)

    def _serve_own(self, *, listen: bool) -> bool:
        worked = False
        due: dict[str, dict[str, bytes]] = {}
        for key, value in self._due.remembered(DUE_PREFIX).items():
            due.setdefault(account_of(key), {})[key] = value
        for served in self._ours(local=True, due=due):
            found = due.get(served.at.account, {})
            if not (found or listen):
                continue
            try:
                if served.turn.is_mine():
                    worked = served.dispatcher.step(found) or worked
                    worked = (listen and served.dispatcher.listen(0)) or worked
            except (PortRefused, ApplicationError, DomainError) as error:
                _log.warning("%s at %s: %s", served.at.account, served.at.broker, error)
        return worked

    def waiting(self) -> int:
        """How many errands are due at the brokers of our own."""
        ours = {served.at.account for served in self._ours(local=True)}
        return sum(account_of(key) in ours for key in self._due.remembered(DUE_PREFIX))

    def reconcile(self, account: str | None = None) -> Mapping[str, Reconciled]:
        """Holds accounts against their brokers; what was found of each that is served here.

        Raises:
            Unavailable: a broker or the database did not answer; the other accounts were looked
                at all the same.
        """
        found: dict[str, Reconciled] = {}
        unanswered: Unavailable | None = None
        for served in (*self._ours(local=True), *self._ours(local=False)):
            if account not in (None, served.at.account):
                continue
            try:
                if served.turn.is_mine():
                    found[served.at.account] = served.reconciler.step()
            except Unavailable as error:
                unanswered = error
            except (PortRefused, ApplicationError, DomainError) as error:
                _log.warning("%s at %s: %s", served.at.account, served.at.broker, error)
        if unanswered is not None:
            raise unanswered
        return found

    def accounts(self) -> list[str]:
        """The names of the accounts that are served here."""
        return [one.at.account for one in (*self._ours(local=True), *self._ours(local=False))]

    def activities(self, account: str, since: datetime) -> Sequence[Activity] | None:
        """What its broker tells of an account; None if that is not set up here.

        Raises:
            Unavailable: the broker did not answer.
        """
        everybody = (*self._ours(local=True), *self._ours(local=False))
        served = next((one for one in everybody if _is_of(one, account)), None)
        return None if served is None else served.broker.activities(since)

    def positions(self, account: str) -> Sequence[BrokerPosition]:
        """What the broker holds for an account.

        Raises:
            Unavailable: the broker did not answer.
        """
        served = next((one for one in self._served.values() if _is_of(one, account)), None)
        return () if served is None else served.broker.positions()

    def run(self, stop: threading.Event) -> None:
        """Serves the accounts at brokers outside, each in a thread, until told to stop."""
        threads: dict[str, threading.Thread] = {}
        while not stop.is_set():
            try:
                for served in self._ours(local=False):
                    if served.at.account not in threads:
                        thread = threading.Thread(
                            target=self._serve, args=(served, stop), daemon=True,
                            name=f"broker {served.at.account}",
                        )  # fmt: skip
                        threads[served.at.account] = thread
                        thread.start()
            except PortError as error:
                _log.warning("brokers: %s", error)
            except Exception:  # noqa: BLE001 - told with its traceback
                # The threads of the accounts go on, and a second one of each must not begin.
                _log.exception("brokers: failed, and are looked for again")
            stop.wait(2)
        for thread in threads.values():
            thread.join(timeout=10)

    def close(self) -> None:
        """Gives every account back."""
        for served in self._served.values():
            if served is not None:
                served.turn.close()

    def _serve(self, served: Served, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                if served.turn.is_mine():
                    served.dispatcher.step()
                    served.dispatcher.listen(LISTEN_S)
                else:
                    stop.wait(2)
            except (PortError, ApplicationError, DomainError) as error:
                _log.warning("%s at %s: %s", served.at.account, served.at.broker, error)
                stop.wait(2)
            except Exception:  # noqa: BLE001 - told with its traceback
                # No other thread serves this account.
                _log.exception("%s at %s", served.at.account, served.at.broker)
                stop.wait(2)

    def _ours(self, *, local: bool, due: Collection[str] | None = None) -> list[Served]:
        """The accounts at brokers of our own or outside. Who knows for which of them something
        is due does not ask again which there are, as long as those are known.
        """
        if due is None or not self._are_known(due):
            self._ask()
        return [
            served
            for served in list(self._served.values())
            if served is not None and (served.at.broker in LOCAL) == local
        ]

    def _are_known(self, accounts: Collection[str]) -> bool:
        if time.monotonic() - self._asked > ASK_S:
            return False
        return all(f"{ACCOUNT_PREFIX}{account}" in self._served for account in accounts)

    def _ask(self) -> None:
        """Takes up the accounts that were opened meanwhile."""
        now, found = time.monotonic(), self._due.remembered(ACCOUNT_PREFIX)
        with self._opening:
            for key, value in found.items():
                if key not in self._served:
                    self._served[key] = self._open(
                        msgspec.json.decode(value, type=learned(AtBroker))
                    )
        self._asked = now

    def _open(self, at: AtBroker) -> Served | None:
        try:
            broker = self._open_broker(at)
        except (PortRefused, DomainError) as error:
            _log.warning("the account %s at %s cannot be served: %s", at.account, at.broker, error)
            return None
        if broker is None:
            _log.warning("the account %s is at %s, which is not set up here", at.account, at.broker)
            return None
        desk, clock = self._desk, self._clock
        return Served(
            at,
            broker,
            self._turn(f"account {at.account}"),
            Dispatcher(desk, self._due, broker, account=at.account, clock=clock),
            Reconciler(desk, self._holdings, broker, account=at.account, clock=clock),
        )


def _is_of(served: Served | None, account: str) -> bool:
    return served is not None and served.at.account == account
