"""The work API as those see it who do the work: one message, its answer, and repeating it until there is one.

A message is sent once by ``Door.send``; ``Door.insist`` repeats it. What the control plane refuses is a ``WorkError``
with its code; no answer, and the answer of something in between, are an ``OSError``.
"""

from __future__ import annotations

import http.client
import json
import logging
import math
import re
import threading
import time
import urllib.error
import urllib.request
from typing import IO, Any, Callable, Dict, Mapping, Optional, TypeVar, Union

T = TypeVar("T")
Body = Union[Mapping[str, Any], bytes]

RETRY_FIRST = 0.1
"""Seconds before a message is repeated; doubled up to RETRY_MOST."""
RETRY_MOST = 2.0
CALL_FOR = 30.0
"""Seconds for one call."""
REPORT_FOR = 600.0
"""Seconds in which a report is tried; an outage of that length decides about the run without it."""
TELL_AFTER = 5.0
"""Seconds without an answer after which the log says so, once for each message."""

_SENDABLE = re.compile(r"[ -~]*")  # what a header carries as it is
_MOST_ANSWER = 32 * 1024 * 1024  # bytes

_log = logging.getLogger("signalbox")


class WorkError(RuntimeError):
    """The control plane refused a message. ``code`` is that of its error, such as ``conflict`` or ``invalid``."""

    def __init__(self, code: str, message: str, want: Optional[int] = None) -> None:
        """Take the code for machines and the message for people; for a gap in a log also the number it wants next."""
        super().__init__(message)
        self.code = code
        self.want = want


class Door:
    """The work API below one address, opened by a key or a token. Safe for use by several threads."""

    def __init__(self, url: str, token: str, renew: Optional[Callable[[], str]] = None) -> None:
        """Take the address that messages are sent below. ``renew`` gives another token when this one is refused.

        Raises ValueError, which does not quote it, for a token that no header can carry.
        """
        if not _SENDABLE.fullmatch(token):
            raise ValueError("the key or token holds a control character, or one that is not ASCII")
        self.url = url
        self.token = token
        self._renew = renew
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """Tell the address, and never the token."""
        return f"Door({self.url!r})"

    def send(self, path: str, body: Body, timeout: float = CALL_FOR) -> Dict[str, Any]:
        """Send one message once, bytes as plain text, and give its answer.

        Raises WorkError when it was refused, OSError when there was no answer.
        """
        kind = "text/plain; charset=utf-8" if isinstance(body, bytes) else "application/json"
        data = body if isinstance(body, bytes) else dumps(body)
        answer = self._open("POST", path, data, {"Content-Type": kind}, timeout, _read)
        try:
            said = json.loads(answer) if answer else {}
        except ValueError as e:
            raise ConnectionError("the answer is none of the control plane") from e
        return said if isinstance(said, dict) else {}

    def fetch(self, path: str, to: IO[bytes], timeout: float = CALL_FOR) -> None:
        """Read something into a file. After an error the file may hold a part of it. Raises as ``send`` does."""

        def copy(answer: http.client.HTTPResponse) -> None:
            while block := answer.read(1 << 20):
                to.write(block)

        self._open("GET", path, None, {}, timeout, copy)

    def insist(self, call: Callable[[], T], most: float = REPORT_FOR, until: Optional[threading.Event] = None) -> T:
        """Repeat a call until it is answered, that many seconds at most, or until the event is set.

        Raises WorkError when it was refused, ConnectionError when there was no answer. A token that is refused is
        renewed, where that can be done.
        """
        began = time.monotonic()
        wait, told = RETRY_FIRST, False
        while True:
            try:
                return self._once(call)
            except OSError as e:
                now = time.monotonic() - began
                if now + wait > most or (until is not None and until.is_set()):
                    raise ConnectionError(f"the control plane gave no answer: {e}") from e
                if now > TELL_AFTER and not told:
                    told = True
                    _log.warning("No answer from %s, trying again: %s", self.url, e)
            if until is None:
                time.sleep(wait)
            else:
                until.wait(wait)
            wait = min(2 * wait, RETRY_MOST)

    def _once(self, call: Callable[[], T]) -> T:
        token = self.token
        try:
            return call()
        except WorkError as e:
            if e.code != "unauthenticated" or not self._renewed(token):
                raise
        return call()

    def _renewed(self, refused: str) -> bool:
        """Tell whether there is another token than the one that was refused."""
        with self._lock:
            if self.token != refused:
                return True
            if self._renew is None:
                return False
            self.token = self._renew()
            return self.token != refused

    def _open(
        self,
        method: str,
        path: str,
        data: Optional[bytes],
        headers: Dict[str, str],
        timeout: float,
        use: Callable[[http.client.HTTPResponse], T],
    ) -> T:
        headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"{self.url}/{path}", data=data, headers=headers, method=method)
        try:
            with _opener.open(request, timeout=timeout) as answer:
                return use(answer)
        except urllib.error.HTTPError as e:
            with e:
                raise _refusal(e.code, e.headers.get_content_type(), e.read(_MOST_ANSWER)) from None
        except http.client.HTTPException as e:
            raise ConnectionError(f"the answer was cut off: {e}") from e


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would carry the token elsewhere, and the API never sends one."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def _read(answer: http.client.HTTPResponse) -> bytes:
    return answer.read(_MOST_ANSWER)


def _refusal(status: int, kind: str, body: bytes) -> Exception:
    """Tell a refusal from what is no answer.

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
        return ConnectionError(f"the control plane answered {status}")
    want = problem.get("want")
    message = str(problem.get("detail") or problem.get("title") or f"refused with status {status}")
    return WorkError(code, message, want if isinstance(want, int) else None)


def relaxed(value: Any, clean: Callable[[str], str] = str) -> Any:
    """Write floats that JSON does not have as relaxed extended JSON, and arrays of other libraries as lists.

    Each text passes through ``clean``.
    """
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return {"$numberDouble": name}
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(k)): relaxed(v, clean) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [relaxed(v, clean) for v in value]
    if hasattr(value, "tolist"):
        return relaxed(value.tolist(), clean)
    return value


def dumps(value: Any) -> bytes:
    """Write JSON in UTF-8. Halves of surrogate pairs, as in names of files that are no text, are replaced."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
