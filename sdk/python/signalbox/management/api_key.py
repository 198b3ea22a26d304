"""API keys, of oneself and of service accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import List, Optional, Union

from signalbox.management import client, people
from signalbox.management.errors import InvalidError
from signalbox.management.people import PrincipalLike, ServiceAccount

__all__ = ["APIKey", "delete_api_key", "generate_api_key", "list_api_keys"]


@dataclass(frozen=True)
class APIKey:
    """What is known of a key; the key itself is shown once, when it is made."""

    id: str
    name: str
    created_at: Optional[datetime] = None
    last_used_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None


def generate_api_key(key_name: str, user: Optional[PrincipalLike] = None) -> str:
    """Make a key, for oneself or for a service account, and return it. It cannot be read again.

    POST /me/keys, POST /service-accounts/{id}/keys.
    """
    return str(client.api().post(_keys(user), {"name": key_name})["key"])


def list_api_keys(user: Optional[PrincipalLike] = None) -> List[APIKey]:
    """List keys, of oneself or of a service account.

    GET /me/keys, GET /service-accounts/{id}/keys.
    """
    return [
        APIKey(
            said["id"],
            said["name"],
            client.moment(said["created_at"]),
            client.moment(said["last_used_at"]),
            client.moment(said["expires_at"]),
        )
        for said in client.api().each(_keys(user))
    ]


def delete_api_key(key: Union[str, APIKey], user: Optional[PrincipalLike] = None) -> None:
    """End a key, given by its id or as ``list_api_keys`` told it.

    DELETE /me/keys/{id}, DELETE /service-accounts/{id}/keys/{key}.
    """
    client.api().delete(_keys(user) + client.path(key.id if isinstance(key, APIKey) else key))


def _keys(user: Optional[PrincipalLike]) -> str:
    """Give the address of somebody's keys. Nobody, not even an admin, makes a key that acts as another person."""
    if user is None:
        return "/me/keys"
    me = people.me()
    if people.reference(user).lower() in (me["id"].lower(), me["email"]):
        return "/me/keys"
    found = people.find_principal(user)
    if isinstance(found, ServiceAccount):
        return client.path("service-accounts", found.id, "keys")
    raise InvalidError("the keys of another person are his own; use a service account instead", code="invalid")
