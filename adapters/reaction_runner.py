"""Drives a reaction along the tape, each event exactly once.

What the reaction decides, what it remembers and its place on the tape are stored in one
transaction. A lock is held on the place meanwhile, so a second worker stands by.
"""

from __future__ import annotations

import threading
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from adapters.event_reader import read_head
from adapters.mapper import decode_of
from adapters.postgres import WRITER_ROLE, Connection, connect, translated
from adapters.reaction_place import leave, let_go, store, take
from application.desk import Desk, Work
from application.ports import ApplicationError, Conflict, PortError
from application.reaction import Reaction
from domain.shared import DomainError

BATCH = 500


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
        self._decode = decode_of(desk.mapper)
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

    def step(self, head: int | None = None) -> Step:
        """Reacts to the next events, if this worker is the one to do it; `head` is the last
        position of the tape, where the caller knows it.

        An error makes the batch smaller; an event that fails alone stops the reaction, with
        the reason in its status, because skipping it would lose a decision.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        with self._turn:
            return self._step(head)

    def _step(self, head: int | None) -> Step:
        try:
            if self._is_at(head):
                return Step.AT_HEAD
            step = self._take_and_store()
        except Conflict:
            # Somebody else changed a stream we decided on: decide again on what is there now.
            self._give_up()
            return Step.WORKED
        except (DomainError, ApplicationError) as error:
            self._give_up()
            if self._batch > 1:
                self._batch = max(1, self._batch // 2)
                return Step.WORKED
            self._stop(error)
            return Step.STOPPED
        except BaseException:
            self._give_up()
            raise
        if step is Step.WORKED:
            self._batch = min(BATCH, self._batch * 2)
        return step

    def _is_at(self, head: int | None) -> bool:
        connection = self._connected()
        if self._place is None:
            return False
        return self._place >= (read_head(connection) if head is None else head)

    def follow(self, head: int | None = None) -> bool:
        """One step; whether there was anything to react to.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        return self.step(head) is Step.WORKED

    def catch_up(self) -> None:
        """Reacts until there is nothing left that this worker may do.

        Raises:
            Unavailable: the database did not answer; nothing was stored by half.
        """
        while self.follow():
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

    def _take_and_store(self) -> Step:
        connection = self._connected()
        taken = take(connection, self.name, self._names, self._batch, self._decode)
        if taken is None:
            self._place = None
            return Step.STANDING_BY
        if taken.state != "running":
            leave(connection, self.name)
            return Step.STOPPED
        if taken.position != self._place:
            self._reaction.restore(self._memory(connection))
        if taken.happened:
            work = Work(self._desk)
            self._reaction.react(taken.happened, work)
            decided, changes = work.hand_over(), self._reaction.changes()
            store(connection, self.name, taken, changes, decided)
        else:
            leave(connection, self.name, taken)
        self._place = taken.reached
        return Step.WORKED if taken.happened else Step.AT_HEAD

    def _memory(self, connection: Connection) -> dict[str, bytes]:
        with translated():
            rows = connection.execute(
                "SELECT key, value FROM tape.reaction_memory WHERE reaction = %s", (self.name,)
            ).fetchall()
        return dict(rows)

    def _give_up(self) -> None:
        """Lets go of the place; what is in memory is not the stored state."""
        self._place = None
        if self._connection is not None:
            try:
                let_go(self._connection)
            except PortError:
                self._connection.close()

    def _stop(self, error: Exception) -> None:
        with translated():
            self._connected().execute(
                "UPDATE tape.reactions SET state = 'stopped', reason = %s,"
                " updated_at = clock_timestamp() WHERE reaction = %s",
                (str(error), self.name),
            )

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, role=WRITER_ROLE)
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
