"""The connection that all functions share: where the server is, the key, and what an answer means."""

from __future__ import annotations

import http.client
import json
import os
import re
import stat
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.message import Message
from pathlib import Path
from typing import IO, Any, Iterator, Mapping, Optional, Tuple, Union
from urllib.parse import quote, urlencode, urlsplit

from signalbox.management.errors import AuthenticationError, Fault, InvalidError, UnavailableError, of_code

DEFAULT_URL = "http://127.0.0.1:8265"
TIMEOUT = 60.0
"""Seconds until a call that says nothing fails."""
TRANSFER_TIMEOUT = 600.0
"""The same while a plugin is sent or fetched."""

_TRIES = 4  # of a GET
_FIRST_PAUSE = 0.2  # seconds, doubled each time
_LONGEST_PAUSE = 10.0  # seconds, also where the server asks for more
_PAGE = 500  # items
_TRY_AGAIN = (429, 502, 503, 504)

Body = Union[Mapping[str, Any], IO[bytes]]


def path(*parts: str) -> str:
    """Join parts of an address, each taken as it is: a plugin's name holds ``@`` and ``/``."""
    for part in parts:
        if part in ("", ".", ".."):  # no name of anything, and an address of something else
            raise InvalidError(f"{part!r} is not a name", code="invalid")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def given(**fields: Any) -> Mapping[str, Any]:
    """Keep the fields that are not None: what is left out stays as it is."""
    return {name: value for name, value in fields.items() if value is not None}


def moment(text: Optional[str]) -> Optional[datetime]:
    """Read a time of the API."""
    if text is None:
        return None
    whole, fraction, zone = re.fullmatch(r"([^.Z+]+)(?:\.(\d+))?(.*)", text).groups("")  # type: ignore[union-attr]
    at = datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}{zone.replace('Z', '+00:00')}")
    return at.astimezone(timezone.utc)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing, because the key would go along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True)
class Client:
    """Calls one server with one key. Safe for use by several threads."""

    url: str
    key: str = field(repr=False)

    def get(self, where: str, **query: Any) -> Any:
        """Read something."""
        return self._json("GET", where, query)

    def each(self, where: str, **query: Any) -> Iterator[Any]:
        """Read a list to its end, a page at a time."""
        cursor = None
        while True:
            page = self.get(where, limit=_PAGE, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def at(self, noun: str, called: str) -> str:
        """Give the address of something by its id or name; a name with a slash is looked for.

        Some proxies read ``%2F`` in an address as a slash. What is not found is left to the server to say.
        """
        if "/" in called:
            called = next((said["id"] for said in self.each(path(noun)) if said["name"] == called), called)
        return path(noun, called)

    def post(self, where: str, body: Body, **query: Any) -> Any:
        """Make something."""
        return self._json("POST", where, query, body)

    def patch(self, where: str, body: Body) -> Any:
        """Change something."""
        return self._json("PATCH", where, {}, body)

    def put(self, where: str, body: Optional[Body] = None) -> None:
        """Set something."""
        self._json("PUT", where, {}, body)

    def delete(self, where: str) -> None:
        """Remove something."""
        self._json("DELETE", where, {})

    def download(self, where: str, to: IO[bytes]) -> None:
        """Fetch a file."""
        with self._send("GET", where, {}, None, TRANSFER_TIMEOUT) as answer:
            try:
                while block := answer.read(1 << 20):
                    to.write(block)
            except http.client.HTTPException:
                raise UnavailableError(f"{self.url} ended its answer too early", code="unavailable") from None

    def _json(self, method: str, where: str, query: Mapping[str, Any], body: Optional[Body] = None) -> Any:
        timeout = TIMEOUT if body is None or isinstance(body, Mapping) else TRANSFER_TIMEOUT
        with self._send(method, where, query, body, timeout) as answer:
            try:
                text = answer.read()
                return json.loads(text) if text else None
            except (http.client.HTTPException, OSError, ValueError):
                raise UnavailableError(f"{self.url} gave no answer of Signalbox", code="unavailable") from None

    def _send(self, method: str, where: str, query: Mapping[str, Any], body: Optional[Body], timeout: float) -> Any:
        tries = _TRIES if method == "GET" else 1
        pause = _FIRST_PAUSE
        while True:
            tries -= 1
            try:
                return self._opener().open(self._request(method, where, query, body), timeout=timeout)
            except urllib.error.HTTPError as e:
                with e:
                    if tries == 0 or e.code not in _TRY_AGAIN:
                        raise _problem(e, self.url) from None
                    asked = e.headers.get("Retry-After", "")
                    pause = max(pause, float(asked)) if asked.isdigit() else pause
            except (OSError, http.client.HTTPException) as e:
                if tries == 0:
                    reason = getattr(e, "reason", e)
                    raise UnavailableError(f"no answer from {self.url}: {reason}", code="unavailable") from None
            time.sleep(min(pause, _LONGEST_PAUSE))
            pause *= 2

    def _opener(self) -> urllib.request.OpenerDirector:
        return _direct if urlsplit(self.url).hostname in ("127.0.0.1", "localhost", "::1") else _any_way

    def _request(
        self, method: str, where: str, query: Mapping[str, Any], body: Optional[Body]
    ) -> urllib.request.Request:
        url = self.url + "/api/v1" + where
        asked = given(**query)
        if asked:
            url += "?" + urlencode({k: str(v).lower() if isinstance(v, bool) else v for k, v in asked.items()})
        request = urllib.request.Request(url, method=method)
        request.add_unredirected_header("Authorization", "Bearer " + self.key)
        request.add_header("Accept", "application/json")
        request.add_header("User-Agent", "signalbox-python")
        if isinstance(body, Mapping):
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        elif body is not None:
            request.add_header("Content-Type", "application/zip")
            request.data = body
            request.add_header(
                "Content-Length", str(os.fstat(body.fileno()).st_size)
            )  # once data is there: that resets it
        return request


_any_way = urllib.request.build_opener(_NoRedirect)
_direct = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))  # a proxy knows no loopback of ours


