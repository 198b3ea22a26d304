"""Runs one operator as FiftyOne's own executor of delegated operations does, and says how it went."""

from __future__ import annotations

import copy
import functools
import inspect
import logging
import traceback
from typing import Any, Callable, Dict, List, Optional, Tuple

from signalbox import work
from signalbox.fiftyone.environment import extended
from signalbox.fiftyone.job import Job
from signalbox.fiftyone.operators import Operators, UnknownOperator

_log = logging.getLogger("signalbox")


class Failed(Exception):
    """The operator failed, in words for people, with the stack that explains it."""

    def __init__(self, message: str, stack: str = "") -> None:
        """Take both."""
        super().__init__(message)
        self.stack = stack


async def execute(job: Job) -> Tuple[Any, Any]:
    """Run an operator. Give its result and the schema of its output, both as extended JSON; None for none.

    Raises Failed.
    """
    operators = Operators()
    ctx = await _prepared(operators, job.operator, job.request, job.run)
    operator = operators.get(job.operator)
    result = None
    if job.pipeline is not None or _is_pipeline(operator):
        await _pipeline(operators, _stages(operator, ctx, job.pipeline), ctx)
    else:
        result = await _plain(operator, ctx)
    return _kept(result), await _outputs(operator, ctx, result)


async def _prepared(
    operators: Operators, uri: str, request: Dict[str, Any], run: Optional[str], stage: Any = None
) -> Any:
    """Resolve secrets and inputs, and check the params as FiftyOne does before every execution."""
    from fiftyone.operators import executor

    try:
        operators.get(uri)
        prepared = await executor.prepare_operator_executor(
            operator_uri=uri,
            request_params=request,
            set_progress=_progress,
            delegated_operation_id=run,
            pipeline_ctx=stage,
        )
    except UnknownOperator as e:
        raise Failed(str(e), "\n".join(e.errors)) from None
    except BaseException as e:
        raise failed(e) from e
    if isinstance(prepared, executor.ExecutionResult):
        raise Failed(str(prepared.to_exception()))
    return prepared[2]


async def _plain(operator: Any, ctx: Any) -> Any:
    """Run an operator that is no pipeline; what it generates is followed to its end and is no result."""
    from fiftyone.operators import executor

    operator.execute = _stopping(operator.execute)
    try:
        result = await executor.do_execute_operator(operator, ctx, exhaust=False)
        if inspect.isgenerator(result):
            for message in result:
                _said(message)
            return None
        if inspect.isasyncgen(result):
            async for message in result:
                _said(message)
            return None
        return result
    except BaseException as e:  # also sys.exit() of a wrapped program, which is no end of ours
        raise failed(e) from e


def _stopping(execute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a StopIteration of an operator fail it: FiftyOne would wait for the thread that raised it for ever."""
    if inspect.iscoroutinefunction(execute):
        return execute

    @functools.wraps(execute)
    def run(ctx: Any) -> Any:
        try:
            return execute(ctx)
        except StopIteration as e:
            raise RuntimeError("execute() raised StopIteration") from e

    return run


_NOT_A_STAGES = (
    "dataset_id",
    "dataset_name",
    "delegated",
    "delegation_target",
    "request_delegation",
    "results",
    "params",
)


async def _pipeline(operators: Operators, stages: List[Any], ctx: Any) -> None:
    """Run the stages of a pipeline in order, each with its own params. A pipeline has no result.

    After a stage that failed, only those run that always do. FiftyOne's own loop gives a stage the pipeline's params.
    """
    from fiftyone.operators.executor import PipelineExecutionContext

    failed: Optional[Failed] = None
    for index, stage in enumerate(stages):
        if failed and not stage.always_run:
            continue
        request = copy.deepcopy({k: v for k, v in ctx.request_params.items() if k != "results"})
        overrides = stage.request_params_overrides or {}
        request.update({k: v for k, v in overrides.items() if k not in _NOT_A_STAGES})
        request["params"] = copy.deepcopy(stage.params or {})
        within = PipelineExecutionContext(active=failed is None, curr_stage_index=index, total_stages=len(stages))
        name = f"Stage {index + 1} of {len(stages)} ({stage.operator_uri})"
        _log.info("%s begins.", name)
        try:
            prepared = await _prepared(
                operators, stage.operator_uri, request, ctx.request_params.get("run_doc"), within
            )
            await _plain(operators.get(stage.operator_uri), prepared)
        except Failed as e:
            failed = failed or Failed(f"{name} failed: {e}", e.stack)
    if failed:
        raise failed


def _stages(operator: Any, ctx: Any, resolved: Any) -> List[Any]:
    """Give the stages that were resolved when the operation was queued, as FiftyOne runs them; else resolve them."""
    from fiftyone.operators import types

    try:
        if resolved is not None:
            pipeline = types.Pipeline.from_json(resolved)
        else:
            with ctx:
                pipeline = operator.resolve_pipeline(ctx)
        if not isinstance(pipeline, types.Pipeline):
            raise TypeError("resolve_pipeline() must return a fiftyone.operators.types.Pipeline")
    except Exception as e:
        raise failed(e) from e
    stages: List[Any] = list(pipeline.stages or [])
    for index, stage in enumerate(stages):
        if (getattr(stage, "num_distributed_tasks", None) or 1) > 1:
            raise Failed(
                f"Stage {index + 1} of {len(stages)} ({stage.operator_uri}) wants to be distributed over "
                f"{stage.num_distributed_tasks} tasks, which open-source FiftyOne cannot do."
            )
    return stages


def _is_pipeline(operator: Any) -> bool:
    from fiftyone.operators.operator import PipelineOperator

    return isinstance(operator, PipelineOperator)


async def _outputs(operator: Any, ctx: Any, result: Any) -> Any:
    """Resolve the schema of the output. An operator whose schema cannot be made has completed all the same."""
    from fiftyone.operators import executor

    ctx.request_params["target"], ctx.request_params["results"] = "outputs", result
    try:
        schema = await executor.resolve_type_with_context(operator, ctx)
        if isinstance(schema, executor.ExecutionResult):  # which holds the error
            _log.warning("The output has no schema: resolve_output() failed.\n%s", schema.error)
            return None
        return extended(schema.to_json()) if schema is not None else None
    except Exception:
        _log.warning("The output has no schema: resolve_output() failed.\n%s", traceback.format_exc())
        return None


def _kept(result: Any) -> Any:
    """Give the result as it is kept. Raises Failed when it cannot be."""
    try:
        return extended(result)
    except Exception as e:
        raise Failed(f"The result cannot be kept: {e}", traceback.format_exc()) from e


def _progress(_run: str, progress: Any) -> None:
    work.progress(progress.progress, progress.label or "")


_SAID = {"console_log": "message", "notify": "message"}


def _said(message: Any) -> None:
    """Take what a generator says: its progress is progress, its notes are lines of the log; the rest is for an App."""
    from fiftyone.operators.message import GeneratedMessage

    if not isinstance(message, GeneratedMessage) or message.body is None:
        return
    name: str = getattr(message.body, "operator_uri", "").rpartition("/")[2]
    params: Dict[str, Any] = getattr(message.body, "params", None) or {}
    if name == "set_progress":
        work.progress(_fraction(params.get("progress")), str(params.get("label") or ""))
    elif name in _SAID and params.get(_SAID[name]):
        _log.info("%s", params[_SAID[name]])


def _fraction(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) else None


def failed(error: BaseException) -> Failed:
    """Put an exception into words, with its traceback."""
    words = "".join(traceback.format_exception_only(type(error), error)).strip()
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Failed(words, stack)
