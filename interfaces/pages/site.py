"""The site: who may look, what is answered, and how failures are told on a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from application.access import Member
from application.ports import Forbidden, NotFound, PortError, Unavailable
from domain.members import secret_hash
from domain.shared import DomainError, InvalidInput
from interfaces.graphql.api import Api
from interfaces.graphql.entry import ANYBODY
from interfaces.graphql.errors import Unauthenticated, told
from interfaces.pages.asked import Asked
from interfaces.pages.bundles import Bundles, Exporter
from interfaces.pages.rendering import HEADERS, environment
from interfaces.pages.sessions import LASTS, Sessions
from interfaces.pages.visiting import Page, Visit

COOKIE = "truetape_session"
PLACE = "/audit"
FORM_BYTES_MAX = 4_096

Answer = Callable[[Visit], Page | Response]


class Site:
    """Everything that the pages share; to be used from one event loop."""

    def __init__(self, api: Api, *, demo: bool, export: Exporter | None) -> None:
        self.api = api
        self.house = api.house
        self.sessions = Sessions()
        self.demo = demo
        self.bundles = None if export is None else Bundles(export)
        self._templates = environment(demo=demo)

    async def answer(self, request: Request, answer: Answer) -> Response:
        """The page that is asked for; every failure is a page too."""
        member: Member | None = None
        try:
            member = await self.member(request)
            work = partial(self._answered, request, member, answer)
            return await self.api.in_thread(work)
        except Unauthenticated:
            return self.sign_in_first(request)
        except Exception as error:  # noqa: BLE001 - the last resort puts it into words
            return self.failure(request, member, error)

    async def member(self, request: Request) -> Member:
        """Who looks: by session, by token in a header, or anybody where reading is open.

        Raises:
            Unauthenticated: nobody knows who it is.
            Forbidden: they may not audit.
            Unavailable: whether they may cannot be found out.
        """
        key = request.cookies.get(COOKIE, "")
        sha256 = self.sessions.token_hash(key, self._now()) if key else None
        found = None if sha256 is None else await self.api.entry.holder(sha256)
        if found is None:
            if sha256 is not None:
                self.sessions.end(key)
            found = await self.api.entry.member(request.headers.get("authorization"))
        if found is not ANYBODY:
            found.require("audit")
        return found

    async def enter(self, request: Request, token: str) -> Response:
        """Begins a session for who has a token that may audit.

        Raises:
            Unauthenticated: the token opens nothing.
            Forbidden: it may not audit.
        """
        sha256 = secret_hash(token.strip())
        found = await self.api.entry.holder(sha256) if token.strip() else None
        if found is None:
            raise Unauthenticated("this token opens nothing: it is unknown or was revoked")
        found.require("audit")
        response = self.redirect(local(request.query_params.get("next", "")))
        response.set_cookie(
            COOKIE,
            self.sessions.begin(sha256, self._now()),
            max_age=int(LASTS.total_seconds()),
            path=PLACE,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    def leave(self, request: Request) -> Response:
        """Ends the session."""
        self.sessions.end(request.cookies.get(COOKIE, ""))
        response = self.redirect(f"{PLACE}/sign-in")
        response.delete_cookie(COOKIE, path=PLACE, httponly=True, samesite="strict")
        return response

    def may_export(self, member: Member) -> bool:
        """Whether they may take a bundle home, which takes the log's keys: without them here, new
        ones would be made. The demo's is nobody's secret.
        """
        if self.bundles is None or (member is ANYBODY and not self.demo):
            return False
        return self.house.log.has_keys

    def visit(self, request: Request, member: Member) -> Visit:
        """One look at a page; asks the database for the moment that the address names."""
        return Visit(
            self.house,
            self.api.documents,
            member,
            request.url.path,
            request.path_params,
            Asked(request.url.path, request.query_params, self.house),
            self.may_export(member),
        )

    def _answered(self, request: Request, member: Member, answer: Answer) -> Response:
        visit = self.visit(request, member)
        page = answer(visit)
        if isinstance(page, Response):
            return page
        if page.location:
            return self.redirect(page.location)
        return self.rendered(request, page, visit)

    def rendered(self, request: Request, page: Page, visit: Visit | None = None) -> Response:
        """A page as HTML."""
        member = None if visit is None else visit.member
        found = self._templates.get_template(page.template).render(
            **page.values,
            path=request.url.path,
            asked=None if visit is None else visit.asked,
            member=None if member is ANYBODY else member,
            may_export=visit is not None and visit.may_export,
        )
        return Response(found, page.status, HEADERS, media_type="text/html")

    def redirect(self, location: str) -> Response:
        """Sends the browser to another page of ours."""
        return RedirectResponse(location, 303, HEADERS)

    def sign_in_first(self, request: Request) -> Response:
        """Sends whoever nobody knows to the sign-in, and back here afterwards."""
        query = f"?{request.url.query}" if request.url.query else ""
        there = quote(request.url.path + query if request.method == "GET" else PLACE, safe="")
        return self.redirect(f"{PLACE}/sign-in?next={there}")

    def failure(self, request: Request, member: Member | None, error: Exception) -> Response:
        """A failure in words."""
        code, sentence, _ = told(error)
        status = _status_of(error, code)
        page = Page(
            "error.html",
            {"sentence": sentence, "code": code, "status": status, "known": member is not None},
            status,
        )
        return self.rendered(request, page)

    def _now(self) -> datetime:
        return datetime.now(UTC)


def _status_of(error: Exception, code: str) -> int:
    match error:
        case NotFound():
            return 404
        case Unauthenticated():
            return 401
        case Unavailable():
            return 503
        case PortError():
            return 502
        case InvalidInput():
            return 400
        case DomainError() | Forbidden():
            return 403
        case _:
            return {"too_slow": 503, "unavailable": 503}.get(code, 500)


def local(address: str) -> str:
    """The address, if it is one of these pages; else the first of them."""
    parts = urlsplit(address.replace("\\", "/"))
    own = parts.path == PLACE or parts.path.startswith(f"{PLACE}/")
    if parts.scheme or parts.netloc or not own or parts.path == f"{PLACE}/sign-in":
        return PLACE
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def require_same_site(request: Request) -> None:
    """Lets a form pass that one of our own pages sent.

    Raises:
        Forbidden: a page of another site did.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    host = request.headers.get("host", "")
    is_own = origin is None or urlsplit(origin).netloc == host
    if not is_own or site not in ("same-origin", "none"):
        raise Forbidden("this form was sent by a page of another site")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        InvalidInput: it is none, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInput("send the form as application/x-www-form-urlencoded")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES_MAX:
            raise InvalidInput(f"the form is longer than {FORM_BYTES_MAX:,} bytes")
    return dict(parse_qsl(body.decode("utf-8", "replace")))
