"""Secrets of the organisation. A value can be set, and never be read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Mapping, Optional

from signalbox.management import client
from signalbox.management.errors import NotFoundError
from signalbox.management.people import Named, named

__all__ = ["Secret", "add_secret", "delete_secret", "get_secret_info", "list_secrets", "update_secret"]


@dataclass(frozen=True)
class Secret:
    """What is known of a secret: everything but its value."""

    key: str
    description: str
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    updated_by: Optional[Named] = None


def add_secret(key: str, value: str, description: Optional[str] = None) -> Secret:
    """Keep a new secret; raises ConflictError if there is one of that key.

    POST /secrets.
    """
    return _secret_of(client.api().post("/secrets", client.given(key=key, value=value, description=description)))


def update_secret(key: str, value: Optional[str] = None, description: Optional[str] = None) -> Secret:
    """Change what is given.

    PATCH /secrets/{key}.
    """
    body = client.given(value=value, description=description)
    return _secret_of(client.api().patch(client.path("secrets", key), body))


def delete_secret(key: str) -> None:
    """Remove a secret.

    DELETE /secrets/{key}.
    """
    client.api().delete(client.path("secrets", key))


def get_secret_info(key: str) -> Secret:
    """Read what is known of a secret.

    GET /secrets.
    """
    for said in client.api().each("/secrets"):
        if said["key"] == key:
            return _secret_of(said)
    raise NotFoundError(f"there is no secret {key}", code="not_found")


def list_secrets() -> List[Secret]:
    """List all secrets.

    GET /secrets.
    """
    return [_secret_of(said) for said in client.api().each("/secrets")]


def _secret_of(said: Mapping[str, Any]) -> Secret:
    by = said.get("updated_by")
    return Secret(
        said["key"],
        said["description"],
        client.moment(said["created_at"]),
        client.moment(said["updated_at"]),
        named(by) if by else None,
    )
