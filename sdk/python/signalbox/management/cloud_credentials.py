"""Credentials of clouds, which Signalbox does not keep yet: every function raises NotHereYetError."""

from __future__ import annotations

from typing import Iterable, Mapping, NoReturn, Optional

from signalbox.management.errors import not_here_yet

__all__ = ["add_cloud_credentials", "delete_cloud_credentials", "list_cloud_credentials"]

_WHAT = "cloud credentials"


def add_cloud_credentials(
    provider: str,
    credential_type: str,
    credentials: Mapping[str, str],
    description: Optional[str] = None,
    prefixes: Optional[Iterable[str]] = None,
    overwrite: bool = True,
    user_id: Optional[str] = None,
    user_group_id: Optional[str] = None,
) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def delete_cloud_credentials(
    provider: str,
    prefixes: Optional[Iterable[str]] = None,
    user_id: Optional[str] = None,
    user_group_id: Optional[str] = None,
) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def list_cloud_credentials() -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)
