"""A server that has imported FiftyOne once, and forks a process from it for each operator.

The worker that starts it speaks to it through a socket, standard input. Each message is one byte with four files:
where the worker's words come from, where the status goes, stdout and stderr. A process is forked for it that is the
parent of the operator's, as the worker's own shim is for other operators: it leads a session, speaks the same words,
ends all that the operator started, and tells the control plane of the end itself when the worker dies.

What must not be forked, because its import has started threads or has opened a GPU, is imported by each operator's
process itself: ahead of time, by a spare one that waits for the next message.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, NoReturn, Tuple

from signalbox.door import Door, WorkError
from signalbox.shim import DEATH_SIGNAL, Shim, ignore_signals, set_option

_DUMPABLE = 4  # PR_SET_DUMPABLE
_TELL_FOR = 24 * 3600.0  # seconds
_REAP_EVERY = 1.0  # seconds
_FILES = 4
_ABOVE = 10  # files with lower numbers are those of the worker

Run = Callable[[List[str]], int]


def unforkable(files: Path = Path("/proc/self/fd")) -> str:
    """Say why a process must not be forked from this one after what it has imported; nothing if it may.

    The threads of libraries such as OpenBLAS look after themselves. ``files`` are links to those that this process has
    open: CUDA does not work in a process that was forked from one which has opened a GPU.
    """
    if threading.active_count() > 1:
        return "what was imported has started threads"
    for file in files.iterdir():
        try:
            if os.readlink(file).startswith("/dev/nvidia"):
                return "what was imported has opened a GPU"
        except OSError:
            pass  # it was closed meanwhile
    return ""


def serve(run: Run) -> int:
    """Fork a process that calls ``run`` for each message on standard input, until that closes.

    ``run`` gets the command of the job and gives the exit status. Everything that operators share must have been
    imported, and nothing that is ``unforkable``.
    """
    gc.collect()
    gc.freeze()  # or the collector would touch, and so copy, every page in each process
    worker = _ready()
    while files := _message(worker):
        if os.fork() == 0:
            worker.close()
            _guard(files, Guard(3, run))
        _close(files)
    return 0


def spare(load: Callable[[], None], run: Run) -> int:
    """Have a process that has called ``load`` call ``run`` for each message on standard input, until that closes.

    The process has been started before the message is there. What ``load`` raises is told by the process that is to
    run an operator.
    """
    worker = _ready()
    waiting = _spare(worker, load, run)
    while files := _message(worker):
        with waiting:
            socket.send_fds(waiting, [b"x"], files)
        _close(files)  # or the next one would hold them too
        waiting = _spare(worker, load, run)
    return 0


def _ready() -> socket.socket:
    ignore_signals()
    set_option(_DUMPABLE, 0)
    worker = socket.socket(fileno=os.dup(0))
    os.write(1, b"ready\n")
    return worker


def _message(worker: socket.socket) -> List[int]:
    """Wait for a message and give its files; none when the worker has gone."""
    while True:
        _reap()
        if select.select([worker], [], [], _REAP_EVERY)[0]:
            _word, files, _flags, _from = socket.recv_fds(worker, 1, _FILES)
            return files


def _close(files: List[int]) -> None:
    for file in files:
        os.close(file)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _spare(worker: socket.socket, load: Callable[[], None], run: Run) -> socket.socket:
    """Start a process ahead of its message, and give where that has to go. It ends when the server does."""
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        return ours
    worker.close()
    ours.close()
    try:
        guard = Spare(3, load, run)
        word, files, _flags, _from = socket.recv_fds(theirs, 1, _FILES)
        if word:
            _guard(files, guard)
    finally:
        os._exit(0)


def _guard(files: List[int], guard: Guard) -> NoReturn:
    """Be the parent of one operator's process."""
    status = 1
    try:
        os.setsid()
        for number, file in zip((0, 3, 1, 2), files):
            os.dup2(file, number, inheritable=True)
        _close([file for file in files if file > 3])
        guard.close_others()
        status = guard.run()
    finally:
        os._exit(status)


