"""The keys of people: made when somebody is first heard, found by who they are or by their id.

Keys are kept in memory. Which were destroyed is asked for again whenever a key is used and the
last answer is a second old; then what was forgotten elsewhere is forgotten here.
"""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.master_key import MasterKey, load_master_key, make_master_key
from adapters.postgres import WRITER_ROLE, Connection, connect, translated
from application.ports import PortRefused, Unavailable

KEYS_MAX = 20_000
FRESH_S = 1.0
KEY_SIZE = 32

_OF_PERSON = "SELECT key_id, wrapped FROM tape.subject_keys WHERE lookup = %b"
_BY_ID = "SELECT wrapped FROM tape.subject_keys WHERE key_id = %b"
_ANY = "SELECT key_id, wrapped FROM tape.subject_keys LIMIT 1"
_ADD = (
    "INSERT INTO tape.subject_keys (key_id, lookup, wrapped) VALUES (%b, %b, %b)"
    " ON CONFLICT (lookup) DO NOTHING"
)
_ERASED = "SELECT count(*) FROM tape.erased_keys"
_FIRST = (
    "SELECT e.name, e.body FROM tape.streams s"
    " JOIN tape.events e ON e.position = s.first_position WHERE s.stream = %b"
)


class SubjectKey:
    """A person's key, ready to seal and open."""

    __slots__ = ("_secret", "cipher", "id")

    def __init__(self, key_id: UUID, secret: bytes) -> None:
        self.id = key_id
        self.cipher = AESGCM(secret)
        self._secret = secret

    def derived(self, use: bytes, size: int) -> bytes:
        """Another key that follows from this one, for a use of its own."""
        return HKDF(SHA256(), size, salt=None, info=use).derive(self._secret)


