"""Operators: what may be entered for a run, and what is wrong with what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

from signalbox.management import client
from signalbox.management.errors import Fault

__all__ = ["OperatorForm", "get_operator_form"]


@dataclass(frozen=True)
class OperatorForm:
    """An operator's form for the params so far."""

    operator: str
    """Its URI."""
    plugin_revision: int
    schema: Optional[Mapping[str, Any]]
    """JSON Schema, its properties in the order of the form; None for an operator that takes no params."""
    hints: Mapping[str, Any]
    """How the fields are shown: the ``ui:`` keys of react-jsonschema-form."""
    inputs: Optional[Mapping[str, Any]]
    """FiftyOne's own description; None for an operator with a command."""
    faults: Tuple[Fault, ...]
    """What is wrong with the params."""
    label: str
    """What a run with these params would be called."""
    dynamic: bool
    """Whether the form depends on the params: ask again when they change."""
    failure: str
    """Why the operator gave no form, for its own code failed; empty when it did."""


def get_operator_form(
    operator: str,
    params: Optional[Mapping[str, Any]] = None,
    dataset: Optional[str] = None,
    view: Optional[Sequence[Mapping[str, Any]]] = None,
    selected: Optional[Sequence[str]] = None,
    selected_labels: Optional[Sequence[Mapping[str, Any]]] = None,
) -> OperatorForm:
    """Ask an operator, by its URI, what may be entered on a dataset, and what is wrong with the params so far.

    The view is a list of serialised stages; selected are ids of samples. Raises UnavailableError when the form could
    not be made: no worker that has FiftyOne answered in time. POST /operators/{uri}/form.
    """
    selection = client.given(samples=_list(selected), labels=_list(selected_labels)) or None
    body = client.given(dataset=dataset, params=params, view=_list(view), selection=selection)
    return _form(client.api().post(client.path("operators", operator, "form"), body))


def _list(values: Optional[Sequence[Any]]) -> Any:
    return None if values is None else list(values)


def _form(said: Mapping[str, Any]) -> OperatorForm:
    schema, failure = said["inputs_schema"], said["failure"]
    return OperatorForm(
        operator=said["operator"],
        plugin_revision=said["plugin_revision"],
        schema=schema and schema["schema"],
        hints=said["hints"],
        inputs=said["inputs"],
        faults=tuple(Fault(e["location"], e["message"]) for e in said["errors"]),
        label=said["label"],
        dynamic=said["dynamic"],
        failure="\n".join(filter(None, (failure["message"], failure["stack"]))) if failure else "",
    )