class Guard(Shim):
    """A shim for the worker: its order, words and status are those of the worker's own."""

    def __init__(self, status: int, run: Run) -> None:
        """Take the file for the status, and what the operator's process does."""
        super().__init__(status)
        self._run = run

    def close_others(self) -> None:
        """Close all files but those of the worker: what was imported may have opened some."""
        most = os.sysconf("SC_OPEN_MAX")
        os.closerange(4, most if most < 65536 else 65536)

    def start(self) -> int:
        """Start the operator's process, which begins when the worker says so: it may have to be bounded before."""
        self.order["grace"] /= 1e9  # of Go: nanoseconds
        os.chdir(self.order["dir"])
        pid, begin = self.fork()
        super().tell({"pid": pid, "shim": os.getpid()})
        if os.read(0, 3) == b"go\n":
            begin()
        else:  # it is to stop, or the worker has died, before anything began
            os.kill(pid, signal.SIGKILL)
        return pid

    def fork(self) -> Tuple[int, Callable[[], None]]:
        """Fork the operator's process; give its number, and what lets it begin."""
        begin, let = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(let)
            self._be_operator(lambda: self._operate(begin))
        os.close(begin)

        def go() -> None:
            os.write(let, b"x")
            os.close(let)

        return pid, go

    def _operate(self, begin: int) -> int:
        os.close(3)
        argv = self._enter()
        return self._run(argv) if os.read(begin, 1) else 1

    def _be_operator(self, does: Callable[[], int]) -> NoReturn:
        """Be the operator's process, in a group of its own, which ends with this one."""
        status = 1
        try:
            set_option(DEATH_SIGNAL, signal.SIGKILL)
            os.setpgid(0, 0)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            status = does()
        except Exception:  # noqa: BLE001 - there is nobody else to tell
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _enter(self) -> List[str]:
        """Take the environment of the order; give its command."""
        os.environ.clear()
        os.environ.update(entry.partition("=")[::2] for entry in self.order["env"])
        argv: List[str] = self.order["argv"]
        self.order.clear()  # the token in it is not the operator's
        _reseed()
        return argv

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


class Spare(Guard):
    """A guard whose operator's process is there before its order, and has imported what it needs."""

    def __init__(self, status: int, load: Callable[[], None], run: Run) -> None:
        """Start the process, which calls ``load`` first."""
        super().__init__(status, run)
        ours, theirs = socket.socketpair()
        with ours:
            self._orders = socket.socket(fileno=fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD_CLOEXEC, _ABOVE))
        self._pid = os.fork()
        if self._pid == 0:
            self._orders.close()
            self._be_operator(lambda: self._prepare(theirs, load))
        theirs.close()

    def close_others(self) -> None:
        """Keep what it has opened: nothing was imported here."""

    def fork(self) -> Tuple[int, Callable[[], None]]:
        """Give the process that was forked before, when it is ready.

        If it has died the worker is told nothing, and begins the run anew.
        """
        if not self._orders.recv(1):
            os._exit(1)
        return self._pid, self._send

    def _send(self) -> None:
        with self._orders as orders:
            socket.send_fds(orders, [b"x"], [1, 2])
            orders.sendall(json.dumps({name: self.order[name] for name in ("argv", "env", "dir")}).encode())

    def _prepare(self, orders: socket.socket, load: Callable[[], None]) -> int:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        failure = _failure(load)
        orders.sendall(b"r")
        word, files, _flags, _from = socket.recv_fds(orders, 1, 2)
        if not word:
            return 1
        for number, file in zip((1, 2), files):
            os.dup2(file, number)
            os.close(file)
        with orders, orders.makefile("rb") as order:
            self.order = json.load(order)
        os.chdir(self.order["dir"])
        argv = self._enter()
        if failure:
            print(failure, file=sys.stderr)
            return 1
        return self._run(argv)


def _failure(load: Callable[[], None]) -> str:
    try:
        load()
    except Exception:  # noqa: BLE001 - the one whose operator needs it is told
        return traceback.format_exc()
    return ""


def _named(number: int) -> str:
    return (signal.strsignal(number) or f"signal {number}").lower()


def _reseed() -> None:
    """Give the process random numbers of its own; Python's own generator does so by itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
