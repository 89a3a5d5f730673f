"""Entry: who is asking, established by the access token that comes with the request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from application.access import Member
from application.ports import Unavailable
from domain.approvals import Role
from domain.members import secret_hash
from interfaces.graphql.errors import Unauthenticated
from interfaces.graphql.moves import Moves, Place
from projections.tokens import Tokens

KNOWN_MAX = 1_024

ANYBODY = Member(name="anybody", roles=frozenset({Role.READER}))
"""Who asks without a token where reading is open; they can decide nothing."""

FindMember = Callable[[str], Member | None]


class Entry:
    """Lets members in by their tokens, and anybody to read if that was said explicitly."""

    def __init__(self, find: FindMember, moves: Moves, *, open_reading: bool) -> None:
        self._find = find
        self._moves = moves
        self._open_reading = open_reading
        self._known: OrderedDict[str, Member] = OrderedDict()
        self._as_at: Place | None = None

    async def member(self, authorization: str | None) -> Member:
        """Who the header or connection parameter `Authorization` says it is.

        Raises:
            Unauthenticated: it says nothing, or the token opens nothing (any more).
            Unavailable: whether the token is good cannot be found out.
        """
        if not authorization:
            if self._open_reading:
                return ANYBODY
            raise Unauthenticated("say who you are: Authorization: Bearer <token>")
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthenticated("the header is not understood: Authorization: Bearer <token>")
        found = await self.holder(secret_hash(secret.strip()))
        if found is None:
            raise Unauthenticated("this token opens nothing: it is unknown or was revoked")
        return found

    async def holder(self, sha256: str) -> Member | None:
        """Who holds the token whose secret has this hash; None if it opens nothing (any more).

        Raises:
            Unavailable: whether it does cannot be found out.
        """
        await self._moves.confirm()
        place = self._moves.places.get(Tokens.name)
        if place is None or place.stopped:
            raise Unavailable("access tokens cannot be checked: see truetape status")
        if place != self._as_at:
            self._known.clear()
            self._as_at = place
        member = self._known.get(sha256)
        if member is None:
            member = await asyncio.get_running_loop().run_in_executor(None, self._find, sha256)
            # The read models may have moved while the database was asked.
            if member is not None and place == self._as_at == self._moves.places[Tokens.name]:
                self._known[sha256] = member
                if len(self._known) > KNOWN_MAX:
                    self._known.popitem(last=False)
        return member
