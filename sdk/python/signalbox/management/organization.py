"""Settings of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, List, Optional, Tuple

from signalbox.management import client
from signalbox.management.roles import DatasetPermission, PermissionLike, RoleLike, UserRole, permission, role

__all__ = ["OrganizationSettings", "get_organization_settings", "set_organization_settings"]


@dataclass(frozen=True)
class OrganizationSettings:
    """What holds for everybody."""

    default_user_role: UserRole
    default_dataset_permission: DatasetPermission
    default_operator_minimum_role: UserRole
    default_operator_minimum_dataset_permission: DatasetPermission
    all_runs_minimum_role: UserRole
    """Who sees the runs of others."""
    api_key_roles: Tuple[UserRole, ...]
    """Who may have API keys."""
    just_in_time_users: bool
    """Whether a first login makes a user without an invitation."""


def get_organization_settings() -> OrganizationSettings:
    """Read the settings.

    GET /settings.
    """
    said = client.api().get("/settings")
    return OrganizationSettings(
        default_user_role=UserRole(said["default_user_role"]),
        default_dataset_permission=DatasetPermission(said["default_dataset_permission"]),
        default_operator_minimum_role=UserRole(said["default_operator_minimum_role"]),
        default_operator_minimum_dataset_permission=DatasetPermission(
            said["default_operator_minimum_dataset_permission"]
        ),
        all_runs_minimum_role=UserRole(said["all_runs_minimum_role"]),
        api_key_roles=tuple(UserRole(r) for r in said["api_key_roles"]),
        just_in_time_users=said["just_in_time_users"],
    )


def set_organization_settings(
    *,
    default_user_role: Optional[RoleLike] = None,
    default_dataset_permission: Optional[PermissionLike] = None,
    default_operator_minimum_role: Optional[RoleLike] = None,
    default_operator_minimum_dataset_permission: Optional[PermissionLike] = None,
    all_runs_minimum_role: Optional[RoleLike] = None,
    api_key_roles: Optional[Iterable[RoleLike]] = None,
    just_in_time_users: Optional[bool] = None,
) -> None:
    """Change the settings that are given; the last three are Signalbox's own.

    PATCH /settings.
    """
    keys: Optional[List[UserRole]] = None
    if api_key_roles is not None:
        keys = [role(r, "api_key_roles") for r in api_key_roles]
    body = client.given(
        default_user_role=_role(default_user_role, "default_user_role"),
        default_dataset_permission=_permission(default_dataset_permission, "default_dataset_permission"),
        default_operator_minimum_role=_role(default_operator_minimum_role, "default_operator_minimum_role"),
        default_operator_minimum_dataset_permission=_permission(
            default_operator_minimum_dataset_permission, "default_operator_minimum_dataset_permission"
        ),
        all_runs_minimum_role=_role(all_runs_minimum_role, "all_runs_minimum_role"),
        api_key_roles=keys,
        just_in_time_users=just_in_time_users,
    )
    client.api().patch("/settings", body)


def _role(given: Optional[RoleLike], name: str) -> Optional[UserRole]:
    return None if given is None else role(given, name)


def _permission(given: Optional[PermissionLike], name: str) -> Optional[DatasetPermission]:
    return None if given is None else permission(given, name)
