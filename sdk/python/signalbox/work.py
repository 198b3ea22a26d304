"""What work reads and says while it goes on: its context, progress, result or failure.

Calls go to the control plane's work API, for the task that this process has claimed (``signalbox.claim``), else for
the run that the environment names (``SIGNALBOX_URL``, ``SIGNALBOX_RUN_ID``, ``SIGNALBOX_TOKEN``), as in an operator's
process. A run that is over in the meantime, because somebody marked or stopped it, is never an error here: what is
said then is dropped. Outside of a run ``progress`` and ``log_path`` do nothing, and ``context`` raises.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Dict, List, Mapping, Optional

from signalbox.door import Door, WorkError
from signalbox.lines import LogHandler
from signalbox.report import MAX_RESULT, PROGRESS_EVERY, Reports

__all__ = [
    "MAX_RESULT",
    "PROGRESS_EVERY",
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


@dataclass(frozen=True)
class Dataset:
    """The dataset a run works on."""

    id: str
    name: str


@dataclass(frozen=True)
class Context:
    """What a run was asked to do."""

    operator: str
    """The operator's URI, ``<plugin>/<operator>``."""
    run: str
    attempt: int
    params: Mapping[str, Any] = field(default_factory=dict)
    dataset: Optional[Dataset] = None
    view: Any = None
    """The view's stages, or None for the whole dataset."""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Context:
        """Read what is written in the file of an operator, or in the answer to a claim with its run and attempt."""
        dataset = raw.get("dataset")
        return cls(
            operator=raw["operator"],
            run=raw["run"],
            attempt=int(raw["attempt"]),
            params=raw.get("params") or {},
            dataset=Dataset(id=dataset["id"], name=dataset["name"]) if dataset else None,
            view=raw.get("view"),
        )


class Speaker:
    """One process of an attempt, for which the functions of this module speak."""

    reports: Reports

    def context(self) -> Context:
        """Give what the run was asked to do."""
        raise NotImplementedError

    def stopped(self) -> bool:
        """Tell whether somebody asked the run to stop."""
        raise NotImplementedError


def context() -> Context:
    """Read what this run was asked to do.

    Raises RuntimeError outside of a run.
    """
    return speaker().context()


def progress(fraction: Optional[float], label: str = "") -> None:
    """Say how far the work is: a fraction from 0 to 1, or None if that is unknown.

    It may be called as often as wanted: at most four messages a second go out, the last one always. It never waits for
    the network and never raises for it.
    """
    speaker().reports.progress(fraction, label)


def result(value: Any, outputs_schema: Any = None) -> None:
    """Report that the work completed, with its result: any JSON value, at most 16 MiB of it.

    NaN and infinities are written as MongoDB's relaxed extended JSON, ``{"$numberDouble": "NaN"}``. The same result may
    be reported again. The run completes when the process has ended. Raises WorkError when the report is refused,
    ValueError when the result is too large, ConnectionError when there is no answer for ten minutes.
    """
    speaker().reports.result(value, outputs_schema)


def fail(message: str, stack: Optional[str] = None) -> None:
    """Report that the work failed. Inside of an ``except`` the stack is that of the exception unless it is given.

    It ends nothing: exit with a status that is not 0 afterwards. Raises as ``result`` does.
    """
    speaker().reports.fail(message, stack)


def log_path(uri: str) -> None:
    """Say where the log is, or will be, when it is kept by another system. Raises as ``result`` does."""
    speaker().reports.log_path(uri)


def stopped() -> bool:
    """Tell whether somebody asked this run to stop.

    In an operator's process the first call makes SIGTERM set this instead of ending the process: call it once at the
    start, in the main thread, and then between two steps of the work. Ten seconds after SIGTERM the process is killed.
    """
    return speaker().stopped()


def enter(speaker: Speaker) -> None:
    """Let the functions of this module speak for it from now on, in all threads of this process."""
    _speakers.append(speaker)


def leave(speaker: Speaker) -> None:
    """Let them speak for the one before."""
    if speaker in _speakers:
        _speakers.remove(speaker)


class _Environment(Speaker):
    """An operator's process, which knows its run from its environment."""

    def __init__(self) -> None:
        self.reports = Reports(_door)
        self._asked = threading.Event()
        self._caught = False

    def context(self) -> Context:
        path = os.environ.get("SIGNALBOX_CONTEXT")
        if not path:
            raise RuntimeError("SIGNALBOX_CONTEXT is not set: this is no run")
        with open(path, encoding="utf-8") as f:
            raw: Dict[str, Any] = json.load(f)
        return Context.of(raw)

    def stopped(self) -> bool:
        """Tell whether SIGTERM came. It is caught from the first question on."""
        if not self._caught and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._catch)
            self._caught = True
        return self._asked.is_set()

    def _catch(self, _number: int, _frame: Optional[FrameType]) -> None:
        self._asked.set()


def _door() -> Optional[Door]:
    url, run, token = (os.environ.get(n, "") for n in ("SIGNALBOX_URL", "SIGNALBOX_RUN_ID", "SIGNALBOX_TOKEN"))
    if not (url and run and token):
        return None
    return Door(f"{url.rstrip('/')}/api/v1/work/{run}", token)


_environment = _Environment()
_speakers: List[Speaker] = []


def speaker() -> Speaker:
    """Give the one that they speak for."""
    return _speakers[-1] if _speakers else _environment