def _problem(e: urllib.error.HTTPError, url: str) -> Exception:
    """Turn an answer that is no success into an exception. What the fault's value was is left out: it may be secret."""
    try:
        said = json.loads(e.read())
        faults = [Fault(f["location"], f["message"]) for f in said.get("errors") or []]
        kind, message, code = of_code(said["code"]), said["detail"], said["code"]
    except (http.client.HTTPException, OSError, ValueError, KeyError, TypeError, AttributeError):
        kind, message, code, faults = UnavailableError, f"{url} answered {e.code}, and not as Signalbox does", "", []
    return kind(message, code=code, status=e.code, request_id=e.headers.get("X-Request-Id", ""), faults=faults)


_lock = threading.Lock()
_current: Optional[Client] = None


def api() -> Client:
    """Give the connection, made from the environment by the first call."""
    global _current
    with _lock:
        if _current is None:
            _current = _from_environment()
        return _current


def reload() -> None:
    """Forget the connection; the next call reads the environment again."""
    global _current
    with _lock:
        _current = None


def _from_environment() -> Client:
    env = os.environ
    url, key = env.get("SIGNALBOX_URL", "").rstrip("/"), env.get("SIGNALBOX_API_KEY", "")
    if not (url and key):
        profile_url, profile_key = _profile(env.get("SIGNALBOX_PROFILE", ""))
        url = url or profile_url or DEFAULT_URL
        if url == profile_url:  # a profile's key is for its own server alone
            key = key or profile_key
    if not re.fullmatch(r"https?://[^/\s]\S*", url):
        raise InvalidError("SIGNALBOX_URL is not an address that begins with http:// or https://", code="invalid")
    if not key:
        raise AuthenticationError(
            f"there is no key for {url}: set SIGNALBOX_API_KEY, or run `signalbox login`", code="unauthenticated"
        )
    if not re.fullmatch(r"[!-~]+", key):
        raise AuthenticationError("SIGNALBOX_API_KEY holds what no key holds", code="unauthenticated")
    return Client(url, key)


def _profile(name: str) -> Tuple[str, str]:
    """Read the server and key that ``signalbox login`` kept; "" and "" without any."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(folder):
        folder = os.path.join(os.path.expanduser("~"), ".config")
    file = Path(folder, "signalbox", "credentials")
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077 and os.name == "posix":
            raise InvalidError(f"others can read {file}; run: chmod 600 {file}", code="invalid")
        kept = json.loads(file.read_text(encoding="utf-8"))
        profiles = kept.get("profiles") or {}
        if name and name not in profiles:
            raise InvalidError(f"there is no profile {name!r}; run `signalbox login`", code="invalid")
        found = profiles.get(name or kept.get("current"), {})
        return str(found.get("url", "")).rstrip("/"), str(found.get("key", ""))
    except FileNotFoundError:
        if name:
            raise InvalidError(f"there is no profile {name!r}; run `signalbox login`", code="invalid") from None
        return "", ""
    except (OSError, AttributeError, json.JSONDecodeError, UnicodeDecodeError):
        raise InvalidError(f"the credentials cannot be read from {file}", code="invalid") from None
