"""A witness: a process with keys and a memory of its own, which signs what continues a log.

It speaks C2SP's tlog-witness. It belongs on another machine, run by somebody else: its signature
says that the log never showed it two histories.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from application.ports import PortError
from domain.transparency.keys import VerifierKey
from domain.transparency.notes import NOTE_BYTES_MAX
from domain.transparency.refusals import Malformed
from domain.transparency.signatures import CheckSignature, Signer
from domain.transparency.witnessing import (
    ADD_CHECKPOINT,
    AddCheckpoint,
    Cosign,
    Head,
    Refusal,
    Status,
    cosignatures,
    decide,
    parse_add_checkpoint,
)

BODY_MAX = 2 * NOTE_BYTES_MAX


class Decide(Protocol):
    """What a witness does with a request, by the head that it keeps."""

    def __call__(self, head: Head) -> Cosign | Refusal: ...


class Heads(Protocol):
    """The memory of a witness."""

    def decide(self, origin: str, decide: Decide) -> Cosign | Refusal:
        """Decides by the head that is kept, and keeps the new one, in one transaction."""


class Witness:
    """Decides on checkpoints of the logs that it knows."""

    def __init__(
        self,
        logs: Mapping[str, Sequence[VerifierKey]],
        signers: Sequence[Signer],
        heads: Heads,
        check: CheckSignature,
    ) -> None:
        """`logs` are the keys of each log, by its origin."""
        self._logs = logs
        self._signers = signers
        self._heads = heads
        self._check = check

    def add_checkpoint(self, raw: bytes) -> str | Refusal:
        """The signature lines, or why there are none.

        Raises:
            Unavailable: the memory did not answer; nothing was signed.
        """
        try:
            request: AddCheckpoint = parse_add_checkpoint(raw)
        except Malformed as why:
            return Refusal(Status.BAD_REQUEST, str(why))
        origin = request.checkpoint.origin
        keys = self._logs.get(origin, ())
        if not keys:
            return Refusal(Status.NOT_FOUND, f"the log {origin} isn't known here")
        decided = self._heads.decide(origin, lambda head: decide(request, keys, head, self._check))
        if isinstance(decided, Refusal):
            return decided
        at = int(time.time())
        return "".join(map(str, cosignatures(request.note, self._signers, at)))


def witness_app(witness: Witness) -> FastAPI:
    """The witness as a web service."""
    app = FastAPI(title="Truetape witness", openapi_url=None)

    @app.post(ADD_CHECKPOINT)
    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > BODY_MAX:
                return Response("the request is too long\n", status_code=413)
        try:
            answer = await run_in_threadpool(partial(witness.add_checkpoint, bytes(body)))
        except PortError as error:
            return Response(f"{error}\n", status_code=503)
        if isinstance(answer, Refusal):
            return Response(
                answer.body,
                status_code=answer.status,
                headers={"content-type": answer.content_type},
            )
        return Response(answer, media_type="text/plain")

    @app.get("/health")
    async def health() -> Response:
        return Response("ok\n", media_type="text/plain")

    return app
