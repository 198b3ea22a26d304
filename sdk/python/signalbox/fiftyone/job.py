"""What an operator is asked to do."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Optional


@dataclass(frozen=True)
class Job:
    """One operator to run."""

    operator: str
    """Its URI."""
    run: str
    """Empty for one that is only asked for its form."""
    request: Dict[str, Any]
    """The request as an App sends it: params, dataset, view, selection, and whatever else it holds."""
    pipeline: Any = None
    """The stages that an App had resolved when it queued the operation; None for none."""
    tell: bool = False
    """Whether it is wanted what this environment makes of the plugin."""

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Job:
        """Read what an operator's process is given. What the App sent along stays whole; what the run says wins."""
        from signalbox.fiftyone.environment import plain

        source: Mapping[str, Any] = context.get("fiftyone") or {}
        request: Dict[str, Any] = dict(source.get("request") or {})
        request["params"] = context.get("params") or {}
        request["operator_uri"] = context["operator"]
        dataset: Optional[Mapping[str, Any]] = context.get("dataset")
        if context.get("view") is not None:
            request["view"] = context["view"]
        if dataset:
            request["dataset_name"] = source.get("dataset_name") or dataset["name"]
        if source.get("dataset_id"):
            request["dataset_id"] = source["dataset_id"]
        run: str = context.get("run") or ""
        if run:
            request["delegated"] = True
            request["run_doc"] = run
        stages = plain({"stages": source["pipeline"]})["stages"] if source.get("pipeline") else None
        return cls(context["operator"], run, plain(request), stages, bool(context.get("tell_environment")))

    @classmethod
    def here(cls) -> Job:
        """Read that of this process. Raises RuntimeError outside of a run."""
        path = os.environ.get("SIGNALBOX_CONTEXT")
        if not path:
            raise RuntimeError("SIGNALBOX_CONTEXT is not set: this is no run")
        context: Dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls.of(context)
