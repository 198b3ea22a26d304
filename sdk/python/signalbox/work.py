"""What an operator reads and says while it runs: its context, progress, result or failure.

Calls go to the control plane's work API, which the environment names (``SIGNALBOX_URL``, ``SIGNALBOX_RUN_ID``,
``SIGNALBOX_TOKEN``). A run that is over in the meantime, because somebody marked or stopped it, is never an error
here: what is said then is dropped. Outside of a run ``progress`` and ``log_path`` do nothing, and ``context`` raises.
"""

from __future__ import annotations

import atexit
import json
import logging
import math
import os
import signal
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import FrameType
from typing import Any, Dict, Mapping, Optional, TextIO, Tuple

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

MAX_RESULT = 16 * 1024 * 1024
"""Bytes of a result as JSON."""

PROGRESS_EVERY = 0.25
"""Seconds between two messages of progress; what comes faster is joined, the last one always goes."""

_RETRY_FIRST = 0.1  # seconds; doubled up to _RETRY_MOST
_RETRY_MOST = 2.0
_REPORT_FOR = 600.0  # seconds a result or failure is tried; an outage of that length fails the run anyway
_CALL_FOR = 30.0  # seconds for one call

_log = logging.getLogger("signalbox")


class WorkError(RuntimeError):
    """The control plane refused a report. ``code`` is that of its error, such as ``conflict`` or ``invalid``."""

    def __init__(self, code: str, message: str) -> None:
        """Take the code for machines and the message for people."""
        super().__init__(message)
        self.code = code


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


def context() -> Context:
    """Read what this run was asked to do.

    Raises RuntimeError outside of a run.
    """
    path = os.environ.get("SIGNALBOX_CONTEXT")
    if not path:
        raise RuntimeError("SIGNALBOX_CONTEXT is not set: this is no run")
    with open(path, encoding="utf-8") as f:
        raw: Dict[str, Any] = json.load(f)
    dataset = raw.get("dataset")
    return Context(
        operator=raw["operator"],
        run=raw["run"],
        attempt=int(raw["attempt"]),
        params=raw.get("params") or {},
        dataset=Dataset(id=dataset["id"], name=dataset["name"]) if dataset else None,
        view=raw.get("view"),
    )


def progress(fraction: Optional[float], label: str = "") -> None:
    """Say how far the work is: a fraction from 0 to 1, or None if that is unknown.

    It may be called as often as wanted: at most four messages a second go out, the last one always. It never waits for
    the network and never raises for it.
    """
    if fraction is not None:
        fraction = None if math.isnan(fraction) else min(max(float(fraction), 0.0), 1.0)
    _progress.say(fraction, label)


def result(value: Any, outputs_schema: Any = None) -> None:
    """Report that the work completed, with its result: any JSON value, at most 16 MiB of it.

    NaN and infinities are written as MongoDB's relaxed extended JSON, ``{"$numberDouble": "NaN"}``. The same result may
    be reported again. The run completes when the process has ended. Raises WorkError when the report is refused,
    ValueError when the result is too large, ConnectionError when there is no answer for ten minutes.
    """
    body: Dict[str, Any] = {"result": _relaxed(value)}
    if outputs_schema is not None:
        body["outputs_schema"] = _relaxed(outputs_schema)
    size = len(_dumps(body["result"]))
    if size > MAX_RESULT:
        raise ValueError(f"the result has {size} bytes; at most {MAX_RESULT} are kept")
    _report("complete", body)


def fail(message: str, stack: Optional[str] = None) -> None:
    """Report that the work failed. Inside of an ``except`` the stack is that of the exception unless it is given.

    It ends nothing: exit with a status that is not 0 afterwards. Raises as ``result`` does.
    """
    if stack is None:
        stack = traceback.format_exc() if sys.exc_info()[0] is not None else ""
    _report("fail", {"message": message, "stack": stack})


def log_path(uri: str) -> None:
    """Say where the log is, or will be, when it is kept by another system. Raises as ``result`` does."""
    if _door() is not None:
        _report("log-path", {"uri": uri})


