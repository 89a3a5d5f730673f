"""Asked: what the address of a page says: which moment, which events, from where on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from domain.shared import InvalidInput
from interfaces.compose import House
from interfaces.moments import position_named
from projections.trail import Sought, event_at

HAPPENED, RECORDED = "happened", "recorded"
NEWEST, OLDEST = "newest", "oldest"

POSITION_MAX = 2**63 - 1
TEXT_MAX = 200

_INSTANT = timedelta(microseconds=1)
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)


class Asked:
    """The words behind the question mark of an address."""

    def __init__(self, path: str, params: QueryParams, house: House) -> None:
        self._path = path
        self._params = params
        self._house = house
        self.as_of = self.position("as_of")
        """What was known at this position; None is now."""
        self.recorded_at = None if self.as_of is None else _recorded_at(house, self.as_of)
        """When that was recorded, if anything was."""

    def text(self, name: str) -> str:
        """One word, without blanks around it.

        Raises:
            InvalidInput: it is too long.
        """
        found = self._params.get(name, "").strip()
        if len(found) > TEXT_MAX:
            raise InvalidInput(f"{name} is longer than {TEXT_MAX} characters")
        # The database has no such character in any text.
        return found.replace("\0", "")

    def number(self, name: str) -> int | None:
        """A position of the tape.

        Raises:
            InvalidInput: it is none.
        """
        text = self.text(name)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()) or int(text) > POSITION_MAX:
            raise InvalidInput(f"{name} is a position of the tape, not {text!r}")
        return int(text)

    def position(self, name: str) -> int | None:
        """A position of the tape, given by its number or by a moment.

        Raises:
            InvalidInput: it is neither.
        """
        text = self.text(name)
        if not text or (text.isascii() and text.isdecimal()):
            return self.number(name)
        return position_named(self._house, moment_of(text).isoformat())

    @property
    def is_descending(self) -> bool:
        """Whether the newest comes first."""
        return self.text("order") != OLDEST

    @property
    def sought(self) -> Sought:
        """Which events of a story are looked for.

        Raises:
            InvalidInput: a date is none.
        """
        since, before = self.text("since"), self.text("before")
        begin = moment_of(since) if since else None
        end = _end_of(before) if before else None
        found = Sought(
            kinds=tuple(kind.strip()[:TEXT_MAX] for kind in self._params.getlist("kind") if kind),
            actor=self.text("actor"),
        )
        if self.text("by") != RECORDED:
            return found._replace(since=begin, before=end)
        # Times never fall along the tape, so a time of recording is a place on it.
        return found._replace(
            after=None if begin is None else self._house.position_at(begin - _INSTANT),
            until=None if end is None else self._house.position_at(end - _INSTANT),
        )

    def link(self, **changes: object) -> str:
        """The address of this page with some of its words changed; None leaves one out."""
        return self._path + self.words(**changes)

    def words(self, **changes: object) -> str:
        """The words again with some of them changed; None leaves one out."""
        kept = [(name, value) for name, value in self._params.multi_items() if name not in changes]
        more = [(name, str(value)) for name, value in changes.items() if value is not None]
        words = urlencode([*_told(kept), *more])
        return f"?{words}" if words else ""

    @property
    def known(self) -> str:
        """What every link takes along, so that what is shown stays as it was once known."""
        return self.knowing()

    def knowing(self, **words: str) -> str:
        """The same with some words more."""
        kept = {"as_of": "" if self.as_of is None else str(self.as_of), "at": self.text("at")}
        found = urlencode({name: word for name, word in {**words, **kept}.items() if word})
        return f"?{found}" if found else ""


def _told(words: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in words if value)


def _recorded_at(house: House, position: int) -> datetime | None:
    with house.reader.connection() as connection:
        found = event_at(connection, position)
    return None if found is None else found.recorded_at


def moment_of(text: str) -> datetime:
    """The moment that a person wrote; UTC unless it says otherwise.

    Raises:
        InvalidInput: it is none.
    """
    try:
        # A plus sign in an address is a blank.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is neither a position of the tape nor a moment: 1200, 2026-11-20 or "
            "2026-11-20T15:30Z"
        ) from None
    aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    try:
        is_sensible = _EARLIEST <= aware <= _LATEST
    except OverflowError:
        is_sensible = False
    if not is_sensible:
        raise InvalidInput(f"{text!r} is beyond any record")
    return aware.astimezone(UTC)


def _end_of(text: str) -> datetime:
    """The moment up to which something may have happened: a day is meant to its end."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return moment_of(text)
    return moment_of(day.isoformat()) + timedelta(days=1)
