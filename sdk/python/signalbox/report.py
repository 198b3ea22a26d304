"""What work says of itself: how far it is, how it ended, where its log is."""

from __future__ import annotations

import atexit
import logging
import math
import sys
import threading
import traceback
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from signalbox import door
from signalbox.door import Door, WorkError, dumps, relaxed

MAX_RESULT = 16 * 1024 * 1024
"""Bytes of a result as JSON."""

MAX_MESSAGE = 64 * 1024
MAX_STACK = 256 * 1024
"""Characters of a failure's message and stack; what is more is cut off, as the control plane does with bytes."""

PROGRESS_EVERY = 0.25
"""Seconds between two messages of progress; what comes faster is joined, the last one always goes."""

_log = logging.getLogger("signalbox")


class TooLarge(ValueError):
    """A result has too many bytes."""


class Reports:
    """The reports of one process of an attempt. Safe for use by several threads."""

    def __init__(self, door: Callable[[], Optional[Door]], clean: Callable[[str], str] = str) -> None:
        """Take what gives the door of the moment, or None outside of a run; each text passes through ``clean``."""
        self._door = door
        self._clean = clean
        self.reported = False
        """Whether a result or a failure was taken."""
        self._progress = Progress(door)

    def progress(self, fraction: Optional[float], label: str = "") -> None:
        """Say how far the work is."""
        if fraction is not None:
            fraction = None if math.isnan(fraction) else min(max(float(fraction), 0.0), 1.0)
        self._progress.say(fraction, self._clean(label))

    def result(self, value: Any, outputs_schema: Any = None) -> None:
        """Say that the work completed, with its result."""
        body: Dict[str, Any] = {"result": relaxed(value, self._clean)}
        if outputs_schema is not None:
            body["outputs_schema"] = relaxed(outputs_schema, self._clean)
        size = len(dumps(body["result"]))
        if size > MAX_RESULT:
            raise TooLarge(f"the result has {size} bytes; at most {MAX_RESULT} are kept")
        self._tell("complete", body)
        self.reported = True

    def fail(self, message: str, stack: Optional[str] = None, most: Optional[float] = None) -> None:
        """Say that the work failed, trying that many seconds."""
        if stack is None:
            stack = traceback.format_exc() if sys.exc_info()[0] is not None else ""
        said = {"message": _cut(self._clean(message), MAX_MESSAGE), "stack": _cut(self._clean(stack), MAX_STACK)}
        self._tell("fail", said, most)
        self.reported = True

    def log_path(self, uri: str) -> None:
        """Say where the log is."""
        if self._door() is not None:
            self._tell("log-path", {"uri": uri})

    def environment(self, offer: Mapping[str, Any]) -> None:
        """Say what this environment makes of the plugin. It is sent once: the work does not depend on it."""
        door_now = self._door()
        if door_now is None:
            return
        try:
            door_now.send("environment", offer, timeout=5)
        except (OSError, WorkError) as e:
            _log.debug("what this environment makes of the plugin was not taken: %s", e)

    def flush(self) -> None:
        """Send the last progress, waiting at most a few seconds."""
        self._progress.flush()

    def close(self) -> None:
        """Send the last progress; nothing is said afterwards."""
        self._progress.close()

    def _tell(self, path: str, body: Mapping[str, Any], most: Optional[float] = None) -> None:
        """Send a report until it is answered. That the run is over is no error."""
        door_now = self._door()
        if door_now is None:
            raise RuntimeError("SIGNALBOX_URL, SIGNALBOX_RUN_ID or SIGNALBOX_TOKEN is not set: this is no run")
        self.flush()
        try:
            door_now.insist(lambda: door_now.send(path, body), door.REPORT_FOR if most is None else most)
        except WorkError as e:
            if e.code != "run_over":
                raise


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


class Progress:
    """Sends progress from a thread of its own, joined to at most one message in PROGRESS_EVERY seconds."""

    def __init__(self, door: Callable[[], Optional[Door]]) -> None:
        """Take what gives the door of the moment."""
        self._door = door
        self._changed = threading.Condition()
        self._next: Optional[Tuple[Optional[float], str]] = None
        self._busy = False
        self._thread: Optional[threading.Thread] = None
        self._ending = False
        self._closed = False

    def say(self, fraction: Optional[float], label: str) -> None:
        """Take what is to be said next."""
        if self._door() is None:
            return
        with self._changed:
            self._next = (fraction, label)
            if self._thread is None or not self._thread.is_alive():
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

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self.flush()
        atexit.unregister(self.flush)
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed)
                if self._next is None:
                    return
                said, self._next, self._busy = self._next, None, True
            self._send(*said)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._ending, timeout=PROGRESS_EVERY)

    def _send(self, fraction: Optional[float], label: str) -> None:
        door_now = self._door()
        if door_now is None:
            return
        try:
            door_now.send("progress", {"fraction": fraction, "label": label}, timeout=5)
        except (OSError, WorkError) as e:
            _log.debug("progress was not taken: %s", e)
