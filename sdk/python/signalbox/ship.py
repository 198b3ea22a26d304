"""Sends the log of a task in chunks: whole lines, numbered, each repeated until it is kept."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import threading
import time
from collections import deque
from typing import IO, Any, Callable, Deque, Dict, Optional, Tuple

from signalbox.door import Door, WorkError
from signalbox.lines import LogHandler, bounded, written

CHUNK_MOST = 256 * 1024
"""Bytes of a chunk; each line has fewer."""
SHIP_AFTER = 1.0
"""Seconds that a line waits at most; SHIP_WATCHED while somebody watches."""
SHIP_WATCHED = 0.25
SPOOL_MOST = 1 << 30
"""Bytes on disk that are not sent; then what is written waits, for a while."""
MEMORY_MOST = 16 << 20
"""The same in memory, where there is no folder for temporary files."""
WAIT_MOST = 60.0
"""Seconds that who writes waits for room; then lines are left out, and the log says how many."""

_SEGMENT = 16 << 20  # bytes of a file, which is closed when it has been sent
_FAR = 1 << 40  # a number that no log reaches: asking for it tells which one is next

_log = logging.getLogger("signalbox")


class Spool:
    """Lines on disk between those who write them and the one who sends them. Safe for use by several threads."""

    def __init__(self, most: int = SPOOL_MOST) -> None:
        """Keep that many unsent bytes at most, in files without a name; fewer, in memory, where no file can be made."""
        self._most = most
        self._file: Callable[[], IO[bytes]] = tempfile.TemporaryFile
        self._changed = threading.Condition()
        self._files: Deque[IO[bytes]] = deque([self._first_file()])
        self._ends: Deque[int] = deque([0])  # bytes in each file
        self._at = 0  # bytes of the first that are sent
        self._unsent = 0
        self._left_out: Tuple[int, int] = (0, 0)  # lines and bytes, since the last that was kept
        self._closed = False

    def _first_file(self) -> IO[bytes]:
        try:
            return self._file()
        except OSError as e:
            self._most, self._file = min(self._most, MEMORY_MOST), io.BytesIO
            _log.warning("At most %d bytes of the log can wait to be sent, in memory: %s", self._most, e)
            return self._file()

    def write(self, lines: bytes) -> None:
        """Keep whole lines. What finds no room is left out, and a line stands for it. It never raises."""
        with self._changed:
            if self._closed:
                return
            wait = 0.0 if self._left_out[0] else WAIT_MOST
            if not self._changed.wait_for(lambda: self._has_room(len(lines)), wait):
                self._leave_out(lines)
                return
            try:
                self._append(self._note() + lines)
            except (OSError, ValueError):  # ValueError: it was removed
                self._leave_out(lines)
                return
            self._left_out = (0, 0)
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        return self._closed or self._unsent == 0 or self._unsent + size <= self._most

    def await_due(self, wait: Callable[[], float]) -> Tuple[bytes, bool]:
        """Wait until a chunk is due, and give it with whether more may follow. The same until ``sent`` is called."""
        with self._changed:
            self._changed.wait_for(lambda: self._unsent > 0 or self._closed)
            end = time.monotonic() + wait()
            while self._unsent < CHUNK_MOST and not self._closed:
                left = end - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return self._first(), not self._closed or self._unsent > 0

    def sent(self, count: int) -> None:
        """Forget the oldest bytes."""
        with self._changed:
            self._at += count
            self._unsent -= count
            while len(self._files) > 1 and self._at >= self._ends[0]:
                self._at -= self._ends.popleft()
                self._files.popleft().close()
            self._changed.notify_all()

    def close(self) -> None:
        """Say that nothing follows. What is kept can still be read."""
        with self._changed:
            if not self._closed:
                self._closed = True
                try:
                    self._append(self._note())
                except OSError:
                    pass
            self._changed.notify_all()

    def remove(self) -> None:
        """Drop all that is kept."""
        with self._changed:
            self._closed, self._unsent = True, 0
            for file in self._files:
                file.close()
            self._changed.notify_all()

    def _append(self, lines: bytes) -> None:
        if self._ends[-1] >= _SEGMENT:
            self._files.append(self._file())
            self._ends.append(0)
        file = self._files[-1]
        file.seek(self._ends[-1])
        file.write(lines)
        file.flush()
        self._ends[-1] += len(lines)
        self._unsent += len(lines)

    def _first(self) -> bytes:
        """Give the oldest whole lines of the first file."""
        file = self._files[0]
        file.seek(self._at)
        piece = file.read(min(CHUNK_MOST, self._ends[0] - self._at))
        return piece[: piece.rfind(b"\n") + 1]

    def _leave_out(self, lines: bytes) -> None:
        count, size = self._left_out
        self._left_out = (count + lines.count(b"\n"), size + len(lines))

    def _note(self) -> bytes:
        count, size = self._left_out
        if not count:
            return b""
        text = f"[signalbox] Output is missing here (lines: {count}, bytes: {size}): the task could not keep it."
        return written(time.time(), "WARNING", text).encode() + b"\n"


class Shipper:
    """Sends what is written, from a thread of its own, until it is closed and all is kept there."""

    def __init__(self, door: Door) -> None:
        """Start sending."""
        self._door = door
        self._spool = Spool()
        self._hurry = threading.Event()
        self._pid = os.getpid()
        self._seq = 0
        self._resumed = False
        self.watched = False
        self._thread = threading.Thread(target=self._run, name="signalbox-log", daemon=True)
        self._thread.start()

    def write(self, lines: bytes) -> None:
        """Take whole lines. A process that was forked from this one is not heard."""
        if os.getpid() == self._pid:
            self._spool.write(bounded(lines))

    def close(self, most: float) -> bool:
        """Wait until all is kept there, that many seconds at most. False: some of it was not."""
        self._spool.close()
        self._thread.join(most)
        done = not self._thread.is_alive()
        self._hurry.set()
        self._spool.remove()
        return done

    def _run(self) -> None:
        more = True
        try:
            while more:
                chunk, more = self._spool.await_due(lambda: SHIP_WATCHED if self.watched else SHIP_AFTER)
                if chunk:
                    self._send(chunk)
                    self._spool.sent(len(chunk))
                    self._seq += 1
        except (WorkError, OSError, ValueError) as e:  # ValueError: the spool was removed
            _log.info("The rest of the log was not taken: %s", e)
            self._spool.remove()

    def _send(self, chunk: bytes) -> None:
        """Send one chunk until it is kept."""
        while not self._hurry.is_set():
            try:
                answer = self._door.insist(lambda: self._put(self._seq, chunk), float("inf"), self._hurry)
                self.watched = bool(answer.get("watched"))
                return
            except WorkError as e:
                self._follow(e)

    def _follow(self, refusal: WorkError) -> None:
        """Take the number that is wanted. An earlier process of the same try may have sent some of the log."""
        want = refusal.want
        if refusal.code == "conflict" and want is None and not self._resumed:
            self._resumed = True
            want = self._asked()
        if want is None or want == self._seq:
            raise refusal
        self._seq = want

    def _asked(self) -> Optional[int]:
        try:
            self._door.insist(lambda: self._put(_FAR, b"\n"), float("inf"), self._hurry)
        except WorkError as e:
            return e.want
        return None

    def _put(self, seq: int, chunk: bytes) -> Dict[str, Any]:
        return self._door.send(f"logs?seq={seq}", chunk)


class ShipHandler(LogHandler):
    """A handler of Python's logging whose records are sent to the control plane."""

    def __init__(self, out: Callable[[bytes], None], level: int = logging.NOTSET) -> None:
        """Give each entry to ``out``, whole."""
        super().__init__(level=level)
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; not what this package says of its own sending."""
        if record.name != "signalbox" and not threading.current_thread().name.startswith("signalbox-"):
            super().emit(record)

    def write(self, entry: str) -> None:
        """Give one entry out."""
        self._out(entry.encode("utf-8", "replace"))
