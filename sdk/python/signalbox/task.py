"""Lets a task of an orchestrator become the work of a run.

A task claims its attempt with the orchestrator's key, tells that it begins, gives signs of life, sends its log, and
reports how it ended::

    with signalbox.claim(run, attempt, url="https://signalbox.example.com", key=key) as task:
        for i, image in enumerate(images):
            task.check()
            signalbox.progress(i / len(images))
        task.result({"images": len(images)})

``signalbox.airflow`` and ``signalbox.flyte`` do this around a function of one's own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
import time
import traceback
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, TextIO, Tuple, Type

from signalbox import work
from signalbox.door import Door, WorkError
from signalbox.lines import Lines, written
from signalbox.mask import Mask
from signalbox.report import Reports, TooLarge
from signalbox.ship import ShipHandler, Shipper
from signalbox.work import Context

FLUSH_FOR = 60.0
"""Seconds that a task waits at its end for its log to be kept."""
FAREWELL_FOR = 5.0
"""Seconds that a task tries to report after it was asked to stop."""

_OVER = ("run_over", "conflict", "gone")  # there is nothing to do here any more

_log = logging.getLogger("signalbox")


class Over(Exception):
    """There is nothing to do: the run is over, or its attempt is not, or no longer, this task's. It is no failure."""


class Stopped(BaseException):
    """Somebody asked the run to stop. As with KeyboardInterrupt, ``except Exception`` does not catch it."""


def claim(
    run: str,
    attempt: int,
    *,
    url: str = "",
    key: str = "",
    source: str = "main",
    try_number: int = 0,
    nonce: str = "",
    interrupt: bool = False,
    logs: bool = True,
) -> Task:
    """Take the work of an attempt. It begins when the task is entered with ``with``.

    ``url`` is the control plane's address and ``key`` the orchestrator's key (``sbo_…``); what is left out comes from
    ``SIGNALBOX_URL``, and ``SIGNALBOX_ORCHESTRATOR_KEY`` or the file that ``SIGNALBOX_ORCHESTRATOR_KEY_FILE`` names.
    ``source`` and ``try_number`` tell several tasks of an attempt, and their tries, apart: a higher try of a source
    takes over from the lower. Who claims the same again gets it only with the same ``nonce``. With ``interrupt`` a
    stop raises Stopped in the main thread, else only ``stopped`` and ``check`` tell of it. With ``logs`` what the task
    logs and prints is sent.

    Raises Over when there is nothing to do, WorkError when the claim is refused, ConnectionError when there is no
    answer for ten minutes, ValueError when the address or the key is missing or cannot be one.
    """
    url = (url or os.environ.get("SIGNALBOX_URL", "")).strip()
    key = (key or _key()).strip()
    if not url or not key:
        raise ValueError("SIGNALBOX_URL and SIGNALBOX_ORCHESTRATOR_KEY are not set, and no url and key are given")
    request = {"run_id": run, "attempt": attempt, "source": source, "try": try_number}
    request["nonce"] = nonce or secrets.token_hex(16)
    return Task(f"{url.rstrip('/')}/api/v1/work", key, request, interrupt=interrupt, logs=logs)


def current() -> Optional[Task]:
    """Give the task that this process works on, or None."""
    speaker = work.speaker()
    return speaker if isinstance(speaker, Task) else None


