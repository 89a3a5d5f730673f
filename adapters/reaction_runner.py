"""Drives a reaction along the tape, each event exactly once.

What the reaction decides, what it remembers and its place on the tape are stored in one
transaction. The row that holds its place is locked meanwhile, so a second worker stands by.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple
from uuid import UUID

from adapters.append import append_on
from adapters.event_reader import read_head
from adapters.mapper import decode_body
from adapters.postgres import Connection, connect, translated
from application.desk import Desk, Work
from application.ports import ApplicationError, Conflict
from application.reaction import Happened, Reaction
from domain.shared import DomainError

BATCH = 500

_READ = """
SELECT position, stream, name, body, recorded_at, actor, correlation
FROM tape.events WHERE position > %b AND position <= %b AND name = ANY(%b)
ORDER BY position LIMIT %b
"""


_MOVE = """
UPDATE tape.reactions SET position = %s, updated_at = clock_timestamp() WHERE reaction = (
    SELECT reaction FROM tape.reactions
    WHERE reaction = %s AND position = %s AND state = 'running' FOR UPDATE SKIP LOCKED
)
"""


class Step(StrEnum):
    """What became of one look at the tape."""

    WORKED = "worked"
    AT_HEAD = "at head"
    STANDING_BY = "standing by"
    STOPPED = "stopped"


class ReactionStatus(NamedTuple):
    """Where a reaction is."""

    name: str
    position: int
    state: str
    reason: str
    updated_at: datetime


class ReactionRunner:
    """One reaction and its connection."""

    def __init__(
        self, url: str, desk: Desk, reaction: Reaction, *, from_now_on: bool = False
    ) -> None:
        """`from_now_on`: when it runs for the first time, what is on the tape is left alone."""
        self._from_now_on = from_now_on
        self._url = url
        self._desk = desk
        self._reaction = reaction
        self._names = sorted(event.TOPIC for event in reaction.handles)
        self._connection: Connection | None = None
        self._place: int | None = None
        self._batch = BATCH
        # One process may have a worker's thread and a command that waits for it.
        self._turn = threading.RLock()

    @property
    def name(self) -> str:
        return self._reaction.name

    def step(self) -> Step:
        """Reacts to the next events, if this worker is the one to do it.

        An error makes the batch smaller; an event that fails alone stops the reaction, with
        the reason in its status, because skipping it would lose a decision.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        with self._turn:
            return self._step()

    def _step(self) -> Step:
        try:
            step = self._in_one_transaction()
        except Conflict:
            # Somebody else changed a stream we decided on: decide again on what is there now.
            self._place = None
            return Step.WORKED
        except (DomainError, ApplicationError) as error:
            self._place = None
            if self._batch > 1:
                self._batch = max(1, self._batch // 2)
                return Step.WORKED
            self._stop(error)
            return Step.STOPPED
        except BaseException:
            self._place = None
            raise
        if step is Step.WORKED:
            self._batch = min(BATCH, self._batch * 2)
        return step

    def catch_up(self) -> None:
        """Reacts until there is nothing left that this worker may do.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        while self.step() is Step.WORKED:
            continue

    def start_over(self) -> None:
        """Goes back to the beginning of the tape; only for reactions without memory.

        Raises:
            Unavailable: the database did not answer.
        """
        self._place = None
        with translated():
            self._connected().execute(
                "UPDATE tape.reactions SET position = 0, state = 'running', reason = ''"
                " WHERE reaction = %s",
                (self.name,),
            )

    def remembered(self, prefix: str) -> dict[str, bytes]:
        """What the reaction keeps in store under keys with a prefix, in the order of the keys.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._turn, translated():
            rows = self._connected().execute(
                "SELECT key, value FROM tape.reaction_memory"
                " WHERE reaction = %s AND starts_with(key, %s) ORDER BY key",
                (self.name, prefix),
            )
            return dict(rows.fetchall())

    def cross_off(self, key: str, value: bytes) -> bool:
        """Drops what is remembered under a key, unless it was remembered anew meanwhile.

        Only for reactions that decide nothing by it.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._turn, translated():
            done = self._connected().execute(
                "DELETE FROM tape.reaction_memory WHERE reaction = %s AND key = %s AND value = %s",
                (self.name, key, value),
            )
            return done.rowcount == 1

    def close(self) -> None:
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._place = None

    def _in_one_transaction(self) -> Step:
        connection = self._connected()
        if self._place is not None and self._passes_by(connection, self._place):
            return Step.AT_HEAD
        with translated(), connection.transaction():
            locked = self._lock(connection)
            if locked is None:
                self._place = None
                return Step.STANDING_BY
            place, state = locked
            if state != "running":
                return Step.STOPPED
            if place != self._place:
                self._reaction.restore(self._memory(connection))
            happened, reached = self._next(connection, place)
            if reached == place:
                self._place = place
                return Step.AT_HEAD
            if self._react(connection, happened):
                connection.execute("SET LOCAL synchronous_commit TO on")
            self._save(connection, reached)
        self._place = reached
        return Step.WORKED if happened else Step.AT_HEAD

    def _passes_by(self, connection: Connection, place: int) -> bool:
        """Moves on without a transaction of many steps where nothing concerns the reaction, as
        it is with most of what happens.
        """
        head = read_head(connection)
        if head == place:
            return True
        with translated():
            found = connection.execute(
                _READ, (place, head, self._names, 1), prepare=True, binary=True
            )
            if found.rowcount:
                return False
            moved = connection.execute(_MOVE, (head, self.name, place), prepare=True)
        if not moved.rowcount:
            return False
        self._place = head
        return True

    def _react(self, connection: Connection, happened: Sequence[Happened]) -> bool:
        """Whether anything was decided."""
        if not happened:
            return False
        work = Work(self._desk, partial(append_on, connection))
        self._reaction.react(happened, work)
        results = work.commit()
        for result in results:
            if isinstance(result, Conflict):
                raise result
        return bool(results)

    def _lock(self, connection: Connection) -> tuple[int, str] | None:
        row = connection.execute(
            "SELECT position, state FROM tape.reactions WHERE reaction = %s FOR UPDATE SKIP LOCKED",
            (self.name,),
        ).fetchone()
        return None if row is None else (int(row[0]), str(row[1]))

    def _memory(self, connection: Connection) -> dict[str, bytes]:
        rows = connection.execute(
            "SELECT key, value FROM tape.reaction_memory WHERE reaction = %s", (self.name,)
        ).fetchall()
        return dict(rows)

    def _next(self, connection: Connection, place: int) -> tuple[list[Happened], int]:
        """The next events it handles, and the position up to which none are left out."""
        head = read_head(connection)
        if head == place:
            return [], place
        rows = connection.execute(
            _READ, (place, head, self._names, self._batch), prepare=True, binary=True
        ).fetchall()
        happened = [_happened(*row) for row in rows]
        return happened, happened[-1].position if len(rows) == self._batch else head

    def _save(self, connection: Connection, reached: int) -> None:
        changes = self._reaction.changes()
        gone = [key for key, value in changes.items() if value is None]
        kept = [(self.name, key, value) for key, value in changes.items() if value is not None]
        with connection.cursor() as cursor:
            if kept:
                cursor.executemany(
                    "INSERT INTO tape.reaction_memory (reaction, key, value) VALUES (%s, %s, %s)"
                    " ON CONFLICT (reaction, key) DO UPDATE SET value = excluded.value",
                    kept,
                )
            if gone:
                cursor.execute(
                    "DELETE FROM tape.reaction_memory WHERE reaction = %s AND key = ANY(%s)",
                    (self.name, gone),
                )
            cursor.execute(
                "UPDATE tape.reactions SET position = %s, updated_at = clock_timestamp()"
                " WHERE reaction = %s",
                (reached, self.name),
            )

    def _stop(self, error: Exception) -> None:
        with translated():
            self._connected().execute(
                "UPDATE tape.reactions SET state = 'stopped', reason = %s,"
                " updated_at = clock_timestamp() WHERE reaction = %s",
                (str(error), self.name),
            )

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url)
            self._place = None
            with translated():
                # Place and memory alone can be lost together: it would be reacted to again, and
                # come to the same. What is decided waits for the disk, see below.
                self._connection.execute("SET synchronous_commit TO off")
                begins = read_head(self._connection) if self._from_now_on else 0
                self._connection.execute(
                    "INSERT INTO tape.reactions (reaction, position) VALUES (%s, %s)"
                    " ON CONFLICT DO NOTHING",
                    (self.name, begins),
                )
        return self._connection


def reaction_statuses(connection: Connection) -> list[ReactionStatus]:
    """Where every reaction is."""
    with translated():
        rows = connection.execute(
            "SELECT reaction, position, state, reason, updated_at FROM tape.reactions"
            " ORDER BY reaction"
        ).fetchall()
    return [ReactionStatus(*row) for row in rows]


def _happened(
    position: int,
    stream: UUID,
    name: str,
    body: bytes,
    recorded_at: datetime,
    actor: str,
    correlation: UUID | None,
) -> Happened:
    return Happened(position, stream, recorded_at, actor, correlation, decode_body(name, body))
