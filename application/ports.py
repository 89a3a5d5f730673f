"""What the application needs of the outside world, and how the outside world fails.

Error tree of the application::

    ApplicationError
    ├── NotFound        there is no such thing; the text names it
    ├── Conflict        somebody was faster: expected version or command id do not fit
    └── Forbidden       this actor may not do that

    PortError
    ├── Unavailable     the outside did not answer: trying again later may work
    └── PortRefused     the outside said no: trying again will not help
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, NamedTuple, Protocol
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

from domain.market import Quote


class ApplicationError(Exception):
    """A request that cannot be carried out; its text is meant for the person who asked."""

    code: ClassVar[str] = "application"


class NotFound(ApplicationError):
    """There is no such thing."""

    code = "not_found"


class Conflict(ApplicationError):
    """The stream has moved on, or the command id was used for other input."""

    code = "conflict"


class Forbidden(ApplicationError):
    """This actor may not do that."""

    code = "forbidden"


class PortError(Exception):
    """The outside world failed us."""

    code: ClassVar[str] = "port"


class Unavailable(PortError):
    """No answer; the same request may succeed later."""

    code = "unavailable"


class PortRefused(PortError):
    """A definite no; the same request will be refused again."""

    code = "port_refused"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What is written beside the body of every event of one command.

    `input_hash` (32 bytes, SHA-256 of the command's input) guards the command id: the same
    id with the same input answers with the first outcome, with other input it is refused.
    `correlation` is the signal or request a chain of commands belongs to, `causation` the
    position of the event that led to this command.
    """

    command_id: UUID
    input_hash: bytes
    actor: str
    correlation: UUID | None = None
    causation: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """The events of one command: all are stored or none."""

    events: Sequence[StoredEvent]
    envelope: Envelope


class Appended(msgspec.Struct, frozen=True):
    """Where a batch lies in the store; `repeated` when this command id was in already."""

    first_position: int
    last_position: int
    repeated: bool = False


class Tape(Protocol):
    """The append-only store of all events, in one order."""

    def append(self, batches: Sequence[Batch]) -> Sequence[Appended | Conflict]:
        """Stores each batch or says why not; a conflict in one leaves the others alone.

        All batches that are stored are durable when this returns.

        Raises:
            Unavailable: the store did not answer, so it is unknown whether the batches are in
                it. Sending the same command ids again is safe: each goes in once.
        """
        ...

    def outcome_of(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        """The input hash and place of a command that is in, or None."""
        ...

    def read_streams(self, streams: Sequence[UUID]) -> Mapping[UUID, Sequence[StoredEvent]]:
        """All events of each stream that exists, in order."""
        ...


class Clock(Protocol):
    """Where "now" comes from."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        ...


class QuoteRequest(NamedTuple):
    """Which quote is wanted: the last one of a symbol at or before a moment."""

    symbol: str
    at: datetime


class MarketPrices(Protocol):
    """What the market showed, live or recorded."""

    def quotes_at(self, requests: Sequence[QuoteRequest]) -> Sequence[Quote | None]:
        """For each request the last usable quote before it, or None if none is fresh enough."""
        ...

    def settlement(self, symbol: str, day: date) -> Decimal | None:
        """The closing price of an underlying on an exchange day, or None."""
        ...


class Proposer(Protocol):
    """Somebody who suggests what a message means; never believed, only shown."""

    def propose(self, words: str, slots: Sequence[str]) -> Mapping[str, str]:
        """For each slot that it finds in the words, the part of them that says it.

        Raises:
            Unavailable: no answer in time.
            PortRefused: the answer is no, or is none that can be read.
        """
        ...
