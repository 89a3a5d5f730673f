"""Routes: which page stands at which address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from application.access import Member
from application.ports import ApplicationError, Forbidden, NotFound, PortError
from domain.shared import DomainError
from interfaces.graphql.api import Api
from interfaces.graphql.errors import Unauthenticated
from interfaces.pages.accounts import account_page
from interfaces.pages.bundles import Exporter, exportable, pieces
from interfaces.pages.comparing import diff_account, diff_signal, diff_trader
from interfaces.pages.reasons import why_account, why_signal, why_trader
from interfaces.pages.rendering import HEADERS, STYLE
from interfaces.pages.searching import search_page
from interfaces.pages.signals import signal_page
from interfaces.pages.single_events import event_page, page_of_id, proof_file
from interfaces.pages.site import PLACE, Answer, Site, form_of, local, require_same_site
from interfaces.pages.traders import trader_page
from interfaces.pages.visiting import Page, id_in

PAGES: dict[str, Answer] = {
    "": search_page,
    "/id/{stream}": page_of_id,
    "/event/{position}": event_page,
    "/event/{position}/tlog-proof": proof_file,
    "/trader/{key}": trader_page,
    "/trader/{key}/diff": diff_trader,
    "/trader/{key}/why": why_trader,
    "/signal/{key}": signal_page,
    "/signal/{key}/diff": diff_signal,
    "/signal/{key}/why": why_signal,
    "/account/{key}": account_page,
    "/account/{key}/diff": diff_account,
    "/account/{key}/why": why_account,
}

FAILURES = (DomainError, ApplicationError, PortError)

Endpoint = Callable[[Request], Awaitable[Response]]


def add_pages(app: FastAPI, api: Api, *, demo: bool, export: Exporter | None) -> Site:
    """Puts the pages where `PLACE` says."""
    site = Site(api, demo=demo, export=export)
    for path, answer in PAGES.items():
        app.router.add_route(PLACE + path, _page(site, answer), methods=["GET"])
    others: tuple[tuple[str, str, Callable[[Site, Request], Awaitable[Response]]], ...] = (
        ("POST", "/trader/{key}/export", _export),
        ("GET", "/sign-in", _sign_in_form),
        ("POST", "/sign-in", _sign_in),
        ("POST", "/sign-out", _sign_out),
    )
    for method, path, handle in others:
        app.router.add_route(PLACE + path, _bound(site, handle), methods=[method])
    app.router.add_route(f"{PLACE}/style.css", _style, methods=["GET"])
    return site


def _page(site: Site, answer: Answer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await site.answer(request, answer)

    return endpoint


def _bound(site: Site, handle: Callable[[Site, Request], Awaitable[Response]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await handle(site, request)

    return endpoint


async def _export(site: Site, request: Request) -> Response:
    """A trader's bundle, to download."""
    try:
        require_same_site(request)
        member = await site.member(request)
        if site.bundles is None or not site.may_export(member):
            raise Forbidden(
                "exports are for who signed in to audit, where the log's keys are: elsewhere use "
                "truetape export beside the worker"
            )
        trader = await site.api.in_thread(_trader_to_export, site, request, member)
        packed = await site.bundles.zipped(trader)
    except Unauthenticated:
        return site.sign_in_first(request)
    except FAILURES as error:
        return site.failure(request, None, error)
    size = packed.seek(0, 2)
    return StreamingResponse(
        pieces(packed),
        headers={
            **HEADERS,
            "Content-Disposition": f'attachment; filename="truetape-{str(trader)[:8]}.zip"',
            "Content-Length": str(size),
        },
        media_type="application/zip",
    )


def _trader_to_export(site: Site, request: Request, member: Member) -> UUID:
    trader = id_in(str(request.path_params["key"]))
    if trader is None:
        raise NotFound("an export is asked for by the trader's id")
    return site.visit(request, member).read(lambda look: exportable(look, trader))


async def _sign_in_form(site: Site, request: Request) -> Response:
    return _sign_in_page(site, request, "", 200)


async def _sign_in(site: Site, request: Request) -> Response:
    try:
        require_same_site(request)
        form = await form_of(request)
        return await site.enter(request, form.get("token", ""))
    except (Unauthenticated, Forbidden) as error:
        status = 401 if isinstance(error, Unauthenticated) else 403
        return _sign_in_page(site, request, str(error), status)
    except FAILURES as error:
        return site.failure(request, None, error)


def _sign_in_page(site: Site, request: Request, sentence: str, status: int) -> Response:
    there = local(request.query_params.get("next", ""))
    return site.rendered(
        request, Page("sign_in.html", {"sentence": sentence, "next": there}, status)
    )


async def _sign_out(site: Site, request: Request) -> Response:
    try:
        require_same_site(request)
    except Forbidden as error:
        return site.failure(request, None, error)
    return site.leave(request)


async def _style(_: Request) -> Response:
    # Its address changes with it, so it may be kept for ever.
    headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STYLE, headers=headers, media_type="text/css")
