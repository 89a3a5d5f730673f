"""`truetape log`, `fsck`, `witness`: the transparency log, proofs from it, and who checks it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from msgspec.structs import asdict
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from application.desk import Command, Work
from application.log_checking import Found
from application.ports import NotFound
from domain.shared import InvalidInput
from domain.transparency.issued import LogCheck
from domain.transparency.keys import VerifierKey, verifier_key
from domain.transparency.notes import Note, parse_note
from domain.transparency.proof_file import ProofFile
from domain.transparency.refusals import Malformed
from interfaces.cli.output import as_json, console, warn, warnings
from interfaces.cli.session import REFUSED, AsOf, Json, house, told_in_words
from interfaces.compose import House
from interfaces.exporting import record_index
from projections.log_checkpoints import last_check, last_checkpoint

app = typer.Typer(no_args_is_help=True, help="The log that proves what is on the tape.")


def _say(line: str) -> None:
    """Prints a line whole: a hash or a name that is broken in two is of no use."""
    console.print(line, soft_wrap=True)


@app.command()
def status(as_of: AsOf = None, json: Json = False) -> None:
    """Say how far the log is, what was signed last and by whom, and how the last check ended."""
    with house() as opened:
        head, logged = opened.head(), opened.log.tree.frontier()
        opened.catch_up()
        with opened.reader.connection() as connection:
            issued = last_checkpoint(connection, as_of=as_of)
            checked = last_check(connection, as_of=as_of)
    if json:
        as_json({"head": head, "logged": logged.size, "root": logged.root.hex(),
                 "checkpoint": None if issued is None else asdict(issued),
                 "check": None if checked is None else asdict(checked)})  # fmt: skip
        return
    if as_of is None:
        _say(f"{logged.size:,} of {head:,} events are in the log, root {logged.root.hex()}")
    if issued is None:
        _say("no checkpoint was issued yet: truetape work does it, or truetape log seal")
    else:
        by = issued.witnesses or "no witness"
        _say(
            f"signed last: {issued.size:,} events at {issued.issued_at:%Y-%m-%d %H:%M:%S} UTC by "
            f"{issued.origin}, cosigned by {by}"
        )
    if checked is not None:
        found = checked.faults or "sound"
        _say(f"checked last at {checked.checked_at:%Y-%m-%d %H:%M:%S} UTC: {found}")


@app.command()
def keys() -> None:
    """Print the log's public keys, for witnesses and for whoever checks an export."""
    with house() as opened:
        for key in opened.log.keys:
            typer.echo(str(key))


@app.command()
def seal(json: Json = False) -> None:
    """Take everything into the log and issue a checkpoint now."""
    with house() as opened:
        sealer = opened.log.sealer()
        issued = sealer.seal(sealer.integrate(), datetime.now(UTC))
        opened.catch_up()
    if json:
        as_json({"size": issued.size, "root": issued.root.hex(), "note": str(issued.note),
                 "witnesses": sorted(issued.witnesses)})  # fmt: skip
        return
    typer.echo(str(issued.note), nl=False)


@app.command()
def index(json: Json = False) -> None:
    """Record how many events each trader's story has; the worker does so once a day."""
    with house() as opened:
        row = record_index(opened)
    if json:
        as_json(asdict(row))
        return
    _say(
        f"the events of {row.traders:,} traders up to position {row.until:,} are counted; "
        f"root {row.root}"
    )


