"""Makes tasks of Airflow 2 and 3 the work of runs.

Around a function of one's own, in a DAG that may also be started by others::

    @task
    @signalbox.airflow.task
    def tidy():
        signalbox.progress(0.5, "half way")
        return {"tidied": 12}

Or a DAG that runs the command of any operator with a ``signalbox`` entry in its plugin's manifest::

    dag = signalbox.airflow.dag("signalbox_run")

The control plane's address and the orchestrator's key come from an Airflow Connection, ``signalbox`` by default: its
host, and its password. Nothing else has to be set, and Airflow is only imported when it is needed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import logging
import os
from datetime import datetime, timezone
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, Tuple, TypeVar, cast

from signalbox import command
from signalbox.task import Over, Stopped, Task, claim

__all__ = ["CONNECTION", "SignalboxOperator", "address", "attempt", "dag", "log_location", "task"]

CONNECTION = "signalbox"
"""The id of the Airflow Connection that is used if none is named."""

SignalboxOperator: Any
"""The Airflow operator that runs an operator's command; it is made when it is first asked for."""

F = TypeVar("F", bound=Callable[..., Any])

_SOURCE_MOST = 250  # bytes

_log = logging.getLogger("signalbox")


def task(
    function: Optional[F] = None, *, connection: str = CONNECTION, logs: str = "send", interrupt: bool = False
) -> Any:
    """Make a function the work of a run, where its DAG run was started by Signalbox; else change nothing.

    It stands below Airflow's own ``@task``, or around the callable of a PythonOperator. The function's return value is
    the run's result, unless it is None or a result was reported; an exception is the failure. ``logs`` is ``send``
    (what is logged and printed goes to Signalbox while the task runs), ``path`` (only the place of Airflow's own log
    is reported) or ``none``. A stop is told by ``signalbox.stopped()``; with ``interrupt`` it also raises
    ``signalbox.Stopped`` inside of the function. A run that is over before the task begins: the task is skipped.
    """

    def around(wrapped: F) -> F:
        if hasattr(wrapped, "operator_class"):
            raise TypeError("@signalbox.airflow.task stands below Airflow's @task, next to the function")

        @functools.wraps(wrapped)
        def inner(*args: Any, **named: Any) -> Any:
            with attempt(connection=connection, logs=logs, interrupt=interrupt) as claimed:
                value = wrapped(*args, **named)
                if claimed is not None:
                    claimed.returned(value)
                return value

        return cast(F, inner)

    return around if function is None else around(function)


@contextlib.contextmanager
def attempt(*, connection: str = CONNECTION, logs: str = "send", interrupt: bool = False) -> Iterator[Optional[Task]]:
    """Do what ``task`` does for a part of a function: ``with signalbox.airflow.attempt() as task``.

    None where the DAG run was not started by Signalbox.
    """
    context = _context()
    ids = _ids(context)
    if context is None or ids is None:
        yield None
        return
    with _steered():
        claimed = _claim(context, ids, connection, interrupt=interrupt, logs=logs == "send")
        with claimed:
            if logs == "path":
                _tell_place(claimed, context)
            yield claimed


def dag(
    dag_id: str = "signalbox_run",
    *,
    connection: str = CONNECTION,
    passed: Sequence[str] = command.PASSED,
    folder: Optional[str] = None,
    python: Optional[str] = None,
    **options: Any,
) -> Any:
    """Make a DAG whose one task, ``run``, runs the operator that Signalbox sends.

    ``passed`` names what operators get of the Airflow worker's environment, ``folder`` is where their folders are made,
    ``python`` is a Python on the worker that has FiftyOne, for operators without a command of their own; Airflow's
    unless it is named. ``options`` go to the DAG. Retries are Signalbox's: the task has none of its own.
    """
    made = _find("airflow.sdk:DAG", "airflow:DAG")
    with made(dag_id, **{**_PLAIN, **options}) as filled:
        _operator()(task_id="run", connection=connection, passed=passed, folder=folder, python=python, retries=0)
    return filled


