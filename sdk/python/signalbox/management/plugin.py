"""Plugins and the rights that their operators ask for."""

from __future__ import annotations

import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Iterator, List, Mapping, Optional, Tuple, Union

from signalbox.management import client, roles
from signalbox.management.errors import InvalidError
from signalbox.management.roles import DatasetPermission, PermissionLike, RoleLike, UserRole

__all__ = [
    "OperatorPermission",
    "Plugin",
    "PluginOperator",
    "delete_plugin",
    "download_plugin",
    "get_plugin_info",
    "list_plugins",
    "set_plugin_enabled",
    "set_plugin_operator_enabled",
    "set_plugin_operator_permissions",
    "upload_plugin",
]

_NEVER = {".git", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
_MANIFESTS = ("fiftyone.yml", "fiftyone.yaml", "*/fiftyone.yml", "*/fiftyone.yaml")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # of every file, so that the same files are the same archive and no new revision


@dataclass(frozen=True)
class OperatorPermission:
    """What somebody needs to run an operator."""

    minimum_role: UserRole
    minimum_dataset_permission: DatasetPermission


@dataclass(frozen=True)
class PluginOperator:
    """An operator of a plugin."""

    name: str
    enabled: bool
    permission: OperatorPermission
    label: str = ""
    uri: str = ""


@dataclass(frozen=True)
class Plugin:
    """An installed plugin."""

    name: str
    description: str
    version: str
    enabled: bool
    operators: Tuple[PluginOperator, ...]
    revision: int = 0
    """Counts the installations, from 1."""
    fiftyone_version: str = ""
    """The versions of FiftyOne that the manifest asks for."""


def list_plugins(include_builtin: bool = False) -> List[Plugin]:
    """List the installed plugins. ``include_builtin`` is accepted for compatibility: there are no other ones.

    GET /plugins.
    """
    return [_plugin_of(said) for said in client.api().each("/plugins")]


def get_plugin_info(plugin_name: str) -> Plugin:
    """Read a plugin.

    GET /plugins/{name}.
    """
    return _plugin_of(client.api().get(client.api().at("plugins", plugin_name)))


def upload_plugin(
    plugin_path: Union[str, "os.PathLike[str]"], overwrite: bool = False, optimize: bool = False
) -> Plugin:
    """Install a plugin from its folder or ZIP; one that is there already is only replaced with ``overwrite``.

    What a plugin never needs, such as ``.git`` and ``__pycache__``, is left out of a folder with and without
    ``optimize``; a ZIP is sent as it is.

    POST /plugins.
    """
    path = Path(plugin_path)
    if not path.exists():
        raise InvalidError(f"there is no folder or file {path}", code="invalid")
    with tempfile.TemporaryFile() if path.is_dir() else path.open("rb") as archive:
        if path.is_dir():
            _pack(path, archive)
            archive.flush()
            archive.seek(0)
        return _plugin_of(client.api().post("/plugins", archive, overwrite=overwrite))


def download_plugin(plugin_name: str, target_dir: Union[str, "os.PathLike[str]"]) -> str:
    """Fetch a plugin's archive into a folder, and return the path of the ZIP.

    GET /plugins/{name}/archive.
    """
    folder = Path(target_dir)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (plugin_name.replace("/", "_").replace("\\", "_") + ".zip")
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
        try:
            client.api().download(client.api().at("plugins", plugin_name) + "/archive", part)
            part.close()
            os.replace(part.name, target)
        except BaseException:
            part.close()
            os.unlink(part.name)
            raise
    return str(target)


def delete_plugin(plugin_name: str) -> None:
    """Remove a plugin. Runs that wait for it fail.

    DELETE /plugins/{name}.
    """
    client.api().delete(client.api().at("plugins", plugin_name))


def set_plugin_enabled(plugin_name: str, enabled: bool) -> None:
    """Enable or disable a plugin with all its operators.

    PATCH /plugins/{name}.
    """
    client.api().patch(client.api().at("plugins", plugin_name), {"enabled": enabled})


def set_plugin_operator_enabled(
    plugin_name: str,
    operator_name: str,
    enabled: Optional[bool] = None,
    minimum_role: Optional[RoleLike] = None,
    minimum_dataset_permission: Optional[PermissionLike] = None,
) -> None:
    """Enable or disable one operator, and set what it takes to run it; at least one of the three.

    PATCH /plugins/{name}/operators/{operator}.
    """
    changes = client.given(
        enabled=enabled,
        minimum_role=None if minimum_role is None else roles.role(minimum_role, "minimum_role"),
        minimum_dataset_permission=None
        if minimum_dataset_permission is None
        else roles.permission(minimum_dataset_permission, "minimum_dataset_permission"),
    )
    if not changes:
        raise InvalidError("give enabled, minimum_role or minimum_dataset_permission", code="invalid")
    client.api().patch(client.api().at("plugins", plugin_name) + client.path("operators", operator_name), changes)


def set_plugin_operator_permissions(
    plugin_name: str,
    operator_name: str,
    minimum_role: Optional[RoleLike] = None,
    minimum_dataset_permission: Optional[PermissionLike] = None,
) -> None:
    """Set what it takes to run an operator; at least one of the two.

    PATCH /plugins/{name}/operators/{operator}.
    """
    if minimum_role is None and minimum_dataset_permission is None:
        raise InvalidError("give minimum_role or minimum_dataset_permission", code="invalid")
    set_plugin_operator_enabled(plugin_name, operator_name, None, minimum_role, minimum_dataset_permission)


def _pack(folder: Path, to: IO[bytes]) -> None:
    """Write a folder as the command line does: plain files in the order of their names; links are refused."""
    if not any(found for pattern in _MANIFESTS for found in folder.glob(pattern)):
        raise InvalidError(
            f"{folder} is no plugin: it has no fiftyone.yml, at its top or one folder down", code="invalid"
        )
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as z:
        for file in _files(folder):
            if file.is_symlink() or not file.is_file():
                raise InvalidError(
                    f"{file} is a link or a special file; a plugin holds plain files only", code="invalid"
                )
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose rights the next line gives
            entry.external_attr = (0o100644 | file.stat().st_mode & 0o111) << 16
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, z.open(entry, "w") as packed:
                while block := source.read(1 << 20):
                    packed.write(block)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in _NEVER:
                yield from _files(path)
        elif path.suffix != ".pyc":
            yield path


def _plugin_of(said: Mapping[str, Any]) -> Plugin:
    return Plugin(
        name=said["name"],
        description=said["description"],
        version=said["version"],
        enabled=said["enabled"],
        operators=tuple(_operator_of(o) for o in said["operators"]),
        revision=said["revision"],
        fiftyone_version=said["fiftyone_version"],
    )


def _operator_of(said: Mapping[str, Any]) -> PluginOperator:
    minimum = OperatorPermission(UserRole(said["minimum_role"]), DatasetPermission(said["minimum_dataset_permission"]))
    return PluginOperator(said["name"], said["enabled"], minimum, said["label"], said["uri"])
