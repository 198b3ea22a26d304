"""Service accounts."""

from __future__ import annotations

from typing import List, Optional

from signalbox.management import client, people, roles
from signalbox.management.people import ServiceAccount, ServiceAccountLike
from signalbox.management.roles import RoleLike

__all__ = [
    "ServiceAccount",
    "create_service_account",
    "delete_service_account",
    "get_service_account",
    "list_service_accounts",
    "update_service_account",
]


def create_service_account(name: str, role: RoleLike, description: Optional[str] = None) -> ServiceAccount:
    """Make a service account.

    POST /service-accounts.
    """
    body = client.given(name=name, role=roles.role(role), description=description)
    return people.account_of(client.api().post("/service-accounts", body))


def get_service_account(service_account: ServiceAccountLike) -> ServiceAccount:
    """Read a service account by id, name or object.

    GET /service-accounts/{id}.
    """
    return people.find_account(service_account)


def list_service_accounts() -> List[ServiceAccount]:
    """List all service accounts.

    GET /service-accounts.
    """
    return [people.account_of(said) for said in client.api().each("/service-accounts")]


def update_service_account(
    service_account: ServiceAccountLike,
    name: Optional[str] = None,
    role: Optional[RoleLike] = None,
    description: Optional[str] = None,
) -> ServiceAccount:
    """Change what is given.

    PATCH /service-accounts/{id}.
    """
    body = client.given(name=name, role=None if role is None else roles.role(role), description=description)
    where = people.account_at(service_account)
    return people.account_of(client.api().patch(where, body))


def delete_service_account(service_account: ServiceAccountLike) -> None:
    """Remove a service account with its keys and grants.

    DELETE /service-accounts/{id}.
    """
    client.api().delete(people.account_at(service_account))
