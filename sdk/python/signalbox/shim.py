"""The parent of one operator's process, started as a program of its own: it outlives the task that started it.

It reads an order, one line of JSON, from its standard input: ``argv``, ``env``, ``dir``, ``grace``, ``home``. On the
file that its first argument numbers it writes a line of JSON when the process runs, or could not be started, and one
when all is gone. When its standard input says ``stop``, or closes because the task died, the process and all that it
started get SIGTERM, and SIGKILL after the grace. What a process that has ended leaves behind is ended in the same way.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional, Tuple

DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG: what the process gets when this one is killed
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_AGAIN = 0.1  # seconds between two looks


class Shim:
    """The state of one."""

    def __init__(self, status: int) -> None:
        """Take the file to tell the status on."""
        self.status = status
        self.order: Dict[str, Any] = {}
        self.leader = 0
        self.ended: Dict[str, Any] = {}
        self.kill_at: Optional[float] = None
        self.control = True
        self.adopts = False
        self.ending = -1  # a file that can be read when the leader has ended; -1 for none

    def run(self) -> int:
        """Do all of it."""
        self.order = json.loads(_line())
        self.adopts = set_option(_SUBREAPER, 1)  # what is orphaned below comes here, so that nothing can leave
        try:
            self.leader = self.start()
        except OSError as e:
            self.tell({"errno": e.errno or 0, "error": e.strerror or str(e), "file": str(e.filename or "")})
            return 1
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        self.ending = _ending(self.leader)
        self.tell({"pid": self.leader})
        while not self._reap():
            self._listen()
            if self.kill_at is not None and time.monotonic() >= self.kill_at:
                self._signal(signal.SIGKILL)
        self.tell(self.ended)
        return self.leave()

    def start(self) -> int:
        """Start the process as the order says; give its number."""
        self.process = subprocess.Popen(  # kept: when it is forgotten it collects the end of the process
            self.order["argv"],
            cwd=self.order["dir"],
            env=self.order["env"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: set_option(DEATH_SIGNAL, signal.SIGKILL) and None,
        )
        return self.process.pid

    def leave(self) -> int:
        """Do what is left to do when all is gone; give the exit status."""
        if not self.control:
            shutil.rmtree(self.order["home"], ignore_errors=True)  # the task, which would, has died
        return 0

    def _reap(self) -> bool:
        """Collect what has ended, and tell whether nothing is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return self.adopts or not self._group()
            if pid == 0:
                return False
            if pid == self.leader:
                code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
                self.ended = {"code": code} if code is not None else {"signal": os.WTERMSIG(status)}
                self._end()

    def _listen(self) -> None:
        """Wait a moment for a word, or for the end of the leader."""
        files = ([0] if self.control else []) + ([self.ending] if self.ending >= 0 else [])
        ready = select.select(files, [], [], _AGAIN)[0]
        if self.ending in ready:
            os.close(self.ending)
            self.ending = -1
        if 0 in ready:
            self.control = bool(os.read(0, 4096))
            self._end()

    def _end(self) -> None:
        """Ask all that is left to end, once, and set the time of the kill."""
        if self.kill_at is None:
            self._signal(signal.SIGTERM)
            self.kill_at = time.monotonic() + float(self.order["grace"])

    def _group(self) -> bool:
        """Tell whether the leader's group has members. Its number may be somebody else's when it has none."""
        if self.adopts:
            return any(group == self.leader for _pid, group in _below(os.getpid()))
        try:
            os.killpg(self.leader, 0)
        except OSError:
            return False
        return True

    def _signal(self, number: int) -> None:
        """Send a signal to the leader's group and to all that has left it."""
        strays = [pid for pid, group in _below(os.getpid()) if group != self.leader]
        try:
            if self._group():
                os.killpg(self.leader, number)
            for pid in strays:
                os.kill(pid, number)
        except OSError:
            pass  # it has ended meanwhile

    def tell(self, said: Dict[str, Any]) -> None:
        """Say something on the status file."""
        try:
            os.write(self.status, json.dumps(said).encode() + b"\n")
        except OSError:
            pass  # the task has died


def set_option(option: int, value: int) -> bool:
    """Set an option of this process. Only Linux can: tell whether it did."""
    try:
        return os.path.isdir("/proc/self") and ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False


def _ending(pid: int) -> int:
    """Open a file that can be read when a process has ended; -1 where that cannot be."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1


def _below(top: int) -> List[Tuple[int, int]]:
    """List the processes below one, each with its group."""
    parents: Dict[int, List[Tuple[int, int]]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as f:
                    fields = f.read().rpartition(b")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append((int(name), int(fields[2])))
    found = list(parents.get(top, []))
    for pid, _group in found:  # which grows
        found.extend(parents.get(pid, []))
    return found


def _line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)  # no more: the words that follow are for later
        if not byte:
            sys.exit(2)
        line += byte
    return line


def ignore_signals() -> None:
    """Let no signal end this process but the one that cannot be caught."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, lambda *_: None)


if __name__ == "__main__":
    ignore_signals()
    sys.exit(Shim(int(sys.argv[1])).run())
