"""Signalbox from inside the work: what an operator, or a task of Airflow or Flyte, may read and say while it runs.

Everything here needs nothing but Python's standard library. ``signalbox.airflow`` and ``signalbox.flyte`` make tasks of
those systems the work of runs. The functions that manage an organisation are in ``signalbox.management``.
"""

from signalbox.door import WorkError
from signalbox.lines import LogHandler
from signalbox.task import Over, Stopped, Task, claim, current
from signalbox.work import (
    Context,
    Dataset,
    context,
    fail,
    log_path,
    progress,
    result,
    stopped,
)

__all__ = [
    "Context",
    "Dataset",
    "LogHandler",
    "Over",
    "Stopped",
    "Task",
    "WorkError",
    "claim",
    "context",
    "current",
    "fail",
    "log_path",
    "progress",
    "result",
    "stopped",
]

__version__ = "0.1.0"
