"""The people whose words a house keeps: how these are sealed, opened, and lost."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import Connection

from adapters import erased
from adapters.erased import Erasure
from adapters.mapper import Decode, TapeMapper
from adapters.postgres import WRITER_ROLE, connect
from adapters.sealed_bodies import SealedBodies, SealingMapper, personal_kinds
from adapters.sealed_names import kinds_with_people
from adapters.subject_keys import FRESH_S, SubjectKeys
from application.ports import PortRefused
from projections.opening import open_with
from projections.readmodel import Projection

FORGOTTEN_S = 2 * FRESH_S
"""When a key has been gone for so long, no process has it in memory any more."""


class Subjects:
    """Seals and opens, where there is a master key; without one, bodies stay as they are."""

    def __init__(self, database_url: str, master_key: Path | None) -> None:
        self._url = database_url
        self.master_key = master_key

    @cached_property
    def keys(self) -> SubjectKeys:
        """The keys of people.

        Raises:
            PortRefused: this house has no master key.
        """
        if self.master_key is None:
            raise PortRefused("this process was told of no master key")
        return SubjectKeys(self._url, self.master_key)

    @cached_property
    def bodies(self) -> SealedBodies | None:
        """What seals and opens bodies, if anything does."""
        return None if self.master_key is None else SealedBodies(self.keys)

    @cached_property
    def mapper(self) -> TapeMapper:
        """What makes stored events, and events of them."""
        return TapeMapper() if self.bodies is None else SealingMapper(self.bodies)

    @property
    def decode(self) -> Decode:
        """How stored events are read; it can be sent to another process."""
        return self.mapper.decode if self.bodies is None else self.bodies.decode

    def require_key(self) -> None:
        """Makes sure at the start that what people said can be read here.

        Raises:
            Unavailable, PortRefused, InvalidInput: it cannot; the text says what to do.
        """
        if self.master_key is not None:
            self.keys.require()

    def blinded(self, hashed: bytes) -> bytes:
        """A hash of words, of which nobody finds out by guessing which words these are."""
        return hashed if self.master_key is None else self.keys.blinded(hashed)

    def attend(self, connection: Connection[Any]) -> None:
        """Lets queries over this connection open what is sealed, bodies and actors."""
        if self.bodies is not None:
            open_with(connection, self.bodies.opened, self.bodies.names.opened)

    def said(self, name: str, body: bytes, stream: UUID, version: int) -> bytes | None:
        """The salt and the fields that are sealed in a body, if anybody may still read them.

        Raises:
            BrokenSeal, Unavailable, PortRefused: they cannot be opened.
        """
        return None if self.bodies is None else self.bodies.said(name, body, stream, version)

    def named(self, token: str) -> bytes | None:
        """The salt and the name that are sealed in the place of a name, if anybody may still read
        it.

        Raises:
            Unavailable, PortRefused: it cannot be opened.
        """
        return None if self.bodies is None else self.bodies.names.said(token)

    def key_of(self, platform: str, person: str, *, make: bool = False) -> UUID | None:
        """The id of a person's key; `make` gives one to who has none.

        Raises:
            Unavailable, PortRefused: it cannot be had.
        """
        if make:
            return self.keys.of(platform, person).id
        return self.keys.find(platform, person)

    def unfinished(self) -> list[Erasure]:
        """The erasures after which something may still hold what was sealed."""
        with closing(connect(self._url, role=WRITER_ROLE)) as connection:
            return erased.unfinished(connection)

    def drop_copies(self, erasures: Collection[Erasure]) -> None:
        """Throws away what reactions and snapshots hold of these people, and own keys."""
        self.keys.close()
        with closing(connect(self._url, role=WRITER_ROLE)) as connection:
            erased.drop_copies(connection, erasures, self._opened)

    def named_readably(self) -> int:
        """How many events name who did them for good, for they are older than sealed names."""
        with closing(connect(self._url, role=WRITER_ROLE)) as connection:
            return erased.named_readably(connection)

    def _opened(self, text: str) -> str:
        return text if self.bodies is None else self.bodies.names.opened(text)

    def finish(self, erasures: Collection[Erasure]) -> None:
        """Says that nothing here holds any more what was sealed under their keys."""
        with closing(connect(self._url, role=WRITER_ROLE)) as connection:
            erased.finish(connection, erasures)

    def close(self) -> None:
        """Forgets every key."""
        if "keys" in self.__dict__:
            self.keys.close()


def holds_words(model: type[Projection]) -> bool:
    """Whether the rows of a read model come of what is sealed."""
    sealed = personal_kinds().keys() | kinds_with_people().keys()
    return not sealed.isdisjoint(model.handlers())
