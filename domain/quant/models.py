"""Models: what an instrument is valued by, as it is named beside every figure."""

from __future__ import annotations

from enum import IntEnum


class Model(IntEnum):
    """What an instrument is valued by; arrays hold the numbers, rows the ids."""

    LINEAR = 0
    EUROPEAN = 1
    AMERICAN = 2

    @property
    def id(self) -> str:
        """As it is stored; figures that another method would make get another one."""
        return _IDS[self]


_IDS = {
    Model.LINEAR: "linear",
    Model.EUROPEAN: "european-bsm-1",
    Model.AMERICAN: "american-alo-1",
}