class Task(work.Speaker):
    """One claimed try of a source. ``claim`` makes it; ``with`` begins and ends it. Safe for use by several threads."""

    def __init__(self, url: str, key: str, request: Mapping[str, Any], *, interrupt: bool, logs: bool) -> None:
        """Claim."""
        self._desk = Door(url, key)
        self._request = request
        self.url = url[: -len("/api/v1/work")]
        self.answer = self._claimed()
        """What the claim was answered with: ``command``, ``plugin`` and the rest."""
        self.run: str = request["run_id"]
        self.attempt: int = request["attempt"]
        self.secrets: Mapping[str, str] = self.answer.get("secrets") or {}
        """The secrets that the plugin's manifest names, by their names."""
        source = (self.answer.get("fiftyone") or {}).get("database_uri") or ""
        self.mask = Mask(
            [self.answer["token"], self.answer.get("end_token") or "", key, source, *self.secrets.values()]
        )
        self.door = Door(f"{url}/{self.run}", self.answer["token"], self._fresh)
        self.reports = Reports(lambda: self.door, self.mask.text)
        self._context = Context.of({**self.answer, "run": self.run, "attempt": self.attempt})
        self._life = Heartbeat(self.door, float(self.answer.get("heartbeat_seconds") or 5), self._watched)
        self._interrupt = Interrupt(self._life) if interrupt else None
        self._logs = logs
        self._ship: Optional[Shipper] = None
        self._capture = contextlib.ExitStack()
        self.quiet: Tuple[Type[BaseException], ...] = ()
        """Exceptions that are no failure, such as those that only steer the orchestrator."""

    def __repr__(self) -> str:
        """Name the attempt and the source."""
        return f"Task({self.run!r}, {self.attempt}, source={self._request['source']!r})"

    def __enter__(self) -> Task:
        """Tell that the work begins. Raises Over when it must not."""
        try:
            self.door.insist(lambda: self.door.send("start", {}))
        except WorkError as e:
            raise _over(e) from None
        self._ship = Shipper(self.door)
        self._life.begin()
        if self._interrupt:
            self._interrupt.arm()
        if self._logs:
            self._capture.enter_context(captured(self))
        work.enter(self)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """End: an exception is reported as the failure, and the rest of the log is sent.

        Nothing is said of an exit with status 0, as by ``sys.exit()``: how that counts is the orchestrator's word.
        """
        if self._interrupt:
            self._interrupt.disarm()
        try:
            if error is not None and not self._is_quiet(error):
                self._raised(error)
        finally:
            self._leave()

    def context(self) -> Context:
        """Give what the run was asked to do."""
        return self._context

    def progress(self, fraction: Optional[float], label: str = "") -> None:
        """Say how far the work is, as ``signalbox.progress``."""
        self.reports.progress(fraction, label)

    def result(self, value: Any, outputs_schema: Any = None) -> None:
        """Report that the work completed, as ``signalbox.result``."""
        self.reports.result(value, outputs_schema)

    def fail(self, message: str, stack: Optional[str] = None) -> None:
        """Report that the work failed, as ``signalbox.fail``. It ends nothing."""
        self.reports.fail(message, stack)

    def returned(self, value: Any) -> None:
        """Report what a function returned, if it is something and nothing was reported yet.

        Nothing is worth failing a task that has done its work, but a result that is too large: that is a ValueError.
        """
        if value is None or self.reports.reported:
            return
        try:
            self.result(value)
        except TooLarge:
            raise
        except (WorkError, OSError) as e:
            if isinstance(e, WorkError) and e.code in ("too_large", "invalid"):
                raise ValueError(f"the result was refused: {e}") from None
            _log.warning("The result was not taken: %s", e)
        except Exception as e:  # noqa: BLE001 - how a value of another library becomes a list is its own code
            _log.warning("What the function returned is no JSON, so the run has no result: %s", e)

    def failed(self, message: str, stack: str) -> None:
        """Report a failure, if nothing was reported yet. A refusal is told in the log and is no error."""
        if self.reports.reported:
            return
        self.reports.reported = True  # also when it is refused: nobody says it twice
        try:
            self.reports.fail(message, stack, FAREWELL_FOR if self.stopped() else None)
        except (WorkError, OSError) as e:
            _log.warning("The failure was not taken: %s", e)

    def log_path(self, uri: str) -> None:
        """Say where the log is, as ``signalbox.log_path``. A refusal is told in the log and is no error."""
        try:
            self.reports.log_path(uri)
        except (WorkError, OSError) as e:
            _log.warning("The place of the log was not taken: %s", e)

    def log(self, lines: bytes) -> None:
        """Send whole lines of a log, with secrets masked."""
        self.send(self.mask.bytes(lines))

    def send(self, lines: bytes) -> None:
        """Send whole lines of a log as they are."""
        if self._ship is not None:
            self._ship.write(lines)

    def lines(self, level: str) -> Lines:
        """Make something that cuts output into lines and sends them."""
        return Lines(level, self.send, self.mask.bytes, self.mask.longest)

    def handler(self, level: int = logging.NOTSET) -> logging.Handler:
        """Make a handler of Python's logging whose records are sent."""
        return ShipHandler(self.log, level)

    def stopped(self) -> bool:
        """Tell whether somebody asked the run to stop, or the attempt is this task's no longer."""
        return self._life.stopped.is_set()

    def check(self) -> None:
        """Raise Stopped if somebody asked the run to stop."""
        if self.stopped():
            raise Stopped(self._life.reason)

    def on_stop(self, call: Callable[[], None]) -> None:
        """Call something, in another thread, when somebody asks the run to stop."""
        self._life.calls.append(call)

    def _claimed(self) -> Dict[str, Any]:
        try:
            return self._desk.insist(lambda: self._desk.send("claim", self._request))
        except WorkError as e:
            raise _over(e) from None

    def _fresh(self) -> str:
        """Claim again for another token: the same nonce gets the same answer. The door asks once at a time."""
        token = self._desk.send("claim", self._request).get("token")
        if not isinstance(token, str):
            raise ConnectionError("the answer holds no token")
        self.mask.add([token])
        return token

    def _watched(self, yes: bool) -> None:
        if self._ship is not None:
            self._ship.watched = yes

    def _is_quiet(self, error: BaseException) -> bool:
        if isinstance(error, SystemExit):
            return error.code in (None, 0)
        return isinstance(error, (Stopped, GeneratorExit, *self.quiet))

    def _raised(self, error: BaseException) -> None:
        stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        if not self.reports.reported:
            self.log(written(time.time(), "ERROR", "The task failed.\n" + stack).encode("utf-8", "replace") + b"\n")
        self.failed("".join(traceback.format_exception_only(type(error), error)).strip(), stack)

    def _leave(self) -> None:
        """Do the following from the last to the first, each also when one before it raised."""
        with contextlib.ExitStack() as steps:
            steps.callback(work.leave, self)
            steps.callback(self._life.end)
            steps.callback(self._shipped)
            steps.callback(self.reports.close)
            steps.callback(self._capture.close)

    def _shipped(self) -> None:
        if self._ship is not None and not self._ship.close(FAREWELL_FOR if self.stopped() else FLUSH_FOR):
            _log.warning("The rest of the log was not taken in time.")


