"""Lines of a log: how a record is written, and how a stream of output is cut into lines.

A line is ``2026-05-01T10:00:00.123456Z INFO message``. A message of several lines stays one entry: each line after the
first begins with a tab.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections import deque
from datetime import datetime, timezone
from typing import Callable, Deque, List, Optional, TextIO

LINE_MOST = 64 * 1024 - 64
"""Bytes of a line, with room for time and severity; a longer one is split."""

_BLOCK_MOST = 128 * 1024  # bytes of a traceback that stay in one piece
_REDRAW = 1.0  # seconds; a line that is drawn again with \r counts once in this time

_LEVELS = (
    "INFO|NOTICE|SUCCESS|WARNING|WARN|ERROR|ERRO|ERR|DEBUG|DEBU|TRACE|TRAC"
    "|CRITICAL|FATAL|FATA|PANIC|PANI|CRIT|ALERT|EMERGENCY"
)
_TIME = rb"\d{4}-\d\d-\d\d(?:[Tt ]|, )\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[Zz]| UTC|[+-]\d\d:?\d\d)?"
_L = _LEVELS.encode()
_KNOWN = re.compile(
    rb"\[?" + _TIME + rb"\]?[ \t]+(?:- (?:[^\n]*? - ){0,2}?|\{[^}\n]*\} )?\[?(" + _L + rb")(?=[ \t:\]]|$)"
    rb"|(" + _L + rb")(?::|\[\d+\])"
)
_LOGRUS = re.compile(rb'(?:time=(?:"[^"]*"|\S+) )?level=(' + _L + rb")(?= |$)", re.IGNORECASE)
_JSON = re.compile(rb'\{.*"(?:level|severity|levelname|lvl)"\s*:\s*"(' + _L + rb')".*\}\s*$', re.IGNORECASE)
_COLOUR = re.compile(rb"\x1b(?:\[[^@-~]*[@-~]|.)")

_TRACE_HEAD = "Traceback (most recent call last):"
_TRACE_CHAINS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


def severity(level: int) -> str:
    """Give the name for a level of Python's logging; levels between the names count as the lower one."""
    for least, name in ((50, "CRITICAL"), (40, "ERROR"), (30, "WARNING"), (20, "INFO")):
        if level >= least:
            return name
    return "DEBUG"


def written(at: float, level: str, message: str) -> str:
    """Write one entry, without a newline at its end."""
    when = datetime.fromtimestamp(at, timezone.utc)
    text = message.replace("\r\n", "\n").rstrip("\r\n").replace("\n", "\n\t")
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}Z {level} {text}"


def bounded(lines: bytes) -> bytes:
    """Split lines that are too long; what follows stays in the same entry."""
    if len(lines) <= LINE_MOST:
        return lines
    out = []
    for line in lines.splitlines(keepends=True):
        while len(line) > LINE_MOST:
            cut = LINE_MOST
            while line[cut] & 0xC0 == 0x80:  # inside of a character
                cut -= 1
            out.append(line[:cut] + b"\n")
            line = b"\t" + line[cut:]
        out.append(line)
    return b"".join(out)


def known(line: bytes) -> Optional[str]:
    """Give the level of a line that carries its own, in one of the formats of loggers; None for other lines."""
    line = _COLOUR.sub(b"", line) if b"\x1b" in line else line
    for form in (_LOGRUS,) if line[:1] in b"tl" else (_JSON,) if line[:1] == b"{" else (_KNOWN,):
        found = form.match(line)
        if found:
            return next(g for g in found.groups() if g).decode().upper()
    return None


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
            self.write(written(record.created, severity(record.levelno), self.format(record)) + "\n")
        except Exception:  # noqa: BLE001 - logging must not end the work
            self.handleError(record)

    def write(self, entry: str) -> None:
        """Write one entry to the stream."""
        stream = self._stream or sys.stderr
        stream.write(entry)
        stream.flush()


