"""Errors: what a client is told when something cannot be done, and nothing more.

Refusals keep their code and their sentence. Whatever was not foreseen is called `internal`,
with the id under which the log has the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import uuid4

import psycopg
from graphql import GraphQLError

from application.ports import ApplicationError, PortError, Unavailable
from domain.shared import DomainError

_log = logging.getLogger(__name__)

_OUTSIDE = {
    "unavailable": "something this needs does not answer at the moment: try again in a little",
    "port_refused": "something this needs refused to do it: the operator's log says why",
}


class Unauthenticated(ApplicationError):
    """Nobody knows who is asking."""

    code: ClassVar[str] = "unauthenticated"


@contextmanager
def database_errors() -> Iterator[None]:
    """Names a lost database in the application's words.

    Raises:
        Unavailable: it did not answer.
    """
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(f"the database did not answer: {error}") from error


def told(error: Exception) -> tuple[str, str, str]:
    """Code, sentence and request id (empty if there is nothing in the log) for an exception."""
    match error:
        case DomainError() | ApplicationError():
            return error.code, str(error), ""
        case psycopg.errors.QueryCanceled():
            return "too_slow", "this takes too long to find: ask for less at once", ""
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return told(Unavailable(str(error)))
        case PortError():
            request = uuid4().hex
            _log.warning("request %s: %s", request, error)
            return error.code, _OUTSIDE.get(error.code, _OUTSIDE["unavailable"]), request
        case _:
            request = uuid4().hex
            _log.error("request %s failed", request, exc_info=error)
            return "internal", f"something went wrong; the log has it as {request}", request


def for_client(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it: no traces, no SQL, always a code."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    # What has a place in the document but no path was found before anything was carried out.
    foreseen = isinstance(cause, DomainError | ApplicationError | PortError)
    of_input = error.path is None and error.nodes is not None and not foreseen
    if cause is None or isinstance(cause, GraphQLError) or of_input:
        extensions: dict[str, Any] = dict(error.extensions or {})
        extensions.setdefault("code", "invalid_input")
        return _like(error, error.message, extensions)
    code, sentence, request = told(cause)
    return _like(error, sentence, {"code": code} | ({"request": request} if request else {}))


def body_of(errors: Sequence[GraphQLError]) -> dict[str, Any]:
    """A reply that has errors and no data."""
    return {"errors": [error.formatted for error in errors]}


def refusal(error: Exception) -> dict[str, Any]:
    """A reply that says why the request was not carried out."""
    code, sentence, request = told(error)
    extensions = {"code": code} | ({"request": request} if request else {})
    return {"errors": [{"message": sentence, "extensions": extensions}]}


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