@app.command()
def prove(
    position: Annotated[int, typer.Argument(min=1, help="The event's position on the tape.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
) -> None:
    """Prove that an event is in the log, by the last checkpoint: a c2sp.org/tlog-proof file."""
    with house() as opened:
        proof = bytes(_proof_of(opened, position))
    if out is None:
        typer.echo(proof.decode(), nl=False)
        return
    try:
        out.write_bytes(proof)
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error}") from error
    _say(f"the proof of position {position} is in {out}")


def _proof_of(opened: House, position: int) -> ProofFile:
    """The proof by the last checkpoint, which is issued if none covers the event.

    Raises:
        NotFound: the tape ends before it.
    """
    if position > opened.head():
        raise NotFound(f"the tape ends at position {opened.head()}")
    opened.catch_up()
    proof = opened.log.prove(position)
    if proof is None:
        sealer = opened.log.sealer()
        sealer.seal(sealer.integrate(), datetime.now(UTC))
        opened.catch_up()
        proof = opened.log.prove(position)
    if proof is None:
        raise NotFound(f"no checkpoint covers position {position} yet: try again")
    return proof


def fsck(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that you kept elsewhere; it has to hold as well."),
    ] = None,
    json: Json = False,
) -> None:
    """Read every event again and hold it against the log and every checkpoint ever issued.

    What is found is recorded as an event. The exit code is 1 when something is not as it was.
    """
    with house() as opened:
        notes = [_kept(file) for file in checkpoint or ()]
        opened.catch_up()
        with Progress(
            TextColumn("checking"), BarColumn(), TimeRemainingColumn(), console=warnings
        ) as bar:
            task = bar.add_task("", total=opened.head())
            found = opened.log.checker(notes).run(lambda done: bar.update(task, completed=done))
        _record(opened, found)
    if json:
        as_json({"sound": found.is_sound, "events": found.frontier.size,
                 "root": found.frontier.root.hex(), "logged": found.logged,
                 "checkpoints": found.checkpoints, "faults": found.faults,
                 "more": found.more})  # fmt: skip
    else:
        _tell(found)
    if not found.is_sound:
        raise SystemExit(REFUSED)


def _kept(file: Path) -> Note:
    try:
        return parse_note(file.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error
    except Malformed as error:
        raise InvalidInput(f"{file} is no checkpoint: {error}") from error


def _record(opened: House, found: Found) -> None:
    now, check = datetime.now(UTC), uuid4()

    def decide(work: Work) -> LogCheck:
        return work.begin(
            LogCheck.record(
                id=check,
                size=found.frontier.size,
                root=found.frontier.root,
                checkpoints=found.checkpoints,
                faults=found.faults,
                more=found.more,
                at=now,
            )
        )

    opened.desk.run(Command.given(check, str(check), actor="fsck", at=now), decide)


def _tell(found: Found) -> None:
    _say(
        f"{found.frontier.size:,} events read, {found.logged:,} of them in the log, "
        f"{found.checkpoints:,} checkpoints checked; root {found.frontier.root.hex()}"
    )
    for fault in found.faults:
        place = f"position {fault.position}: " if fault.position else ""
        warn(f"{place}{fault.words}")
    if found.more:
        warn(f"and {found.more:,} more")
    if found.is_sound:
        _say("all of it is as it was recorded")


def witness(
    folder: Annotated[Path, typer.Argument(help="Where its keys and its memory are kept.")],
    name: Annotated[str, typer.Option(help="Its name, such as example.com/witness.")],
    log: Annotated[
        list[str] | None,
        typer.Option(help="A public key of a log that it signs for, by `truetape log keys`."),
    ] = None,
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port.")] = 8100,
    only_keys: Annotated[
        bool, typer.Option("--keys", help="Print its public keys and end.")
    ] = False,
) -> None:
    """Sign checkpoints of other people's logs that continue what was signed before.

    Run it on another machine than the log's: it needs no database.
    """
    with told_in_words():
        _witness(folder, name, [verifier_key(text) for text in log or ()], host, port, only_keys)


def _witness(
    folder: Path, name: str, keys: list[VerifierKey], host: str, port: int, only_keys: bool
) -> None:
    import uvicorn

    from interfaces.compose.log import open_witness
    from interfaces.witness import witness_app

    origins = {key.name: [one for one in keys if one.name == key.name] for key in keys}
    holding, own = open_witness(name, folder, list(origins.values()))
    if only_keys:
        for key in own:
            typer.echo(str(key))
        return
    if not origins:
        raise InvalidInput("name a key of the log with --log: without one nothing is signed")
    _say(f"{name} listens on http://{host}:{port} for {', '.join(origins)}")
    uvicorn.run(witness_app(holding), host=host, port=port, log_level="warning")
