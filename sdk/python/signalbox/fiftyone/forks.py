"""A server that has imported FiftyOne once, and forks a process from it for each operator.

The worker that starts it speaks to it through a socket, standard input. Each message is one byte with four files:
where the worker's words come from, where the status goes, stdout and stderr. A process is forked for it that is the
parent of the operator's, as the worker's own shim is for other operators: it leads a session, speaks the same words,
ends all that the operator started, and tells the control plane of the end itself when the worker dies.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import threading
from typing import Any, Callable, Dict, List, NoReturn

from signalbox.door import Door, WorkError
from signalbox.shim import DEATH_SIGNAL, Shim, ignore_signals, set_option

_DUMPABLE = 4  # PR_SET_DUMPABLE
_TELL_FOR = 24 * 3600.0  # seconds
_REAP_EVERY = 1.0  # seconds
_FILES = 4

Run = Callable[[List[str]], int]


def serve(run: Run) -> int:
    """Fork a process that calls ``run`` for each message on standard input, until that closes.

    ``run`` gets the command of the job and gives the exit status. Everything that operators share must have been
    imported. Raises RuntimeError when an import has left threads of Python behind, which a forked process would miss.
    The threads of libraries such as OpenBLAS look after themselves.
    """
    if threading.active_count() > 1:
        raise RuntimeError("what was imported has started threads, so it cannot be forked")
    ignore_signals()
    set_option(_DUMPABLE, 0)
    gc.collect()
    gc.freeze()  # or the collector would touch, and so copy, every page in each process
    worker = socket.socket(fileno=os.dup(0))
    os.write(1, b"ready\n")
    while True:
        _reap()
        if not select.select([worker], [], [], _REAP_EVERY)[0]:
            continue
        word, files, _flags, _from = socket.recv_fds(worker, 1, _FILES)
        if not word:
            return 0
        if os.fork() == 0:
            worker.close()
            _guard(files, run)
        for file in files:
            os.close(file)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _guard(files: List[int], run: Run) -> NoReturn:
    """Be the parent of one operator's process."""
    status = 1
    try:
        os.setsid()
        for number, file in zip((0, 3, 1, 2), files):
            os.dup2(file, number, inheritable=True)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        status = Guard(3, run).run()
    finally:
        os._exit(status)


class Guard(Shim):
    """A shim for the worker: its order, words and status are those of the worker's own."""

    def __init__(self, status: int, run: Run) -> None:
        """Take the file for the status, and what the operator's process does."""
        super().__init__(status)
        self._run = run

    def start(self) -> int:
        """Fork the operator's process, which begins when the worker says so: it may have to be bounded before."""
        self.order["grace"] /= 1e9  # of Go: nanoseconds
        os.chdir(self.order["dir"])
        begin, let = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(let)
            self._operate(begin)
        os.close(begin)
        super().tell({"pid": pid, "shim": os.getpid()})
        if os.read(0, 3) == b"go\n":
            os.write(let, b"x")
        else:  # it is to stop, or the worker has died, before anything began
            os.kill(pid, signal.SIGKILL)
        os.close(let)
        return pid

    def _operate(self, begin: int) -> NoReturn:
        status = 1
        try:
            set_option(DEATH_SIGNAL, signal.SIGKILL)
            os.setpgid(0, 0)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(3)
            os.environ.clear()
            os.environ.update(entry.partition("=")[::2] for entry in self.order["env"])
            argv: List[str] = self.order["argv"]
            self.order.clear()  # the token in it is not the operator's
            _reseed()
            if os.read(begin, 1):
                os.close(begin)
                status = self._run(argv)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def tell(self, said: Dict[str, Any]) -> None:
        """Say it as the worker's own shim does."""
        if said == {"pid": self.leader}:
            return  # it was said before it could begin
        words: Dict[str, Any] = {"exit_code": said["code"]} if "code" in said else dict(said)
        if "signal" in said:
            words["signal"] = _named(said["signal"])
        super().tell(words)

    def leave(self) -> int:
        """Wait until the worker has told of the end; tell it ourselves when the worker has died."""
        while self.control:
            word = os.read(0, 4096)
            if b"told" in word:
                return 0
            self.control = bool(word)
        url, run = self.order["url"], self.order["run"]
        if not url:
            return 0
        door = Door(f"{url.rstrip('/')}/api/v1/work/{run}", self.order["token"])
        try:
            door.insist(lambda: door.send("end", self._lost()), _TELL_FOR)
        except (WorkError, OSError):
            return 1
        return 0

    def _lost(self) -> Dict[str, Any]:
        end: Dict[str, Any] = {"worker_lost": True, "reason": "the worker died; its process was ended"}
        if "code" in self.ended:
            end["exit_code"] = self.ended["code"]
            how = f"exit status {self.ended['code']}"
            end["reason"] = f"the worker died before it could tell how the work ended: {how}"
        if "signal" in self.ended:
            end["signal"] = _named(self.ended["signal"])
        return end


def _named(number: int) -> str:
    return (signal.strsignal(number) or f"signal {number}").lower()


def _reseed() -> None:
    """Give the process random numbers of its own; Python's own generator does so by itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