class Heartbeat:
    """Gives signs of life from a thread of its own, and hears whether to stop."""

    def __init__(self, door: Door, every: float, watched: Callable[[bool], None]) -> None:
        """Take how many seconds lie between two; ``watched`` hears whether somebody watches the log."""
        self.stopped = threading.Event()
        self.reason = ""
        self.calls: List[Callable[[], None]] = []
        self._door = door
        self._every = every
        self._watched = watched
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signalbox-heartbeat", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End; one that is under way is waited for."""
        self._done.set()
        self._thread.join(self._every + 1)

    def _run(self) -> None:
        while not self._done.wait(self._every):
            self._beat()

    def _beat(self) -> None:
        """Give one sign of life. That there is no answer, or that the token is refused, says nothing about the run."""
        try:
            answer = self._door.insist(lambda: self._door.send("heartbeat", {}, self._every), 0, self._done)
        except WorkError as e:
            if e.code in _OVER or e.code == "not_found":
                self._stop(f"The attempt is over: {e}")
            return
        except OSError:
            return
        self._watched(bool(answer.get("watched")))
        if answer.get("stop"):
            self._stop("The run was stopped in Signalbox.")

    def _stop(self, reason: str) -> None:
        if self.stopped.is_set():
            return
        self.reason = reason
        self.stopped.set()
        _log.warning("%s", reason)
        for call in self.calls:
            try:
                call()
            except Exception:  # noqa: BLE001 - signs of life go on, and the others hear of it
                _log.exception("What was to be called on a stop failed.")


class Interrupt:
    """Raises Stopped in the main thread, once, when the run is stopped, also while it waits for something."""

    def __init__(self, life: Heartbeat) -> None:
        """Listen to the heartbeat."""
        self._life = life
        self._lock = threading.Lock()
        self._armed = False
        self._came = False
        self._before: Any = None
        life.calls.append(self._fire)

    def arm(self) -> None:
        """Begin, in the main thread; elsewhere nothing is interrupted."""
        if threading.current_thread() is not threading.main_thread():
            _log.warning("A stop cannot interrupt this task: it does not run in the main thread.")
            return
        self._before = signal.signal(signal.SIGINT, self._caught)
        self._armed = True

    def disarm(self) -> None:
        """End. What comes from now on is too late to interrupt anything."""
        if self._armed:
            self._armed = False
            with self._lock:
                signal.signal(signal.SIGINT, self._before)

    def _fire(self) -> None:
        with self._lock:
            if self._armed:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _caught(self, number: int, frame: Optional[FrameType]) -> None:
        if self._life.stopped.is_set() and not self._came:
            self._came = True
            if self._armed:
                raise Stopped(self._life.reason)
        elif callable(self._before):
            self._before(number, frame)


@contextlib.contextmanager
def captured(task: Task) -> Iterator[None]:
    """Send what is logged and printed. Where prints become log records already they are not sent twice."""
    handler = task.handler()
    root = logging.getLogger()
    streams: Tuple[Lines, Lines] = (task.lines("INFO"), task.lines("WARNING"))
    before = sys.stdout, sys.stderr
    shown = logging.StreamHandler(before[1]) if not root.handlers else None  # as Python does without a handler
    if shown is not None:
        shown.setLevel(logging.WARNING)
        root.addHandler(shown)
    root.addHandler(handler)
    if not any(isinstance(getattr(s, "logger", None), logging.Logger) for s in before):
        sys.stdout, sys.stderr = _tee(before[0], streams[0]), _tee(before[1], streams[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        root.removeHandler(handler)
        if shown is not None:
            root.removeHandler(shown)
        for lines in streams:
            lines.flush()


class _Tee:
    """A stream of text that is also cut into lines.

    Not what a process prints that was forked from this one: it is not heard, and another thread may have held the lock
    of the lines when it was forked, which nobody will ever release there.
    """

    def __init__(self, stream: TextIO, lines: Lines) -> None:
        self._stream = stream
        self._lines = lines
        self._pid = os.getpid()

    def write(self, text: str) -> int:
        if os.getpid() == self._pid:  # a forked process has the lock as it was, perhaps taken for ever
            self._lines.write(text.encode("utf-8", "replace"))
        return self._stream.write(text)

    def writelines(self, lines: List[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _tee(stream: TextIO, lines: Lines) -> Any:
    return _Tee(stream, lines)


def _key() -> str:
    path = os.environ.get("SIGNALBOX_ORCHESTRATOR_KEY_FILE", "")
    if os.environ.get("SIGNALBOX_ORCHESTRATOR_KEY") or not path:
        return os.environ.get("SIGNALBOX_ORCHESTRATOR_KEY", "")
    with open(path, encoding="utf-8") as f:
        return f.read()


def _over(e: WorkError) -> Exception:
    return Over(str(e)) if e.code in _OVER else e