class LogHandler(logging.Handler):
    """A handler of Python's logging that keeps time and severity of each record, and each record one entry.

    It writes to a stream, stderr by default, which the worker ships::

        logging.basicConfig(level=logging.INFO, handlers=[signalbox.LogHandler()])
    """

    def __init__(self, stream: Optional[TextIO] = None, level: int = logging.NOTSET) -> None:
        """Write to the stream; stderr as it is at the time of each record if there is none."""
        super().__init__(level)
        self.setFormatter(logging.Formatter("%(message)s"))  # or basicConfig would set one with a level of its own
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            when = datetime.fromtimestamp(record.created, timezone.utc)
            head = f"{when:%Y-%m-%dT%H:%M:%S.%f}Z {_severity(record.levelno)} "
            text = self.format(record).replace("\r\n", "\n").replace("\n", "\n\t")
            stream = self._stream or sys.stderr
            stream.write(head + text + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - logging must not end the work
            self.handleError(record)


def stopped() -> bool:
    """Tell whether somebody asked this run to stop.

    The first call makes SIGTERM set this instead of ending the process: call it once at the start, in the main thread,
    and then between two steps of the work. Ten seconds after SIGTERM the process is killed.
    """
    return _stop.asked()


def _severity(level: int) -> str:
    for least, name in ((50, "CRITICAL"), (40, "ERROR"), (30, "WARNING"), (20, "INFO")):
        if level >= least:
            return name
    return "DEBUG"


class _Stop:
    """Whether SIGTERM came. It is caught from the first question on."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._caught = False

    def asked(self) -> bool:
        if not self._caught and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._catch)
            self._caught = True
        return self._event.is_set()

    def _catch(self, _number: int, _frame: Optional[FrameType]) -> None:
        self._event.set()


class _Progress:
    """Sends progress from a thread of its own, joined to at most one message in PROGRESS_EVERY seconds."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next: Optional[Tuple[Optional[float], str]] = None
        self._busy = False
        self._thread: Optional[threading.Thread] = None
        self._ending = False

    def say(self, fraction: Optional[float], label: str) -> None:
        if _door() is None:
            return
        with self._changed:
            self._next = (fraction, label)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="signalbox-progress", daemon=True)
                self._thread.start()
                atexit.register(self.flush)
            self._changed.notify_all()

    def flush(self) -> None:
        """Send what is left, waiting at most a few seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._next is None and not self._busy, timeout=5)
            self._ending = False

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None)
                said, self._next, self._busy = self._next, None, True
            if said is not None:
                self._send(*said)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._ending, timeout=PROGRESS_EVERY)

    def _send(self, fraction: Optional[float], label: str) -> None:
        door = _door()
        if door is None:
            return
        try:
            door.post("progress", {"fraction": fraction, "label": label}, timeout=5)
        except (OSError, WorkError) as e:
            _log.debug("progress was not taken: %s", e)


@dataclass(frozen=True)
class _Door:
    """The work API for one run."""

    url: str
    token: str

    def post(self, path: str, body: Mapping[str, Any], timeout: float) -> None:
        """Send one message once. Raises WorkError when it was refused, OSError when there was no answer."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            data=_dumps(body),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with _opener.open(request, timeout=timeout) as answer:
                answer.read()
        except urllib.error.HTTPError as e:
            with e:
                _refuse(e.code, e.headers.get_content_type(), e.read())


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would carry the token elsewhere, and the API never sends one."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def _refuse(status: int, kind: str, body: bytes) -> None:
    """Tell from a refusal whether to raise, to try again, or to go on: the run is over.

    Only a problem with a code is the control plane's word; what a proxy in between says is no answer.
    """
    try:
        problem = json.loads(body) if kind == "application/problem+json" else None
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    code = problem.get("code")
    if status >= 500 or status in (408, 429) or not isinstance(code, str):
        raise ConnectionError(f"the control plane answered {status}")
    if code != "run_over":
        raise WorkError(code, str(problem.get("detail") or problem.get("title") or f"refused with status {status}"))


def _door() -> Optional[_Door]:
    url, run, token = (os.environ.get(n, "") for n in ("SIGNALBOX_URL", "SIGNALBOX_RUN_ID", "SIGNALBOX_TOKEN"))
    if not (url and run and token):
        return None
    return _Door(f"{url.rstrip('/')}/api/v1/work/{run}", token)


def _report(path: str, body: Mapping[str, Any]) -> None:
    """Send a report until it is answered."""
    door = _door()
    if door is None:
        raise RuntimeError("SIGNALBOX_URL, SIGNALBOX_RUN_ID or SIGNALBOX_TOKEN is not set: this is no run")
    _progress.flush()
    until = time.monotonic() + _REPORT_FOR
    wait = _RETRY_FIRST
    while True:
        try:
            door.post(path, body, timeout=_CALL_FOR)
            return
        except OSError as e:
            if time.monotonic() + wait > until:
                raise ConnectionError(f"the control plane gave no answer: {e}") from e
        time.sleep(wait)
        wait = min(2 * wait, _RETRY_MOST)


def _relaxed(value: Any) -> Any:
    """Write floats that JSON does not have as relaxed extended JSON, and arrays of other libraries as lists."""
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return {"$numberDouble": name}
    if isinstance(value, Mapping):
        return {str(k): _relaxed(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_relaxed(v) for v in value]
    if hasattr(value, "tolist"):
        return _relaxed(value.tolist())
    return value


def _dumps(value: Any) -> bytes:
    """Write JSON in UTF-8. Halves of surrogate pairs, as in names of files that are no text, are replaced."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


_progress = _Progress()
_stop = _Stop()
