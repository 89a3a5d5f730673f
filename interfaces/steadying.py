"""Steadying: a worker pays what its first orders would cost before they come, and makes no long
pauses after that.
"""

from __future__ import annotations

import gc
import sys
from datetime import timedelta

import numpy as np

from domain.market import exchange_day
from domain.quant.watching import (
    Instruments,
    Quotes,
    flags,
    floats,
    greeks_per_share,
    ints,
    no_greeks,
)
from interfaces.compose import House

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
        _value_an_option()
        gc.freeze()
    finally:
        gc.enable()


def _value_an_option() -> None:
    """A call and a put at the money on a share at 100, with a year to go: they load the compiled
    kernels of both exercise styles."""
    nobody = np.nan
    share_call_put = Instruments(
        strike=floats([nobody, 100, 100]),
        expires_s=floats([nobody, 365 * 86_400, 365 * 86_400]),
        is_call=flags([False, True, False]),
        is_american=flags([False, True, True]),
        spot=ints([-1, 0, 0]),
    )
    quotes = Quotes(floats([99, 7, 6]), floats([101, 9, 8]), floats([0, 0, 0]))
    greeks_per_share(share_call_put, quotes, no_greeks(3), rate=0.04, now_s=0.0)
