"""The paper broker: a broker of its own, with its books in its own tables.

It fills by the quotes of the market port, recorded or live, through the matching engine of
`domain.matching`, and behaves to us as any broker does: idempotent, durable, and not ours.
"""

from __future__ import annotations

from adapters.paper.books import open_account
from adapters.paper.broker import PaperBroker

__all__ = ["PaperBroker", "open_account"]
