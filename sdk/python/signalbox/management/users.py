"""Users and invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Mapping, Optional

from signalbox.management import client, people
from signalbox.management.errors import NotFoundError
from signalbox.management.organization import get_organization_settings
from signalbox.management.people import User, UserLike
from signalbox.management.roles import PermissionLike, RoleLike, UserRole, permission, role

__all__ = [
    "Invitation",
    "SentInvitation",
    "User",
    "delete_user",
    "delete_user_invitation",
    "get_user",
    "invite_to_dataset",
    "invite_user",
    "list_pending_invitations",
    "list_users",
    "send_user_invitation",
    "set_user_role",
    "whoami",
]


@dataclass(frozen=True)
class Invitation:
    """An offer to somebody to join."""

    id: str
    email: str
    role: UserRole
    created_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None


@dataclass(frozen=True)
class SentInvitation:
    """An invitation that was made just now, with what its maker needs to know."""

    id: str
    email: str
    role: UserRole
    link: str
    """Where it is accepted; told this once."""
    mailed: bool
    """Whether it was mailed; if not, give the link on."""
    mail_error: Optional[str] = None
    """Why it was not, where mail is set up."""


def list_users(verbose: bool = True) -> List[User]:
    """List all users. ``verbose`` is accepted for compatibility: users are always told in full.

    GET /users.
    """
    return [people.user_of(said) for said in client.api().each("/users")]


def get_user(user: UserLike) -> User:
    """Read a user by id, email or object.

    GET /users/{id}.
    """
    return people.find_user(user)


def delete_user(user: UserLike) -> None:
    """Remove a user with his keys, sessions and grants. What he made stays.

    DELETE /users/{id}.
    """
    client.api().delete(client.path("users", people.reference(user)))


def set_user_role(user: UserLike, role: RoleLike) -> None:
    """Give a user another role. Fails where his login provider decides it.

    PATCH /users/{id}.
    """
    client.api().patch(client.path("users", people.reference(user)), {"role": _role(role)})


def whoami() -> User:
    """Read the user whose key this is; raises NotFoundError for the key of a service account, which is no user.

    GET /me.
    """
    me = people.me()
    if me["kind"] != "user":
        raise NotFoundError(f"this key belongs to the service account {me['name']}, not to a user", code="not_found")
    return people.user_of(me)


def send_user_invitation(email: str, role: Optional[RoleLike] = None) -> str:
    """Invite somebody, by default with the organisation's role for new users, and return the invitation's id.

    POST /invitations.
    """
    return invite_user(email, role).id


def invite_user(email: str, role: Optional[RoleLike] = None) -> SentInvitation:
    """Invite somebody, by default with the organisation's role for new users, and tell the link.

    POST /invitations.
    """
    offered = get_organization_settings().default_user_role if role is None else role
    return _sent(client.api().post("/invitations", {"email": email, "role": _role(offered)}))


def invite_to_dataset(dataset_name: str, email: str, permission: PermissionLike) -> SentInvitation:
    """Share a dataset with an email that nobody has, and tell the link. Who manages the dataset needs no other right.

    POST /datasets/{name}/access/invitations.
    """
    where = client.api().at("datasets", dataset_name) + "/access/invitations"
    return _sent(client.api().post(where, {"email": email, "permission": _permission(permission)}))


def _sent(said: Mapping[str, Any]) -> SentInvitation:
    role = UserRole(said["role"])
    return SentInvitation(said["id"], said["email"], role, said["link"], said["mailed"], said["mail_error"])


def list_pending_invitations() -> List[Invitation]:
    """List the invitations that are neither accepted nor revoked, also those that have expired.

    GET /invitations.
    """
    return [
        Invitation(
            said["id"],
            said["email"],
            UserRole(said["role"]),
            client.moment(said["created_at"]),
            client.moment(said["expires_at"]),
        )
        for said in client.api().each("/invitations")
        if said["accepted_at"] is None and said["revoked_at"] is None
    ]


def delete_user_invitation(invitation_id: str) -> None:
    """Take an invitation back.

    DELETE /invitations/{id}.
    """
    client.api().delete(client.path("invitations", invitation_id))


_role, _permission = role, permission  # beside parameters of that name
