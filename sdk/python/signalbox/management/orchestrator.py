"""Orchestrators: the places that run work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, List, Mapping, Optional, Tuple, Union

from signalbox.management import client
from signalbox.management.errors import InvalidError, not_here_yet

__all__ = [
    "OrchestratorDocument",
    "OrchestratorEnvironment",
    "delete_orchestrator",
    "get_orchestrator",
    "list_orchestrators",
    "register_orchestrator",
]


class OrchestratorEnvironment(str, Enum):
    """What an orchestrator is. The server refuses what its version cannot run on."""

    BUILTIN = "builtin"
    AIRFLOW = "airflow"
    FLYTE = "flyte"
    DATABRICKS = "databricks"
    ANYSCALE = "anyscale"
    KUBERNETES = "kubernetes"
    SELF_REGISTERED = "self_registered"


@dataclass(frozen=True)
class OrchestratorDocument:
    """A registered orchestrator."""

    instance_identifier: str
    description: str
    """Always empty: Signalbox keeps no description."""
    environment: OrchestratorEnvironment
    available_operators: Tuple[str, ...]
    """URIs of the operators that may run there."""
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Always empty: Signalbox does not tell which secrets it uses."""
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None


def register_orchestrator(
    instance_id: str,
    description: str,
    environment: Union[OrchestratorEnvironment, str],
    config: Optional[Mapping[str, Any]] = None,
    secrets: Optional[Mapping[str, Any]] = None,
) -> OrchestratorDocument:
    """Register an orchestrator. ``config`` and ``secrets`` may stand below a key that is the environment.

    The description is accepted for compatibility and not kept.

    POST /orchestrators.
    """
    kind = _environment(environment)
    body = client.given(name=instance_id, kind=kind, config=_below(kind, config), secrets=_below(kind, secrets))
    client.api().post("/orchestrators", body)
    return get_orchestrator(instance_id)


def get_orchestrator(instance_id: str, user: object = None) -> OrchestratorDocument:
    """Read an orchestrator, with the operators that may run there.

    GET /orchestrators/{name}, GET /operators.
    """
    if user is not None:
        not_here_yet("view of an orchestrator as another user")
    said = client.api().get(client.api().at("orchestrators", instance_id))
    operators = client.api().each("/operators", all=True)
    return OrchestratorDocument(
        instance_identifier=said["name"],
        description="",
        environment=OrchestratorEnvironment(said["kind"]),
        available_operators=tuple(
            o["uri"] for o in operators if any(at["id"] == said["id"] for at in o["orchestrators"])
        ),
        config=said["config"],
        created_at=client.moment(said["created_at"]),
        updated_at=client.moment(said["updated_at"]),
    )


def list_orchestrators(include_deactivated: bool = False) -> List[str]:
    """List the orchestrators' ids; those that are disabled only with ``include_deactivated``.

    GET /orchestrators.
    """
    return [said["name"] for said in client.api().each("/orchestrators") if said["enabled"] or include_deactivated]


def delete_orchestrator(instance_id: str) -> None:
    """Remove an orchestrator; the builtin one cannot be removed.

    DELETE /orchestrators/{name}.
    """
    client.api().delete(client.api().at("orchestrators", instance_id))


def _environment(given: Union[OrchestratorEnvironment, str]) -> OrchestratorEnvironment:
    try:
        return OrchestratorEnvironment(given.lower())
    except ValueError:
        known = ", ".join(e.value for e in OrchestratorEnvironment)
        raise InvalidError(f"environment={given!s} is none of {known}", code="invalid") from None


def _below(kind: OrchestratorEnvironment, given: Optional[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    if given is not None and list(given) == [kind.value] and isinstance(given[kind.value], Mapping):
        return dict(given[kind.value])
    return given
