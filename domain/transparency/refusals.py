"""How the transparency log says no."""

from __future__ import annotations

from domain.shared import InvalidInput, Refused


class Malformed(InvalidInput):
    """A text, number or hash that is not of the form it has to be; nothing was proven by it."""

    code = "malformed"


class Unproven(Refused):
    """A proof or signature that is well formed and does not show what it claims."""

    code = "unproven"