class Lines:
    """Cuts a stream of output into lines of a log.

    A line in a known format is kept as it is; another gets the time and the stream's severity. The lines of a traceback
    stay together. Safe for use by several threads, and by a signal handler amid what its thread writes.
    """

    def __init__(
        self,
        level: str,
        out: Callable[[bytes], None],
        clean: Callable[[bytes], bytes] = bytes,
        keep: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Give whole lines to ``out``, each passed through ``clean`` first; ``keep`` is its longest match in bytes."""
        self._level = level
        self._give_out = out
        self._ready: List[bytes] = []
        self._clean = clean
        self._keep = max(keep, 4)
        self._clock = clock
        self._lock = threading.RLock()
        self._came: Deque[Optional[bytes]] = deque()  # pieces that nobody has taken, and None for the end
        self._taking = False
        self._line = b""
        self._drawn: Optional[bytes] = None  # the last state of a line that is drawn again, not given out
        self._drew_at = 0.0
        self._block: List[bytes] = []  # lines of a traceback that have not left
        self._size = 0
        self._entry = False  # they begin an entry
        self._trace = ""  # where in a traceback the stream is: "", frames, after, chain
        self._said: Optional[str] = None  # level of the last line in a known format; a traceback after it is about it

    def write(self, piece: bytes) -> None:
        """Take a piece of output. What comes amid another piece of the same thread follows it."""
        self._come(piece)

    def flush(self) -> None:
        """Give out what is left when the stream has ended."""
        self._come(None)

    def _come(self, piece: Optional[bytes]) -> None:
        self._came.append(piece)
        with self._lock:
            if self._taking:  # this is a signal handler, and what it interrupted goes on afterwards
                return
            self._taking = True
            try:
                while self._came:
                    self._take(self._came.popleft())
            finally:
                self._taking = False

    def _take(self, piece: Optional[bytes]) -> None:
        if piece is None:
            self._finish()
        else:
            for part in re.split(rb"(\r\n|\r|\n)", piece):
                self._part(part)
        self._leave()

    def _finish(self) -> None:
        if self._line.strip(b"\r"):
            self._end()
        if self._drawn is not None:
            self._give(self._drawn)
            self._drawn = None
        self._end_block()

    def _leave(self) -> None:
        """Give out what is ready, in one piece."""
        if self._ready:
            ready, self._ready = b"".join(self._ready), []
            self._give_out(ready)

    def _out(self, line: bytes) -> None:
        self._ready.append(line)

    def _part(self, part: bytes) -> None:
        if part in (b"\n", b"\r\n"):
            self._end()
            return
        if part and self._line.endswith(b"\r"):
            self._draw()
        self._line += part
        while part and len(self._line) >= LINE_MOST + self._keep:
            self._line = self._clean(self._line)
            cut = LINE_MOST
            while cut > LINE_MOST - 4 and cut < len(self._line) and self._line[cut] & 0xC0 == 0x80:
                cut -= 1
            piece, self._line = self._line[:cut], self._line[cut:]
            self._give(piece)

    def _end(self) -> None:
        line, self._line, self._drawn = self._line.rstrip(b"\r"), b"", None
        self._give(self._clean(line))

    def _draw(self) -> None:
        """Take a line that ended with a carriage return: the next one is drawn over it."""
        line, self._line = self._line.rstrip(b"\r"), b""
        if not line:
            return
        self._drawn = self._clean(line)
        if self._clock() - self._drew_at >= _REDRAW:
            self._drew_at = self._clock()
            self._give(self._drawn)
            self._drawn = None

    def _give(self, line: bytes) -> None:
        """Give out one line without its end."""
        line = line.decode("utf-8", "replace").encode()
        began = not self._trace
        if self._traced(line) and self._size + len(line) < _BLOCK_MOST:
            self._entry = self._entry or began
            self._block.append(line)
            self._size += len(line)
            if self._trace != "frames":
                self._end_block()
            return
        self._trace = ""
        self._end_block()
        if self._said is not None and line.startswith(b"\t"):  # the rest of an entry
            self._out(line + b"\n")
            return
        self._said = known(line)
        if self._said is None:
            line = written(self._clock(), self._level, line.decode()).encode()
        self._out(line + b"\n")

    def _traced(self, line: bytes) -> bool:
        """Tell whether a line belongs to a traceback."""
        text = line.decode().rstrip(" \t")
        if text.lstrip(" |+").startswith(_TRACE_HEAD):
            self._trace = "frames"
        elif self._trace == "frames":
            if text and text[0] not in " \t":
                self._trace = "after"
        elif self._trace == "after" and text in _TRACE_CHAINS:
            self._trace = "chain"
        elif not self._trace or text:
            return False
        return True

    def _end_block(self) -> None:
        """Give out the traceback so far, as an entry or the rest of one. What is whole leaves at once."""
        if not self._block:
            return
        text = b"\n".join(self._block)
        if self._entry:
            text = written(self._clock(), self._said or self._level, text.decode()).encode()
        else:
            text = b"\t" + text.replace(b"\n", b"\n\t")
        self._block, self._size, self._entry, self._said = [], 0, False, None
        self._out(text + b"\n")


class Tail:
    """The last lines of a stream, as the stack of a process that failed."""

    MOST = 64 * 1024  # bytes

    def __init__(self) -> None:
        """Start with nothing."""
        self._kept = b""

    def add(self, piece: bytes) -> None:
        """Take a piece of output."""
        self._kept = (self._kept + piece)[-2 * self.MOST :]

    def text(self) -> str:
        """Give the last lines, whole ones if possible."""
        end = self._kept[-self.MOST :]
        if len(end) < len(self._kept) and b"\n" in end[:-1]:
            end = end[end.index(b"\n") + 1 :]
        return end.decode("utf-8", "ignore")
