"""The tape as the eventsourcing library's Application and Repository use it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ListenNotifySubscription,
    Mapper,
    Notification,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType
from psycopg_pool import ConnectionPool
from typing_extensions import override

from adapters.appender import Appender
from adapters.event_reader import listen, read_head, wait_for_events
from adapters.mapper import TapeMapper
from adapters.postgres import Connection, borrowed, connect, open_pool
from application.ports import Batch, Conflict, Envelope, Unavailable

_LAST_VERSION = 2**31 - 1
_LAST_POSITION = 2**63 - 1

# The stream's own positions keep the search out of all other partitions.
_SELECT_EVENTS = (
    "SELECT stream, version, name, body FROM tape.events WHERE stream = %(stream)b"
    " AND position >= (SELECT first_position FROM tape.streams WHERE stream = %(stream)b)"
    " AND position <= (SELECT last_position FROM tape.streams WHERE stream = %(stream)b)"
    " AND version > %(gt)b AND version <= %(lte)b ORDER BY version {order} LIMIT %(limit)b"
)
_SELECT_SNAPSHOTS = (
    "SELECT stream, version, name, body FROM tape.snapshots WHERE stream = %(stream)b"
    " AND version > %(gt)b AND version <= %(lte)b ORDER BY version {order} LIMIT %(limit)b"
)


class _StreamReader:
    """Reads a stream's stored events as the library asks for them."""

    def __init__(self, pool: ConnectionPool[Connection], statement: str) -> None:
        self._pool = pool
        self._ascending = statement.format(order="ASC")
        self._descending = statement.format(order="DESC")

    def select(
        self, stream: UUID | str, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[StoredEvent]:
        values = {
            "stream": stream,
            "gt": 0 if gt is None else gt,
            "lte": _LAST_VERSION if lte is None else lte,
            "limit": limit,
        }
        statement = self._descending if desc else self._ascending
        with borrowed(self._pool) as connection:
            rows = connection.execute(statement, values, prepare=True, binary=True).fetchall()
        return [StoredEvent(*row) for row in rows]


class TapeRecorder(ApplicationRecorder):
    """Stores the events of a save through the appender and reads them back from a pool."""

    def __init__(self, url: str, appender: Appender, pool: ConnectionPool[Connection]) -> None:
        self._url = url
        self._appender = appender
        self._pool = pool
        self._streams = _StreamReader(pool, _SELECT_EVENTS)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Stores the events as one command; `envelope` must be among the arguments of save.

        Returns their positions. A command id that is on the tape already stores nothing and
        answers with the positions of the first time, or None when this time's events are not
        as many.

        Raises:
            Conflict: a stream has moved on, or the command id was used for other input.
            Unavailable: the store did not answer; the same command id can be sent again.
        """
        if not stored_events:
            return None
        envelope = kwargs.get("envelope")
        if not isinstance(envelope, Envelope):
            raise TypeError("save(..., envelope=Envelope(...)): who did this, and by which command")
        outcome = self._appender.append([Batch(stored_events, envelope)])[0]
        if isinstance(outcome, Conflict):
            raise outcome
        positions = range(outcome.first_position, outcome.last_position + 1)
        return positions if len(positions) == len(stored_events) else None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self._streams.select(originator_id, gt, lte, desc, limit)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start else 0)
        upto = _LAST_POSITION if stop is None else stop
        chosen, names = ("", ()) if not topics else (" AND name = ANY (%b)", (list(topics),))
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                "SELECT stream, version, name, body, position FROM tape.events"
                f" WHERE position > %b AND position <= %b{chosen} ORDER BY position LIMIT %b",
                (after, upto, *names, limit),
                prepare=True,
                binary=True,
            ).fetchall()
        return [Notification(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        with borrowed(self._pool) as connection:
            return read_head(connection) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> TapeSubscription:
        return TapeSubscription(self, connect(self._url), gt, topics)


class TapeSubscription(ListenNotifySubscription[TapeRecorder]):
    """Follows the tape: a thread of its own listens and wakes the one that pulls."""

    def __init__(
        self,
        recorder: TapeRecorder,
        connection: Connection,
        gt: int | None,
        topics: Sequence[str],
    ) -> None:
        listen(connection)
        self._connection = connection
        super().__init__(recorder, gt, topics)
        self._listener = threading.Thread(target=self._listen, name="tape-subscription")
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._listener.join()
        self._connection.close()

    def _listen(self) -> None:
        """Wakes the puller at every append, and once a second in case one was not told."""
        try:
            while not self._has_been_stopped:
                wait_for_events(self._connection, timeout=1.0)
                self._has_been_notified.set()
        except Unavailable as error:
            self._thread_error = error
            self.stop()


class SnapshotRecorder(AggregateRecorder):
    """Keeps snapshots beside the tape; taking one again replaces it."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool
        self._streams = _StreamReader(pool, _SELECT_SNAPSHOTS)

    @override
    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        with borrowed(self._pool) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO tape.snapshots (stream, version, name, body) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (stream, version) DO UPDATE"
                " SET name = excluded.name, body = excluded.body",
                [(s.originator_id, s.originator_version, s.topic, s.state) for s in stored_events],
            )
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self._streams.select(originator_id, gt, lte, desc, limit)


class TapeFactory(InfrastructureFactory[TrackingRecorder]):
    """What an Application is built from: return one from its `construct_factory`.

    The factory owns the appender and the pool, and closing the application closes them.
    """

    def __init__(
        self,
        url: str,
        *,
        mapper: TapeMapper | None = None,
        env: Environment | EnvType | None = None,
        pool_size: int = 4,
    ) -> None:
        """`mapper` seals what is personal; without one, bodies are stored as they are."""
        super().__init__(env)
        self._url = url
        self._mapper = mapper or TapeMapper()
        self.appender = Appender(url, seal=self._mapper.actor)
        self.pool = open_pool(url, size=pool_size)

    @override
    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[Any]] | None = None,
    ) -> Mapper[Any]:
        return self._mapper

    def application_recorder(self) -> TapeRecorder:
        return TapeRecorder(self._url, self.appender, self.pool)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return (
            SnapshotRecorder(self.pool) if purpose == "snapshots" else self.application_recorder()
        )

    @override
    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        raise NotSupportedError("reactions and projections keep their own checkpoints")

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError("reactions and projections keep their own checkpoints")

    def close(self) -> None:
        self.appender.close()
        self.pool.close()
