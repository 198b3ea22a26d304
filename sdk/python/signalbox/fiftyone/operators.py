"""The operators that a plugin's folder offers to FiftyOne."""

from __future__ import annotations

import dataclasses
import platform
from dataclasses import dataclass, field
from typing import Any, Dict, List


class UnknownOperator(LookupError):
    """The plugin does not offer the operator here, with what went wrong when it was loaded."""

    def __init__(self, uri: str, errors: List[str]) -> None:
        """Say so, with the last line of the first error, or which operators there are."""
        why = "only the operators of the run's own plugin and of FiftyOne itself are loaded"
        if errors:
            why = f"its plugin could not be loaded: {errors[0].strip().splitlines()[-1]}"
        super().__init__(f"Operator '{uri}' does not exist here: {why}")
        self.errors = errors


@dataclass(frozen=True)
class Offer:
    """What this environment makes of a plugin's folder."""

    fiftyone: str
    """Version of FiftyOne."""
    python: str
    unmet: str
    """Why this FiftyOne is none that the plugin asks for; empty when it is one."""
    operators: List[Dict[str, Any]] = field(default_factory=list)
    """Each with ``name`` and ``config``, which is FiftyOne's."""
    errors: List[str] = field(default_factory=list)
    """The traceback of each thing that could not be loaded."""


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

    def own(self) -> List[Any]:
        """Give the operators of the folder, panels left out.

        FiftyOne's own are those of a folder whose plugin has the name of theirs, and may say which of them it offers.
        """
        from fiftyone import plugins

        names = {plugin.name for plugin in plugins.list_plugins(enabled="all", builtin=False)}
        listed = self.registry.list_operators(type="operator")
        return [o for o in listed if not o._builtin or o.plugin_name in names]

    def errors(self) -> List[str]:
        """Give the tracebacks of what could not be loaded."""
        return [str(e) for e in self.registry.list_errors()]

    def offer(self) -> Offer:
        """Describe what the folder offers."""
        described = [{"name": o.name, "config": o.config.to_json()} for o in self.own()]
        return dataclasses.replace(environment(unmet()), operators=described, errors=self.errors())


def environment(wrong: str) -> Offer:
    """Describe where the folder is met, without loading it; ``wrong`` says why it does not fit."""
    from fiftyone.constants import VERSION

    return Offer(VERSION, platform.python_version(), wrong)


def unmet() -> str:
    """Say why this FiftyOne is none that the folder's plugin asks for; nothing when it is one.

    The rules are those of FiftyOne's ``ensure_plugin_compatibility``, which its App does not ask: a constraint that
    cannot be read is no constraint, and a bare version is read as the name of a package.
    """
    from fiftyone import plugins
    from fiftyone.constants import VERSION
    from packaging.requirements import InvalidRequirement, Requirement

    for plugin in plugins.list_plugins(enabled="all", builtin=False):
        text = str(getattr(plugin, "fiftyone_compatibility", None) or "").strip()  # not there under an empty key
        if text in ("", "*"):
            continue
        try:
            asked = Requirement(text if text.startswith("fiftyone") else f"fiftyone{text}")
        except InvalidRequirement:
            continue
        if not asked.specifier.contains(VERSION):
            return f"Plugin {plugin.name} asks for {asked}, and this is FiftyOne {VERSION}."
    return ""