class SubjectKeys:
    """The keys of one database; for any thread, and for another process that it is sent to."""

    def __init__(self, url: str, master: Path, *, fresh_s: float = FRESH_S) -> None:
        """`master` is the file of the master key; it is opened when first needed. `fresh_s` is
        for how long a key may be used without asking whether it was destroyed.
        """
        self._url = url
        self.file = master
        self._fresh_s = fresh_s
        self._begin()

    def _begin(self) -> None:
        self._master: MasterKey | None = None
        self._connection: Connection | None = None
        self._turn = threading.RLock()
        self._by_id: dict[bytes, SubjectKey | None] = {}
        self._of_person: dict[tuple[str, str], SubjectKey] = {}
        self._erased = 0
        self._asked = float("-inf")

    def __getstate__(self) -> dict[str, Any]:
        """Where the keys are, and none of them."""
        return {"url": self._url, "master": self.file, "fresh_s": self._fresh_s}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._url, self.file, self._fresh_s = state["url"], state["master"], state["fresh_s"]
        self._begin()

    def of(self, platform: str, person: str) -> SubjectKey:
        """The key of a person, made if they have none.

        Raises:
            Unavailable: the database did not answer.
            PortRefused: there is no master key though something was sealed, or it is another.
        """
        self._look_up_erasures()
        found = self._of_person.get((platform, person))
        return found or self._found_or_made(platform, person)

    def find(self, platform: str, person: str) -> UUID | None:
        """The id of a person's key, if they have one.

        Raises:
            Unavailable, PortRefused: as `of`.
        """
        with self._turn:
            master = self._opened()
            rows = self._ask(_OF_PERSON, (master.lookup(platform, person),))
        return rows[0][0] if rows else None

    def blinded(self, hashed: bytes) -> bytes:
        """A hash made of another one by the master key.

        Raises:
            Unavailable, PortRefused: as `of`.
        """
        master = self._master
        if master is None:
            with self._turn:
                master = self._opened()
        return master.blinded(hashed)

    def require(self) -> None:
        """Makes sure that what was sealed before can be read.

        Raises:
            Unavailable, PortRefused: as `of`.
        """
        with self._turn:
            if self._ask(_ANY, ()):
                self._opened()

    def by_id(self, key_id: bytes) -> SubjectKey | None:
        """The key of that id, by its 16 bytes; None if it was destroyed.

        Raises:
            Unavailable, PortRefused: as `of`.
        """
        if time.monotonic() - self._asked >= self._fresh_s:
            self._look_up_erasures()
        try:
            return self._by_id[key_id]
        except KeyError:
            return self._fetched(UUID(bytes=key_id))

    def first_event(self, stream: UUID) -> tuple[str, bytes] | None:
        """The stored name and body of a stream's first event, if it is on the tape.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._turn:
            rows = self._ask(_FIRST, (stream,))
        return (rows[0][0], rows[0][1]) if rows else None

    def erasures(self) -> int:
        """How many keys are known to be destroyed; another answer than before says that what was
        made of keys has to be made again.

        Raises:
            Unavailable: the database did not answer.
        """
        if time.monotonic() - self._asked >= self._fresh_s:
            self._look_up_erasures()
        return self._erased

    def close(self) -> None:
        """Gives back the connection, and forgets every key."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
            self._begin()

    def _look_up_erasures(self) -> None:
        if time.monotonic() - self._asked < self._fresh_s:
            return
        with self._turn:
            erased = self._ask(_ERASED, ())[0][0]
            if erased != self._erased:
                self._by_id.clear()
                self._of_person.clear()
                self._erased = erased
            self._asked = time.monotonic()

    def _fetched(self, key_id: UUID) -> SubjectKey | None:
        with self._turn:
            master = self._opened()
            rows = self._ask(_BY_ID, (key_id,))
            found = None
            if rows:
                found = SubjectKey(key_id, master.unwrapped(key_id, rows[0][0]))
            return self._kept(key_id, found)

    def _found_or_made(self, platform: str, person: str) -> SubjectKey:
        with self._turn:
            master = self._opened()
            lookup = master.lookup(platform, person)
            rows = self._ask(_OF_PERSON, (lookup,))
            if not rows:
                made, key = uuid4(), secrets.token_bytes(KEY_SIZE)
                self._ask(_ADD, (made, lookup, master.wrapped(made, key)))
                # Another process may have been faster.
                rows = self._ask(_OF_PERSON, (lookup,))
                if not rows:
                    raise Unavailable("the person was erased at this very moment: try again")
            key_id, wrapped = rows[0]
            key_found = SubjectKey(key_id, master.unwrapped(key_id, wrapped))
            self._kept(key_id, key_found)
            if len(self._of_person) >= KEYS_MAX:
                self._of_person.clear()
            self._of_person[platform, person] = key_found
            return key_found

    def _kept(self, key_id: UUID, key: SubjectKey | None) -> SubjectKey | None:
        if len(self._by_id) >= KEYS_MAX:
            self._by_id.clear()
        self._by_id[key_id.bytes] = key
        return key

    def _opened(self) -> MasterKey:
        """The master key, made at the first start and held against the keys that there are."""
        if self._master is None:
            found = load_master_key(self.file)
            rows = self._ask(_ANY, ())
            if found is None:
                if rows:
                    raise PortRefused(
                        f"the master key {self.file} is missing, and without it nobody can read"
                        " what people said: put it back from your backup"
                    )
                found = make_master_key(self.file)
            for key_id, wrapped in rows:
                found.unwrapped(key_id, wrapped)
            self._master = found
        return self._master

    def _ask(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """What the database answers; once more, if the connection was lost while it lay idle."""
        if self._connection is not None:
            try:
                return self._answer(self._connection, query, values)
            except Unavailable:
                self._disconnect()
        self._connection = connect(self._url, role=WRITER_ROLE)
        try:
            return self._answer(self._connection, query, values)
        except Unavailable:
            self._disconnect()
            raise

    def _answer(
        self, connection: Connection, query: str, values: tuple[object, ...]
    ) -> list[tuple[Any, ...]]:
        with translated():
            found = connection.execute(query, values, prepare=True, binary=True)
            return found.fetchall() if found.description else []

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
