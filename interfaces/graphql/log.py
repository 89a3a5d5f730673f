"""The transparency log: what was signed of it, how it was found, and proofs from it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from interfaces.graphql.kinds import AsOf, BigInt, Info, figure, kind, resolved, shown
from interfaces.graphql.reading import asking_of
from projections.log_checkpoints import CheckpointRow, LogCheckpoints, last_check, last_checkpoint


@kind
class Checkpoint:
    """What the log's keys signed of it, and who cosigned."""

    origin: str
    size: BigInt = figure("How many events it covers.")
    root: str = figure("SHA-256, in hex, of the Merkle tree over them (RFC 6962).")
    note: str = figure("The signed note, whole: keep it, and nobody can say otherwise later.")
    issued_at: datetime
    witnesses: list[str]


@kind
class LogCheck:
    """A check of every event against the log and all its checkpoints."""

    checked_at: datetime
    size: BigInt
    root: str
    checkpoints: BigInt = figure("How many of them were checked.")
    sound: bool
    faults: list[str] = figure("What is not as it was recorded, each with its position.")
    more: int = figure("Faults beyond those.")


@kind
class Log:
    """The last checkpoint and the last check."""

    checkpoint: Checkpoint | None
    check: LogCheck | None


@kind
class Proof:
    """That an event is in the log: a c2sp.org/tlog-proof file, to be checked without us."""

    position: BigInt
    text: str


def checkpoint_of(row: CheckpointRow) -> Checkpoint:
    """A row as the schema has it."""
    return shown(
        Checkpoint,
        row,
        size=BigInt(row.size),
        witnesses=[name for name in row.witnesses.split(", ") if name],
    )


@strawberry.type
class LogQueries:
    """What can be asked of the transparency log."""

    @resolved("The transparency log as it was signed and checked last.")
    def log(self, info: Info, as_of: AsOf = None) -> Log:
        database = asking_of(info).reading.of(LogCheckpoints, as_of=as_of)
        issued = last_checkpoint(database, as_of=as_of)
        checked = last_check(database, as_of=as_of)
        return Log(
            checkpoint=None if issued is None else checkpoint_of(issued),
            check=None
            if checked is None
            else shown(
                LogCheck,
                checked,
                size=BigInt(checked.size),
                checkpoints=BigInt(checked.checkpoints),
                sound=not checked.faults,
                faults=checked.faults.splitlines(),
            ),
        )

    @resolved("A proof that the event at a position is in the log; null until it is signed.")
    def proof(self, info: Info, position: BigInt) -> Proof | None:
        asking = asking_of(info)
        asking.reading.connection()
        found = asking.house.log.prove(position)
        return None if found is None else Proof(position=position, text=str(found))
