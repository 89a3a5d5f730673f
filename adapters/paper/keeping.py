"""One account in memory, in step with its record: decide, store, or decide again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.paper.books import Account, Books
from application.brokerage import OrderTicket
from application.ports import Unavailable
from domain.reports import ExecutionReport

ATTEMPTS = 20
"""How often a decision is made again because somebody else was faster."""

Reports = list[ExecutionReport]
Decide = Callable[[Account], Reports]


class Keeper:
    """Changes an account that other processes may change as well."""

    def __init__(self, books: Books, account: str) -> None:
        self._books = books
        self._name = account
        self._memory: Account | None = None

    def last_seen(self) -> Account:
        """The account as it was when it was last read or changed here; a change that is based
        on it is checked when it is stored.
        """
        return self._memory or self.current()

    def current(self) -> Account:
        """The account as it is on record now.

        Raises:
            PortRefused: nobody opened the account.
            Unavailable: the database did not answer.
        """
        if self._memory is None or self._memory.version != self._books.version():
            self._memory = self._books.load()
        return self._memory

    def change(
        self, decide: Decide, tickets: Mapping[str, OrderTicket] | None = None, *,
        always: bool = False,
    ) -> range:  # fmt: skip
        """Decides and stores; if somebody else was faster, decides again by what they stored.

        Returns the numbers of the reports that came of it. Nothing is stored where nothing
        has changed, unless `always`.

        Raises:
            Unavailable: the database did not answer, so it is unknown what is stored; or
                others change the account all the time.
        """
        for _ in range(ATTEMPTS):
            account = self.last_seen()
            first = account.reports + 1
            try:
                reports = decide(account)
                changed = always or account.engine.has_changed
                stored = not changed or self._books.save(account, reports, tickets or {})
            except BaseException:
                # What was decided in memory may not be on record.
                self._memory = None
                raise
            if stored:
                return range(first, account.reports + 1)
            self._memory = None
        raise Unavailable(f"the paper account {self._name} is changed too often by others")
