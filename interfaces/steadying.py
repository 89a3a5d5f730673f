"""Steadying: a worker pays what its first orders would cost before they come, and makes no long
pauses after that.
"""

from __future__ import annotations

import gc
import sys
from datetime import timedelta

from domain.market import exchange_day
from interfaces.compose import House
from interfaces.kernels import value_an_option

SWITCH_S = 0.0005
"""How long a busy thread keeps others waiting that have their answer from the database."""


def steady(house: House) -> None:
    """Loads what is loaded at the first use, and keeps all that is there by then out of every
    later search for garbage: it stops all threads for as long as it goes over everything.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.disable()
    try:
        today = exchange_day(house.clock.now())
        house.calendar.sessions(today, today + timedelta(days=1))
        value_an_option()
        gc.freeze()
    finally:
        gc.enable()
