"""A witness somewhere else, asked over HTTP as C2SP's tlog-witness has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import requests
from urllib3.exceptions import HTTPError

from adapters.signing import check_signature
from application.ports import PortRefused, Unavailable
from application.sealing import Prove
from domain.shared import DomainError
from domain.transparency.keys import VerifierKey
from domain.transparency.notes import NOTE_BYTES_MAX, Note
from domain.transparency.refusals import Malformed
from domain.transparency.witnessing import (
    ADD_CHECKPOINT,
    SIZE_TYPE,
    Status,
    add_checkpoint,
    cosigned,
)
from domain.transparency.words import number_from_text

PATIENCE_S = (5.0, 10.0)


class Answer(NamedTuple):
    """What came back, and no more of it than any answer has."""

    status: int
    kind: str
    body: bytes


class HttpWitness:
    """One witness, with the keys that its signatures are checked by."""

    def __init__(self, url: str, keys: Sequence[VerifierKey]) -> None:
        self.name = keys[0].name
        self.url = url.rstrip("/")
        self.keys = tuple(keys)
        self._known = 0
        """The size it signed last, as far as this process knows."""

    def cosign(self, note: Note, size: int, prove: Prove) -> Note:
        """The note with the witness's lines under it; a size it has gone on to is asked for again.

        Raises:
            Unavailable: no answer.
            PortRefused: it does not sign, or its answer does not hold.
        """
        answer = self._asked(note, min(self._known, size), size, prove)
        if answer.status == Status.CONFLICT and answer.kind == SIZE_TYPE:
            self._known = _size_of(answer)
            if self._known > size:
                raise PortRefused(f"{self.name} has signed {self._known} events already")
            answer = self._asked(note, self._known, size, prove)
        if answer.status >= 500:
            raise Unavailable(f"{self.name} answered {answer.status}")
        if answer.status != 200:
            why = answer.body[:200].decode(errors="replace").strip()
            raise PortRefused(f"{self.name} does not sign ({answer.status}): {why}")
        try:
            signed = cosigned(note, answer.body, self.keys, check_signature)
        except DomainError as error:
            raise PortRefused(f"the answer of {self.name} does not hold: {error}") from error
        self._known = size
        return signed

    def _asked(self, note: Note, known: int, size: int, prove: Prove) -> Answer:
        proof = prove(known, size) if known else ()
        body = bytes(add_checkpoint(known, proof, note))
        try:
            with requests.post(
                self.url + ADD_CHECKPOINT,
                data=body,
                timeout=PATIENCE_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                kind = answer.headers.get("content-type", "").partition(";")[0].strip()
                found = answer.raw.read(NOTE_BYTES_MAX + 1, decode_content=True)
                return Answer(answer.status_code, kind, found)
        except (requests.RequestException, HTTPError) as error:
            raise Unavailable(f"{self.name} did not answer: {error}") from error


def _size_of(answer: Answer) -> int:
    try:
        return number_from_text(answer.body.decode("ascii", "replace").strip())
    except Malformed as error:
        raise PortRefused(f"a witness told a size that is none: {error}") from error
