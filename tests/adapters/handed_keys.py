"""Keys of people that lie in memory, for tests of what is sealed under them."""

from __future__ import annotations

import secrets
from uuid import UUID, uuid4

from adapters.subject_keys import KEY_SIZE, SubjectKey, SubjectKeys


class HandedKeys(SubjectKeys):
    """Makes a key for whoever is asked for; `events` are the first ones of streams."""

    def __init__(self) -> None:
        self.people: dict[tuple[str, str], SubjectKey] = {}
        self.events: dict[UUID, tuple[str, bytes]] = {}
        self.gone: set[bytes] = set()

    def of(self, platform: str, person: str) -> SubjectKey:
        found = self.people.get((platform, person))
        if found is None or found.id.bytes in self.gone:
            found = SubjectKey(uuid4(), secrets.token_bytes(KEY_SIZE))
            self.people[platform, person] = found
        return found

    def by_id(self, key_id: bytes) -> SubjectKey | None:
        found = {key.id.bytes: key for key in self.people.values()}
        return None if key_id in self.gone else found.get(key_id)

    def erasures(self) -> int:
        return len(self.gone)

    def erase(self, platform: str, person: str) -> UUID:
        """Destroys a person's key."""
        key = self.of(platform, person)
        self.gone.add(key.id.bytes)
        return key.id

    def first_event(self, stream: UUID) -> tuple[str, bytes] | None:
        return self.events.get(stream)
