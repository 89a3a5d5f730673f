"""Who may ask for what: one table from command to the roles that may give it."""

from __future__ import annotations

import msgspec

from application.ports import Forbidden
from domain.approvals import Approver, Role

MAY: dict[str, frozenset[Role]] = {
    "read": frozenset(Role),
    "audit": frozenset({Role.AUDITOR, Role.ADMIN}),
    "capture": frozenset({Role.ADMIN}),
    "approve": frozenset({Role.APPROVER, Role.ADMIN}),
    "reject": frozenset({Role.APPROVER, Role.ADMIN}),
    "place_order": frozenset({Role.ADMIN}),
    "close_position": frozenset({Role.APPROVER, Role.ADMIN}),
    "request_correction": frozenset({Role.TRADER, Role.APPROVER, Role.ADMIN}),
    "correct": frozenset({Role.ADMIN}),
    "mark": frozenset({Role.ADMIN}),
    "administer": frozenset({Role.ADMIN}),
}


OVERSEEING = frozenset({Role.APPROVER, Role.ADMIN, Role.AUDITOR})
"""Who has to see everybody's accounts."""

CONSOLE = "console"
"""Whoever gives commands on the server is one person, by whatever names."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking, as the interface established it."""

    name: str
    roles: frozenset[Role]
    trader: str = ""
    at_console: bool = False
    """Whether the command was given on the server itself, where anybody can give any name."""

    @property
    def person(self) -> str:
        """Who it is, whatever they are called: a trader, the console of the server, or a name."""
        if self.at_console:
            return CONSOLE
        return f"trader:{self.trader}" if self.trader else self.actor

    @property
    def actor(self) -> str:
        """The name under which events record the member."""
        return f"member:{self.name}"

    @property
    def approver(self) -> Approver:
        return Approver(name=self.name, roles=self.roles, trader=self.trader)

    @property
    def sees_everything(self) -> bool:
        """Whether they may see accounts that are somebody else's."""
        return bool(self.roles & OVERSEEING)

    @property
    def decides(self) -> bool:
        """Whether they may say yes or no to what others do."""
        return bool(self.roles & MAY["approve"])

    def require(self, command: str) -> None:
        """Lets the member pass.

        Raises:
            Forbidden: none of the member's roles may give this command.
        """
        if not self.roles & MAY[command]:
            needed = " or ".join(sorted(MAY[command]))
            raise Forbidden(f"{self.name} may not {command.replace('_', ' ')}: that takes {needed}")


LOCAL_OPERATOR = Member(name="operator", roles=frozenset({Role.ADMIN}), at_console=True)
"""Whoever can start the program on this machine can read its database anyway."""
