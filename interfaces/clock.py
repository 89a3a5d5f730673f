"""Clocks: the real one, and one that is set, for the demo's simulated days."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)


class SetClock:
    """Shows the moment it was last set to."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def set(self, moment: datetime) -> None:
        """Moves the clock; it never goes back."""
        self._moment = max(self._moment, moment)

    def now(self) -> datetime:
        """The moment it was set to, in UTC."""
        return self._moment
