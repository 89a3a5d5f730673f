"""The transparency log of a house: the tape as a tree, the keys that sign it, who witnesses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection
from psycopg_pool import ConnectionPool

from adapters.postgres import AUDITOR_ROLE, borrowed
from adapters.tape_log import TapeLog, read_nodes
from application.desk import Desk
from application.log_checking import Issued, LogChecker
from application.ports import PortRefused
from application.sealing import Sealed, Sealer
from domain.shared import InvalidInput
from domain.transparency.keys import VerifierKey
from domain.transparency.notes import Note, parse_note
from domain.transparency.proof_file import ProofFile
from domain.transparency.proofs import inclusion_proof
from interfaces.log_settings import LogSettings
from projections.log_checkpoints import (
    LogCheckRow,
    LogIndexRow,
    all_checkpoints,
    last_check,
    last_checkpoint,
    last_index,
)

if TYPE_CHECKING:
    from adapters.export.bundle import Named, Said
    from domain.transparency.indexed import TraderEntry
    from domain.transparency.leaf import LoggedEvent
    from domain.transparency.signatures import Signer
    from interfaces.witness import Witness

EXPORT_BATCH = 5_000


class LogHouse:
    """Everything that the log works with; of one thread at a time."""

    def __init__(
        self,
        database_url: str,
        desk: Desk,
        reader: ConnectionPool[Connection[Any]],
        settings: LogSettings | None,
    ) -> None:
        """Without settings, this process does not sign."""
        self._url = database_url
        self._desk = desk
        self._reader = reader
        self._settings = settings

    @cached_property
    def tree(self) -> TapeLog:
        """The tape as a Merkle tree."""
        return TapeLog(self._url)

    @cached_property
    def _reading(self) -> TapeLog:
        """The same for who only reads, and changes no log."""
        return TapeLog(self._url, AUDITOR_ROLE)

    @cached_property
    def signers(self) -> Sequence[Signer]:
        """The log's keys, which have its origin for a name; made when there are none.

        Raises:
            PortRefused, InvalidInput: they cannot be used, or this process does not sign.
        """
        # The library of keys takes long to load, and only who signs needs it.
        from adapters.log_keys import LOG_KEYS, signers

        if self._settings is None:
            raise PortRefused("this process has no keys to sign the log with")
        origin = self._settings.origin or f"truetape/{self.tree.first_event()}"
        return signers(self._settings.keys, origin, LOG_KEYS, self._settings.password)

    @property
    def has_keys(self) -> bool:
        """Whether the log's keys are here already; another process may have them alone."""
        # The library of keys takes long to load, and only who signs needs it.
        from adapters.log_keys import LOG_KEYS

        folder = None if self._settings is None else self._settings.keys
        return folder is not None and all((folder / file).exists() for file in LOG_KEYS)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """What the log's signatures are checked by.

        Raises:
            PortRefused, InvalidInput: they cannot be used, or this process does not sign.
        """
        return tuple(signer.key for signer in self.signers)

    def last_check(self) -> LogCheckRow | None:
        """The last check of the log.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._reader) as connection:
            return last_check(connection)

    def last_index(self) -> LogIndexRow | None:
        """The last index of the traders' events.

        Raises:
            Unavailable: the database did not answer.
        """
        with borrowed(self._reader) as connection:
            return last_index(connection)

    def sealer(self) -> Sealer:
        """What issues the log's checkpoints.

        Raises:
            PortRefused, InvalidInput: the keys cannot be used.
            Unavailable: the database did not answer.
        """
        from adapters.witness_client import HttpWitness

        signers = self.signers
        witnesses = () if self._settings is None else self._settings.witnesses
        with borrowed(self._reader) as connection:
            last = last_checkpoint(connection)
        return Sealer(
            self._desk,
            self.tree,
            signers[0].key.name,
            signers,
            [HttpWitness(one.url, one.keys) for one in witnesses],
            None if last is None else Sealed(last.size, last.issued_at),
        )

    def checker(self, others: Sequence[Note] = ()) -> LogChecker:
        """What reads everything again; `others` are checkpoints that somebody kept elsewhere.

        Raises:
            PortRefused, InvalidInput: the keys cannot be used.
            Unavailable: the database did not answer.
        """
        from adapters.signing import check_signature

        with borrowed(self._reader) as connection:
            issued = all_checkpoints(connection)
        notes = [Issued(row.position, parse_note(row.note.encode())) for row in issued]
        notes += [Issued(0, note) for note in others]
        return LogChecker(self.tree, notes, self.keys, check_signature)

    def prove(self, position: int) -> ProofFile | None:
        """The proof that an event is in the log, by the last checkpoint if that covers it.

        Raises:
            InvalidInput: it is no position.
            Unavailable: the database did not answer.
        """
        if position < 1:
            raise InvalidInput(f"positions begin at 1, unlike {position}")
        with borrowed(self._reader) as connection:
            covering = last_checkpoint(connection, covers=position)
            if covering is None:
                return None
            read = partial(read_nodes, connection)
            hashes = inclusion_proof(position - 1, covering.size, read)
        return ProofFile(position - 1, tuple(hashes), parse_note(covering.note.encode()))

    def export(
        self,
        folder: Path,
        trader: UUID | None,
        notes: Sequence[Note],
        index: tuple[int, Sequence[TraderEntry]] | None,
        positions: Sequence[int],
        progress: Callable[[int], None],
        said: Said | None = None,
        named: Named | None = None,
    ) -> None:
        """Writes the events at these positions, a trader's or all, under the last of the notes.

        `index` is where the index of the traders' events lies on the tape, and its entries;
        `said` tells what people had sealed in an event, `named` what a sealed name says.

        Raises:
            PortRefused, InvalidInput: the keys cannot be used, the folder cannot be written, or
                the tape is not what was signed of it.
            Unavailable: the database did not answer.
        """
        from adapters.export.bundle import Export, Index, write_bundle

        reading, witnesses = (
            self._reading,
            () if self._settings is None else self._settings.witnesses,
        )
        export = Export(
            subject=trader,
            notes=notes,
            keys=self.keys,
            witnesses=[key for witness in witnesses for key in witness.keys],
            index=None if index is None else Index(reading.events_at([index[0]])[0], index[1]),
            read=reading.read,
            said=said,
            named=named,
        )
        batches = _at(reading, positions)
        write_bundle(folder, export, batches, progress)

    def close(self) -> None:
        """Gives the connections back."""
        for name in ("tree", "_reading"):
            if name in self.__dict__:
                self.__dict__[name].close()


def _at(tape: TapeLog, positions: Sequence[int]) -> Iterator[Sequence[LoggedEvent]]:
    """The events at these positions, in batches; a range is read as one."""
    for begin in range(0, len(positions), EXPORT_BATCH):
        batch = positions[begin : begin + EXPORT_BATCH]
        if isinstance(batch, range):
            yield tape.events(batch.start - 1, len(batch))
        else:
            yield tape.events_at(batch)


def open_witness(
    name: str, folder: Path, logs: Sequence[Sequence[VerifierKey]], password: str = ""
) -> tuple[Witness, tuple[VerifierKey, ...]]:
    """A witness that keeps its keys and its memory in a folder, and the keys it signs by.

    `logs` are the keys of each log that it knows; a log's keys have its origin for a name.

    Raises:
        PortRefused, InvalidInput: the keys cannot be used.
        Unavailable: its memory cannot be opened.
    """
    from adapters.log_keys import WITNESS_KEYS, signers
    from adapters.signing import check_signature
    from adapters.witness_heads import WitnessHeads
    from interfaces.witness import Witness

    holding = signers(folder, name, WITNESS_KEYS, password)
    heads = WitnessHeads(folder / "heads.sqlite")
    known = {keys[0].name: tuple(keys) for keys in logs}
    witness = Witness(known, holding, heads, check_signature)
    return witness, tuple(signer.key for signer in holding)
