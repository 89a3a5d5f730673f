"""HTTP to Polygon: polygon-api-client's requests, with a deadline and answers as raw bytes.

The library's own pages read figures as floats, its requests wait without a deadline, and its
exceptions hold whatever the server said. So its methods build the requests, and this one sends
them: an answer is decoded to Decimals, pages are followed at the address that is set here
only, and what failed is told in words.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import urllib3
from polygon import RESTClient

from adapters.market.access import PolygonAccess
from adapters.market.polygon_wire import Page, Refusal, decoded
from application.ports import PortRefused, Unavailable

Row = TypeVar("Row")
Ask = Callable[[], Any]

TIMEOUT_S = 10.0
ATTEMPTS = 4
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 15.0
"""Who is told to wait longer is not answered now."""
PAGES = 10_000
"""More than any answer has; a server that leads in circles is left."""

_log = logging.getLogger(__name__)


class PolygonRest(RESTClient):  # type: ignore[misc]
    """Requests with one key. Safe to use from several threads."""

    def __init__(
        self,
        access: PolygonAccess,
        *,
        timeout_s: float = TIMEOUT_S,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(
            api_key=access.key, base=access.url.rstrip("/"), retries=0, pagination=False
        )
        self._wait = urllib3.Timeout(connect=timeout_s, read=timeout_s)
        self._pause = pause
        self._chance = chance

    def __repr__(self) -> str:
        return f"PolygonRest({self.BASE!r})"

    def pages(self, ask: Ask, row: type[Row]) -> Iterator[Row]:
        """Every row of an answer, page after page; `ask` is a request of the library's, raw.

        Raises:
            Unavailable: no answer, also when asked again.
            PortRefused: Polygon says no, or answers in no known form.
        """
        body = ask()
        for _ in range(PAGES):
            page = cast("Page[Row]", decoded(body, Page[row]))  # type: ignore[valid-type]
            yield from page.results
            if not page.next_url:
                return
            following = urlsplit(page.next_url)
            # Only path and query: the key goes to no other server, whatever an answer says.
            body = self._get(f"{following.path}?{following.query}")
        raise PortRefused("Polygon's answer has no end")

    def _get(self, path: str, params: Mapping[str, object] | None = None, **_form: object) -> bytes:
        """What is at a path, tried again while nothing answers; the library asks through this."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(path, params)
            except Unavailable as error:
                if attempt == ATTEMPTS:
                    raise
                # Half of the wait is chance, so that two programs do not ask in step.
                wait_s = FIRST_WAIT_S * 2 ** (attempt - 1) * (1 + self._chance()) / 2
                told_s = error.wait_s if isinstance(error, _Limited) else 0.0
                if told_s > LONGEST_WAIT_S:
                    raise
                _log.info("asking Polygon again: %s", error)
                self._pause(max(wait_s, told_s))
        raise Unavailable("Polygon does not answer")

    def _once(self, path: str, params: Mapping[str, object] | None) -> bytes:
        try:
            # Redirects are not followed and the library's retries are off: see above.
            response = self.client.request(
                "GET", self.BASE + path, fields=params, headers=self.headers,
                timeout=self._wait, retries=False,
            )  # fmt: skip
            body: bytes = response.data
        except urllib3.exceptions.HTTPError as error:
            # The library's own words may hold what was sent, so only its name is passed on.
            raise Unavailable(f"Polygon does not answer ({type(error).__name__})") from None
        status: int = response.status
        if status == 200:
            return body
        if status == 429:
            raise _Limited(_told_wait(response.headers))
        if status >= 500 or status in (408, 499):
            raise Unavailable(f"Polygon answers {status}")
        raise PortRefused(_in_words(status, body))


class _Limited(Unavailable):
    """Too many requests."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("Polygon asks to send less: the plan allows so many requests a minute")
        self.wait_s = wait_s


def _told_wait(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0


def _in_words(status: int, body: bytes) -> str:
    """What a refusal means, and what to do about it."""
    try:
        told = decoded(body, Refusal)
    except PortRefused:
        told = Refusal()
    said = told.message or told.error or f"status {status}"
    if status == 401:
        return f"Polygon refuses the key ({said}): set TRUETAPE_POLYGON_KEY to a valid one"
    if status == 403:
        return (
            f"Polygon's plan does not include this ({said}): choose a plan with quotes of stocks "
            "and options, or another source"
        )
    return f"Polygon refuses the request: {said}"
