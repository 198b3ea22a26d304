"""Signalbox from inside an operator: what an operator may read and say while it runs.

Everything here needs nothing but Python's standard library. The functions that manage an organisation are in
``signalbox.management``.
"""

from signalbox.work import (
    Context,
    Dataset,
    LogHandler,
    WorkError,
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
    "WorkError",
    "context",
    "fail",
    "log_path",
    "progress",
    "result",
    "stopped",
]

__version__ = "0.1.0"
