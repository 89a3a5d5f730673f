"""Exercise styles: which listed US options may be exercised before they expire.

Options on shares and funds are American, without exception at the OCC. Options on an index are
what their exchange's specification says, and most are European. Sources, as read in November
2026: Cboe's product specifications ("Exercise Style: European - SPX/SPXW options generally may be
exercised only on the expiration date", likewise XSP, VIX, RUT, MRUT, DJX and XEO; OEX is
American) and Nasdaq's of NDX, NDXP and XND.

A root that is not listed here is taken as that of a share or fund: a European option valued as
American is a little too dear, and the model that is named beside each figure says which it was.
"""

from __future__ import annotations

from enum import StrEnum


class ExerciseStyle(StrEnum):
    """ExerciseStyle (FIX tag 1194)."""

    AMERICAN = "american"
    EUROPEAN = "european"


INDEX_STYLES = {
    "SPX": ExerciseStyle.EUROPEAN,
    "SPXW": ExerciseStyle.EUROPEAN,
    "XSP": ExerciseStyle.EUROPEAN,
    "NDX": ExerciseStyle.EUROPEAN,
    "NDXP": ExerciseStyle.EUROPEAN,
    "XND": ExerciseStyle.EUROPEAN,
    "RUT": ExerciseStyle.EUROPEAN,
    "RUTW": ExerciseStyle.EUROPEAN,
    "MRUT": ExerciseStyle.EUROPEAN,
    "VIX": ExerciseStyle.EUROPEAN,
    "VIXW": ExerciseStyle.EUROPEAN,
    "DJX": ExerciseStyle.EUROPEAN,
    "XEO": ExerciseStyle.EUROPEAN,
    "OEX": ExerciseStyle.AMERICAN,
}
"""The style of every index root that `domain.instruments` knows."""


def exercise_style(root: str) -> ExerciseStyle:
    """The style of options on this root."""
    return INDEX_STYLES.get(root, ExerciseStyle.AMERICAN)
