"""Sessions: who signed in with an access token, kept in this process and ended by it."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

LASTS = timedelta(hours=12)
SESSIONS_MAX = 1_000


class _Session(NamedTuple):
    sha256: str
    ends_at: datetime


class Sessions:
    """Sessions by the hash of what the browser keeps; the token itself is kept nowhere.

    Whether the token still opens something is asked at each request, so revoking it ends them.
    """

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def begin(self, sha256: str, now: datetime) -> str:
        """A session for the holder of the token with this hash: what the browser is to keep."""
        key = secrets.token_urlsafe(32)
        self._sessions[_kept(key)] = _Session(sha256, now + LASTS)
        if len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return key

    def token_hash(self, key: str, now: datetime) -> str | None:
        """The hash of the token that the session was begun with, unless it is over."""
        found = self._sessions.get(_kept(key))
        if found is None:
            return None
        if now >= found.ends_at:
            self.end(key)
            return None
        return found.sha256

    def end(self, key: str) -> None:
        """Ends the session, if there is one."""
        self._sessions.pop(_kept(key), None)


def _kept(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
