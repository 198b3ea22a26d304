"""The operators that a plugin's folder offers to FiftyOne."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List


class UnknownOperator(LookupError):
    """The plugin does not offer the operator here, with what went wrong when it was loaded."""

    def __init__(self, uri: str, errors: List[str]) -> None:
        """Say so."""
        super().__init__(f"Operator '{uri}' does not exist")
        self.errors = errors


@dataclass(frozen=True)
class Offer:
    """What a folder offers: operators as FiftyOne describes them, and what could not be loaded."""

    operators: List[Dict[str, Any]] = field(default_factory=list)
    errors: List[str] = field(default_factory=list)
    """A traceback each."""


class Operators:
    """The operators of the folder that FiftyOne knows, and its own."""

    def __init__(self) -> None:
        """Load the plugins, which imports their modules."""
        from fiftyone.operators.registry import OperatorRegistry

        self.registry: Any = OperatorRegistry()

    def get(self, uri: str) -> Any:
        """Find an operator. Raises UnknownOperator."""
        found = self.registry.get_operator(uri)
        if found is None:
            raise UnknownOperator(uri, self.errors())
        return found

    def errors(self) -> List[str]:
        """Give the tracebacks of what could not be loaded."""
        return [str(e) for e in self.registry.list_errors()]

    def offer(self) -> Offer:
        """Describe what the plugin offers, panels left out."""
        listed = self.registry.list_operators(builtin=False, type="operator")
        return Offer([operator.to_json() for operator in listed], self.errors())
