"""Settings of the transparency log: its name, where its keys are, and who witnesses it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from domain.shared import InvalidInput
from domain.transparency.keys import VerifierKey, verifier_key


class WitnessAt(msgspec.Struct, frozen=True):
    """A witness: where it is asked, and the keys that its signatures are checked by."""

    url: str
    keys: tuple[VerifierKey, ...]


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the log signs. Without an origin it is named after the first event of the tape."""

    keys: Path
    origin: str = ""
    password: str = ""
    witnesses: tuple[WitnessAt, ...] = ()

    @classmethod
    def from_environment(cls, words: Mapping[str, str], home: Path) -> LogSettings:
        """Reads `TRUETAPE_LOG_KEYS` (a folder; `keys` under the home), `TRUETAPE_LOG_ORIGIN`,
        `TRUETAPE_LOG_PASSWORD` and `TRUETAPE_WITNESSES` (a file).

        Raises:
            InvalidInput: the file cannot be read, or a line of it is no witness.
        """
        listed = words.get("TRUETAPE_WITNESSES", "")
        return cls(
            keys=Path(words.get("TRUETAPE_LOG_KEYS") or home / "keys").absolute(),
            origin=words.get("TRUETAPE_LOG_ORIGIN", "").strip(),
            password=words.get("TRUETAPE_LOG_PASSWORD", ""),
            witnesses=read_witnesses(Path(listed)) if listed else (),
        )

    def __repr__(self) -> str:
        return f"LogSettings(keys={str(self.keys)!r}, origin={self.origin!r})"


def master_key_file(words: Mapping[str, str], home: Path) -> Path:
    """Where the key lies under which people's keys are: `TRUETAPE_MASTER_KEY`, or a file under
    the home."""
    return Path(words.get("TRUETAPE_MASTER_KEY") or home / "keys" / "master.key").absolute()


def read_witnesses(file: Path) -> tuple[WitnessAt, ...]:
    """The witnesses of a file: on each line an address and the witness's keys, `#` for remarks.

    Raises:
        InvalidInput: the file cannot be read, or a line is no witness; the text says which.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the file of witnesses {file} cannot be read: {error}") from error
    return tuple(
        _witness(f"{file}:{number}", line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def _witness(place: str, line: str) -> WitnessAt:
    url, *texts = line.split()
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise InvalidInput(f"{place}: {url} is no address of a witness")
    if not texts:
        raise InvalidInput(f"{place}: the keys of the witness come after its address")
    try:
        keys = tuple(map(verifier_key, texts))
    except InvalidInput as error:
        raise InvalidInput(f"{place}: {error}") from error
    if len({key.name for key in keys}) != 1:
        raise InvalidInput(f"{place}: a witness has one name, and these keys have several")
    if any(not key.type.is_timed for key in keys):
        raise InvalidInput(f"{place}: a witness's key says when it signed, and this one does not")
    return WitnessAt(url, keys)
