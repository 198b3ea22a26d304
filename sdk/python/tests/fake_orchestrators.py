"""The least of Airflow 2, Airflow 3 and flytekit that the package asks for, for where they are not installed."""

from __future__ import annotations

import contextlib
import logging
import sys
import types
from typing import Any, Dict, Iterator, List, Optional
from unittest import mock


class AirflowNotFoundException(Exception):
    """There is no such Connection."""


class AirflowSkipException(Exception):
    """The task is skipped."""


class AirflowFailException(Exception):
    """The task fails and is not tried again."""


class TaskDeferred(BaseException):
    """The task goes on elsewhere."""


class Airflow:
    """One of them, with the task that runs and the Connections there are."""

    def __init__(self, major: int) -> None:
        """Take its version."""
        self.major = major
        self.context: Optional[Dict[str, Any]] = None
        self.connections: Dict[str, Any] = {}
        self.hidden: List[str] = []
        self.settings: Dict[str, Any] = {}

    def task(self, conf: Any, task_id: str = "clean", map_index: int = -1, try_number: int = 1) -> None:
        """Let a task run."""
        ti = types.SimpleNamespace(
            dag_id="tidy", run_id="r", task_id=task_id, map_index=map_index, try_number=try_number
        )
        self.context = {"ti": ti, "dag_run": types.SimpleNamespace(conf=conf), "ts": "T"}

    def get_current_context(self) -> Dict[str, Any]:
        """Give the task's context."""
        if self.context is None:
            raise RuntimeError("no context")
        return self.context

    def get_connection(self, name: str) -> Any:
        """Give a Connection."""
        if name not in self.connections:
            raise AirflowNotFoundException(name)
        return self.connections[name]

    def get(self, _section: str, name: str, fallback: Any = None) -> Any:
        """Give a setting."""
        return self.settings.get(name, fallback)

    getboolean = get

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Let it be imported."""
        errors = {e.__name__: e for e in (AirflowSkipException, AirflowFailException, TaskDeferred)}
        hook = types.SimpleNamespace(get_connection=self.get_connection)
        if self.major == 3:
            sdk = {
                "get_current_context": self.get_current_context,
                "BaseHook": hook,
                "BaseOperator": Operator,
                "DAG": DAG,
            }
            holds: Dict[str, Dict[str, Any]] = {
                "airflow": {},
                "airflow.sdk": sdk,
                "airflow.sdk.exceptions": errors,
                "airflow.sdk.log": {"mask_secret": self.hidden.append},
                "airflow.sdk.configuration": {"conf": self},
            }
        else:
            holds = {
                "airflow": {"DAG": DAG},
                "airflow.operators": {},
                "airflow.operators.python": {"get_current_context": self.get_current_context},
                "airflow.hooks": {},
                "airflow.hooks.base": {"BaseHook": hook},
                "airflow.models": {},
                "airflow.models.baseoperator": {"BaseOperator": Operator},
                "airflow.exceptions": errors,
                "airflow.utils": {},
                "airflow.utils.log": {},
                "airflow.utils.log.secrets_masker": {"mask_secret": self.hidden.append},
                "airflow.configuration": {"conf": self},
            }
        with mock.patch.dict(sys.modules, {name: module(name, held) for name, held in holds.items()}):
            yield


class Operator:
    """An operator of Airflow."""

    def __init__(self, **named: Any) -> None:
        """Take Airflow's own arguments."""
        self.named = named
        self.log = logging.getLogger("airflow.task")
        DAG.filled[-1].tasks.append(self) if DAG.filled else None


class DAG:
    """A DAG of Airflow."""

    filled: List[DAG] = []

    def __init__(self, dag_id: str, **named: Any) -> None:
        """Take Airflow's own arguments."""
        self.dag_id = dag_id
        self.named = named
        self.tasks: List[Any] = []

    def __enter__(self) -> DAG:
        """Fill it."""
        self.filled.append(self)
        return self

    def __exit__(self, *_error: Any) -> None:
        """Leave it."""
        self.filled.pop()


def flytekit(prefix: str, secrets: Dict[Any, str]) -> Any:
    """Give flytekit as a task sees it."""

    def get(group: str, key: str) -> str:
        if (group, key) not in secrets:
            raise ValueError("no such secret")
        return secrets[group, key]

    parameters = types.SimpleNamespace(output_metadata_prefix=prefix, secrets=types.SimpleNamespace(get=get))
    return module("flytekit", {"current_context": lambda: parameters, "Secret": types.SimpleNamespace})


def module(name: str, holds: Dict[str, Any]) -> types.ModuleType:
    """Make a module."""
    made = types.ModuleType(name)
    made.__path__ = []
    vars(made).update(holds)
    return made
