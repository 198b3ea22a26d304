"""Tries a plugin's operators without an App, a database or params, and tells what would not work in a run."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from typing import Any, Dict, List

from signalbox.fiftyone.execute import Failed
from signalbox.fiftyone.forms import form
from signalbox.fiftyone.job import Job
from signalbox.fiftyone.operators import Operators

_FOR_AN_APP = frozenset(("ops", "trigger", "prompt"))
_NONE = "'NoneType' object"  # in what an operator says that wants a dataset where there is none


def trial() -> Dict[str, Any]:
    """Tell what the folder offers, as ``Offer`` does, and in ``remarks`` what is wrong with its operators.

    A remark has ``operator``, its name; ``problem``, whether the operator would not work in a run; ``message``, and
    ``stack``, which may be empty.
    """
    operators = Operators()
    told = dataclasses.asdict(operators.offer())
    told["remarks"] = [remark for operator in operators.own() for remark in _remarks(operator)]
    return told


def _remarks(operator: Any) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = []

    def find(problem: bool, message: str, stack: str = "") -> None:
        found.append({"operator": operator.name, "problem": problem, "message": message, "stack": stack})

    job = Job.of({"operator": operator.uri, "run": "", "params": {}})
    try:
        asked = asyncio.run(form(job))
    except Failed as e:
        if _NONE in str(e):
            find(False, f"Its inputs cannot be resolved without a dataset: {e}")
        else:
            find(True, f"Its inputs cannot be resolved: {e}", e.stack)
        return found
    if asked.get("warning"):
        find(True, "It cannot tell how it may be executed", str(asked["warning"]))
    if (asked["options"] or {}).get("allow_delegated_execution") is False:
        find(False, "It is not meant to be delegated: an App does not offer to schedule it. It can be scheduled here")
    for path in asked["unmapped"]:
        find(False, f"A field for JSON stands in its form for {path}")
    used = sorted(_FOR_AN_APP & _names(operator))
    if used and not _generates(operator):
        find(False, f"It speaks to an App (ctx.{', ctx.'.join(used)}); there is none in a run, and nothing happens")
    return found


def _generates(operator: Any) -> bool:
    execute = inspect.unwrap(operator.execute)
    return inspect.isgeneratorfunction(execute) or inspect.isasyncgenfunction(execute)


def _names(operator: Any) -> "frozenset[str]":
    """Give the names that the operator's own ``execute`` uses."""
    code = getattr(inspect.unwrap(operator.execute), "__code__", None)
    return frozenset(code.co_names if code else ())
