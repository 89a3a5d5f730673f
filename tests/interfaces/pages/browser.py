"""A browser as the tests need one: pages, what stands in them, where their links lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx


@dataclass(frozen=True)
class Seen:
    """A page that was looked at."""

    address: str
    reply: httpx.Response

    @property
    def html(self) -> str:
        return self.reply.text

    @property
    def words(self) -> str:
        """What a person reads, blanks made one."""
        reader = _Reader()
        reader.feed(self.html)
        return " ".join(" ".join(reader.words).split())

    @property
    def links(self) -> list[str]:
        """Addresses of our own that links lead to."""
        found = (unescape(link) for link in re.findall(r'<a [^>]*href="([^"]*)"', self.html))
        whole = (urljoin(self.address, link.partition("#")[0]) for link in found if link)
        return [link for link in dict.fromkeys(whole) if urlsplit(link).path != "/"]

    def positions(self) -> list[int]:
        """The events of its timeline, in their order."""
        return [int(one) for one in re.findall(r'<tr id="p(\d+)"', self.html)]

    def link(self, words: str) -> str:
        """Where the link with these words leads."""
        found = re.search(rf'<a [^>]*href="([^"]*)"[^>]*>{re.escape(words)}</a>', self.html)
        assert found is not None, f"no link says {words!r}"
        return urljoin(self.address, unescape(found[1]).partition("#")[0])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


class Browser:
    """Looks at pages; keeps cookies as browsers do."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, address: str, **params: str | int) -> Seen:
        """Follows wherever it is sent; fails the test unless a page is there."""
        seen = await self.look(address, **params)
        assert seen.reply.status_code == 200, (address, seen.reply.status_code, seen.words)
        return seen

    async def look(self, address: str, **params: str | int) -> Seen:
        """The same for whatever is answered."""
        reply = await self.http.get(address, params=params or None, follow_redirects=True)
        return Seen(_path(reply), reply)

    async def sign_in(self, token: str, **headers: str) -> httpx.Response:
        return await self.http.post("/audit/sign-in", data={"token": token}, headers=headers)


def _path(reply: httpx.Response) -> str:
    url = reply.url
    query = url.query.decode()
    return f"{url.path}?{query}" if query else url.path
