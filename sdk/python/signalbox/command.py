"""Runs the command of an operator as the work of a claimed task, wherever the task is.

The process gets what it gets from a builtin worker (docs/operators.md): the unpacked plugin as its folder, its context
and the place for its result, its secrets, and a token for its own reports. Each line of its output is a line of the
run's log.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence

from signalbox import archive
from signalbox.door import WorkError
from signalbox.lines import Lines, Tail
from signalbox.report import MAX_RESULT
from signalbox.task import Task

PASSED = ("PATH", "HOME", "LANG", "TMPDIR")
"""What the process gets of its surroundings' environment."""
GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""

# What FiftyOne's runtime reads of a claim, besides the address of the database.
_OF_FIFTYONE = ("dataset_id", "dataset_name", "request", "pipeline")
_TRIES = 5  # of an archive that arrives damaged
_FETCH_FOR = 600.0  # seconds

_log = logging.getLogger("signalbox")


UNREPORTED = "The operator's process ended with exit status 0 before the operator had."


class CommandError(RuntimeError):
    """The command failed, in words. It has been reported."""


def run(
    task: Task,
    *,
    passed: Sequence[str] = PASSED,
    echo: Optional[Callable[[str], None]] = None,
    grace: float = GRACE,
    folder: Optional[str] = None,
    python: Optional[str] = None,
    started: Optional[Callable[[Process], None]] = None,
) -> None:
    """Begin the task, run its operator's command, and report how it ended.

    ``passed`` names what the process gets of this one's environment. ``echo`` gets each line of the log. ``folder`` is
    where the folder of the run is made, which is removed at the end. ``python`` is the Python that has FiftyOne, for
    operators without a command; this one unless it is named. ``started`` gets the process.

    Raises Over when the task must not begin, CommandError when the command failed, Stopped when the run was stopped.
    """
    home = tempfile.mkdtemp(prefix="signalbox-", dir=folder)
    try:
        with task:
            process: Optional[Process] = None
            try:
                process = _started(task, _argv(task, python), home, passed, echo, grace)
                if started:
                    started(process)
                _finish(task, process, Path(home, "work", "result.json"))
            except (CommandError, archive.ArchiveError) as e:
                task.failed(str(e), process.tail.text() if process else "")
                raise CommandError(str(e)) from None
            except BaseException:
                if process and process.reason:
                    task.failed(process.reason, process.tail.text())
                raise
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _started(
    task: Task,
    argv: List[str],
    home: str,
    passed: Sequence[str],
    echo: Optional[Callable[[str], None]],
    grace: float,
) -> Process:
    plugin = fetch(task, home)
    own = bool(task.answer.get("command"))  # else Python would take its own modules from the plugin's folder
    order = {
        "argv": argv if own else [*argv, "--folder", plugin],
        "env": environment(task, home, passed),
        "dir": plugin if own else "/",
        "grace": grace,
        "home": home,
    }
    for name in task.answer.get("missing_secrets") or ():
        said = f"[signalbox] The secret {name} does not exist here; the operator runs without it. An admin can add it."
        task.lines("WARNING").write(said.encode() + b"\n")
    task.check()
    return Process(task, order, echo)


def _argv(task: Task, python: Optional[str]) -> List[str]:
    """Give the operator's command; one without runs in the FiftyOne of a Python, which says so if it has none."""
    command = task.answer.get("command")
    if not command:
        if not python and importlib.util.find_spec("fiftyone") is None:
            raise CommandError(
                f"operator {task.context().operator} has no command of its own and needs FiftyOne, which is not "
                f"installed for {sys.executable}"
            )
        return [python or sys.executable, "-m", "signalbox.fiftyone", "run"]
    if command.get("executor") or not command.get("argv"):
        raise CommandError(f"operator {task.context().operator} has no command that this task can run")
    argv: List[str] = command["argv"]
    return argv


def fetch(task: Task, home: str) -> str:
    """Fetch the pinned plugin and unpack it; give the folder of its manifest."""
    plugin: Mapping[str, Any] = task.answer["plugin"]
    root = str(plugin.get("root") or "")
    if os.path.isabs(root) or ".." in root.split("/"):
        raise CommandError(f"plugin {plugin['name']} has its manifest outside of its archive")
    packed = os.path.join(home, "plugin.zip")
    for _try in range(_TRIES):
        try:
            task.door.insist(lambda: _download(task, packed), _FETCH_FOR)
        except (WorkError, OSError) as e:
            raise CommandError(f"the archive of plugin {plugin['name']} could not be fetched: {e}") from e
        if _sha256(packed) == plugin["sha256"]:
            archive.unpack(packed, os.path.join(home, "plugin"))
            os.remove(packed)
            return os.path.join(home, "plugin", root)
    raise CommandError(f"the archive of plugin {plugin['name']} does not arrive as it was pinned")


