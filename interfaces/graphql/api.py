"""The API's one way round: request -> who asks -> known document -> kept reply or execution."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeVar

import msgspec
from graphql import OperationType
from strawberry.types import ExecutionResult

from application.access import Member
from application.ports import Unavailable
from domain.shared import InvalidInput, is_erased_person
from interfaces.compose import House
from interfaces.graphql.documents import Document, Documents, NotADocument, hash_of
from interfaces.graphql.entry import Entry
from interfaces.graphql.errors import (
    Unauthenticated,
    body_of,
    database_errors,
    for_client,
    refusal,
)
from interfaces.graphql.marks import Marks
from interfaces.graphql.moves import Moves, Places, read_places
from interfaces.graphql.reading import Asking, Reading, read
from interfaces.graphql.replies import Replies, key_of
from interfaces.graphql.schema import SCHEMA
from projections.tokens import token_of

THREADS = 6
"""Fewer than the read connections, as followers and subscriptions need some too."""

P = ParamSpec("P")
T = TypeVar("T")

_encode = msgspec.json.Encoder(decimal_format="string").encode


class Request(msgspec.Struct, rename="camel"):
    """What a client sends: a document or the hash of a known one, and its variables."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None

    @property
    def document_hash(self) -> str | None:
        """The SHA-256 of a document that is not sent along (automatic persisted queries)."""
        persisted = (self.extensions or {}).get("persistedQuery")
        found = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return found if isinstance(found, str) else None


class Reply(NamedTuple):
    """What goes back over HTTP."""

    body: bytes
    status: int = 200


class UnknownDocument(InvalidInput):
    """The hash is of no document that was sent before."""

    code = "persisted_query_not_found"


class Api:
    """Everything that requests share; to be used from one event loop."""

    def __init__(self, house: House, *, open_reading: bool) -> None:
        self.house = house
        self.documents = Documents(SCHEMA.core)
        self.moves = Moves(self._read_places, house.listener.moves)
        self.marks = Marks(house.listener.marks)
        self.entry = Entry(self._find_member, self.moves, open_reading=open_reading)
        self._replies = Replies()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="graphql")

    def start(self) -> None:
        """Begins to follow the read models."""
        self.moves.start()

    async def close(self) -> None:
        """Stops following; what is being answered is answered first."""
        await self.moves.close()
        await self.marks.close()
        self._threads.shutdown()

    async def answer(
        self, request: Request, authorization: str | None, *, queries_only: bool = False
    ) -> Reply:
        """The reply to a request; every failure is a reply too."""
        try:
            member = await self.entry.member(authorization)
            document = await self._document(request)
            operation = document.operation(request.operation_name).operation
            if operation is OperationType.QUERY:
                return await self._query(request, document, member)
            if operation is OperationType.MUTATION and not queries_only:
                return await self._mutation(request, document, member)
            raise InvalidInput(
                "subscriptions run over a web socket (graphql-transport-ws)"
                if operation is OperationType.SUBSCRIPTION
                else "only queries can be asked by GET: POST what changes something"
            )
        except NotADocument as error:
            return Reply(_encode(body_of(error.errors)), 400)
        except Exception as error:  # noqa: BLE001 - the last resort puts it into words
            return Reply(_encode(refusal(error)), _status_of(error))

    async def _document(self, request: Request) -> Document:
        if request.query:
            found = self.documents.known(hash_of(request.query))
            if found is None:
                found = await self.in_thread(self.documents.of, request.query)
            return found
        digest = request.document_hash
        if digest is None:
            raise InvalidInput("the request has no query")
        found = self.documents.known(digest)
        if found is None:
            raise UnknownDocument("PersistedQueryNotFound: POST this document once with its text")
        return found

    async def _query(self, request: Request, document: Document, member: Member) -> Reply:
        member.require("read")
        variables = request.variables or {}
        key = key_of(document, request.operation_name, variables, member)
        await self.moves.confirm()
        kept = self._replies.find(key, self.moves.places, self.house.clock.now())
        if kept is not None:
            return Reply(kept)
        self.documents.check_cost(document, request.operation_name, variables)
        body, status, reading = await self.in_thread(self._read, request, document, member)
        if reading is not None:
            self._replies.keep(key, body, reading)
        return Reply(body, status)

    async def _mutation(self, request: Request, document: Document, member: Member) -> Reply:
        self.documents.check_cost(document, request.operation_name, request.variables or {})
        asking = Asking(self.house, self.documents, member)
        return Reply(*_body(await self.in_thread(_execute, request, document, asking)))

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs work in one of the few threads that read."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))

    def _read(
        self, request: Request, document: Document, member: Member
    ) -> tuple[bytes, int, Reading | None]:
        def work(reading: Reading) -> ExecutionResult:
            return _execute(request, document, Asking(self.house, self.documents, member, reading))

        result, reading = read(partial(self.house.seen_by, member), work)
        body, status = _body(result)
        return body, status, None if result.errors else reading

    def _read_places(self) -> Places:
        with database_errors(), self.house.reader.connection() as connection:
            return read_places(connection)

    def _find_member(self, sha256: str) -> Member | None:
        with database_errors(), self.house.reader.connection() as connection:
            row = token_of(connection, sha256)
        # Nobody can tell any more whose token it is, so it opens nothing.
        if row is None or is_erased_person(row.name):
            return None
        trader = "" if row.trader is None else str(row.trader)
        return Member(name=row.name, roles=row.roles, trader=trader)


def _execute(request: Request, document: Document, asking: Asking) -> ExecutionResult:
    return SCHEMA.execute_sync(
        document.text,
        variable_values=request.variables,
        context_value=asking,
        operation_name=request.operation_name or None,
    )


def _body(result: ExecutionResult) -> tuple[bytes, int]:
    """The reply and its status: 400 when nothing was carried out for a fault of the request."""
    if not result.errors:
        return _encode({"data": result.data}), 200
    errors = [for_client(error) for error in result.errors]
    body: Mapping[str, Any] = body_of(errors)
    is_faulty = result.data is None and all(error.path is None for error in errors)
    return _encode(body if is_faulty else {"data": result.data, **body}), 400 if is_faulty else 200


def _status_of(error: Exception) -> int:
    match error:
        case Unauthenticated():
            return 401
        case Unavailable():
            return 503
        case UnknownDocument():
            return 200
        case InvalidInput():
            return 400
        case _ if refusal(error)["errors"][0]["extensions"]["code"] == "internal":
            return 500
        case _:
            return 403
