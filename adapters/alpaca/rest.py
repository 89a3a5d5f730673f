"""HTTP to Alpaca: alpaca-py's client, with a deadline, without its own retries, in raw texts.

alpaca-py repeats any request after 429 and 504, orders too, waits without a deadline and reads
figures as floats. So one request is one attempt here, and only what cannot be done twice by
repeating it is repeated: reading, and what a 429 says was not taken.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import requests
from alpaca.common.rest import RESTClient

from adapters.alpaca.access import Access
from adapters.alpaca.wire import RawRefusal, decoded
from application.ports import PortRefused, Unavailable

Wire = TypeVar("Wire")
Json = Mapping[str, Any]

TIMEOUT_S = 10.0
ATTEMPTS = 4
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 15.0
"""Who is told to wait longer is not answered now."""

TOO_MANY = 429

_log = logging.getLogger(__name__)


class SaidNo(PortRefused):
    """Alpaca refused a request; its own words and code."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message or f"Alpaca answers {status}")
        self.status = status
        self.refusal_code = code


class _Limited(Exception):
    """Too many requests: this one was not taken."""

    def __init__(self, wait_s: float | None) -> None:
        super().__init__("too many requests")
        self.wait_s = wait_s


class AlpacaRest(RESTClient):
    """Requests of one account. Safe to use from several threads."""

    def __init__(
        self,
        access: Access,
        *,
        timeout_s: float = TIMEOUT_S,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(
            base_url=access.trading_url.rstrip("/"),
            api_key=access.key,
            secret_key=access.secret,
            raw_data=True,
        )
        self._timeout_s = timeout_s
        self._pause = pause
        self._chance = chance
        self._sessions = threading.local()

    def __repr__(self) -> str:
        return f"AlpacaRest({self._base_url!r})"

    def read(
        self,
        path: str,
        kind: type[Wire],
        params: Json | None = None,
        *,
        url: str | None = None,
        version: str | None = None,
    ) -> Wire:
        """What is at a path; tried again while nothing answers.

        Raises:
            Unavailable: no answer, also when asked again.
            PortRefused: Alpaca says no (SaidNo), or answers in no known form.
        """
        base, version = url or str(self._base_url), version or self._api_version
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return decoded(self._once("GET", path, params, base, version), kind)
            except (Unavailable, _Limited) as error:
                if attempt == ATTEMPTS:
                    raise Unavailable(str(error)) from None
                self._wait(attempt, error)
        raise Unavailable("Alpaca does not answer")

    def send(self, method: str, path: str, body: Json | None = None) -> bytes:
        """Sends what must not happen twice: once, and again only if it was not taken.

        Raises:
            Unavailable: no answer; it may have happened.
            SaidNo: Alpaca says no.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, path, body)
            except _Limited as error:
                if attempt == ATTEMPTS:
                    raise Unavailable("Alpaca asks to send less") from None
                self._wait(attempt, error)
        raise Unavailable("Alpaca does not answer")

    def _once(
        self,
        method: str,
        path: str,
        told: Json | None,
        url: str | None = None,
        version: str | None = None,
    ) -> bytes:
        body = self._request(method, path, None if told is None else dict(told), url, version)
        return body if isinstance(body, bytes) else b""

    def _wait(self, attempt: int, error: Unavailable | _Limited) -> None:
        told = error.wait_s if isinstance(error, _Limited) else None
        # Half of the wait is chance, so that two programs do not ask in step.
        wait_s = FIRST_WAIT_S * 2 ** (attempt - 1) * (1 + self._chance()) / 2
        if told is not None:
            wait_s = max(wait_s, told)
        if wait_s > LONGEST_WAIT_S:
            raise Unavailable(f"Alpaca asks to wait {wait_s:.0f} s")
        _log.info("asking Alpaca again in %.2f s: %s", wait_s, error)
        self._pause(wait_s)

    def _one_request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        opts: dict[str, Any],
        retry: int,  # noqa: ARG002 - the library's own count of attempts, which are not made here
    ) -> bytes:
        """One attempt; the library calls this for every request."""
        try:
            response = self._session_here().request(method, url, timeout=self._timeout_s, **opts)
        except requests.RequestException as error:
            # The library's own words may hold headers, so only its name is passed on.
            raise Unavailable(f"Alpaca does not answer ({type(error).__name__})") from None
        if response.status_code == TOO_MANY:
            raise _Limited(_told_wait(response.headers))
        if 200 <= response.status_code < 300:
            return response.content
        if 400 <= response.status_code < 500 and response.status_code != 408:
            refusal = _refusal(response.content)
            raise SaidNo(response.status_code, refusal.code, refusal.message)
        raise Unavailable(f"Alpaca answers {response.status_code}")

    def _session_here(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
        return session


def _refusal(body: bytes) -> RawRefusal:
    try:
        return decoded(body, RawRefusal)
    except PortRefused:
        return RawRefusal(message=body[:200].decode("utf-8", "replace").strip())


def _told_wait(headers: Mapping[str, str]) -> float | None:
    """How long the answer asks to wait: in seconds, or until a moment by the server's clock."""
    try:
        if "Retry-After" in headers:
            return max(0.0, float(headers["Retry-After"]))
        reset = float(headers["X-RateLimit-Reset"])
        return max(0.0, reset - parsedate_to_datetime(headers["Date"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return None
