"""Who is meant: a user, a service account or a group, given in any of the ways a caller may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional, Tuple, Union, cast

from signalbox.management import client
from signalbox.management.errors import NotFoundError
from signalbox.management.roles import UserRole

__all__ = ["Named", "ServiceAccount", "User"]


@dataclass(frozen=True)
class Named:
    """Something by its id and its name."""

    id: str
    name: str


@dataclass(frozen=True)
class User(Named):
    """A person."""

    email: str
    role: UserRole
    groups: Tuple[Named, ...] = ()
    created_at: Optional[datetime] = None
    last_seen_at: Optional[datetime] = None
    """The last login."""
    role_locked_by: Optional[str] = None
    """The login provider that decides the role; None when admins do."""


@dataclass(frozen=True)
class ServiceAccount(Named):
    """A program that has a role and keys, and no login."""

    role: UserRole
    description: str = ""
    groups: Tuple[Named, ...] = ()
    created_at: Optional[datetime] = None


UserLike = Union[str, Named]
"""A user by id or email, or as an object."""
ServiceAccountLike = Union[str, Named]
"""A service account by id or name, or as an object."""
PrincipalLike = Union[str, Named]
"""A user or a service account, in one of these ways."""


def named(said: Mapping[str, Any]) -> Named:
    """Read one from the API."""
    return Named(said["id"], said["name"])


def user_of(said: Mapping[str, Any]) -> User:
    """Read a user from the API."""
    return User(
        id=said["id"],
        name=said["name"],
        email=said["email"],
        role=UserRole(said["role"]),
        groups=tuple(named(g) for g in said["groups"]),
        created_at=client.moment(said.get("created_at")),
        last_seen_at=client.moment(said.get("last_seen_at")),
        role_locked_by=said.get("role_locked_by"),
    )


def account_of(said: Mapping[str, Any]) -> ServiceAccount:
    """Read a service account from the API."""
    return ServiceAccount(
        id=said["id"],
        name=said["name"],
        role=UserRole(said["role"]),
        description=said["description"],
        groups=tuple(named(g) for g in said["groups"]),
        created_at=client.moment(said["created_at"]),
    )


def reference(given: Union[str, Named]) -> str:
    """Give what the API knows somebody or something by; nothing is asked of the server."""
    return given if isinstance(given, str) else given.id


def find_user(user: UserLike) -> User:
    """Read a user, also if the object is there: it may be older than what it tells."""
    return user_of(client.api().get(client.path("users", reference(user))))


def find_account(account: ServiceAccountLike) -> ServiceAccount:
    """Read a service account, also if the object is there."""
    return account_of(client.api().get(account_at(account)))


def account_at(account: ServiceAccountLike) -> str:
    """Give the address of a service account."""
    return client.api().at("service-accounts", reference(account))


def find_principal(given: PrincipalLike) -> Union[User, ServiceAccount]:
    """Read a user or a service account. An account's name counts before that of a user, as for the server."""
    for find in (find_account, find_user):
        try:
            return find(given)
        except NotFoundError:
            pass
    raise NotFoundError(f"there is no user or service account {reference(given)}", code="not_found", status=404)


def me() -> Mapping[str, Any]:
    """Read who the key belongs to."""
    return cast(Mapping[str, Any], client.api().get("/me"))
