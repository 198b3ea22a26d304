"""Makes tasks of Flyte, written with flytekit, the work of runs.

Around a function of one's own, below flytekit's ``@task``::

    @task(secret_requests=[signalbox.flyte.secret()])
    @signalbox.flyte.task
    def tidy(threshold: float) -> dict:
        signalbox.progress(0.5, "half way")
        return {"tidied": 12}

Which run it is comes from the inputs ``signalbox_run`` and ``signalbox_attempt`` where the function has them, else from
the environment, else from the name that Signalbox gave to the execution. In an execution that others started nothing
changes.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import importlib
import inspect
import os
import re
from typing import Any, Callable, Mapping, Optional, Tuple, TypeVar, cast

from signalbox.task import Over, claim

__all__ = ["SECRET", "secret", "task"]

SECRET = ("signalbox", "orchestrator_key")
"""Group and key of the Flyte secret that holds the orchestrator's key."""

F = TypeVar("F", bound=Callable[..., Any])

_EXECUTION = re.compile(r"s([0-9a-hjkmnp-tv-z]{26})-([1-9][0-9]?)")
_PREFIX = re.compile(r".*?/([^/]+)/data/(\d+(?:/[^/]+/\d+)*)(?:/.*)?$")
"""Where outputs go: …/<execution>/<node>/data/<retry>, and /<inner node>/<retry> for each level below."""
_LONGEST = 20  # name of a node within an execution


def secret() -> Any:
    """Give the request for the secret of the orchestrator's key, for ``secret_requests`` of flytekit's ``@task``."""
    group, key = SECRET
    return importlib.import_module("flytekit").Secret(group=group, key=key)


def task(
    function: Optional[F] = None, *, url: str = "", key: str = "", logs: bool = True, interrupt: bool = False
) -> Any:
    """Make a function the work of a run, where its execution was started by Signalbox; else change nothing.

    The function's return value is the run's result, unless it is None or a result was reported; an exception is the
    failure. ``url`` is the control plane's address, from ``SIGNALBOX_URL`` if left out; the key is that of the Flyte
    secret SECRET, or of the environment. With ``logs`` what is logged and printed is sent while the task runs. A stop
    is told by ``signalbox.stopped()``; with ``interrupt`` it also raises ``signalbox.Stopped`` inside of the function.

    A run that is over before the task begins: a function without outputs returns at once. Flyte knows no task that is
    skipped, so that one with outputs raises ``signalbox.Over``.
    """

    def around(wrapped: F) -> F:
        signature = inspect.signature(wrapped)

        @functools.wraps(wrapped)
        def inner(*args: Any, **named: Any) -> Any:
            ids = _ids(signature.bind_partial(*args, **named).arguments)
            if ids is None:
                return wrapped(*args, **named)
            entered = contextlib.ExitStack()
            try:
                claimed = entered.enter_context(
                    claim(
                        *ids,
                        url=url,
                        key=key or _key(),
                        source=source(),
                        try_number=_number("FLYTE_ATTEMPT_NUMBER"),
                        interrupt=interrupt,
                        logs=logs,
                    )
                )
            except Over:
                if signature.return_annotation in (None, "None", inspect.Signature.empty):
                    return None
                raise
            with entered:
                value = wrapped(*args, **named)
                claimed.returned(value)
                return value

        return cast(F, inner)

    return around if function is None else around(function)


def source() -> str:
    """Name this process as Flyte does: its node, with the index of a mapped task; ``main`` where that is not known."""
    variable = os.environ.get("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "")
    if not variable or variable not in os.environ:
        return _pod() or _node(mapped=False)
    return f"{_node(mapped=True)}[{_number('BATCH_JOB_ARRAY_INDEX_OFFSET') + _number(variable)}]"


def _pod() -> str:
    """Give the node in the pod's name, between the execution and the retry; empty where that is another name."""
    execution, retry = os.environ.get("FLYTE_INTERNAL_EXECUTION_ID", ""), _number("FLYTE_ATTEMPT_NUMBER")
    found = re.fullmatch(rf"{re.escape(execution)}-(.+)-{retry}", os.environ.get("HOSTNAME", ""))
    return found.group(1) if execution and found else ""


def _node(mapped: bool) -> str:
    """Give the node that the folder of the outputs is of. An inner one is named after its parent's name and retry."""
    try:
        parameters = importlib.import_module("flytekit").current_context()
        found = _PREFIX.match(parameters.output_metadata_prefix or "")
    except (ImportError, AttributeError, AssertionError):
        return "main"
    if not found:
        return "main"
    node, path = found.group(1), found.group(2).split("/")[: -2 if mapped else None]
    for retry, inner in zip(path[::2], path[1::2]):
        node = _short(f"{node}-{retry}-{inner}")
    return node


def _short(name: str) -> str:
    """Shorten a name that is too long as Flyte's encoder does: ``f`` and its FNV-1a hash of 32 bits, in base 32."""
    if len(name) <= _LONGEST:
        return name
    hashed = 0x811C9DC5
    for byte in name.encode():
        hashed = (hashed ^ byte) * 0x01000193 & 0xFFFFFFFF
    digits = base64.b32encode(hashed.to_bytes(4, "big")).decode().rstrip("=")
    return "f" + digits.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "abcdefghijklmnopqrstuvwxyz123456"))


def _ids(inputs: Mapping[str, Any]) -> Optional[Tuple[str, int]]:
    """Give the run and the attempt that an execution is for; None if others started it."""
    run, attempt = inputs.get("signalbox_run"), inputs.get("signalbox_attempt")
    if not run:
        run, attempt = os.environ.get("SIGNALBOX_RUN_ID"), os.environ.get("SIGNALBOX_ATTEMPT")
    if run and attempt:
        return str(run), int(attempt)
    found = _EXECUTION.fullmatch(os.environ.get("FLYTE_INTERNAL_EXECUTION_ID", ""))
    return (found.group(1).upper(), int(found.group(2))) if found else None


def _key() -> str:
    """Give the key of the Flyte secret; empty where there is none, so that the environment's is used."""
    try:
        secrets = importlib.import_module("flytekit").current_context().secrets
        return str(secrets.get(*SECRET)).strip()
    except (ImportError, AttributeError, AssertionError, ValueError):
        return ""


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() else 0
