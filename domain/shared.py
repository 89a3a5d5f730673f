"""The words every context shares: events, stream ids, errors, money's rounding.

Error tree of the domain (each has a stable `code` and a sentence for the person)::

    DomainError
    ├── InvalidInput        the words or numbers given cannot be right
    ├── Refused             a rule or a person says no
    └── Impossible          the thing is not in a state where this can happen
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid5

import msgspec
from eventsourcing.domain import CanInitAggregate, CanMutateAggregate
from eventsourcing.utils import register_topic

NAMESPACE = UUID("6f2d3c1e-0a57-5c1b-9d2e-7472756574a9")
"""Root of every deterministic id: the same words give the same stream on every machine."""

NO_STREAM = UUID(int=0)

ERASED = "[erased]"
"""What stands where a person's words or names were that nobody can read any more."""

ERASED_PERSON = "erased person "
"""How the name begins that stands for somebody whose own nobody can read any more; after it comes
what is the same wherever it is them."""

RATIO_STEP = Decimal("0.000000000001")
"""Returns and NAV are kept to 12 places, so that sums are exact whatever the order."""

CENT = Decimal("0.01")

PRICE_STEP = Decimal("0.000001")

WIDE = Context(prec=100, rounding=ROUND_HALF_EVEN)
"""Digits enough that no figure somebody claims, however absurd, makes rounding fail."""

T = TypeVar("T")

_learning = threading.Lock()
_learned: set[object] = set()


class DomainError(Exception):
    """Something the domain will not do; its text is meant for the person who asked."""

    code: ClassVar[str] = "domain"


class InvalidInput(DomainError):
    """What was given cannot be right; the text says which part and what to do."""

    code = "invalid_input"


class Refused(DomainError):
    """A rule said no."""

    code = "refused"


class Impossible(DomainError):
    """The aggregate is not in a state where this can happen."""

    code = "impossible"


def stream_id(*words: str) -> UUID:
    """The id of the stream that these words name.

    The words are joined by the unit separator, so ("a", "b") and ("ab",) differ.
    """
    return uuid5(NAMESPACE, "\x1f".join(words))


def require_positive(**figures: Decimal) -> None:
    """Lets only figures above zero pass; each is told by its name.

    Raises:
        InvalidInput: one is zero or below, or no number.
    """
    for name, figure in figures.items():
        if not figure.is_finite() or figure <= 0:
            raise InvalidInput(f"the {name.replace('_', ' ')} has to be above zero, not {figure}")


def require_nonnegative(**figures: Decimal) -> None:
    """Lets only figures of zero and above pass; each is told by its name.

    Raises:
        InvalidInput: one is below zero, or no number.
    """
    for name, figure in figures.items():
        if not figure.is_finite():
            raise InvalidInput(f"the {name.replace('_', ' ')} {figure} is no number")
        if figure < 0:
            raise InvalidInput(f"the {name.replace('_', ' ')} {figure} is below zero")


def is_erased_person(name: str) -> bool:
    """Whether the name stands for somebody who was erased."""
    return name.startswith(ERASED_PERSON)


def ratio(value: Decimal) -> Decimal:
    """A return or index value at its stored precision (12 places, half even)."""
    return value.quantize(RATIO_STEP, ROUND_HALF_EVEN, WIDE)


def cents(value: Decimal) -> Decimal:
    """An amount of US dollars to the cent, half even."""
    return value.quantize(CENT, ROUND_HALF_EVEN, WIDE)


def price(value: Decimal) -> Decimal:
    """A price per share at its stored precision: six places, no zeros beyond the cent."""
    exact = value.quantize(PRICE_STEP, ROUND_HALF_EVEN, WIDE)
    to_the_cent = exact.quantize(CENT, ROUND_HALF_EVEN, WIDE)
    return to_the_cent if to_the_cent == exact else exact.normalize(WIDE)


def learned(kind: type[T]) -> type[T]:
    """The type, after msgspec has looked at all of it; what is read of JSON is read by these.

    msgspec keeps what it knows of a struct where every thread finds it before it knows all of it:
    two threads that are the first to read one kill the process (0.22.0). So one learns at a time.
    """
    if kind not in _learned:
        with _learning:
            msgspec.json.Decoder(kind)
            _learned.add(kind)
    return kind


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an event's body: immutable, compared by content."""


class Event(
    msgspec.Struct, CanMutateAggregate[UUID], frozen=True, kw_only=True, omit_defaults=True
):
    """Base of every event: a frozen struct whose stored name is `TOPIC`.

    `timestamp` is the time of the command that decided it, handed in by the caller. The
    stream and version are kept in the envelope, not in the stored body.
    A subclass with `TOPIC` registers itself, so importing its module is enough to read it.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1
    PERSONAL: ClassVar[tuple[str, ...]] = ()
    """The fields that say who somebody is, or hold their words: they are stored sealed, and lost
    when the person is erased. Each is a text that reads `ERASED` then, or has a default."""
    SUBJECT: ClassVar[tuple[str, str] | None] = None
    """The fields that name the person, by a platform and the id there; None: it is whoever the
    first event of the stream is about."""
    PEOPLE: ClassVar[tuple[str, ...]] = ("by", "person")
    """The fields, of those that a class has, that say who did or decided something: a name, or
    several. Each name is stored sealed for itself, the same person's always in the same way."""
    TELLS: ClassVar[tuple[str, ...]] = ()
    """The texts in which the program says the names of these people; they are sealed there too."""

    originator_id: UUID = NO_STREAM
    originator_version: int = 0
    timestamp: datetime

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    @classmethod
    def upcast(cls, body: dict[str, Any], from_version: int) -> Mapping[str, Any]:
        """Brings the body of an older class version up to this one, a version at a time."""
        for version in range(from_version, cls.class_version):
            getattr(cls, f"upcast_v{version}_v{version + 1}")(body)
        return body

    def _as_dict(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class Created(Event, CanInitAggregate[UUID], frozen=True, kw_only=True):
    """Base of the events that begin a stream."""

    originator_topic: str = ""