def environment(task: Task, home: str, passed: Sequence[str]) -> Dict[str, str]:
    """Write the files that the process reads, and give all of its environment."""
    work = Path(home, "work")
    work.mkdir(0o700)
    context = work / "context.json"
    said = {k: task.answer.get(k) for k in ("operator", "params", "dataset", "view")}
    if task.answer.get("tell_environment"):
        said["tell_environment"] = True
    context.touch(0o600)
    source: Mapping[str, Any] = task.answer.get("fiftyone") or {}
    if source:
        said["fiftyone"] = {name: source.get(name) for name in _OF_FIFTYONE}
    context.write_text(json.dumps({**said, "run": task.run, "attempt": task.attempt}), encoding="utf-8")
    shutil.copytree(
        Path(__file__).parent, Path(home, "python", "signalbox"), ignore=shutil.ignore_patterns("__pycache__")
    )
    env = {name: os.environ[name] for name in passed if name in os.environ}
    env.update(task.secrets)
    if source.get("database_uri"):
        env["FIFTYONE_DATABASE_URI"] = source["database_uri"]
        env["FIFTYONE_DATABASE_NAME"] = source.get("database_name") or ""
    path = [str(Path(home, "python")), env.get("PYTHONPATH", "")]
    env["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    env["PYTHONUNBUFFERED"] = "1"
    env["SIGNALBOX_URL"] = task.url
    env["SIGNALBOX_RUN_ID"] = task.run
    env["SIGNALBOX_ATTEMPT"] = str(task.attempt)
    env["SIGNALBOX_TOKEN"] = task.door.token
    env["SIGNALBOX_CONTEXT"] = str(context)
    env["SIGNALBOX_RESULT"] = str(work / "result.json")
    return env


class Process:
    """The operator's process, below a shim that ends its group also when this process dies."""

    def __init__(self, task: Task, order: Mapping[str, Any], echo: Optional[Callable[[str], None]]) -> None:
        """Start it. Raises CommandError when it cannot be started."""
        self.tail = Tail()
        self.reason = ""
        self._task = task
        self._echo = echo
        self._lock = threading.Lock()
        told, tell = os.pipe()
        try:
            self._shim = subprocess.Popen(
                [sys.executable, "-I", str(Path(__file__).with_name("shim.py")), str(tell)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[tell],
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(tell)
        self._told = os.fdopen(told, "rb")
        self._readers = [
            self._reader(self._shim.stdout, "INFO", None),
            self._reader(self._shim.stderr, "WARNING", self.tail),
        ]
        self._say(json.dumps(order).encode() + b"\n")
        began = self._hear()
        self._pid = int(began.get("pid", 0))
        if not self._pid:
            self._close()
            raise CommandError(_not_started(order, began))
        task.on_stop(self.stop)

    def stop(self, reason: str = "") -> None:
        """Ask the process and all that it started to end, for a reason in words. It does not wait."""
        self.reason = self.reason or reason
        self._say(b"stop\n")

    def wait(self) -> Dict[str, Any]:
        """Wait until all is gone, and tell how the process ended: ``code`` or ``signal``.

        When the wait is broken off by an exception, the process is ended first.
        """
        try:
            if self._task.stopped():
                self.stop()
            ended = self._hear()
            if not ended:  # the shim was killed, and the process with it; not what that has started
                with contextlib.suppress(OSError):
                    os.killpg(self._pid, signal.SIGKILL)
            return ended
        except BaseException:
            self.stop()
            self._hear()
            raise
        finally:
            self._close()

    def _say(self, word: bytes) -> None:
        with self._lock:
            assert self._shim.stdin is not None
            with contextlib.suppress(OSError, ValueError):  # it has ended
                self._shim.stdin.write(word)
                self._shim.stdin.flush()

    def _hear(self) -> Dict[str, Any]:
        line = self._told.readline()
        said: Dict[str, Any] = json.loads(line) if line else {}
        return said

    def _close(self) -> None:
        with self._lock:
            assert self._shim.stdin is not None
            with contextlib.suppress(OSError):
                self._shim.stdin.close()
        self._shim.wait()
        for reader in self._readers:
            reader.join(GRACE)
        self._told.close()

    def _reader(self, stream: Optional[IO[bytes]], level: str, tail: Optional[Tail]) -> threading.Thread:
        assert stream is not None
        thread = threading.Thread(target=self._read, args=(stream, level, tail), name="output", daemon=True)
        thread.start()
        return thread

    def _read(self, stream: IO[bytes], level: str, tail: Optional[Tail]) -> None:
        mask = self._task.mask
        lines = Lines(level, self._out, mask.bytes, mask.longest)
        with stream:
            while piece := os.read(stream.fileno(), 1 << 16):
                lines.write(piece)
                if tail is not None:
                    tail.add(piece)
        lines.flush()

    def _out(self, lines: bytes) -> None:
        self._task.send(lines)
        if self._echo:
            for line in lines.decode("utf-8", "replace").rstrip("\n").split("\n"):
                self._echo(line)


def _finish(task: Task, process: Process, result: Path) -> None:
    """Report what a process that ended well has left as its result, and raise for one that did not."""
    ended = process.wait()
    task.check()
    if process.reason:
        raise CommandError(f"{process.reason}: {_in_words(ended)}")
    if ended.get("code") != 0:
        raise CommandError(_in_words(ended))
    value = read_result(result)
    if value is None and not task.answer.get("command"):
        _demand_report(task)
        return
    try:
        task.result(value)
    except WorkError as e:
        if e.code in ("too_large", "invalid"):
            raise CommandError(f"The result was refused: {e}") from None
        _log.info("The result was not taken; the operator may have reported by itself: %s", e)
    except OSError as e:
        _log.warning("The result was not taken: %s", e)


def _demand_report(task: Task) -> None:
    """Raise unless FiftyOne's runtime has reported by itself: then a failure is refused."""
    try:
        task.door.insist(lambda: task.door.send("fail", {"message": UNREPORTED}))
    except (WorkError, OSError) as e:
        _log.debug("The operator has reported: %s", e)
        return
    task.reports.reported = True
    raise CommandError(UNREPORTED)


def read_result(path: Path) -> Any:
    """Read a result file; None when there is none. Raises CommandError when it is no result."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        raise CommandError("The result is not a file.") from None
    info = os.fstat(file)
    if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_RESULT:
        os.close(file)
        if stat.S_ISREG(info.st_mode):
            raise CommandError(f"The result has {info.st_size} bytes; at most {MAX_RESULT} are kept.")
        raise CommandError("The result is not a file.")
    with os.fdopen(file, "rb") as f:
        text = f.read(MAX_RESULT)
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        raise CommandError("The result is not JSON.") from None


def _in_words(ended: Mapping[str, Any]) -> str:
    if "code" in ended:
        return f"exit status {ended['code']}"
    if "signal" in ended:
        return f"killed by signal: {(signal.strsignal(ended['signal']) or str(ended['signal'])).lower()}"
    return "the shim was killed, and the process with it"


def _not_started(order: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    if not said:
        return _in_words(said)
    argv: List[str] = order["argv"]
    program, number = argv[0], said.get("errno")
    if number == errno.ENOENT and "/" not in program:
        if os.path.exists(os.path.join(order["dir"], program)):
            return (
                f"The operator's program {program!r} lies in the plugin's folder only, which is not searched: "
                f"write ./{program} in the plugin's command."
            )
        path = order["env"].get("PATH", "")
        return (
            f"The operator's program {program!r} was not found on the worker's PATH ({path}). "
            "Install it there, or name another in the plugin's command."
        )
    reasons = {
        errno.ENOENT: "was not found, or its interpreter was not",
        errno.EACCES: "may not be executed: it is a folder or has no execute bit",
        errno.ENOEXEC: "has a format that cannot be executed here; a script begins with a line such as #!/bin/sh",
    }
    return f"The operator's program {program!r} {reasons.get(number or 0, said.get('error', 'did not start'))}."


def _download(task: Task, path: str) -> None:
    with open(path, "wb") as f:
        task.door.fetch("plugin", f)


def _sha256(path: str) -> str:
    sum = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            sum.update(block)
    return sum.hexdigest()
