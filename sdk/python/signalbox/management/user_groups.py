"""Groups of users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Iterable, List, Mapping, Optional, Tuple, Union

from signalbox.management import client, people
from signalbox.management.people import Named, PrincipalLike

__all__ = [
    "UserGroup",
    "UserGroupMember",
    "add_users_to_group",
    "create_user_group",
    "delete_user_group",
    "get_user_group",
    "list_user_groups",
    "list_user_groups_for_user",
    "remove_users_from_group",
    "update_user_group",
]


@dataclass(frozen=True)
class UserGroupMember(Named):
    """Somebody in a group."""

    email: str
    kind: str
    """``user`` or ``service_account``."""
    locked_by: Optional[str] = None
    """The login provider that put him here; None when an admin did."""


@dataclass(frozen=True)
class UserGroup(Named):
    """A group; what is granted to it is granted to all its members."""

    description: str
    member_count: int
    created_at: Optional[datetime] = None
    users: Tuple[UserGroupMember, ...] = ()
    """The members, where they were asked for."""


UserGroupLike = Union[str, Named]
"""A group by id or name, or as an object."""


def create_user_group(
    name: str, description: Optional[str] = None, users: Optional[Iterable[PrincipalLike]] = None
) -> UserGroup:
    """Make a group. Members are looked for before anything is made.

    POST /groups, PUT /groups/{id}/members/{principal}.
    """
    members = [people.find_principal(user) for user in users or ()]
    made = client.api().post("/groups", client.given(name=name, description=description))
    add_users_to_group(made["id"], members)
    return get_user_group(made["id"])


def update_user_group(
    user_group: UserGroupLike,
    name: Optional[str] = None,
    description: Optional[str] = None,
    users: Optional[Iterable[PrincipalLike]] = None,
) -> UserGroup:
    """Change what is given; ``users`` are then all its members, no more and no less.

    PATCH /groups/{id}, PUT /groups/{id}/members/{principal}, DELETE /groups/{id}/members/{principal}.
    """
    wanted = None if users is None else {people.find_principal(user).id for user in users}
    group = get_user_group(user_group)
    changes = client.given(name=name, description=description)
    if changes:
        client.api().patch(client.path("groups", group.id), changes)
    if wanted is not None:
        present = {member.id for member in group.users}
        add_users_to_group(group, sorted(wanted - present))
        remove_users_from_group(group, sorted(present - wanted))
    return get_user_group(group)


def delete_user_group(user_group: UserGroupLike) -> None:
    """Remove a group and what was granted to it; its members stay.

    DELETE /groups/{id}.
    """
    client.api().delete(group_at(user_group))


def get_user_group(user_group: UserGroupLike) -> UserGroup:
    """Read a group with its members.

    GET /groups/{id}, GET /groups/{id}/members.
    """
    said = client.api().get(group_at(user_group))
    return _group_of(said, _members(said["id"]))


def list_user_groups(num_groups: int = 100, verbose: bool = False) -> List[UserGroup]:
    """List the first groups by name; ``verbose`` reads the members too, with a call for each group.

    GET /groups.
    """
    first = islice(client.api().each("/groups"), num_groups)
    return [_group_of(said, _members(said["id"]) if verbose else ()) for said in first]


def list_user_groups_for_user(user: PrincipalLike) -> List[UserGroup]:
    """List the groups that somebody is in, without their members.

    GET /users/{id}, GET /groups/{id}.
    """
    groups = people.find_principal(user).groups
    return [_group_of(client.api().get(client.path("groups", group.id)), ()) for group in groups]


def add_users_to_group(user_group: UserGroupLike, users: Union[PrincipalLike, Iterable[PrincipalLike]]) -> None:
    """Add one or several; who is in it already stays.

    PUT /groups/{id}/members/{principal}.
    """
    group = group_at(user_group)
    for user in [users] if isinstance(users, (str, Named)) else users:
        client.api().put(group + client.path("members", people.reference(user)))


def remove_users_from_group(user_group: UserGroupLike, users: Union[PrincipalLike, Iterable[PrincipalLike]]) -> None:
    """Remove one or several.

    DELETE /groups/{id}/members/{principal}.
    """
    group = group_at(user_group)
    for user in [users] if isinstance(users, (str, Named)) else users:
        client.api().delete(group + client.path("members", people.reference(user)))


def group_at(group: UserGroupLike) -> str:
    """Give the address of a group."""
    return client.api().at("groups", people.reference(group))


def _members(id: str) -> Tuple[UserGroupMember, ...]:
    return tuple(
        UserGroupMember(said["id"], said["name"], said["email"], said["kind"], said["locked_by"])
        for said in client.api().each(client.path("groups", id, "members"))
    )


def _group_of(said: Mapping[str, Any], users: Tuple[UserGroupMember, ...]) -> UserGroup:
    return UserGroup(
        said["id"],
        said["name"],
        said["description"],
        said["member_count"],
        client.moment(said["created_at"]),
        users,
    )
