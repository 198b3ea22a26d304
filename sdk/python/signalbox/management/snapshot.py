"""Snapshots of datasets, which Signalbox has not yet: every function raises NotHereYetError."""

from __future__ import annotations

from typing import NoReturn, Optional

from signalbox.management.errors import not_here_yet

__all__ = [
    "archive_snapshot",
    "calculate_dataset_latest_changes_summary",
    "create_snapshot",
    "delete_snapshot",
    "get_dataset_latest_changes_summary",
    "get_snapshot_info",
    "list_snapshots",
    "revert_dataset_to_snapshot",
    "unarchive_snapshot",
]

_WHAT = "snapshots"


def create_snapshot(dataset_name: str, snapshot_name: str, description: Optional[str] = None) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def list_snapshots(dataset_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def get_snapshot_info(dataset_name: str, snapshot_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def delete_snapshot(dataset_name: str, snapshot_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def archive_snapshot(dataset_name: str, snapshot_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def unarchive_snapshot(dataset_name: str, snapshot_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def revert_dataset_to_snapshot(dataset_name: str, snapshot_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def calculate_dataset_latest_changes_summary(dataset_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)


def get_dataset_latest_changes_summary(dataset_name: str) -> NoReturn:
    """Is not here yet."""
    not_here_yet(_WHAT)
