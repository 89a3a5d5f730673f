"""HTTP: the application that answers GraphQL, shows the pages, and how it is served."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import WebSocketRoute

from application.ports import PortError, PortRefused
from domain.shared import InvalidInput, learned
from interfaces.compose import House
from interfaces.graphql.api import Api, Reply, Request
from interfaces.graphql.errors import refusal
from interfaces.graphql.limits import BODY_BYTES_MAX
from interfaces.graphql.live import Live
from interfaces.pages.bundles import Exporter, apart
from interfaces.pages.routes import add_pages
from interfaces.pages.site import Site
from interfaces.pages.visiting import Page
from interfaces.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SCHEMA_FILE = Path(__file__).parent / "graphql" / "schema.graphql"
GRACE_S = 5
"""How long requests and subscriptions may take to end when the server does."""
CONNECTIONS_MAX = 1_000

_JSON = "application/json"
_request_of = msgspec.json.Decoder(learned(Request)).decode
_variables_of = msgspec.json.Decoder(dict[str, Any]).decode


class TooLarge(InvalidInput):
    """The body is longer than any sensible request."""

    code = "too_large"


def create_app(
    house: House,
    *,
    open_reading: bool = False,
    own_names_only: bool = False,
    demo: bool = False,
    export: Exporter | None = None,
) -> FastAPI:
    """The application. `open_reading` lets anybody read without a token.

    `demo` says on the pages that the record is the demo's; `export` makes a trader's bundle.

    `own_names_only` answers only who calls this machine by a loopback name, so that no page
    of the web can lead its visitors' browsers here under a name of its own.
    """
    api = Api(house, open_reading=open_reading)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        api.start()
        yield
        await api.close()

    app = FastAPI(
        title="Truetape", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    if own_names_only:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "["])

    async def post(request: HttpRequest) -> Response:
        return _response(await _posted(api, request))

    async def get(request: HttpRequest) -> Response:
        return _response(await _got(api, request))

    async def health(_: HttpRequest) -> Response:
        return await _health(house)

    app.router.add_route("/graphql", post, methods=["POST"])
    app.router.add_route("/graphql", get, methods=["GET"])
    app.router.routes.append(WebSocketRoute("/graphql", Live(api)))
    app.router.add_route("/graphql/schema.graphql", _schema, methods=["GET"])
    app.router.add_route("/health", health, methods=["GET"])
    site = add_pages(app, api, demo=demo, export=export)

    async def signpost(request: HttpRequest) -> Response:
        return _signpost(request, site)

    app.router.add_route("/", signpost, methods=["GET"])
    return app


async def _posted(api: Api, request: HttpRequest) -> Reply:
    # Anything but JSON could be sent here by a page of another site without being asked.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        return _refused(InvalidInput(f"send the request as {_JSON}"), 415)
    try:
        body = await _body(request)
    except TooLarge as error:
        return _refused(error, 413)
    if body.lstrip()[:1] == b"[":
        return _refused(InvalidInput("one request at a time: batches are not answered"), 400)
    try:
        asked = _request_of(body)
    except msgspec.MsgspecError as error:
        return _refused(InvalidInput(f"the request is not understood: {error}"), 400)
    return await api.answer(asked, request.headers.get("authorization"))


async def _got(api: Api, request: HttpRequest) -> Reply:
    """Answers a query whose document was posted before and is named by its hash."""
    asked = request.query_params
    if "query" in asked:
        return _refused(InvalidInput("POST the document once; then GET its hash"), 400)
    try:
        found = Request(
            operation_name=asked.get("operationName"),
            variables=_variables_of(asked.get("variables") or "{}"),
            extensions=_variables_of(asked.get("extensions") or "{}"),
        )
    except msgspec.MsgspecError as error:
        return _refused(InvalidInput(f"variables and extensions are JSON objects: {error}"), 400)
    if "documentId" in asked:
        found.extensions = {"persistedQuery": {"sha256Hash": asked["documentId"]}}
    return await api.answer(found, request.headers.get("authorization"), queries_only=True)


async def _body(request: HttpRequest) -> bytes:
    """The body of the request.

    Raises:
        TooLarge: it is, by its own account or as it comes in.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge(f"the request is longer than {BODY_BYTES_MAX:,} bytes")
    return body


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=_JSON)


def _refused(error: InvalidInput, status: int) -> Reply:
    return Reply(msgspec.json.encode(refusal(error)), status)


async def _health(house: House) -> Response:
    """Whether the database answers, and how far behind the tape every follower is."""
    try:
        found = await asyncio.get_running_loop().run_in_executor(None, _lags, house)
    except PortError:
        return JSONResponse({"status": "down", "database": "does not answer"}, 503)
    return JSONResponse(
        {
            "status": "up",
            "database": "up",
            "redis": "up" if house.listener.hears else "down: live updates come slower",
            **found,
        }
    )


def _lags(house: House) -> dict[str, Any]:
    models, reactions = house.projection_statuses(), house.reaction_statuses()
    head = house.head()
    return {
        "head": head,
        "lag": {
            **{reaction.name: head - reaction.position for reaction in reactions},
            **{model.projection: head - model.position for model in models},
        },
        "stopped": [model.projection for model in models if model.state == "stopped"],
    }


async def _schema(_: HttpRequest) -> Response:
    return PlainTextResponse(SCHEMA_FILE.read_text(encoding="utf-8"))


def _signpost(request: HttpRequest, site: Site) -> Response:
    """Where to go: a page for whoever opens the address in a browser."""
    if "text/html" in request.headers.get("accept", ""):
        return site.rendered(request, Page("start.html"))
    return JSONResponse(
        {
            "graphql": "/graphql",
            "schema": "/graphql/schema.graphql",
            "health": "/health",
            "audit": "/audit",
        }
    )


def serve(
    house: House,
    host: str,
    port: int,
    *,
    open_reading: bool = False,
    stop: threading.Event | None = None,
) -> None:
    """Answers requests until SIGINT, SIGTERM or `stop`, then lets what is being answered end.

    Raises:
        PortRefused: the address cannot be listened on.
    """
    app = create_app(
        house,
        open_reading=open_reading,
        own_names_only=host in LOOPBACK,
        demo=Settings.from_environment().demo,
        export=apart(),
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=BODY_BYTES_MAX,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    # Loading the exchange's calendar takes seconds, for which the first board would wait.
    threading.Thread(target=_load_calendar, args=(house,), daemon=True).start()
    with _bound(host, port) as listener:
        if stop is not None:
            threading.Thread(target=_end_with, args=(server, stop), daemon=True).start()
        with _signals_end_only_the_server():
            server.run(sockets=[listener])


def _load_calendar(house: House) -> None:
    today = house.clock.now().date()
    house.calendar.session_dates(today, today)


def _end_with(server: uvicorn.Server, stop: threading.Event) -> None:
    stop.wait()
    server.should_exit = True


@contextmanager
def _signals_end_only_the_server() -> Iterator[None]:
    """Lets whoever serves close the house afterwards: uvicorn raises what ended it once more."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    deadly = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in deadly}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortRefused(
            f"{host}:{port} cannot be listened on ({error.strerror}): choose another --port"
        ) from error
    return listener
