"""Live: the web socket over which subscriptions run (graphql-transport-ws)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from application.ports import Unavailable
from interfaces.graphql.api import Api
from interfaces.graphql.errors import Unauthenticated
from interfaces.graphql.listening import Listening
from interfaces.graphql.schema import SCHEMA

CONNECTIONS_MAX = 200
SUBSCRIPTIONS_MAX = 20
"""Of one connection."""
PATIENCE = timedelta(seconds=10)
"""How long a connection may keep silent about who it is."""


class Live(GraphQL[Listening, None]):
    """Lets members in by the token of `connection_init` or of the handshake's header."""

    def __init__(self, api: Api) -> None:
        super().__init__(
            SCHEMA,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=PATIENCE,
            max_subscriptions_per_connection=SUBSCRIPTIONS_MAX,
        )
        self._api = api
        self._connections = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._connections += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._connections -= 1

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002
    ) -> Listening:
        return Listening(
            self._api.house,
            self._api.documents,
            self._api.moves,
            self._api.marks,
            self._api.entry.member,
            request.headers.get("authorization"),
        )

    async def on_ws_connect(self, context: Listening) -> Any:
        if self._connections > CONNECTIONS_MAX:
            raise ConnectionRejectionError
        try:
            await context.check_entry()
        except (Unauthenticated, Unavailable) as error:
            raise ConnectionRejectionError from error
        return await super().on_ws_connect(context)
