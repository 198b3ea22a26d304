"""Roles and dataset permissions, with the names that FiftyOne Enterprise gives them."""

from __future__ import annotations

from enum import Enum
from typing import Type, TypeVar, Union

from signalbox.management.errors import InvalidError

__all__ = [
    "ADMIN",
    "COLLABORATOR",
    "DatasetPermission",
    "EDIT",
    "GUEST",
    "LABELER",
    "MANAGE",
    "MEMBER",
    "NO_ACCESS",
    "TAG",
    "UserRole",
    "VIEW",
]


class UserRole(str, Enum):
    """What somebody is in the organisation, from most to least."""

    ADMIN = "admin"
    MEMBER = "member"
    COLLABORATOR = "collaborator"
    LABELER = "labeler"
    GUEST = "guest"


class DatasetPermission(str, Enum):
    """What somebody may do with a dataset, from most to least."""

    MANAGE = "manage"
    EDIT = "edit"
    TAG = "tag"
    VIEW = "view"
    NO_ACCESS = "none"


ADMIN = UserRole.ADMIN
MEMBER = UserRole.MEMBER
COLLABORATOR = UserRole.COLLABORATOR
LABELER = UserRole.LABELER
GUEST = UserRole.GUEST

MANAGE = DatasetPermission.MANAGE
EDIT = DatasetPermission.EDIT
TAG = DatasetPermission.TAG
VIEW = DatasetPermission.VIEW
NO_ACCESS = DatasetPermission.NO_ACCESS

RoleLike = Union[UserRole, str]
PermissionLike = Union[DatasetPermission, str]

_E = TypeVar("_E", bound=Enum)


def role(given: RoleLike, name: str = "role") -> UserRole:
    """Read a role: the enum, or its name in any case. A dataset permission is refused, although both are text."""
    return _read(UserRole, given, name, "a role")


def permission(given: PermissionLike, name: str = "permission") -> DatasetPermission:
    """Read a dataset permission: the enum, or its name in any case. A role is refused, although both are text."""
    return _read(DatasetPermission, given, name, "a dataset permission")


def _read(kind: Type[_E], given: object, name: str, what: str) -> _E:
    if isinstance(given, kind):
        return given
    if isinstance(given, str) and not isinstance(given, Enum):
        for member in kind:
            if given.lower() in (member.name.lower(), member.value):
                return member
    known = ", ".join(member.name for member in kind)
    raise InvalidError(f"{name}={given!s} is not {what}; it is one of {known}", code="invalid")