_PLAIN: Mapping[str, Any] = {
    "schedule": None,
    "catchup": False,
    "start_date": datetime(2024, 1, 1, tzinfo=timezone.utc),
    "tags": ["signalbox"],
    "description": "Runs the command of any operator that Signalbox sends here.",
}


def __getattr__(name: str) -> Any:
    """Make ``SignalboxOperator`` when it is first asked for: it needs Airflow."""
    if name != "SignalboxOperator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _operator()


@functools.lru_cache(maxsize=None)
def _operator() -> Any:
    base: Any = _find("airflow.sdk:BaseOperator", "airflow.models.baseoperator:BaseOperator")

    class SignalboxOperator(base):  # type: ignore[misc]
        """Runs the command of the operator that Signalbox sends, as a task of a DAG of one's own.

        Its arguments are ``connection``, ``passed``, ``folder`` and ``python``, as those of ``dag``, besides Airflow's
        own.
        """

        __qualname__ = "SignalboxOperator"

        def __init__(
            self,
            *,
            connection: str = CONNECTION,
            passed: Sequence[str] = command.PASSED,
            folder: Optional[str] = None,
            python: Optional[str] = None,
            **named: Any,
        ) -> None:
            super().__init__(**named)
            self.connection = connection
            self.passed = tuple(passed)
            self.folder = folder
            self.python = python
            self._process: Optional[command.Process] = None

        def execute(self, context: Any) -> None:
            ids = _ids(context)
            if ids is None:
                raise _failed("conf.signalbox is missing: this DAG only runs what Signalbox sends")
            with _steered():
                claimed = _claim(context, ids, self.connection, interrupt=False, logs=False)
                command.run(
                    claimed,
                    passed=self.passed,
                    echo=self.log.info,
                    folder=self.folder,
                    python=self.python,
                    started=functools.partial(setattr, self, "_process"),
                )

        def on_kill(self) -> None:
            """End the command; its parent sees to that also when this process is killed."""
            if self._process is not None:
                self._process.stop("Airflow ended the task")

    return SignalboxOperator


def address(connection: Any) -> Tuple[str, str]:
    """Read the control plane's address and the orchestrator's key from an Airflow Connection.

    The host may be a whole address, ``https://signalbox.example.com/base``. Else the schema is that of the Connection,
    or its type where that is ``http`` or ``https``, or ``https``.
    """
    host = (connection.host or "").strip().rstrip("/")
    if not host or not connection.password:
        raise ValueError(
            f"Airflow's connection {connection.conn_id!r} needs a host, and the orchestrator's key as password"
        )
    if "://" not in host:
        kinds = [k for k in (connection.schema, connection.conn_type) if k in ("http", "https")]
        host = f"{kinds[0] if kinds else 'https'}://{host}"
        if connection.port:
            host += f":{connection.port}"
    return host, connection.password.strip()


def log_location(context: Mapping[str, Any]) -> str:
    """Tell where Airflow keeps the log of this try: remote, where remote logs are on, else on the worker."""
    conf = _find("airflow.sdk.configuration:conf", "airflow.configuration:conf")
    remote = conf.getboolean("logging", "remote_logging", fallback=False)
    base = conf.get("logging", "remote_base_log_folder" if remote else "base_log_folder", fallback="")
    form = conf.get("logging", "log_filename_template", fallback=_LOG_FORM)
    ti = context["ti"]
    name = _find("jinja2:Template")(form).render(ti=ti, try_number=ti.try_number, ts=context.get("ts", ""))
    return f"{base.rstrip('/')}/{name}" if "://" in base else f"file:///{base.strip('/')}/{name}"


def _tell_place(claimed: Task, context: Mapping[str, Any]) -> None:
    """Report where the log is. An Airflow whose settings do not say so in a way that is known fails no task."""
    try:
        place = log_location(context)
    except Exception as e:  # noqa: BLE001 - a template is somebody else's program
        _log.warning("Where Airflow keeps the log is not known: %s", e)
        return
    claimed.log_path(place)


_LOG_FORM = (
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/"
    "{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}attempt={{ try_number }}.log"
)


