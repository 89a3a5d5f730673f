"""Bundles: a trader's export as one file to take home, made in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from uuid import UUID

from application.ports import PortRefused, Unavailable
from domain.shared import InvalidInput
from interfaces.pages.asked import POSITION_MAX
from interfaces.pages.traders import known_trader
from interfaces.pages.visiting import Look
from projections.messages import Messages
from projections.timeline import Timeline
from projections.trader_index import story

Exporter = Callable[[UUID, Path], Awaitable[None]]
"""Writes a trader's bundle into a folder that is not there yet."""

EXPORT_S_MAX = 300.0
EVENTS_MAX = 50_000
PIECE = 256 * 1024


def apart(environment: Mapping[str, str] | None = None) -> Exporter:
    """Exports by `truetape export` in a process of its own, which the server need not wait for."""

    async def export(trader: UUID, folder: Path) -> None:
        words = ("export", "--trader", str(trader), "--out", str(folder), "--json")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "interfaces.cli", *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**(os.environ if environment is None else environment), "COLUMNS": "500"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(EXPORT_S_MAX):
                _, said = await process.communicate()
        except TimeoutError:
            raise Unavailable("the export took too long: use truetape export") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            # The last line is the sentence; what comes before is its progress.
            words_of_it = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise PortRefused(f"the export failed: {words_of_it}")

    return export


def exportable(look: Look, trader: UUID, most: int = EVENTS_MAX) -> UUID:
    """The trader, if there is one whose story is short enough to wait for.

    Raises:
        NotFound: there is no such trader.
        InvalidInput: there are more events than that; the text says what to do.
    """
    known_trader(look, trader)
    events = len(story(look.of(Timeline, Messages), trader, POSITION_MAX))
    if events > most:
        raise InvalidInput(
            f"this story has {events:,} events, which is too much to wait for here: "
            f"truetape export --trader {trader} --out FOLDER"
        )
    return trader


class Bundles:
    """Makes bundles one at a time, as each takes a processor for as long as it lasts."""

    def __init__(self, export: Exporter) -> None:
        self._export = export
        self._busy = asyncio.Lock()

    async def zipped(self, trader: UUID) -> IO[bytes]:
        """A trader's bundle as a zip file that has no name and is gone once it is closed.

        Raises:
            Unavailable: another one is being made, or this one took too long.
            PortRefused: it cannot be made.
        """
        if self._busy.locked():
            raise Unavailable("another export is being made: try again in a minute")
        async with self._busy:
            with tempfile.TemporaryDirectory(prefix="truetape-export-") as place:
                folder = Path(place, f"truetape-{str(trader)[:8]}")
                await self._export(trader, folder)
                return await asyncio.to_thread(_zipped, folder)


def _zipped(folder: Path) -> IO[bytes]:
    # Without a name on disk, nothing is left behind however the download ends.
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return packed


async def pieces(packed: IO[bytes]) -> AsyncIterator[bytes]:
    """The file piece by piece; closed in the end."""
    with packed:
        packed.seek(0)
        while piece := await asyncio.to_thread(packed.read, PIECE):
            yield piece
