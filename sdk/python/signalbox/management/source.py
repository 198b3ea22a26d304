"""Sources: FiftyOne databases whose datasets appear here, and whose Apps' operations can be taken over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from signalbox.management import client, roles
from signalbox.management.roles import DatasetPermission, PermissionLike

__all__ = [
    "Source",
    "SourceRule",
    "delete_source",
    "get_source",
    "list_sources",
    "register_source",
    "update_source",
]


@dataclass(frozen=True)
class SourceRule:
    """Which orchestrator runs some operators on some datasets. No patterns fit all."""

    orchestrator: str
    operators: Tuple[str, ...] = ()
    datasets: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A registered FiftyOne database. Its address is never told."""

    id: str
    name: str
    database: str
    principal: str
    """The service account on whose behalf operations are taken whose submitter is not known; empty for none."""
    default_permission: DatasetPermission
    intake: bool
    mirror: bool
    pools: Tuple[str, ...]
    rules: Tuple[SourceRule, ...]
    connected: bool
    trouble: str
    """Why it does not answer, or why nothing is taken from it; empty when all is well."""
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None


def register_source(
    name: str,
    uri: str,
    database: str,
    *,
    principal: Optional[str] = None,
    default_permission: Optional[PermissionLike] = None,
    intake: Optional[bool] = None,
    mirror: Optional[bool] = None,
    pools: Optional[Sequence[str]] = None,
    rules: Optional[Sequence[SourceRule]] = None,
) -> Source:
    """Register a FiftyOne database by the address of its MongoDB.

    POST /sources.
    """
    body = _body(name, uri, database, principal, default_permission, intake, mirror, pools, rules)
    return _source(client.api().post("/sources", body))


def update_source(
    source: str,
    *,
    name: Optional[str] = None,
    uri: Optional[str] = None,
    database: Optional[str] = None,
    principal: Optional[str] = None,
    default_permission: Optional[PermissionLike] = None,
    intake: Optional[bool] = None,
    mirror: Optional[bool] = None,
    pools: Optional[Sequence[str]] = None,
    rules: Optional[Sequence[SourceRule]] = None,
) -> Source:
    """Change what is given of a source; an empty ``principal`` is nobody.

    PATCH /sources/{name}.
    """
    body = _body(name, uri, database, principal, default_permission, intake, mirror, pools, rules)
    return _source(client.api().patch(client.api().at("sources", source), body))


def get_source(source: str) -> Source:
    """Read a source by name or id, and how it goes.

    GET /sources/{name}.
    """
    return _source(client.api().get(client.api().at("sources", source)))


def list_sources() -> List[Source]:
    """List the sources, by name.

    GET /sources.
    """
    return [_source(said) for said in client.api().each("/sources")]


def delete_source(source: str) -> None:
    """Remove a source without open runs; its datasets here go, its data stays.

    DELETE /sources/{name}.
    """
    client.api().delete(client.api().at("sources", source))


def _body(
    name: Optional[str],
    uri: Optional[str],
    database: Optional[str],
    principal: Optional[str],
    default_permission: Optional[PermissionLike],
    intake: Optional[bool],
    mirror: Optional[bool],
    pools: Optional[Sequence[str]],
    rules: Optional[Sequence[SourceRule]],
) -> Mapping[str, Any]:
    return client.given(
        name=name,
        uri=uri,
        database=database,
        principal=principal,
        default_permission=None if default_permission is None else roles.permission(default_permission).value,
        intake=intake,
        mirror=mirror,
        pools=None if pools is None else list(pools),
        rules=None if rules is None else [_rule(rule) for rule in rules],
    )


def _rule(rule: SourceRule) -> Mapping[str, Any]:
    return {"operators": list(rule.operators), "datasets": list(rule.datasets), "orchestrator": rule.orchestrator}


def _source(said: Mapping[str, Any]) -> Source:
    return Source(
        id=said["id"],
        name=said["name"],
        database=said["database"],
        principal=said["principal"],
        default_permission=DatasetPermission(said["default_permission"]),
        intake=said["intake"],
        mirror=said["mirror"],
        pools=tuple(said["pools"]),
        rules=tuple(SourceRule(r["orchestrator"], tuple(r["operators"]), tuple(r["datasets"])) for r in said["rules"]),
        connected=said["state"]["connected"],
        trouble=said["state"]["trouble"],
        created_at=client.moment(said["created_at"]),
        updated_at=client.moment(said["updated_at"]),
    )