def _context() -> Optional[Mapping[str, Any]]:
    """Give the context of the task that runs here, or None outside of one, as in a test of the function."""
    try:
        found: Mapping[str, Any] = _find(
            "airflow.sdk:get_current_context", "airflow.operators.python:get_current_context"
        )()
        return found
    except Exception:  # noqa: BLE001 - each Airflow has an error of its own for it
        return None


def _ids(context: Optional[Mapping[str, Any]]) -> Optional[Tuple[str, int]]:
    """Give the run and the attempt that a DAG run is for; None if others started it."""
    conf = getattr((context or {}).get("dag_run"), "conf", None) or {}
    said = conf.get("signalbox")
    if said is None:
        return None
    if not (isinstance(said, Mapping) and isinstance(said.get("run"), str) and isinstance(said.get("attempt"), int)):
        raise _failed('conf.signalbox is not {"run": "…", "attempt": 1}')
    return said["run"], said["attempt"]


def _claim(context: Mapping[str, Any], ids: Tuple[str, int], connection: str, *, interrupt: bool, logs: bool) -> Task:
    ti = context["ti"]
    index = ti.map_index if ti.map_index is not None else -1
    source = ti.task_id if index < 0 else f"{ti.task_id}[{index}]"
    url, key = _credentials(connection)
    _hide(key)
    claimed = claim(
        *ids,
        url=url,
        key=key,
        source=source[-_SOURCE_MOST:],
        try_number=ti.try_number,
        nonce=_nonce(ti.dag_id, ti.run_id, source, ti.try_number),
        interrupt=interrupt,
        logs=logs,
    )
    for value in claimed.secrets.values():
        _hide(value)
    claimed.quiet = _quiet()
    return claimed


def _nonce(*parts: Any) -> str:
    """Name a try, so that it can claim again what it has, as when it was deferred and goes on in another process."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def _credentials(connection: str) -> Tuple[str, str]:
    """Read the Connection, or what the environment holds where there is none."""
    hook = _find("airflow.sdk:BaseHook", "airflow.sdk.bases.hook:BaseHook", "airflow.hooks.base:BaseHook")
    try:
        found = hook.get_connection(connection)
    except Exception as e:  # noqa: BLE001 - each Airflow has an error of its own for it
        if type(e).__name__ != "AirflowNotFoundException" or not os.environ.get("SIGNALBOX_URL"):
            raise
        return "", ""
    return address(found)


def _hide(value: str) -> None:
    """Mask a value in Airflow's own log."""
    with contextlib.suppress(ImportError):
        _find("airflow.sdk.log:mask_secret", "airflow.utils.log.secrets_masker:mask_secret")(value)


@contextlib.contextmanager
def _steered() -> Iterator[None]:
    """Tell Airflow in its own words that there is nothing to do, or that a failure is not to be tried again there."""
    try:
        yield
    except Over as e:
        _log.info("Nothing to do: %s", e)
        raise _find(*_exceptions("AirflowSkipException"))(f"nothing to do for Signalbox: {e}") from None
    except (Stopped, command.CommandError) as e:
        raise _failed(str(e)) from None


def _failed(message: str) -> Exception:
    failed: Exception = _find(*_exceptions("AirflowFailException"))(message)
    return failed


def _quiet() -> Tuple[Any, ...]:
    """List the exceptions by which a task only steers Airflow."""
    names = ("AirflowSkipException", "AirflowRescheduleException", "TaskDeferred", "DownstreamTasksSkipped")
    found = []
    for name in names:
        with contextlib.suppress(ImportError):
            found.append(_find(*_exceptions(name)))
    return tuple(found)


def _exceptions(name: str) -> Tuple[str, str]:
    return f"airflow.sdk.exceptions:{name}", f"airflow.exceptions:{name}"


def _find(*names: str) -> Any:
    """Give the first of what Airflow 3 and Airflow 2 call by these names."""
    for name in names:
        module, _, attribute = name.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError):
            continue
    raise ImportError(f"no {' and no '.join(names)}: is Airflow installed?")
