"""Announcing: tells whoever listens that read models have moved. Losing it loses no data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Announcer(Protocol):
    """Where news of moved read models goes."""

    def announce(self, positions: Mapping[str, int]) -> None:
        """Says how far each read model is; never raises."""
        ...
