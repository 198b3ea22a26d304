"""Who may do what with which dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Union

from signalbox.management import client, people, roles
from signalbox.management.errors import InvalidError, NotFoundError
from signalbox.management.people import Named, PrincipalLike, ServiceAccount, User
from signalbox.management.roles import DatasetPermission, PermissionLike
from signalbox.management.user_groups import UserGroupLike, get_user_group

__all__ = [
    "Permission",
    "delete_dataset_user_permission",
    "get_dataset_creator",
    "get_permissions",
    "get_permissions_for_dataset",
    "get_permissions_for_dataset_user",
    "get_permissions_for_dataset_user_group",
    "get_permissions_for_user",
    "get_permissions_for_user_group",
    "remove_dataset_user_group_permission",
    "set_dataset_default_permission",
    "set_dataset_user_group_permission",
    "set_dataset_user_permission",
]


@dataclass(frozen=True)
class Permission:
    """What a user or a group may do with a dataset: one of ``user`` and ``user_group`` is set."""

    dataset_name: str
    permission: DatasetPermission
    """Of a user what holds in the end, by his role, his grant, his groups' and the default; of a group its grant."""
    user: Optional[Named] = None
    """A user or a service account."""
    user_group: Optional[Named] = None
    reason: str = ""
    """Why a user has it; only told where a dataset was asked about."""


def get_permissions(
    *,
    dataset_name: Optional[str] = None,
    user: Optional[PrincipalLike] = None,
    user_group: Optional[UserGroupLike] = None,
) -> List[Permission]:
    """Tell who may do what: on a dataset, of a user or group, or of a user or group on a dataset.

    GET /datasets, GET /datasets/{name}/access, GET /datasets/{name}/access/groups.
    """
    if user is not None and user_group is not None:
        raise InvalidError("give a user or a user_group, not both", code="invalid")
    if dataset_name is None:
        if user is not None:
            return get_permissions_for_user(user)
        if user_group is not None:
            return get_permissions_for_user_group(user_group)
        raise InvalidError("give a dataset_name, a user or a user_group", code="invalid")
    if user is not None:
        return _of_user(dataset_name, user)
    if user_group is not None:
        return _of_group(dataset_name, user_group)
    return get_permissions_for_dataset(dataset_name)


def get_permissions_for_dataset(dataset_name: str, include_groups: bool = True) -> List[Permission]:
    """Tell who has access to a dataset: users, and the groups it is shared with.

    GET /datasets/{name}/access, GET /datasets/{name}/access/groups.
    """
    return _holders(dataset_name) + (_groups(dataset_name) if include_groups else [])


def get_permissions_for_dataset_user(dataset_name: str, user: PrincipalLike) -> DatasetPermission:
    """Tell what a user may do with a dataset in the end.

    GET /datasets/{name}/access.
    """
    return _permission_of(_of_user(dataset_name, user))


def get_permissions_for_dataset_user_group(dataset_name: str, user_group: UserGroupLike) -> DatasetPermission:
    """Tell what a dataset's grant to a group allows: NO_ACCESS without one, also for a group that does not exist.

    GET /datasets/{name}/access/groups.
    """
    return _permission_of(_of_group(dataset_name, user_group))


def get_permissions_for_user(user: PrincipalLike) -> List[Permission]:
    """Tell the datasets that a user has access to.

    GET /datasets.
    """
    whom = people.find_principal(user)
    who = Named(whom.id, whom.name)
    return [
        Permission(said["name"], DatasetPermission(said["my_permission"]), user=who)
        for said in client.api().each("/datasets", principal=who.id)
    ]


def get_permissions_for_user_group(user_group: UserGroupLike) -> List[Permission]:
    """Tell the datasets that are shared with a group; asks for each dataset.

    GET /datasets, GET /datasets/{name}/access/groups.
    """
    group = get_user_group(user_group)
    return [p for said in client.api().each("/datasets") for p in _of_group(said["name"], group)]


def set_dataset_default_permission(dataset_name: str, permission: PermissionLike) -> None:
    """Set what everybody may do whose role allows access by default.

    PATCH /datasets/{name}.
    """
    client.api().patch(_at(dataset_name), {"default_permission": roles.permission(permission)})


def set_dataset_user_permission(
    dataset_name: str, user: PrincipalLike, permission: PermissionLike, invite: bool = False
) -> None:
    """Share a dataset with a user. With ``invite``, an email that nobody has is invited to it.

    PUT /datasets/{name}/access/users/{id}, POST /datasets/{name}/access/invitations.
    """
    access, allowed = _at(dataset_name) + "/access", roles.permission(permission)
    try:
        client.api().put(access + client.path("users", people.reference(user)), {"permission": allowed})
    except NotFoundError:
        if not (invite and isinstance(user, str) and "@" in user):
            raise
        client.api().post(access + "/invitations", {"email": user, "permission": allowed})


def delete_dataset_user_permission(dataset_name: str, user: PrincipalLike) -> None:
    """Take back what was granted to a user; his groups and the default still count.

    DELETE /datasets/{name}/access/users/{id}.
    """
    client.api().delete(_at(dataset_name) + client.path("access", "users", people.reference(user)))


def set_dataset_user_group_permission(dataset_name: str, user_group: UserGroupLike, permission: PermissionLike) -> None:
    """Share a dataset with a group.

    PUT /datasets/{name}/access/groups/{id}.
    """
    where = _at(dataset_name) + client.path("access", "groups", people.reference(user_group))
    client.api().put(where, {"permission": roles.permission(permission)})


def remove_dataset_user_group_permission(dataset_name: str, user_group: UserGroupLike) -> None:
    """Take back what was granted to a group.

    DELETE /datasets/{name}/access/groups/{id}.
    """
    client.api().delete(_at(dataset_name) + client.path("access", "groups", people.reference(user_group)))


def get_dataset_creator(dataset_name: str) -> Union[User, ServiceAccount]:
    """Tell who made a dataset; raises NotFoundError when he is no more.

    GET /datasets/{name}, GET /users/{id}.
    """
    return people.find_principal(client.api().get(_at(dataset_name))["creator"]["id"])


def _at(dataset_name: str) -> str:
    return client.api().at("datasets", dataset_name)


def _holders(dataset_name: str, **query: str) -> List[Permission]:
    return [
        Permission(dataset_name, DatasetPermission(said["permission"]), user=people.named(said), reason=said["reason"])
        for said in client.api().each(_at(dataset_name) + "/access", **query)
    ]


def _groups(dataset_name: str) -> List[Permission]:
    return [
        Permission(dataset_name, DatasetPermission(group["permission"]), user_group=people.named(group))
        for group in client.api().each(_at(dataset_name) + "/access/groups")
    ]


def _of_user(dataset_name: str, user: PrincipalLike) -> List[Permission]:
    """Give one, or none where there is no access. A user whom nobody knows is told by the server."""
    return _holders(dataset_name, principal=people.reference(user))


def _of_group(dataset_name: str, user_group: UserGroupLike) -> List[Permission]:
    """Give one, or none where nothing is granted."""
    wanted = people.reference(user_group)
    each = [(p.user_group, p) for p in _groups(dataset_name)]
    return [p for g, p in each if g and g.id == wanted] or [p for g, p in each if g and g.name == wanted]


def _permission_of(found: List[Permission]) -> DatasetPermission:
    return found[0].permission if found else roles.NO_ACCESS
