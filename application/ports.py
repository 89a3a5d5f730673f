"""What the application needs of the outside world, and how the outside world fails.

Error tree of the application::

    ApplicationError
    ├── NotFound        there is no such thing; the text names it
    ├── Conflict        somebody was faster: expected version or command id do not fit
    └── Forbidden       this actor may not do that

    PortError
    ├── Unavailable     the outside did not answer: trying again later may work
    └── PortRefused     the outside said no: trying again will not help
"""

from __future__ import annotations

from typing import ClassVar


class ApplicationError(Exception):
    """A request that cannot be carried out; its text is meant for the person who asked."""

    code: ClassVar[str] = "application"


class NotFound(ApplicationError):
    """There is no such thing."""

    code = "not_found"


class Conflict(ApplicationError):
    """The stream has moved on, or the command id was used for other input."""

    code = "conflict"


class Forbidden(ApplicationError):
    """This actor may not do that."""

    code = "forbidden"


class PortError(Exception):
    """The outside world failed us."""

    code: ClassVar[str] = "port"


class Unavailable(PortError):
    """No answer; the same request may succeed later."""

    code = "unavailable"


class PortRefused(PortError):
    """A definite no; the same request will be refused again."""

    code = "port_refused"
