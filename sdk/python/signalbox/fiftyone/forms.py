"""Asks an operator for its form: inputs, how it may be executed, and what is wrong with the params so far."""

from __future__ import annotations

import traceback
from typing import Any, Dict, List, Optional

from signalbox.fiftyone.environment import extended
from signalbox.fiftyone.execute import Failed, failed
from signalbox.fiftyone.job import Job
from signalbox.fiftyone.operators import Operators, UnknownOperator
from signalbox.fiftyone.schema import form_of


async def form(job: Job) -> Dict[str, Any]:
    """Resolve the form of an operator for the params, dataset, view and selection of a job.

    The answer holds ``inputs``, FiftyOne's own description, or None for an operator that takes no params; ``schema``,
    ``hints`` and ``unmapped`` made from it; ``options``, FiftyOne's execution options; ``delegate``, whether the
    operator wants to be delegated; ``label``, what the run would be called; ``dynamic``, whether the form depends on
    the params; and ``errors``, what is wrong with the params, each with ``path`` and ``message``. Raises Failed.
    """
    operators = Operators()
    try:
        operator = operators.get(job.operator)
    except UnknownOperator as e:
        raise Failed(str(e), "\n".join(e.errors)) from None
    ctx = await _context(operator, job)
    return {**_inputs(operator, ctx), **_options(operator, ctx), "dynamic": bool(operator.config.dynamic)}


async def _context(operator: Any, job: Job) -> Any:
    from fiftyone.operators import executor

    request = {**job.request, "target": "inputs", "delegated": False}
    secrets = operator._plugin_secrets
    ctx = executor.ExecutionContext(request, operator_uri=job.operator, required_secrets=secrets)
    try:
        await ctx.resolve_secret_values(secrets)
    except Exception as e:
        raise failed(e) from e
    return ctx


def _inputs(operator: Any, ctx: Any) -> Dict[str, Any]:
    """Resolve the inputs as an App would show them, and check the params against them."""
    from fiftyone.operators import executor

    try:
        with ctx:
            described = operator.resolve_type(ctx, "inputs")
        checked = executor.ValidationContext(ctx, described, operator)
        inputs: Optional[Dict[str, Any]] = None if described is None else extended(described.to_json())
    except Exception as e:
        raise failed(e) from e
    if inputs is None:
        return {"inputs": None, "schema": None, "hints": {}, "unmapped": [], "errors": []}
    made = form_of(inputs)
    return {
        "inputs": inputs,
        "schema": made.schema,
        "hints": made.hints,
        "unmapped": made.unmapped,
        "errors": _errors(checked),
    }


def _errors(checked: Any) -> List[Dict[str, str]]:
    return [
        {"path": str(e["path"]).lstrip("."), "message": e.get("error_message") or e["reason"]}
        for e in checked.to_json()["errors"]
    ]


def _options(operator: Any, ctx: Any) -> Dict[str, Any]:
    """Ask how it may be executed. An operator whose options cannot be told has those of every operator."""
    try:
        with ctx:
            options = operator.resolve_execution_options(ctx)
            delegate = operator.resolve_delegation(ctx)
            label = operator.resolve_run_name(ctx)
        return {"options": options.to_dict() if options else None, "delegate": delegate, "label": label}
    except Exception:
        return {"options": None, "delegate": None, "label": None, "warning": traceback.format_exc()}
