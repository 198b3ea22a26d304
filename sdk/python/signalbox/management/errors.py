"""What can go wrong in a call, as exceptions that carry the server's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, NoReturn, Sequence, Type

__all__ = [
    "AuthenticationError",
    "ConflictError",
    "Fault",
    "ForbiddenError",
    "InvalidError",
    "ManagementError",
    "NotFoundError",
    "NotHereYetError",
    "UnavailableError",
]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with what was sent."""

    location: str
    """Where, such as ``body.role``."""
    message: str


class ManagementError(Exception):
    """A call failed. The text is the server's message, with every fault on a line of its own."""

    def __init__(
        self, message: str, *, code: str = "", status: int = 0, request_id: str = "", faults: Sequence[Fault] = ()
    ) -> None:
        """Take the message for people, and for machines the server's code and the HTTP status, 0 without an answer."""
        super().__init__("\n".join([message, *(f"  {f.location}: {f.message}" for f in faults)]))
        self.message = message
        self.code = code
        self.status = status
        self.request_id = request_id
        self.faults = tuple(faults)


class InvalidError(ManagementError, ValueError):
    """What was given cannot be; ``faults`` lists all that is wrong with it."""


class AuthenticationError(ManagementError):
    """There is no key, or it is not valid."""


class ForbiddenError(ManagementError):
    """The key's owner may not do this."""


class NotFoundError(ManagementError, LookupError):
    """It does not exist, or the key's owner may not know of it."""


class ConflictError(ManagementError):
    """It cannot be done as things stand, for example because the name is taken."""


class UnavailableError(ManagementError):
    """There was no answer, or none of use now. Only what changes nothing was tried again."""


class NotHereYetError(ManagementError, NotImplementedError):
    """FiftyOne Enterprise has this, and Signalbox has not yet."""


_BY_CODE: Dict[str, Type[ManagementError]] = {
    "invalid": InvalidError,
    "too_large": InvalidError,
    "unauthenticated": AuthenticationError,
    "forbidden": ForbiddenError,
    "not_found": NotFoundError,
    "gone": NotFoundError,
    "conflict": ConflictError,
    "run_over": ConflictError,
    "rate_limited": UnavailableError,
    "unavailable": UnavailableError,
}


def of_code(code: str) -> Type[ManagementError]:
    """Give the exception of a problem's code."""
    return _BY_CODE.get(code, ManagementError)


def not_here_yet(what: str) -> NoReturn:
    """Say that Signalbox does not have something yet."""
    raise NotHereYetError(f"Signalbox has no {what} yet")
